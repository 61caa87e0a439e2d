//! Tickets (SPEC TICKET-2 to TICKET-9).

use std::sync::LazyLock;

use cfx_control::game::Game;
use cfx_control::ticket::mint::{Mint, test_key};
use cfx_control::ticket::{Claims, KeyError, PublicKey, Ticket, TicketError, TicketExtra};
use cfx_fixtures::{hex, unhex};
use proptest::collection::vec;
use proptest::prelude::*;
use rsa::RsaPrivateKey;
use serde_json::{Map, Value, json};

fn verify(field: &[u8], guid: u64, now: u64, key: &PublicKey) -> Result<TicketExtra, TicketError> {
    let ticket = Ticket::decode(field)?;
    ticket.check(guid, now)?;
    ticket.verify(key)?;
    ticket.verify_extra(key)
}

#[test]
fn vectors() {
    cfx_fixtures::check("ticket", 18, |case| {
        assert_eq!(case.op, "verify_ticket");
        let text = |name: &str| case.input[name].as_str().expect(name);
        let exponent = text("key_e");
        let exponent =
            unhex(&format!("{exponent:0>width$}", width = exponent.len().next_multiple_of(2)));
        let key = PublicKey::from_components(&case.bytes("key_n"), &exponent).expect("a key");
        let guid = text("guid").parse().expect("a guid");
        let now = case.input["now"].as_u64().expect("a time");
        let extra = verify(text("ticket").as_bytes(), guid, now, &key);
        let extra = extra.map_err(|error| error.kind().to_owned())?;
        let hash =
            extra.entitlement_hash.map(|hash| ("entitlement_hash".into(), json!(hex(&hash))));
        let json = extra.extra_json.map(|json| ("extra_json".into(), json!(hex(&json))));
        Ok(Value::Object(hash.into_iter().chain(json).collect::<Map<_, _>>()))
    });
}

const GUID: u64 = 148_618_792_331_476_182;
const EXPIRY: u64 = 2_000_000_000;
const CLAIMS: &[u8] = br#"{"gn":"gta5","hw":["2:aa"],"si":"abcd12","tk":["discord:1","fivem:2"]}"#;

static KEY: LazyLock<RsaPrivateKey> = LazyLock::new(|| test_key().expect("the key is good"));
static PUBLIC: LazyLock<PublicKey> = LazyLock::new(|| (&*KEY).into());
static FULL: LazyLock<String> = LazyLock::new(|| mint(full()));

fn mint(extra: TicketExtra) -> String {
    Mint { guid: GUID, expiry: EXPIRY, extra }.sign(&KEY).expect("it signs")
}

fn full() -> TicketExtra {
    TicketExtra { entitlement_hash: Some([0x0a; 20]), extra_json: Some(CLAIMS.to_vec()) }
}

#[test]
fn minted_tickets_verify() {
    let hash_only = TicketExtra { extra_json: None, ..full() };
    for extra in [full(), hash_only, TicketExtra::default()] {
        let field = mint(extra.clone());
        assert_eq!(Ticket::decode(field.as_bytes()).unwrap().key(), (EXPIRY, GUID));
        assert_eq!(verify(field.as_bytes(), GUID, EXPIRY, &PUBLIC), Ok(extra));
    }
}

#[test]
fn every_prefix_of_the_field_is_an_error() {
    let field = FULL.clone();
    let digits = field.trim_end_matches('=');
    cfx_fixtures::prefixes(digits.as_bytes(), |prefix| {
        assert!(verify(prefix, GUID, EXPIRY, &PUBLIC).is_err());
    });
    assert!(verify(digits.as_bytes(), GUID, EXPIRY, &PUBLIC).is_ok());
}

#[test]
fn bytes_after_the_ticket_break_its_second_signature() {
    let mut data = base64_decode(&FULL);
    data.push(0);
    let error = verify(base64_encode(&data).as_bytes(), GUID, EXPIRY, &PUBLIC);
    assert_eq!(error, Err(TicketError::InvalidExtraSignature));
}

#[test]
fn texts_are_the_reference_s() {
    use TicketError as E;
    let unreadable = |field: &[u8]| Ticket::decode(field).unwrap_err().text();
    assert_eq!(
        unreadable(b"AAAA!"),
        "Parsing error while verifying ticket. base64_decode: invalid base64 character '!'"
    );
    assert_eq!(
        unreadable(b"AAAA="),
        "Parsing error while verifying ticket. base64 decoding failed, input did not have full bytes"
    );
    for (error, text) in [
        (E::InvalidLength, "Ticket authorization failed. Invalid ticket length."),
        (E::InvalidInnerLength, "Ticket authorization failed. Invalid ticket length. (2)"),
        (
            E::Expired,
            "Ticket authorization failed. Ticket expired. Please check your server's system time.",
        ),
        (E::MismatchingGuid, "Ticket authorization failed. Mismatching GUID."),
        (E::Reused, "Ticket authorization failed. Reused ticket."),
        (E::InvalidSignatureLength, "Ticket authorization failed. Invalid signature length."),
        (E::InvalidSignature, "Ticket authorization failed. Invalid ticket signature."),
        (E::InvalidExtra, "Ticket authorization failed. (2)"),
        (E::InvalidExtraSignature, "Ticket authorization failed. (2)"),
    ] {
        assert_eq!(error.text(), text);
    }
}

