//! The objects of all clients, each with its owner, its bucket and its latest state.

use std::collections::BTreeMap;

use crate::server::ClientId;

/// An object that a client made and the others are told of.
#[derive(Debug, Clone)]
pub struct Entity {
    pub(super) object_id: u16,
    pub(super) uniqifier: u16,
    pub(super) kind: u8,
    pub(super) creation_token: u32,
    pub(super) owner: ClientId,
    /// The owner's net id.
    pub(super) owner_net_id: u16,
    pub(super) bucket: u32,
    /// The state of its create.
    pub(super) created: Box<[u8]>,
    /// The state of its latest sync.
    pub(super) synced: Option<Box<[u8]>>,
    /// The owner's time of the latest state; nothing since the owner changed.
    pub(super) timestamp: Option<u32>,
    /// The frame that first has the latest sync; 0 before there was one.
    pub(super) changed: u64,
}

impl Entity {
    /// Its object id.
    pub const fn object_id(&self) -> u16 {
        self.object_id
    }

    /// What tells it from another object of the same id.
    pub const fn uniqifier(&self) -> u16 {
        self.uniqifier
    }

    /// What it is, in the game's numbers.
    pub const fn entity_type(&self) -> u8 {
        self.kind
    }

    /// Who owns it.
    pub const fn owner(&self) -> ClientId {
        self.owner
    }

    /// In which routing bucket it is.
    pub const fn bucket(&self) -> u32 {
        self.bucket
    }

    /// Its latest state, as its owner sent it.
    pub fn data(&self) -> &[u8] {
        self.synced.as_deref().unwrap_or(&self.created)
    }

    /// The latest state into the memory of the one before, where it has the same size.
    pub(super) fn store(&mut self, bytes: &[u8]) {
        match &mut self.synced {
            Some(synced) if synced.len() == bytes.len() => synced.copy_from_slice(bytes),
            synced => *synced = Some(bytes.into()),
        }
    }
}

/// The objects by place. A place is the index under which each client's view has the object too.
#[derive(Debug, Default)]
pub(super) struct Entities {
    places: Vec<Option<Entity>>,
    free: Vec<usize>,
    by_id: BTreeMap<u16, usize>,
}

impl Entities {
    /// Places in use and free.
    pub(super) const fn places(&self) -> usize {
        self.places.len()
    }

    pub(super) fn get(&self, place: usize) -> Option<&Entity> {
        self.places.get(place)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, place: usize) -> Option<&mut Entity> {
        self.places.get_mut(place)?.as_mut()
    }

    /// The place of the object of this id.
    pub(super) fn find(&self, object_id: u16) -> Option<usize> {
        self.by_id.get(&object_id).copied()
    }

    /// The place of this very object.
    pub(super) fn find_exact(&self, object_id: u16, uniqifier: u16) -> Option<usize> {
        let place = self.find(object_id)?;
        self.get(place).filter(|entity| entity.uniqifier == uniqifier).map(|_| place)
    }

    /// In the order of their ids.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entity> {
        self.by_id.values().filter_map(|place| self.get(*place))
    }

    /// The places of the objects of one owner, in the order of their ids.
    pub(super) fn owned_by(&self, owner: ClientId) -> Vec<usize> {
        let is_owned = |place: &usize| self.get(*place).is_some_and(|entity| entity.owner == owner);
        self.by_id.values().copied().filter(is_owned).collect()
    }

    /// Adds an object whose id no other has.
    pub(super) fn insert(&mut self, entity: Entity) -> usize {
        let place = self.free.pop().unwrap_or(self.places.len());
        self.by_id.insert(entity.object_id, place);
        match self.places.get_mut(place) {
            Some(free) => *free = Some(entity),
            None => self.places.push(Some(entity)),
        }
        place
    }

    pub(super) fn remove(&mut self, place: usize) -> Option<Entity> {
        let entity = self.places.get_mut(place)?.take()?;
        self.by_id.remove(&entity.object_id);
        self.free.push(place);
        Some(entity)
    }
}
