//! The bodies of the fuzz targets: each takes any bytes, and panics when it finds a bug.
//!
//! | module | holds | of |
//! |---|---|---|
//! | `wire` | [`wire_form`], [`wire_info`], [`wire_number`], [`wire_values`] | `cfx-wire` |
//! | `oob` | [`oob_request`], [`oob_response`], [`oob_answer`], [`oob_values`] | `cfx-oob` |
//! | `control` | [`control_stream`], [`control_request`], [`control_reply`], [`control_manifest`], [`control_info`], [`control_policy`], [`control_endpoints`] | `cfx-control` |
//! | `control_values` | [`control_values()`] | |
//! | `ticket` | [`control_ticket`], [`control_ticket_values`], [`control_key`] | |
//! | `game` | [`game_c2s`], [`game_s2c`] | `cfx-game` |
//! | `game_values` | [`game_c2s_values`], [`game_s2c_values`] | |
//! | `onesync` | [`onesync_bits`], [`onesync_block`], [`onesync_records`], [`onesync_packet`], [`onesync_payload`] | `cfx-onesync` |
//! | `onesync_values` | [`onesync_bits_values`], [`onesync_values()`], [`onesync_payload_values`] | |
//! | `reassembly` | [`onesync_receiver`], [`onesync_transfer`] | |
//! | `enet` | [`enet_datagram`], [`enet_host`] | `cfx-net` |
//! | `session` | [`session_client`], [`session_server`], [`session_pair`], [`session_url`] | `cfx-session` |
//!
//! A target with a decoder's name gives it the input, and writes and reads again what it accepts:
//! `encode(decode(x))`. One that ends in `_values` makes values of the input: `decode(encode(v))`.
//! The first word of a name is that of its dictionary in `fixtures/seeds`.
//!
//! The fuzzer is in `fuzz/`, a workspace of its own that needs `cargo fuzz`; `docs/fuzzing.md` says
//! how to run it. Here everything is ordinary code, and a test replays the committed seeds and every
//! past crash.
//!
//! ```
//! // Nothing to find here.
//! cfx_fuzz::wire_form(b"token=6f1c0b9e&guid=148618792331476182");
//! ```

#![expect(clippy::missing_panics_doc, reason = "a panic is a finding: it is what bodies are for")]

mod control;
mod control_values;
mod enet;
mod game;
mod game_values;
mod onesync;
mod onesync_values;
mod oob;
mod reassembly;
mod session;
mod source;
mod ticket;
mod wire;

pub use control::{
    control_endpoints, control_info, control_manifest, control_policy, control_reply,
    control_request, control_stream,
};
pub use control_values::control_values;
pub use enet::{enet_datagram, enet_host};
pub use game::{game_c2s, game_s2c};
pub use game_values::{C2S_KINDS, S2C_KINDS, game_c2s_values, game_s2c_values};
pub use onesync::{onesync_bits, onesync_block, onesync_packet, onesync_payload, onesync_records};
pub use onesync_values::{onesync_bits_values, onesync_payload_values, onesync_values};
pub use oob::{oob_answer, oob_request, oob_response, oob_values};
pub use reassembly::{onesync_receiver, onesync_transfer};
pub use session::{session_client, session_pair, session_server, session_url};
pub use ticket::{control_key, control_ticket, control_ticket_values};
pub use wire::{wire_form, wire_info, wire_number, wire_values};

/// The body of a target.
pub type Body = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: [(&str, Body); 39] = [
    ("wire_form", wire_form),
    ("wire_info", wire_info),
    ("wire_number", wire_number),
    ("wire_values", wire_values),
    ("oob_request", oob_request),
    ("oob_response", oob_response),
    ("oob_answer", oob_answer),
    ("oob_values", oob_values),
    ("control_stream", control_stream),
    ("control_request", control_request),
    ("control_reply", control_reply),
    ("control_manifest", control_manifest),
    ("control_info", control_info),
    ("control_policy", control_policy),
    ("control_endpoints", control_endpoints),
    ("control_values", control_values),
    ("control_ticket", control_ticket),
    ("control_ticket_values", control_ticket_values),
    ("control_key", control_key),
    ("game_c2s", game_c2s),
    ("game_s2c", game_s2c),
    ("game_c2s_values", game_c2s_values),
    ("game_s2c_values", game_s2c_values),
    ("onesync_bits", onesync_bits),
    ("onesync_block", onesync_block),
    ("onesync_records", onesync_records),
    ("onesync_packet", onesync_packet),
    ("onesync_payload", onesync_payload),
    ("onesync_bits_values", onesync_bits_values),
    ("onesync_values", onesync_values),
    ("onesync_payload_values", onesync_payload_values),
    ("onesync_receiver", onesync_receiver),
    ("onesync_transfer", onesync_transfer),
    ("enet_datagram", enet_datagram),
    ("enet_host", enet_host),
    ("session_client", session_client),
    ("session_server", session_server),
    ("session_pair", session_pair),
    ("session_url", session_url),
];
