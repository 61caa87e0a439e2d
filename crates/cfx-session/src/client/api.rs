//! What goes into the client machine and what comes out of it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use cfx_control::game::Game;
use cfx_control::info::ClientBuild;
use cfx_control::manifest::{Manifest, ResourceProgress};
use cfx_game::handshake::s2c::ConnectOk;
use cfx_game::server_frame::ServerFrame;
use cfx_onesync::dictionary::Dictionary;

use super::{EntityEvent, EntityInput, ServerUrl};
use crate::Delivery;
use crate::http::{Call, Progress, RequestId};

/// A client's settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// The player's name.
    pub name: String,
    /// The game and the build of it that runs.
    pub build: ClientBuild,
    /// Where the feature policy is asked for: `URL` + `api/policy/` + the server's key token.
    pub policy_url: String,
    /// The preset dictionary of clients' streams. Without it the client cannot send objects.
    pub dictionary: Option<Arc<Dictionary>>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: "player".to_owned(),
            build: ClientBuild {
                game: Game::Gta5,
                build: Game::Gta5.default_build(),
                pure_level: 0,
                pool_sizes: BTreeMap::new(),
                default_build: Game::Gta5.default_build(),
            },
            policy_url: "https://policy-live.fivem.net/".to_owned(),
            dictionary: None,
        }
    }
}

/// The states of the reference client (SPEC CLIENT-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// Not connecting.
    #[default]
    Idle,
    /// From the first `/info.json` to the feature policy.
    Initing,
    /// The control plane is done; content comes next.
    InitReceived,
    /// The manifest and the content are fetched.
    Downloading,
    /// The content is there.
    DownloadComplete,
    /// `getinfo` is out.
    Fetching,
    /// The ENet connection and the handshake.
    Connecting,
    /// `connectOK` is there.
    Connected,
    /// The first message behind `connectOK` is there.
    Active,
}

