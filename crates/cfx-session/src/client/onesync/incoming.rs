//! What the server tells a client of objects (reference: `HandleCloneCreate`, `HandleCloneUpdate`,
//! `CheckMigration` and `HandleCloneSync` of `CloneManager.cpp`).

use std::collections::BTreeMap;

use cfx_game::game_state::IgnoreEntry;
use cfx_onesync::acks::{self, Object as Acknowledged};
use cfx_onesync::clones::s2c::{Create, Record, Remove, Sync};
use cfx_onesync::data::{Data, MAX_DATA};

use super::ids::Ids;
use super::outgoing::{Outbox, Outgoing};
use super::{EntityEvent, Object};

/// What the server is told of a frame that was not wholly followed.
#[derive(Debug, Default)]
pub(super) struct Complaints {
    pub(super) ignored: Vec<IgnoreEntry>,
    pub(super) recreate: Vec<u16>,
}

/// The most objects that a complaint can name.
const MAX_NAMED: usize = u8::MAX as usize;

impl Complaints {
    fn ignore(&mut self, entry: u16, last_frame: u64) {
        if self.ignored.len() < MAX_NAMED {
            self.ignored.push(IgnoreEntry { entry, last_frame });
        }
    }

    fn recreate(&mut self, object_id: u16) {
        if self.recreate.len() < MAX_NAMED {
            self.recreate.push(object_id);
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.ignored.is_empty() && self.recreate.is_empty()
    }
}

/// A client's objects, its own and the others'.
#[derive(Default)]
pub(super) struct Objects {
    pub(super) net_id: u16,
    pub(super) all: BTreeMap<u16, Object>,
    pub(super) ids: Ids,
    pub(super) outbox: Outbox,
    pub(super) complaints: Complaints,
    /// What `netAcks` tells (ARQ).
    pub(super) acks: Vec<acks::c2s::Record>,
    pub(super) events: Vec<EntityEvent>,
    /// An object is to be sent that the application has not touched.
    pub(super) has_claimed: bool,
    scratch: Scratch,
}

impl Objects {
    pub(super) fn new(big: bool) -> Self {
        Self { ids: Ids::new(big), ..Self::default() }
    }

    /// Does what a record of the frame `frame` says. Records are followed in their order; the
    /// reference takes the removals of a packet last.
    pub(super) fn take(&mut self, record: &Record<'_>, frame: u64) {
        match record {
            Record::Create(create) => self.create(create, frame),
            Record::Sync(sync) => self.sync(sync, frame),
            Record::Remove(remove) => self.remove(*remove),
            Record::Timestamp(_) => {}
        }
    }

    fn create(&mut self, create: &Create<'_>, frame: u64) {
        let Create { object_id, uniqifier, client_id, .. } = *create;
        self.acks.push(acks::c2s::Record::Create(Acknowledged { object_id, uniqifier }));
        if self.is_removing(object_id, uniqifier, client_id) {
            return;
        }
        if client_id != self.net_id {
            self.ids.steal(object_id, false);
        }
        match self.all.get_mut(&object_id) {
            Some(object) if object.uniqifier == uniqifier => {
                object.last_frame = frame;
                if object.outgoing.is_none() || client_id != self.net_id {
                    store(&mut object.data, &create.data, &mut self.scratch);
                }
                return self.migrate(object_id, client_id);
            }
            Some(object) => {
                if object.outgoing.is_some() {
                    self.ids.steal(object_id, true);
                }
                self.end(object_id);
            }
            None => {}
        }
        let is_own = client_id == self.net_id;
        if is_own {
            self.ids.adopt(object_id);
        }
        let mut data = Vec::new();
        store(&mut data, &create.data, &mut self.scratch);
        self.all.insert(
            object_id,
            Object {
                uniqifier,
                entity_type: create.entity_type,
                owner: client_id,
                data,
                last_frame: frame,
                outgoing: is_own.then(|| Box::new(Outgoing::known())),
            },
        );
        self.events.push(EntityEvent::Created { object_id, owner: client_id });
    }

