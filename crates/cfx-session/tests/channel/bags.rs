//! State bags: owners, targets, limits.

use std::collections::BTreeSet;

use cfx_game::state_bag::{StateBag, StateBagV2};
use cfx_session::client::{self, Input};
use cfx_session::server::{BagOwner, BagTargets, Config, Decision, Event, OneSync};

use super::World;

const ONE: &[u8] = b"\x01";
const TWO: &[u8] = b"\x02";
const NIL: &[u8] = b"\xC0";

fn set(bag: &str, key: &str, value: &[u8]) -> Decision {
    let (bag, key, value) = (bag.into(), key.into(), value.into());
    Decision::SetBag { bag, key, value, replicated: true }
}

fn told(bag: &str, key: &str, value: &[u8]) -> client::Event {
    client::Event::BagChange { bag: bag.into(), key: key.into(), value: value.into() }
}

fn changed(world: &World, at: usize, bag: &str, key: &str, value: &[u8]) -> Event {
    let (bag, key, value) = (bag.into(), key.into(), value.into());
    Event::BagChange { client: world.clients[at], bag, key, value }
}

fn client_sets(world: &mut World, at: usize, bag: &str, key: &str, value: &[u8]) {
    world.input(at, Input::SetBag { bag, key, value });
}

/// The values among what a player learned.
fn values(world: &mut World, at: usize) -> Vec<client::Event> {
    let mut news = world.news(at);
    news.retain(|event| matches!(event, client::Event::BagChange { .. }));
    news
}

#[test]
fn the_global_bag_is_the_server_s_and_for_everyone() {
    let mut world = World::of(OneSync::On, 2);
    world.decide(set("global", "weather", ONE));
    // The same again, and nothing where there is nothing, is no news.
    world.decide(set("global", "weather", ONE));
    world.decide(set("global", "wind", NIL));
    for at in 0..2 {
        assert_eq!(values(&mut world, at), [told("global", "weather", ONE)]);
    }
    client_sets(&mut world, 0, "global", "weather", TWO);
    assert_eq!((world.server_news(), values(&mut world, 1)), (vec![], vec![]));
    assert_eq!(world.pair.server().bag_value("global", "weather"), Some(ONE));
    // Who comes later is told what there is.
    let cleo = world.join();
    assert_eq!(values(&mut world, cleo), [told("global", "weather", ONE)]);
    world.decide(set("global", "weather", NIL));
    assert_eq!(values(&mut world, 0), [told("global", "weather", NIL)]);
    assert_eq!(world.pair.server().bag_value("global", "weather"), None);
    let dan = world.join();
    assert_eq!(values(&mut world, dan), []);
}

#[test]
fn a_player_s_bag_is_its_own() {
    let mut world = World::of(OneSync::Big, 2);
    client_sets(&mut world, 0, "player:1", "job", ONE);
    assert_eq!(world.server_news(), [changed(&world, 0, "player:1", "job", ONE)]);
    // In big mode it is told of its own values, others are once they are targets.
    assert_eq!(values(&mut world, 0), [told("player:1", "job", ONE)]);
    assert_eq!(values(&mut world, 1), []);
    let (bag, client) = ("player:1".to_owned(), world.clients[1]);
    world.decide(Decision::TargetBag { bag: bag.clone(), client, told: true });
    assert_eq!(values(&mut world, 1), [told("player:1", "job", ONE)]);
    client_sets(&mut world, 1, "player:1", "job", TWO);
    assert_eq!(world.server_news(), []);
    client_sets(&mut world, 0, "player:1", "job", TWO);
    assert_eq!(values(&mut world, 1), [told("player:1", "job", TWO)]);
    world.decide(Decision::TargetBag { bag, client, told: false });
    client_sets(&mut world, 0, "player:1", "job", ONE);
    assert_eq!(values(&mut world, 1), []);
    // It goes with its player.
    world.drop_client(0);
    assert_eq!(world.pair.server().bag_value("player:1", "job"), None);
}

