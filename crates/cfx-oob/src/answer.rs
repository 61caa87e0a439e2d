//! What a server answers to a request, as a pure function of its variables.

use alloc::vec::Vec;

use bytes::BufMut;
use cfx_wire::info::put_pair;
use cfx_wire::{Encode, secret};

use crate::PREFIX;
use crate::c2s::Request;
use crate::s2c::{INFO_RESPONSE, Print, STATUS_RESPONSE};

/// What rcon is answered while no password is set (SPEC OOB-9).
pub const RCON_NOT_SET: &[u8] =
    b"The server must set rcon_password to be able to use this command.\n";

/// What rcon is answered on a wrong password (SPEC OOB-9).
pub const RCON_WRONG_PASSWORD: &[u8] = b"Invalid password.\n";

/// The variables of a server that its answers show.
///
/// Everything is borrowed, and players and variables are iterators that run only when `getstatus`
/// is answered, so that building one for each datagram costs nothing. Values are written as they
/// are: the format has no escape, and a backslash or a newline in one is read as structure.
#[derive(Debug, Clone)]
pub struct ServerInfo<'a, Players, Variables> {
    /// `sv_maxclients`.
    pub max_clients: &'a str,
    /// How many clients are connected.
    pub clients: usize,
    /// `sv_hostname`, colour codes included.
    pub hostname: &'a str,
    /// `gametype`.
    pub gametype: &'a str,
    /// `mapname`.
    pub mapname: &'a str,
    /// `sv_infoVersion`, the `version` of `/info.json` (SPEC INFO-2).
    pub info_version: &'a str,
    /// The names of the connected clients.
    pub players: Players,
    /// The server-info variables, name and value, in the server's order.
    pub server_info: Variables,
    /// `sv_enableGetStatus`: whether `getstatus` is answered; the reference's default is no.
    pub enable_get_status: bool,
    /// `sv_returnClientsListInGetStatus`: whether players are listed; the reference's default is
    /// yes.
    pub return_clients_list: bool,
    /// `rcon_password`; empty when rcon is off.
    pub rcon_password: &'a str,
}

/// What a server does about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<'a> {
    /// The request is for somebody else on the port.
    NotHandled,
    /// The datagram is taken and not answered.
    Nothing,
    /// This datagram goes back to the sender.
    Reply(Vec<u8>),
    /// The password was right: clear the sender's rate limit, run the command, and send what it
    /// printed as a [`Print`], even when it is nothing (SPEC OOB-10).
    Rcon {
        /// The command with its separator in front, as the reference gives it to the console.
        command: &'a [u8],
    },
}

/// The answer to a request whose sender has not hit a rate limit (SPEC OOB-3 to OOB-10).
pub fn answer<'r, 's, P, V>(request: &Request<'r>, server: &ServerInfo<'s, P, V>) -> Answer<'r>
where
    P: Iterator<Item = &'s str> + Clone,
    V: Iterator<Item = (&'s str, &'s str)> + Clone,
{
    match *request {
        Request::Unknown { .. } => Answer::NotHandled,
        Request::GetInfo { challenge } => Answer::Reply(server.info_response(challenge)),
        Request::GetStatus if server.enable_get_status => Answer::Reply(server.status_response()),
        Request::Ignored { .. } | Request::GetStatus => Answer::Nothing,
        Request::Rcon { .. } if server.rcon_password.is_empty() => {
            Answer::Reply(Print { text: RCON_NOT_SET }.to_vec())
        }
        Request::Rcon { password, command }
            if secret::same(password, server.rcon_password.as_bytes()) =>
        {
            Answer::Rcon { command }
        }
        Request::Rcon { .. } => Answer::Reply(Print { text: RCON_WRONG_PASSWORD }.to_vec()),
    }
}

impl<'s, P, V> ServerInfo<'s, P, V> {
    /// The datagram `infoResponse` with its keys in the one order (SPEC OOB-3).
    pub fn info_response(&self, challenge: &[u8]) -> Vec<u8> {
        let mut buffer = [0; MAX_DIGITS];
        let pairs: [(&[u8], &[u8]); 9] = [
            (b"sv_maxclients", self.max_clients.as_bytes()),
            (b"clients", decimal(self.clients, &mut buffer)),
            (b"challenge", challenge),
            (b"gamename", b"CitizenFX"),
            (b"protocol", b"4"),
            (b"hostname", self.hostname.as_bytes()),
            (b"gametype", self.gametype.as_bytes()),
            (b"mapname", self.mapname.as_bytes()),
            (b"iv", self.info_version.as_bytes()),
        ];
        let length: usize = pairs.iter().map(|(key, value)| pair_len(key, value)).sum();
        let mut out = Vec::with_capacity(PREFIX.len() + INFO_RESPONSE.len() + 1 + length);
        out.put_slice(&PREFIX);
        out.put_slice(INFO_RESPONSE);
        out.put_u8(b'\n');
        for (key, value) in pairs {
            put_pair(&mut out, key, value);
        }
        out
    }

    /// The datagram `statusResponse` (SPEC OOB-7). Its length is not bounded: one that UDP cannot
    /// carry (65507 bytes) does not leave the reference server either.
    pub fn status_response(&self) -> Vec<u8>
    where
        P: Iterator<Item = &'s str> + Clone,
        V: Iterator<Item = (&'s str, &'s str)> + Clone,
    {
        let mut buffer = [0; MAX_DIGITS];
        let mut out = Vec::new();
        out.put_slice(&PREFIX);
        out.put_slice(STATUS_RESPONSE);
        out.put_u8(b'\n');
        put_pair(&mut out, b"sv_maxclients", self.max_clients.as_bytes());
        put_pair(&mut out, b"clients", decimal(self.clients, &mut buffer));
        out.put_u8(b'\n');
        if self.return_clients_list {
            for name in self.players.clone() {
                // Score and ping are not told.
                out.put_slice(b"0 0 \"");
                out.put_slice(name.as_bytes());
                out.put_slice(b"\"\n");
            }
        }
        for (name, value) in self.server_info.clone() {
            put_pair(&mut out, name.as_bytes(), value.as_bytes());
        }
        out
    }
}

/// What [`put_pair`] writes.
const fn pair_len(key: &[u8], value: &[u8]) -> usize {
    key.len() + value.len() + 2
}

/// Digits of the largest count.
const MAX_DIGITS: usize = usize::MAX.ilog10() as usize + 1;

/// A count in decimal digits, without an allocation of its own.
fn decimal(mut value: usize, buffer: &mut [u8; MAX_DIGITS]) -> &[u8] {
    let mut start = buffer.len();
    for slot in buffer.iter_mut().rev() {
        *slot = b'0' + (value % 10).to_le_bytes()[0];
        value /= 10;
        start -= 1;
        if value == 0 {
            break;
        }
    }
    &buffer[start..]
}