#[test]
fn base64_is_read_as_the_reference_s_library_reads_it() {
    let field = FULL.clone();
    let expected = Ticket::decode(field.as_bytes()).unwrap();
    let digits = field.trim_end_matches('=');
    // This ticket ends in an incomplete group, so that padding is free.
    assert_ne!(digits.len() % 4, 0);
    let spaced = digits.replace('A', " A\r\n\t");
    let padded_inside = format!("==={}=", digits.replacen('E', "=E=", 1));
    for same in [digits, &spaced, &padded_inside, &format!("{digits}====== ")] {
        assert_eq!(Ticket::decode(same.as_bytes()).as_ref(), Ok(&expected), "{same}");
    }
    // Digits after padding go on: the padding counts for nothing.
    let kind = |text: &[u8]| Ticket::decode(text).unwrap_err().kind();
    assert_eq!(kind(b"AA==AA"), "invalid_length");
    assert_eq!(kind(b"AAAA "), "invalid_length");
    assert_eq!(kind(b"A"), "invalid_length");
    assert_eq!(kind(b" "), "invalid_length");
    assert_eq!(kind(b"="), "invalid_base64");
    assert_eq!(kind(b"AAAA ="), "invalid_base64");
    assert_eq!(kind(b"AAAA\x0b"), "invalid_base64");
    assert_eq!(kind(b"AA-_"), "invalid_base64");
}

#[test]
fn claims_identify_the_player() {
    let extra = full();
    let license = format!("license:{}", "0a".repeat(20));
    assert_eq!(extra.identifiers(), [&license, "discord:1", "fivem:2"]);
    assert_eq!(extra.claims().tokens, ["2:aa"]);
    assert_eq!(extra.check(Game::Gta5, "abcd12"), Ok(()));
    let failed = |game, id| extra.check(game, id).unwrap_err();
    assert_eq!(failed(Game::Rdr3, "x"), "CitizenFX ticket authorization failed. (3)");
    assert_eq!(failed(Game::Gta5, "x"), "CitizenFX ticket authorization failed. (4)");
    assert!(TicketExtra::default().check(Game::Gta5, "").is_err());
}

#[test]
fn claims_stop_at_the_first_bad_entry() {
    let claims =
        |json: &str| TicketExtra { entitlement_hash: None, extra_json: Some(json.into()) }.claims();
    let read = claims(r#"{"gn":5,"tk":["a",1,"b"],"hw":["c"]}"#);
    assert_eq!(read, Claims { identifiers: vec!["a".into()], ..Claims::default() });
    assert_eq!(claims(r#"{"tk":"a","hw":["c",null]}"#).tokens, ["c"]);
    assert_eq!(claims("[]"), Claims::default());
    assert_eq!(claims(r#"{"gn":"gta5""#), Claims::default());
}

#[test]
fn keys_come_from_the_key_service() {
    let key = PUBLIC.clone();
    let text = key.to_pkcs1_der_base64().unwrap();
    let answer = json!({ "key": text }).to_string();
    assert_eq!(PublicKey::from_answer(&answer), Ok(key));
    for bad in ["", "{}", r#"{"key":1}"#, r#"{"key":"AAAA"}"#, r#"{"key":"!"}"#] {
        assert_eq!(PublicKey::from_answer(bad), Err(KeyError), "{bad}");
    }
    cfx_fixtures::prefixes(text.trim_end_matches('=').as_bytes(), |prefix| {
        let prefix = std::str::from_utf8(prefix).expect("base64 is ASCII");
        assert_eq!(PublicKey::from_pkcs1_der_base64(prefix), Err(KeyError));
    });
    assert_eq!(PublicKey::from_components(&[], &[]), Err(KeyError));
}

fn base64_decode(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(text).expect("base64")
}

fn base64_encode(data: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(data)
}

proptest! {
    // RSA is slow without optimisation.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_field_is_a_ticket_or_an_error(field in vec(any::<u8>(), 0..300)) {
        let _ = Ticket::decode(&field);
    }

    #[test]
    fn any_bytes_after_a_good_head_are_refused(tail in vec(any::<u8>(), 132..400)) {
        let head = [&16u32.to_le_bytes()[..], &GUID.to_le_bytes(), &EXPIRY.to_le_bytes()].concat();
        let field = base64_encode(&[head, tail].concat());
        let ticket = Ticket::decode(field.as_bytes()).unwrap();
        prop_assert_eq!(ticket.check(GUID, 0), Ok(()));
        prop_assert!(ticket.verify(&PUBLIC).is_err());
        prop_assert!(ticket.verify_extra(&PUBLIC).is_err());
    }

    #[test]
    fn a_changed_byte_is_found(at: prop::sample::Index, bit in 0..8u32) {
        let mut data = base64_decode(&FULL);
        let at = at.index(data.len());
        data[at] ^= 1 << bit;
        let field = base64_encode(&data);
        prop_assert!(verify(field.as_bytes(), GUID, 0, &PUBLIC).is_err());
    }
}
