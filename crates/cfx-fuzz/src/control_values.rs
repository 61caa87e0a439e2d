//! `cfx-control` the other way: values of any content, written and read.

use std::collections::BTreeMap;

use cfx_control::answer::{Accepted, Reply, ReplyBody, deferral_card, deferral_message, error};
use cfx_control::bit_version;
use cfx_control::game::Game;
use cfx_control::info::{DynamicJson, InfoJson, PlayerJson, players_json};
use cfx_control::manifest::{Manifest, Resource, StreamFile};
use cfx_control::request::{GetConfiguration, GetEndpoints, InitConnect, Request, SubmitCard};
use serde_json::{Map, Value};

use crate::control::{GAMES, accepted_is_kept, json_is_kept, manifest_is_kept, request_is_kept};
use crate::source::Source;

/// A request, an answer or a document of any content.
pub fn control_values(data: &[u8]) {
    let mut source = Source::new(data);
    while !source.is_empty() {
        match source.pick(6) {
            0 => request_is_kept(&request(&mut source)),
            1 => reply(&mut source),
            2 => manifest_is_kept(&manifest(&mut source)),
            3 => {
                let info = info(&mut source);
                json_is_kept(&info, &info.to_json());
            }
            4 => {
                let dynamic = dynamic(&mut source);
                json_is_kept(&dynamic, &dynamic.to_json());
            }
            _ => {
                let players: Vec<_> = (0..source.pick(4)).map(|_| player(&mut source)).collect();
                json_is_kept(&players, &players_json(&players));
            }
        }
    }
}

fn request(source: &mut Source<'_>) -> Request {
    let value = |source: &mut Source<'_>| source.some_bytes(60).to_vec();
    let maybe = |source: &mut Source<'_>| source.take::<bool>().then(|| value(source));
    match source.pick(4) {
        0 => Request::InitConnect(InitConnect {
            name: value(source),
            guid: value(source),
            protocol: value(source),
            game_build: maybe(source),
            game_name: maybe(source),
            cfx_ticket: maybe(source),
            auth_ticket: maybe(source),
            other: (0..source.pick(3))
                .map(|at| (format!("x{at}").into_bytes(), value(source)))
                .collect(),
        }),
        1 => Request::SubmitCard(SubmitCard { data: value(source), token: value(source) }),
        2 => Request::GetEndpoints(GetEndpoints { token: value(source) }),
        _ => Request::GetConfiguration(GetConfiguration { resources: maybe(source) }),
    }
}

fn reply(source: &mut Source<'_>) {
    let game = GAMES[source.pick(3)];
    let text = source.text(60);
    let read = |value: &str| Reply::read(value, game);
    match source.pick(4) {
        0 => {
            let shown = Some(text.clone()).filter(|text| !text.is_empty());
            let reply = read(&deferral_message(Some(&text)));
            assert_eq!(reply.body, ReplyBody::Progress(shown));
        }
        1 => {
            let token = source.text(40);
            let reply = read(&deferral_card(&text, &token));
            assert_eq!(reply.body, ReplyBody::Card { card: text, token });
        }
        2 => assert_eq!(read(&error(&text)).body, ReplyBody::Rejected(text)),
        _ => accepted_is_kept(&accepted(source, game, text), game),
    }
}

fn accepted(source: &mut Source<'_>, game: Game, token: String) -> Accepted {
    let bit_version = source.take::<u64>();
    let bit_version =
        if bit_version::is_outdated(bit_version) { bit_version::CURRENT } else { bit_version };
    let mut handover = Map::new();
    handover.insert(source.text(20), source.text(20).into());
    // Redm's clients want their own game's name.
    let gamename = if game == Game::Rdr3 { game.name().to_owned() } else { source.text(20) };
    Accepted {
        protocol: source.take(),
        bit_version,
        pure: source.take(),
        sh: source.take(),
        enhanced_host_support: source.take(),
        onesync: source.take(),
        onesync_big: source.take(),
        onesync_lh: source.take(),
        // An older server's flag is not read.
        onesync_population: source.take::<bool>()
            && bit_version::supports(bit_version, bit_version::ONESYNC_POPULATION),
        token,
        gamename,
        netlib_version: source.take(),
        max_clients: source.take::<i32>().into(),
        handover,
        extra: extra(source),
    }
}

/// A member or none that no document knows.
fn extra(source: &mut Source<'_>) -> Map<String, Value> {
    let value = match source.pick(4) {
        0 => return Map::new(),
        1 => Value::from(source.take::<i64>()),
        2 => source.text(20).into(),
        _ => Value::from(vec![Value::Null, source.take::<bool>().into()]),
    };
    [("x-other".to_owned(), value)].into_iter().collect()
}

fn manifest(source: &mut Source<'_>) -> Manifest {
    let resources = (0..source.pick(4)).map(|_| resource(source)).collect();
    Manifest { file_server: source.text(40), resources, extra: extra(source) }
}

fn resource(source: &mut Source<'_>) -> Resource {
    let maybe = |source: &mut Source<'_>| source.take::<bool>().then(|| source.text(20));
    Resource {
        name: source.text(20),
        files: (0..source.pick(3)).map(|_| (source.text(20), source.text(20))).collect(),
        stream_files: (0..source.pick(3)).map(|_| (source.text(9), stream_file(source))).collect(),
        file_server: maybe(source),
        uri: maybe(source),
        extra: extra(source),
    }
}

fn stream_file(source: &mut Source<'_>) -> StreamFile {
    let pages = source.take::<bool>();
    StreamFile {
        hash: source.text(20),
        rsc_flags: source.take(),
        rsc_version: source.take(),
        size: source.take(),
        rsc_pages_virtual: pages.then(|| source.take()),
        rsc_pages_physical: pages.then(|| source.take()),
        e: source.take::<bool>().then(|| source.take()),
        extra: extra(source),
    }
}

fn info(source: &mut Source<'_>) -> InfoJson {
    let vars: BTreeMap<_, _> =
        (0..source.pick(4)).map(|_| (source.text(20), source.text(20))).collect();
    let info = InfoJson {
        server: source.text(40),
        enhanced_host_support: source.take(),
        icon: source.take::<bool>().then(|| source.text(20)),
        resources: (0..source.pick(4)).map(|_| source.text(20)).collect(),
        vars,
        version: source.take(),
        request_steam_ticket: source.text(8),
        enforce_steam_auth: source.take(),
        extra: extra(source),
    };
    if source.take() { info.with_version() } else { info }
}

fn dynamic(source: &mut Source<'_>) -> DynamicJson {
    DynamicJson {
        clients: source.take(),
        gametype: source.text(20),
        hostname: source.text(20),
        iv: source.text(20),
        mapname: source.text(20),
        sv_maxclients: source.text(20),
        extra: extra(source),
    }
}

fn player(source: &mut Source<'_>) -> PlayerJson {
    PlayerJson {
        endpoint: source.text(20),
        id: source.take(),
        identifiers: (0..source.pick(3)).map(|_| source.text(20)).collect(),
        name: source.text(20),
        ping: source.take(),
        extra: extra(source),
    }
}
