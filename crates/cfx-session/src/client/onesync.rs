//! `OneSync` at the client (SPEC stage K): its own objects go to the server until they are
//! acknowledged, the others' come in frames, and what of those is missing is asked for again.
//!
//! An object's state is the application's matter. It is always given whole: only the latest is sent.
//! Without a dictionary ([`Config::dictionary`](super::Config::dictionary)) the client has no objects
//! of its own.

mod ids;
mod incoming;
mod outgoing;
mod sequence;

use cfx_control::answer::Accepted;
use cfx_control::game::Game;
use cfx_game::frame::Payload;
use cfx_game::game_state::{GameStateAck, GameStateNack, MissingFrames};
use cfx_game::object_ids::{ObjectIds, RequestObjectIds};
use cfx_game::packed::{PackedAcks, PackedClones};
use cfx_game::route::c2s::Route;
use cfx_onesync::acks;
use cfx_onesync::block::Inflater;
use cfx_onesync::clones::s2c;
use cfx_onesync::data::MAX_DATA;
use cfx_onesync::layout::{self, Layout};
use cfx_onesync::route::SERVER_TARGET;
use cfx_onesync::writer::NetAcksWriter;

use super::{Client, Config, Delivery, Event, Stage};
use crate::time::Time;
use incoming::{Complaints, Objects};
use outgoing::Outgoing;
use sequence::{Sequence, Verdict};

/// Milliseconds between two rounds of `netClones`. The reference has one for each frame of the game.
const SEND_INTERVAL: u64 = 50;

/// What the application does with objects. What does not fit is ignored: an object that is not there
/// or not the client's own, one more of an id that is in use, a state over 4095 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntityInput<'a> {
    /// Makes an object.
    Create {
        /// Its id, one of [`Client::object_ids`].
        object_id: u16,
        /// What tells it from the id's objects before it.
        uniqifier: u16,
        /// What it is, in the game's numbers.
        entity_type: u8,
        /// Its state.
        data: &'a [u8],
    },
    /// Gives an object of the client's own another state.
    Update {
        /// The object.
        object_id: u16,
        /// All of its state.
        data: &'a [u8],
    },
    /// Ends an object of the client's own.
    Remove {
        /// The object.
        object_id: u16,
    },
    /// Gives an object of the client's own to another client.
    Give {
        /// The object.
        object_id: u16,
        /// The other's net id.
        to: u16,
    },
}

/// What the application learns about objects; their states are [`Client::entity`]'s. Clients are
/// named by their net ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntityEvent {
    /// An object came into sight.
    Created {
        /// The object.
        object_id: u16,
        /// Who owns it.
        owner: u16,
    },
    /// An object has another state.
    Updated {
        /// The object.
        object_id: u16,
    },
    /// An object has another owner, perhaps this client.
    Owner {
        /// The object.
        object_id: u16,
        /// Who owned it.
        former: u16,
        /// Who owns it.
        owner: u16,
    },
    /// An object is gone, or out of sight.
    Removed {
        /// The object.
        object_id: u16,
        /// Who owned it.
        owner: u16,
    },
    /// The client got ids for objects.
    ObjectIds {
        /// How many.
        count: usize,
    },
    /// The client cannot send its objects: it has no dictionary.
    NoDictionary,
}

/// An object that a client sees, its own ones included.
#[derive(Debug, Clone)]
pub struct Object {
    uniqifier: u16,
    entity_type: u8,
    owner: u16,
    data: Vec<u8>,
    /// The last of the server's frames that told of it.
    last_frame: u64,
    /// What the server knows of it, if it is the client's own.
    outgoing: Option<Box<Outgoing>>,
}

impl Object {
    /// What tells it from the id's objects before it.
    pub const fn uniqifier(&self) -> u16 {
        self.uniqifier
    }

    /// What it is, in the game's numbers.
    pub const fn entity_type(&self) -> u8 {
        self.entity_type
    }

    /// Its owner's net id.
    pub const fn owner(&self) -> u16 {
        self.owner
    }

    /// Its state.
    pub fn data(&self) -> &[u8] {
        &self.data
    }
}

/// All of `OneSync` that one connection has.
pub(super) struct State {
    /// Nothing while it is off.
    layout: Option<Layout>,
    objects: Objects,
    sequence: Sequence,
    inflater: Inflater,
    /// When objects were sent last; and whether there may be something to send.
    last_sent: Time,
    dirty: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            layout: None,
            objects: Objects::default(),
            sequence: Sequence::default(),
            inflater: Inflater::new(),
            last_sent: Time::ZERO,
            dirty: false,
        }
    }
}

