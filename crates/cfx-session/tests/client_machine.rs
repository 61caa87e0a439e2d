//! The client machine alone, against a script of a server: every state, its retries, time-outs and
//! texts.

#[path = "client/player.rs"]
mod player;

#[path = "client/attempts.rs"]
mod attempts;
#[path = "client/content.rs"]
mod content;
#[path = "client/endpoints.rs"]
mod endpoints;
#[path = "client/handshake.rs"]
mod handshake;
#[path = "client/link.rs"]
mod link;
#[path = "client/oob.rs"]
mod oob;
#[path = "client/policy.rs"]
mod policy;
#[path = "client/silence.rs"]
mod silence;
#[path = "client/variables.rs"]
mod variables;
