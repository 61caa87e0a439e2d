//! Tickets: the service's key and its rotation, single use, and who waits for the key.

use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;

use cfx_control::request::InitConnect;
use cfx_control::ticket::PublicKey;

use crate::http::RequestId;
use crate::time::Time;

/// A key younger than this, in milliseconds, is not fetched again after a bad signature
/// (SPEC TICKET-6).
const KEY_KEPT: u64 = 5 * 60_000;

/// How long the application has to find the key, in milliseconds.
const KEY_WAIT: u64 = 30_000;

/// The most requests that wait for the key at once; those beyond are refused as if there was none.
const MAX_WAITING: usize = 256;

/// The most tickets remembered as used. When more are used before they expire, those that expire
/// first are forgotten first.
const MAX_USED: usize = 65_536;

/// A request whose ticket waits for the key.
pub(super) struct Waiting {
    pub(super) id: RequestId,
    pub(super) from: SocketAddr,
    pub(super) request: InitConnect,
    /// Whether a key has been tried before.
    pub(super) again: bool,
}

#[derive(Default)]
pub(super) struct Tickets {
    key: Option<PublicKey>,
    /// When a key was last looked for.
    fetched: Time,
    asked: Option<Time>,
    waiting: VecDeque<Waiting>,
    /// (expiry, guid) of every ticket that was good.
    used: BTreeSet<(u64, u64)>,
}

impl Tickets {
    pub(super) fn key(&self) -> Option<&PublicKey> {
        self.key.as_ref()
    }

    /// Whether a bad signature is reason enough to fetch the key again: the one at hand may be old.
    /// It stays in use until there is another; the reference throws it away first, so that anyone
    /// with a bad ticket locks everyone out while the key service is away.
    pub(super) fn may_refetch(&self, now: Time) -> bool {
        self.asked.is_some() || now.since(self.fetched) > KEY_KEPT
    }

    /// Whether one more request may wait for the key.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < MAX_WAITING
    }

    /// Lets a request wait for the key; says whether the application has yet to be asked.
    pub(super) fn wait(&mut self, waiting: Waiting, now: Time) -> bool {
        self.waiting.push_back(waiting);
        let ask = self.asked.is_none();
        self.asked.get_or_insert(now);
        ask
    }

    /// The key arrived, or there is none; gives all who waited for it.
    pub(super) fn answer(&mut self, key: Option<PublicKey>, now: Time) -> VecDeque<Waiting> {
        self.key = key.or(self.key.take());
        self.fetched = now;
        self.asked = None;
        core::mem::take(&mut self.waiting)
    }

    /// When the wait for the key ends.
    pub(super) fn deadline(&self) -> Option<Time> {
        self.asked.map(|asked| asked.after(KEY_WAIT))
    }

    /// The peer of a waiting request went away.
    pub(super) fn forget(&mut self, id: RequestId) {
        self.waiting.retain(|waiting| waiting.id != id);
    }

    pub(super) fn is_used(&self, ticket: (u64, u64)) -> bool {
        self.used.contains(&ticket)
    }

    /// Remembers a good ticket until it expires. The reference remembers it before its signature is
    /// checked, and forgets all of them every half an hour (SPEC TICKET-5).
    pub(super) fn mark_used(&mut self, ticket: (u64, u64), unix_now: u64) {
        self.used = self.used.split_off(&(unix_now, 0));
        if self.used.len() >= MAX_USED {
            self.used.pop_first();
        }
        self.used.insert(ticket);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn used_tickets_are_remembered_until_they_expire() {
        let mut tickets = Tickets::default();
        tickets.mark_used((100, 1), 50);
        tickets.mark_used((200, 2), 100);
        assert!(tickets.is_used((100, 1)), "it expires after second 100");
        tickets.mark_used((300, 3), 101);
        assert!(!tickets.is_used((100, 1)));
        assert!(tickets.is_used((200, 2)) && tickets.is_used((300, 3)));
    }

    #[test]
    fn the_memory_is_bounded() {
        let mut tickets = Tickets::default();
        for guid in 0..100_000 {
            tickets.mark_used((1000, guid), 0);
        }
        assert_eq!(tickets.used.len(), MAX_USED);
        assert!(tickets.is_used((1000, 99_999)));
    }
}