impl State {
    pub(super) fn new(config: &Config, accepted: &Accepted) -> Self {
        let game = match config.build.game {
            Game::Rdr3 => layout::Game::Rdr3,
            _ => layout::Game::Gta5,
        };
        let layout = Layout { game, length_hack: accepted.onesync_lh };
        let objects = Objects::new(accepted.onesync_big);
        Self { layout: accepted.onesync.then_some(layout), objects, ..Self::default() }
    }

    /// When something of it is due.
    pub(super) fn due(&self) -> Option<Time> {
        self.layout?;
        let send = self.dirty.then(|| self.last_sent.after(SEND_INTERVAL));
        [send, self.objects.ids.due()].into_iter().flatten().min()
    }
}

impl Client {
    /// An object, by its id.
    pub fn entity(&self, object_id: u16) -> Option<&Object> {
        self.onesync.objects.all.get(&object_id)
    }

    /// All objects that the client sees, and their ids.
    pub fn entities(&self) -> impl Iterator<Item = (u16, &Object)> {
        self.onesync.objects.all.iter().map(|(id, object)| (*id, object))
    }

    /// The ids that are left for objects to make.
    pub fn object_ids(&self) -> impl Iterator<Item = u16> {
        self.onesync.objects.ids.free()
    }

    /// Whether the server has acknowledged all that the client told it of objects.
    pub fn is_synchronised(&self) -> bool {
        !self.onesync.dirty
    }

    /// `connectOK` named the client.
    pub(super) fn onesync_connected(&mut self, net_id: i32) {
        // As in the reference, ids are kept as `u16`.
        let [low, high, ..] = net_id.to_le_bytes();
        self.onesync.objects.net_id = u16::from_le_bytes([low, high]);
    }

    /// The client is active.
    pub(super) fn onesync_active(&mut self, now: Time) {
        if self.onesync.layout.is_some() {
            self.onesync.objects.ids.begin(now);
        }
    }

    /// What the application does with objects.
    pub(super) fn entity_input(&mut self, input: EntityInput<'_>) {
        let connected = matches!(self.stage, Stage::Connected { .. } | Stage::Active { .. });
        if !connected || self.onesync.layout.is_none() {
            return;
        }
        if self.config.dictionary.is_none() {
            return self.event(Event::Entity(EntityEvent::NoDictionary));
        }
        let done = self.onesync.objects.change(input);
        self.onesync.dirty |= done;
    }

    /// Whatever of it is due.
    pub(super) fn onesync_due(&mut self, now: Time) {
        if self.onesync.objects.ids.due().is_some_and(|due| due <= now) {
            self.onesync.objects.ids.requested(now);
            self.send(0, Delivery::Reliable, RequestObjectIds.to_packet());
        }
        let state = &mut self.onesync;
        let (Some(layout), Some(dictionary)) = (state.layout, &self.config.dictionary) else {
            return;
        };
        if !state.dirty || state.last_sent.after(SEND_INTERVAL) > now {
            return;
        }
        state.last_sent = now;
        let Objects { all, outbox, .. } = &mut state.objects;
        let payloads = outbox.write(all, layout, dictionary, now);
        let own = |object: &Object| object.outgoing.as_ref().is_none_or(|own| own.is_settled());
        state.dirty = !outbox.is_settled() || !all.values().all(own);
        self.send_to_server(payloads);
    }

    pub(super) fn object_ids_came(&mut self, ids: &ObjectIds<'_>) {
        if self.onesync.layout.is_some() {
            let count = ids.ids().count();
            self.onesync.objects.ids.add(ids.ids());
            self.event(Event::Entity(EntityEvent::ObjectIds { count }));
        }
    }

    /// A piece of a frame.
    pub(super) fn packed_clones(&mut self, clones: &PackedClones<'_>) {
        let state = &mut self.onesync;
        let Some(layout) = state.layout else { return };
        let index = clones.frame_index;
        let Verdict::Read(missing) = state.sequence.take(index) else { return };
        // A block that does not inflate has come all the same, with no records.
        if let Ok(body) = state.inflater.inflate(clones.block) {
            for record in s2c::records(body, layout) {
                state.objects.take(&record, index.frame());
            }
        }
        state.dirty |= core::mem::take(&mut state.objects.has_claimed);
        let events = core::mem::take(&mut state.objects.events);
        for event in events {
            self.event(Event::Entity(event));
        }
        if self.session.is_arq() {
            self.acknowledge();
        } else {
            self.onesync.objects.acks.clear();
            self.complain(index.frame(), missing);
        }
    }

