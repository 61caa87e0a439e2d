//! What clients tell the server of objects, and what the application decides about them (reference:
//! `ProcessClonePacket`, `ProcessCloneTakeover`, `ProcessCloneRemove`, `ReassignEntityInner`).

use std::collections::BTreeMap;

use cfx_game::game_state::{GameStateAck, GameStateNack};
use cfx_game::list::List;
use cfx_onesync::acks;
use cfx_onesync::clones::c2s;
use cfx_onesync::data::{Data, MAX_DATA};
use cfx_onesync::layout::Layout;

use super::entities::{Entities, Entity};
use super::object_ids::ObjectIds;
use super::view::{Removal, Seen, View};
use super::{EntityDecision, EntityEvent};
use crate::server::ClientId;

/// The most objects of one client.
const MAX_OWNED: usize = 4096;

/// Everything that frames are made of.
#[derive(Debug)]
pub(super) struct World {
    pub(super) layout: Layout,
    pub(super) ids: ObjectIds,
    pub(super) entities: Entities,
    pub(super) views: BTreeMap<ClientId, View>,
    by_net_id: BTreeMap<u16, ClientId>,
    owned: BTreeMap<ClientId, usize>,
    /// The number of the next frame.
    pub(super) frame: u64,
    /// The last object of an id that its owner removed, and when by its own clock: an older create
    /// of it that comes late does not bring it back.
    tombs: BTreeMap<u16, (ClientId, u16, u32)>,
    pub(super) events: Vec<EntityEvent>,
}

/// Whether a time of 32 bits that wraps is before another.
const fn is_before(time: u32, other: u32) -> bool {
    time.wrapping_sub(other).cast_signed() < 0
}

impl World {
    pub(super) fn new(layout: Layout) -> Self {
        Self {
            layout,
            ids: ObjectIds::new(layout.max_object_id()),
            entities: Entities::default(),
            views: BTreeMap::new(),
            by_net_id: BTreeMap::new(),
            owned: BTreeMap::new(),
            frame: 1,
            tombs: BTreeMap::new(),
            events: Vec::new(),
        }
    }

    pub(super) fn join(&mut self, client: ClientId, net_id: u16) {
        self.leave(client);
        self.views.insert(client, View::new(net_id));
        self.by_net_id.insert(net_id, client);
    }

    /// Takes a client out, with its objects and its ids. The reference hands objects that are no
    /// players to a client nearby, for which it would have to know where they are.
    pub(super) fn leave(&mut self, client: ClientId) {
        let Some(view) = self.views.remove(&client) else { return };
        self.by_net_id.remove(&view.net_id);
        for place in self.entities.owned_by(client) {
            self.remove(place);
        }
        self.owned.remove(&client);
        self.ids.leave(client);
    }

    /// Does what a record asks for, if it may. `time` is the latest timestamp of its payload.
    pub(super) fn take(&mut self, client: ClientId, record: &c2s::Record<'_>, time: u32) {
        match record {
            c2s::Record::Create(create) => self.create(client, create, time),
            c2s::Record::Sync(sync) => self.sync(client, sync, time),
            c2s::Record::Remove(remove) => self.client_removes(client, *remove, time),
            c2s::Record::Takeover(takeover) => self.take_over(client, *takeover),
            c2s::Record::Timestamp(_) | c2s::Record::Index(_) => {}
        }
    }

    fn create(&mut self, client: ClientId, create: &c2s::Create<'_>, time: u32) {
        let c2s::Create { object_id, uniqifier, .. } = *create;
        let late = self.tombs.get(&object_id).is_some_and(|(owner, uniq, end)| {
            (*owner, *uniq) == (client, uniqifier) && !is_before(*end, time)
        });
        let Some(view) = self.views.get(&client) else { return };
        let owned = self.owned.get(&client).copied().unwrap_or(0);
        if late || owned >= MAX_OWNED || !self.ids.may_create(client, object_id) {
            return;
        }
        let place = self.entities.insert(Entity {
            object_id,
            uniqifier,
            kind: create.entity_type,
            creation_token: create.creation_token,
            owner: client,
            owner_net_id: view.net_id,
            bucket: view.bucket,
            created: bytes(&create.data, &mut [0; MAX_DATA]).into(),
            synced: None,
            timestamp: Some(time),
            changed: 0,
        });
        self.ids.created(object_id);
        *self.owned.entry(client).or_default() += 1;
        if let Some(view) = self.views.get_mut(&client) {
            // Its maker has it.
            view.update(place, |seen| *seen = Seen { told: true, created: true, ..*seen });
            view.removal_told(object_id, uniqifier);
        }
        self.events.push(EntityEvent::Created { object_id, owner: client });
    }

