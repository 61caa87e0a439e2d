//! A whole join, by a real client and step by step (SPEC CLIENT, GAME, SERVER).

use std::time::Duration;

use cfx_control::info::ClientBuild;
use cfx_control::texts::{progress, server as texts};
use cfx_game::frame::Payload;
use cfx_game::quit::Quit;
use cfx_net::client::{Client, Command};
use cfx_net::enet::Delivery;
use cfx_session::client::{Config, Event, ServerUrl, State};
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::handshake::read;
use crate::case::Level::{Must, Should};
use crate::case::{Case, Outcome, Stop, check, failed, same, skipped};
use crate::embedded;
use crate::target::{PATIENCE, Target};
use crate::tools::game::{Peer, admit, enter, join, wanted_game};
use crate::tools::http;
use crate::tools::oob::show;
use crate::tools::players::{gone, listed, players};

/// The family.
pub(super) const CASES: &[Case] = &[
    Case {
        id: "join.client.states",
        requirement: "CLIENT-1",
        level: Must,
        about: "a client joins, from the first /info.json to the first message behind connectOK, through every state in order",
        run: |target| Box::pin(states(target)),
    },
    Case {
        id: "join.client.progress",
        requirement: "CLIENT-2",
        level: Should,
        about: "a client that joins shows each progress text once, in order, and reaches connectOK",
        run: |target| Box::pin(progress_texts(target)),
    },
    Case {
        id: "join.client.leaves",
        requirement: "CLIENT-6",
        level: Must,
        about: "a client that leaves is gone from /players.json",
        run: |target| Box::pin(leaves(target)),
    },
    Case {
        id: "join.connect-ok.layout",
        requirement: "GAME-7",
        level: Must,
        about: "connectOK is type 1, a space and five numbers with single spaces between, to the end of the packet",
        run: |target| Box::pin(layout(target)),
    },
    Case {
        id: "join.connect-ok.length",
        requirement: "GAME-18",
        level: Must,
        about: "connectOK is no longer than 128 bytes",
        run: |target| Box::pin(length(target)),
    },
    Case {
        id: "join.connect-ok.net-id",
        requirement: "GAME-9",
        level: Must,
        about: "net ids are 1 to 65534, and two players have different ones",
        run: |target| Box::pin(net_id(target)),
    },
    Case {
        id: "join.connect-ok.values",
        requirement: "GAME-8",
        level: Must,
        about: "host, slot and time of connectOK are those of the OneSync mode that initConnect told",
        run: |target| Box::pin(values(target)),
    },
    Case {
        id: "join.connect-ok.time",
        requirement: "GAME-8",
        level: Must,
        about: "the time of a second player's connectOK is as much later as the second player came later",
        run: |target| Box::pin(time(target)),
    },
    Case {
        id: "join.players.listed",
        requirement: "INFO-5",
        level: Must,
        about: "a player is in /players.json with net id, name, ping and no identifiers",
        run: |target| Box::pin(player_listed(target)),
    },
    Case {
        id: "join.players.pending",
        requirement: "SERVER-1",
        level: Must,
        about: "a client that has its token but has not shaken hands is neither listed nor counted",
        run: |target| Box::pin(pending(target)),
    },
    Case {
        id: "join.players.counted",
        requirement: "SERVER-1",
        level: Must,
        about: "clients of /dynamic.json counts a player from connectOK until msgIQuit",
        run: |target| Box::pin(counted(target)),
    },
    Case {
        id: "join.steps.bare",
        requirement: "GAME-7",
        level: Must,
        about: "a client that fetches neither endpoints nor manifest is let in all the same",
        run: |target| Box::pin(bare(target)),
    },
];

/// A client that joined the target, and what it told until then.
struct Joined {
    client: Client,
    events: Vec<Event>,
}

impl Joined {
    fn states(&self) -> Vec<State> {
        let state = |event: &Event| match event {
            Event::State(state) => Some(*state),
            _ => None,
        };
        self.events.iter().filter_map(state).collect()
    }

