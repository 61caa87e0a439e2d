//! The stages A–I of a connection, as a client's log shows them.

use super::{Marker, MarkerKind};

/// The text that every connection begins with (SPEC CLIENT-2).
pub(super) const FIRST: &str = "Requesting server variables...";

/// A stage of the specification. `G`, the server's check of the handshake, shows in no client's
/// log; it is part of the time at `F`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Discovery,
    Variables,
    Handshake,
    Policy,
    Content,
    Connect,
    Connected,
    LaterContent,
}

impl Stage {
    pub(super) fn letter(self) -> char {
        match self {
            Stage::Discovery => 'A',
            Stage::Variables => 'B',
            Stage::Handshake => 'C',
            Stage::Policy => 'D',
            Stage::Content => 'E',
            Stage::Connect => 'F',
            Stage::Connected => 'H',
            Stage::LaterContent => 'I',
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Stage::Discovery => "getinfo",
            Stage::Variables => "server variables",
            Stage::Handshake => "tickets, initConnect, deferrals",
            Stage::Policy => "endpoints, permissions, policy",
            Stage::Content => "manifest and downloads",
            Stage::Connect => "ENet connect, handshake",
            Stage::Connected => "connectOK and after",
            Stage::LaterContent => "downloads while connected",
        }
    }
}

/// The stage of each marker of one connection.
///
/// A text that is the server's own, or an error, belongs to the stage in which it came.
pub(super) fn stages(markers: &[Marker]) -> Vec<Stage> {
    let mut stage = Stage::Variables;
    let mut connected = false;
    let of_marker = |marker: &Marker| {
        let told = match &marker.kind {
            MarkerKind::Progress(text) => of_progress(text),
            MarkerKind::Policy(_) => Some(Stage::Policy),
            MarkerKind::ConnectOk { .. } | MarkerKind::NetworkConnected(_) => {
                connected = true;
                Some(Stage::Connected)
            }
            MarkerKind::Error(_) | MarkerKind::GlobalError(_) | MarkerKind::Disconnected(_) => None,
        };
        stage = match told {
            Some(Stage::Content) if connected => Stage::LaterContent,
            Some(told) => told,
            None => stage,
        };
        stage
    };
    markers.iter().map(of_marker).collect()
}

/// The connections of a log: each begins where the client asks for the server's variables. What
/// comes before the first is the end of one that the log does not hold from its beginning.
pub(super) fn connections(markers: &[Marker]) -> impl Iterator<Item = &[Marker]> {
    markers.chunk_by(|_, next| !matches!(&next.kind, MarkerKind::Progress(text) if text == FIRST))
}

/// The stage that a progress text of the client's own names.
fn of_progress(text: &str) -> Option<Stage> {
    Some(match text {
        FIRST => Stage::Variables,
        "Requesting authentication ticket..."
        | "Obtaining Steam ticket..."
        | "Handshaking with server..." => Stage::Handshake,
        "Requesting server endpoints..."
        | "Requesting server permissions..."
        | "Requesting server feature policy..." => Stage::Policy,
        "Downloading content" | "Downloading completed" | "Loading content manifest..." => {
            Stage::Content
        }
        // Both may end in ` (attempt N)`.
        text if text.starts_with("Fetching info from server...") => Stage::Discovery,
        text if text.starts_with("Connecting to server...") => Stage::Connect,
        text if text.starts_with(MANIFEST) || resources(text).is_some() => Stage::Content,
        _ => return None,
    })
}

const MANIFEST: &str = "Downloading content manifest";

/// How much of the manifest a progress text says there is: `Downloading content manifest (N kB)`,
/// or `(n/N kB)` when the server told its size. In units of 1000 bytes.
pub(super) fn manifest_size(text: &str) -> Option<f64> {
    let sizes = text.strip_prefix(MANIFEST)?.strip_prefix(" (")?.strip_suffix(" kB)")?;
    sizes.rsplit('/').next()?.parse().ok()
}

/// How many resources there are by a progress text: `Mounted NAME (i of N)`, or
/// `Verifying NAME (i of N - n/m MiB)` and the same with `Downloading`.
pub(super) fn resources(text: &str) -> Option<u32> {
    let (what, rest) = text.split_once(' ')?;
    if !matches!(what, "Mounted" | "Verifying" | "Downloading") {
        return None;
    }
    let (_name, counts) = rest.rsplit_once(" (")?;
    let (_at, total) = counts.strip_suffix(')')?.split_once(" of ")?;
    total.split(' ').next()?.parse().ok()
}
