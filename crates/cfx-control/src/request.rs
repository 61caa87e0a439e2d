//! The bodies of `POST /client`: the four methods and their fields (SPEC HTTP-2, HTTP-3, HTTP-9).

use std::borrow::Cow;
use std::collections::BTreeMap;

use cfx_wire::form::{self, Form};
use cfx_wire::number::{atoi, strtoull};

use crate::texts::server;

mod name;

pub use name::{display_name, replace_invalid};

/// The longest body that a server reads, in bytes (SPEC HTTP-2).
pub const MAX_BODY: usize = 102_400;

/// The protocol of today's clients, and the lowest that a server takes (SPEC HTTP-10).
pub const PROTOCOL: i32 = 12;

/// What a client's guid begins with; its low 32 bits count its attempts (SPEC CLIENT-9).
pub const CLIENT_GUID_BASE: u64 = 0x0210_0001_0000_0000;

/// A decoded body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// A client asks to join.
    InitConnect(InitConnect),
    /// A player answers a card.
    SubmitCard(SubmitCard),
    /// A client asks where to connect to.
    GetEndpoints(GetEndpoints),
    /// A client asks for the manifest.
    GetConfiguration(GetConfiguration),
}

/// The `method` field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `initConnect`.
    InitConnect,
    /// `submitCard`.
    SubmitCard,
    /// `getEndpoints`.
    GetEndpoints,
    /// `getConfiguration`.
    GetConfiguration,
}

/// Why a body is none of the four requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestError {
    /// Longer than [`MAX_BODY`].
    TooBig,
    /// No `method`.
    MissingMethod,
    /// A `method` that no server has.
    InvalidMethod,
    /// A field that the method needs is not there. A server that is starting up says so before it
    /// says this of an `initConnect` (SPEC HTTP-8).
    MissingFields(Method),
}

/// `initConnect`: a client asks to join. Values are bytes as they were sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InitConnect {
    /// The player's name; see [`display_name`].
    pub name: Vec<u8>,
    /// The client's id; see [`guid_number`].
    pub guid: Vec<u8>,
    /// The client's protocol as text; see [`InitConnect::protocol_number`].
    pub protocol: Vec<u8>,
    /// `gameBuild`; see [`crate::game::check_build`].
    pub game_build: Option<Vec<u8>>,
    /// `gameName`; see [`crate::game::Game::accepts`].
    pub game_name: Option<Vec<u8>>,
    /// `cfxTicket2`; see [`crate::ticket`].
    pub cfx_ticket: Option<Vec<u8>>,
    /// `authTicket`, Steam's.
    pub auth_ticket: Option<Vec<u8>>,
    /// Every other field.
    pub other: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// `submitCard`: what a player entered into a card (SPEC HTTP-24).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SubmitCard {
    /// JSON, unless the client is up to something.
    pub data: Vec<u8>,
    /// The connection token.
    pub token: Vec<u8>,
}

/// `getEndpoints` (SPEC HTTP-21).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GetEndpoints {
    /// The connection token.
    pub token: Vec<u8>,
}

/// `getConfiguration` (SPEC MANIFEST-1, MANIFEST-5).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GetConfiguration {
    /// The only resources that the client wants to hear of, separated by `;`.
    pub resources: Option<Vec<u8>>,
}

impl Request {
    /// Reads a body as the server does: its size, the form, the method, then the method's fields.
    /// Costs time linear in the body.
    ///
    /// # Errors
    /// See [`RequestError`]; its [`text`](RequestError::text) is the server's answer.
    ///
    /// ```
    /// use cfx_control::request::{GetEndpoints, Request};
    /// let request = Request::parse(b"method=getEndpoints&token=6f1c0b9e");
    /// assert_eq!(request, Ok(Request::GetEndpoints(GetEndpoints { token: b"6f1c0b9e".to_vec() })));
    /// assert_eq!(Request::parse(b"method=x").unwrap_err().text(), "invalid method");
    /// ```
    pub fn parse(body: &[u8]) -> Result<Self, RequestError> {
        if body.len() > MAX_BODY {
            return Err(RequestError::TooBig);
        }
        let form = Form::decode(body);
        let method = form.get("method").ok_or(RequestError::MissingMethod)?;
        let method = Method::from_name(method).ok_or(RequestError::InvalidMethod)?;
        let field = |name| form.get(name).map(<[u8]>::to_vec);
        let needed = |name| field(name).ok_or(RequestError::MissingFields(method));
        Ok(match method {
            Method::InitConnect => Self::InitConnect(InitConnect {
                name: needed("name")?,
                guid: needed("guid")?,
                protocol: needed("protocol")?,
                game_build: field("gameBuild"),
                game_name: field("gameName"),
                cfx_ticket: field("cfxTicket2"),
                auth_ticket: field("authTicket"),
                other: other_fields(&form),
            }),
            Method::SubmitCard => {
                Self::SubmitCard(SubmitCard { data: needed("data")?, token: needed("token")? })
            }
            Method::GetEndpoints => Self::GetEndpoints(GetEndpoints { token: needed("token")? }),
            Method::GetConfiguration => {
                Self::GetConfiguration(GetConfiguration { resources: field("resources") })
            }
        })
    }

