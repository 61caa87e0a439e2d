//! Every text that a player or an operator reads, in one place, by the stage that shows it.
//!
//! Peers and tools match on some of these, so they are the reference's, to the byte. A text that a
//! server sends stands in [`server`] and [`dropped`]; a text that a client makes up itself stands in
//! [`progress`] and [`client`].

/// What a client shows while it connects, in the order of a normal join (SPEC CLIENT-2; reference:
/// `net/src/NetLibrary.cpp`).
pub mod progress {
    /// First `GET /info.json`.
    pub const VARIABLES: &str = "Requesting server variables...";
    /// The ticket (`cfxTicket2`) is asked for.
    pub const TICKET: &str = "Requesting authentication ticket...";
    /// The Steam ticket (`authTicket`) is asked for.
    pub const STEAM_TICKET: &str = "Obtaining Steam ticket...";
    /// `initConnect` goes out.
    pub const HANDSHAKE: &str = "Handshaking with server...";
    /// `getEndpoints` goes out.
    pub const ENDPOINTS: &str = "Requesting server endpoints...";
    /// Second `GET /info.json`.
    pub const PERMISSIONS: &str = "Requesting server permissions...";
    /// The policy service is asked.
    pub const POLICY: &str = "Requesting server feature policy...";
    /// The content stage begins.
    pub const DOWNLOADING: &str = "Downloading content";
    /// The content stage is over.
    pub const DOWNLOADED: &str = "Downloading completed";

    /// `getinfo` goes out for the `attempt`-th time, counted from 1.
    pub fn fetching_info(attempt: u32) -> String {
        format!("Fetching info from server...{}", attempt_suffix(attempt))
    }

    /// An ENet connection is tried for the `attempt`-th time, counted from 1.
    pub fn connecting(attempt: u32) -> String {
        format!("Connecting to server...{}", attempt_suffix(attempt))
    }

    fn attempt_suffix(attempt: u32) -> String {
        if attempt > 1 { format!(" (attempt {attempt})") } else { String::new() }
    }
}

/// What a client says of a connection that failed, stage by stage (reference:
/// `net/src/NetLibrary.cpp`).
pub mod client {
    use crate::policy::Slots;

    // Server variables.

    /// The first `/info.json` failed; `detail` is what the HTTP client says of it.
    pub fn variables_failed(detail: &str) -> String {
        format!("Failed to fetch server variables. {detail}")
    }

    /// `sv_enforceGameBuild` names a build that the client does not know.
    pub fn invalid_enforced_build(build: i32) -> String {
        format!("Server specified an invalid game build enforcement ({build}).")
    }

    /// `sv_defaultGameBuild` names a build that the client does not know.
    pub fn invalid_default_build(build: i32) -> String {
        format!("Server specified an invalid default game build ({build}).")
    }

    // Tickets.

    /// Steam gave no ticket, for this reason.
    pub fn steam_ticket_failed(reason: &str) -> String {
        format!("Failed to obtain Steam ticket, {reason}.")
    }

    /// Steam gave an empty ticket, and the server wants one.
    pub const STEAM_TICKET_EMPTY: &str = "Failed to obtain Steam ticket, ticket response is empty.";

    // The handshake.

    /// `initConnect` failed as a request; `detail` may be empty.
    pub fn handshake_failed(url: &str, detail: &str) -> String {
        let dash = if detail.is_empty() { "" } else { " - " };
        format!("Failed handshake to server {url}{dash}{detail}.")
    }

    /// The answer to `initConnect` ended before its final value.
    pub fn closed_while_deferring(url: &str) -> String {
        format!("Failed handshake to server {url} - it closed the connection while deferring.")
    }

    /// The server answered with an `error`.
    pub fn rejected(error: &str) -> String {
        format!("Connection rejected by server: {error}")
    }

    /// A `defer` without a `deferVersion`.
    pub const OUTDATED_DEFERRAL: &str = "Server is using a outdated deferVersion. Please update the server or contact the server owner.";
    /// A final value without `sH`.
    pub const NO_SH: &str = "Invalid server response from initConnect (missing JSON data), is this server running a broken resource?";
    /// A `RedM` client at a server of another game.
    pub const WRONG_GAME: &str = "This server is not compatible with RedM, as it's for FiveM. Please join an actual RedM server instead.";
    /// A `bitVersion` below the first.
    pub const OUTDATED_SERVER: &str =
        "Server is outdated. Please update the server or contact the server owner.";
    /// `netlibVersion` 3 or 4.
    pub const NETLIB_UNSUPPORTED: &str = "NetLibraryImplV3/NetLibraryImplV4 are no longer supported. Please reset `netlib` to the default value.";
    /// Any other `netlibVersion` but 2.
    pub const NETLIB_LEGACY: &str = "Legacy servers are incompatible with this version of CitizenFX. Please tell the server owner to the server to the latest FXServer build. See https://fivem.net/ for more info.";

