//! Events in fragments: both ends, lossy and hostile peers.

use core::time::Duration;

use cfx_fixtures::prefixes;
use cfx_game::reassembled::{ReassembledEvent, ReassembledEventV2};
use cfx_onesync::reassembly::{
    Event, Fragment, Ignored, Limits, RESEND_PAUSE, Received, Receiver, Refused, Sender, Version,
};
use cfx_wire::{Decode, Encode, ErrorKind};
use proptest::collection::vec;
use proptest::prelude::*;

const START: Duration = Duration::from_secs(1000);

fn receiver(limits: Limits) -> Receiver {
    Receiver::new(Version::V2, limits)
}

const fn piece(event_id: u64, index: u32, count: u32, data: &[u8]) -> Fragment<'_> {
    Fragment { event_id, index, count, data }
}

/// A fragment as it arrives: through its message, as bytes.
fn over_the_wire<T>(
    fragment: &Fragment<'_>,
    version: Version,
    take: impl FnOnce(&Fragment<'_>) -> T,
) -> T {
    match version {
        Version::V1 => {
            let bytes = fragment.to_v1().to_vec();
            let message = ReassembledEvent::from_slice_strict(&bytes).expect("our own");
            take(&Fragment::from(&message))
        }
        Version::V2 => {
            let bytes = fragment.to_v2().to_vec();
            let message = ReassembledEventV2::from_slice_strict(&bytes).expect("our own");
            take(&Fragment::from(&message))
        }
    }
}

/// Runs both ends until all is acknowledged, losing the messages that `lost` says. Gives the
/// payloads in the order of their completion, and how long it took.
fn exchange(
    version: Version,
    payloads: &[Vec<u8>],
    rate: u32,
    mut lost: impl FnMut() -> bool,
) -> (Vec<Vec<u8>>, Duration) {
    let mut sender = Sender::new(version, usize::MAX);
    let mut receiver = Receiver::new(version, Limits::default());
    for payload in payloads {
        sender.send(payload.clone(), rate).expect("room");
    }
    let mut complete = Vec::new();
    let mut now = START;
    while let Some(due) = sender.next_due() {
        now = now.max(due);
        let Some(fragment) = sender.poll(now) else { panic!("due, and nothing to send") };
        if lost() {
            continue;
        }
        let outcome = over_the_wire(&fragment, version, |given| {
            assert_eq!(given, &fragment);
            receiver.receive(given, now)
        });
        match outcome {
            Received::Ignored(why) => panic!("ignored: {why:?}"),
            Received::Kept => {}
            Received::Complete(payload) => complete.push(payload),
        }
        let ack = fragment.ack();
        if !lost() {
            over_the_wire(&ack, version, |ack| sender.acknowledge(ack));
        }
    }
    assert!(sender.is_idle());
    assert_eq!(
        (sender.queued_bytes(), receiver.held_bytes(), receiver.pending_events()),
        (0, 0, 0)
    );
    (complete, now.saturating_sub(START))
}

#[test]
fn an_event_is_sent_at_its_rate() {
    // Ten fragments, nine intervals of 2047 bytes.
    let payload = [vec![1; 2047 * 9 + 1]];
    let (complete, took) = exchange(Version::V2, &payload, 2047 * 100, || false);
    assert_eq!(complete, payload);
    assert_eq!(took, Duration::from_millis(90));
    // A rate of 0 is 25,000.
    let (_, took) = exchange(Version::V1, &[vec![1; 1023 * 2]], 0, || false);
    assert_eq!(took, Duration::from_secs(1023) / 25_000);
}

#[test]
fn what_is_not_acknowledged_is_sent_again_after_a_pause() {
    let mut sender = Sender::new(Version::V2, 1 << 20);
    let id = sender.send(vec![5; 2047 * 3], 2_047_000).expect("room");
    let mut sent = |now: Duration| {
        let mut list = Vec::new();
        while let Some(fragment) = sender.poll(now) {
            assert_eq!((fragment.event_id, fragment.count), (id, 3));
            list.push(fragment.index);
        }
        (list, sender.next_due())
    };
    let ms = Duration::from_millis;
    assert_eq!(sent(START), (vec![0], Some(START + ms(1))));
    // A late caller's delay is made up for.
    assert_eq!(sent(START + ms(2)), (vec![1, 2], Some(START + ms(2) + RESEND_PAUSE)));
    assert_eq!(sent(START + ms(251)), (vec![], Some(START + ms(252))));
    assert_eq!(sent(START + ms(252)), (vec![0], Some(START + ms(253))));
    assert_eq!(sent(START + ms(253)), (vec![1], Some(START + ms(254))));
    assert_eq!(sent(START + ms(254)), (vec![2], Some(START + ms(504))));
    assert!(!sender.acknowledge(&piece(id, 1, 3, &[])));
    let mut sent = |now: Duration| sender.poll(now).map(|fragment| fragment.index);
    assert_eq!(sent(START + ms(504)), Some(0));
    assert_eq!(sent(START + ms(505)), Some(2), "1 has come");
    assert_eq!(sent(START + ms(506)), None);
    assert!(!sender.acknowledge(&piece(id, 0, 3, &[])));
    assert!(sender.acknowledge(&piece(id, 2, 3, &[])), "the last one");
    assert_eq!(sender.next_due(), None);
}

#[test]
fn a_burst_makes_up_for_a_quarter_of_a_second_at_most() {
    let mut sender = Sender::new(Version::V2, 1 << 24);
    sender.send(vec![5; 2047 * 5000], 2_047_000).expect("room");
    assert!(sender.poll(START).is_some());
    assert!(sender.poll(START).is_none());
    let late = START + Duration::from_mins(1);
    let burst = std::iter::from_fn(|| sender.poll(late).map(|_| ())).count();
    assert_eq!(burst, 251);
}

#[test]
fn a_sender_takes_no_acknowledgement_that_is_none() {
    let mut sender = Sender::new(Version::V2, 1 << 20);
    let id = sender.send(vec![5; 10], 0).expect("room");
    assert!(!sender.acknowledge(&piece(id, 0, 1, b"x")), "a fragment");
    assert!(!sender.acknowledge(&piece(id, 1, 1, &[])), "out of range");
    assert!(!sender.acknowledge(&piece(id, 7, 9, &[])), "a fragment that is not there");
    assert!(!sender.acknowledge(&piece(id + 1, 0, 1, &[])), "another event");
    assert!(sender.acknowledge(&piece(id, 0, 1, &[])));
    assert!(!sender.acknowledge(&piece(id, 0, 1, &[])), "again");
}

#[test]
fn a_sender_has_bounds() {
    let mut sender = Sender::new(Version::V2, 100);
    assert_eq!(sender.send(Vec::new(), 0), Err(Refused::Size));
    assert_eq!(sender.send(vec![0; 101], 0), Err(Refused::Full));
    let first = sender.send(vec![0; 60], 0).expect("room");
    assert_eq!(sender.send(vec![0; 41], 0), Err(Refused::Full));
    assert!(sender.acknowledge(&piece(first, 0, 1, &[])));
    assert_eq!(sender.send(vec![0; 100], 0), Ok(first + 1));
    let most = Version::V2.max_payload();
    assert_eq!(most, 65535 * 2047);
    let mut sender = Sender::new(Version::V2, usize::MAX);
    assert_eq!(sender.send(vec![0; most + 1], 0), Err(Refused::Size));
    assert!(sender.send(vec![0; most], 0).is_ok());
    assert_eq!(sender.poll(START).expect("due").count, 65535);
}

#[test]
fn fragments_come_in_any_order_and_more_than_once() {
    let full = [7; 2047];
    let mut receiver = receiver(Limits::default());
    assert_eq!(receiver.receive(&piece(9, 2, 3, b"end"), START), Received::Kept);
    assert_eq!(receiver.receive(&piece(9, 0, 3, &full), START), Received::Kept);
    assert_eq!(receiver.receive(&piece(9, 0, 3, b"else"), START), Received::Kept, "not again");
    let Received::Complete(payload) = receiver.receive(&piece(9, 1, 3, &full), START) else {
        panic!("not complete")
    };
    assert_eq!(payload, [&full[..], &full, b"end"].concat());
    assert_eq!(receiver.receive(&piece(9, 1, 3, &full), START), Received::Kept, "acknowledged");
    assert_eq!((receiver.pending_events(), receiver.held_bytes()), (0, 0));
}

#[test]
fn short_fragments_leave_gaps_as_in_the_reference() {
    let mut receiver = receiver(Limits::default());
    assert_eq!(receiver.receive(&piece(1, 0, 2, b"ab"), START), Received::Kept);
    // The second fragment belongs at 2047, beyond the sum of the sizes.
    let expected = Received::Complete(b"ab\0\0".to_vec());
    assert_eq!(receiver.receive(&piece(1, 1, 2, b"cd"), START), expected);
}

#[test]
fn an_id_with_another_count_is_ignored() {
    let mut receiver = receiver(Limits::default());
    let changed = Received::Ignored(Ignored::CountChanged);
    assert_eq!(receiver.receive(&piece(1, 0, 2, b"a"), START), Received::Kept);
    assert_eq!(receiver.receive(&piece(1, 1, 3, b"b"), START), changed);
    assert_eq!(receiver.receive(&piece(1, 0, 1, b"b"), START), changed);
    assert!(matches!(receiver.receive(&piece(1, 1, 2, b"b"), START), Received::Complete(_)));
    assert_eq!(receiver.receive(&piece(1, 0, 1, b"c"), START), changed, "finished ones too");
}

#[test]
fn a_count_that_promises_megabytes_takes_no_memory() {
    let limits = Limits { event_bytes: 1 << 20, ..Limits::default() };
    let mut receiver = receiver(limits);
    let refused = Received::Ignored(Ignored::EventBytes);
    assert_eq!(receiver.receive(&piece(1, 0, 65535, b"x"), START), refused);
    assert_eq!(receiver.receive(&piece(1, 0, 514, b"x"), START), refused);
    assert_eq!((receiver.pending_events(), receiver.held_bytes()), (0, 0));
    // 512 full ones and a byte are 1,048,065 bytes.
    assert_eq!(receiver.receive(&piece(1, 0, 513, b"x"), START), Received::Kept);
    assert!(receiver.held_bytes() < 100);
}

#[test]
fn a_peer_has_bounds() {
    let limits =
        Limits { pending_events: 2, held_bytes: 5000, finished_events: 2, ..Limits::default() };
    let mut receiver = receiver(limits);
    let full = [1; 2047];
    assert_eq!(receiver.receive(&piece(1, 0, 2, &full), START), Received::Kept);
    assert_eq!(receiver.receive(&piece(2, 0, 3, &full), START), Received::Kept);
    let no = Received::Ignored;
    assert_eq!(receiver.receive(&piece(3, 0, 2, b"x"), START), no(Ignored::PendingEvents));
    assert_eq!(receiver.receive(&piece(2, 1, 3, &full), START), no(Ignored::HeldBytes));
    // A finished event makes room.
    assert!(matches!(receiver.receive(&piece(1, 1, 2, b"x"), START), Received::Complete(_)));
    assert_eq!(receiver.receive(&piece(2, 1, 3, &full), START), Received::Kept);
    // The ids of the two latest are kept, so the first may come again.
    for event_id in [10, 11] {
        let complete = Received::Complete(b"x".to_vec());
        assert_eq!(receiver.receive(&piece(event_id, 0, 1, b"x"), START), complete);
    }
    assert_eq!(receiver.receive(&piece(10, 0, 1, b"x"), START), Received::Kept);
    assert_eq!(receiver.receive(&piece(1, 1, 2, b"x"), START), Received::Kept, "a new event");
    assert_eq!(receiver.pending_events(), 2);
}

#[test]
fn many_small_fragments_are_bounded_too() {
    let mut receiver = receiver(Limits { held_bytes: 6500, ..Limits::default() });
    let kept = (0..1000)
        .filter(|index| receiver.receive(&piece(1, *index, 1000, b"x"), START) == Received::Kept)
        .count();
    assert_eq!(kept, 100);
}

#[test]
fn ids_of_finished_events_are_kept_for_two_minutes_after_the_last_acknowledgement() {
    let mut receiver = receiver(Limits::default());
    let only = piece(4, 0, 1, b"x");
    let complete = Received::Complete(b"x".to_vec());
    assert_eq!(receiver.receive(&only, START), complete);
    assert_eq!(receiver.receive(&only, START + Duration::from_secs(119)), Received::Kept);
    assert_eq!(receiver.receive(&only, START + Duration::from_secs(238)), Received::Kept);
    assert_eq!(receiver.receive(&only, START + Duration::from_secs(358)), complete);
}

#[test]
fn what_is_no_fragment_is_ignored() {
    let mut receiver = Receiver::new(Version::V1, Limits::default());
    let mut given = |fragment: &Fragment<'_>| receiver.receive(fragment, START);
    assert_eq!(given(&piece(1, 0, 0, b"x")), Received::Ignored(Ignored::OutOfRange));
    assert_eq!(given(&piece(1, 2, 2, b"x")), Received::Ignored(Ignored::OutOfRange));
    assert_eq!(given(&piece(1, 0, 1 << 17, b"x")), Received::Ignored(Ignored::OutOfRange));
    assert_eq!(given(&piece(1, 0, 1, b"")), Received::Ignored(Ignored::Ack));
    assert_eq!(given(&piece(1, 0, 1, &[0; 1024])), Received::Ignored(Ignored::Size));
}

#[test]
fn payloads_hold_name_and_data() {
    let event = Event { name: b"bank", data: b"\x90" };
    let v1 = event.to_payload(Version::V1).expect("a short name");
    assert_eq!(v1, b"\x00\x05bank\0\x90");
    assert_eq!(Event::from_payload(&v1, Version::V1), Ok(event));
    let v2 = event.to_payload(Version::V2).expect("a short name");
    assert_eq!(v2, b"\x04\x00bank\x90");
    assert_eq!(Event::from_payload(&v2, Version::V2), Ok(event));
    assert_eq!(Event::from_payload(b"\x05\x00bank\0\x90", Version::V2), Ok(event), "old clients");
    // The first version takes the last byte for a NUL, whatever it is.
    let cut = Event { name: b"ban", data: b"" };
    assert_eq!(Event::from_payload(b"\x00\x04bank", Version::V1), Ok(cut));
    let error = Event::from_payload(b"\0\0data", Version::V1).expect_err("no NUL");
    assert_eq!(error.kind, ErrorKind::TooShort { min: 1 });
    for version in [Version::V1, Version::V2] {
        prefixes(&event.to_payload(version).expect("short"), |prefix| {
            match Event::from_payload(prefix, version) {
                Ok(event) => assert_eq!((event.name, event.data), (&b"bank"[..], &b""[..])),
                Err(error) => assert!(error.is_incomplete()),
            }
        });
    }
    let name = vec![b'n'; 65536];
    let long = Event { name: &name[1..], data: b"" };
    assert_eq!(long.to_payload(Version::V1), None);
    let payload = long.to_payload(Version::V2).expect("as long as can be");
    assert_eq!(Event::from_payload(&payload, Version::V2), Ok(long));
    assert_eq!(Event { name: &name, data: b"" }.to_payload(Version::V2), None);
}

fn any_version() -> impl Strategy<Value = Version> {
    prop_oneof![Just(Version::V1), Just(Version::V2)]
}

proptest! {
    #[test]
    fn every_event_arrives_once_whatever_is_lost(
        version in any_version(),
        payloads in vec(vec(any::<u8>(), 1..9000), 1..4),
        losses in vec(any::<bool>(), 0..60),
    ) {
        let mut losses = losses.into_iter();
        let (mut complete, _) =
            exchange(version, &payloads, 100_000, || losses.next().unwrap_or(false));
        let mut expected = payloads;
        complete.sort();
        expected.sort();
        prop_assert_eq!(complete, expected);
    }

    #[test]
    fn no_fragments_break_the_bounds(
        fragments in vec((0u64..4, 0u32..5, 0u32..5, vec(any::<u8>(), 0..40), 0u64..100), 0..200),
    ) {
        let limits = Limits {
            pending_events: 2,
            event_bytes: 6000,
            held_bytes: 400,
            finished_events: 2,
        };
        let mut receiver = receiver(limits);
        let mut now = START;
        for (event_id, index, count, data, seconds) in fragments {
            now += Duration::from_secs(seconds);
            let received = receiver.receive(&piece(event_id, index, count, &data), now);
            prop_assert!(receiver.pending_events() <= limits.pending_events);
            prop_assert!(receiver.held_bytes() <= limits.held_bytes);
            if let Received::Complete(payload) = received {
                prop_assert!(!payload.is_empty() && payload.len() <= limits.held_bytes);
            }
        }
    }

    #[test]
    fn any_payload_is_an_event_or_refused(
        payload in vec(prop_oneof![2 => 0u8..3, 1 => any::<u8>()], 0..40), version in any_version(),
    ) {
        if let Ok(event) = Event::from_payload(&payload, version) {
            prop_assert!(event.name.len() + event.data.len() + 2 <= payload.len());
        }
    }
}
