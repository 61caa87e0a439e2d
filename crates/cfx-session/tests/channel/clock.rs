//! The server's time at its clients.

use cfx_game::time_sync::TimeSyncReq;
use cfx_session::client::Config;
use cfx_session::server::OneSync;

use super::World;

#[test]
fn a_client_knows_the_server_s_time() {
    let mut world = World::of(OneSync::On, 0);
    world.pair.run_for(12_345);
    world.pair.set_latency(40);
    let player = world.pair.add_client(Config::default());
    world.pair.join(player);
    world.pair.run_for(5000);
    let now = world.pair.now();
    let clock = world.pair.client(player).clock();
    assert_eq!(clock.round_trip(), Some(80));
    assert_eq!(clock.server_time(now).map(u64::from), Some(now.as_millis()));
}

#[test]
fn without_onesync_it_does_not_ask() {
    let mut world = World::of(OneSync::Off, 1);
    world.pair.run_for(5000);
    let clock = world.pair.client(world.players[0]).clock();
    assert_eq!((clock.round_trip(), clock.server_time(world.pair.now())), (None, None));
}

/// A request that nobody expects changes nothing but its answer.
#[test]
fn requests_of_any_content() {
    let mut world = World::of(OneSync::On, 1);
    world.pair.run_for(3000);
    let before = world.pair.client(world.players[0]).clock().clone();
    world.message(0, &TimeSyncReq { request_time: u32::MAX, request_sequence: u32::MAX });
    world.pair.run_for(10);
    let after = world.pair.client(world.players[0]).clock().clone();
    assert_eq!(format!("{before:?}"), format!("{after:?}"));
}