    /// Under NAK a client speaks up when something is wrong.
    fn complain(&mut self, frame_index: u64, missing_frames: Option<MissingFrames>) {
        let complaints = core::mem::take(&mut self.onesync.objects.complaints);
        if missing_frames.is_none() && complaints.is_empty() {
            return;
        }
        let Complaints { ignored, recreate } = complaints;
        let nack = GameStateNack {
            frame_index,
            missing_frames,
            ignore_list: (!ignored.is_empty()).then(|| ignored.into_iter().collect()),
            recreate_list: (!recreate.is_empty()).then(|| recreate.into_iter().collect()),
            other_flags: GameStateNack::RESEND_FRAME,
        };
        self.send(0, Delivery::Reliable, nack.to_packet());
    }

    /// Under ARQ it speaks up for each frame that is whole. (The reference does for each whose last
    /// fragment came, and loses what the others held.)
    fn acknowledge(&mut self) {
        let state = &mut self.onesync;
        let Some(layout) = state.layout else { return };
        let acks = core::mem::take(&mut state.objects.acks);
        if let Some(frame_index) = state.sequence.whole_frame() {
            let Complaints { ignored, recreate } = core::mem::take(&mut state.objects.complaints);
            let ack = GameStateAck {
                frame_index,
                ignore_list: ignored.into_iter().collect(),
                recreate_list: recreate.into_iter().collect(),
            };
            self.send(0, Delivery::Unreliable, ack.to_packet());
        }
        let Some(dictionary) = self.config.dictionary.clone() else { return };
        let mut writer = NetAcksWriter::new(layout, &dictionary);
        let mut payloads: Vec<_> = acks.iter().filter_map(|ack| writer.push(ack)).collect();
        payloads.extend(writer.finish());
        self.send_to_server(payloads);
    }

    /// The server has read something.
    pub(super) fn packed_acks(&mut self, acks: &PackedAcks<'_>) {
        let state = &mut self.onesync;
        let Some(layout) = state.layout else { return };
        let Objects { all, outbox, ids, .. } = &mut state.objects;
        let frame = acks.frame_index.frame();
        if frame != 0 {
            for id in outbox.frame_acknowledged(frame, all) {
                ids.release(id);
            }
        } else if let Ok(body) = state.inflater.inflate(acks.block) {
            for record in acks::s2c::records(body, layout) {
                if let Some(id) = outbox.record_acknowledged(record, all) {
                    ids.release(id);
                }
            }
        }
    }

    /// `msgRoute` to the server, on channel 1.
    fn send_to_server(&mut self, payloads: Vec<Vec<u8>>) {
        for payload in payloads {
            let packet = Route::new(SERVER_TARGET, &payload).to_packet();
            self.send(1, Delivery::Unreliable, packet);
        }
    }
}

impl Objects {
    /// Says whether there is something to send now.
    fn change(&mut self, input: EntityInput<'_>) -> bool {
        match input {
            EntityInput::Create { object_id, uniqifier, entity_type, data } => {
                self.make(object_id, uniqifier, entity_type, data)
            }
            EntityInput::Update { object_id, data } if data.len() <= MAX_DATA => {
                let object = self.all.get_mut(&object_id);
                let Some((object, own)) = object
                    .and_then(|Object { data, outgoing, .. }| Some((data, outgoing.as_mut()?)))
                else {
                    return false;
                };
                object.clear();
                object.extend_from_slice(data);
                own.version = self.outbox.next_version();
                true
            }
            EntityInput::Remove { object_id } if self.is_own(object_id) => {
                if let Some(object) = self.all.remove(&object_id) {
                    self.outbox.removed(object_id, object.uniqifier);
                }
                true
            }
            EntityInput::Give { object_id, to } if self.is_own(object_id) => {
                self.outbox.give(object_id, to);
                true
            }
            _ => false,
        }
    }

    fn is_own(&self, object_id: u16) -> bool {
        self.all.get(&object_id).is_some_and(|object| object.outgoing.is_some())
    }

    fn make(&mut self, object_id: u16, uniqifier: u16, entity_type: u8, data: &[u8]) -> bool {
        if data.len() > MAX_DATA || self.all.contains_key(&object_id) {
            return false;
        }
        self.ids.take(object_id);
        self.all.insert(
            object_id,
            Object {
                uniqifier,
                entity_type,
                owner: self.net_id,
                data: data.to_vec(),
                last_frame: 0,
                outgoing: Some(Box::new(Outgoing::new(data))),
            },
        );
        true
    }
}
