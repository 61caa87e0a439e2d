//! Token buckets, one an address or token, in a table of bounded size.

use std::collections::BTreeMap;

use crate::time::Time;

/// How fast one key may ask.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Requests a second, in the long run.
    pub per_second: f64,
    /// Requests at once, after a rest.
    pub burst: f64,
}

/// The most keys that a limiter remembers, as in the reference (`KeyedRateLimiter.h`).
const MAX_KEYS: usize = 4000;

/// Tokens of one key at one rate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    tokens: f64,
    filled: Time,
}

/// Full, whatever its rate.
impl Default for Bucket {
    fn default() -> Self {
        Self { tokens: f64::INFINITY, filled: Time::ZERO }
    }
}

impl Bucket {
    /// Takes so many tokens; where there are fewer, none, and says false. More than the burst are
    /// never there.
    pub(crate) fn take(&mut self, rate: Rate, count: f64, now: Time) -> bool {
        self.tokens = filled(*self, rate, now);
        self.filled = now;
        let granted = self.tokens >= count;
        if granted {
            self.tokens -= count;
        }
        granted
    }
}

/// A token bucket for each key (SPEC OOB-6).
///
/// A key that is forgotten, because newer ones needed its place, starts with a full bucket again.
#[derive(Debug)]
pub(crate) struct Limiter<K> {
    rate: Rate,
    buckets: BTreeMap<K, Bucket>,
}

impl<K: Ord + Clone> Limiter<K> {
    pub(crate) const fn new(rate: Rate) -> Self {
        Self { rate, buckets: BTreeMap::new() }
    }

    /// Takes one token of `key`; false when there is none.
    pub(crate) fn take(&mut self, key: &K, now: Time) -> bool {
        if let Some(bucket) = self.buckets.get_mut(key) {
            return bucket.take(self.rate, 1.0, now);
        }
        let mut bucket = Bucket::default();
        let granted = bucket.take(self.rate, 1.0, now);
        if granted {
            self.make_room(now);
            self.buckets.insert(key.clone(), bucket);
        }
        granted
    }

    /// Gives `key` one token back, but no more than the burst.
    pub(crate) fn give_back(&mut self, key: &K, now: Time) {
        if let Some(bucket) = self.buckets.get_mut(key) {
            bucket.tokens = (filled(*bucket, self.rate, now) + 1.0).min(self.rate.burst);
            bucket.filled = now;
        }
    }

    /// Gives `key` a full bucket.
    pub(crate) fn reset(&mut self, key: &K) {
        self.buckets.remove(key);
    }

    /// Buckets that are full again say nothing: they go first. When none is, the table is emptied,
    /// which costs an attacker who fills it nothing and everyone else at most one more burst.
    fn make_room(&mut self, now: Time) {
        if self.buckets.len() < MAX_KEYS {
            return;
        }
        let rate = self.rate;
        self.buckets.retain(|_, bucket| filled(*bucket, rate, now) < rate.burst);
        if self.buckets.len() >= MAX_KEYS {
            self.buckets.clear();
        }
    }
}

fn filled(bucket: Bucket, rate: Rate, now: Time) -> f64 {
    // A gap of 2^53 ms is past any session.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since the last request")]
    let seconds = now.since(bucket.filled) as f64 / 1000.0;
    (bucket.tokens + seconds * rate.per_second).min(rate.burst)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 2.0, burst: 10.0 };

    fn granted(limiter: &mut Limiter<u32>, key: u32, at: u64, tries: usize) -> usize {
        (0..tries).filter(|_| limiter.take(&key, Time::from_millis(at))).count()
    }

    #[test]
    fn a_burst_then_the_rate() {
        let mut limiter = Limiter::new(RATE);
        assert_eq!(granted(&mut limiter, 1, 0, 50), 10);
        assert_eq!(granted(&mut limiter, 1, 499, 5), 0);
        assert_eq!(granted(&mut limiter, 1, 1000, 5), 2);
        assert_eq!(granted(&mut limiter, 2, 1000, 50), 10, "another key has its own bucket");
        assert_eq!(granted(&mut limiter, 1, 1_000_000, 50), 10, "no more than the burst");
        limiter.reset(&1);
        assert_eq!(granted(&mut limiter, 1, 1_000_000, 50), 10);
    }

    #[test]
    fn the_table_is_bounded() {
        let mut limiter = Limiter::new(RATE);
        for key in 0..100_000 {
            assert!(limiter.take(&key, Time::ZERO));
            assert!(limiter.buckets.len() <= MAX_KEYS);
        }
    }
}
