//! `cfx-control`'s tickets: any bytes as one, tickets of any content, and the key service's answer.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cfx_control::game::Game;
use cfx_control::ticket::mint::{Mint, test_key};
use cfx_control::ticket::{PublicKey, Ticket, TicketError, TicketExtra};

use crate::source::Source;

static KEY: LazyLock<rsa::RsaPrivateKey> =
    LazyLock::new(|| test_key().expect("the numbers are good"));
static PUBLIC: LazyLock<PublicKey> = LazyLock::new(|| PublicKey::from(&*KEY));

/// A `cfxTicket2` field: a byte that says whether it is text or has yet to be encoded, then the
/// ticket; and the same bytes as the JSON in one.
pub fn control_ticket(data: &[u8]) {
    let mut source = Source::new(data);
    let text = source.take();
    let bytes = source.rest();
    let field = if text { bytes.to_vec() } else { STANDARD.encode(bytes).into_bytes() };
    match Ticket::decode(&field) {
        Ok(ticket) => {
            let (expiry, guid) = ticket.key();
            assert_eq!(ticket.check(guid, expiry), Ok(()));
            let first = ticket.verify(&PUBLIC).map_err(TicketError::text);
            if let (Ok(()), Ok(extra)) = (first, ticket.verify_extra(&PUBLIC)) {
                let _ = (extra.license(), extra.identifiers(), extra.check(Game::Gta5, "1"));
            }
        }
        Err(error) => {
            let _ = (error.kind(), error.text());
        }
    }
    let extra = TicketExtra { entitlement_hash: Some([7; 20]), extra_json: Some(bytes.to_vec()) };
    let claims = extra.claims();
    assert_eq!(extra.identifiers().len(), 1 + claims.identifiers.len());
}

/// A ticket of any content, signed with the key for tests: what is signed is read.
pub fn control_ticket_values(data: &[u8]) {
    let mut source = Source::new(data);
    let (guid, expiry) = (source.take(), source.take());
    let hash = source.take::<bool>().then(|| source.take());
    let json = (hash.is_some() && source.take()).then(|| source.rest().to_vec());
    let extra = TicketExtra { entitlement_hash: hash, extra_json: json };
    let mint = Mint { guid, expiry, extra };
    let field = mint.sign(&KEY).expect("the key signs");
    let ticket = Ticket::decode(field.as_bytes()).expect("our own");
    assert_eq!(ticket.key(), (expiry, guid));
    assert_eq!(ticket.verify(&PUBLIC), Ok(()));
    assert_eq!(ticket.verify_extra(&PUBLIC), Ok(mint.extra));
}

/// A key service's answer: a key, written, is read as the same, and refuses another key's ticket.
pub fn control_key(data: &[u8]) {
    static FIELD: LazyLock<String> =
        LazyLock::new(|| Mint::default().sign(&KEY).expect("the key signs"));
    let mut source = Source::new(data);
    let key = match source.pick(3) {
        0 => std::str::from_utf8(source.rest())
            .ok()
            .and_then(|text| PublicKey::from_answer(text).ok()),
        1 => PublicKey::from_pkcs1_der_base64(&STANDARD.encode(source.rest())).ok(),
        _ => {
            let exponent = source.bytes(8);
            PublicKey::from_components(source.rest(), exponent).ok()
        }
    };
    let Some(key) = key else { return };
    let text = key.to_pkcs1_der_base64().expect("a key can be written");
    assert_eq!(PublicKey::from_pkcs1_der_base64(&text).as_ref(), Ok(&key));
    let ticket = Ticket::decode(FIELD.as_bytes()).expect("our own");
    assert_eq!(ticket.verify(&key).is_ok(), key == *PUBLIC);
}
