//! Out-of-band datagrams at the client: `infoResponse` and `error` (SPEC OOB-11, OOB-12, OOB-13,
//! OOB-17, CLIENT-3, CLIENT-7).

use std::net::SocketAddr;

use cfx_session::client::{Input, Output, State};

use crate::player::{Player, STEPS, Step, info_response, server};

fn getinfos(player: &Player) -> Vec<u64> {
    player.times(|output| {
        matches!(output, Output::Datagram { to, data } if *to == server() && data == b"\xFF\xFF\xFF\xFFgetinfo xyz")
    })
}

#[test]
fn getinfo_goes_out_four_times_and_then_it_is_over() {
    let mut player = Player::at(Step::Fetching);
    player.pass(60_000);
    assert_eq!(getinfos(&player), [0, 5000, 10_000, 15_000]);
    let texts = player.texts();
    let expected = [
        "Fetching info from server...",
        "Fetching info from server... (attempt 2)",
        "Fetching info from server... (attempt 3)",
        "Fetching info from server... (attempt 4)",
    ];
    assert_eq!(texts[texts.len() - 4..], expected);
    assert_eq!(player.disconnection(), Some(("Fetching info timed out.", true)));
    assert_eq!(
        player.times(|output| *output == Output::Disconnect || *output == Output::Reset),
        [] as [u64; 0]
    );
}

#[test]
fn an_answer_to_any_try_will_do() {
    for wait in [0, 4999, 5000, 14_999] {
        let mut player = Player::at(Step::Fetching);
        player.pass(wait);
        player.hear(&info_response());
        assert_eq!(player.client.state(), State::Connecting, "after {wait} ms");
        let tries = getinfos(&player).len();
        player.pass(20_000);
        assert_eq!(getinfos(&player).len(), tries);
        assert_eq!(player.last_text(), "Connecting to server...");
    }
}

/// As the reference, whatever the challenge says (SPEC OOB-17).
#[test]
fn what_counts_as_an_answer() {
    let cases: [(&[u8], bool); 9] = [
        (b"\xFF\xFF\xFF\xFFinfoResponse\n\\challenge\\xyz", true),
        (b"\xFF\xFF\xFF\xFFINFORESPONSE \\hostname\\a\\CHALLENGE\\xyz\\", true),
        (b"\xFF\xFF\xFF\xFFinfoResponse?\\challenge\\xyz", true),
        (b"\xFF\xFF\xFF\xFFinfoResponse\n\\challenge\\other", true),
        (b"\xFF\xFF\xFF\xFFinfoResponse\n", true),
        (b"\xFF\xFF\xFF\xFFinfoResponse", true),
        (b"\xFF\xFF\xFF\xFFinfoRespons", false),
        (b"\xFF\xFF\xFF\xFFstatusResponse\n\\challenge\\xyz", false),
        (b"infoResponse\n\\challenge\\xyz", false),
    ];
    for (data, counts) in cases {
        let mut player = Player::at(Step::Fetching);
        player.hear(data);
        let expected = if counts { State::Connecting } else { State::Fetching };
        assert_eq!(player.client.state(), expected, "{}", data.escape_ascii());
    }
}

fn strangers() -> [SocketAddr; 2] {
    [SocketAddr::from(([203, 0, 113, 5], 30121)), SocketAddr::from(([203, 0, 113, 6], 30120))]
}

#[test]
fn nobody_else_is_listened_to() {
    for step in STEPS {
        for from in strangers() {
            let mut player = Player::at(step);
            let before = player.log.len();
            for data in [info_response(), b"\xFF\xFF\xFF\xFFerror You are out.".to_vec()] {
                player.give(Input::Datagram { from, data: &data });
            }
            assert_eq!(player.log.len(), before, "{step:?}");
        }
    }
}

#[test]
fn an_info_response_counts_while_fetching_only() {
    for step in STEPS.into_iter().filter(|step| *step != Step::Fetching) {
        let mut player = Player::at(step);
        let before = player.log.len();
        player.hear(&info_response());
        assert_eq!(player.log.len(), before, "{step:?}");
    }
}

/// SPEC OOB-11, CLIENT-7: from the moment that the endpoint is known.
#[test]
fn an_error_of_the_server_ends_every_stage() {
    for step in STEPS {
        let mut player = Player::at(step);
        let known = step >= Step::Permissions;
        player.news();
        player.hear(b"\xFF\xFF\xFF\xFFERROR\nYou are out.");
        assert_eq!(player.client.state() == State::Idle, known, "{step:?}");
        assert_eq!(player.disconnection(), known.then_some(("You are out.", false)), "{step:?}");
        let news = player.news();
        let has = |wanted: &Output| news.contains(wanted);
        assert_eq!(has(&Output::Reset), step >= Step::Peer, "{step:?}: ENet's peer goes at once");
        assert!(
            !has(&Output::Disconnect)
                && !news.iter().any(|output| matches!(output, Output::Packet { .. }))
        );
        assert_eq!(
            news.iter().any(|output| matches!(output, Output::Abort(_))),
            known && step.is_http(),
            "{step:?}"
        );
        // And nothing else happens.
        let before = player.log.len();
        if known {
            player.pass(120_000);
            assert_eq!(player.log.len(), before);
        }
    }
}

#[test]
fn words_of_an_error() {
    for (data, reason, timed_out) in [
        (
            &b"\xFF\xFF\xFF\xFFerror Server->client connection timed out. Last seen 5 msec ago."[..],
            "Server->client connection timed out. Last seen 5 msec ago.",
            true,
        ),
        (b"\xFF\xFF\xFF\xFFerror Timed out", "Timed out", true),
        (b"\xFF\xFF\xFF\xFFerror TIMED OUT", "TIMED OUT", false),
        (b"\xFF\xFF\xFF\xFFerror ", "", false),
        (b"\xFF\xFF\xFF\xFFerror \xFF", "\u{FFFD}", false),
    ] {
        let mut player = Player::at(Step::Active);
        player.hear(data);
        assert_eq!(player.disconnection(), Some((reason, timed_out)));
    }
    for ignored in [
        &b"\xFF\xFF\xFF\xFFerror"[..],
        b"\xFF\xFF\xFF\xFFprint error x",
        b"\xFF\xFF\xFF\xFF",
        b"",
        b"error x",
    ] {
        let mut player = Player::at(Step::Active);
        player.hear(ignored);
        assert_eq!(player.client.state(), State::Active, "{}", ignored.escape_ascii());
    }
}
