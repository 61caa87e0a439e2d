//! Tickets, signed with a key that everybody has, and servers that ask for them.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cfx_control::texts::server as texts;
use cfx_control::ticket::mint::{Mint, test_key};
use cfx_control::ticket::{PublicKey, TicketExtra};
use cfx_net::server::Application;
use cfx_session::server::{Config, Decision, Event, Verdict};

use super::game::{Knock, init_connect_fields, knock};
use crate::case::{Outcome, Stop, skipped};
use crate::embedded;
use crate::target::{Own, Target};

/// The id of the servers that [`own`] starts, and the `si` of tickets.
const SERVER_ID: &str = "conformance";

/// The bytes of a signature.
pub const SIGNATURE: usize = 128;

/// A server that asks for tickets.
pub struct Asking<'a> {
    /// It, where it is ours and has the test key.
    pub own: Option<Own>,
    remote: &'a Target,
}

impl Asking<'_> {
    /// It, as a target.
    pub fn target(&self) -> &Target {
        self.own.as_ref().map_or(self.remote, |own| &own.target)
    }
}

/// A server that asks for tickets: ours, or the target if it does.
///
/// # Errors
/// The case is skipped where the target asks for none.
pub async fn asking(target: &Target) -> Outcome<Asking<'_>> {
    match own(target, knowing(test_public_key()?)) {
        Ok(own) => Ok(Asking { own: Some(own), remote: target }),
        Err(Stop::Skipped(_)) => {
            let guid = target.guid();
            match knock(target, &guid, &init_connect_fields(&guid)).await? {
                Knock::Refused(text) if text == texts::NO_TICKET => {
                    Ok(Asking { own: None, remote: target })
                }
                Knock::Refused(text) => {
                    Err(skipped(format!("the target refuses players for another reason: {text}")))
                }
                Knock::Admitted(_) => Err(skipped("the target asks for no tickets (sv_lan is on)")),
            }
        }
        Err(stop) => Err(stop),
    }
}

/// Starts a server of ours that asks for tickets.
///
/// # Errors
/// The case is skipped where the target is not ours.
pub fn own(target: &Target, application: Application) -> Outcome<Own> {
    let config = Config { lan: false, server_id: SERVER_ID.to_owned(), ..embedded::config() };
    target.own_with(config, application)
}

/// An application that has this key and lets everybody in.
pub fn knowing(key: PublicKey) -> Application {
    Box::new(move |event| decide(event, Some(&key)))
}

fn decide(event: &Event, key: Option<&PublicKey>) -> Vec<Decision> {
    match event {
        Event::TicketKeyWanted => vec![Decision::TicketKey(key.cloned())],
        Event::Connecting { client, .. } => {
            vec![Decision::Handled { client: *client, verdict: Verdict::Continue }]
        }
        _ => Vec::new(),
    }
}

/// What an application was told, for a case to look at.
pub type Seen = Arc<Mutex<Vec<Event>>>;

/// An application that also keeps what it is told.
pub fn watching(key: Option<PublicKey>) -> (Application, Seen) {
    let seen = Seen::default();
    let keep = Arc::clone(&seen);
    let application: Application = Box::new(move |event| {
        keep.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone());
        decide(event, key.as_ref())
    });
    (application, seen)
}

/// The key to the tickets that the cases sign. To make it takes a while.
///
/// # Errors
/// Never: the key is a good one.
pub fn test_public_key() -> Outcome<PublicKey> {
    static KEY: OnceLock<PublicKey> = OnceLock::new();
    if let Some(key) = KEY.get() {
        return Ok(key.clone());
    }
    let key = test_key().map_err(|error| skipped(format!("no test key: {error}")))?;
    Ok(KEY.get_or_init(|| PublicKey::from(&key)).clone())
}

/// A ticket for this guid, which is good for five minutes unless the case changes that.
///
/// # Errors
/// Never: the key is a good one.
pub fn ticket(guid: &str, change: impl FnOnce(&mut Mint)) -> Outcome<Vec<u8>> {
    let hash = core::array::from_fn(|at| u8::try_from(at).unwrap_or_default() | 0xA0);
    let json = br#"{"gn":"gta5","si":"conformance","tk":["live:1","discord:2"],"hw":["3:4"]}"#;
    let mut mint = Mint {
        guid: guid.parse().unwrap_or_default(),
        expiry: now() + 300,
        extra: TicketExtra { entitlement_hash: Some(hash), extra_json: Some(json.to_vec()) },
    };
    change(&mut mint);
    let key = test_key().map_err(|error| skipped(format!("no test key: {error}")))?;
    let field = mint.sign(&key).map_err(|error| skipped(format!("no ticket: {error}")))?;
    STANDARD.decode(field).map_err(|error| skipped(format!("no ticket: {error}")))
}

/// Seconds since 1970.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// Writes a length into a ticket; a ticket that has no such place stays as it is.
pub fn set(ticket: &mut [u8], at: usize, value: u32) {
    if let Some(place) = ticket.get_mut(at..at + 4) {
        place.copy_from_slice(&value.to_le_bytes());
    }
}

/// Changes one bit of a ticket.
pub fn flip(ticket: &mut [u8], at: usize) {
    if let Some(byte) = ticket.get_mut(at) {
        *byte ^= 1;
    }
}

/// Sends an `initConnect` with a ticket.
///
/// # Errors
/// As [`knock`].
pub async fn present(target: &Target, guid: &str, ticket: &[u8]) -> Outcome<Knock> {
    present_text(target, guid, &STANDARD.encode(ticket)).await
}

/// As [`present`], with the field as it is.
///
/// # Errors
/// As [`knock`].
pub async fn present_text(target: &Target, guid: &str, ticket: &str) -> Outcome<Knock> {
    let mut fields = init_connect_fields(guid);
    fields.push(("cfxTicket2", ticket));
    knock(target, guid, &fields).await
}
