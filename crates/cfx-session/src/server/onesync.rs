//! `OneSync` at the level of frames (SPEC stage K): every client's objects reach the others of its
//! routing bucket as creates, syncs and removes. What an object's state means is the game's matter.
//!
//! Clients send whole states here: of the syncs of one object the latest is kept, and those who
//! missed an earlier one get that. (The reference knows the game's sync trees, and keeps each of
//! their nodes.)
//!
//! Without a dictionary ([`Config::dictionary`](super::Config::dictionary)) clients get object ids
//! and nothing else.

mod entities;
mod frames;
mod object_ids;
#[cfg(test)]
mod tests;
mod view;
mod world;

use std::sync::Arc;

use cfx_control::game::Game;
use cfx_game::frame::Payload;
use cfx_game::game_state::{GameStateAck, GameStateNack};
use cfx_game::object_ids::ObjectIds;
use cfx_game::route::c2s::Route;
use cfx_onesync::acks;
use cfx_onesync::block::Inflater;
use cfx_onesync::clones::c2s;
use cfx_onesync::dictionary::Dictionary;
use cfx_onesync::layout::{self, Layout};
use cfx_onesync::route::{RoutePayload, StreamType};
use cfx_onesync::writer::AcksWriter;
use cfx_wire::Decode;

pub use entities::Entity;

use super::{ClientId, Config, Delivery, Event, OneSync, Output, Server, SyncStyle};
use crate::time::Time;
use world::World;

/// Milliseconds between two frames.
const FRAME_INTERVAL: u64 = 50;

/// Milliseconds without a message after which a client counts as silent.
const SILENT: u64 = 5000;

/// What the application decides about objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntityDecision {
    /// Another client owns an object from now on.
    Give {
        /// The object.
        object_id: u16,
        /// Its new owner.
        to: ClientId,
    },
    /// An object ends.
    Remove {
        /// The object.
        object_id: u16,
    },
    /// A client changes its routing bucket, 0 at first. Its objects go with it. (In the reference
    /// only its player does.)
    ClientBucket {
        /// The client.
        client: ClientId,
        /// The bucket.
        bucket: u32,
    },
    /// An object changes its routing bucket, at first its maker's.
    EntityBucket {
        /// The object.
        object_id: u16,
        /// The bucket.
        bucket: u32,
    },
}

/// What the application learns about objects; their states are
/// [`Server::entity`]'s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntityEvent {
    /// A client made an object.
    Created {
        /// The object.
        object_id: u16,
        /// The client.
        owner: ClientId,
    },
    /// An object has another owner.
    Owner {
        /// The object.
        object_id: u16,
        /// Who owned it.
        former: ClientId,
        /// Who owns it.
        owner: ClientId,
    },
    /// An object is gone.
    Removed {
        /// The object.
        object_id: u16,
        /// Who owned it.
        owner: ClientId,
    },
    /// A client sends its objects, and the server has no dictionary to read them with. Told once.
    NoDictionary,
}

/// The objects of a server and the frames about them.
pub(super) struct GameState {
    world: World,
    /// Only with one are there frames.
    dictionary: Option<Arc<Dictionary>>,
    told_of_dictionary: bool,
    inflater: Inflater,
    /// When the next frame is due; nothing while no one is there.
    next_frame: Option<Time>,
    /// A frame is being sent.
    sending: bool,
    /// The last client that got its share of it.
    sent_to: Option<ClientId>,
}

impl GameState {
    pub(super) fn new(config: &Config) -> Self {
        let game = if config.game == Game::Rdr3 { layout::Game::Rdr3 } else { layout::Game::Gta5 };
        let layout = Layout { game, length_hack: config.length_hack };
        Self {
            world: World::new(layout),
            dictionary: config.dictionary.clone(),
            told_of_dictionary: false,
            inflater: Inflater::new(),
            next_frame: None,
            sending: false,
            sent_to: None,
        }
    }

    pub(super) const fn next_frame(&self) -> Option<Time> {
        self.next_frame
    }

