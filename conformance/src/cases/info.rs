//! Server variables (SPEC INFO).

use cfx_oob::s2c::InfoResponse;
use cfx_session::server::Config;
use cfx_wire::hash::rage;
use serde_json::Value;

use super::oob::info as infostring;
use super::oob_operator::strict;
use crate::case::Level::{Must, Should};
use crate::case::{Case, Outcome, check, failed};
use crate::embedded;
use crate::target::Target;
use crate::tools::game::{init_connect_fields, join};
use crate::tools::http::{Answer, Stream, form, get, get_with};
use crate::tools::oob::show;
use crate::tools::players::{listed, players};

/// The family.
pub(super) const CASES: &[Case] = &[
    Case {
        id: "info.info-json.members",
        requirement: "INFO-1",
        level: Must,
        about: "GET /info.json is answered by one object with its seven members, each of its type",
        run: |target| Box::pin(info_members(target)),
    },
    Case {
        id: "info.info-json.vars",
        requirement: "INFO-1",
        level: Must,
        about: "all vars are strings, and sv_infoVersion and sv_hostname are not among them",
        run: |target| Box::pin(vars(target)),
    },
    Case {
        id: "info.info-json.steam-ticket",
        requirement: "INFO-1",
        level: Must,
        about: "requestSteamTicket is on, off or unset",
        run: |target| Box::pin(steam_ticket(target)),
    },
    Case {
        id: "info.info-json.hardcap",
        requirement: "INFO-3",
        level: Must,
        about: "resources begin with hardcap, which does not come again",
        run: |target| Box::pin(hardcap(target)),
    },
    Case {
        id: "info.version.hash",
        requirement: "INFO-2",
        level: Must,
        about: "version is the hash of the document that has version 0, written compact and sorted",
        run: |target| Box::pin(version(target)),
    },
    Case {
        id: "info.version.discovery",
        requirement: "INFO-2",
        level: Must,
        about: "version of /info.json, iv of /dynamic.json and iv of infoResponse are the same",
        run: |target| Box::pin(version_everywhere(target)),
    },
    Case {
        id: "info.dynamic-json.members",
        requirement: "INFO-4",
        level: Must,
        about: "GET /dynamic.json is answered by an object with clients, a number, and five strings",
        run: |target| Box::pin(dynamic_members(target)),
    },
    Case {
        id: "info.players-json.array",
        requirement: "INFO-5",
        level: Must,
        about: "GET /players.json is answered by an array, or by nothing before it was first made",
        run: |target| Box::pin(async move { players(target).await.map(drop) }),
    },
    Case {
        id: "info.players-json.player",
        requirement: "INFO-5",
        level: Must,
        about: "a joined player is listed under its net id, with endpoint, name, numeric ping and \
                identifiers of the form type:value",
        run: |target| Box::pin(player(target)),
    },
    Case {
        id: "info.players-json.pending",
        requirement: "SERVER-1",
        level: Must,
        about: "a client that was admitted and has not joined is not in /players.json",
        run: |target| Box::pin(pending(target)),
    },
    Case {
        id: "info.players-json.identifiers-hidden",
        requirement: "INFO-5",
        level: Must,
        about: "identifiers are empty for who presents no players token, a wrong one or an empty \
                one",
        run: |target| Box::pin(identifiers_hidden(target)),
    },
    Case {
        id: "info.players-json.no-token-set",
        requirement: "INFO-5",
        level: Must,
        about: "an empty token opens nothing where the operator set none",
        run: |target| Box::pin(no_token_set(target)),
    },
    Case {
        id: "info.players-json.token",
        requirement: "INFO-5",
        level: Must,
        about: "identifiers are shown to who presents the players token, in the header or the query",
        run: |target| Box::pin(players_token(target)),
    },
    Case {
        id: "info.players-json.exposed",
        requirement: "INFO-5",
        level: Must,
        about: "identifiers are shown to all where the operator exposes them",
        run: |target| Box::pin(exposed(target)),
    },
    Case {
        id: "info.players-json.endpoint-privacy",
        requirement: "INFO-9",
        level: Must,
        about: "under endpoint privacy the endpoint is 127.0.0.1 without a port, and no identifier \
                begins with ip:, even for the players token",
        run: |target| Box::pin(endpoint_privacy(target)),
    },
    Case {
        id: "info.limit.info-json",
        requirement: "INFO-6",
        level: Should,
        about: "of 30 /info.json at once from one address 10 are answered and the others refused \
                with 429",
        run: |target| Box::pin(limited(target, "/info.json")),
    },
    Case {
        id: "info.limit.players-json",
        requirement: "INFO-6",
        level: Should,
        about: "of 30 /players.json at once from one address 10 are answered and the others \
                refused with 429",
        run: |target| Box::pin(limited(target, "/players.json")),
    },
    Case {
        id: "info.limit.separate",
        requirement: "INFO-6",
        level: Should,
        about: "who has used up /info.json still gets /players.json",
        run: |target| Box::pin(separate_limits(target)),
    },
    Case {
        id: "info.route.case",
        requirement: "INFO-7",
        level: Must,
        about: "routes are found without regard to case: /INFO.JSON",
        run: |target| Box::pin(found(target, &["/INFO.JSON", "/Info.Json"])),
    },
    Case {
        id: "info.route.query",
        requirement: "INFO-7",
        level: Must,
        about: "a query behind a path does not hide it: /info.json?v=1",
        run: |target| Box::pin(found(target, &["/info.json?v=1", "/info.json?"])),
    },
    Case {
        id: "info.route.prefix",
        requirement: "INFO-7",
        level: Must,
        about: "a route is a prefix: /info.jsonx and /info.json/x reach it",
        run: |target| Box::pin(found(target, &["/info.jsonx", "/info.json/x"])),
    },
    Case {
        id: "info.route.unknown",
        requirement: "INFO-7",
        level: Must,
        about: "a path without a route is answered 404 with a text that names it",
        run: |target| Box::pin(unknown_route(target)),
    },
];