    /// The chosen endpoint names no address.
    pub fn unresolved_endpoint(endpoint: &str) -> String {
        format!("Could not resolve returned endpoint: {endpoint}")
    }

    // Permissions and policy.

    /// The second `/info.json` failed.
    pub const PERMISSIONS_FAILED: &str = "Failed to fetch /info.json to obtain policy metadata.";
    /// The policy request failed.
    pub const POLICY_REQUEST_FAILED: &str = "Requesting policy failed.";
    /// The policy answer is not JSON.
    pub const POLICY_UNPARSABLE: &str = "Parsing policy failed.";
    /// The policy answer is JSON, but no array.
    pub const POLICY_NO_ARRAY: &str = "Parsing policy failed (2).";

    /// The second `/info.json` could not be read; the text ends in a line feed.
    pub fn permissions_unreadable(detail: &str) -> String {
        format!("Info get failed for {detail}\n")
    }

    /// A needed policy could not be looked up; `fact` is one of the three texts above.
    pub fn policy_unknown(fact: &str) -> String {
        format!("Could not check server feature policy. {fact}")
    }

    /// The server has more slots than its policies allow.
    pub fn too_many_slots(slots: &Slots) -> String {
        let hint = if slots.needs_onesync_on {
            "\nUsing 128 slots with 'Element Club Aurum' requires you to enable OneSync 'on' (formerly named 'Infinity'), not 'legacy'. Check your server configuration."
        } else {
            ""
        };
        format!(
            "This server uses more slots than allowed by the current subscription. The allowed slot count is {}, but the server has a maximum slot count of {}.{hint}",
            slots.allowed, slots.wanted
        )
    }

    // UDP.

    /// Reason of leaving when `getinfo` stays unanswered.
    pub const FETCH_TIMED_OUT: &str = "Fetching info timed out.";
    /// Reason of leaving when the ENet connection does not come up, or goes silent.
    pub const CONNECT_TIMED_OUT: &str = "Connection timed out.";
    /// Shown when the ENet connection does not come up.
    pub const CONNECT_FAILED: &str = "Failed to connect to server after 3 attempts.";
    /// Reason of leaving when the player connects elsewhere.
    pub const OTHER_SERVER: &str = "Connecting to another server.";
}

/// What a server answers to `POST /client` (as `error`) and to its HTTP routes.
pub mod server {
    use crate::game::Game;

    // The route (`ClientHttpHandler.cpp`).

    /// HTTP 405 for another method (SPEC HTTP-1).
    pub const POST_ONLY: &str = "/client is POST only";
    /// The body is over its bound (SPEC HTTP-2).
    pub const TOO_BIG: &str = "POST data too big";
    /// No `method` field (SPEC HTTP-3).
    pub const MISSING_METHOD: &str = "missing method";
    /// An unknown `method` (SPEC HTTP-3).
    pub const INVALID_METHOD: &str = "invalid method";
    /// A field that the method needs is not there (SPEC HTTP-9).
    pub const FIELDS_MISSING: &str = "fields missing";
    /// `submitCard` with an unknown token (SPEC HTTP-24).
    pub const NO_CLIENT: &str = "no client";

    // initConnect, in the order of its checks (`InitConnectMethod.cpp`).

    /// The server has not settled yet (SPEC HTTP-8).
    pub const STARTING: &str = "The server is starting up.";
    /// A protocol below 12 (SPEC HTTP-10).
    pub const VERSION_MISMATCH: &str = "Client/server version mismatch. Restart your game client to update. If that did not help, this server is using too new a version for the current game client.";
    /// No `cfxTicket2` (SPEC TICKET-1).
    pub const NO_TICKET: &str = "No authentication ticket was specified.";
    /// The key service did not answer (SPEC TICKET-7).
    pub const KEY_FAILED: &str = "public key request failed.";
    /// The key service did not answer the second time (SPEC TICKET-6).
    pub const KEY_FAILED_AGAIN: &str = "public key request failed (2).";
    /// The ticket is for another game (SPEC TICKET-8).
    pub const TICKET_GAME: &str = "CitizenFX ticket authorization failed. (3)";
    /// The ticket is for another server (SPEC TICKET-8).
    pub const TICKET_SERVER: &str = "CitizenFX ticket authorization failed. (4)";
    /// The client's identifiers are not trusted enough.
    pub const IDENTIFIERS: &str = "You can not join this server due to your identifiers being insufficient. Please try starting Steam or another identity provider and try again.";
    /// A cancelled `playerConnecting` without a reason of its own (SPEC DEFER-10).
    pub const PREVENTED: &str = "Resource prevented connection.";

