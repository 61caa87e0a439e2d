//! Payloads to fragments.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use super::{Fragment, Version};

/// How long a sender waits after the last fragment of an event before it sends those again that
/// were not acknowledged.
pub const RESEND_PAUSE: Duration = Duration::from_millis(250);

/// How much delay of its caller a sender makes up for with a burst.
const CATCH_UP: Duration = Duration::from_millis(250);

/// The rate of an event that asks for 0, in bytes a second.
const DEFAULT_RATE: u32 = 25_000;

/// Sends the events of one peer: each at its own rate, each fragment again until it is
/// acknowledged.
///
/// Time is the caller's, since any zero that stays the same. [`poll`](Self::poll) gives fragments
/// until nothing is due, [`next_due`](Self::next_due) says when to ask again.
#[derive(Debug, Clone)]
pub struct Sender {
    version: Version,
    max_queued: usize,
    next_id: u64,
    queued: usize,
    events: BTreeMap<u64, Outgoing>,
}

#[derive(Debug, Clone)]
struct Outgoing {
    payload: Vec<u8>,
    /// Between two fragments.
    interval: Duration,
    /// When the next fragment is due; nothing before the first, which is due at once.
    due: Option<Duration>,
    /// Whether each fragment is acknowledged.
    acknowledged: Vec<bool>,
    missing: usize,
    /// The first fragment not yet sent in this round.
    cursor: usize,
}

/// Why an event is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It has no bytes, or more than [`Version::max_payload`].
    Size,
    /// With it the queue would be longer than its bound.
    Full,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Size => "the event is empty or too long",
            Self::Full => "too many bytes are waiting to be acknowledged",
        })
    }
}

impl core::error::Error for Refused {}

impl Sender {
    /// A sender without events, which holds up to `max_queued` bytes of unacknowledged ones.
    pub const fn new(version: Version, max_queued: usize) -> Self {
        Self { version, max_queued, next_id: 0, queued: 0, events: BTreeMap::new() }
    }

    /// Whether everything is acknowledged.
    pub fn is_idle(&self) -> bool {
        self.events.is_empty()
    }

    /// Bytes of the events that are not wholly acknowledged.
    pub const fn queued_bytes(&self) -> usize {
        self.queued
    }

    /// Queues an event's payload ([`Event::to_payload`](super::Event::to_payload)) at so many bytes
    /// a second (0 is 25,000). Gives the id that its fragments carry. Its first fragment is due at
    /// once.
    ///
    /// # Errors
    /// [`Refused`], and the event is gone.
    pub fn send(&mut self, payload: Vec<u8>, bytes_per_second: u32) -> Result<u64, Refused> {
        if payload.is_empty() || payload.len() > self.version.max_payload() {
            return Err(Refused::Size);
        }
        if payload.len() > self.max_queued.saturating_sub(self.queued) {
            return Err(Refused::Full);
        }
        let event_id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        self.queued += payload.len();
        let event = Outgoing::new(payload, self.version.fragment_size(), bytes_per_second);
        self.events.insert(event_id, event);
        Ok(event_id)
    }

    /// The next fragment that is due at `now`, to be sent; nothing when none is.
    pub fn poll(&mut self, now: Duration) -> Option<Fragment<'_>> {
        let size = self.version.fragment_size();
        let (event_id, event) = self.events.iter_mut().find(|(_, event)| event.due() <= now)?;
        let index = event.step(now)?;
        let start = index * size;
        let end = event.payload.len().min(start + size);
        Some(Fragment {
            event_id: *event_id,
            index: u32::try_from(index).ok()?,
            count: u32::try_from(event.acknowledged.len()).ok()?,
            data: event.payload.get(start..end)?,
        })
    }

    /// When the next fragment is due; nothing when all is acknowledged.
    pub fn next_due(&self) -> Option<Duration> {
        self.events.values().map(Outgoing::due).min()
    }

    /// Takes an acknowledgement. Says whether its event is now wholly acknowledged, and forgotten.
    pub fn acknowledge(&mut self, ack: &Fragment<'_>) -> bool {
        if !ack.is_ack() || !ack.is_in_range() {
            return false;
        }
        let Some(event) = self.events.get_mut(&ack.event_id) else { return false };
        // The reference does not compare the counts either.
        let Some(acknowledged) = event.acknowledged.get_mut(ack.index as usize) else {
            return false;
        };
        if !core::mem::replace(acknowledged, true) {
            event.missing -= 1;
        }
        let done = event.missing == 0;
        if done {
            self.queued = self.queued.saturating_sub(event.payload.len());
            self.events.remove(&ack.event_id);
        }
        done
    }
}

impl Outgoing {
    fn new(payload: Vec<u8>, fragment_size: usize, bytes_per_second: u32) -> Self {
        let count = payload.len().div_ceil(fragment_size);
        let rate = if bytes_per_second == 0 { DEFAULT_RATE } else { bytes_per_second };
        let interval = Duration::from_secs(fragment_size as u64) / rate;
        let acknowledged = vec![false; count];
        Self { payload, interval, due: None, acknowledged, missing: count, cursor: 0 }
    }

    /// The fragment to send now. Sets when the next one is due: an interval later, or a pause later
    /// when this was the round's last.
    fn step(&mut self, now: Duration) -> Option<usize> {
        let index = self.unacknowledged(self.cursor).or_else(|| self.unacknowledged(0))?;
        let next = self.unacknowledged(index + 1);
        self.cursor = next.unwrap_or(0);
        let due = match (next, self.due) {
            (None, _) => now.saturating_add(RESEND_PAUSE),
            (Some(_), None) => now.saturating_add(self.interval),
            (Some(_), Some(due)) => {
                due.max(now.saturating_sub(CATCH_UP)).saturating_add(self.interval)
            }
        };
        self.due = Some(due);
        Some(index)
    }

    fn due(&self) -> Duration {
        self.due.unwrap_or(Duration::ZERO)
    }

    fn unacknowledged(&self, from: usize) -> Option<usize> {
        let tail = self.acknowledged.get(from..)?;
        tail.iter().position(|acknowledged| !acknowledged).map(|at| from + at)
    }
}