/// A document of the server that is an object.
async fn object(target: &Target, path: &str) -> Outcome<Value> {
    let answer = get(target, path).await?;
    let value = answer.json()?;
    check(answer.status == 200 && value.is_object(), "HTTP 200 with a JSON object", || {
        answer.show()
    })?;
    Ok(value)
}

/// A member's name, its type and whether a value is of it.
pub(super) type Member = (&'static str, &'static str, fn(&Value) -> bool);

pub(super) fn check_members(value: &Value, members: &[Member]) -> Outcome {
    for (name, kind, is_of_kind) in members {
        check(is_of_kind(&value[*name]), format!("{name}: {kind}"), || match value.get(*name) {
            Some(member) => format!("{name}: {member}"),
            None => format!("{} without it", show(value.to_string().as_bytes())),
        })?;
    }
    Ok(())
}

async fn info_members(target: &Target) -> Outcome {
    let info = object(target, "/info.json").await?;
    check_members(
        &info,
        &[
            ("enforceSteamAuth", "a boolean", Value::is_boolean),
            ("enhancedHostSupport", "true", |value| *value == true),
            ("requestSteamTicket", "a string", Value::is_string),
            ("resources", "an array of strings", is_texts),
            ("server", "a string", Value::is_string),
            ("vars", "an object", Value::is_object),
            ("version", "an integer", Value::is_i64),
            ("icon", "a string or not there", |value| value.is_null() || value.is_string()),
        ],
    )
}

fn is_texts(value: &Value) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(Value::is_string))
}

async fn vars(target: &Target) -> Outcome {
    let info = object(target, "/info.json").await?;
    let vars =
        info["vars"].as_object().ok_or_else(|| failed("an object vars", info.to_string()))?;
    for (name, value) in vars {
        check(value.is_string(), format!("a string for vars.{name}"), || value.to_string())?;
    }
    for name in ["sv_infoVersion", "sv_hostname"] {
        let is_absent = !vars.contains_key(name);
        check(is_absent, format!("vars without {name}"), || info["vars"].to_string())?;
    }
    Ok(())
}

