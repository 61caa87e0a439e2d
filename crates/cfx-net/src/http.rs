//! HTTP/1.1 for a driver that owns all state: what arrives is a message to it, what it answers is
//! a call that never waits.
//!
//! | module | holds |
//! |---|---|
//! | [`server`] | takes connections and requests, and writes streamed responses |
//! | [`client`] | sends requests, and reports responses piece by piece |

pub mod client;
pub mod server;
