//! `cfx-oob`: datagrams out of band, both ways, and a server's answers.

use cfx_oob::answer::{Answer, ServerInfo, answer};
use cfx_oob::c2s::Request;
use cfx_oob::s2c::{Error, InfoResponse, Print, Response};
use cfx_oob::{PREFIX, body, is_out_of_band};
use cfx_wire::{Encode, info};

use crate::source::Source;

/// A datagram that a server receives: read again as it was when it is written, the same when strict.
pub fn oob_request(data: &[u8]) {
    let request = Request::parse(data);
    assert_eq!(request.is_some(), is_out_of_band(data));
    if let Ok(strict) = Request::parse_strict(data) {
        assert_eq!(Some(strict), request);
        assert_eq!(Request::parse_strict(&strict.to_vec()), Ok(strict));
    }
    if let Some(request) = request {
        request_is_kept(&request);
    }
}

fn request_is_kept(request: &Request<'_>) {
    let datagram = request.to_vec();
    assert_eq!(datagram.len(), request.encoded_len());
    assert_eq!(Request::parse(&datagram), Some(*request));
}

/// A body that a client receives: read again as it was when it is written. What strict reading knows
/// is canonical.
pub fn oob_response(data: &[u8]) {
    let response = Response::parse(data);
    response_is_kept(&response);
    match Response::parse_strict(data) {
        // Strict reading knows fewer keys.
        Err(_) | Ok(Response::Unknown { .. }) => {}
        Ok(strict) => {
            assert_eq!(strict, response);
            assert_eq!(strict.to_vec(), [&PREFIX, data].concat());
        }
    }
    match response {
        Response::Info(info) => {
            let stripped = info.hostname_stripped();
            assert!(stripped.len() <= info.hostname().len());
            let _ = (info.clients(), info.max_clients(), info.info_version(), info.protocol());
        }
        Response::Status(status) => {
            let lines = status.player_lines.split(|byte| *byte == b'\n').count();
            assert!(status.players().count() <= lines);
            let _ = status.variable(b"sv_hostname");
        }
        Response::Error(error) => {
            let _ = error.is_time_out();
        }
        Response::Print(_) | Response::Unknown { .. } => {}
    }
}

fn response_is_kept(response: &Response<'_>) {
    let datagram = response.to_vec();
    assert_eq!(datagram.len(), response.encoded_len());
    assert_eq!(Response::from_datagram(&datagram), Some(*response));
}

/// What a server with any variables answers to any datagram: where no variable has a separator in
/// it, a client reads what the server has.
pub fn oob_answer(data: &[u8]) {
    let mut source = Source::new(data);
    let texts: [String; 5] = std::array::from_fn(|_| source.text(40));
    let players: Vec<String> = (0..source.pick(4)).map(|_| source.text(20)).collect();
    let pairs = (0..source.pick(4)).map(|_| (source.text(20), source.text(20)));
    let variables: Vec<(String, String)> = pairs.collect();
    let [max_clients, hostname, gametype, mapname, rcon_password] = &texts;
    let server = ServerInfo {
        max_clients,
        clients: source.take::<u16>().into(),
        hostname,
        gametype,
        mapname,
        info_version: "7",
        players: players.iter().map(String::as_str),
        server_info: variables.iter().map(|(name, value)| (name.as_str(), value.as_str())),
        enable_get_status: source.take(),
        return_clients_list: source.take(),
        rcon_password,
    };
    let Some(request) = Request::parse(source.rest()) else { return };
    let reply = match answer(&request, &server) {
        Answer::Reply(reply) => reply,
        Answer::Rcon { .. } => {
            let Request::Rcon { password, .. } = request else { panic!("{request:?} is no rcon") };
            return assert_eq!(password, rcon_password.as_bytes());
        }
        Answer::NotHandled | Answer::Nothing => return,
    };
    assert!(is_out_of_band(&reply));
    let all = texts.iter().chain(&players);
    let all = all.chain(variables.iter().flat_map(|(name, value)| [name, value]));
    if !all.map(String::as_bytes).all(is_free) {
        return;
    }
    match Response::parse(body(&reply).unwrap_or_default()) {
        Response::Info(info) => {
            let Request::GetInfo { challenge } = request else {
                panic!("{request:?} is no getinfo")
            };
            if is_free(challenge) {
                assert_eq!(info.challenge(), challenge);
            }
            assert_eq!(info.value(b"sv_maxclients"), max_clients.as_bytes());
            assert_eq!(info.clients().map(|clients| clients as usize), Some(server.clients));
        }
        Response::Status(status) => {
            let names: Vec<_> = status.players().map(|player| player.name).collect();
            let listed = if server.return_clients_list { &players[..] } else { &[] };
            assert!(names.iter().eq(&listed.iter().map(String::as_bytes).collect::<Vec<_>>()));
            let sent = variables.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
            assert!(info::pairs(status.variables).eq(sent));
        }
        Response::Print(_) => {}
        other => panic!("a server sent {other:?}"),
    }
}

/// Whether text has none of the bytes that mean something in an answer.
fn is_free(text: &[u8]) -> bool {
    !text.iter().any(|byte| matches!(byte, b'\\' | b'\n' | 0))
}

/// Requests and answers of any content: what is written is read.
pub fn oob_values(data: &[u8]) {
    let mut source = Source::new(data);
    while !source.is_empty() {
        let kind = source.pick(6);
        let (word, text) = (word(source.bytes(30)), source.bytes(300));
        match kind {
            0 => request_is_kept(&Request::GetInfo { challenge: &word[..word.len().min(8)] }),
            1 => request_is_kept(&Request::GetStatus),
            2 if !word.is_empty() => {
                let command = [b" x", text].concat();
                request_is_kept(&Request::Rcon { password: word, command: &command });
            }
            3 => response_is_kept(&Response::Info(InfoResponse { info: text })),
            4 => response_is_kept(&Response::Print(Print { text })),
            _ => response_is_kept(&Response::Error(Error { text })),
        }
    }
}

/// The bytes before the first separator.
fn word(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| matches!(byte, b' ' | b'\n')).next().unwrap_or_default()
}
