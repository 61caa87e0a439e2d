//! Admission (SPEC HTTP-8 to HTTP-17).

use cfx_control::bit_version;
use cfx_control::game::Game;
use cfx_control::texts::dropped;
use cfx_control::texts::server as texts;
use cfx_session::server::Config;
use serde_json::Value;

use super::info::{Member, check_members};
use crate::case::Level::Must;
use crate::case::{Case, Outcome, check, failed, same, skipped};
use crate::embedded;
use crate::target::Target;
use crate::tools::game::{
    Admitted, Knock, admit, admit_as, enter, init_connect_fields, knock, knock_with, wanted_game,
};
use crate::tools::http::{form, method, post};
use crate::tools::oob::show;
use crate::tools::players::listed;

/// The family.
pub(super) const CASES: &[Case] = &[
    Case {
        id: "init_connect.fields.name",
        requirement: "HTTP-9",
        level: Must,
        about: "initConnect without name is refused with `fields missing`",
        run: |target| Box::pin(refused(target, &[("name", None)], texts::FIELDS_MISSING)),
    },
    Case {
        id: "init_connect.fields.guid",
        requirement: "HTTP-9",
        level: Must,
        about: "initConnect without guid is refused with `fields missing`",
        run: |target| Box::pin(refused(target, &[("guid", None)], texts::FIELDS_MISSING)),
    },
    Case {
        id: "init_connect.fields.protocol",
        requirement: "HTTP-9",
        level: Must,
        about: "initConnect without protocol is refused with `fields missing`",
        run: |target| Box::pin(refused(target, &[("protocol", None)], texts::FIELDS_MISSING)),
    },
    Case {
        id: "init_connect.fields.no-build",
        requirement: "HTTP-9",
        level: Must,
        about: "a missing gameBuild counts as 0, which is refused",
        run: |target| {
            Box::pin(refused(
                target,
                &[("gameBuild", None)],
                "Invalid game build has been passed (0).",
            ))
        },
    },
    Case {
        id: "init_connect.fields.unknown",
        requirement: "HTTP-20",
        level: Must,
        about: "fields that a server does not know are ignored",
        run: |target| {
            Box::pin(admitted(target, &[("cfxConformance", Some("1")), ("z", Some("%"))]))
        },
    },
    Case {
        id: "init_connect.protocol.11",
        requirement: "HTTP-10",
        level: Must,
        about: "protocol 11 is refused as a version mismatch",
        run: |target| {
            Box::pin(refused(target, &[("protocol", Some("11"))], texts::VERSION_MISMATCH))
        },
    },
    Case {
        id: "init_connect.protocol.no-number",
        requirement: "HTTP-10",
        level: Must,
        about: "protocol `abc`, which reads as 0, and protocol -12 are refused as a version mismatch",
        run: |target| {
            Box::pin(async move {
                let text = texts::VERSION_MISMATCH;
                refused(target, &[("protocol", Some("abc"))], text).await?;
                refused(target, &[("protocol", Some("-12"))], text).await
            })
        },
    },
    Case {
        id: "init_connect.protocol.12",
        requirement: "HTTP-10",
        level: Must,
        about: "protocol 12 is accepted, also written ` 12x`",
        run: |target| {
            Box::pin(async move {
                admitted(target, &[("protocol", Some("12"))]).await?;
                admitted(target, &[("protocol", Some(" 12x"))]).await
            })
        },
    },
    Case {
        id: "init_connect.protocol.13",
        requirement: "HTTP-10",
        level: Must,
        about: "a protocol greater than 12 is accepted",
        run: |target| Box::pin(admitted(target, &[("protocol", Some("13"))])),
    },
    Case {
        id: "init_connect.game.mismatch",
        requirement: "HTTP-11",
        level: Must,
        about: "another game is refused with a text that names both, the client's first",
        run: |target| Box::pin(game_mismatch(target, "gta6")),
    },
    Case {
        id: "init_connect.game.case",
        requirement: "HTTP-11",
        level: Must,
        about: "games are compared with regard to case: GTA5 is another",
        run: |target| Box::pin(game_mismatch(target, "GTA5")),
    },
    Case {
        id: "init_connect.game.absent",
        requirement: "HTTP-11",
        level: Must,
        about: "a gta5 server takes a client without gameName, and gives back gamename \"\"",
        run: |target| Box::pin(game_absent(target)),
    },
    Case {
        id: "init_connect.name.long",
        requirement: "HTTP-12",
        level: Must,
        about: "a player who sent a name of 300 bytes is listed with its first 200",
        run: |target| Box::pin(named(target, b"n".repeat(300), "n".repeat(200))),
    },
    Case {
        id: "init_connect.name.200-bytes",
        requirement: "HTTP-12",
        level: Must,
        about: "a name of 200 bytes is kept as it is",
        run: |target| Box::pin(named(target, "é".repeat(100), "é".repeat(100))),
    },
    Case {
        id: "init_connect.name.invalid-utf8",
        requirement: "HTTP-12",
        level: Must,
        about: "a byte FF in a name is listed as U+FFFD",
        run: |target| Box::pin(named(target, *b"a\xFFb", "a\u{FFFD}b")),
    },
    Case {
        id: "init_connect.name.cut-in-character",
        requirement: "HTTP-12",
        level: Must,
        about: "a character that the cut at 200 bytes halves is listed as U+FFFD: first the cut, \
                then the repair",
        run: |target| {
            Box::pin(async move {
                let begin = "n".repeat(199);
                named(target, format!("{begin}é"), format!("{begin}\u{FFFD}")).await
            })
        },
    },
    Case {
        id: "init_connect.build.none",
        requirement: "HTTP-15",
        level: Must,
        about: "a gameBuild that reads as 0, such as `0`, `latest` or 32 digits, is refused",
        run: |target| Box::pin(invalid_build(target)),
    },
    Case {
        id: "init_connect.build.revision",
        requirement: "HTTP-15",
        level: Must,
        about: "gameBuild 3258_1 is refused, as revision 0 is expected",
        run: |target| {
            Box::pin(refused(
                target,
                &[("gameBuild", Some("3258_1"))],
                "Client/Server game build revision mismatch: you are running game build 3258 \
                 revision 1, while server expects revision 0.\n\nFor more information, please <a \
                 href=\"https://aka.cfx.re/game-build-revision-mismatch\">click here</a>.",
            ))
        },
    },
    Case {
        id: "init_connect.build.enforced",
        requirement: "HTTP-15",
        level: Must,
        about: "a server that enforces build 2944 refuses 3258 with a text that names both, and \
                takes 2944",
        run: |target| Box::pin(enforced_build(target)),
    },
    Case {
        id: "init_connect.token.uuid",
        requirement: "HTTP-14",
        level: Must,
        about: "the token is a version 4 UUID of 36 bytes in lower case",
        run: |target| Box::pin(token_is_uuid(target)),
    },
    Case {
        id: "init_connect.token.fresh",
        requirement: "HTTP-14",
        level: Must,
        about: "five attempts get five different tokens",
        run: |target| Box::pin(tokens_differ(target)),
    },
    Case {
        id: "init_connect.final.members",
        requirement: "HTTP-16",
        level: Must,
        about: "the final value has its fourteen members, each of its type",
        run: |target| Box::pin(final_members(target)),
    },
    Case {
        id: "init_connect.final.bit-version",
        requirement: "HTTP-17",
        level: Must,
        about: "bitVersion is one of the known five",
        run: |target| Box::pin(known_bit_version(target)),
    },
    Case {
        id: "init_connect.final.netlib-version",
        requirement: "HTTP-23",
        level: Must,
        about: "netlibVersion is 2",
        run: |target| {
            Box::pin(async move {
                let last = admit(target).await?.last;
                let is_two = last["netlibVersion"] == 2;
                check(is_two, "netlibVersion 2", || last["netlibVersion"].to_string())
            })
        },
    },
    Case {
        id: "init_connect.final.onesync",
        requirement: "HTTP-16",
        level: Must,
        about: "enhancedHostSupport is false where onesync is true, and onesync true where \
                onesync_big is",
        run: |target| Box::pin(onesync_members(target)),
    },
    Case {
        id: "init_connect.values.line-ends",
        requirement: "HTTP-5",
        level: Must,
        about: "the answer is JSON values, each with CR LF behind it",
        run: |target| Box::pin(async move { values(target).await.map(drop) }),
    },
    Case {
        id: "init_connect.values.one-end",
        requirement: "HTTP-28",
        level: Must,
        about: "one value alone ends the attempt, and it is the last",
        run: |target| Box::pin(one_end(target)),
    },
    Case {
        id: "init_connect.guid.replaced",
        requirement: "HTTP-13",
        level: Must,
        about: "a second initConnect of a guid ends the first client: getEndpoints says false for \
                its token",
        run: |target| Box::pin(replaced(target)),
    },
    Case {
        id: "init_connect.guid.complete",
        requirement: "SERVER-7",
        level: Must,
        about: "the client that replaced another of its guid can join",
        run: |target| Box::pin(replacement_joins(target)),
    },
    Case {
        id: "init_connect.guid.reconnecting",
        requirement: "HTTP-13",
        level: Must,
        about: "a player whose guid connects anew is told `Reconnecting` out of band",
        run: |target| Box::pin(reconnecting(target)),
    },
];

