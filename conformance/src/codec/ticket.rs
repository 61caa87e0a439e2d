//! Tickets, with a key that the request gives.

use cfx_control::ticket::{PublicKey, Ticket, TicketError, TicketExtra};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::input::{arguments, unhex};
use super::{BAD_INPUT, Refusal, hex};

#[derive(Deserialize)]
struct Arguments<'a> {
    ticket: &'a str,
    guid: &'a str,
    now: u64,
    key_n: &'a str,
    key_e: &'a str,
}

/// `verify_ticket`
pub(super) fn verify(input: &Value) -> Result<Value, Refusal> {
    let given: Arguments<'_> = arguments(input)?;
    let guid = given.guid.parse().map_err(|_| BAD_INPUT)?;
    let (n, e) = (number(given.key_n)?, number(given.key_e)?);
    let key = PublicKey::from_components(&n, &e).map_err(|_| BAD_INPUT)?;
    let extra = verified(given.ticket, guid, given.now, &key)
        .map_err(|error| Refusal::Error(error.kind()))?;
    let mut shown = Map::new();
    if let Some(hash) = extra.entitlement_hash {
        shown.insert("entitlement_hash".to_owned(), json!(hex(&hash)));
    }
    if let Some(text) = extra.extra_json {
        shown.insert("extra_json".to_owned(), json!(hex(&text)));
    }
    Ok(Value::Object(shown))
}

/// A number in hex, which may have an odd number of digits.
fn number(text: &str) -> Result<Vec<u8>, Refusal> {
    let even = text.len().next_multiple_of(2);
    unhex(&format!("{text:0>even$}")).ok_or(BAD_INPUT)
}

/// All checks but that of the first use.
fn verified(
    ticket: &str,
    guid: u64,
    now: u64,
    key: &PublicKey,
) -> Result<TicketExtra, TicketError> {
    let ticket = Ticket::decode(ticket.as_bytes())?;
    ticket.check(guid, now)?;
    ticket.verify(key)?;
    ticket.verify_extra(key)
}