    /// The client runs another game (SPEC HTTP-11).
    pub fn game_mismatch(client: &str, server: Game) -> String {
        format!("Client/Server game mismatch: {client}/{}", server.name())
    }

    /// A ticket failed one of its named checks; `check` is that check's text (SPEC TICKET-7).
    pub fn ticket_failed(check: &str) -> String {
        format!("Ticket authorization failed. {check}")
    }

    /// A ticket could not be read at all (SPEC TICKET-7).
    pub fn ticket_unreadable(detail: &str) -> String {
        format!("Parsing error while verifying ticket. {detail}")
    }

    /// `gameBuild` names no build (SPEC HTTP-15).
    pub fn invalid_build(field: &str) -> String {
        format!("Invalid game build has been passed ({field}).")
    }

    /// `gameBuild` is not the enforced one (SPEC HTTP-15).
    pub fn other_build(game: Game, enforced: &str, client: i32) -> String {
        let advice =
            if game == Game::Gta5 { " Tell the server owner to remove this check." } else { "" };
        format!(
            "This server requires a different game build ({enforced}) from the one you're using ({client}).{advice}"
        )
    }

    /// The revision of `gameBuild` is not the expected one (SPEC HTTP-15).
    pub fn other_revision(build: i32, client: i32, expected: i32) -> String {
        format!(
            "Client/Server game build revision mismatch: you are running game build {build} revision {client}, while server expects revision {expected}.\n\nFor more information, please <a href=\"https://aka.cfx.re/game-build-revision-mismatch\">click here</a>."
        )
    }

    /// Too many clients are connecting (SPEC SERVER-5). This library's own: the reference's tables
    /// have no bound.
    pub const NO_ROOM: &str =
        "The server can't take any more connections right now. Try again later.";

    // getConfiguration (`GetConfigurationMethod.cpp`).

    /// No client of that token or address (SPEC MANIFEST-1).
    pub const NOT_A_CLIENT: &str = "Not a valid client.";
    /// The client has not passed `initConnect` yet (SPEC MANIFEST-2).
    pub const STILL_CONNECTING: &str = "Client is still connecting.";
    /// Too many requests; also the body of HTTP 429 (SPEC MANIFEST-3, INFO-6).
    pub const RATE_LIMIT: &str = "Rate limit exceeded.";
}

/// What a server tells a client as it drops it: the reason of an out-of-band `error` (SPEC SERVER-4;
/// reference: `GameServer.cpp`).
pub mod dropped {
    /// The handshake's token is not the client's (SPEC GAME-4).
    pub const INVALID_TOKEN: &str = "Invalid connection token received.";
    /// The handshake came before `initConnect` was done (SPEC GAME-5).
    pub const INVALID_CONNECTION: &str = "Invalid connection.";
    /// No free slot (SPEC GAME-6).
    pub const NO_SLOT: &str = "Not enough client slot IDs.";
    /// A newer client of the same guid came (SPEC HTTP-13).
    pub const RECONNECTING: &str = "Reconnecting";
    /// The client closed its `initConnect` while it was deferred (SPEC DEFER-9). Nobody is there to
    /// read it but the server's own application.
    pub const WENT_AWAY: &str = "The player went away while connecting.";
    /// No reason was given.
    pub const DROPPED: &str = "Dropped.";

    /// Too many `msgServerEvent`.
    pub const EVENT_OVERFLOW: &str = "Reliable network event overflow.";
    /// Too many `msgServerCommand`.
    pub const COMMAND_OVERFLOW: &str = "Reliable server command overflow.";
    /// Too many state bag messages, or too much in them.
    pub const STATE_BAG_OVERFLOW: &str = "Reliable state bag packet overflow.";
    /// Too many fragments of events.
    pub const FRAGMENT_OVERFLOW: &str = "latent event packet overflow.";
    /// Too many events in fragments.
    pub const LATENT_EVENT_OVERFLOW: &str = "Unreliable network event overflow.";

    /// Too many bytes of `msgServerEvent`; `name` is that of the last.
    pub fn event_size(name: &str) -> String {
        format!("Reliable network event size overflow: {name}")
    }

    /// Too many bytes of `msgServerCommand`; `command` is the last.
    pub fn command_size(command: &str) -> String {
        format!("Reliable server command size overflow: {command}")
    }

    /// Nothing came from the client for too long (SPEC SERVER-2); `milliseconds` since the last.
    pub fn timed_out(milliseconds: u64) -> String {
        format!("Server->client connection timed out. Last seen {milliseconds} msec ago.")
    }
}
