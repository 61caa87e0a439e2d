//! The conformance suite of the `CitizenFX` connection protocol.

pub mod log;
