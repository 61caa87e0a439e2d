//! Servers that say nothing, or a byte a second: every wait ends (SPEC SEC-6 from the other side,
//! CLIENT).

use cfx_control::answer::deferral_message;
use cfx_session::client::State;

use crate::player::{Piece, Player, STEPS, Step};

/// How long the client waits at `step` while `tick` happens once a second, in milliseconds; nothing
/// when it still waits after an hour.
fn patience(step: Step, tick: impl Fn(&mut Player)) -> Option<u64> {
    let mut player = Player::at(step);
    let (&id, _) = player.open.last_key_value().expect("a request");
    player.answer(&[Piece::Head(200)]);
    (1..=3600).map(|second| second * 1000).find(|_| {
        tick(&mut player);
        player.pass(1000);
        !player.open.contains_key(&id)
    })
}

const HTTP: [Step; 6] = [
    Step::Variables,
    Step::Handshake,
    Step::Endpoints,
    Step::Permissions,
    Step::Policy,
    Step::Manifest,
];

#[test]
fn silence_is_waited_out_for_30_s() {
    for step in HTTP {
        assert_eq!(patience(step, |_| ()), Some(30_000), "{step:?}");
    }
}

#[test]
fn a_byte_a_second_does_not_hold_the_client() {
    for step in HTTP {
        let waited = patience(step, |player| player.answer(&[Piece::Data(b" ".to_vec())]));
        // A manifest is large: it may take ten minutes.
        let expected = if step == Step::Manifest { 600_000 } else { 30_000 };
        assert_eq!(waited, Some(expected), "{step:?}");
    }
    // Half a value a second is no value.
    let mut player = Player::at(Step::Handshake);
    player.answer(&[Piece::Head(200)]);
    for byte in deferral_message(Some(&"x".repeat(100))).into_bytes() {
        player.answer(&[Piece::Data(vec![byte])]);
        player.pass(1000);
    }
    assert_eq!(player.client.state(), State::Idle);
}

#[test]
fn a_deferral_may_take_as_long_as_it_likes() {
    let keep_alive = |player: &mut Player| {
        player.answer(&[Piece::Data(deferral_message(None).into())]);
    };
    assert_eq!(patience(Step::Handshake, keep_alive), None);
}

#[test]
fn what_the_player_reads_of_silence() {
    for (step, text) in [
        (Step::Variables, "Failed to fetch server variables. The server does not answer"),
        (
            Step::Handshake,
            "Failed handshake to server http://203.0.113.5:30120/ - The server does not answer.",
        ),
        (Step::Permissions, "Failed to fetch /info.json to obtain policy metadata."),
        (Step::Policy, "Could not check server feature policy. Requesting policy failed."),
        (
            Step::Manifest,
            "Obtaining configuration from server failed. Error state: The server does not answer",
        ),
    ] {
        let mut player = Player::at(step);
        player.pass(30_000);
        assert_eq!(player.refusal(), Some(text));
    }
    // Without an answer to getEndpoints the URL is as good.
    let mut player = Player::at(Step::Endpoints);
    player.pass(30_000);
    assert_eq!(player.last_text(), "Requesting server permissions...");
}

/// A caller that comes late does not take the next request's time.
#[test]
fn a_late_look_gives_the_next_request_its_time() {
    let mut player = Player::at(Step::Endpoints);
    player.now = player.now.after(300_000);
    player.pass(29_999);
    assert_eq!(player.last_text(), "Requesting server permissions...");
    player.pass(1);
    assert_eq!(player.refusal(), Some("Failed to fetch /info.json to obtain policy metadata."));
}

/// What is not the server's has no time-out here: the player, the application and ENet are waited
/// for.
#[test]
fn the_application_has_all_the_time() {
    for step in STEPS {
        let mut player = Player::at(step);
        player.pass(3_600_000);
        let ends = step.is_http() || step == Step::Fetching;
        assert_eq!(player.client.state() == State::Idle, ends, "{step:?}");
    }
}
