//! Runs cases one after another, each within its time.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::case::{Case, Outcome, failed};
use crate::target::Target;
use crate::tools::{http, oob};

/// How long a case may take.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// A case that was run.
pub struct Ran {
    /// The case.
    pub case: Case,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took.
    pub time: Duration,
}

/// Runs a case.
pub async fn run(case: Case, target: &Target) -> Ran {
    let begun = Instant::now();
    let outcome = timeout(TIME_LIMIT, (case.run)(target)).await.unwrap_or_else(|_| {
        Err(failed(format!("an end within {TIME_LIMIT:?}"), "none: the case was stopped"))
    });
    Ran { case, outcome, time: begun.elapsed() }
}

/// What of a target answers at all.
pub struct Reach {
    /// It answers `getinfo`.
    pub udp: bool,
    /// It answers `GET /info.json`, whatever it says.
    pub http: bool,
}

/// Looks whether there is a server.
pub async fn reach(target: &Target) -> Reach {
    let udp = async { oob::alive(target).await.is_ok() };
    let http = async { http::get(target, "/info.json").await.is_ok() };
    let (udp, http) = tokio::join!(udp, http);
    Reach { udp, http }
}