#[test]
fn owners_and_targets_are_the_application_s() {
    let mut world = World::of(OneSync::On, 3);
    let targets = BagTargets::Clients(BTreeSet::from([world.clients[1]]));
    let (bag, owner) = ("entity:7".to_owned(), BagOwner::Anyone);
    client_sets(&mut world, 0, "entity:7", "a", ONE);
    assert_eq!(world.server_news(), [], "no such bag");
    world.decide(Decision::RegisterBag { bag: bag.clone(), owner, targets });
    client_sets(&mut world, 0, "entity:7", "a", ONE);
    assert_eq!(world.server_news(), [changed(&world, 0, "entity:7", "a", ONE)]);
    assert_eq!([0, 1, 2].map(|at| values(&mut world, at).len()), [0, 1, 0]);
    // Another owner; its values stay, and a new target is told them.
    let targets = BagTargets::Clients([world.clients[1], world.clients[2]].into());
    let owner = BagOwner::Client(world.clients[2]);
    world.decide(Decision::RegisterBag { bag: bag.clone(), owner, targets });
    assert_eq!([0, 1, 2].map(|at| values(&mut world, at).len()), [0, 0, 1]);
    client_sets(&mut world, 0, "entity:7", "a", TWO);
    assert_eq!(world.server_news(), []);
    client_sets(&mut world, 2, "entity:7", "a", TWO);
    assert_eq!([0, 1, 2].map(|at| values(&mut world, at).len()), [0, 1, 1]);
    // The server's own need not be told.
    let (key, value) = ("b".to_owned(), ONE.to_vec());
    world.decide(Decision::SetBag { bag: bag.clone(), key, value, replicated: false });
    assert_eq!([0, 1, 2].map(|at| values(&mut world, at).len()), [0, 0, 0]);
    world.decide(Decision::RemoveBag(bag));
    world.server_news();
    client_sets(&mut world, 2, "entity:7", "a", ONE);
    assert_eq!(world.server_news(), []);
}

/// What a client owned is the server's once it has left, not everyone's.
#[test]
fn an_owner_that_leaves() {
    let mut world = World::of(OneSync::On, 2);
    let owner = BagOwner::Client(world.clients[0]);
    let targets = BagTargets::Everyone;
    world.decide(Decision::RegisterBag { bag: "entity:7".into(), owner, targets });
    world.drop_client(0);
    world.forget();
    client_sets(&mut world, 1, "entity:7", "a", ONE);
    assert_eq!((world.server_news(), values(&mut world, 1)), (vec![], vec![]));
}

/// In strict mode messages do not even count; without `OneSync` they do.
#[test]
fn without_onesync_or_in_strict_mode_clients_set_nothing() {
    let off = Config { onesync: OneSync::Off, ..Config::default() };
    let strict = Config { strict_bags: true, ..Config::default() };
    for (config, reason) in [(off, Some("Reliable state bag packet overflow.")), (strict, None)] {
        let mut world = World::new(config, 1);
        for _ in 0..175 {
            client_sets(&mut world, 0, "player:1", "a", ONE);
        }
        assert_eq!((world.server_news(), world.refusal(0)), (vec![], None));
        assert_eq!(world.pair.server().bag_value("player:1", "a"), None);
        client_sets(&mut world, 0, "player:1", "a", ONE);
        assert_eq!(world.refusal(0), reason);
    }
}

/// 125 at once and 75 a second. Every message counts towards the flood, 175 at once.
#[test]
fn too_often() {
    let mut world = World::of(OneSync::On, 1);
    for number in 0..175_u8 {
        client_sets(&mut world, 0, "player:1", "a", &[0xCC, number]);
    }
    assert_eq!((world.server_news().len(), world.refusal(0)), (125, None));
    client_sets(&mut world, 0, "player:1", "a", ONE);
    assert_eq!(world.refusal(0), Some("Reliable state bag packet overflow."));
}

/// The whole payload counts, read or not: 256 KiB at once.
#[test]
fn too_much() {
    let mut world = World::of(OneSync::On, 1);
    world.message(0, &StateBag { data: &vec![0; 256 * 1024] });
    assert_eq!((world.server_news(), world.refusal(0)), (vec![], None));
    world.message(0, &StateBagV2 { bag_name: b"player:1", key: b"a", data: ONE });
    assert_eq!(world.refusal(0), Some("Reliable state bag packet overflow."));
}

/// The first version counts, and does nothing else.
#[test]
fn the_first_version_is_ignored() {
    let mut world = World::of(OneSync::On, 1);
    let bag = cfx_onesync::state_bag::StateBagV1 { name: b"player:1", key: b"a", value: ONE };
    world.message(0, &bag);
    assert_eq!(world.server_news(), []);
    assert_eq!(world.pair.server().bag_value("player:1", "a"), None);
    for _ in 1..175 {
        world.packet(0, &cfx_game::frame::MessageType::STATE_BAG.0.to_le_bytes());
    }
    assert_eq!(world.refusal(0), None);
    world.message(0, &bag);
    assert_eq!(world.refusal(0), Some("Reliable state bag packet overflow."));
}

/// A client cannot make a bag grow without end.
#[test]
fn a_bag_is_bounded() {
    let mut world = World::of(OneSync::On, 1);
    let value = vec![0; 100 * 1024];
    for number in 0..100 {
        client_sets(&mut world, 0, "player:1", &number.to_string(), &value);
        world.pair.run_for(1000);
    }
    assert_eq!(world.refusal(0), None);
    let held = (0..100).filter(|number: &u32| {
        world.pair.server().bag_value("player:1", &number.to_string()).is_some()
    });
    assert_eq!(held.count(), 40);
}