/// Changes of the usual fields: a value, or nothing for a field that is left out.
type Changes<'a> = &'a [(&'a str, Option<&'a str>)];

/// Sends `initConnect` with changed fields, for the game that the target turns out to have. The case
/// is skipped where the target never gets to look at them.
async fn attempt(target: &Target, changes: Changes<'_>) -> Outcome<Knock> {
    let guid = target.guid();
    let is_changed = |name: &str| changes.iter().any(|(key, _)| *key == name);
    let mut fields = init_connect_fields(&guid);
    fields.retain(|(key, _)| !is_changed(key));
    fields.extend(changes.iter().filter_map(|(key, value)| Some((*key, (*value)?))));
    let mut knocked = knock(target, &guid, &fields).await?;
    if let Knock::Refused(error) = &knocked
        && let Some(game) = wanted_game(error).filter(|_| !is_changed("gameName"))
    {
        fields.retain(|(key, _)| *key != "gameName");
        fields.push(("gameName", game.name()));
        knocked = knock(target, &guid, &fields).await?;
    }
    match &knocked {
        Knock::Refused(error) if error == texts::NO_TICKET => {
            Err(skipped("the target asks for tickets (sv_lan is off)"))
        }
        // A server that enforces a build refuses others before it looks at the revision.
        Knock::Refused(error)
            if error.starts_with("This server requires a different game build") =>
        {
            Err(skipped(format!("the target enforces a build: {error}")))
        }
        _ => Ok(knocked),
    }
}