    fn sync(&mut self, client: ClientId, sync: &c2s::Sync<'_>, time: u32) {
        let frame = self.frame;
        let Some(place) = self.entities.find_exact(sync.object_id, sync.uniqifier) else { return };
        let Some(entity) = self.entities.get_mut(place) else { return };
        // ENet drops what comes late, so the reference need not look. An empty one says only that
        // the object is there.
        let late = entity.timestamp.is_some_and(|last| is_before(time, last));
        if entity.owner != client || late || sync.data.is_empty() {
            return;
        }
        entity.store(bytes(&sync.data, &mut [0; MAX_DATA]));
        entity.timestamp = Some(time);
        entity.changed = frame;
    }

    fn client_removes(&mut self, client: ClientId, remove: c2s::Remove, time: u32) {
        let place = self.entities.find_exact(remove.object_id, remove.uniqifier);
        let owns =
            |place: &usize| self.entities.get(*place).is_some_and(|entity| entity.owner == client);
        let place = place.filter(owns);
        // Its create may be on its way still.
        if place.is_some() || self.ids.may_create(client, remove.object_id) {
            self.tombs.insert(remove.object_id, (client, remove.uniqifier, time));
        }
        if let Some(place) = place {
            // It need not hear of what it did itself, unless the id is no longer its own. (The
            // reference tells it, and relies on the uniqifiers being different.)
            if !self.ids.is_stolen(remove.object_id)
                && let Some(view) = self.views.get_mut(&client)
            {
                view.forget(place);
            }
            self.remove(place);
        }
    }

    fn take_over(&mut self, client: ClientId, takeover: c2s::Takeover) {
        let target = match takeover.client_id {
            0 => Some(client),
            net_id => self.by_net_id.get(&net_id).copied(),
        };
        let Some((place, target)) = self.entities.find(takeover.object_id).zip(target) else {
            return;
        };
        // Only its owner gives an object away.
        if self.entities.get(place).is_some_and(|entity| entity.owner == client) {
            self.reassign(place, target);
        }
    }

    /// Takes an object away; all who know it are told.
    fn remove(&mut self, place: usize) {
        let Some(entity) = self.entities.remove(place) else { return };
        let Entity { object_id, uniqifier, owner, .. } = entity;
        let removal = Removal { object_id, uniqifier, force_steal: self.ids.is_stolen(object_id) };
        for view in self.views.values_mut() {
            view.lose(place, removal);
        }
        self.ids.removed(object_id);
        self.one_less(owner);
        self.events.push(EntityEvent::Removed { object_id, owner });
    }

    fn one_less(&mut self, owner: ClientId) {
        if let Some(owned) = self.owned.get_mut(&owner) {
            *owned -= 1;
            if *owned == 0 {
                self.owned.remove(&owner);
            }
        }
    }

    /// Gives an object to another client; all who know it are told.
    fn reassign(&mut self, place: usize, owner: ClientId) {
        let Some(net_id) = self.views.get(&owner).map(|view| view.net_id) else { return };
        let Some(entity) = self.entities.get_mut(place) else { return };
        if entity.owner == owner {
            return;
        }
        let former = core::mem::replace(&mut entity.owner, owner);
        entity.owner_net_id = net_id;
        entity.timestamp = None;
        let object_id = entity.object_id;
        self.ids.reassigned(object_id, owner);
        self.one_less(former);
        *self.owned.entry(owner).or_default() += 1;
        for view in self.views.values_mut().filter(|view| view.seen(place).told) {
            view.force(place);
        }
        self.events.push(EntityEvent::Owner { object_id, former, owner });
        self.look_again(former);
    }

    /// What the application decided.
    pub(super) fn decide(&mut self, decision: EntityDecision) {
        match decision {
            EntityDecision::Give { object_id, to } => {
                if let Some(place) = self.entities.find(object_id) {
                    self.reassign(place, to);
                }
            }
            EntityDecision::Remove { object_id } => {
                if let Some(place) = self.entities.find(object_id) {
                    self.remove(place);
                }
            }
            EntityDecision::ClientBucket { client, bucket } => {
                let Some(view) = self.views.get_mut(&client) else { return };
                view.bucket = bucket;
                for place in self.entities.owned_by(client) {
                    self.entity_bucket(place, bucket);
                }
                self.look_again(client);
            }
            EntityDecision::EntityBucket { object_id, bucket } => {
                if let Some(place) = self.entities.find(object_id) {
                    self.entity_bucket(place, bucket);
                }
            }
        }
    }

