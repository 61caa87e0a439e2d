//! The game channel behind `connectOK`, but for `OneSync`'s frames: events, variables, state bags,
//! resources, the host and the time (reference: `ResourceNetBindings.cpp`, `CloneManager.cpp`,
//! `NetLibraryImplV2.cpp`).

use cfx_control::answer::Accepted;
use cfx_control::bit_version;
use cfx_game::command::ServerCommand;
use cfx_game::event::{EventName, NetEvent, ServerEvent};
use cfx_game::frame::Payload;
use cfx_game::host::c2s::{HeHost, IHost};
use cfx_game::route;
use cfx_game::s2c::Message;
use cfx_game::server_frame::ServerFrame;
use cfx_game::state_bag::{StateBag, StateBagV2};
use cfx_onesync::state_bag::{MAX_WRITTEN, StateBagV1};
use cfx_wire::{Decode, Encode};

use super::clock::Clock;
use super::latent::Latent;
use super::{Client, Delivery, Event, Stage};
use crate::msgpack;
use crate::time::Time;

/// What the server said of itself, and what is under way with it.
#[derive(Default)]
pub(super) struct Session {
    bit_version: u64,
    onesync: bool,
    pub(super) clock: Clock,
    pub(super) latent: Latent,
    /// The latest `msgFrame`.
    frame: Option<ServerFrame>,
}

impl Session {
    pub(super) fn new(accepted: &Accepted) -> Self {
        Self { bit_version: accepted.bit_version, onesync: accepted.onesync, ..Self::default() }
    }

    pub(super) fn supports(&self, feature: u64) -> bool {
        bit_version::supports(self.bit_version, feature)
    }

    /// Whether the client acknowledges frames by ARQ instead of NAK.
    pub(super) fn is_arq(&self) -> bool {
        self.frame.is_some_and(ServerFrame::is_arq)
    }

    /// When something of it is due.
    pub(super) fn due(&self) -> Option<Time> {
        [self.clock.due(), self.latent.due()].into_iter().flatten().min()
    }
}

impl Client {
    /// The server's time, as far as it is known.
    pub const fn clock(&self) -> &Clock {
        &self.session.clock
    }

    /// What the server last said in `msgFrame`: lockdown and the style of acknowledgements.
    pub const fn server_frame(&self) -> Option<ServerFrame> {
        self.session.frame
    }

    /// The client is active: it asks for the time, which a server without `OneSync` has not.
    pub(super) fn begin_session(&mut self, now: Time) {
        if self.session.onesync {
            self.session.clock.start(now);
        }
    }

    pub(super) fn session_due(&mut self, now: Time) {
        if self.session.clock.due().is_some_and(|due| due <= now) {
            let request = self.session.clock.request(now);
            self.send(0, Delivery::Reliable, request.to_packet());
        }
        self.send_fragments(now);
    }

    /// A message behind `connectOK`. What cannot be read is ignored.
    pub(super) fn message(&mut self, packet: &[u8], now: Time) {
        let Ok(message) = Message::from_slice(packet) else { return };
        match message {
            Message::NetEvent(event) => self.net_event(&event),
            Message::ConVars(con_vars) => {
                if let Some(values) = msgpack::read_texts(con_vars.data) {
                    self.event(Event::ConVars(values));
                }
            }
            Message::Frame(frame) => self.server_frame_came(frame),
            Message::ResStart(start) => {
                let name = String::from_utf8_lossy(start.resource_name).into_owned();
                self.event(Event::ResourceStart(name));
            }
            Message::ResStop(stop) => {
                let name = String::from_utf8_lossy(stop.resource_name).into_owned();
                self.event(Event::ResourceStop(name));
            }
            Message::IHost(host) => {
                let (net_id, base) = (host.net_id, host.base_num);
                self.event(Event::HostChanged { net_id, base });
            }
            Message::TimeSync(answer) => self.session.clock.answer(&answer, now),
            Message::StateBag(StateBag { data }) => {
                if let Ok(StateBagV1 { name, key, value }) = StateBagV1::from_slice(data) {
                    self.bag_change(name, key, value);
                }
            }
            Message::StateBagV2(StateBagV2 { bag_name, key, data }) => {
                self.bag_change(bag_name, key, data);
            }
            Message::ObjectIds(ids) => self.object_ids_came(&ids),
            Message::PackedClones(clones) => self.packed_clones(&clones),
            Message::PackedAcks(acks) => self.packed_acks(&acks),
            Message::ReassembledEvent(message) => self.fragment_v1(&message, now),
            Message::ReassembledEventV2(message) => self.fragment_v2(&message, now),
            Message::Route(route) if !self.session.onesync => {
                let (net_id, data) = (route.net_id, route.data.to_vec());
                self.event(Event::Route { net_id, data });
            }
            _ => self.event(Event::Message(packet.to_vec())),
        }
    }

