//! The JSON values with which a server answers `initConnect` and `submitCard`, and how a client
//! reads them (SPEC HTTP-4, HTTP-16, HTTP-18, DEFER-1).
//!
//! Members are written sorted by the bytes of their names, without white space, as the reference's
//! JSON library does. Every function here gives one value without the CR LF that ends it in a
//! streamed answer.

use serde::ser::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::bit_version;
use crate::game::Game;
use crate::json::{self, member};
use crate::texts::client;

/// The answer to a `submitCard` that was taken (SPEC HTTP-24).
pub const CARD_TAKEN: &str = r#"{"result":"ok"}"#;

/// The `protocol` of the final value.
pub const PROTOCOL: u32 = 5;

/// The only `netlibVersion` that clients still speak (SPEC HTTP-23).
pub const NETLIB_VERSION: u32 = 2;

/// A refusal: `{"error":text}` (SPEC HTTP-4).
pub fn error(text: &str) -> String {
    json!({ "error": text }).to_string()
}

/// A deferral's progress text; `None`, or empty text, is the keep-alive (SPEC DEFER-1, DEFER-3).
///
/// ```
/// use cfx_control::answer::deferral_message;
/// assert_eq!(deferral_message(None), r#"{"defer":true,"deferVersion":2,"message":null}"#);
/// ```
pub fn deferral_message(message: Option<&str>) -> String {
    let message = message.filter(|text| !text.is_empty());
    json!({ "defer": true, "deferVersion": 2, "message": message }).to_string()
}

/// A deferral's card, itself JSON text, for the client of that connection token (SPEC DEFER-6).
pub fn deferral_card(card: &str, token: &str) -> String {
    json!({ "defer": true, "deferVersion": 2, "card": card, "token": token }).to_string()
}

/// The final value of `initConnect` (SPEC HTTP-16): the client is in.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "so it is on the wire")]
pub struct Accepted {
    /// The server's protocol: [`PROTOCOL`].
    pub protocol: u32,
    /// What the game channel can do, 0 when the server does not say; see [`bit_version`].
    pub bit_version: u64,
    /// `sv_pureLevel`: 0 to 2.
    pub pure: i64,
    /// `sH`: whether script hooks are allowed.
    pub sh: bool,
    /// Whether the server helps with hosting; never under `OneSync`.
    pub enhanced_host_support: bool,
    /// `OneSync` is on.
    pub onesync: bool,
    /// `OneSync` big mode.
    pub onesync_big: bool,
    /// `OneSync` length hack: 16-bit object ids.
    pub onesync_lh: bool,
    /// `OneSync` population.
    pub onesync_population: bool,
    /// The connection token.
    pub token: String,
    /// The client's own `gameName`, empty when it sent none.
    pub gamename: String,
    /// The game channel's implementation: [`NETLIB_VERSION`].
    pub netlib_version: u32,
    /// `sv_maxClients`.
    pub max_clients: i64,
    /// What resources hand over to the client (SPEC DEFER-7).
    pub handover: Map<String, Value>,
    /// Members that are none of these, `endpoints` among them.
    pub extra: Map<String, Value>,
}

impl Default for Accepted {
    /// A server of today, with everything off and 48 slots.
    fn default() -> Self {
        Self {
            protocol: PROTOCOL,
            bit_version: bit_version::CURRENT,
            pure: 0,
            sh: false,
            enhanced_host_support: false,
            onesync: false,
            onesync_big: false,
            onesync_lh: false,
            onesync_population: false,
            token: String::new(),
            gamename: String::new(),
            netlib_version: NETLIB_VERSION,
            max_clients: 48,
            handover: Map::new(),
            extra: Map::new(),
        }
    }
}

impl Accepted {
    /// The value as the server writes it.
    pub fn to_json(&self) -> String {
        self.value().to_string()
    }

