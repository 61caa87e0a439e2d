//! Discovery (SPEC OOB).

use cfx_oob::c2s::getinfo;
use cfx_oob::s2c::Response;

use crate::case::Level::Must;
use crate::case::{Case, Outcome, Run, check, failed};
use crate::target::Target;
use crate::tools::oob::{ask, ask_in_vain, datagram, show};

/// The family.
pub const CASES: &[Case] = &[
    Case {
        id: "oob.getinfo.reply",
        requirement: "OOB-3",
        level: Must,
        about: "getinfo is answered by infoResponse with its nine keys in order",
        run: reply,
    },
    Case {
        id: "oob.getinfo.challenge-too-long",
        requirement: "OOB-4",
        level: Must,
        about: "getinfo with nine bytes of data is dropped",
        run: challenge_too_long,
    },
];

const KEYS: [&str; 9] = [
    "sv_maxclients",
    "clients",
    "challenge",
    "gamename",
    "protocol",
    "hostname",
    "gametype",
    "mapname",
    "iv",
];

fn reply(target: &Target) -> Run<'_> {
    Box::pin(async move {
        let answer = ask(target, &getinfo(b"xyz")).await?;
        let info = info_string(&answer)?;
        let keys: Vec<_> = cfx_wire::info::pairs(info)
            .map(|(key, _)| String::from_utf8_lossy(key).into_owned())
            .collect();
        check(keys == KEYS, format!("the keys {KEYS:?}"), || format!("{keys:?}"))
    })
}

fn challenge_too_long(target: &Target) -> Run<'_> {
    Box::pin(async move { ask_in_vain(target, &datagram(b"getinfo 123456789")).await })
}

/// What follows `infoResponse` and its line feed.
fn info_string(answer: &[u8]) -> Outcome<&[u8]> {
    let expected = "a datagram FF FF FF FF infoResponse LF \\key\\value…";
    let body = cfx_oob::body(answer).and_then(|body| body.strip_prefix(b"infoResponse\n"));
    match (body, Response::from_datagram(answer)) {
        (Some(info), Some(Response::Info(_))) => Ok(info),
        _ => Err(failed(expected, show(answer))),
    }
}
