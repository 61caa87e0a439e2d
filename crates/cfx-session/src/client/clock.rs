//! The server's time as a client knows it, under `OneSync` (reference:
//! `gta-net-five/src/netTimeSync.cpp`).

use cfx_game::time_sync::{TimeSync, TimeSyncReq};

use crate::time::Time;

/// Milliseconds to the second request; each good answer doubles them.
const FIRST_INTERVAL: u64 = 2000;

/// The most milliseconds between two requests.
const MAX_INTERVAL: u64 = 60_000;

/// A round trip longer than this is asked for again at once.
const SLOW: u32 = 300;

/// A round trip up to this is good, however long the others are.
const FAST: u32 = 100;

/// After so many bad answers the next is taken as it is.
const MAX_RETRIES: u32 = 10;

/// Milliseconds of difference beyond which the offset jumps instead of going half the way.
const JUMP: u32 = 1000;

/// Asks for the server's time, at first often, and keeps what came of it.
///
/// Times are 32-bit milliseconds on the wire, and wrap.
#[derive(Debug, Clone)]
pub struct Clock {
    next: Option<Time>,
    interval: u64,
    sequence: u32,
    answered: u32,
    retries: u32,
    round_trip: Option<u32>,
    offset: Option<u32>,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            next: None,
            interval: FIRST_INTERVAL,
            sequence: 0,
            answered: 0,
            retries: 0,
            round_trip: None,
            offset: None,
        }
    }
}

/// A time as requests have it.
#[expect(clippy::cast_possible_truncation, reason = "the low 32 bits")]
const fn wire(now: Time) -> u32 {
    now.as_millis() as u32
}

/// Whether `a` is behind `b` on a clock that wraps.
const fn is_after(a: u32, b: u32) -> bool {
    a.wrapping_sub(b).cast_signed() > 0
}

impl Clock {
    /// The server's time in milliseconds, its low 32 bits; nothing before the first good answer.
    pub fn server_time(&self, now: Time) -> Option<u32> {
        self.offset.map(|offset| wire(now).wrapping_add(offset))
    }

    /// The round trip in milliseconds, smoothed: each counts for half of what those before do
    /// together.
    pub const fn round_trip(&self) -> Option<u32> {
        self.round_trip
    }

    /// Begins to ask at `now`.
    pub(super) fn start(&mut self, now: Time) {
        self.next = Some(now);
    }

    pub(super) const fn due(&self) -> Option<Time> {
        self.next
    }

    /// The request that is due.
    pub(super) fn request(&mut self, now: Time) -> TimeSyncReq {
        self.sequence = self.sequence.wrapping_add(1);
        self.next = Some(now.after(self.interval));
        TimeSyncReq { request_time: wire(now), request_sequence: self.sequence }
    }

    /// Takes an answer. One that is older than the last good one, or comes before its request, is
    /// ignored; a slow one is asked for again.
    ///
    /// The reference ignores a round trip of 0 as well, which a local network has.
    pub(super) fn answer(&mut self, answer: &TimeSync, now: Time) {
        let TimeSyncReq { request_time, request_sequence } = answer.request;
        let round_trip = wire(now).wrapping_sub(request_time);
        let known =
            !is_after(request_sequence, self.answered) || is_after(request_sequence, self.sequence);
        if known || round_trip.cast_signed() < 0 {
            return;
        }
        if round_trip > SLOW && self.retries < MAX_RETRIES {
            return self.again(now);
        }
        let usual = self.round_trip.unwrap_or(round_trip);
        if self.is_good(round_trip, usual) {
            self.accept(answer, round_trip, now);
        } else {
            self.again(now);
        }
        self.round_trip = Some(round_trip.midpoint(usual));
    }

    fn is_good(&self, round_trip: u32, usual: u32) -> bool {
        round_trip <= FAST || round_trip / usual.max(1) < 2 || self.retries >= MAX_RETRIES
    }