    fn value(&self) -> Value {
        json::object(
            &self.extra,
            [
                ("protocol", self.protocol.into()),
                ("bitVersion", self.bit_version.into()),
                ("pure", self.pure.into()),
                ("sH", self.sh.into()),
                ("enhancedHostSupport", self.enhanced_host_support.into()),
                ("onesync", self.onesync.into()),
                ("onesync_big", self.onesync_big.into()),
                ("onesync_lh", self.onesync_lh.into()),
                ("onesync_population", self.onesync_population.into()),
                ("token", self.token.as_str().into()),
                ("gamename", self.gamename.as_str().into()),
                ("netlibVersion", self.netlib_version.into()),
                ("maxClients", self.max_clients.into()),
                ("handover", self.handover.clone().into()),
            ],
        )
    }

    /// Refuses a game channel that clients do not speak (SPEC HTTP-23). A client looks at this as it
    /// sends the second `GET /info.json`, after it has the endpoints.
    ///
    /// # Errors
    /// The text for the player.
    pub const fn check_netlib(&self) -> Result<(), &'static str> {
        match self.netlib_version {
            NETLIB_VERSION => Ok(()),
            3 | 4 => Err(client::NETLIB_UNSUPPORTED),
            _ => Err(client::NETLIB_LEGACY),
        }
    }

    /// Reads what is left to read once `sH`, the game's name and the bit version are checked.
    ///
    /// The reference reads these members only after `getEndpoints`; the text of an error is the same.
    fn read(object: &Map<String, Value>, sh: bool, bit_version: u64) -> Result<Self, String> {
        let flag = |name| member(object, name).map_or(Ok(false), json::boolean);
        let text = |name| object.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let handover = match member(object, "handover") {
            None => Map::new(),
            Some(Value::Object(handover)) => handover.clone(),
            Some(other) => return Err(json::not_an_object(other)),
        };
        // An older server's population flag is not looked at, whatever it is.
        let population = bit_version::supports(bit_version, bit_version::ONESYNC_POPULATION);
        let netlib_version = object.get("netlibVersion").map_or(Ok(1), json::small);
        // C's `int`: the low 32 bits, signed.
        let max_clients = member(object, "maxClients").map_or(Ok(64), json::small)?.cast_signed();
        Ok(Self {
            enhanced_host_support: flag("enhancedHostSupport")?,
            onesync: flag("onesync")?,
            onesync_lh: flag("onesync_lh")?,
            onesync_big: flag("onesync_big")?,
            onesync_population: population && flag("onesync_population")?,
            max_clients: max_clients.into(),
            protocol: json::small(object.get("protocol").unwrap_or(&Value::Null))?,
            netlib_version: netlib_version?,
            bit_version,
            pure: object.get("pure").and_then(Value::as_i64).unwrap_or_default(),
            sh,
            token: text("token"),
            gamename: text("gamename"),
            handover,
            extra: unknown_members(object),
        })
    }
}

impl Serialize for Accepted {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(out)
    }
}

fn unknown_members(object: &Map<String, Value>) -> Map<String, Value> {
    const KNOWN: [&str; 14] = [
        "protocol",
        "bitVersion",
        "pure",
        "sH",
        "enhancedHostSupport",
        "onesync",
        "onesync_big",
        "onesync_lh",
        "onesync_population",
        "token",
        "gamename",
        "netlibVersion",
        "maxClients",
        "handover",
    ];
    let mut extra = object.clone();
    extra.retain(|name, _| !KNOWN.contains(&name.as_str()));
    extra
}

/// One value of the answer to `initConnect`, as a client takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// A connection token, to be remembered whatever else the value says.
    pub token: Option<String>,
    /// What the value says.
    pub body: ReplyBody,
}

/// What a value of the answer to `initConnect` says.
#[derive(Debug, Clone, PartialEq)]
pub enum ReplyBody {
    /// The connection is deferred: show this text, if any, and go on reading.
    Progress(Option<String>),
    /// The connection is deferred: show this card, and go on reading.
    Card {
        /// The card: JSON text.
        card: String,
        /// The token with which to answer it.
        token: String,
    },
    /// A deferral of an older server.
    OutdatedDeferral,
    /// The server refuses, with its own text.
    Rejected(String),
    /// A final value without `sH`.
    NoSh,
    /// A final value for another game.
    WrongGame,
    /// A final value of a bit version too old.
    OutdatedServer,
    /// The client is in.
    Accepted(Box<Accepted>),
    /// A member is of the wrong type, or the text no JSON: what the client shows.
    Unreadable(String),
}