    /// Whether the client has removed an object, and the server has not heard of it yet. Another's it
    /// cannot remove: the server gave it away before, and does not follow.
    fn is_removing(&mut self, object_id: u16, uniqifier: u16, owner: u16) -> bool {
        let removing = self.outbox.is_removing(object_id, uniqifier);
        if removing && owner != self.net_id {
            self.outbox.keep(object_id, uniqifier);
            return false;
        }
        if removing {
            self.outbox.insist(object_id, uniqifier);
        }
        removing
    }

    fn sync(&mut self, sync: &Sync<'_>, frame: u64) {
        let Sync { object_id, uniqifier, client_id, .. } = *sync;
        let object = self.all.get_mut(&object_id);
        let is_first = object.as_ref().is_some_and(|object| object.uniqifier == !uniqifier);
        let object = object.filter(|object| is_first || object.uniqifier == uniqifier);
        let Some(object) = object else {
            if !self.is_removing(object_id, uniqifier, client_id) {
                self.complaints.recreate(object_id);
            }
            return;
        };
        if object.last_frame < sync.dependent_frame_index {
            return self.complaints.ignore(object_id, object.last_frame);
        }
        object.last_frame = frame;
        // Of an object of its own, that stays its own, a client knows best, but for one that it was
        // just given.
        let own = object.outgoing.as_ref().filter(|_| client_id == self.net_id);
        let knows_best = own.is_some_and(|own| own.version > 0 || !is_first);
        if !knows_best && !sync.data.is_empty() {
            store(&mut object.data, &sync.data, &mut self.scratch);
            self.events.push(EntityEvent::Updated { object_id });
        }
        self.migrate(object_id, client_id);
        if sync.data.is_empty() && client_id == self.net_id {
            self.claim(object_id);
        }
    }

    /// The server says that an object is the client's own, be it anew: states of others may have come
    /// between, and the client's counts. Clients of the reference send it all the time.
    fn claim(&mut self, object_id: u16) {
        let own = self.all.get_mut(&object_id).and_then(|object| object.outgoing.as_mut());
        if let Some(own) = own {
            own.version = self.outbox.next_version();
            self.has_claimed = true;
        }
    }

    /// The object has this owner, whoever had it before.
    fn migrate(&mut self, object_id: u16, owner: u16) {
        let Some(object) = self.all.get_mut(&object_id).filter(|object| object.owner != owner)
        else {
            return;
        };
        let former = core::mem::replace(&mut object.owner, owner);
        self.outbox.given(object_id);
        if owner == self.net_id {
            object.outgoing = Some(Box::new(Outgoing::known()));
            self.ids.adopt(object_id);
        } else if object.outgoing.take().is_some() {
            self.ids.forget(object_id);
        }
        self.events.push(EntityEvent::Owner { object_id, former, owner });
    }

    fn remove(&mut self, remove: Remove) {
        let Remove { object_id, uniqifier, force_steal } = remove;
        self.acks.push(acks::c2s::Record::Remove(Acknowledged { object_id, uniqifier }));
        let object = self.all.get(&object_id);
        if force_steal {
            self.ids.steal(object_id, object.is_some_and(|object| object.outgoing.is_some()));
        }
        // As in the reference, 0 stands for any.
        if object.is_some_and(|object| uniqifier == 0 || object.uniqifier == uniqifier) {
            self.end(object_id);
        }
    }

    /// An object is gone, by the server's word.
    fn end(&mut self, object_id: u16) {
        let Some(object) = self.all.remove(&object_id) else { return };
        self.outbox.given(object_id);
        if object.outgoing.is_some() {
            self.ids.release(object_id);
        }
        self.events.push(EntityEvent::Removed { object_id, owner: object.owner });
    }
}

/// Room for a state whose bytes do not begin at a byte of the body; kept, as clearing it for each
/// record takes longer than reading the record.
struct Scratch(Box<[u8; MAX_DATA]>);

impl Default for Scratch {
    fn default() -> Self {
        Self(Box::new([0; MAX_DATA]))
    }
}

/// Keeps a state, in the memory of the one before.
fn store(to: &mut Vec<u8>, data: &Data<'_>, scratch: &mut Scratch) {
    to.clear();
    to.extend_from_slice(data.bytes(&mut scratch.0));
}
