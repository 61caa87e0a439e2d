//! The second `/info.json` and the feature policy (SPEC HTTP-25, HTTP-26).

use cfx_control::answer::Accepted;
use cfx_session::client::{Event, Output, State};
use serde_json::json;

use crate::player::{Piece, Player, Script, Step, accepted, assert_refused, failed, ok, status};

#[test]
fn permissions_that_fail() {
    assert_refused(&[
        ("Failed to fetch /info.json to obtain policy metadata.", |s| s.permissions = failed("x")),
        ("Failed to fetch /info.json to obtain policy metadata.", |s| {
            s.permissions = status(503, "");
        }),
        ("Failed to fetch /info.json to obtain policy metadata.", |s| {
            s.permissions = vec![Piece::Head(200), Piece::Data(vec![b' '; (8 << 20) + 1])];
        }),
    ]);
    let player = Player::join(|script| script.permissions = ok("{\"vars\":"));
    let text = player.refusal().unwrap_or_default();
    assert!(text.starts_with("Info get failed for ") && text.ends_with('\n'), "{text:?}");
}

/// SPEC HTTP-25: a server without that variable is not gated.
#[test]
fn without_a_key_token_nobody_is_asked() {
    for info in [
        "{}",
        "[]",
        "5",
        r#"{"vars":{}}"#,
        r#"{"vars":[]}"#,
        r#"{"vars":{"sv_licenseKeyToken":""}}"#,
    ] {
        let player = Player::scripted(Step::Manifest, |script| {
            script.permissions = ok(info);
            script.handshake = ok(&Accepted { max_clients: 2048, ..accepted() }.to_json());
        });
        assert_eq!(player.client.state(), State::Downloading, "{info}");
        let asked = |(_, output): &(u64, Output)| matches!(output, Output::Call { call, .. } if call.url.contains("policy"));
        assert!(!player.log.iter().any(asked), "{info}");
        assert!(player.texts().contains(&"Requesting server feature policy..."));
    }
}

#[test]
fn the_service_is_asked_for_the_servers_token() {
    let player = Player::at(Step::Policy);
    let call = player.call();
    assert_eq!(
        (call.method, call.url.as_str()),
        ("GET", "https://policy-live.fivem.net/api/policy/key_1:2")
    );
}

fn gate(max_clients: i64, onesync: bool, onesync_big: bool, policy: &str) -> Option<String> {
    let player = Player::scripted(Step::Manifest, |script| {
        let last = Accepted { max_clients, onesync, onesync_big, ..accepted() };
        script.handshake = ok(&last.to_json());
        script.policy = ok(policy);
    });
    player.refusal().map(str::to_owned)
}

#[test]
fn slots_need_their_policies() {
    let too_many = |allowed: u32, wanted: i64| {
        Some(format!(
            "This server uses more slots than allowed by the current subscription. The allowed slot count is {allowed}, but the server has a maximum slot count of {wanted}."
        ))
    };
    assert_eq!(gate(48, true, false, "[]"), None);
    assert_eq!(gate(49, true, false, "[]"), too_many(48, 49));
    assert_eq!(gate(2048, false, false, "[]"), None, "without OneSync there is no gate");
    assert_eq!(gate(64, true, false, r#"["onesync"]"#), None);
    assert_eq!(gate(64, true, false, r#"["onesync_plus",5,null]"#), too_many(128, 64));
    assert_eq!(gate(128, true, false, r#"["onesync_plus"]"#), None);
    assert_eq!(gate(128, true, true, r#"["onesync","onesync_plus"]"#), too_many(64, 128));
    assert_eq!(gate(128, true, true, r#"["onesync_medium"]"#), None);
    assert_eq!(gate(2048, true, true, r#"["onesync_big"]"#), None);
    assert_eq!(gate(129, true, true, r#"["onesync","onesync_medium"]"#), too_many(128, 129));
    let legacy = gate(128, true, false, r#"["onesync"]"#).unwrap_or_default();
    assert!(
        legacy.contains("The allowed slot count is 64, ")
            && legacy.contains("'Element Club Aurum'"),
        "{legacy}"
    );
}

#[test]
fn a_policy_that_cannot_be_had_refuses_only_who_needs_one() {
    fn small(script: &mut Script) {
        script.handshake = ok(&Accepted { max_clients: 48, ..accepted() }.to_json());
    }
    let rows = [
        ("Requesting policy failed.", failed("x")),
        ("Requesting policy failed.", status(404, "[]")),
        ("Parsing policy failed.", ok("[")),
        ("Parsing policy failed (2).", ok("{}")),
    ];
    for (fact, policy) in rows {
        let player = Player::join(|script| script.policy = policy.clone());
        let text = format!("Could not check server feature policy. {fact}");
        assert_eq!(player.refusal(), Some(text.as_str()));
        let player = Player::join(|script| {
            small(script);
            script.policy = policy;
        });
        assert_eq!(player.client.state(), State::Active, "{fact}");
    }
}

#[test]
fn policies_are_told_sorted_with_those_of_small_servers() {
    let told = |max_clients, policy: &str| {
        let player = Player::scripted(Step::Manifest, |script| {
            script.handshake = ok(&Accepted { max_clients, ..accepted() }.to_json());
            script.policy = ok(policy);
        });
        player.events().find_map(|event| match event {
            Event::Policy(policy) => Some(policy.clone()),
            _ => None,
        })
    };
    assert_eq!(told(48, r#"["b","a","b"]"#).as_deref(), Some("[a][b]"));
    assert_eq!(told(10, "[]").as_deref(), Some("[subdir_file_mapping]"));
    assert_eq!(told(8, "[]").as_deref(), Some("[local_evaluation][subdir_file_mapping]"));
    assert_eq!(told(48, "[]"), None, "nothing to tell");
    // Nothing carries over from the server before.
    let mut player = Player::join(|script| script.policy = ok(&json!(["onesync", "x"])));
    player.script.policy = ok(&json!(["onesync"]));
    player.connect();
    player.reach(Step::Manifest);
    assert!(
        matches!(player.events().filter(|event| matches!(event, Event::Policy(_))).last(), Some(Event::Policy(policy)) if policy == "[onesync]")
    );
}