    /// The events that introduce players are told in their own terms, when they have them.
    fn net_event(&mut self, event: &NetEvent<'_>) {
        let name = event.name.as_bytes();
        let player = match name {
            b"onPlayerJoining" | b"onPlayerDropped" => msgpack::read_player(event.data),
            _ => None,
        };
        let told = match player {
            Some((net_id, player, slot)) if name == b"onPlayerJoining" => {
                Event::PlayerJoining { net_id, name: player, slot }
            }
            Some((net_id, player, slot)) => Event::PlayerDropped { net_id, name: player, slot },
            None => {
                Event::NetEvent { name: name.to_vec(), args: event.data.to_vec(), latent: false }
            }
        };
        self.event(told);
    }

    fn server_frame_came(&mut self, frame: ServerFrame) {
        if self.session.frame.replace(frame) != Some(frame) {
            self.event(Event::ServerFrame(frame));
        }
    }

    fn bag_change(&mut self, bag: &[u8], key: &[u8], value: &[u8]) {
        let (bag, key, value) = (bag.to_vec(), key.to_vec(), value.to_vec());
        self.event(Event::BagChange { bag, key, value });
    }

    fn is_connected(&self) -> bool {
        matches!(self.stage, Stage::Connected { .. } | Stage::Active { .. })
    }

    /// Sends on channel 0, reliably, as clients send most; nothing before `connectOK`.
    fn send_connected(&mut self, payload: Vec<u8>) {
        if self.is_connected() {
            self.send(0, Delivery::Reliable, payload);
        }
    }

    /// `TriggerServerEvent` and `TriggerLatentServerEvent`.
    pub(super) fn trigger_event(
        &mut self,
        name: &str,
        args: &[u8],
        latent: Option<u32>,
        now: Time,
    ) {
        if !self.is_connected() {
            return;
        }
        if let Some(rate) = latent {
            return self.trigger_latent(name, args, rate, now);
        }
        let event = ServerEvent { name: EventName::new(name.as_bytes()), data: args };
        self.send_connected(event.to_packet());
    }

    /// A line for the server's console.
    pub(super) fn send_command(&mut self, line: &str) {
        if !line.is_empty() {
            let command = ServerCommand { command: line.as_bytes(), command_hash: 0 };
            self.send_connected(command.to_packet());
        }
    }

    /// Sets a value in a state bag, in the version that the server reads.
    pub(super) fn set_bag(&mut self, bag: &str, key: &str, value: &[u8]) {
        if bag.is_empty() || key.is_empty() || value.is_empty() {
            return;
        }
        let (name, key) = (bag.as_bytes(), key.as_bytes());
        if self.session.supports(bit_version::STATE_BAG_V2) {
            self.send_connected(StateBagV2 { bag_name: name, key, data: value }.to_packet());
        } else {
            let bag = StateBagV1 { name, key, value };
            if bag.encoded_len() <= MAX_WRITTEN {
                self.send_connected(bag.to_packet());
            }
        }
    }

    /// `msgIHost` and `msgHeHost`.
    pub(super) fn claim_host(&mut self, base: u32) {
        self.send_connected(IHost { base_num: base }.to_packet());
    }

    pub(super) fn vote_host(&mut self, net_id: u16, base: u32) {
        let vote = HeHost { alleged_new_id: net_id.into(), base_num: base };
        self.send_connected(vote.to_packet());
    }

    /// Bytes for another client.
    pub(super) fn send_route(&mut self, target: u16, data: &[u8]) {
        if self.is_connected() && !data.is_empty() {
            let route = route::c2s::Route::new(target, data);
            self.send(1, Delivery::Unreliable, route.to_packet());
        }
    }
}