    fn progress(&self) -> Vec<&str> {
        let texts = self.events.iter().filter_map(|event| match event {
            Event::Progress(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    fn net_id(&self) -> Option<u16> {
        self.events.iter().find_map(|event| match event {
            Event::ConnectOk(connect_ok) => Some(connect_ok.net_id_u16()),
            _ => None,
        })
    }
}

/// Joins with the real client, as the game and build that the target wants.
async fn real_join(target: &Target) -> Outcome<Joined> {
    let mut config = Config::default();
    // Each refusal may name one of them.
    for _ in 0..3 {
        match try_join(target, config.clone()).await? {
            Ok(joined) => return Ok(joined),
            Err(build) => config.build = build,
        }
    }
    Err(skipped("the target wants another build at each try"))
}

/// Joins, or says as what else to try.
async fn try_join(target: &Target, config: Config) -> Outcome<Result<Joined, ClientBuild>> {
    let build = config.build.clone();
    let client = Client::start(config);
    let mut client = client.map_err(|error| skipped(format!("no client: {error}")))?;
    let guid = target.guid().parse().unwrap_or_default();
    target.may_ask().await;
    client.command(Command::Connect { url: ServerUrl::from(target.address), guid });
    let mut events = Vec::new();
    loop {
        let event = timeout(PATIENCE * 3, client.next()).await;
        let Ok(Some(event)) = event else {
            let last = events.last().map_or("nothing".to_owned(), |event| format!("{event:?}"));
            return Err(failed("the next step of a join", format!("silence after {last}")));
        };
        match &event {
            Event::TicketWanted { .. } => client.command(Command::Ticket(Vec::new())),
            Event::SteamTicketWanted { .. } => client.command(Command::SteamTicket(Ok(None))),
            Event::Manifest(_) => client.command(Command::ContentDone),
            Event::BuildSwitch(wanted) => return Ok(Err(wanted.clone())),
            Event::Refused(text) => {
                let Some(game) = wanted_game(text) else { return Err(refusal(text)) };
                let wanted = game.default_build();
                return Ok(Err(ClientBuild {
                    game,
                    build: wanted,
                    default_build: wanted,
                    ..build
                }));
            }
            Event::Disconnected { reason, .. } => {
                return Err(failed("a join", format!("the end: {reason}")));
            }
            _ => {}
        }
        let done = matches!(event, Event::State(State::Active));
        events.push(event);
        if done {
            return Ok(Ok(Joined { client, events }));
        }
    }
}

/// A refusal that is the operator's will says nothing of the server's conformance.
fn refusal(text: &str) -> Stop {
    if text.contains(texts::NO_TICKET) {
        return skipped("the target asks for tickets (sv_lan is off)");
    }
    if text.starts_with("Connection rejected by server: ") || text.contains("feature policy") {
        return skipped(format!("the target refuses players: {text}"));
    }
    failed("a join", format!("the client's refusal: {text}"))
}

async fn states(target: &Target) -> Outcome {
    let joined = real_join(target).await?;
    let mut states = joined.states();
    let connect_ok = joined.net_id().is_some();
    joined.client.leave("Exiting").await;
    // A client that finds connectOK and the next message together may not tell of the state between.
    if connect_ok && !states.contains(&State::Connected) {
        states.insert(states.len().saturating_sub(1), State::Connected);
    }
    let all = [
        State::Initing,
        State::InitReceived,
        State::Downloading,
        State::DownloadComplete,
        State::Fetching,
        State::Connecting,
        State::Connected,
        State::Active,
    ];
    check(states == all, format!("{all:?}"), || format!("{states:?}"))
}

async fn progress_texts(target: &Target) -> Outcome {
    let joined = real_join(target).await?;
    let shown: Vec<_> = joined.progress().into_iter().map(str::to_owned).collect();
    joined.client.leave("Exiting").await;
    let (fetching, connecting) = (progress::fetching_info(1), progress::connecting(1));
    let expected = [
        progress::VARIABLES,
        progress::TICKET,
        progress::HANDSHAKE,
        progress::ENDPOINTS,
        progress::PERMISSIONS,
        progress::DOWNLOADING,
        "Downloading content manifest...",
        "Loading content manifest...",
        progress::DOWNLOADED,
        &fetching,
        &connecting,
    ];
    // Others may stand between: of Steam, deferrals, the policy and the size of the manifest. The two
    // of the manifest may be skipped (SPEC MANIFEST-8).
    let may_miss = |text: &str| text.ends_with("content manifest...");
    let mut rest = shown.iter();
    for text in expected.into_iter().filter(|text| !may_miss(text)) {
        if !rest.any(|shown| shown == text) {
            return Err(failed(format!("{expected:?}, in this order"), format!("{shown:?}")));
        }
    }
    check(rest.next().is_none(), format!("{expected:?}, and nothing more"), || format!("{shown:?}"))
}

async fn leaves(target: &Target) -> Outcome {
    let joined = real_join(target).await?;
    let net_id = joined.net_id().ok_or_else(|| failed("connectOK", "none"))?;
    listed(target, net_id).await?;
    joined.client.leave("Exiting").await;
    gone(target, net_id).await
}

/// An admitted client's connectOK, as it came.
async fn raw_connect_ok(target: &Target) -> Outcome<(Value, Peer, Vec<u8>)> {
    let admitted = admit(target).await?;
    let mut peer = Peer::connect(target, &admitted.token).await?;
    peer.shake_hands(&admitted.token, &admitted.guid);
    let packet = peer.connect_ok().await?;
    Ok((admitted.last, peer, packet))
}

async fn layout(target: &Target) -> Outcome {
    let (_, _peer, packet) = raw_connect_ok(target).await?;
    read(&packet).map(drop)
}

async fn length(target: &Target) -> Outcome {
    let (_, _peer, packet) = raw_connect_ok(target).await?;
    check(packet.len() <= 128, "at most 128 bytes", || show(&packet))
}

async fn net_id(target: &Target) -> Outcome {
    let (_, _first, one) = join(target).await?;
    let (_, _second, two) = join(target).await?;
    let holds = [one, two].iter().all(|ok| (1..=65_534).contains(&ok.net_id));
    check(holds && one.net_id != two.net_id, "two net ids of 1 to 65534", || {
        format!("{} and {}", one.net_id, two.net_id)
    })
}

async fn values(target: &Target) -> Outcome {
    let (last, _peer, packet) = raw_connect_ok(target).await?;
    let ok = read(&packet)?;
    let is = |name: &str| last[name] == true;
    let no_host = (ok.host_net_id, ok.host_base) == (-1, -1);
    let (holds, expected) = match (is("onesync"), is("onesync_big")) {
        (false, _) => {
            (ok.slot_id == -1 && ok.server_time == -1, "without OneSync, slot -1 and time -1")
        }
        (true, false) => (
            no_host && (0..=128).contains(&ok.slot_id) && ok.slot_id != 31 && ok.server_time >= 0,
            "with OneSync, host -1 -1, a slot of 0 to 128 but not 31, and a time",
        ),
        (true, true) => {
            let gta5 = last["gamename"] == "gta5" || last["gamename"] == "";
            let slot = if gta5 { 128 } else { 16 };
            (
                no_host && ok.slot_id == slot && ok.server_time >= 0,
                "in big mode, host -1 -1, slot 128 on gta5 and else 16, and a time",
            )
        }
    };
    check(holds, expected, || show(&packet))
}

async fn time(target: &Target) -> Outcome {
    const BETWEEN: Duration = Duration::from_millis(300);
    const TOLERANCE: u64 = 200;
    let (_, _first, one) = join(target).await?;
    if one.server_time < 0 {
        return Err(skipped("without OneSync connectOK has no time"));
    }
    let first = Instant::now();
    tokio::time::sleep(BETWEEN).await;
    let (_, _second, two) = join(target).await?;
    let passed = u64::try_from(first.elapsed().as_millis()).unwrap_or(u64::MAX);
    let told = u64::try_from(two.server_time - one.server_time).unwrap_or(0);
    let expected = format!("about {passed} ms from one connectOK to the next");
    check(told.abs_diff(passed) <= TOLERANCE, expected, || {
        format!("times of {} and {}", one.server_time, two.server_time)
    })
}

async fn player_listed(target: &Target) -> Outcome {
    let (_, _peer, ok) = join(target).await?;
    let player = listed(target, ok.net_id_u16()).await?;
    let identifiers = player["identifiers"].as_array();
    let holds = player["name"] == "cfx-conformance"
        && player["ping"].is_i64()
        && player["endpoint"].is_string()
        && identifiers.is_some();
    check(holds, "endpoint, id, identifiers, the name \"cfx-conformance\", ping", || {
        player.to_string()
    })?;
    // Without endpoint privacy the operator may also expose identifiers; with it, not to us.
    let private = player["endpoint"] == "127.0.0.1";
    let exposed = identifiers.is_some_and(|identifiers| !identifiers.is_empty());
    if private && exposed && !target.address.ip().is_loopback() {
        return Err(skipped("the target exposes identifiers, as its operator may"));
    }
    check(!exposed, "no identifiers without the players token", || player.to_string())
}

/// What /dynamic.json says of the number of players.
async fn clients(target: &Target) -> Outcome<u64> {
    let answer = http::get(target, "/dynamic.json").await?;
    let clients = answer.json()?["clients"].as_u64();
    clients.ok_or_else(|| failed("a number `clients`", answer.show()))
}

async fn pending(target: &Target) -> Outcome {
    let own = target.own(embedded::config())?;
    let admitted = admit(&own.target).await?;
    let _peer = Peer::connect(&own.target, &admitted.token).await?;
    let (count, players) = (clients(&own.target).await?, players(&own.target).await?);
    check(count == 0 && players.is_empty(), "0 clients and no players", || {
        format!("{count} clients and the players {}", Value::from(players))
    })
}

async fn counted(target: &Target) -> Outcome {
    let own = target.own(embedded::config())?;
    let before = clients(&own.target).await?;
    let (_, mut player, _) = join(&own.target).await?;
    let with = clients(&own.target).await?;
    player.send(0, Delivery::Reliable, &Quit { reason: b"Exiting" }.to_packet());
    same("the error", "Exiting", &player.error().await?)?;
    let after = clients(&own.target).await?;
    check([before, with, after] == [0, 1, 0], "0, 1 and 0 clients", || {
        format!("{before}, {with} and {after}")
    })
}

async fn bare(target: &Target) -> Outcome {
    let admitted = admit(target).await?;
    enter(target, &admitted).await.map(drop)
}