impl Reply {
    /// Reads one value in the reference client's order (SPEC HTTP-18; `NetLibrary.cpp`): the token,
    /// a deferral, an error, `sH`, the game's name (`RedM` only), the bit version, the rest.
    ///
    /// `defer` may have any value but null, `false` too. A value `null` counts as `{}`. Text that is
    /// no JSON at all is for the reader of the stream to refuse; here it is
    /// [`ReplyBody::Unreadable`] with a text of this library's.
    ///
    /// ```
    /// use cfx_control::answer::{Reply, ReplyBody};
    /// use cfx_control::game::Game;
    /// let reply = Reply::read(r#"{"error":"You are banned."}"#, Game::Gta5);
    /// assert_eq!(reply.body.failure().unwrap(), "Connection rejected by server: You are banned.");
    /// ```
    pub fn read(text: &str, game: Game) -> Self {
        let object = match serde_json::from_str(text) {
            Ok(Value::Object(object)) => object,
            Ok(Value::Null) => Map::new(),
            Ok(other) => return Self::unreadable(json::not_an_object(&other)),
            Err(error) => return Self::unreadable(error.to_string()),
        };
        let token = match member(&object, "token").map(json::string).transpose() {
            Ok(token) => token.map(str::to_owned),
            Err(text) => return Self::unreadable(text),
        };
        let body = read_body(&object, game).unwrap_or_else(ReplyBody::Unreadable);
        Self { token, body }
    }

    fn unreadable(text: String) -> Self {
        Self { token: None, body: ReplyBody::Unreadable(text) }
    }
}

impl ReplyBody {
    /// The text with which the client gives up, unless it goes on (SPEC HTTP-19).
    pub fn failure(&self) -> Option<String> {
        match self {
            Self::Progress(_) | Self::Card { .. } | Self::Accepted(_) => None,
            Self::OutdatedDeferral => Some(client::OUTDATED_DEFERRAL.to_owned()),
            Self::Rejected(text) => Some(client::rejected(text)),
            Self::NoSh => Some(client::NO_SH.to_owned()),
            Self::WrongGame => Some(client::WRONG_GAME.to_owned()),
            Self::OutdatedServer => Some(client::OUTDATED_SERVER.to_owned()),
            Self::Unreadable(text) => Some(text.clone()),
        }
    }
}

fn read_body(object: &Map<String, Value>, game: Game) -> Result<ReplyBody, String> {
    let text = |value| json::string(value).map(str::to_owned);
    if member(object, "defer").is_some() {
        return read_deferral(object);
    }
    if let Some(error) = member(object, "error") {
        return Ok(ReplyBody::Rejected(text(error)?));
    }
    let Some(sh) = member(object, "sH") else { return Ok(ReplyBody::NoSh) };
    let sh = json::boolean(sh)?;
    if game == Game::Rdr3 {
        let name = member(object, "gamename").map(json::string).transpose()?;
        if name != Some(game.name()) {
            return Ok(ReplyBody::WrongGame);
        }
    }
    let bit_version = member(object, "bitVersion").map_or(Ok(0), json::unsigned)?;
    if bit_version::is_outdated(bit_version) {
        return Ok(ReplyBody::OutdatedServer);
    }
    Ok(ReplyBody::Accepted(Box::new(Accepted::read(object, sh, bit_version)?)))
}

fn read_deferral(object: &Map<String, Value>) -> Result<ReplyBody, String> {
    let text = |value| json::string(value).map(str::to_owned);
    if member(object, "deferVersion").is_none() {
        return Ok(ReplyBody::OutdatedDeferral);
    }
    if let Some(message) = member(object, "message") {
        return Ok(ReplyBody::Progress(Some(text(message)?)));
    }
    let Some(card) = member(object, "card") else { return Ok(ReplyBody::Progress(None)) };
    let token = object.get("token").unwrap_or(&Value::Null);
    Ok(ReplyBody::Card { card: text(card)?, token: text(token)? })
}
