//! Script events in one message, both ways.

use cfx_game::event::{EventName, ServerEvent};
use cfx_session::client::{self, Input};
use cfx_session::server::{Decision, Event, OneSync, Target};

use super::World;

const ARGS: &[u8] = b"\x91\xA2hi";

fn trigger(target: Target, name: &str) -> Decision {
    Decision::TriggerEvent { target, name: name.into(), args: ARGS.into(), latent: None }
}

fn net_event(name: &str) -> client::Event {
    client::Event::NetEvent { name: name.into(), args: ARGS.into(), latent: false }
}

fn send(world: &mut World, args: &[u8]) {
    world.input(0, Input::TriggerServerEvent { name: "e", args, latent: None });
}

/// How many events the server's application got.
fn count(world: &mut World) -> usize {
    let events = world.server_news();
    events.iter().filter(|event| matches!(event, Event::ServerEvent { .. })).count()
}

#[test]
fn from_the_server() {
    let mut world = World::of(OneSync::On, 2);
    world.decide(trigger(Target::Everyone, "all"));
    world.decide(trigger(Target::Client(world.clients[1]), "one"));
    assert_eq!(world.news(0), [net_event("all")]);
    assert_eq!(world.news(1), [net_event("all"), net_event("one")]);
    world.drop_client(1);
    world.decide(trigger(Target::Client(world.clients[1]), "gone"));
}

#[test]
fn from_a_client() {
    let mut world = World::of(OneSync::On, 1);
    send(&mut world, ARGS);
    let (client, name) = (world.clients[0], b"e".to_vec());
    let event = Event::ServerEvent { client, name, args: ARGS.into(), latent: false };
    assert_eq!(world.server_news(), [event]);
    // Names are any bytes, and what is behind them need not be msgpack.
    let name = EventName::new(b"\xFF\0x");
    world.message(0, &ServerEvent { name, data: b"" });
    let event =
        Event::ServerEvent { client, name: b"\xFF\0x".to_vec(), args: vec![], latent: false };
    assert_eq!(world.server_news(), [event]);
}

/// 200 at once and 50 a second; 300 more are ignored, and 75 a second.
#[test]
fn too_often() {
    let mut world = World::of(OneSync::On, 1);
    for _ in 0..500 {
        send(&mut world, ARGS);
    }
    assert_eq!((count(&mut world), world.refusal(0)), (200, None));
    world.pair.run_for(1000);
    for _ in 0..50 + 75 {
        send(&mut world, ARGS);
    }
    assert_eq!((count(&mut world), world.refusal(0)), (50, None));
    send(&mut world, ARGS);
    assert_eq!(world.refusal(0), Some("Reliable network event overflow."));
    assert_eq!(world.pair.server().joined(), 0);
}

/// 384 KiB at once, names counted, and 128 KiB a second.
#[test]
fn too_much() {
    let mut world = World::of(OneSync::On, 1);
    send(&mut world, &vec![0; 384 * 1024 - 1]);
    assert_eq!((count(&mut world), world.refusal(0)), (1, None));
    world.pair.run_for(1000);
    send(&mut world, &vec![0; 128 * 1024 - 1]);
    assert_eq!((count(&mut world), world.refusal(0)), (1, None));
    send(&mut world, b"");
    assert_eq!(world.refusal(0), Some("Reliable network event size overflow: e"));
    assert_eq!(count(&mut world), 0);
}

/// The text goes into a datagram.
#[test]
fn a_long_name_is_cut_in_the_reason() {
    let mut world = World::of(OneSync::On, 1);
    let name = "x".repeat(60_000);
    for _ in 0..7 {
        world.input(0, Input::TriggerServerEvent { name: &name, args: b"", latent: None });
    }
    let reason = world.refusal(0).expect("dropped");
    assert_eq!(reason, format!("Reliable network event size overflow: {}", "x".repeat(512)));
}

/// What cannot be read does not count.
#[test]
fn malformed() {
    let mut world = World::of(OneSync::On, 1);
    for _ in 0..1000 {
        for payload in [&b""[..], b"\x00", b"\x01\0\0", b"\xFF\xFFx\0", b"\x00\0x\0"] {
            let kind = cfx_game::frame::MessageType::SERVER_EVENT.0.to_le_bytes();
            world.packet(0, &[&kind, payload].concat());
        }
    }
    assert_eq!((world.server_news(), world.refusal(0)), (vec![], None));
}

/// Each client has limits of its own.
#[test]
fn one_client_does_not_use_up_another_s() {
    let mut world = World::of(OneSync::On, 2);
    for _ in 0..300 {
        send(&mut world, ARGS);
    }
    assert_eq!(count(&mut world), 200);
    world.input(1, Input::TriggerServerEvent { name: "e", args: ARGS, latent: None });
    assert_eq!(count(&mut world), 1);
}

/// Before `connectOK` there is nobody to tell.
#[test]
fn before_the_client_is_connected() {
    let mut world = World::of(OneSync::On, 0);
    let player = world.pair.add_client(client::Config::default());
    let inputs = [
        Input::TriggerServerEvent { name: "e", args: ARGS, latent: None },
        Input::TriggerServerEvent { name: "e", args: ARGS, latent: Some(0) },
        Input::SendCommand("x"),
        Input::SetBag { bag: "player:1", key: "a", value: b"\x01" },
        Input::ClaimHost { base: 1 },
        Input::VoteHost { net_id: 1, base: 1 },
        Input::Route { target: 1, data: b"x" },
    ];
    for input in inputs {
        world.pair.input(player, input);
    }
    world.pair.run_for(5000);
    assert_eq!((world.pair.events(player), world.pair.server_events()), (&[][..], &[][..]));
}
