//! The messages that the benches decode: the files of `fixtures/bench`, all of our own making.

use cfx_control::ticket::TicketExtra;
use cfx_control::ticket::mint::Mint;
use rsa::RsaPrivateKey;

/// A `getinfo` as the reference client sends it, a datagram.
pub const GETINFO: &[u8] = include_bytes!("../../fixtures/bench/getinfo.bin");

/// The body of an `initConnect` with a ticket.
pub const INIT_CONNECT: &[u8] = include_bytes!("../../fixtures/bench/init_connect.form");

/// The client's first packet, type included.
pub const HANDSHAKE: &[u8] = include_bytes!("../../fixtures/bench/handshake.bin");

/// The server's `connectOK`, type included.
pub const CONNECT_OK: &[u8] = include_bytes!("../../fixtures/bench/connect_ok.bin");

/// A ticket for the default server as a `cfxTicket2` field: with as many identifiers as players
/// usually have, and valid until 2033.
///
/// # Panics
/// When the key cannot sign.
pub fn ticket(guid: u64, key: &RsaPrivateKey) -> Vec<u8> {
    let claims = format!(
        concat!(
            r#"{{"gn":"gta5","hw":["2:{0:064x}","3:{0:064x}"],"si":"","#,
            r#""tk":["license2:{0:040x}","discord:{0:018}","fivem:{0:07}","#,
            r#""xbl:{0:016}","live:{0:015}"]}}"#,
        ),
        guid
    );
    let extra =
        TicketExtra { entitlement_hash: Some([0x5A; 20]), extra_json: Some(claims.into_bytes()) };
    let mint = Mint { guid, expiry: 2_000_000_000, extra };
    mint.sign(key).expect("a key that signs").into_bytes()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use cfx_control::request::{InitConnect, Request, guid_text};
    use cfx_control::ticket::mint::test_key;
    use cfx_game::frame::Payload;
    use cfx_game::handshake::c2s::ConnectHandshake;
    use cfx_game::handshake::s2c::ConnectOk;

    use super::*;

    /// In the reference client's form.
    const GUID: u64 = 0x0210_0001_13DD_7CD6;
    const TOKEN: &[u8] = b"6f1c0b9e-52a7-4d0e-9b3c-2f8a7e61d405";

    fn init_connect() -> Vec<u8> {
        let request = InitConnect {
            name: "Jörg & Söhne".into(),
            guid: guid_text(GUID).into(),
            protocol: b"12".to_vec(),
            game_build: Some(b"3258_0".to_vec()),
            game_name: Some(b"gta5".to_vec()),
            cfx_ticket: Some(ticket(GUID, &test_key().expect("a key"))),
            auth_ticket: None,
            other: BTreeMap::new(),
        };
        Request::InitConnect(request).to_body()
    }

    #[test]
    fn the_files_are_what_our_encoders_write() {
        assert_eq!(GETINFO, cfx_oob::c2s::getinfo(cfx_oob::c2s::CLIENT_CHALLENGE));
        assert_eq!(INIT_CONNECT, init_connect());
        let handshake = ConnectHandshake::new(TOKEN, GUID.to_string().as_bytes()).to_packet();
        assert_eq!(HANDSHAKE, handshake);
        let connect_ok = ConnectOk {
            net_id: 1,
            host_net_id: -1,
            host_base: -1,
            slot_id: 128,
            server_time: 86_400_000,
        };
        assert_eq!(CONNECT_OK, connect_ok.to_packet());
    }
}
