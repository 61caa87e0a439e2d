//! `cfx-onesync`'s events in fragments: a receiver under attack, and a sender over a bad network.

use std::collections::BTreeMap;
use std::time::Duration;

use cfx_onesync::reassembly::{Fragment, Ignored, Limits, Received, Receiver, Sender, Version};

use crate::source::Source;

/// Any fragments at a receiver with narrow bounds: a byte for the version, then for each fragment
/// a byte for its event, one for its time, index, count and data.
pub fn onesync_receiver(data: &[u8]) {
    const LIMITS: Limits =
        Limits { pending_events: 4, event_bytes: 1 << 20, held_bytes: 20_000, finished_events: 3 };
    let mut source = Source::new(data);
    let version = [Version::V1, Version::V2][source.pick(2)];
    let mut receiver = Receiver::new(version, LIMITS);
    let mut now = Duration::ZERO;
    while !source.is_empty() {
        let event_id = source.take::<u8>().into();
        now += Duration::from_secs(source.take::<u8>().into());
        let wide: bool = source.take();
        let mut number = || if wide { source.take() } else { source.take::<u8>().into() };
        let (index, count) = (number(), number());
        let fragment = Fragment { event_id, index, count, data: source.bytes(2500) };
        let before = receiver.held_bytes();
        match receiver.receive(&fragment, now) {
            Received::Ignored(reason) => {
                assert_eq!(receiver.held_bytes(), before);
                assert_eq!(
                    reason == Ignored::Ack,
                    fragment.is_ack() && in_range(&fragment, version)
                );
            }
            Received::Kept => assert!(!fragment.is_ack()),
            Received::Complete(payload) => {
                assert!(payload.len() <= before + fragment.data.len());
                assert!(payload.len() <= version.fragment_size() * count as usize);
            }
        }
        assert!(receiver.pending_events() <= LIMITS.pending_events);
        assert!(receiver.held_bytes() <= LIMITS.held_bytes);
    }
}

fn in_range(fragment: &Fragment<'_>, version: Version) -> bool {
    fragment.is_in_range() && fragment.count <= version.max_fragments()
}

/// The most events of one input.
const MAX_EVENTS: usize = 6;

/// Events over a network that loses and doubles: a byte for the version, one for the number of
/// events, their lengths and rates, then a byte for each fragment's fate. Every event arrives once,
/// as it was sent.
pub fn onesync_transfer(data: &[u8]) {
    let mut source = Source::new(data);
    let version = [Version::V1, Version::V2][source.pick(2)];
    let mut sender = Sender::new(version, 1 << 20);
    let mut receiver = Receiver::new(version, Limits::default());
    let mut sent = BTreeMap::new();
    for seed in 0..=source.pick(MAX_EVENTS) {
        let length = usize::from(source.take::<u16>()) % 12_000 + 1;
        let payload: Vec<u8> = (0..length).map(|at| (at * 31 + seed).to_le_bytes()[0]).collect();
        // A slower sender asks again after its receiver has forgotten the event, two minutes after
        // the last of its fragments: that would be a new event, never finished.
        let rate = source.take::<u32>();
        let rate = if rate < 1000 { 0 } else { rate };
        let id = sender.send(payload.clone(), rate).expect("there is room");
        assert_eq!(sent.insert(id, payload), None);
    }
    let mut now = Duration::ZERO;
    let mut steps = 0;
    while let Some(due) = sender.next_due() {
        now = now.max(due);
        // Behind the end of the input nothing is lost; nor after a minute, for the same reason.
        let fate = if now < Duration::from_mins(1) { source.take::<u8>() % 5 } else { 0 };
        let Some(fragment) = sender.poll(now) else { panic!("nothing is due when it should be") };
        let (event_id, ack) = (fragment.event_id, fragment.ack());
        let arrivals = [1, 0, 2, 1, 1][usize::from(fate)];
        for _ in 0..arrivals {
            match receiver.receive(&fragment, now) {
                Received::Complete(payload) => {
                    assert_eq!(Some(payload), sent.remove(&event_id), "another payload");
                }
                Received::Kept => {}
                Received::Ignored(reason) => panic!("{reason:?}"),
            }
        }
        if arrivals > 0 && fate != 3 {
            sender.acknowledge(&ack);
        }
        steps += 1;
        assert!(steps < 100_000, "the sender does not come to rest");
    }
    assert!(sent.is_empty() && sender.is_idle());
    assert_eq!((sender.queued_bytes(), receiver.held_bytes()), (0, 0));
}
