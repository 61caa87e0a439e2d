//! The caller's clock.

use core::time::Duration;

/// A moment, in milliseconds since a zero of the caller's choosing, on a clock that never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(u64);

impl Time {
    /// The caller's zero.
    pub const ZERO: Self = Self(0);

    /// The moment `ms` milliseconds after zero.
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since zero.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The moment `ms` milliseconds later.
    #[must_use]
    pub const fn after(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// The time since zero.
    pub(crate) const fn elapsed(self) -> Duration {
        Duration::from_millis(self.0)
    }

    /// The first whole millisecond at or after `elapsed`.
    pub(crate) fn at_or_after(elapsed: Duration) -> Self {
        let ms = elapsed.as_nanos().div_ceil(1_000_000);
        Self(u64::try_from(ms).unwrap_or(u64::MAX))
    }

    /// Milliseconds since `earlier`; 0 when it is not earlier.
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}