/// What happened outside.
#[derive(Debug, Clone)]
pub enum Input<'a> {
    /// The player wants to join a server.
    Connect {
        /// Which.
        url: ServerUrl,
        /// The guid of this attempt. The reference raises it at every attempt
        /// ([`cfx_control::request::client_guid`], SPEC CLIENT-9).
        guid: u64,
    },
    /// An HTTP request went on.
    Http {
        /// Of which [`Output::Call`].
        id: RequestId,
        /// How.
        progress: Progress<'a>,
    },
    /// The answer to [`Event::TicketWanted`]: further fields for `initConnect`, such as
    /// `cfxTicket2`, or none for a server on a local network.
    Ticket(Vec<(String, Vec<u8>)>),
    /// The answer to [`Event::SteamTicketWanted`]: the `authTicket`, nothing, or why there is none.
    SteamTicket(Result<Option<String>, String>),
    /// The answer to [`Output::Resolve`].
    Resolved(Option<SocketAddr>),
    /// The content of one resource went on.
    Content {
        /// The resource.
        resource: &'a str,
        /// How.
        progress: ResourceProgress,
    },
    /// All content is in place.
    ContentDone,
    /// A datagram that begins FF FF FF FF.
    Datagram {
        /// Its sender.
        from: SocketAddr,
        /// All of it.
        data: &'a [u8],
    },
    /// ENet completed the connection that [`Output::Connect`] asked for.
    PeerConnected,
    /// A packet arrived.
    Packet(&'a [u8]),
    /// The ENet connection is gone, or did not come about.
    PeerGone,
    /// The player answers a card. Until the handshake ends a card can be answered more than once.
    SubmitCard {
        /// What was filled in, in JSON.
        data: &'a str,
    },
    /// A script triggers an event at the server. Like the inputs below it counts from `connectOK` on.
    TriggerServerEvent {
        /// The event's name.
        name: &'a str,
        /// Its arguments: an array in `MessagePack`.
        args: &'a [u8],
        /// In fragments, at so many bytes a second (0 is 25,000); else in one message.
        latent: Option<u32>,
    },
    /// The player typed a command for the server.
    SendCommand(&'a str),
    /// A script sets a value in a state bag.
    SetBag {
        /// The bag's name.
        bag: &'a str,
        /// The key.
        key: &'a str,
        /// The value in `MessagePack`; nil removes the key.
        value: &'a [u8],
    },
    /// Makes, changes and ends objects.
    Entity(EntityInput<'a>),
    /// Without `OneSync`: the client takes itself for the host.
    ClaimHost {
        /// Its base.
        base: u32,
    },
    /// Without `OneSync`: the client votes for another as host.
    VoteHost {
        /// The other's net id.
        net_id: u16,
        /// The other's base.
        base: u32,
    },
    /// Bytes for another client; under `OneSync`, for the server.
    Route {
        /// The other's net id; 65535 under `OneSync`.
        target: u16,
        /// The bytes, at most 65535.
        data: &'a [u8],
    },
    /// The player gives up before the connection is there.
    Cancel,
    /// The player leaves.
    Disconnect {
        /// What the server is told.
        reason: &'a str,
    },
}

/// What the caller must do.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Make an HTTP request and report it with [`Input::Http`].
    Call {
        /// Its name.
        id: RequestId,
        /// The request.
        call: Call,
    },
    /// Stop an HTTP request; nothing more of it is heard.
    Abort(RequestId),
    /// Look up `HOST` or `HOST:PORT` ([`DEFAULT_PORT`](super::DEFAULT_PORT)) and answer with [`Input::Resolved`].
    Resolve(String),
    /// Send a datagram from the client's UDP port.
    Datagram {
        /// To whom.
        to: SocketAddr,
        /// All of it.
        data: Vec<u8>,
    },
    /// Connect by ENet: two channels, MTU 1300, time-out 30 s (SPEC ENET-1, ENET-6).
    Connect {
        /// To whom.
        to: SocketAddr,
        /// The CONNECT's data.
        data: u32,
    },
    /// Send a packet.
    Packet {
        /// On which channel.
        channel: u8,
        /// How.
        delivery: Delivery,
        /// All of it, type included.
        payload: Vec<u8>,
    },
    /// Disconnect once what was sent is acknowledged; nothing more of the connection is heard.
    Disconnect,
    /// Forget the ENet connection at once; nothing more of it is heard.
    Reset,
    /// Tell the application.
    Event(Event),
}

/// What the application learns.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The state changed.
    State(State),
    /// A progress text for the player (`OnConnectionProgress`).
    Progress(String),
    /// A card to show; answer with [`Input::SubmitCard`].
    Card(String),
    /// A ticket is needed, for the server of this key token; answer with [`Input::Ticket`].
    TicketWanted {
        /// The server's `sv_licenseKeyToken`, if it has one.
        license_key_token: String,
    },
    /// A Steam ticket is wanted; answer with [`Input::SteamTicket`].
    SteamTicketWanted {
        /// Whether the server refuses clients without one.
        enforced: bool,
    },
    /// The server wants another build of the game (SPEC INFO-8); the client is idle again.
    BuildSwitch(ClientBuild),
    /// The server's feature policies, `[a][b]`.
    Policy(String),
    /// The content to fetch: [`Input::Content`], then [`Input::ContentDone`].
    Manifest(Manifest),
    /// `connectOK` arrived.
    ConnectOk(ConnectOk),
    /// The first message behind `connectOK` arrived: the game may load.
    NetworkConnected,
    /// The server triggers an event.
    NetEvent {
        /// The event's name: any bytes, not always UTF-8.
        name: Vec<u8>,
        /// Its arguments, which should be an array in `MessagePack`.
        args: Vec<u8>,
        /// Whether it came in fragments.
        latent: bool,
    },
    /// `onPlayerJoining`: a player is there, maybe this client itself.
    PlayerJoining {
        /// Its net id.
        net_id: u32,
        /// Its name.
        name: String,
        /// Its slot; 4294967295 without one.
        slot: u32,
    },
    /// `onPlayerDropped`: a player is gone.
    PlayerDropped {
        /// Its net id.
        net_id: u32,
        /// Its name.
        name: String,
        /// Its slot; 4294967295 without one.
        slot: u32,
    },
    /// Replicated console variables: all of them at first, then those that change.
    ConVars(BTreeMap<String, String>),
    /// `msgFrame` says something new.
    ServerFrame(ServerFrame),
    /// A resource of the server has started: its configuration can be asked for.
    ResourceStart(String),
    /// A resource of the server stops.
    ResourceStop(String),
    /// There is another host, or none: 65535.
    HostChanged {
        /// Its net id.
        net_id: u16,
        /// Its base.
        base: u32,
    },
    /// A value in a state bag. Clients of the reference keep those of `global` and of names that
    /// begin with `entity:` or `player:`.
    BagChange {
        /// The bag's name.
        bag: Vec<u8>,
        /// The key.
        key: Vec<u8>,
        /// The value in `MessagePack`; nil removes the key.
        value: Vec<u8>,
    },
    /// Without `OneSync`: bytes of another client.
    Route {
        /// The other's net id.
        net_id: u16,
        /// The bytes.
        data: Vec<u8>,
    },
    /// Something happened to an object.
    Entity(EntityEvent),
    /// A message that this machine does not handle, type included.
    Message(Vec<u8>),
    /// The attempt failed; the text is the player's. The client is idle again.
    Refused(String),
    /// The connection ended; the client is idle again.
    Disconnected {
        /// Why.
        reason: String,
        /// Whether it went silent, as opposed to being ended.
        timed_out: bool,
    },
}

impl Event {
    /// Whether this is what a message behind `connectOK` brought, of which a server may send any
    /// number, as opposed to how the connection itself goes on.
    pub const fn is_of_the_channel(&self) -> bool {
        matches!(
            self,
            Self::NetEvent { .. }
                | Self::PlayerJoining { .. }
                | Self::PlayerDropped { .. }
                | Self::ConVars(_)
                | Self::ServerFrame(_)
                | Self::ResourceStart(_)
                | Self::ResourceStop(_)
                | Self::HostChanged { .. }
                | Self::BagChange { .. }
                | Self::Route { .. }
                | Self::Entity(_)
                | Self::Message(_)
        )
    }
}
