//! Both machines together: players who join, leave, vanish and join again at one server, whose
//! application decides what it likes, and a third who sends either of them anything.

use cfx_session::client::{self, Input};
use cfx_session::http::{Progress, Request, RequestId};
use cfx_session::pair::{Pair, Player, server_address};
use cfx_session::server::{self, Decision, PeerId, Verdict};
use cfx_session::{Time, entropy};

use super::{MAX_OPS, message, wait};
use crate::source::Source;

const PLAYERS: usize = 3;

/// When an input has had time enough.
const LONGEST: Time = Time::from_millis(1_000_000);

/// The third's own requests and peers are numbered from here on, far from those of the players.
const FOREIGN: u64 = 1 << 40;

/// Operations on a server and three clients: a byte for each, and what it needs. Twice, with the
/// same outcome; when all have left, the server has forgotten them.
pub fn session_pair(data: &[u8]) {
    assert_eq!(run(data), run(data), "not the same the second time");
}

type Told = (Vec<Vec<(Time, client::Event)>>, Vec<(Time, server::Event)>);

/// What every application was told.
fn run(data: &[u8]) -> Told {
    let mut source = Source::new(data);
    let flags: u8 = source.take();
    let config = server::Config {
        onesync: [server::OneSync::Off, server::OneSync::On, server::OneSync::Big]
            [usize::from(flags % 3)],
        enable_get_status: true,
        rcon_password: "secret".into(),
        ..server::Config::default()
    };
    let mut pair = Pair::new(config, entropy::seeded(flags.into()));
    if flags & 0x80 != 0 {
        pair.on_server_event = |_| Vec::new();
    }
    let players: Vec<Player> =
        (0..PLAYERS).map(|_| pair.add_client(client::Config::default())).collect();
    let mut ops = 0;
    while !source.is_empty() && ops < MAX_OPS && pair.now() < LONGEST {
        let player = players[source.pick(PLAYERS)];
        step(&mut pair, player, &mut source, FOREIGN + ops as u64);
        assert!(pair.server().joined() <= pair.server().records());
        ops += 1;
        // One record for each player, and those that the server has yet to miss.
        assert!(pair.server().records() <= ops + PLAYERS);
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

fn step(pair: &mut Pair, player: Player, source: &mut Source<'_>, foreign: u64) {
    match source.pick(14) {
        0 => pair.join(player),
        1 => pair.join_as(player, source.take::<u8>().into()),
        2 => pair.input(player, Input::Disconnect { reason: &source.text(40) }),
        3 => pair.input(player, Input::Cancel),
        4 => pair.cut(player),
        // Longer than any time-out, and no more: every client speaks ten times a second.
        5..=7 => pair.run_for(wait(source).min(130_000)),
        8 => pair.set_latency(source.take::<u8>().into()),
        9 => decide(pair, source),
        10 => {
            let from = server_address();
            pair.input(player, Input::Datagram { from, data: message(source) });
        }
        11 => match source.pick(3) {
            0 => pair.input(player, Input::Packet(message(source))),
            1 => pair.input(player, Input::SubmitCard { data: &source.text(40) }),
            _ => {
                let id = RequestId(source.take::<u8>().into());
                let data = message(source);
                pair.input(player, Input::Http { id, progress: Progress::Data(data) });
            }
        },
        12 => {
            let from = pair.address(player);
            pair.server_input(server::Input::Datagram { from, data: message(source) });
        }
        _ => foreign_input(pair, player, source, foreign),
    }
}

/// What one sends who is no player, from a player's address.
fn foreign_input(pair: &mut Pair, player: Player, source: &mut Source<'_>, number: u64) {
    let from = pair.address(player);
    if source.take() {
        let (peer, data) = (PeerId(number), source.take());
        pair.server_input(server::Input::PeerConnected { peer, data });
        pair.server_input(server::Input::Packet { peer, from, payload: message(source) });
        return pair.server_input(server::Input::PeerGone(peer));
    }
    let request = Request {
        from,
        method: ["GET", "POST"][source.pick(2)].to_owned(),
        target: ["/client", "/info.json", "/players.json"][source.pick(3)].to_owned(),
        token: None,
        players_token: None,
        body: message(source).to_vec().into(),
    };
    pair.server_input(server::Input::Http { id: RequestId(number), request });
}

/// A decision about the client that asked last.
fn decide(pair: &mut Pair, source: &mut Source<'_>) {
    let asked =
        |(_, event): &(Time, server::Event)| matches!(event, server::Event::Connecting { .. });
    if !pair.server_events().iter().any(asked) {
        return;
    }
    let (client, resource) = (pair.last_connecting(), ["a", "b"][source.pick(2)].to_owned());
    pair.decide(match source.pick(8) {
        0 => Decision::Defer { client, resource },
        1 => Decision::Update { client, resource, message: source.text(40) },
        2 => Decision::PresentCard { client, resource, card: source.text(40) },
        3 => Decision::Done { client, resource, reason: None },
        4 => Decision::Done { client, resource, reason: Some(source.text(40)) },
        5 => Decision::Drop { client, reason: source.text(40) },
        6 => Decision::Handled { client, verdict: Verdict::Cancel(None) },
        _ => Decision::Handled { client, verdict: Verdict::Continue },
    });
}
