//! Any sequence of inputs, sensible and not: neither machine panics, keeps more than it may, or does
//! something else the second time.

use proptest::collection::vec;
use proptest::prelude::*;

#[path = "hostile/client_ops.rs"]
mod client_ops;
#[path = "hostile/pair_ops.rs"]
mod pair_ops;
#[path = "hostile/server_ops.rs"]
mod server_ops;

/// Bytes with a pattern of their own, or none.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    const WORTHWHILE: [&[u8]; 14] = [
        b"",
        b"\xFF\xFF\xFF\xFF",
        b"\xFF\xFF\xFF\xFFgetinfo xyz",
        b"\xFF\xFF\xFF\xFFgetstatus",
        b"\xFF\xFF\xFF\xFFrcon secret status",
        b"\xFF\xFF\xFF\xFFinfoResponse\n\\challenge\\xyz",
        b"\xFF\xFF\xFF\xFFerror timed out",
        b"\x01\0\0\0 1 -1 -1 128 5",
        b"\x01\0\0\0 99999999999999999999 - - - -",
        b"\x01\0\0\0token=a&guid=1",
        b"\x63\x9E\x56\xCA",
        b"\xD1\xAD\x2C\x52bye\0",
        b"\x3F\xFA\xFF\x53\0\0\0\0\0\0",
        b"method=initConnect&name=a&guid=1&protocol=12&gameBuild=1",
    ];
    prop_oneof![
        prop::sample::select(&WORTHWHILE[..]).prop_map(<[u8]>::to_vec),
        vec(any::<u8>(), 0..80),
        // A good one with a byte or its end changed.
        (prop::sample::select(&WORTHWHILE[..]), any::<prop::sample::Index>(), any::<u8>())
            .prop_map(|(good, at, byte)| {
                let mut bytes = good.to_vec();
                if !bytes.is_empty() {
                    let at = at.index(bytes.len());
                    bytes[at] = byte;
                    bytes.truncate(at + usize::from(byte) % 32);
                }
                bytes
            }),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c]{0,3}", ".{0,20}", Just("{}".to_owned())]
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_client_takes_anything(ops in vec(client_ops::strategy(), 0..80), seed: u64) {
        let first = client_ops::run(&ops, seed);
        prop_assert_eq!(first, client_ops::run(&ops, seed));
    }

    #[test]
    fn the_server_takes_anything(
        ops in vec(server_ops::strategy(), 0..120),
        settings in server_ops::settings(),
        seed: u64,
    ) {
        let first = server_ops::run(&ops, settings, seed);
        prop_assert_eq!(first, server_ops::run(&ops, settings, seed));
    }

    #[test]
    fn any_players_of_one_server(ops in vec(pair_ops::strategy(), 0..60), seed: u64) {
        let first = pair_ops::run(&ops, seed);
        prop_assert_eq!(first, pair_ops::run(&ops, seed));
    }
}

/// The ops reach what they are for: else the properties above say little.
#[test]
fn the_ops_go_all_the_way() {
    use cfx_session::client::{self, State};
    use cfx_session::server;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let mut active = 0;
    let mut joined = 0;
    let (settings, clients, servers) =
        (server_ops::settings(), vec(client_ops::strategy(), 80), vec(server_ops::strategy(), 120));
    for seed in 0..25 {
        let ops = clients.new_tree(&mut runner).expect("ops").current();
        active += usize::from(client_ops::run(&ops, seed).iter().any(|(_, output)| {
            matches!(output, client::Output::Event(client::Event::State(State::Active)))
        }));
        let ops = servers.new_tree(&mut runner).expect("ops").current();
        let settings = settings.new_tree(&mut runner).expect("settings").current();
        joined += usize::from(server_ops::run(&ops, settings, seed).iter().any(|(_, output)| {
            matches!(output, server::Output::Event(server::Event::Joined { .. }))
        }));
    }
    assert!(active >= 5, "{active} of 25 clients were active");
    assert!(joined >= 5, "{joined} of 25 servers were joined");
}

/// A request that its client gave up while it was under way is none: the server holds no record for
/// it.
#[test]
fn a_request_given_up_under_way_leaves_nothing() {
    use pair_ops::Op;
    let ops =
        [Op::Latency(118), Op::Join(2), Op::Run(236), Op::Join(2), Op::Run(118), Op::Decide(16)];
    pair_ops::run(&ops, 0);
}
