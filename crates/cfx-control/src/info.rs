//! The documents that a server publishes about itself: `/info.json`, `/dynamic.json` and
//! `/players.json` (SPEC INFO-1 to INFO-5).
//!
//! Members are written sorted by the bytes of their names, without white space, as the reference's
//! JSON library does (`InfoHttpHandler.cpp`). Reading is lenient: a member may be missing, and a
//! number may stand where the reference has text, as other servers differ.

use std::collections::BTreeMap;

use cfx_wire::hash::rage;
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::json;

mod vars;

pub use vars::{BuildSwitch, BuildVars, ClientBuild, ServerVars, server_version};

/// `/info.json` (SPEC INFO-1).
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InfoJson {
    /// The server's product and version: `FXServer-…`.
    #[serde(default)]
    pub server: String,
    /// Always true in the reference.
    #[serde(default)]
    pub enhanced_host_support: bool,
    /// A PNG of 96 by 96 pixels, in base64.
    #[serde(default)]
    pub icon: Option<String>,
    /// The started resources, `hardcap` first (SPEC INFO-3).
    #[serde(default)]
    pub resources: Vec<String>,
    /// The server-info variables, without `sv_infoVersion` and `sv_hostname`.
    #[serde(default, deserialize_with = "text_map")]
    pub vars: BTreeMap<String, String>,
    /// The document's own hash; see [`InfoJson::with_version`].
    #[serde(default)]
    pub version: i64,
    /// Whether clients are to ask for a Steam ticket: `on` (which they take a missing member for),
    /// `off` or `unset`.
    #[serde(default = "steam_ticket_on")]
    pub request_steam_ticket: String,
    /// Whether a client without a Steam ticket must stay away.
    #[serde(default)]
    pub enforce_steam_auth: bool,
    /// Members that are none of these.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Default for InfoJson {
    /// The reference's document when nothing is started and no variable set, without its version.
    fn default() -> Self {
        Self {
            server: String::new(),
            enhanced_host_support: true,
            icon: None,
            resources: vec!["hardcap".to_owned()],
            vars: BTreeMap::new(),
            version: 0,
            request_steam_ticket: "unset".to_owned(),
            enforce_steam_auth: false,
            extra: Map::new(),
        }
    }
}

impl InfoJson {
    /// The document with its version, which discovery's `iv` repeats: the `rage` hash of the document
    /// that has version 0, without its highest bit (SPEC INFO-2).
    #[must_use]
    pub fn with_version(mut self) -> Self {
        self.version = 0;
        self.version = i64::from(rage(self.to_json().as_bytes()) & 0x7FFF_FFFF);
        self
    }

    /// The document as the server writes it.
    pub fn to_json(&self) -> String {
        self.value().to_string()
    }

    fn value(&self) -> Value {
        let mut extra = self.extra.clone();
        if let Some(icon) = &self.icon {
            extra.insert("icon".to_owned(), icon.as_str().into());
        }
        let vars = self.vars.iter().map(|(name, value)| (name.clone(), value.as_str().into()));
        json::object(
            &extra,
            [
                ("server", self.server.as_str().into()),
                ("enhancedHostSupport", self.enhanced_host_support.into()),
                ("resources", self.resources.clone().into()),
                ("vars", Value::Object(vars.collect())),
                ("version", self.version.into()),
                ("requestSteamTicket", self.request_steam_ticket.as_str().into()),
                ("enforceSteamAuth", self.enforce_steam_auth.into()),
            ],
        )
    }
}

impl Serialize for InfoJson {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(out)
    }
}

/// `/dynamic.json` (SPEC INFO-4): `clients` is a number, everything else text.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(default)]
pub struct DynamicJson {
    /// How many clients are connected.
    #[serde(deserialize_with = "count")]
    pub clients: u64,
    /// The `gametype` variable.
    #[serde(deserialize_with = "json::text")]
    pub gametype: String,
    /// The `sv_hostname` variable, colour codes included.
    #[serde(deserialize_with = "json::text")]
    pub hostname: String,
    /// The info version.
    #[serde(deserialize_with = "json::text")]
    pub iv: String,
    /// The `mapname` variable.
    #[serde(deserialize_with = "json::text")]
    pub mapname: String,
    /// The `sv_maxclients` variable.
    #[serde(deserialize_with = "json::text")]
    pub sv_maxclients: String,
    /// Members that are none of these.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl DynamicJson {
    /// The document as the server writes it.
    pub fn to_json(&self) -> String {
        self.value().to_string()
    }

    fn value(&self) -> Value {
        json::object(
            &self.extra,
            [
                ("clients", self.clients.into()),
                ("gametype", self.gametype.as_str().into()),
                ("hostname", self.hostname.as_str().into()),
                ("iv", self.iv.as_str().into()),
                ("mapname", self.mapname.as_str().into()),
                ("sv_maxclients", self.sv_maxclients.as_str().into()),
            ],
        )
    }
}

impl Serialize for DynamicJson {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(out)
    }
}

/// One entry of `/players.json` (SPEC INFO-5).
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(default)]
pub struct PlayerJson {
    /// The player's address, `127.0.0.1` under endpoint privacy (SPEC INFO-9).
    pub endpoint: String,
    /// The player's net id.
    pub id: u32,
    /// `license:…` and the like; empty for whoever may not see them.
    pub identifiers: Vec<String>,
    /// The player's name.
    pub name: String,
    /// The round trip in milliseconds, -1 when unknown.
    pub ping: i64,
    /// Members that are none of these.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl PlayerJson {
    fn value(&self) -> Value {
        json::object(
            &self.extra,
            [
                ("endpoint", self.endpoint.as_str().into()),
                ("id", self.id.into()),
                ("identifiers", self.identifiers.clone().into()),
                ("name", self.name.as_str().into()),
                ("ping", self.ping.into()),
            ],
        )
    }
}

impl Serialize for PlayerJson {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(out)
    }
}

/// `/players.json` as the server writes it.
pub fn players_json(players: &[PlayerJson]) -> String {
    players.iter().map(PlayerJson::value).collect::<Value>().to_string()
}

fn steam_ticket_on() -> String {
    "on".to_owned()
}

/// An object of text.
fn text_map<'de, D: Deserializer<'de>>(input: D) -> Result<BTreeMap<String, String>, D::Error> {
    let members = Map::deserialize(input)?;
    let text = |(name, value): (String, Value)| Some((name, json::as_text(&value)?));
    // A variable that is neither text nor number means nothing to anybody.
    Ok(members.into_iter().filter_map(text).collect())
}

/// A number, or text that is one.
fn count<'de, D: Deserializer<'de>>(input: D) -> Result<u64, D::Error> {
    let text = json::text(input)?;
    text.parse().map_err(|_| D::Error::custom("not a count"))
}