async fn refused(target: &Target, changes: Changes<'_>, text: &str) -> Outcome {
    match attempt(target, changes).await? {
        Knock::Refused(error) => same("the error", text, &error),
        Knock::Admitted(admitted) => {
            Err(failed(format!("the error {text:?}"), admitted.last.to_string()))
        }
    }
}

async fn admitted(target: &Target, changes: Changes<'_>) -> Outcome {
    match attempt(target, changes).await? {
        Knock::Admitted(_) => Ok(()),
        Knock::Refused(error) => Err(failed("a final value", format!("the error {error:?}"))),
    }
}

async fn game_mismatch(target: &Target, game: &str) -> Outcome {
    let expected = format!("the error \"Client/Server game mismatch: {game}/<the server's game>\"");
    match attempt(target, &[("gameName", Some(game))]).await? {
        Knock::Admitted(admitted) => Err(failed(expected, admitted.last.to_string())),
        Knock::Refused(error) => {
            let games = [Game::Gta4, Game::Gta5, Game::Rdr3];
            let is_told = games.iter().any(|own| error == texts::game_mismatch(game, *own));
            check(is_told, expected, || format!("{error:?}"))
        }
    }
}

async fn game_absent(target: &Target) -> Outcome {
    let expected = "a final value with gamename \"\"";
    match attempt(target, &[("gameName", None)]).await? {
        Knock::Admitted(admitted) => {
            check(admitted.last["gamename"] == "", expected, || admitted.last.to_string())
        }
        Knock::Refused(error) => match wanted_game(&error) {
            Some(Game::Gta4 | Game::Rdr3) => Err(skipped("the target is for another game")),
            _ => Err(failed(expected, format!("the error {error:?}"))),
        },
    }
}

