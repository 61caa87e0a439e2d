//! Sessions without `OneSync`: the host, and bytes from client to client.

use cfx_game::host::c2s::HeHost;
use cfx_session::client::{self, Input};
use cfx_session::server::{Event, Host, OneSync};

use super::World;

fn host(net_id: u16, base: u32) -> client::Event {
    client::Event::HostChanged { net_id, base }
}

fn route(world: &mut World, from: usize, target: u16) {
    world.input(from, Input::Route { target, data: b"bytes" });
}

/// Lets everyone send something to someone, as only such clients count.
fn all_route(world: &mut World) {
    for from in 0..world.players.len() {
        route(world, from, if from == 0 { 2 } else { 1 });
    }
    world.forget();
}

#[test]
fn the_first_to_claim_it_is_the_host() {
    let mut world = World::of(OneSync::Off, 2);
    world.input(1, Input::ClaimHost { base: 77 });
    assert_eq!((world.news(0), world.news(1)), (vec![host(2, 77)], vec![host(2, 77)]));
    let changed = Event::HostChanged(Some(Host { net_id: 2, base: 77 }));
    assert_eq!(world.server_news(), [changed]);
    world.input(0, Input::ClaimHost { base: 1 });
    assert_eq!((world.news(0), world.server_news()), (vec![], vec![]));
    // Who comes later learns it from connectOK.
    let cleo = world.join();
    let ok = world.news(cleo).into_iter().find_map(|event| match event {
        client::Event::ConnectOk(ok) => Some((ok.host_net_id, ok.host_base)),
        _ => None,
    });
    assert_eq!(ok, Some((2, 77)));
}

#[test]
fn when_the_host_leaves_there_is_none() {
    let mut world = World::of(OneSync::Off, 2);
    world.input(0, Input::ClaimHost { base: 77 });
    world.forget();
    world.drop_client(0);
    let news = world.news(1);
    assert_eq!(news.first(), Some(&host(0xFFFF, 0xFFFF)));
    assert!(matches!(news[..], [_, client::Event::PlayerDropped { net_id: 1, .. }]), "{news:?}");
    assert!(world.server_news().contains(&Event::HostChanged(None)));
    world.input(1, Input::ClaimHost { base: 5 });
    assert_eq!(world.news(1), [host(2, 5)]);
}

/// Six of ten, the first vote counting twice.
#[test]
fn votes() {
    let mut world = World::of(OneSync::Off, 6);
    all_route(&mut world);
    world.input(0, Input::ClaimHost { base: 1 });
    world.forget();
    // Neither the host, nor anyone who is not there, is voted for.
    for net_id in [1, 0, 9] {
        for _ in 0..10 {
            world.input(1, Input::VoteHost { net_id, base: 1 });
        }
    }
    world.message(1, &HeHost { alleged_new_id: 0x1_0002, base_num: 1 });
    for voter in [2, 3] {
        world.input(voter, Input::VoteHost { net_id: 2, base: 9 });
    }
    assert_eq!(world.news(5), [], "3 of 4 votes needed");
    world.input(4, Input::VoteHost { net_id: 2, base: 10 });
    assert_eq!(world.news(5), [host(2, 10)]);
    // The count begins anew.
    for voter in [2, 3] {
        world.input(voter, Input::VoteHost { net_id: 3, base: 9 });
    }
    assert_eq!(world.news(5), []);
}

/// Where nobody has sent anything, one vote is enough.
#[test]
fn one_vote() {
    let mut world = World::of(OneSync::Off, 2);
    world.input(0, Input::VoteHost { net_id: 2, base: 3 });
    assert_eq!(world.news(0), [host(2, 3)]);
}

/// Votes for a player do not wait for the next one of its net id.
#[test]
fn votes_go_with_the_player() {
    let mut world = World::of(OneSync::Off, 5);
    all_route(&mut world);
    world.input(0, Input::VoteHost { net_id: 2, base: 3 });
    world.drop_client(1);
    world.forget();
    world.input(0, Input::VoteHost { net_id: 2, base: 3 });
    assert_eq!(world.news(0), []);
}

#[test]
fn routes() {
    let mut world = World::of(OneSync::Off, 3);
    route(&mut world, 0, 3);
    // To itself, and to nobody.
    route(&mut world, 0, 1);
    route(&mut world, 0, 9);
    let routed = client::Event::Route { net_id: 1, data: b"bytes".to_vec() };
    assert_eq!([0, 1].map(|at| world.news(at)), [vec![], vec![]]);
    assert_eq!((world.news(2), world.server_news()), (vec![routed], vec![]));
}

#[test]
fn under_onesync_there_is_no_host_and_no_route() {
    let mut world = World::of(OneSync::On, 2);
    world.input(0, Input::ClaimHost { base: 77 });
    world.input(0, Input::VoteHost { net_id: 2, base: 77 });
    route(&mut world, 0, 2);
    assert_eq!([0, 1].map(|at| world.news(at)), [vec![], vec![]]);
    assert!(!world.server_news().iter().any(|event| matches!(event, Event::HostChanged(_))));
}