    fn entity_bucket(&mut self, place: usize, bucket: u32) {
        let Some(entity) = self.entities.get_mut(place) else { return };
        entity.bucket = bucket;
        let removal = self.out_of_sight(place);
        let Some((entity, removal)) = self.entities.get(place).zip(removal) else { return };
        for (client, view) in &mut self.views {
            if !is_seen_by(entity, *client, view.bucket) {
                view.lose(place, removal);
            }
        }
    }

    /// Takes from a client's sight what it no longer is to see.
    fn look_again(&mut self, client: ClientId) {
        for place in 0..self.entities.places() {
            let removal = self.out_of_sight(place);
            let Some((entity, removal)) = self.entities.get(place).zip(removal) else { continue };
            if let Some(view) = self.views.get_mut(&client)
                && !is_seen_by(entity, client, view.bucket)
            {
                view.lose(place, removal);
            }
        }
    }

    fn out_of_sight(&self, place: usize) -> Option<Removal> {
        let Entity { object_id, uniqifier, .. } = *self.entities.get(place)?;
        let force_steal = self.ids.is_stolen(object_id);
        Some(Removal { object_id, uniqifier, force_steal })
    }

    /// A client missed something (NAK). An error when it is about a frame that is forgotten: the
    /// reference drops the client with that text.
    pub(super) fn nack(
        &mut self,
        client: ClientId,
        nack: &GameStateNack<'_>,
    ) -> Result<(), String> {
        let Some(view) = self.views.get_mut(&client) else { return Ok(()) };
        if let Some(missing) = nack.missing_frames
            && !view.note_missing(missing.first, missing.last)
        {
            let count = missing.last.wrapping_sub(missing.first);
            return Err(format!("Timed out after 60 seconds (1, {count})"));
        }
        if !view.history.has(nack.frame_index) {
            return Err("Timed out after 60 seconds (2)".to_owned());
        }
        for entry in nack.ignore_list.iter().flat_map(List::iter) {
            if let Some(place) = self.entities.find(entry.entry) {
                view.update(place, |seen| seen.sent = seen.sent.min(entry.last_frame));
            }
        }
        for object_id in nack.recreate_list.iter().flat_map(List::iter) {
            if let Some(place) = self.entities.find(object_id) {
                view.make_again(place);
            }
        }
        Ok(())
    }

    /// A client has read a frame (ARQ).
    pub(super) fn ack(&mut self, client: ClientId, ack: &GameStateAck<'_>) {
        let Some(view) = self.views.get_mut(&client) else { return };
        let Some(frame) = view.history.take(ack.frame_index) else { return };
        let ignored: BTreeMap<u16, u64> =
            ack.ignore_list.iter().map(|entry| (entry.entry, entry.last_frame)).collect();
        for told in &frame.told {
            let Some(place) = self.entities.find_exact(told.object_id, told.uniqifier) else {
                continue;
            };
            match ignored.get(&told.object_id) {
                Some(last) if told.sync => view.update(place, |seen| {
                    seen.sent = seen.sent.min(*last);
                    seen.unacknowledged = seen.unacknowledged.min(*last);
                }),
                _ => view.told_came(place, told, ack.frame_index),
            }
        }
        for removal in &frame.removed {
            let Removal { object_id, uniqifier, .. } = *removal;
            view.removal_came(object_id, uniqifier, Some(ack.frame_index));
        }
        for object_id in ack.recreate_list.iter() {
            if let Some(place) = self.entities.find(object_id) {
                view.make_again(place);
            }
        }
    }

    /// A client has made or removed an object (ARQ).
    pub(super) fn take_ack(&mut self, client: ClientId, record: acks::c2s::Record) {
        let Some(view) = self.views.get_mut(&client) else { return };
        match record {
            acks::c2s::Record::Create(object) => {
                let place = self.entities.find_exact(object.object_id, object.uniqifier);
                if let Some(place) = place {
                    view.made(place);
                }
            }
            acks::c2s::Record::Remove(object) => {
                view.removal_came(object.object_id, object.uniqifier, None);
            }
        }
    }
}

/// Whether a client is to have an object: its own, and those of its bucket.
pub(super) fn is_seen_by(entity: &Entity, client: ClientId, bucket: u32) -> bool {
    entity.bucket == bucket || entity.owner == client
}

fn bytes<'b>(data: &Data<'b>, buffer: &'b mut [u8; MAX_DATA]) -> &'b [u8] {
    data.bytes(buffer)
}