/// Joins under a name and looks at it in `/players.json`.
async fn named(target: &Target, name: impl Into<Vec<u8>>, expected: impl Into<String>) -> Outcome {
    let (name, expected) = (name.into(), expected.into());
    let guid = target.guid();
    // Skips where the target lets nobody in, and tells its game and build.
    let usual = admit_as(target, &guid).await?;
    let game = usual.last["gamename"].as_str().unwrap_or_default().to_owned();
    let fields = init_connect_fields(&guid);
    let mut pairs: Vec<_> = fields.iter().map(|(key, value)| (*key, value.as_bytes())).collect();
    for (key, value) in &mut pairs {
        match *key {
            "name" => *value = &name,
            "gameName" => *value = game.as_bytes(),
            _ => {}
        }
    }
    let mut body = Vec::new();
    cfx_wire::form::encode(&pairs, &mut body);
    let admitted = match knock_with(target, &guid, &body).await? {
        Knock::Admitted(admitted) => admitted,
        Knock::Refused(error) => {
            return Err(skipped(format!("the target refuses the name or build: {error}")));
        }
    };
    let (_peer, connect_ok) = enter(target, &admitted).await?;
    let player = listed(target, connect_ok.net_id_u16()).await?;
    check(
        player["name"] == expected.as_str(),
        format!("the name {expected:?} for {}", show(&name)),
        || player["name"].to_string(),
    )
}

async fn invalid_build(target: &Target) -> Outcome {
    for build in ["0", "0_0", "latest", "_3258", "00000000000000000000000000003258"] {
        let text = format!("Invalid game build has been passed ({build}).");
        refused(target, &[("gameBuild", Some(build))], &text).await?;
    }
    Ok(())
}

async fn enforced_build(target: &Target) -> Outcome {
    let config = Config { enforce_game_build: "2944".to_owned(), ..embedded::config() };
    let own = target.own(config)?;
    let guid = target.guid();
    let mut fields = init_connect_fields(&guid);
    let text = "This server requires a different game build (2944) from the one you're using \
                (3258). Tell the server owner to remove this check.";
    match knock(&own.target, &guid, &fields).await? {
        Knock::Refused(error) => same("the error", text, &error)?,
        Knock::Admitted(admitted) => return Err(failed(text, admitted.last.to_string())),
    }
    fields.retain(|(key, _)| *key != "gameBuild");
    fields.push(("gameBuild", "2944"));
    match knock(&own.target, &guid, &fields).await? {
        Knock::Admitted(_) => Ok(()),
        Knock::Refused(error) => Err(failed("a final value for build 2944", error)),
    }
}

async fn token_is_uuid(target: &Target) -> Outcome {
    let token = admit(target).await?.token;
    let is_uuid = token.len() == 36
        && token.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            14 => byte == b'4',
            19 => b"89ab".contains(&byte),
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        });
    check(is_uuid, "a token xxxxxxxx-xxxx-4xxx-[89ab]xxx-xxxxxxxxxxxx", || format!("{token:?}"))
}

async fn tokens_differ(target: &Target) -> Outcome {
    let mut tokens = Vec::new();
    for _ in 0..5 {
        let token = admit(target).await?.token;
        check(!tokens.contains(&token), "a token that was not issued before", || token.clone())?;
        tokens.push(token);
    }
    Ok(())
}

