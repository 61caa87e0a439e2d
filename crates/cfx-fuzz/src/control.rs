//! `cfx-control`: streamed answers, requests, the documents of the control plane.

use std::fmt::Debug;

use cfx_control::answer::{Accepted, Reply, ReplyBody};
use cfx_control::endpoints;
use cfx_control::game::{Game, GameBuild, check_build};
use cfx_control::info::{
    ClientBuild, DynamicJson, InfoJson, PlayerJson, ServerVars, players_json, server_version,
};
use cfx_control::manifest::{Filter, Manifest, ManifestAnswer};
use cfx_control::policy::{self, Policy};
use cfx_control::request::{MAX_BODY, Request, display_name, guid_number};
use cfx_control::stream::{StreamError, ValueStream};
use serde_json::Value;

use crate::source::Source;
use crate::wire::is_plain;

pub(crate) const GAMES: [Game; 3] = [Game::Gta4, Game::Gta5, Game::Rdr3];

/// A streamed body. A byte for the longest value, two for the cuts, then the body: however it is
/// cut, the values and the error are those of the whole.
pub fn control_stream(data: &[u8]) {
    let mut source = Source::new(data);
    let max = [16, 64, 1 << 20][source.pick(3)];
    let seed = source.take::<u16>();
    let body = source.rest();
    let whole = values(max, [body].into_iter());
    if body.len() <= max && serde_json::from_slice::<Value>(body).is_ok() {
        assert_eq!((whole.0.len(), whole.1), (1, Ok(())), "one value to another reader");
    }
    let mut random = u32::from(seed) | 0x10000;
    let mut rest = body;
    let pieces = std::iter::from_fn(|| {
        // Lehmer's generator: mostly small pieces, some of them empty.
        random = random.wrapping_mul(48_271) % 0x7FFF_FFFF;
        let length = (random >> 8) as usize % [1, 3, 9, 200][random as usize >> 4 & 3];
        let (piece, left) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        let done = rest.is_empty();
        rest = left;
        (!done).then_some(piece)
    });
    assert_eq!(values(max, pieces), whole);
}

/// The values of a body in pieces, and how it ended.
fn values<'a>(
    max: usize,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> (Vec<String>, Result<(), StreamError>) {
    let mut stream = ValueStream::new(max);
    let mut values = Vec::new();
    for mut piece in pieces {
        loop {
            match stream.next(&mut piece) {
                Ok(Some(value)) => values.push(checked(value, max)),
                Ok(None) => break assert!(piece.is_empty()),
                Err(error) => {
                    assert_eq!(stream.next(&mut &b"1 "[..]), Err(error));
                    assert_eq!(stream.finish(), Err(error));
                    return (values, Err(error));
                }
            }
        }
    }
    match stream.finish() {
        Ok(last) => {
            values.extend(last.map(|value| checked(value, max)));
            (values, Ok(()))
        }
        Err(error) => (values, Err(error)),
    }
}

fn checked(value: &str, max: usize) -> String {
    assert!(value.len() <= max);
    assert!(serde_json::from_str::<Value>(value).is_ok(), "no value: {value:?}");
    value.to_owned()
}

/// A body of `POST /client`: the same when a client writes it, where a client can.
pub fn control_request(data: &[u8]) {
    let Ok(request) = Request::parse(data) else { return };
    request_is_kept(&request);
    if let Request::InitConnect(request) = &request {
        // Each of its 200 bytes can be replaced by three.
        assert!(display_name(&request.name).len() <= 600);
        let _ = (request.protocol_number(), guid_number(&request.guid));
        for game in GAMES {
            let _ = game.accepts(request.game_name());
            let enforced = ["", "3258"][usize::from(request.guid.len() % 2 == 0)];
            let field = request.game_build.as_deref();
            if let Ok(build) = check_build(game, field, enforced) {
                let again = GameBuild::parse(build.field().as_bytes());
                assert_eq!(again.build, build.build);
                assert_eq!(again.revision, build.revision.max(0));
            }
        }
    }
}

pub(crate) fn request_is_kept(request: &Request) {
    let body = request.to_body();
    if body.len() <= MAX_BODY && fields(request).iter().all(|value| !value.is_empty()) {
        if let Request::InitConnect(request) = request {
            let mut keys = request.other.keys();
            if !keys.all(|key| is_plain(key) && std::str::from_utf8(key).is_ok()) {
                return;
            }
        }
        assert_eq!(Request::parse(&body).as_ref(), Ok(request));
    }
}

/// The values of a request.
fn fields(request: &Request) -> Vec<&[u8]> {
    match request {
        Request::InitConnect(request) => {
            let needed = [Some(&request.name), Some(&request.guid), Some(&request.protocol)];
            let more = [&request.game_build, &request.game_name];
            let tickets = [&request.cfx_ticket, &request.auth_ticket];
            let more = more.into_iter().chain(tickets).map(Option::as_ref);
            let all = needed.into_iter().chain(more).flatten().chain(request.other.values());
            all.map(Vec::as_slice).collect()
        }
        Request::SubmitCard(request) => vec![&request.data, &request.token],
        Request::GetEndpoints(request) => vec![&request.token],
        Request::GetConfiguration(request) => request.resources.iter().map(Vec::as_slice).collect(),
    }
}

