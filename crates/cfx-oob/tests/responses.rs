//! What clients and query tools read.

use cfx_oob::PREFIX;
use cfx_oob::answer::ServerInfo;
use cfx_oob::s2c::{Error, InfoResponse, Player, Print, Response, StatusResponse};
use cfx_wire::{Encode, ErrorKind};
use proptest::prelude::*;

const INFO: &[u8] = br"\sv_maxclients\48\clients\3\challenge\xyz\gamename\CitizenFX\protocol\4\hostname\^1My ^9Server\gametype\Freeroam\mapname\San Andreas\iv\1822222681";

fn info(body: &[u8]) -> InfoResponse<'_> {
    let Response::Info(info) = Response::parse(body) else { panic!("{body:?}") };
    info
}

#[test]
fn info_response_is_read_by_key() {
    let body = [b"infoResponse\n", INFO].concat();
    let info = info(&body);
    assert_eq!(info.hostname(), b"^1My ^9Server");
    assert_eq!(info.hostname_stripped(), b"My Server");
    assert_eq!((info.clients(), info.max_clients()), (Some(3), Some(48)));
    assert_eq!((info.gametype(), info.mapname()), (&b"Freeroam"[..], &b"San Andreas"[..]));
    assert_eq!(info.info_version(), Some(1_822_222_681));
    assert_eq!((info.challenge(), info.gamename()), (&b"xyz"[..], &b"CitizenFX"[..]));
    assert_eq!(info.protocol(), Some(4));
    assert_eq!(info.to_vec(), [&PREFIX[..], &body].concat());
}

#[test]
fn info_response_needs_neither_case_nor_separator() {
    for key in ["infoResponse\n", "INFORESPONSE ", "infoResponse\\"] {
        // Whatever the 13th byte is, it is skipped.
        let body = [key.as_bytes(), INFO].concat();
        assert_eq!(info(&body).info, INFO);
        let strict = Response::parse_strict(&body);
        assert_eq!(matches!(strict, Ok(Response::Info(_))), key == "infoResponse\n");
    }
    let body = [b"infoResponse\n", &INFO.to_ascii_uppercase()[..]].concat();
    assert_eq!(info(&body).clients(), Some(3));
}

#[test]
fn the_end_of_the_datagram_ends_the_info_string() {
    for body in [&b"infoResponse"[..], b"infoResponse\n"] {
        assert_eq!(info(body).info, b"");
        assert_eq!(info(body).hostname(), b"");
        assert_eq!(info(body).clients(), None);
    }
    assert!(matches!(Response::parse(b"infoRespons"), Response::Unknown { .. }));
    // A NUL ends it too, and a number that is none is not made up.
    let info = info(b"infoResponse\n\\clients\\x\\hostname\\a\0\\iv\\1");
    assert_eq!((info.clients(), info.hostname(), info.info_version()), (None, &b"a"[..], None));
}

#[test]
fn errors_are_read_as_the_client_does() {
    let error = |text| Response::Error(Error { text });
    assert_eq!(Response::parse(b"error Dropped."), error(b"Dropped."));
    assert_eq!(Response::parse(b"ERROR\nx"), error(b"x"));
    assert_eq!(Response::parse(b"errors are read too"), error(b" are read too"));
    assert_eq!(Response::parse(b"error "), error(b""));
    // Without a byte behind the key the client does nothing.
    assert_eq!(Response::parse(b"error"), Response::Unknown { key: b"error", data: b"" });
    assert!(Response::parse_strict(b"error").unwrap_err().is_incomplete());
    assert!(Response::parse_strict(b"error\nx").is_err());
}

#[test]
fn time_outs_are_told_from_other_errors() {
    let is_time_out = |text| Error { text }.is_time_out();
    assert!(is_time_out(b"Server->client connection timed out. Last seen 60001 msec ago."));
    assert!(is_time_out(b"Timed out"));
    assert!(!is_time_out(b"TIMED OUT"));
    assert!(!is_time_out(b"Reconnecting"));
    assert!(!is_time_out(b"x\0timed out"));
}

#[test]
fn print_is_matched_exactly() {
    assert_eq!(Response::parse(b"print Hi\n"), Response::Print(Print { text: b"Hi\n" }));
    assert_eq!(Response::parse(b"print "), Response::Print(Print { text: b"" }));
    assert!(matches!(Response::parse(b"Print Hi"), Response::Unknown { .. }));
    assert_eq!(Print { text: b"Hi" }.to_vec(), b"\xFF\xFF\xFF\xFFprint Hi");
}

#[test]
fn status_response_is_what_the_server_wrote() {
    let server = ServerInfo {
        max_clients: "32",
        clients: 3,
        hostname: "",
        gametype: "",
        mapname: "",
        info_version: "",
        players: ["^1Red", "Bob \"x\"", ""].into_iter(),
        server_info: [("sv_lan", "false"), ("onesync_enabled", "true")].into_iter(),
        enable_get_status: true,
        return_clients_list: true,
        rcon_password: "",
    };
    let datagram = server.status_response();
    let Some(Response::Status(status)) = Response::from_datagram(&datagram) else {
        panic!("a status response")
    };
    let names: Vec<_> = status.players().map(|player| player.name).collect();
    assert_eq!(names, [&b"^1Red"[..], b"Bob \"x\"", b""]);
    assert_eq!(status.info, br"\sv_maxclients\32\clients\3");
    assert_eq!(status.variable(b"ONESYNC_enabled"), b"true");
    assert_eq!(status.to_vec(), datagram);
    assert_eq!(Response::parse_strict(&datagram[4..]), Ok(Response::Status(status)));
}