    /// The request's method.
    pub const fn method(&self) -> Method {
        match self {
            Self::InitConnect(_) => Method::InitConnect,
            Self::SubmitCard(_) => Method::SubmitCard,
            Self::GetEndpoints(_) => Method::GetEndpoints,
            Self::GetConfiguration(_) => Method::GetConfiguration,
        }
    }

    /// The body as a client writes it (SPEC WIRE-4, HTTP-20).
    ///
    /// A server's form decoder stops at an empty value, so that a client should have none; keys of
    /// [`InitConnect::other`] are written as they are, invalid UTF-8 in them replaced.
    pub fn to_body(&self) -> Vec<u8> {
        let mut pairs = vec![(Cow::Borrowed("method"), self.method().name().as_bytes())];
        let mut add = |name, value| pairs.push((Cow::Borrowed(name), value));
        match self {
            Self::InitConnect(request) => {
                add("name", &request.name);
                add("guid", &request.guid);
                add("protocol", &request.protocol);
                let optional = [
                    ("gameBuild", &request.game_build),
                    ("gameName", &request.game_name),
                    ("cfxTicket2", &request.cfx_ticket),
                    ("authTicket", &request.auth_ticket),
                ];
                for (name, value) in optional {
                    if let Some(value) = value {
                        add(name, value);
                    }
                }
                let other = request.other.iter();
                pairs.extend(other.map(|(key, value)| (String::from_utf8_lossy(key), &value[..])));
            }
            Self::SubmitCard(request) => {
                add("data", &request.data);
                add("token", &request.token);
            }
            Self::GetEndpoints(request) => add("token", &request.token),
            Self::GetConfiguration(request) => {
                if let Some(resources) = &request.resources {
                    add("resources", resources);
                }
            }
        }
        let pairs: Vec<_> = pairs.iter().map(|(key, value)| (&**key, *value)).collect();
        let mut body = Vec::new();
        form::encode(&pairs, &mut body);
        body
    }
}

impl Method {
    const ALL: [Self; 4] =
        [Self::InitConnect, Self::SubmitCard, Self::GetEndpoints, Self::GetConfiguration];

    /// The value of the `method` field.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InitConnect => "initConnect",
            Self::SubmitCard => "submitCard",
            Self::GetEndpoints => "getEndpoints",
            Self::GetConfiguration => "getConfiguration",
        }
    }

    /// The method of that name; case counts.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name().as_bytes() == name)
    }
}

impl RequestError {
    /// The `error` that the server answers.
    pub const fn text(self) -> &'static str {
        match self {
            Self::TooBig => server::TOO_BIG,
            Self::MissingMethod => server::MISSING_METHOD,
            Self::InvalidMethod => server::INVALID_METHOD,
            Self::MissingFields(_) => server::FIELDS_MISSING,
        }
    }
}

impl std::fmt::Display for RequestError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for RequestError {}

impl InitConnect {
    /// The client's protocol as the server reads it: by `atoi` (SPEC WIRE-7).
    pub fn protocol_number(&self) -> i32 {
        atoi(&self.protocol)
    }

    /// `gameName`, empty where the client sent none.
    pub fn game_name(&self) -> &[u8] {
        self.game_name.as_deref().unwrap_or_default()
    }
}

/// The number in a guid: what a ticket is bound to. Read by `strtoull` (SPEC HTTP-13, WIRE-7).
///
/// Clients of one server are told apart by the bytes of their guid, not by this number.
pub fn guid_number(guid: &[u8]) -> u64 {
    strtoull(guid)
}

/// The field that a client sends for the number of [`client_guid`].
pub fn guid_text(guid: u64) -> String {
    guid.to_string()
}

/// A client's guid at one attempt; it raises `attempt` each time, from an arbitrary start.
///
/// ```
/// assert_eq!(cfx_control::request::client_guid(0x13DD_7CD6), 148_618_792_331_476_182);
/// ```
pub const fn client_guid(attempt: u32) -> u64 {
    // A `u32` fits: nothing is lost.
    CLIENT_GUID_BASE | attempt as u64
}

fn other_fields(form: &Form<'_>) -> BTreeMap<Vec<u8>, Vec<u8>> {
    const KNOWN: [&[u8]; 8] = [
        b"method",
        b"name",
        b"guid",
        b"protocol",
        b"gameBuild",
        b"gameName",
        b"cfxTicket2",
        b"authTicket",
    ];
    let other = form.iter().filter(|(key, _)| !KNOWN.contains(key));
    other.map(|(key, value)| (key.to_vec(), value.to_vec())).collect()
}
