//! `pair` as far as it stands for ENet.

use cfx_session::client::{self, Event};
use cfx_session::entropy;
use cfx_session::pair::{Pair, Player, agree};
use cfx_session::server::{self, Decision};

/// A server, and a client whose content takes until [`dropped_before_connecting`] says so.
fn pair() -> (Pair, Player) {
    let mut pair = Pair::new(server::Config::default(), entropy::seeded(1));
    pair.on_client_event =
        |event| if matches!(event, Event::Manifest(_)) { vec![] } else { agree(event) };
    let player = pair.add_client(client::Config { name: "Ana".into(), ..Default::default() });
    (pair, player)
}

/// Lets the client come as far as its content and the server drop it then: its CONNECTs stay
/// unanswered.
fn dropped_before_connecting(pair: &mut Pair, player: Player) {
    pair.join(player);
    pair.run_for(1000);
    let client = pair.last_connecting();
    pair.decide(Decision::Drop { client, reason: String::new() });
    pair.input(player, client::Input::ContentDone);
}

/// When the client began each try to connect, in milliseconds.
fn tries(pair: &Pair, player: Player) -> Vec<u64> {
    let events = pair.events(player).iter();
    let tries = events.filter(
        |(_, event)| matches!(event, Event::Progress(text) if text.starts_with("Connecting to")),
    );
    tries.map(|(at, _)| at.as_millis()).collect()
}

/// SPEC ENET-5: a try lasts until ENet gives it up, whatever became of the tries of an attempt before.
#[test]
fn the_end_of_a_try_is_that_try_s() {
    let (mut pair, player) = pair();
    dropped_before_connecting(&mut pair, player);
    pair.run_for(10_000);
    pair.input(player, client::Input::Disconnect { reason: "Later." });
    dropped_before_connecting(&mut pair, player);
    pair.run_for(40_000);
    assert_eq!(tries(&pair, player), [1000, 12_000, 42_000]);
}
