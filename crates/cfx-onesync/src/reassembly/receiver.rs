//! Fragments to payloads.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use super::{Fragment, Version};

/// How long the ids of a finished event are kept after its last acknowledgement, so that a late
/// fragment is acknowledged and not taken for a new event.
const KEEP_FINISHED: Duration = Duration::from_mins(2);

/// What a stored fragment costs besides its bytes, so that many small ones are bounded too.
const FRAGMENT_COST: usize = 64;

/// What one peer may make a [`Receiver`] hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Unfinished events at a time. The reference's server takes 100
    /// (`sv_netEventReassemblyMaxPendingEvents`), its client any number.
    pub pending_events: usize,
    /// Bytes of an event that may be announced: fragments times their full size. The reference
    /// takes 128 MiB.
    pub event_bytes: usize,
    /// Bytes of all unfinished events that may be held, each fragment counted with 64 bytes more.
    /// The reference has no such bound. Unfinished events do not expire, as there: a peer that fills
    /// this with pieces of many can finish none of them.
    pub held_bytes: usize,
    /// Finished events whose ids are kept. The reference has no such bound.
    pub finished_events: usize,
}

/// A server's bounds: 100 events, 16 MiB each and 32 MiB together, 4096 finished ones.
impl Default for Limits {
    fn default() -> Self {
        Self {
            pending_events: 100,
            event_bytes: 16 << 20,
            held_bytes: 32 << 20,
            finished_events: 4096,
        }
    }
}

/// What became of a fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// It was dropped. The sender is told nothing and tries again.
    Ignored(Ignored),
    /// It was kept, or had come before: answer with [`Fragment::ack`].
    Kept,
    /// It was the last one that was missing: answer with [`Fragment::ack`], and here is the payload
    /// ([`Event::from_payload`](super::Event::from_payload)).
    Complete(Vec<u8>),
}

/// Why a fragment was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ignored {
    /// It is an acknowledgement, which is a [`Sender`](super::Sender)'s matter.
    Ack,
    /// Its index is not below its count.
    OutOfRange,
    /// The piece is longer than a fragment.
    Size,
    /// The event is known with another count.
    CountChanged,
    /// More events are unfinished than [`Limits::pending_events`].
    PendingEvents,
    /// The event would be longer than [`Limits::event_bytes`].
    EventBytes,
    /// No more can be held: [`Limits::held_bytes`].
    HeldBytes,
}

/// Puts the events of one peer together.
///
/// Memory is taken for what has come, never for what is announced, but for one bit a fragment.
#[derive(Debug, Clone)]
pub struct Receiver {
    version: Version,
    limits: Limits,
    events: BTreeMap<u64, Incoming>,
    pending: usize,
    held: usize,
    /// Ids of finished events, and when to look at them again; earliest first.
    finished: VecDeque<(u64, Duration)>,
}

#[derive(Debug, Clone)]
struct Incoming {
    count: u32,
    last_ack: Duration,
    /// Nothing of it is left once the event is finished.
    pieces: Option<Pieces>,
}

#[derive(Debug, Clone)]
struct Pieces {
    /// One bit a fragment.
    seen: Vec<u8>,
    missing: u32,
    /// What has come, by index, in the order in which it came.
    kept: Vec<(u32, Box<[u8]>)>,
    bytes: usize,
}

impl Receiver {
    /// A receiver without events.
    pub const fn new(version: Version, limits: Limits) -> Self {
        Self {
            version,
            limits,
            events: BTreeMap::new(),
            pending: 0,
            held: 0,
            finished: VecDeque::new(),
        }
    }

    /// Events that are not finished.
    pub const fn pending_events(&self) -> usize {
        self.pending
    }

    /// Bytes that count against [`Limits::held_bytes`].
    pub const fn held_bytes(&self) -> usize {
        self.held
    }

    /// Takes a fragment that came at `now`, a time since any zero that stays the same.
    pub fn receive(&mut self, fragment: &Fragment<'_>, now: Duration) -> Received {
        self.forget_finished(now);
        match self.take(fragment, now) {
            Ok(received) => received,
            Err(reason) => Received::Ignored(reason),
        }
    }

