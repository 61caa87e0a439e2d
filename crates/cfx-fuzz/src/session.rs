//! `cfx-session`: both state machines under any sequence of operations, alone and together; and a
//! server's URL.

mod client;
mod pair;
mod server;

pub use client::session_client;
pub use pair::session_pair;
pub use server::session_server;

use cfx_session::client::ServerUrl;

use crate::source::Source;

/// What a player types for a server: read again as it was when it is written as a URL.
pub fn session_url(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some(url) = ServerUrl::parse(text) else { return };
    assert_eq!(ServerUrl::parse(&url.to_string()), Some(url));
}

/// The most operations of one input.
const MAX_OPS: usize = 300;

/// Bytes worth sending: a good message by its number, or some of the input's own.
fn message<'a>(source: &mut Source<'a>) -> &'a [u8] {
    const GOOD: [&[u8]; 15] = [
        b"",
        b"\xFF\xFF\xFF\xFF",
        b"\xFF\xFF\xFF\xFFgetinfo xyz",
        b"\xFF\xFF\xFF\xFFgetstatus",
        b"\xFF\xFF\xFF\xFFrcon secret status",
        b"\xFF\xFF\xFF\xFFinfoResponse\n\\challenge\\xyz",
        b"\xFF\xFF\xFF\xFFerror timed out",
        b"\x01\0\0\0 1 -1 -1 128 5",
        b"\x01\0\0\0 99999999999999999999 - - - -",
        b"\x01\0\0\0token=a&guid=1",
        b"\x63\x9E\x56\xCA",
        b"\xD1\xAD\x2C\x52bye\0",
        b"\x3F\xFA\xFF\x53\0\0\0\0\0\0",
        b"method=initConnect&name=a&guid=1&protocol=12&gameBuild=1",
        b"method=getEndpoints&token=x",
    ];
    match GOOD.get(source.pick(24)) {
        Some(good) => good,
        None => source.bytes(400),
    }
}

/// Milliseconds to wait: few, some, or so many that every time-out passes.
fn wait(source: &mut Source<'_>) -> u64 {
    let factor = [1, 100, 1000, 60_000][source.pick(4)];
    factor * u64::from(source.take::<u8>())
}
