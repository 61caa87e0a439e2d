//! The manifest and the content (SPEC MANIFEST-1, MANIFEST-6, MANIFEST-7, MANIFEST-8).

use cfx_control::manifest::{Manifest, ResourceProgress};
use cfx_fixtures::manifest::manifest_json;
use cfx_session::client::{Event, Input, State};
use serde_json::json;

use crate::player::{Piece, Player, Step, assert_refused, failed, ok, status};

#[test]
fn every_failure_has_its_text() {
    const FAILED: &str = "Obtaining configuration from server failed.";
    assert_refused(&[
        ("Obtaining configuration from server failed. Error state: reset", |s| {
            s.manifest = failed("reset");
        }),
        ("Obtaining configuration from server failed. Error state: HTTP 500", |s| {
            s.manifest = status(500, "x");
        }),
        ("Obtaining configuration from server failed. Error state: half", |s| {
            s.manifest =
                vec![Piece::Head(200), Piece::Data(b"{".to_vec()), Piece::Failed("half".into())];
        }),
        ("Obtaining configuration from server failed. Error text: Not a valid client.", |s| {
            s.manifest = ok(&json!({ "error": "Not a valid client." }));
        }),
        ("Obtaining configuration from server failed. JSON data was not an object.", |s| {
            s.manifest = ok("[]");
        }),
        (
            "Failed to parse content manifest: The document is empty. (at offset 0) - see the console log for details",
            |s| {
                s.manifest = ok("");
            },
        ),
        (
            "Failed to parse content manifest: Missing a comma or '}' after an object member. (at offset 6) - see the console log for details",
            |s| {
                s.manifest = ok("{\"a\":1");
            },
        ),
    ]);
    let player = Player::join(|script| {
        script.manifest = ok(&json!({ "fileServer": "x", "resources": [{ "files": {} }] }));
    });
    let text = player.refusal().unwrap_or_default();
    assert!(text.starts_with("resource 0: ") && !text.starts_with(FAILED), "{text}");
}

fn manifest(player: &Player) -> Option<&Manifest> {
    player.events().find_map(|event| match event {
        Event::Manifest(manifest) => Some(manifest),
        _ => None,
    })
}

/// SPEC MANIFEST-7: no resources are no failure.
#[test]
fn an_answer_without_resources_is_an_empty_manifest() {
    for body in
        ["{}", r#"{"error":5}"#, r#"{"resources":{},"fileServer":"x"}"#, r#"{"resources":[]}"#]
    {
        let player = Player::scripted(Step::Content, |script| script.manifest = ok(body));
        assert_eq!(manifest(&player).map(|manifest| manifest.resources.len()), Some(0), "{body}");
        assert_eq!(player.client.state(), State::Downloading);
    }
    let player = Player::at(Step::Content);
    assert_eq!(manifest(&player).map(|manifest| manifest.resources.len()), Some(2));
}

/// SPEC MANIFEST-6: megabytes, in whatever pieces they come.
#[test]
fn a_manifest_of_megabytes_shows_its_size_as_it_comes() {
    let body = manifest_json(333, 3_000_000);
    let mut player = Player::at(Step::Manifest);
    player.answer(&[Piece::Head(200)]);
    for piece in body.as_bytes().chunks(16_384) {
        player.answer(&[Piece::Data(piece.to_vec())]);
        player.pass(10);
    }
    player.answer(&[Piece::End]);
    assert_eq!(manifest(&player).map(|manifest| manifest.resources.len()), Some(333));
    let sizes: Vec<_> = player.texts().into_iter().filter(|text| text.ends_with(" kB)")).collect();
    assert_eq!(
        sizes.last().copied(),
        Some(
            format!(
                "Downloading content manifest ({}.{:02} kB)",
                body.len() / 1000,
                body.len() % 1000 / 10
            )
            .as_str()
        )
    );
    // 184 pieces in 1840 ms, one text in 34 ms at the most.
    assert!((40..=56).contains(&sizes.len()), "{} texts", sizes.len());
}

#[test]
fn texts_are_34_ms_apart_and_the_latest_wins() {
    let mut player = Player::at(Step::Content);
    player.pass(100);
    let shown = player.log.len();
    let verifying = |now| ResourceProgress::Verifying { now, total: 4 << 20 };
    for mebibyte in 0..=3 {
        player.give(Input::Content { resource: "a", progress: verifying(mebibyte << 20) });
    }
    player.give(Input::Content { resource: "a", progress: ResourceProgress::Mounted });
    player.give(Input::Content {
        resource: "b",
        progress: ResourceProgress::Downloading { now: 1, total: 2 },
    });
    player.pass(33);
    assert_eq!(player.texts()[player.texts().len() - 1], "Verifying a (0 of 2 - 0.00/4.00 MiB)");
    assert_eq!(player.log.len(), shown + 1);
    player.pass(1);
    assert_eq!(player.last_text(), "Downloading b (1 of 2 - 0.00/0.00 MiB)");
    assert_eq!(player.log.len(), shown + 2);
    // What is left is shown before the end.
    player.give(Input::Content { resource: "b", progress: ResourceProgress::Mounted });
    player.give(Input::ContentDone);
    let texts = player.texts();
    assert_eq!(
        texts[texts.len() - 3..],
        ["Mounted b (2 of 2)", "Downloading completed", "Fetching info from server..."]
    );
    // No more resources than there are.
    let mut player = Player::at(Step::Content);
    for _ in 0..5 {
        player.give(Input::Content { resource: "a", progress: ResourceProgress::Mounted });
    }
    player.pass(100);
    assert_eq!(player.last_text(), "Mounted a (2 of 2)");
}

#[test]
fn the_states_follow_one_another() {
    let player = Player::at(Step::Active);
    let states: Vec<_> = player
        .events()
        .filter_map(|event| match event {
            Event::State(state) => Some(*state),
            _ => None,
        })
        .collect();
    // SPEC CLIENT-1
    let expected = [
        State::Initing,
        State::InitReceived,
        State::Downloading,
        State::DownloadComplete,
        State::Fetching,
        State::Connecting,
        State::Connected,
        State::Active,
    ];
    assert_eq!(states, expected);
    // SPEC CLIENT-2
    let texts = [
        "Requesting server variables...",
        "Requesting authentication ticket...",
        "Obtaining Steam ticket...",
        "Handshaking with server...",
        "Requesting server endpoints...",
        "Requesting server permissions...",
        "Requesting server feature policy...",
        "Downloading content",
        "Downloading content manifest...",
        "Downloading content manifest (0.10 kB)",
        "Loading content manifest...",
        "Downloading completed",
        "Fetching info from server...",
        "Connecting to server...",
    ];
    assert_eq!(player.texts(), texts);
}

#[test]
fn content_at_another_time_changes_nothing() {
    for step in crate::player::STEPS {
        if step == Step::Content {
            continue;
        }
        let mut player = Player::at(step);
        player.pass(50);
        let before = player.log.len();
        player.give(Input::Content { resource: "a", progress: ResourceProgress::Mounted });
        player.give(Input::ContentDone);
        assert_eq!(player.log.len(), before, "{step:?}");
    }
}
