//! A server's frames: what a client is told at each tick (reference: `ServerGameState::Tick` and
//! `SyncCommandList::Execute`).

use cfx_onesync::clones::s2c::{Create, Record, Remove, Sync, first_update_uniqifier};
use cfx_onesync::data::Data;
use cfx_onesync::writer::ClonesWriter;

use super::entities::{Entities, Entity};
use super::view::{Frame, Seen, Told, View};
use super::world::{World, is_seen_by};
use crate::server::ClientId;
use crate::time::Time;

/// The most fragments of a frame, with room for the last few records: a fragment has a number of 7
/// bits. What does not fit waits for the next frame.
const MAX_FRAGMENTS: usize = 120;

/// One frame for one client, on its way to packets.
struct Writing {
    writer: ClonesWriter,
    packets: Vec<Vec<u8>>,
    number: u64,
    time: Time,
    /// The time is in it.
    timed: bool,
    held: Frame,
}

impl Writing {
    fn push(&mut self, record: &Record<'_>) {
        self.packets.extend(self.writer.push(record));
    }

    fn is_full(&self) -> bool {
        self.packets.len() >= MAX_FRAGMENTS
    }

    /// The low word of the server's time.
    fn now(&self) -> u32 {
        (self.time.as_millis() & 0xFFFF_FFFF) as u32
    }

    /// The server's time, before the first create or sync.
    fn touch_time(&mut self) {
        if !core::mem::replace(&mut self.timed, true) {
            self.push(&Record::Timestamp(self.time.as_millis()));
        }
    }

    /// The object, and its state as the first update.
    fn create(&mut self, entity: &Entity) {
        self.touch_time();
        let Some(data) = Data::new(&entity.created) else { return };
        self.push(&Record::Create(Create {
            object_id: entity.object_id,
            client_id: entity.owner_net_id,
            entity_type: entity.kind,
            creation_token: entity.creation_token,
            uniqifier: entity.uniqifier,
            dependent_frame_index: 0,
            timestamp: self.now(),
            data,
        }));
        if let Some(data) = entity.synced.as_deref().and_then(Data::new) {
            self.push(&Record::Sync(Sync {
                object_id: entity.object_id,
                client_id: entity.owner_net_id,
                uniqifier: first_update_uniqifier(entity.uniqifier),
                dependent_frame_index: 0,
                timestamp: self.now().wrapping_add(1),
                data,
            }));
        }
    }

    /// What has changed since the frame that the client has; for the owner alone that it is one.
    fn sync(&mut self, entity: &Entity, dependent_frame_index: u64, is_owner: bool) {
        self.touch_time();
        let data = if is_owner { &[] } else { entity.data() };
        let Some(data) = Data::new(data) else { return };
        self.push(&Record::Sync(Sync {
            object_id: entity.object_id,
            client_id: entity.owner_net_id,
            uniqifier: entity.uniqifier,
            dependent_frame_index,
            timestamp: entity.timestamp.unwrap_or_else(|| self.now()),
            data,
        }));
    }
}

impl World {
    /// A client's share of the frame that is being sent: its packets, at least one.
    pub(super) fn write_frame(
        &mut self,
        client: ClientId,
        time: Time,
        arq: bool,
        silent: bool,
    ) -> Vec<Vec<u8>> {
        let Some(view) = self.views.get_mut(&client) else { return Vec::new() };
        let number = self.frame;
        view.go_back(|object_id, uniqifier| self.entities.find_exact(object_id, uniqifier));
        let mut frame = Writing {
            writer: ClonesWriter::new(self.layout, number),
            packets: Vec::new(),
            number,
            time,
            timed: false,
            held: view.history.blank(),
        };
        if view.warm_up > 0 {
            view.warm_up -= 1;
        } else {
            write_removals(view, &mut frame, arq);
            write_entities(view, &self.entities, client, &mut frame, arq);
        }
        let Writing { mut writer, mut packets, held, .. } = frame;
        packets.push(writer.finish());
        view.history.push(number, held, silent);
        packets
    }
}

fn write_removals(view: &mut View, frame: &mut Writing, arq: bool) {
    let removals: Vec<_> = view.removals().collect();
    for removal in removals {
        if frame.is_full() {
            return;
        }
        frame.push(&Record::Remove(Remove {
            force_steal: removal.force_steal,
            object_id: removal.object_id,
            uniqifier: removal.uniqifier,
        }));
        frame.held.removed.push(removal);
        if arq {
            view.note_removal(removal, frame.number);
        } else {
            view.removal_told(removal.object_id, removal.uniqifier);
        }
    }
}

fn write_entities(
    view: &mut View,
    entities: &Entities,
    client: ClientId,
    frame: &mut Writing,
    arq: bool,
) {
    let places = entities.places();
    let start = if view.cursor < places { view.cursor } else { 0 };
    view.cursor = 0;
    for place in (start..places).chain(0..start) {
        let Some(entity) = entities.get(place) else { continue };
        if !is_seen_by(entity, client, view.bucket) {
            continue;
        }
        let seen = view.seen(place);
        let is_owner = entity.owner == client;
        let is_due = seen.force || !is_owner && entity.changed > seen.sent;
        if seen.created && !is_due {
            continue;
        }
        if frame.is_full() {
            view.cursor = place;
            return;
        }
        if !seen.told {
            // An end that has not been proved to have come must not be told behind this.
            view.removal_told(entity.object_id, entity.uniqifier);
        }
        let next = write_entity(entity, seen, is_owner, frame, arq);
        view.update(place, |seen| *seen = next);
        if arq && let Some(told) = frame.held.told.last() {
            view.note_told(place, told, frame.number);
        }
    }
}

/// Writes what is due of an object; gives what the client is then thought to know.
fn write_entity(
    entity: &Entity,
    seen: Seen,
    is_owner: bool,
    frame: &mut Writing,
    arq: bool,
) -> Seen {
    // A change that came while the frame is being sent counts as not sent.
    let change = entity.changed.min(frame.number);
    let base = if seen.force { 0 } else { seen.sent };
    let before = Seen { sent: base, ..seen };
    frame.held.told.push(Told::new(entity.object_id, entity.uniqifier, frame.number, &before));
    let mut next = Seen { told: true, sent: base, ..seen };
    if seen.created {
        frame.sync(entity, base, is_owner);
        if arq {
            next.unacknowledged = change;
        } else {
            next.sent = change;
            next.force = false;
        }
    } else {
        frame.create(entity);
        if !arq {
            next.force = false;
            next.created = true;
            next.sent = change;
        }
    }
    next
}