const FINAL: [Member; 14] = [
    ("bitVersion", "an integer", Value::is_u64),
    ("enhancedHostSupport", "a boolean", Value::is_boolean),
    ("gamename", "a string", Value::is_string),
    ("handover", "an object", Value::is_object),
    ("maxClients", "an integer", Value::is_u64),
    ("netlibVersion", "an integer", Value::is_u64),
    ("onesync", "a boolean", Value::is_boolean),
    ("onesync_big", "a boolean", Value::is_boolean),
    ("onesync_lh", "a boolean", Value::is_boolean),
    ("onesync_population", "a boolean", Value::is_boolean),
    ("protocol", "5", |value| *value == 5),
    ("pure", "an integer", Value::is_i64),
    ("sH", "a boolean", Value::is_boolean),
    ("token", "a string", Value::is_string),
];

async fn final_members(target: &Target) -> Outcome {
    check_members(&admit(target).await?.last, &FINAL)
}

async fn known_bit_version(target: &Target) -> Outcome {
    let known = [
        bit_version::FIRST,
        bit_version::STATE_BAG_V2,
        bit_version::ONESYNC_POPULATION,
        bit_version::GAME_EVENT_V2,
        bit_version::REASSEMBLED_EVENT_V2,
    ];
    let last = admit(target).await?.last;
    let is_known = last["bitVersion"].as_u64().is_some_and(|version| known.contains(&version));
    check(is_known, format!("a bitVersion of {known:?}"), || last["bitVersion"].to_string())
}

async fn onesync_members(target: &Target) -> Outcome {
    let last = admit(target).await?.last;
    for name in ["enhancedHostSupport", "onesync", "onesync_big", "onesync_lh"] {
        check(last[name].is_boolean(), format!("a boolean {name}"), || last.to_string())?;
    }
    let is = |name: &str| last[name] == true;
    let is_sound = !(is("onesync") && is("enhancedHostSupport"))
        && (is("onesync") || !is("onesync_big") && !is("onesync_lh"));
    let expected = "enhancedHostSupport without onesync only, onesync_big and onesync_lh with it";
    check(is_sound, expected, || last.to_string())
}

/// The values of a whole answer to `initConnect`, cut at their line ends.
async fn values(target: &Target) -> Outcome<Vec<Value>> {
    let guid = target.guid();
    let answer = post(target, &form(&init_connect_fields(&guid))).await?;
    let expected = "JSON values, each with CR LF behind it";
    let text = answer.text();
    let Some(lines) = text.strip_suffix("\r\n").filter(|_| answer.status == 200) else {
        return Err(failed(expected, answer.show()));
    };
    let values: Result<_, _> = lines.split("\r\n").map(serde_json::from_str).collect();
    values.map_err(|_| failed(expected, answer.show()))
}

async fn one_end(target: &Target) -> Outcome {
    let values = values(target).await?;
    let is_end = |value: &Value| value["defer"].is_null();
    let ends = values.iter().filter(|value| is_end(value)).count();
    let is_last = values.last().is_some_and(is_end);
    check(ends == 1 && is_last, "one value without defer, the last", || {
        Value::from(values).to_string()
    })
}

/// What `getEndpoints` says of a token.
pub(super) async fn endpoints(target: &Target, token: &str) -> Outcome<Value> {
    let answer = method(target, &[("method", "getEndpoints"), ("token", token)]).await?;
    check(answer.status == 200, "HTTP 200", || answer.show())?;
    answer.json()
}

/// Two admissions of one guid.
async fn twice(target: &Target) -> Outcome<[Admitted; 2]> {
    let guid = target.guid();
    Ok([admit_as(target, &guid).await?, admit_as(target, &guid).await?])
}

async fn replaced(target: &Target) -> Outcome {
    let [first, second] = twice(target).await?;
    let first = endpoints(target, &first.token).await?;
    check(first == false, "false for the first token", || first.to_string())?;
    let second = endpoints(target, &second.token).await?;
    check(second.is_array(), "an array for the second token", || second.to_string())
}

async fn replacement_joins(target: &Target) -> Outcome {
    let [_, second] = twice(target).await?;
    enter(target, &second).await.map(drop)
}

async fn reconnecting(target: &Target) -> Outcome {
    let admitted = admit(target).await?;
    let (mut peer, _) = enter(target, &admitted).await?;
    admit_as(target, &admitted.guid).await?;
    same("the error", dropped::RECONNECTING, &peer.error().await?)
}
