//! Which object ids are given out, and to whom (reference: `GetFreeObjectIds`, `HandleClientDrop`,
//! `ReassignEntityInner` and `FinalizeClone` of `ServerGameState.cpp`).

use std::collections::{BTreeMap, BTreeSet};

use crate::server::ClientId;

/// The most ids that a client may hold without an object to each; it gets no more before it uses
/// some. The reference gives as many as are asked for.
const MAX_UNUSED: usize = 256;

#[derive(Debug, Clone, Copy, Default)]
struct Id {
    /// Who may make an object of this id.
    holder: Option<ClientId>,
    /// An object has it.
    used: bool,
    /// Its object changed hands: with the object's end the id is free for all.
    stolen: bool,
}

impl Id {
    const fn is_free(self) -> bool {
        self.holder.is_none() && !self.used
    }
}

/// The ids of one server, 1 up to and without the greatest.
#[derive(Debug)]
pub(super) struct ObjectIds {
    /// By id; the first stands for 0 and is never given out.
    ids: Vec<Id>,
    held: BTreeMap<ClientId, BTreeSet<u16>>,
    /// No id below is free.
    first_free: u16,
}

impl ObjectIds {
    /// Ids below `max`.
    pub(super) fn new(max: u16) -> Self {
        let ids = vec![Id::default(); usize::from(max)];
        Self { ids, held: BTreeMap::new(), first_free: 1 }
    }

    fn get(&self, id: u16) -> Option<&Id> {
        self.ids.get(usize::from(id)).filter(|_| id != 0)
    }

    fn get_mut(&mut self, id: u16) -> Option<&mut Id> {
        self.ids.get_mut(usize::from(id)).filter(|_| id != 0)
    }

    /// Gives a client the lowest free ids: as many as it asked for, fewer when there are no more or
    /// it has hoarded some.
    pub(super) fn grant(&mut self, client: ClientId, count: usize) -> Vec<u16> {
        let held = self.held.entry(client).or_default();
        let is_unused = |id: &&u16| self.ids.get(usize::from(**id)).is_some_and(|id| !id.used);
        let unused = held.iter().filter(is_unused).count();
        let count = count.min(MAX_UNUSED.saturating_sub(unused));
        let mut given = Vec::with_capacity(count);
        let first = self.first_free;
        for (at, id) in self.ids.iter_mut().enumerate().skip(usize::from(first)) {
            if given.len() == count {
                break;
            }
            let Ok(number) = u16::try_from(at) else { break };
            if id.is_free() {
                id.holder = Some(client);
                held.insert(number);
                given.push(number);
            }
            self.first_free = number + 1;
        }
        given
    }

    /// Whether this client may make an object of this id. As in the reference it may be one that was
    /// never given out; but it may not be another client's.
    pub(super) fn may_create(&self, client: ClientId, id: u16) -> bool {
        self.get(id).is_some_and(|id| !id.used && id.holder.is_none_or(|holder| holder == client))
    }

    /// An object has this id from now on.
    pub(super) fn created(&mut self, id: u16) {
        if let Some(id) = self.get_mut(id) {
            id.used = true;
        }
    }

    /// The object of this id has a new owner.
    pub(super) fn reassigned(&mut self, id: u16, owner: ClientId) {
        let Some(entry) = self.get_mut(id) else { return };
        entry.stolen = true;
        if let Some(old) = entry.holder.replace(owner)
            && let Some(held) = self.held.get_mut(&old)
        {
            held.remove(&id);
        }
        self.held.entry(owner).or_default().insert(id);
    }

    /// Whether the id goes back to all when its object ends, and not to the owner.
    pub(super) fn is_stolen(&self, id: u16) -> bool {
        self.get(id).is_some_and(|id| id.stolen)
    }

    /// The object of this id is gone.
    pub(super) fn removed(&mut self, id: u16) {
        let Some(entry) = self.get_mut(id) else { return };
        entry.used = false;
        if core::mem::take(&mut entry.stolen)
            && let Some(holder) = entry.holder.take()
            && let Some(held) = self.held.get_mut(&holder)
        {
            held.remove(&id);
        }
        self.look_again_from(id);
    }

    /// A client is gone, and so are its objects: its ids are free.
    pub(super) fn leave(&mut self, client: ClientId) {
        for id in self.held.remove(&client).unwrap_or_default() {
            if let Some(entry) = self.get_mut(id) {
                entry.holder = None;
            }
            self.look_again_from(id);
        }
    }

    fn look_again_from(&mut self, id: u16) {
        if self.get(id).is_some_and(|id| id.is_free()) {
            self.first_free = self.first_free.min(id);
        }
    }

    /// Ids that are given out or used.
    #[cfg(test)]
    fn taken(&self) -> usize {
        self.ids.iter().filter(|id| !id.is_free()).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: ClientId = ClientId(1);
    const BEN: ClientId = ClientId(2);

    #[test]
    fn no_id_is_given_twice_and_all_come_back() {
        let mut ids = ObjectIds::new(200);
        let ana = ids.grant(ANA, 64);
        assert!(ana.iter().copied().eq(1..=64));
        assert!(ids.grant(BEN, 64).iter().copied().eq(65..=128));
        ids.leave(ANA);
        assert!(ids.grant(BEN, 100).iter().copied().eq((1..=64).chain(129..=164)));
        ids.leave(BEN);
        assert_eq!(ids.taken(), 0);
        assert_eq!(ids.first_free, 1);
    }

    #[test]
    fn a_client_that_hoards_gets_no_more() {
        let mut ids = ObjectIds::new(8191);
        let given: usize = (0..100).map(|_| ids.grant(ANA, 32).len()).sum();
        assert_eq!(given, MAX_UNUSED);
        for id in 1..=40 {
            ids.created(id);
        }
        assert_eq!(ids.grant(ANA, 32).len(), 32);
        assert_eq!(ids.grant(ANA, 32).len(), 8);
    }

    #[test]
    fn there_is_an_end_to_them() {
        let mut ids = ObjectIds::new(8);
        assert_eq!(ids.grant(ANA, 64), [1, 2, 3, 4, 5, 6, 7]);
        assert!(ids.grant(BEN, 64).is_empty());
        assert!(!ids.may_create(BEN, 3) && ids.may_create(ANA, 3));
        assert!(!ids.may_create(ANA, 0) && !ids.may_create(ANA, 8));
    }

    #[test]
    fn an_id_that_changed_hands_is_free_for_all_in_the_end() {
        let mut ids = ObjectIds::new(100);
        ids.grant(ANA, 2);
        ids.created(1);
        ids.reassigned(1, BEN);
        ids.leave(ANA);
        assert!(!ids.may_create(BEN, 1), "its object is there");
        ids.removed(1);
        assert_eq!(ids.grant(ANA, 1), [1]);
    }
}
