//! Variables, resources, and `msgFrame`.

use std::collections::BTreeMap;

use cfx_game::server_frame::ServerFrame;
use cfx_session::client::Event;
use cfx_session::server::{Config, Decision, OneSync, SyncStyle};

use super::World;

fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

fn frame(lockdown_mode: u8, sync_style: u8) -> Event {
    Event::ServerFrame(ServerFrame { index: 0, lockdown_mode, sync_style })
}

#[test]
fn variables_come_whole_and_then_as_they_change() {
    let long = "x".repeat(300);
    let con_vars = variables(&[("sv_a", "1"), ("sv_b", &long), ("sv_\u{e9}", "")]);
    let mut world = World::new(Config { con_vars: con_vars.clone(), ..Config::default() }, 0);
    world.join();
    assert!(world.news(0).contains(&Event::ConVars(con_vars)));
    let change = variables(&[("sv_a", "1"), ("sv_b", "2"), ("sv_new", "3")]);
    world.decide(Decision::SetConVars(change));
    assert_eq!(world.news(0), [Event::ConVars(variables(&[("sv_b", "2"), ("sv_new", "3")]))]);
    world.decide(Decision::SetConVars(variables(&[("sv_b", "2")])));
    assert_eq!(world.news(0), []);
    let ben = world.join();
    let all = variables(&[("sv_a", "1"), ("sv_b", "2"), ("sv_new", "3"), ("sv_\u{e9}", "")]);
    assert!(world.news(ben).contains(&Event::ConVars(all)));
}

#[test]
fn resources_start_and_stop() {
    let mut world = World::of(OneSync::On, 2);
    world.decide(Decision::StartResource("map".into()));
    world.decide(Decision::StopResource("map".into()));
    let expected = [Event::ResourceStart("map".into()), Event::ResourceStop("map".into())];
    assert_eq!((world.news(0), world.news(1)), (expected.to_vec(), expected.to_vec()));
}

/// SPEC GAME-17: at once when something changes, to those whom it concerns.
#[test]
fn frames_follow_changes() {
    let mut world = World::of(OneSync::On, 2);
    let ben = Some(world.clients[1]);
    world.decide(Decision::SetLockdown { client: ben, strict: true });
    assert_eq!((world.news(0), world.news(1)), (vec![], vec![frame(1, 0)]));
    world.decide(Decision::SetLockdown { client: None, strict: true });
    assert_eq!((world.news(0), world.news(1)), (vec![frame(1, 0)], vec![]));
    world.decide(Decision::SetLockdown { client: None, strict: false });
    assert_eq!((world.news(0), world.news(1)), (vec![frame(0, 0)], vec![]));
    world.decide(Decision::SetSyncStyle(SyncStyle::Arq));
    assert_eq!((world.news(0), world.news(1)), (vec![frame(0, 1)], vec![frame(1, 1)]));
    world.decide(Decision::SetSyncStyle(SyncStyle::Arq));
    world.pair.run_for(5000);
    assert_eq!((world.news(0), world.news(1)), (vec![], vec![]), "the same again is no news");
    let cleo = world.join();
    assert!(world.news(cleo).contains(&frame(0, 1)));
}
