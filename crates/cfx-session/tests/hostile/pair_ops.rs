//! Players who join, leave, vanish and join again at one server, whose application decides whatever
//! it likes whenever it likes.

use cfx_session::client::{self, Input};
use cfx_session::pair::{Pair, Player};
use cfx_session::server::{self, Decision, Verdict};
use cfx_session::{Time, entropy};
use proptest::prelude::*;

const PLAYERS: usize = 3;

#[derive(Debug, Clone)]
pub(crate) enum Op {
    Join(usize),
    /// With a guid that may be another player's.
    JoinAs(usize, u64),
    Leave(usize),
    Cancel(usize),
    Cut(usize),
    /// About the client that asked last.
    Decide(u8),
    Run(u64),
    Latency(u64),
}

pub(crate) fn strategy() -> impl Strategy<Value = Op> {
    let player = 0..PLAYERS;
    prop_oneof![
        4 => player.clone().prop_map(Op::Join),
        2 => (player.clone(), 1_u64..3).prop_map(|(player, guid)| Op::JoinAs(player, guid)),
        1 => player.clone().prop_map(Op::Leave),
        1 => player.clone().prop_map(Op::Cancel),
        1 => player.prop_map(Op::Cut),
        6 => any::<u8>().prop_map(Op::Decide),
        6 => prop_oneof![0_u64..100, 0_u64..2000, 0_u64..150_000].prop_map(Op::Run),
        1 => (0_u64..300).prop_map(Op::Latency),
    ]
}

type Told = (Vec<Vec<(Time, client::Event)>>, Vec<(Time, server::Event)>);

/// What every application was told.
pub(crate) fn run(ops: &[Op], seed: u64) -> Told {
    let mut pair = Pair::new(server::Config::default(), entropy::seeded(seed));
    pair.on_server_event = |_| Vec::new();
    let players: Vec<Player> =
        (0..PLAYERS).map(|_| pair.add_client(client::Config::default())).collect();
    for op in ops {
        match *op {
            Op::Join(player) => pair.join(players[player]),
            Op::JoinAs(player, guid) => pair.join_as(players[player], guid),
            Op::Leave(player) => pair.input(players[player], Input::Disconnect { reason: "bye" }),
            Op::Cancel(player) => pair.input(players[player], Input::Cancel),
            Op::Cut(player) => pair.cut(players[player]),
            Op::Decide(what) => decide(&mut pair, what),
            Op::Run(ms) => pair.run_for(ms),
            Op::Latency(ms) => pair.set_latency(ms),
        }
        assert!(pair.server().joined() <= pair.server().records());
        // One record for each player, and those that the server has yet to miss.
        assert!(pair.server().records() <= ops.len());
    }
    // Whoever is there leaves; within the longest time-out the server has forgotten them all.
    for player in &players {
        pair.input(*player, Input::Disconnect { reason: "bye" });
        pair.input(*player, Input::Cancel);
    }
    pair.run_for(200_000);
    assert_eq!(pair.server().records(), 0, "records are left");
    let told = players.iter().map(|player| pair.events(*player).to_vec()).collect();
    (told, pair.server_events().to_vec())
}

fn decide(pair: &mut Pair, what: u8) {
    let asked =
        |(_, event): &(Time, server::Event)| matches!(event, server::Event::Connecting { .. });
    if !pair.server_events().iter().any(asked) {
        return;
    }
    let (client, resource) = (pair.last_connecting(), ["a", "b"][usize::from(what & 1)].to_owned());
    pair.decide(match what >> 1 & 7 {
        0 => Decision::Defer { client, resource },
        1 => Decision::Update { client, resource, message: "text".into() },
        2 => Decision::PresentCard { client, resource, card: "{}".into() },
        3 => Decision::Done { client, resource, reason: None },
        4 => Decision::Done { client, resource, reason: Some("no".into()) },
        5 => Decision::Drop { client, reason: String::new() },
        6 => Decision::Handled { client, verdict: Verdict::Cancel(None) },
        _ => Decision::Handled { client, verdict: Verdict::Continue },
    });
}