    fn accept(&mut self, answer: &TimeSync, round_trip: u32, now: Time) {
        let there = answer.server_time.wrapping_add(round_trip / 2);
        let found = there.wrapping_sub(wire(now));
        let old = self.offset.unwrap_or(found);
        let change = found.wrapping_sub(old).cast_signed();
        let step = if change.unsigned_abs() > JUMP { change } else { change / 2 };
        self.offset = Some(old.wrapping_add_signed(step));
        self.answered = answer.request.request_sequence;
        self.interval = (self.interval * 2).min(MAX_INTERVAL);
        self.retries = 0;
    }

    fn again(&mut self, now: Time) {
        self.next = Some(now);
        self.retries += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks at `at`, and answers so much later with a server clock that is 5000 ahead.
    fn ask(clock: &mut Clock, at: u64, round_trip: u64) -> TimeSync {
        let request = clock.request(Time::from_millis(at));
        let server_time = u32::try_from(at + round_trip / 2 + 5000).expect("a small time");
        let answer = TimeSync { request, server_time };
        clock.answer(&answer, Time::from_millis(at + round_trip));
        answer
    }

    #[test]
    fn a_fast_answer_sets_the_time_and_halves_the_questions() {
        let mut clock = Clock::default();
        assert_eq!(clock.server_time(Time::ZERO), None);
        ask(&mut clock, 1000, 60);
        assert_eq!(clock.server_time(Time::from_millis(2000)), Some(7000));
        assert_eq!(clock.round_trip(), Some(60));
        assert_eq!(clock.due(), Some(Time::from_millis(3000)));
        let mut at = 3000;
        for interval in [4000, 8000, 16_000, 32_000, 60_000, 60_000] {
            ask(&mut clock, at, 60);
            assert_eq!(clock.due(), Some(Time::from_millis(at + interval)));
            at += interval;
        }
    }

    #[test]
    fn a_slow_answer_is_asked_for_again_ten_times() {
        let mut clock = Clock::default();
        for tried in 0..10 {
            ask(&mut clock, tried * 1000, 500);
            assert_eq!(clock.server_time(Time::ZERO), None);
            assert_eq!(clock.due(), Some(Time::from_millis(tried * 1000 + 500)), "at once");
        }
        ask(&mut clock, 10_000, 500);
        assert_eq!(clock.server_time(Time::ZERO), Some(5000));
    }

    #[test]
    fn a_jittery_answer_counts_once_the_round_trip_is_known() {
        let mut clock = Clock::default();
        ask(&mut clock, 0, 20);
        // Twelve times the usual.
        ask(&mut clock, 2000, 240);
        assert_eq!(clock.due(), Some(Time::from_millis(2240)));
        assert_eq!(clock.round_trip(), Some(130));
        ask(&mut clock, 2240, 240);
        assert_eq!(clock.due(), Some(Time::from_millis(6240)));
    }

    #[test]
    fn old_doubled_and_invented_answers_are_ignored() {
        let mut clock = Clock::default();
        let first = ask(&mut clock, 1000, 10);
        let before = format!("{clock:?}");
        let early = TimeSyncReq { request_time: 9000, request_sequence: 2 };
        let unasked = TimeSyncReq { request_time: 1000, request_sequence: 7 };
        for request in [first.request, early, unasked] {
            clock.answer(&TimeSync { request, server_time: 1 }, Time::from_millis(1500));
            assert_eq!(format!("{clock:?}"), before);
        }
    }

    #[test]
    fn the_offset_follows_half_the_way_and_jumps_when_it_is_far() {
        let mut clock = Clock::default();
        ask(&mut clock, 0, 0);
        let told = |clock: &mut Clock, at, server_time| {
            let request = clock.request(Time::from_millis(at));
            clock.answer(&TimeSync { request, server_time }, Time::from_millis(at));
            clock.server_time(Time::from_millis(at))
        };
        assert_eq!(told(&mut clock, 100, 5200), Some(5150));
        assert_eq!(told(&mut clock, 200, 5200), Some(5225));
        assert_eq!(told(&mut clock, 300, 99_000), Some(99_000));
        // The server's clock wraps.
        assert_eq!(told(&mut clock, 400, u32::MAX), Some(u32::MAX));
        assert_eq!(clock.server_time(Time::from_millis(401)), Some(0));
    }
}