async fn steam_ticket(target: &Target) -> Outcome {
    let info = object(target, "/info.json").await?;
    let value = &info["requestSteamTicket"];
    let is_known = ["on", "off", "unset"].iter().any(|known| value == known);
    check(is_known, r#""on", "off" or "unset""#, || value.to_string())
}

async fn hardcap(target: &Target) -> Outcome {
    let info = object(target, "/info.json").await?;
    let resources = info["resources"].as_array().map_or(&[][..], Vec::as_slice);
    let count = resources.iter().filter(|name| *name == "hardcap").count();
    let is_first = resources.first().is_some_and(|name| name == "hardcap");
    check(is_first && count == 1, "hardcap first, and once", || info["resources"].to_string())
}

async fn version(target: &Target) -> Outcome {
    let mut info = object(target, "/info.json").await?;
    let version = info["version"].take();
    info["version"] = 0.into();
    // Members of a `Value` are sorted by their bytes.
    let expected = rage(info.to_string().as_bytes()) & 0x7FFF_FFFF;
    check(version == expected, format!("version {expected}"), || format!("version {version}"))
}

async fn version_everywhere(target: &Target) -> Outcome {
    let version = object(target, "/info.json").await?["version"].to_string();
    let dynamic = object(target, "/dynamic.json").await?;
    let is_same = dynamic["iv"] == version.as_str();
    check(is_same, format!("iv {version:?} in /dynamic.json"), || dynamic["iv"].to_string())?;
    let info = infostring(target).await?;
    let iv = InfoResponse { info: &info }.value(b"iv");
    check(iv == version.as_bytes(), format!("iv {version} in infoResponse"), || show(iv))
}

async fn dynamic_members(target: &Target) -> Outcome {
    let dynamic = object(target, "/dynamic.json").await?;
    check_members(
        &dynamic,
        &[
            ("clients", "a number", Value::is_u64),
            ("gametype", "a string", Value::is_string),
            ("hostname", "a string", Value::is_string),
            ("iv", "a string", Value::is_string),
            ("mapname", "a string", Value::is_string),
            ("sv_maxclients", "a string", Value::is_string),
        ],
    )
}

async fn player(target: &Target) -> Outcome {
    let (_, _peer, connect_ok) = join(target).await?;
    let player = listed(target, connect_ok.net_id_u16()).await?;
    check_members(
        &player,
        &[
            ("endpoint", "a string", Value::is_string),
            ("id", "a number", Value::is_u64),
            ("identifiers", "an array of type:value", is_identifiers),
            ("name", "the name that was sent, \"cfx-conformance\"", |value| {
                value == "cfx-conformance"
            }),
            ("ping", "a number of milliseconds", Value::is_i64),
        ],
    )
}

fn is_identifiers(value: &Value) -> bool {
    let is_one = |text: &str| text.split_once(':').is_some_and(|(kind, _)| !kind.is_empty());
    let is_identifier = |value: &Value| value.as_str().is_some_and(is_one);
    value.as_array().is_some_and(|items| items.iter().all(is_identifier))
}

async fn pending(target: &Target) -> Outcome {
    let (own_guid, name) = (target.guid(), format!("pending {}", target.guid()));
    let mut fields = init_connect_fields(&own_guid);
    fields.retain(|(key, _)| *key != "name");
    fields.push(("name", &name));
    let answer = Stream::start(target, "POST", "/client", &[], &form(&fields)).whole().await?;
    // Where it was refused it must not be listed either.
    let listed = players(target).await?;
    let is_absent = listed.iter().all(|player| player["name"] != name.as_str());
    check(is_absent, format!("no player {name:?} after {}", answer.show()), || {
        Value::from(listed).to_string()
    })
}

/// The entry of the one player on a server.
async fn entry(target: &Target, path: &str, headers: &[(&str, &str)]) -> Outcome<Value> {
    let answer = get_with(target, path, headers).await?;
    let list = answer.json()?;
    list.get(0).cloned().ok_or_else(|| failed("an array with one player", answer.show()))
}

/// A server that has a players token and an identifier to hide: without tickets there is none but
/// the address.
fn with_token() -> Config {
    let config = embedded::config();
    Config { players_token: "s3cret".to_owned(), endpoint_privacy: false, ..config }
}

const HEADER: &str = "X-Players-Token";

async fn identifiers_hidden(target: &Target) -> Outcome {
    let own = target.own(with_token())?;
    let _player = join(&own.target).await?;
    let asked: [(&str, &[(&str, &str)]); 5] = [
        ("/players.json", &[]),
        ("/players.json", &[(HEADER, "S3cret")]),
        ("/players.json?token=s3cre", &[]),
        ("/players.json?token=", &[]),
        ("/players.json?v=s3cret", &[]),
    ];
    for (path, headers) in asked {
        let player = entry(&own.target, path, headers).await?;
        check_hidden(&player, &format!("{path} with {headers:?}"))?;
    }
    Ok(())
}

fn check_hidden(player: &Value, asked: &str) -> Outcome {
    let is_hidden = player["identifiers"].as_array().is_some_and(Vec::is_empty);
    check(is_hidden, format!("identifiers [] for {asked}"), || player.to_string())
}

async fn no_token_set(target: &Target) -> Outcome {
    let own = target.own(Config { players_token: String::new(), ..with_token() })?;
    let _player = join(&own.target).await?;
    let player = entry(&own.target, "/players.json?token=", &[]).await?;
    check_hidden(&player, "/players.json?token=")?;
    let player = entry(&own.target, "/players.json", &[(HEADER, "")]).await?;
    check_hidden(&player, "an empty header X-Players-Token")
}

async fn players_token(target: &Target) -> Outcome {
    let own = target.own(with_token())?;
    let _player = join(&own.target).await?;
    let by_header = entry(&own.target, "/players.json", &[(HEADER, "s3cret")]).await?;
    check_shown(&by_header, "the token in the header")?;
    let by_query = entry(&own.target, "/players.json?v=1&token=s3cret", &[]).await?;
    check_shown(&by_query, "the token in the query")
}

fn check_shown(player: &Value, whom: &str) -> Outcome {
    let identifiers = &player["identifiers"];
    let is_shown = is_identifiers(identifiers) && identifiers.get(0).is_some();
    check(is_shown, format!("identifiers of the form type:value for {whom}"), || player.to_string())
}

async fn exposed(target: &Target) -> Outcome {
    let own = target.own(Config { expose_identifiers: true, ..with_token() })?;
    let _player = join(&own.target).await?;
    let player = entry(&own.target, "/players.json", &[]).await?;
    check_shown(&player, "everybody")
}

async fn endpoint_privacy(target: &Target) -> Outcome {
    let own = target.own(Config { endpoint_privacy: true, ..with_token() })?;
    let _player = join(&own.target).await?;
    let player = entry(&own.target, "/players.json", &[(HEADER, "s3cret")]).await?;
    let is_private = player["endpoint"] == "127.0.0.1" && !player.to_string().contains("\"ip:");
    check(is_private, "endpoint 127.0.0.1 and no identifier ip:…", || player.to_string())
}

async fn limited(target: &Target, path: &str) -> Outcome {
    let own = target.own(strict())?;
    let (count, refused) = exhaust(&own.target, path, 30).await?;
    // The answers take their time, in which the bucket refills.
    check((10..=12).contains(&count), "10 answers to 30 requests", || format!("{count}"))?;
    let refused = refused.ok_or_else(|| failed("some of 30 refused", "none"))?;
    let is_told = refused.status == 429 && refused.body == b"Rate limit exceeded.";
    check(is_told, "HTTP 429 with \"Rate limit exceeded.\"", || refused.show())
}

/// How many of so many requests are answered, and the last answer that refuses.
async fn exhaust(target: &Target, path: &str, times: usize) -> Outcome<(usize, Option<Answer>)> {
    let (mut count, mut refused) = (0, None);
    for _ in 0..times {
        let answer = get(target, path).await?;
        if answer.status == 200 {
            count += 1;
        } else {
            refused = Some(answer);
        }
    }
    Ok((count, refused))
}

async fn separate_limits(target: &Target) -> Outcome {
    let own = target.own(strict())?;
    let (_, refused) = exhaust(&own.target, "/info.json", 20).await?;
    check(refused.is_some(), "a limit of /info.json", || "none in 20 requests".to_owned())?;
    let answer = get(&own.target, "/players.json").await?;
    check(answer.status == 200, "HTTP 200 for /players.json", || answer.show())
}

async fn found(target: &Target, paths: &[&str]) -> Outcome {
    for path in paths {
        let answer = get(target, path).await?;
        let is_info = answer.json().is_ok_and(|value| value["vars"].is_object());
        let expected = format!("HTTP 200 with the document of /info.json at {path}");
        check(answer.status == 200 && is_info, expected, || answer.show())?;
    }
    Ok(())
}

async fn unknown_route(target: &Target) -> Outcome {
    for path in ["/cfx-conformance/nothing", "/cfx-conformance.json"] {
        let answer = get(target, path).await?;
        let text = format!("Route {path} not found.");
        let is_told = answer.status == 404 && answer.text() == text;
        check(is_told, format!("HTTP 404 with {text:?}"), || answer.show())?;
    }
    Ok(())
}