    fn take(&mut self, fragment: &Fragment<'_>, now: Duration) -> Result<Received, Ignored> {
        self.check(fragment)?;
        let cost = fragment.data.len() + FRAGMENT_COST;
        if !self.events.contains_key(&fragment.event_id) {
            self.begin(fragment, cost)?;
        }
        let Some(event) = self.events.get_mut(&fragment.event_id) else {
            return Err(Ignored::PendingEvents);
        };
        if event.count != fragment.count {
            return Err(Ignored::CountChanged);
        }
        let Some(pieces) = event.pieces.as_mut().filter(|pieces| !pieces.has(fragment.index))
        else {
            event.last_ack = now;
            return Ok(Received::Kept);
        };
        if cost > self.limits.held_bytes.saturating_sub(self.held) {
            return Err(Ignored::HeldBytes);
        }
        event.last_ack = now;
        self.held += cost;
        pieces.add(fragment);
        if pieces.missing > 0 {
            return Ok(Received::Kept);
        }
        let payload = event.pieces.take().map(|pieces| self.finish(pieces)).unwrap_or_default();
        self.remember(fragment.event_id, now);
        Ok(Received::Complete(payload))
    }

    fn check(&self, fragment: &Fragment<'_>) -> Result<(), Ignored> {
        if !fragment.is_in_range() || fragment.count > self.version.max_fragments() {
            return Err(Ignored::OutOfRange);
        }
        if fragment.is_ack() {
            return Err(Ignored::Ack);
        }
        if fragment.data.len() > self.version.fragment_size() {
            return Err(Ignored::Size);
        }
        Ok(())
    }

    fn begin(&mut self, fragment: &Fragment<'_>, cost: usize) -> Result<(), Ignored> {
        if self.pending >= self.limits.pending_events {
            return Err(Ignored::PendingEvents);
        }
        // At most 2^17 fragments of 2 KiB.
        let announced = (fragment.count as usize).saturating_mul(self.version.fragment_size());
        // The last fragment may be nearly empty.
        if announced.saturating_sub(self.version.fragment_size() - 1) > self.limits.event_bytes {
            return Err(Ignored::EventBytes);
        }
        if cost > self.limits.held_bytes.saturating_sub(self.held) {
            return Err(Ignored::HeldBytes);
        }
        let pieces = Some(Pieces::new(fragment.count));
        let event = Incoming { count: fragment.count, last_ack: Duration::ZERO, pieces };
        self.events.insert(fragment.event_id, event);
        self.pending += 1;
        Ok(())
    }

    fn finish(&mut self, pieces: Pieces) -> Vec<u8> {
        self.pending -= 1;
        self.held = self.held.saturating_sub(pieces.cost());
        pieces.join(self.version.fragment_size())
    }

    fn remember(&mut self, event_id: u64, now: Duration) {
        self.finished.push_back((event_id, now.saturating_add(KEEP_FINISHED)));
        while self.finished.len() > self.limits.finished_events {
            if let Some((oldest, _)) = self.finished.pop_front() {
                self.events.remove(&oldest);
            }
        }
    }

    /// Drops the finished events that were not asked about for two minutes.
    fn forget_finished(&mut self, now: Duration) {
        while let Some((event_id, look)) = self.finished.front().copied() {
            if look > now {
                break;
            }
            self.finished.pop_front();
            let until = self
                .events
                .get(&event_id)
                .map(|event| event.last_ack.saturating_add(KEEP_FINISHED));
            match until.filter(|until| *until > now) {
                Some(until) => self.finished.push_back((event_id, until)),
                None => drop(self.events.remove(&event_id)),
            }
        }
    }
}

impl Pieces {
    fn new(count: u32) -> Self {
        let seen = vec![0; (count as usize).div_ceil(8)];
        Self { seen, missing: count, kept: Vec::new(), bytes: 0 }
    }

    fn has(&self, index: u32) -> bool {
        self.seen.get(index as usize / 8).is_some_and(|byte| byte >> (index % 8) & 1 == 1)
    }

    fn add(&mut self, fragment: &Fragment<'_>) {
        if let Some(byte) = self.seen.get_mut(fragment.index as usize / 8) {
            *byte |= 1 << (fragment.index % 8);
        }
        self.missing -= 1;
        self.bytes += fragment.data.len();
        self.kept.push((fragment.index, fragment.data.into()));
    }

    const fn cost(&self) -> usize {
        self.bytes + FRAGMENT_COST * self.kept.len()
    }

    /// As the reference does: each piece at its index times the full size, cut at the sum of their
    /// sizes. An honest sender fills all but the last.
    fn join(mut self, fragment_size: usize) -> Vec<u8> {
        self.kept.sort_unstable_by_key(|(index, _)| *index);
        let mut payload = vec![0; self.bytes];
        for (index, piece) in self.kept {
            let start = (index as usize).saturating_mul(fragment_size);
            let Some(room) = payload.get_mut(start..) else { break };
            room.iter_mut().zip(&piece).for_each(|(to, from)| *to = *from);
        }
        payload
    }
}