/// A value of the answer to `initConnect`: a final value, written, is read as the same.
pub fn control_reply(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for game in GAMES {
        let reply = Reply::read(text, game);
        let _ = reply.body.failure();
        let ReplyBody::Accepted(accepted) = reply.body else { continue };
        let _ = accepted.check_netlib();
        let _ = policy::check(None, &accepted);
        if let Ok(found) = endpoints::candidates(None, &accepted, "host") {
            assert!(!found.is_empty());
        }
        accepted_is_kept(&accepted, game);
    }
}

pub(crate) fn accepted_is_kept(accepted: &Accepted, game: Game) {
    let again = Reply::read(&accepted.to_json(), game);
    assert_eq!(again.body, ReplyBody::Accepted(Box::new(accepted.clone())));
}

/// An answer to `getConfiguration`: a manifest, written, is read as the same.
pub fn control_manifest(data: &[u8]) {
    let filter = Filter::parse(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = filter.matches(text);
    match Manifest::read(text) {
        Ok(ManifestAnswer::Manifest(manifest)) => {
            for resource in &manifest.resources {
                let url = manifest.resource_url(resource, "https://192.0.2.1:30120/");
                assert!(url.ends_with('/'));
                let _ = resource.mount_uri();
            }
            manifest_is_kept(&manifest);
        }
        Ok(ManifestAnswer::NoResources(_)) => {}
        Err(error) => {
            let _ = (error.text(), error.to_string());
        }
    }
}

pub(crate) fn manifest_is_kept(manifest: &Manifest) {
    let text = serde_json::to_string(manifest).expect("a manifest is JSON");
    assert_eq!(Manifest::read(&text), Ok(ManifestAnswer::Manifest(manifest.clone())));
}

/// The documents that a server publishes: each, written, is read as the same.
pub fn control_info(data: &[u8]) {
    if let Ok(info) = serde_json::from_slice::<InfoJson>(data) {
        json_is_kept(&info, &info.to_json());
        let _ = server_version(&info.server);
        let version = info.with_version().version;
        assert!((0..=i64::from(i32::MAX)).contains(&version));
    }
    if let Ok(dynamic) = serde_json::from_slice::<DynamicJson>(data) {
        json_is_kept(&dynamic, &dynamic.to_json());
    }
    if let Ok(players) = serde_json::from_slice::<Vec<PlayerJson>>(data) {
        json_is_kept(&players, &players_json(&players));
    }
    let Ok(value) = serde_json::from_slice::<Value>(data) else { return };
    for game in GAMES {
        let vars = ServerVars::read(&value, game);
        let _ = vars.announced_build();
        let build = game.default_build();
        let client = ClientBuild {
            game,
            build,
            pure_level: 0,
            pool_sizes: std::collections::BTreeMap::new(),
            default_build: build,
        };
        let _ = vars.build_switch(&client);
    }
}

pub(crate) fn json_is_kept<T>(value: &T, text: &str)
where
    T: serde::de::DeserializeOwned + PartialEq + Debug,
{
    assert_eq!(serde_json::from_str::<T>(text).as_ref().ok(), Some(value), "{text}");
}

/// A policy service's answer, and a client's decision by it. A byte of flags, `u16` slots, the
/// answer.
pub fn control_policy(data: &[u8]) {
    let mut source = Source::new(data);
    let flags: u8 = source.take();
    let accepted = Accepted {
        max_clients: source.take::<u16>().into(),
        onesync: flags & 1 != 0,
        onesync_big: flags & 2 != 0,
        ..Accepted::default()
    };
    let Ok(text) = std::str::from_utf8(source.rest()) else { return };
    let policy = Policy::read(text);
    let granted = policy.clone();
    if let (Ok(granted), Ok(checked)) = (granted, policy::check(Some(policy), &accepted)) {
        let needed = policy::required(accepted.max_clients, accepted.onesync_big);
        if let Some(needed) = needed.filter(|_| accepted.onesync) {
            assert!(granted.contains(needed) && checked.contains(needed));
        }
    }
}

/// A server's endpoints, and what a client makes of the answer to `getEndpoints`. A byte that says
/// where the JSON stands, then the JSON.
pub fn control_endpoints(data: &[u8]) {
    let mut source = Source::new(data);
    let place = source.pick(3);
    let Ok(text) = std::str::from_utf8(source.rest()) else { return };
    let known: Vec<String> = serde_json::from_str(&endpoints::known(text)).expect("an array");
    assert_eq!(known.is_empty(), text.is_empty());
    let Ok(value) = serde_json::from_str::<Value>(text) else { return };
    let mut accepted = Accepted::default();
    let answer = match place {
        0 => Some(&value),
        1 => {
            accepted.extra.insert("endpoints".into(), value);
            None
        }
        _ => {
            accepted.handover.insert("endpoints".into(), value);
            None
        }
    };
    if let Ok(found) = endpoints::candidates(answer, &accepted, "host") {
        assert!(!found.is_empty());
    }
}
