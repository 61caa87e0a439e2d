//! What the texts of a log mean.

use serde::{Deserialize, Serialize};

/// What a client said about its connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkerKind {
    /// A progress text as shown to the player; a deferral's may have several lines
    /// (SPEC CLIENT-2, DEFER-2, MANIFEST-8).
    Progress(String),
    /// The feature policies granted to the server, in the log's (byte) order (SPEC HTTP-25).
    Policy(Vec<String>),
    /// The server's `connectOK` was read (SPEC GAME-12).
    ConnectOk {
        /// The client's net id.
        server_id: u16,
        /// The client's slot.
        slot_id: u16,
        /// The host's net id; 65535 for none, as under `OneSync`.
        host_id: u16,
    },
    /// The first packet behind `connectOK` made the connection active (SPEC GAME-16).
    NetworkConnected(GameStart),
    /// The attempt ended with this text (SPEC HTTP-19).
    Error(String),
    /// An error of any part of the client, this one's time-outs among them. When it ends an
    /// attempt, an [`Error`](Self::Error) follows.
    GlobalError(String),
    /// The game left the network for this reason: the player's wish, or the server's words
    /// (SPEC CLIENT-6, CLIENT-7).
    Disconnected(String),
}

/// What an active connection has the game do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GameStart {
    /// It loads for the first time.
    Load,
    /// It was loaded already, for an earlier connection.
    Reload,
}

impl MarkerKind {
    /// The text that further lines may continue.
    pub(super) fn text_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::Progress(text)
            | Self::Error(text)
            | Self::GlobalError(text)
            | Self::Disconnected(text) => Some(text),
            Self::Policy(_) | Self::ConnectOk { .. } | Self::NetworkConnected(_) => None,
        }
    }
}

/// What one line's text is.
pub(super) enum Found {
    /// It begins a marker.
    Marker(MarkerKind),
    /// It says when the log began.
    Begun(String),
    /// It is too short to tell, or lacks its values.
    Damaged,
    /// It is about something else, or continues a marker's text.
    Nothing,
}

const PROGRESS: &str = "OnConnectionProgress: ";
const POLICY: &str = "Server feature policy is ";
const CONNECT_OK: &str = "Received connectOK: ";
const LOAD: &str = "Network connected, triggering initial game load...";
const RELOAD: &str = "Network connected, triggering game reload...";
const ERROR: &str = "OnConnectionError: ";
const GLOBAL_ERROR: &str = "Error: ";
const KILLED: &str = "Killing network: ";
const BEGUN: &str = "--- BEGIN LOGGING AT ";

const OPENINGS: [&str; 9] =
    [PROGRESS, POLICY, CONNECT_OK, LOAD, RELOAD, ERROR, GLOBAL_ERROR, KILLED, BEGUN];

/// The text as UTF-8, without colour codes (SPEC WIRE-6).
///
/// `whole` is false for a text that may have been cut in the middle of a code.
pub(super) fn plain(text: &[u8], whole: bool) -> String {
    let text = String::from_utf8_lossy(text);
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let next = chars.peek();
        let code = char == '^' && next.map_or(!whole, char::is_ascii_digit);
        if code {
            chars.next();
        } else {
            out.push(char);
        }
    }
    out
}

/// What a text is, by how it begins. `whole` is false for the last line of a cut log.
pub(super) fn recognise(text: &str, whole: bool) -> Found {
    if !whole
        && OPENINGS.iter().any(|opening| opening.len() > text.len() && opening.starts_with(text))
    {
        return Found::Damaged;
    }
    let kind = if let Some(message) = text.strip_prefix(PROGRESS) {
        MarkerKind::Progress(message.into())
    } else if let Some(message) = text.strip_prefix(ERROR) {
        MarkerKind::Error(message.into())
    } else if let Some(message) = text.strip_prefix(GLOBAL_ERROR) {
        MarkerKind::GlobalError(message.into())
    } else if let Some(reason) = text.strip_prefix(KILLED) {
        MarkerKind::Disconnected(reason.into())
    } else if let Some(list) = text.strip_prefix(POLICY) {
        MarkerKind::Policy(policies(list))
    } else if let Some(values) = text.strip_prefix(CONNECT_OK) {
        return connect_ok(values).map_or(Found::Damaged, Found::Marker);
    } else if text.starts_with(LOAD) {
        MarkerKind::NetworkConnected(GameStart::Load)
    } else if text.starts_with(RELOAD) {
        MarkerKind::NetworkConnected(GameStart::Reload)
    } else if let Some(when) = text.strip_prefix(BEGUN) {
        return Found::Begun(when.trim_end_matches([' ', '-']).into());
    } else {
        return Found::Nothing;
    };
    Found::Marker(kind)
}

/// `[one][two]`; a name without its bracket was cut and is left out.
fn policies(list: &str) -> Vec<String> {
    list.split_inclusive(']')
        .map_while(|part| part.strip_prefix('[')?.strip_suffix(']'))
        .map(Into::into)
        .collect()
}

/// `ServerID n, SlotID n, HostID n`.
fn connect_ok(values: &str) -> Option<MarkerKind> {
    let (server, rest) = values.strip_prefix("ServerID ")?.split_once(", SlotID ")?;
    let (slot, host) = rest.split_once(", HostID ")?;
    Some(MarkerKind::ConnectOk {
        server_id: server.parse().ok()?,
        slot_id: slot.parse().ok()?,
        host_id: host.trim_end().parse().ok()?,
    })
}