#[test]
fn status_response_of_other_servers_and_of_liars() {
    let parse = |body| {
        let Response::Status(status) = Response::parse(body) else { panic!("{body:?}") };
        (status.players().collect::<Vec<_>>(), status.variable(b"sv_lan"))
    };
    let player = Player { score: -3, ping: 57, name: b"x" };
    assert_eq!(parse(b"statusResponse\n\\a\\b\n-3 57 \"x\"\n").0, [player]);
    assert_eq!(parse(b"statusResponse\n\\a\\b").0, []);
    // A name cannot put a variable before the server's own.
    let lie = b"statusResponse\n\\a\\b\n0 0 \"x\n\\sv_lan\\lie\"\n\\sv_lan\\true";
    assert_eq!(parse(lie), (vec![], &b"true"[..]));
}

#[test]
fn strict_refuses_what_no_server_writes() {
    let kind = |body: &[u8]| Response::parse_strict(body).unwrap_err().kind;
    let long = [b"infoResponse\n\\a\\", &[b'x'; 8192][..]].concat();
    assert_eq!(kind(&long), ErrorKind::TooLong { max: 8191 });
    assert_eq!(kind(b"statusResponse\n\\a\\b"), ErrorKind::Incomplete { needed: 1 });
    for body in [
        &b""[..],
        b" x",
        b"infoResponse \\a\\b",
        b"infoResponse\na\\b",
        b"infoResponse\n\\a\\b\\c",
        b"infoResponse\n\\a\\b\0",
        b"print a\0b",
        b"statusResponse\n\\a\\b\n0 0 x\n",
        b"statusResponse\n\\a\\b\n\\c",
    ] {
        assert!(Response::parse_strict(body).is_err(), "{body:?}");
    }
    let unknown = Response::Unknown { key: b"INFORESPONSE", data: b"\\a\\b" };
    assert_eq!(Response::parse_strict(b"INFORESPONSE\n\\a\\b"), Ok(unknown));
}

fn use_all(response: Response<'_>) {
    match response {
        Response::Info(info) => {
            let _ = (info.hostname_stripped(), info.clients(), info.value(b"\xFF"));
        }
        Response::Status(status) => {
            let _ = (status.players().count(), status.variable(b""));
        }
        Response::Error(error) => {
            let _ = error.is_time_out();
        }
        Response::Print(_) | Response::Unknown { .. } => {}
    }
}

proptest! {
    #[test]
    fn any_body_is_read(
        key in prop::sample::select(
            vec!["", "infoResponse", "INFOresponse", "statusResponse", "print", "error", "Error"]
        ),
        rest in prop::collection::vec(
            prop_oneof![prop::sample::select(b" \n\\\"0\0".to_vec()), any::<u8>()], 0..64),
    ) {
        let body = [key.as_bytes(), &rest].concat();
        let response = Response::parse(&body);
        use_all(response);
        match Response::parse_strict(&body) {
            // Strict knows a key by its exact bytes only.
            Ok(Response::Unknown { .. }) | Err(_) => {}
            Ok(strict) => {
                prop_assert_eq!(strict, response);
                prop_assert_eq!(&strict.to_vec()[4..], &body[..]);
            }
        }
    }

    #[test]
    fn responses_survive_the_wire(text in prop::collection::vec(any::<u8>(), 0..64)) {
        for response in [
            Response::Print(Print { text: &text }),
            Response::Error(Error { text: &text }),
            Response::Info(InfoResponse { info: &text }),
            Response::Unknown { key: b"other", data: &text },
        ] {
            let datagram = response.to_vec();
            prop_assert_eq!(datagram.len(), response.encoded_len());
            prop_assert_eq!(Response::from_datagram(&datagram), Some(response));
        }
    }

    #[test]
    fn player_lists_survive_the_wire(
        names in prop::collection::vec("[^\n]{0,20}", 0..5),
        value in "[^\n\\\\\0]{0,20}",
    ) {
        let lines: Vec<_> = names.iter().map(|name| format!("0 0 \"{name}\"\n")).collect();
        let player_lines = lines.concat();
        let variables = format!("\\sv_lan\\{value}");
        let status = StatusResponse {
            info: b"\\clients\\1",
            player_lines: player_lines.as_bytes(),
            variables: variables.as_bytes(),
        };
        let datagram = status.to_vec();
        let read = Response::from_datagram(&datagram);
        prop_assert_eq!(read, Some(Response::Status(status)));
        let read: Vec<_> = status.players().map(|player| player.name).collect();
        prop_assert_eq!(read, names.iter().map(String::as_bytes).collect::<Vec<_>>());
        prop_assert_eq!(status.variable(b"sv_lan"), value.as_bytes());
    }
}
