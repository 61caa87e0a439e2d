//! Stage J: players are introduced to each other and taken leave of.

use cfx_session::client::{Event, Input};
use cfx_session::server::OneSync;

use super::World;

/// What a player without a slot has.
const NO_SLOT: u32 = u32::MAX;

fn joining(net_id: u32, name: &str, slot: u32) -> Event {
    Event::PlayerJoining { net_id, name: name.into(), slot }
}

fn dropped(net_id: u32, name: &str, slot: u32) -> Event {
    Event::PlayerDropped { net_id, name: name.into(), slot }
}

/// The introductions among a player's news.
fn introductions(world: &mut World, at: usize) -> Vec<Event> {
    let mut news = world.news(at);
    news.retain(|event| matches!(event, Event::PlayerJoining { .. } | Event::PlayerDropped { .. }));
    news
}

#[test]
fn everyone_learns_of_everyone() {
    for (onesync, slots) in [(OneSync::On, [128, 127]), (OneSync::Off, [NO_SLOT, NO_SLOT])] {
        let mut world = World::of(onesync, 0);
        let (ana, ben) = (joining(1, "Ana", slots[0]), joining(2, "Ben", slots[1]));
        world.join();
        assert_eq!(introductions(&mut world, 0), [ana.clone(), ana.clone()]);
        world.join();
        assert_eq!(introductions(&mut world, 0), std::slice::from_ref(&ben));
        assert_eq!(introductions(&mut world, 1), [ben.clone(), ana, ben]);
        world.input(1, Input::Disconnect { reason: "Bye" });
        assert_eq!(introductions(&mut world, 0), [dropped(2, "Ben", slots[1])]);
    }
}

#[test]
fn in_big_mode_players_learn_of_themselves_alone() {
    let mut world = World::of(OneSync::Big, 0);
    for (at, name) in ["Ana", "Ben"].into_iter().enumerate() {
        world.join();
        let net_id = u32::try_from(at).expect("few players") + 1;
        assert_eq!(introductions(&mut world, at), [joining(net_id, name, 128)]);
    }
    world.drop_client(1);
    assert_eq!(introductions(&mut world, 0), []);
}

/// Who never joined is not missed.
#[test]
fn a_player_that_did_not_join() {
    let mut world = World::of(OneSync::On, 1);
    world.pair.on_server_event = |_| Vec::new();
    world.join();
    world.drop_client(1);
    assert_eq!(introductions(&mut world, 0), []);
}

/// What is no introduction is an event like any other.
#[test]
fn an_introduction_of_other_types() {
    use cfx_session::server::{Decision, Target};
    let mut world = World::of(OneSync::On, 1);
    let args = b"\x93\xA11\xA3Ana\x01".to_vec();
    let (target, name) = (Target::Everyone, "onPlayerJoining".to_owned());
    world.decide(Decision::TriggerEvent { target, name, args: args.clone(), latent: None });
    let event = Event::NetEvent { name: b"onPlayerJoining".to_vec(), args, latent: false };
    assert_eq!(world.news(0), [event]);
}
