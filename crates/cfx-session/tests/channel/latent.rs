//! Events in fragments, both ways.

use cfx_game::reassembled::{ReassembledEvent, ReassembledEventV2};
use cfx_session::client::{self, Input};
use cfx_session::server::{Config, Decision, Event, MessageRate, MessageRates, OneSync, Target};
use cfx_session::{Rate, Time};

use super::World;

fn trigger(target: Target, args: &[u8], rate: u32) -> Decision {
    let (name, args) = ("big".to_owned(), args.to_vec());
    Decision::TriggerEvent { target, name, args, latent: Some(rate) }
}

fn arrived(world: &World, at: usize) -> Vec<(Time, usize)> {
    let events = world.pair.events(world.players[at]).iter();
    let latent = events.filter_map(|(time, event)| match event {
        client::Event::NetEvent { args, latent: true, .. } => Some((*time, args.len())),
        _ => None,
    });
    latent.collect()
}

#[test]
fn from_the_server_to_everyone_at_its_pace() {
    let mut world = World::of(OneSync::On, 2);
    let start = world.pair.now();
    world.decide(trigger(Target::Everyone, &vec![7; 100_000], 50_000));
    world.decide(trigger(Target::Client(world.clients[1]), &[7; 10], 50_000));
    world.pair.run_for(10_000);
    // 49 fragments, 48 pauses.
    let [(time, 100_000)] = arrived(&world, 0)[..] else { panic!("{:?}", arrived(&world, 0)) };
    assert_eq!(time.since(start), 1966);
    assert_eq!(arrived(&world, 1).len(), 2);
    assert_eq!(arrived(&world, 1)[0], (start, 10), "a small one does not wait for a big one");
}

#[test]
fn from_a_client() {
    let mut world = World::of(OneSync::On, 1);
    let args = vec![5; 20_000];
    world.input(0, Input::TriggerServerEvent { name: "big", args: &args, latent: Some(100_000) });
    assert_eq!(world.server_news(), []);
    world.pair.run_for(1000);
    let (client, name) = (world.clients[0], b"big".to_vec());
    assert_eq!(world.server_news(), [Event::ServerEvent { client, name, args, latent: true }]);
    world.pair.run_for(5000);
    assert_eq!((world.server_news(), world.refusal(0)), (vec![], None));
}

/// 75 fragments a second: the rest is ignored, and sent again.
#[test]
fn a_client_that_sends_too_fast_is_slowed_down() {
    let mut world = World::of(OneSync::On, 1);
    let args = vec![5; 400 * 2047];
    let start = world.pair.now();
    world.input(0, Input::TriggerServerEvent { name: "big", args: &args, latent: Some(10 << 20) });
    world.pair.run_for(60_000);
    assert_eq!(world.refusal(0), None);
    let events = world.pair.server_events().iter();
    let came = events
        .filter_map(|(time, event)| {
            matches!(event, Event::ServerEvent { latent: true, .. }).then_some(*time)
        })
        .collect::<Vec<_>>();
    let [came] = came[..] else { panic!("{came:?}") };
    assert!((3500..6000).contains(&came.since(start)), "{came:?}");
}

/// Whole events count as others do, but apart from them: 200 at once, 300 ignored.
#[test]
fn too_many_events() {
    let fragments = MessageRate {
        messages: Rate { per_second: 1e6, burst: 1e6 },
        flood: Rate { per_second: 1e6, burst: 1e6 },
        bytes: None,
    };
    let message_rates = MessageRates { fragments, ..MessageRates::default() };
    let mut world = World::new(Config { message_rates, ..Config::default() }, 1);
    for _ in 0..500 {
        world.input(0, Input::TriggerServerEvent { name: "e", args: b"", latent: Some(0) });
    }
    assert_eq!((world.server_news().len(), world.refusal(0)), (200, None));
    world.input(0, Input::TriggerServerEvent { name: "e", args: b"", latent: Some(0) });
    assert_eq!(world.refusal(0), Some("Unreliable network event overflow."));
}

/// The flood counts what is within the rate: by default it is never reached.
#[test]
fn fragments_drop_a_client_only_where_the_flood_is_lower() {
    let fragment = |event_id| ReassembledEventV2 {
        event_id,
        packet_index: 0,
        total_packets: 2,
        payload: b"x",
    };
    let mut world = World::of(OneSync::On, 1);
    for number in 0..10_000 {
        world.message(0, &fragment(number));
    }
    assert_eq!((world.server_news(), world.refusal(0)), (vec![], None));
    let mut message_rates = MessageRates::default();
    message_rates.fragments.flood = Rate { per_second: 1.0, burst: 3.0 };
    let mut world = World::new(Config { message_rates, ..Config::default() }, 1);
    for number in 0..4 {
        world.message(0, &fragment(number));
    }
    assert_eq!(world.refusal(0), Some("latent event packet overflow."));
}

/// The first version, fragments that lie, an event id with another count, a name that runs past the
/// end: nothing comes of them.
#[test]
fn bad_fragments() {
    let mut world = World::of(OneSync::On, 1);
    let v1 = ReassembledEvent {
        event_id: 1,
        packet_index: 0,
        total_packets: 1,
        payload: b"\0\x02e\0".into(),
    };
    world.message(0, &v1);
    let fragment = |event_id, packet_index, total_packets, payload| ReassembledEventV2 {
        event_id,
        packet_index,
        total_packets,
        payload,
    };
    for message in [
        fragment(1, 0, u16::MAX, b"x"),
        fragment(1, 1, 2, b"x"),
        fragment(2, 3, 3, b"x"),
        fragment(2, 0, 0, b"x"),
        fragment(3, 0, 1, b"\xFF\xFFname"),
        fragment(4, 0, 1, b"x"),
        // An acknowledgement of what was never sent.
        fragment(5, 0, 1, b""),
    ] {
        world.message(0, &message);
    }
    assert_eq!((world.server_news(), world.refusal(0)), (vec![], None));
    // A good one still comes through.
    world.message(0, &fragment(6, 0, 1, b"\x01\0e"));
    let [Event::ServerEvent { name, .. }] = &world.server_news()[..] else { panic!("an event") };
    assert_eq!(name, b"e");
}

/// What waits for a client that is gone is gone, too.
#[test]
fn a_client_that_leaves_while_it_is_sent_something() {
    let mut world = World::of(OneSync::On, 2);
    world.decide(trigger(Target::Everyone, &vec![7; 1 << 20], 10_000));
    world.drop_client(0);
    world.pair.run_for(200_000);
    assert_eq!(arrived(&world, 0), []);
    assert_eq!(arrived(&world, 1).len(), 1);
}
