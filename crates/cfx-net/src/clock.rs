//! The clock and the randomness that the machines ask their caller for.

use core::time::Duration;
use std::io;
use std::time::SystemTime;

use cfx_session::{Entropy, Time};
use tokio::time::Instant;

/// A monotonic clock with its zero at its making. It follows tokio's, so that a test may pause it.
#[derive(Clone, Copy)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }

    /// The time, as ENet wants it.
    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }

    /// The time, as the machines want it.
    pub(crate) fn now(self) -> Time {
        Time::from_millis(u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// Waits for the earlier of both, but never longer than an hour.
    pub(crate) async fn sleep_until(self, session: Option<Time>, enet: Option<Duration>) {
        let session = session.map(|time| Duration::from_millis(time.as_millis()));
        let hour = self.elapsed() + Duration::from_hours(1);
        let until = [session, enet].into_iter().flatten().min().unwrap_or(hour).min(hour);
        tokio::time::sleep_until(self.0 + until).await;
    }
}

/// Seconds since 1970.
pub(crate) fn unix_time() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The operating system's randomness.
///
/// # Errors
/// When there is none. Later, a system that had some has more.
pub(crate) fn entropy() -> io::Result<Entropy> {
    getrandom::fill(&mut [0; 8]).map_err(io::Error::other)?;
    Ok(Box::new(|buffer| {
        getrandom::fill(buffer).expect("the system gave randomness before");
    }))
}

/// A number nobody can foresee.
pub(crate) fn seed(entropy: &mut Entropy) -> u32 {
    let mut bytes = [0; 4];
    entropy(&mut bytes);
    u32::from_le_bytes(bytes)
}
