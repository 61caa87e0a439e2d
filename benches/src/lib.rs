//! What the benches share: [`Joins`], a server that clients join without anything between the two
//! machines, [`inputs`], and the settings that keep a run short.
//!
//! The figures are in `docs/benches.md`.

pub mod inputs;
mod joins;

use std::time::Duration;

use criterion::Criterion;

pub use joins::Joins;

/// Criterion with a second for each bench, so that all of them end in minutes.
pub fn short() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20)
}
