//! What a server reads, where the vectors do not go.

use cfx_oob::c2s::{Ignored, Request, getinfo, getstatus, rcon};
use cfx_oob::{PREFIX, is_out_of_band};
use cfx_wire::hash::rage;
use cfx_wire::{Encode, ErrorKind};
use proptest::prelude::*;

fn datagram(body: &[u8]) -> Vec<u8> {
    [&PREFIX, body].concat()
}

#[track_caller]
fn assert_parses(body: &[u8], expected: Request<'_>) {
    assert_eq!(Request::parse(&datagram(body)), Some(expected));
}

#[test]
fn clients_datagrams_to_the_byte() {
    assert_eq!(getinfo(b"xyz"), b"\xFF\xFF\xFF\xFFgetinfo xyz");
    assert_eq!(getinfo(b""), b"\xFF\xFF\xFF\xFFgetinfo");
    assert_eq!(getstatus(), b"\xFF\xFF\xFF\xFFgetstatus");
    assert_eq!(rcon(b"secret", b"say hi"), b"\xFF\xFF\xFF\xFFrcon secret say hi");
}

#[test]
fn an_rcon_command_keeps_its_separator() {
    assert_parses(b"rcon a b c", Request::Rcon { password: b"a", command: b" b c" });
    assert_parses(b"rcon\na\nb c", Request::Rcon { password: b"a", command: b"\nb c" });
    assert_parses(b"rcon a  ", Request::Rcon { password: b"a", command: b"  " });
}

#[test]
fn what_is_dropped_says_why() {
    for (body, why) in [
        (&b""[..], Ignored::NoKey),
        (b" getinfo", Ignored::NoKey),
        (b"\n", Ignored::NoKey),
        (b"getinfo 123456789", Ignored::LongChallenge),
        // The separator in the data counts.
        (b"getinfo 1 3456789", Ignored::LongChallenge),
        (b"rcon", Ignored::IncompleteRcon),
        (b"rcon  status", Ignored::IncompleteRcon),
        (b"rcon secret", Ignored::IncompleteRcon),
        (b"rcon secret ", Ignored::IncompleteRcon),
    ] {
        assert_parses(body, Request::Ignored { why, body });
        assert!(Request::parse_strict(&datagram(body)).is_err(), "{body:?}");
    }
}

#[test]
fn a_key_with_the_right_hash_is_the_key_unless_strict() {
    for (key, collision) in
        [(&b"getinfo"[..], &b"wob75td"[..]), (b"getstatus", b"4nn0rpc"), (b"rcon", b"481y7na")]
    {
        assert_eq!(rage(key), rage(collision));
        let [honest, odd] = [key, collision].map(|key| datagram(&[key, b" a b"].concat()));
        assert_eq!(Request::parse(&odd), Request::parse(&honest));
        assert!(Request::parse_strict(&odd).is_err());
    }
}

#[test]
fn strict_errors_name_field_and_offset() {
    let error = Request::parse_strict(b"\xFF\xFF\xFF\xFFgetinfo a b").unwrap_err();
    assert_eq!((error.field, error.offset), ("challenge", 13));
    assert_eq!(error.kind, ErrorKind::Trailing { left: 2 });
    let error = Request::parse_strict(b"\xFF\xFF\xFF\xFFgetinfo 123456789").unwrap_err();
    assert_eq!(error.to_string(), "challenge at byte 12: longer than 8 bytes");
    assert!(Request::parse_strict(b"getinfo xyz").is_err());
}

/// Bytes without a separator.
fn word(length: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>().prop_filter("separator", |b| !b" \n".contains(b)), length)
}

proptest! {
    #[test]
    fn any_bytes_are_read(body in prop::collection::vec(any::<u8>(), 0..64), prefixed: bool) {
        let datagram = if prefixed { datagram(&body) } else { body };
        let request = Request::parse(&datagram);
        prop_assert_eq!(request.is_some(), is_out_of_band(&datagram));
        if let Ok(strict) = Request::parse_strict(&datagram) {
            prop_assert_eq!(request, Some(strict));
        }
    }

    #[test]
    fn known_keys_with_any_data_are_read(
        key in prop::sample::select(vec!["getinfo", "getstatus", "rcon"]),
        data in "[ \n]?[ \nab\0\u{80}]{0,12}",
    ) {
        let datagram = datagram(format!("{key}{data}").as_bytes());
        let request = Request::parse(&datagram).expect("out of band");
        let written = request.to_vec();
        prop_assert_eq!(written.len(), request.encoded_len());
        // What is written is read as the same request; only the first separator may differ.
        prop_assert_eq!(Request::parse(&written), Some(request));
        if let Ok(strict) = Request::parse_strict(&datagram) {
            prop_assert_eq!(strict, request);
            prop_assert_eq!(Request::parse_strict(&written), Ok(request));
        }
    }

    #[test]
    fn requests_survive_the_wire(
        challenge in word(0..9),
        password in word(1..20),
        command in prop::collection::vec(any::<u8>(), 1..20),
    ) {
        let expected = Request::GetInfo { challenge: &challenge };
        let datagram = getinfo(&challenge);
        prop_assert_eq!(Request::parse_strict(&datagram), Ok(expected));
        let datagram = rcon(&password, &command);
        let command = [b" ", &command[..]].concat();
        let expected = Request::Rcon { password: &password, command: &command };
        prop_assert_eq!(Request::parse_strict(&datagram), Ok(expected));
    }
}