    /// Reads what a client sent; gives the answers.
    fn route(&mut self, client: ClientId, data: &[u8]) -> Vec<Vec<u8>> {
        let Ok(payload) = RoutePayload::from_slice(data) else { return Vec::new() };
        let Some(dictionary) = &self.dictionary else {
            if !core::mem::replace(&mut self.told_of_dictionary, true) {
                self.world.events.push(EntityEvent::NoDictionary);
            }
            return Vec::new();
        };
        let body = match self.inflater.inflate_with(payload.block, dictionary) {
            Ok(body) if !body.is_empty() => body,
            _ => return Vec::new(),
        };
        match payload.kind {
            StreamType::NET_CLONES => clones(&mut self.world, client, body),
            StreamType::NET_ACKS => {
                for record in acks::c2s::records(body, self.world.layout) {
                    self.world.take_ack(client, record);
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }
}

/// Takes a client's records one by one, and acknowledges each, whether it was followed or not.
fn clones(world: &mut World, client: ClientId, body: &[u8]) -> Vec<Vec<u8>> {
    let layout = world.layout;
    let Some(view) = world.views.get(&client) else { return Vec::new() };
    let mut time = view.timestamp;
    let mut answer = AcksWriter::new(layout);
    let mut packets = Vec::new();
    for record in c2s::records(body, layout) {
        if let Some(view) = world.views.get_mut(&client) {
            match record {
                c2s::Record::Timestamp(new) => {
                    time = new;
                    view.timestamp = view.timestamp.max(new);
                }
                c2s::Record::Index(frame) => view.client_frame = frame,
                _ => {}
            }
            // A client that counts its frames is answered with their numbers alone.
            if view.client_frame == 0 {
                packets.extend(record.ack().and_then(|ack| answer.push(&ack)));
            }
        }
        world.take(client, &record, time);
    }
    let frame = world.views.get(&client).map_or(0, |view| view.client_frame);
    packets.push(if frame == 0 { answer.finish() } else { answer.finish_frame(frame) });
    packets
}

impl Server {
    /// An object, by its id.
    pub fn entity(&self, object_id: u16) -> Option<&Entity> {
        let entities = &self.game_state.world.entities;
        entities.get(entities.find(object_id)?)
    }

    /// All objects, by their ids.
    pub fn entities(&self) -> impl Iterator<Item = &Entity> {
        self.game_state.world.entities.iter()
    }

    /// How many frames are remembered, for all clients together.
    pub fn remembered_frames(&self) -> usize {
        self.game_state.world.views.values().map(|view| view.history.len()).sum()
    }

    /// A client holds its net id, or has come back with it and with its object ids.
    pub(super) fn onesync_joined(
        &mut self,
        client: ClientId,
        net_id: u16,
        is_new: bool,
        now: Time,
    ) {
        if !self.config.onesync.is_on() {
            return;
        }
        self.game_state.world.join(client, net_id);
        self.entity_events();
        if is_new {
            let is_big = self.config.onesync == OneSync::Big;
            self.grant_ids(client, if is_big { 4 } else { 64 });
        }
        if self.game_state.dictionary.is_some() {
            self.game_state.next_frame.get_or_insert(now.after(FRAME_INTERVAL));
        }
    }

    pub(super) fn onesync_left(&mut self, client: ClientId) {
        self.game_state.world.leave(client);
        self.entity_events();
        if self.game_state.world.views.is_empty() {
            self.game_state.next_frame = None;
        }
    }

    /// `msgRequestObjectIds`.
    pub(super) fn more_ids(&mut self, client: ClientId) {
        if self.config.onesync.is_on() {
            let is_big = self.config.onesync == OneSync::Big;
            self.grant_ids(client, if is_big { 6 } else { 32 });
        }
    }

    fn grant_ids(&mut self, client: ClientId, count: usize) {
        let ids = self.game_state.world.ids.grant(client, count);
        let message: ObjectIds<'_> = ids.into_iter().collect();
        self.send_onesync(client, Delivery::Reliable, message.to_packet());
    }

    /// `msgRoute`, under `OneSync` always for the server.
    pub(super) fn onesync_route(&mut self, client: ClientId, route: &Route<'_>) {
        for packet in self.game_state.route(client, route.data) {
            self.send_onesync(client, Delivery::Unreliable, packet);
        }
        self.entity_events();
    }

    pub(super) fn game_state_nack(&mut self, client: ClientId, nack: &GameStateNack<'_>) {
        if self.config.sync_style == SyncStyle::Nak
            && let Err(reason) = self.game_state.world.nack(client, nack)
        {
            self.drop_client(client, &reason);
        }
    }

    pub(super) fn game_state_ack(&mut self, client: ClientId, ack: &GameStateAck<'_>) {
        if self.config.sync_style == SyncStyle::Arq {
            self.game_state.world.ack(client, ack);
        }
    }

    pub(super) fn decide_entity(&mut self, decision: EntityDecision) {
        self.game_state.world.decide(decision);
        self.entity_events();
    }

    /// Sends the next client its share of a frame that is due; says whether there was one. One
    /// client at a time, so that no more than a share waits to be sent.
    pub(super) fn send_frame(&mut self, now: Time) -> bool {
        let state = &mut self.game_state;
        state.sending |= state.next_frame.is_some_and(|due| due <= now);
        if !state.sending {
            return false;
        }
        let after = match state.sent_to {
            Some(last) => (std::ops::Bound::Excluded(last), std::ops::Bound::Unbounded),
            None => (std::ops::Bound::Unbounded, std::ops::Bound::Unbounded),
        };
        let Some((&client, _)) = state.world.views.range(after).next() else {
            state.sending = false;
            state.sent_to = None;
            state.world.frame += 1;
            state.next_frame = state.next_frame.map(|_| now.after(FRAME_INTERVAL));
            return true;
        };
        state.sent_to = Some(client);
        let silent =
            self.registry.get(client).is_some_and(|client| now.since(client.last_seen) > SILENT);
        let arq = self.config.sync_style == SyncStyle::Arq;
        for packet in self.game_state.world.write_frame(client, now, arq, silent) {
            self.send_onesync(client, Delivery::Unreliable, packet);
        }
        true
    }

    fn entity_events(&mut self) {
        for event in core::mem::take(&mut self.game_state.world.events) {
            self.event(Event::Entity(event));
        }
    }

    /// Sends on channel 1, where all of `OneSync` goes.
    fn send_onesync(&mut self, client: ClientId, delivery: Delivery, payload: Vec<u8>) {
        let peer = self.registry.get(client).and_then(|client| client.peer);
        if let Some((peer, _)) = peer {
            self.out.push_back(Output::Packet { peer, channel: 1, delivery, payload });
        }
    }
}
