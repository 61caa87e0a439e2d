//! The object ids that a client may use (reference: `gta-net-five/src/ObjectIdManager.cpp`).

use std::collections::BTreeSet;

use crate::time::Time;

/// With fewer free ids than this a client asks for more; in big mode with fewer than the second.
const LOW: (usize, usize) = (16, 4);

/// Milliseconds between two requests. The reference sends the next as soon as the first is answered,
/// even if there were none left.
const REQUEST_INTERVAL: u64 = 1000;

/// Ids that the server gave, and what became of them.
#[derive(Debug, Default)]
pub(super) struct Ids {
    free: BTreeSet<u16>,
    /// In use, but not to come back.
    stolen: BTreeSet<u16>,
    big: bool,
    /// When more may be asked for; nothing before the connection is there.
    request: Option<Time>,
}

impl Ids {
    pub(super) fn new(big: bool) -> Self {
        Self { big, ..Self::default() }
    }

    /// The connection is there. The server gives the first ids by itself.
    pub(super) fn begin(&mut self, now: Time) {
        self.request = Some(now.after(REQUEST_INTERVAL));
    }

    pub(super) fn free(&self) -> impl Iterator<Item = u16> {
        self.free.iter().copied()
    }

    /// When a request is due.
    pub(super) fn due(&self) -> Option<Time> {
        let low = if self.big { LOW.1 } else { LOW.0 };
        self.request.filter(|_| self.free.len() < low)
    }

    pub(super) fn requested(&mut self, now: Time) {
        self.request = Some(now.after(REQUEST_INTERVAL));
    }

    pub(super) fn add(&mut self, ids: impl Iterator<Item = u16>) {
        self.free.extend(ids);
    }

    /// The client made an object of this id.
    pub(super) fn take(&mut self, id: u16) {
        self.free.remove(&id);
        self.stolen.remove(&id);
    }

    /// An object of another client's id is the client's own now.
    pub(super) fn adopt(&mut self, id: u16) {
        if !self.free.remove(&id) {
            self.stolen.insert(id);
        }
    }

    /// The server wants the id back: at once, or with its object's end.
    pub(super) fn steal(&mut self, id: u16, is_used: bool) {
        if is_used {
            self.stolen.insert(id);
        } else {
            self.free.remove(&id);
        }
    }

    /// The object of this id, the client's own, is gone for good.
    pub(super) fn release(&mut self, id: u16) {
        if !self.stolen.remove(&id) {
            self.free.insert(id);
        }
    }

    /// The object of this id is another client's now.
    pub(super) fn forget(&mut self, id: u16) {
        self.stolen.remove(&id);
    }
}
