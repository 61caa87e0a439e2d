//! Commands for the server's console.

use cfx_session::client::{self, Input};
use cfx_session::server::{Decision, Event, OneSync};

use super::World;

fn send(world: &mut World, line: &str, times: usize) -> usize {
    for _ in 0..times {
        world.input(0, Input::SendCommand(line));
    }
    let events = world.server_news();
    events.iter().filter(|event| matches!(event, Event::Command { .. })).count()
}

#[test]
fn a_command_and_its_output() {
    let mut world = World::of(OneSync::On, 2);
    world.input(0, Input::SendCommand("status me"));
    let client = world.clients[0];
    assert_eq!(world.server_news(), [Event::Command { client, line: b"status me".to_vec() }]);
    world.decide(Decision::CommandOutput { client, text: "ok\n".into() });
    world.decide(Decision::CommandOutput { client, text: String::new() });
    let name = b"__cfx_internal:serverPrint".to_vec();
    let printed = client::Event::NetEvent { name, args: b"\x91\xA3ok\n".to_vec(), latent: false };
    assert_eq!((world.news(0), world.news(1)), (vec![printed], vec![]));
}

/// 14 at once and 7 a second; 45 more are ignored, and 25 a second.
#[test]
fn too_often() {
    let mut world = World::of(OneSync::On, 1);
    assert_eq!(send(&mut world, "x", 14 + 45), 14);
    world.pair.run_for(1000);
    assert_eq!(send(&mut world, "x", 7 + 25), 7);
    assert_eq!(world.refusal(0), None);
    assert_eq!(send(&mut world, "x", 1), 0);
    assert_eq!(world.refusal(0), Some("Reliable server command overflow."));
}

/// 8 KiB at once and 1 KiB a second.
#[test]
fn too_much() {
    let mut world = World::of(OneSync::On, 1);
    assert_eq!(send(&mut world, &"x".repeat(4096), 2), 2);
    world.pair.run_for(1000);
    assert_eq!(send(&mut world, &"x".repeat(1024), 1), 1);
    assert_eq!(world.refusal(0), None);
    assert_eq!(send(&mut world, "say hi", 1), 0);
    assert_eq!(world.refusal(0), Some("Reliable server command size overflow: say hi"));
}

/// The server takes 1 to 4096 bytes.
#[test]
fn of_a_wrong_length() {
    let mut world = World::of(OneSync::On, 1);
    assert_eq!(send(&mut world, "", 100) + send(&mut world, &"x".repeat(4097), 100), 0);
    assert_eq!(world.refusal(0), None);
}
