//! The clients a server knows, connecting and connected, and the ways to find them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use cfx_wire::hash;

use super::channel::Channel;
use super::config::limit_key;
use super::deferral::Deferral;
use super::{ClientId, PeerId};
use crate::http::RequestId;
use crate::time::Time;

/// Milliseconds without a sign of a client that has not joined yet (SPEC SERVER-2).
const CONNECTING_TIMEOUT: u64 = 120_000;

/// Milliseconds without a sign of a client that has joined (SPEC SERVER-2).
const JOINED_TIMEOUT: u64 = 60_000;

/// Milliseconds that an ENet connection may stay without a good handshake (SPEC SERVER-6).
const UNBOUND_TIMEOUT: u64 = 30_000;

/// The tries to connect that one token has (SPEC ENET-4).
const MAX_TRIES: u8 = 4;

/// How far a client has come.
#[derive(Debug)]
pub(crate) enum Stage {
    /// `playerConnecting` runs, or a resource defers; the answer to `request` is open.
    Deferring { request: RequestId, deferral: Box<Deferral> },
    /// `passedValidation`: the handshake and the manifest are open to it.
    Validated,
}

/// One client, from the moment its token is issued.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) id: ClientId,
    /// As the client wrote it: two texts of one number are two clients (SPEC HTTP-13).
    pub(crate) guid: Box<[u8]>,
    pub(crate) name: Box<str>,
    pub(crate) token: Box<str>,
    pub(crate) game_name: Box<str>,
    /// Where its HTTP requests come from.
    pub(crate) address: IpAddr,
    pub(crate) identifiers: Vec<String>,
    pub(crate) stage: Stage,
    /// 0x10000 and up until it joins (SPEC SERVER-1).
    pub(crate) net_id: u32,
    pub(crate) slot: Option<u16>,
    pub(crate) peer: Option<(PeerId, SocketAddr)>,
    pub(crate) last_seen: Time,
    pub(crate) next_frame: Time,
    /// What follows the handshake.
    pub(crate) channel: Channel,
    /// Round trip in milliseconds, -1 while unknown.
    pub(crate) ping: i32,
    tries: Tries,
    wake: Option<Time>,
}

/// What became of a token's tries to connect.
#[derive(Debug, Default)]
struct Tries {
    count: u8,
    address: Option<IpAddr>,
    last: Option<(SocketAddr, u32)>,
    connected: Option<Connected>,
}

/// The ENet connection that holds a token.
#[derive(Debug, Clone, Copy)]
struct Connected {
    peer: PeerId,
    since: Time,
    /// A client is bound to it, if not always the token's.
    bound: bool,
}

impl Client {
    pub(crate) const fn has_joined(&self) -> bool {
        self.net_id < 0xFFFF
    }

    pub(crate) const fn is_validated(&self) -> bool {
        matches!(self.stage, Stage::Validated)
    }

    /// The request whose answer is open.
    pub(crate) const fn request(&self) -> Option<RequestId> {
        match self.stage {
            Stage::Deferring { request, .. } => Some(request),
            Stage::Validated => None,
        }
    }

    /// The ENet connections that go when the client goes: the bound one, and one that holds its token
    /// and is bound to no one.
    pub(crate) fn peers(&self) -> impl Iterator<Item = PeerId> {
        let holding = self.tries.connected.filter(|connected| !connected.bound);
        let bound = self.peer.map(|(peer, _)| peer);
        bound.into_iter().chain(holding.map(|connected| connected.peer))
    }

    /// The first moment at which the client is given up, unless it shows itself before. A deferral
    /// counts as a sign.
    pub(crate) fn deadline(&self) -> Time {
        let timeout = if self.has_joined() { JOINED_TIMEOUT } else { CONNECTING_TIMEOUT };
        self.last_seen.after(timeout + 1)
    }

    /// When an ENet connection that holds the token without being bound is given up.
    pub(crate) fn unbound_until(&self) -> Option<Time> {
        let connected = self.tries.connected.filter(|connected| !connected.bound)?;
        Some(connected.since.after(UNBOUND_TIMEOUT))
    }

    /// When the client next needs attention.
    fn next_wake(&self) -> Time {
        let wake = self.next_stage_wake();
        self.unbound_until().map_or(wake, |until| until.min(wake))
    }

    fn next_stage_wake(&self) -> Time {
        match &self.stage {
            Stage::Deferring { deferral, .. } => {
                deferral.keep_alive().unwrap_or_else(|| self.deadline())
            }
            Stage::Validated if self.has_joined() => {
                let wake = self.deadline().min(self.next_frame);
                self.channel.due().map_or(wake, |due| due.min(wake))
            }
            Stage::Validated => self.deadline(),
        }
    }
}

/// What a new client begins with.
pub(crate) struct NewClient {
    pub(crate) guid: Box<[u8]>,
    pub(crate) name: String,
    pub(crate) token: String,
    pub(crate) game_name: String,
    pub(crate) address: IpAddr,
    pub(crate) identifiers: Vec<String>,
    pub(crate) request: RequestId,
}

/// The tables. Every index is an ordered map: nothing about a session depends on a random hash.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    clients: BTreeMap<ClientId, Client>,
    by_guid: BTreeMap<Box<[u8]>, ClientId>,
    by_token: BTreeMap<Box<str>, ClientId>,
    by_token_hash: BTreeMap<u32, ClientId>,
    by_address: BTreeMap<IpAddr, ClientId>,
    by_peer: BTreeMap<PeerId, ClientId>,
    /// Whose token a peer connected with; it is bound only once its handshake is good.
    by_connect: BTreeMap<PeerId, ClientId>,
    by_net_id: BTreeMap<u16, ClientId>,
    by_request: BTreeMap<RequestId, ClientId>,
    /// By the key of an address in limits.
    connecting: BTreeMap<IpAddr, usize>,
    slots: Vec<Option<ClientId>>,
    wakes: BTreeSet<(Time, ClientId)>,
    next_id: u64,
    next_temporary: u32,
    last_net_id: u16,
}

impl Registry {
    pub(crate) fn new(slots: u16) -> Self {
        Self { slots: vec![None; usize::from(slots)], ..Self::default() }
    }

    pub(crate) fn len(&self) -> usize {
        self.clients.len()
    }

    /// How many have joined: the `clients` of discovery.
    pub(crate) fn joined(&self) -> usize {
        self.by_net_id.len()
    }

    /// How many clients of this address have not joined yet.
    pub(crate) fn connecting_from(&self, address: IpAddr) -> usize {
        self.connecting.get(&limit_key(address)).copied().unwrap_or(0)
    }

    pub(crate) fn get(&self, id: ClientId) -> Option<&Client> {
        self.clients.get(&id)
    }

    /// All clients, connecting and joined, in the order in which they came.
    pub(crate) fn ids(&self) -> impl Iterator<Item = ClientId> {
        self.clients.keys().copied()
    }

    /// The clients that have joined, in the order in which they came.
    pub(crate) fn players(&self) -> impl Iterator<Item = &Client> + Clone {
        self.clients.values().filter(|client| client.has_joined())
    }

    /// Changes a client and sets its next wake-up anew.
    pub(crate) fn update<R>(
        &mut self,
        id: ClientId,
        f: impl FnOnce(&mut Client) -> R,
    ) -> Option<R> {
        let client = self.clients.get_mut(&id)?;
        let result = f(client);
        let wake = client.next_wake();
        if client.wake != Some(wake) {
            if let Some(old) = client.wake.replace(wake) {
                self.wakes.remove(&(old, id));
            }
            self.wakes.insert((wake, id));
        }
        Some(result)
    }

    pub(crate) fn by_guid(&self, guid: &[u8]) -> Option<&Client> {
        self.by_guid.get(guid).and_then(|id| self.get(*id))
    }

    pub(crate) fn by_token(&self, token: &str) -> Option<&Client> {
        self.by_token.get(token).and_then(|id| self.get(*id))
    }

    pub(crate) fn by_address(&self, address: IpAddr) -> Option<&Client> {
        self.by_address.get(&address).and_then(|id| self.get(*id))
    }

    pub(crate) fn by_peer(&self, peer: PeerId) -> Option<&Client> {
        self.by_peer.get(&peer).and_then(|id| self.get(*id))
    }

    pub(crate) fn by_net_id(&self, net_id: u16) -> Option<&Client> {
        self.by_net_id.get(&net_id).and_then(|id| self.get(*id))
    }

    pub(crate) fn by_request(&self, request: RequestId) -> Option<&Client> {
        self.by_request.get(&request).and_then(|id| self.get(*id))
    }

    /// Adds a deferring client under a temporary net id.
    pub(crate) fn add(&mut self, new: NewClient, now: Time) -> ClientId {
        let id = ClientId(self.next_id);
        self.next_id += 1;
        let net_id = 0x1_0000_u32.saturating_add(self.next_temporary);
        self.next_temporary = self.next_temporary.wrapping_add(1);
        let client = Client {
            id,
            guid: new.guid,
            name: new.name.into(),
            token: new.token.into(),
            game_name: new.game_name.into(),
            address: new.address,
            identifiers: new.identifiers,
            stage: Stage::Deferring { request: new.request, deferral: Box::default() },
            net_id,
            slot: None,
            peer: None,
            last_seen: now,
            next_frame: now,
            channel: Channel::default(),
            ping: -1,
            tries: Tries::default(),
            wake: None,
        };
        self.by_guid.insert(client.guid.clone(), id);
        self.by_token.insert(client.token.clone(), id);
        self.by_token_hash.insert(hash::lower(client.token.as_bytes()), id);
        self.by_address.insert(client.address, id);
        self.by_request.insert(new.request, id);
        *self.connecting.entry(limit_key(client.address)).or_default() += 1;
        self.clients.insert(id, client);
        self.update(id, |_| ());
        id
    }

    /// The client's deferral is over: the handshake is open to it.
    pub(crate) fn validate(&mut self, id: ClientId, now: Time) -> Option<(RequestId, Deferral)> {
        let stage = self.update(id, |client| {
            client.last_seen = now;
            core::mem::replace(&mut client.stage, Stage::Validated)
        })?;
        let Stage::Deferring { request, deferral } = stage else { return None };
        self.by_request.remove(&request);
        Some((request, *deferral))
    }

    /// Takes a client out of every table.
    pub(crate) fn remove(&mut self, id: ClientId) -> Option<Client> {
        let client = self.clients.remove(&id)?;
        remove_if(&mut self.by_guid, &client.guid, id);
        remove_if(&mut self.by_token, &client.token, id);
        remove_if(&mut self.by_token_hash, &hash::lower(client.token.as_bytes()), id);
        remove_if(&mut self.by_address, &client.address, id);
        if let Some(connected) = client.tries.connected {
            remove_if(&mut self.by_connect, &connected.peer, id);
        }
        if let Some((peer, _)) = client.peer {
            self.peer_gone(peer);
        }
        if let Some(request) = client.request() {
            remove_if(&mut self.by_request, &request, id);
        }
        if let Some(wake) = client.wake {
            self.wakes.remove(&(wake, id));
        }
        if let Some(entry) = client.slot.and_then(|slot| self.slots.get_mut(usize::from(slot))) {
            *entry = None;
        }
        match u16::try_from(client.net_id) {
            Ok(net_id) => remove_if(&mut self.by_net_id, &net_id, id),
            Err(_) => self.one_less_connecting(client.address),
        }
        Some(client)
    }

    fn one_less_connecting(&mut self, address: IpAddr) {
        let key = limit_key(address);
        if let Some(count) = self.connecting.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                self.connecting.remove(&key);
            }
        }
    }

    /// Whether a CONNECT with this data is answered at all (SPEC ENET-3, ENET-4). A repeated one,
    /// of the same address, port and connect id, does not count as a try.
    pub(crate) fn admits(&mut self, from: SocketAddr, connect_id: u32, data: u32) -> bool {
        let Some(id) = self.by_token_hash.get(&data) else { return false };
        let Some(client) = self.clients.get_mut(id) else { return false };
        let tries = &mut client.tries;
        if tries.connected.is_some() {
            return false;
        }
        if tries.last == Some((from, connect_id)) {
            return true;
        }
        let same_address = *tries.address.get_or_insert(from.ip()) == from.ip();
        if !same_address || tries.count >= MAX_TRIES {
            return false;
        }
        tries.count += 1;
        tries.last = Some((from, connect_id));
        true
    }

    /// A connect was completed: the token admits no other until this peer is gone. False when it is
    /// no client's token, or connected already.
    pub(crate) fn peer_connected(&mut self, peer: PeerId, data: u32, now: Time) -> bool {
        let Some(&id) = self.by_token_hash.get(&data) else { return false };
        if self.get(id).is_none_or(|client| client.tries.connected.is_some()) {
            return false;
        }
        self.by_connect.insert(peer, id);
        let connected = Connected { peer, since: now, bound: false };
        self.update(id, |client| client.tries.connected = Some(connected));
        true
    }

    /// A peer is gone: its token may connect anew.
    pub(crate) fn peer_gone(&mut self, peer: PeerId) -> Option<ClientId> {
        if let Some(holder) = self.by_connect.get(&peer).copied() {
            self.release(holder);
        }
        self.by_peer.remove(&peer)
    }

    /// Takes a token from the ENet connection that holds it.
    pub(crate) fn release(&mut self, id: ClientId) -> Option<PeerId> {
        let tries = self.update(id, |client| core::mem::take(&mut client.tries))?;
        let connected = tries.connected?;
        self.by_connect.remove(&connected.peer);
        Some(connected.peer)
    }

    /// Binds a peer to a client and gives it a slot where it has none and one is free
    /// (SPEC GAME-10, GAME-11). The peer that was bound before, if any, is returned.
    pub(crate) fn bind(&mut self, id: ClientId, peer: PeerId, from: SocketAddr) -> Option<PeerId> {
        let client = self.clients.get_mut(&id)?;
        let old = client.peer.replace((peer, from));
        if client.slot.is_none() {
            client.slot = free_slot(&self.slots);
        }
        if let Some(entry) = client.slot.and_then(|slot| self.slots.get_mut(usize::from(slot))) {
            *entry = Some(id);
        }
        self.by_peer.insert(peer, id);
        if let Some(holder) = self.by_connect.get(&peer).copied() {
            self.update(holder, |client| {
                if let Some(connected) = &mut client.tries.connected {
                    connected.bound = true;
                }
            });
        }
        let (old, _) = old?;
        self.peer_gone(old);
        Some(old)
    }

    /// Gives a client that joins its net id: the next one counted from 1 that is neither 0xFFFF nor
    /// in use (SPEC GAME-9).
    pub(crate) fn assign_net_id(&mut self, id: ClientId) -> Option<u16> {
        let free = (0..u16::MAX).find_map(|_| {
            self.last_net_id = if self.last_net_id >= 0xFFFE { 1 } else { self.last_net_id + 1 };
            (!self.by_net_id.contains_key(&self.last_net_id)).then_some(self.last_net_id)
        })?;
        let address = self.update(id, |client| {
            client.net_id = u32::from(free);
            client.address
        })?;
        self.by_net_id.insert(free, id);
        self.one_less_connecting(address);
        Some(free)
    }

    /// The next client whose time has come.
    pub(crate) fn due(&self, now: Time) -> Option<ClientId> {
        self.wakes.first().filter(|(at, _)| *at <= now).map(|(_, id)| *id)
    }

    /// When the next client's time comes.
    pub(crate) fn next_wake(&self) -> Option<Time> {
        self.wakes.first().map(|(at, _)| *at)
    }
}

/// The highest free slot but 31.
fn free_slot(slots: &[Option<ClientId>]) -> Option<u16> {
    let free =
        slots.iter().enumerate().rev().find(|(slot, holder)| *slot != 31 && holder.is_none());
    free.and_then(|(slot, _)| u16::try_from(slot).ok())
}

/// Removes an index entry unless a newer client has taken it over.
fn remove_if<Q, K>(index: &mut BTreeMap<K, ClientId>, key: &Q, id: ClientId)
where
    K: Ord + core::borrow::Borrow<Q>,
    Q: Ord + ?Sized,
{
    if index.get(key) == Some(&id) {
        index.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(registry: &mut Registry, number: u64) -> ClientId {
        let new = NewClient {
            guid: number.to_string().into_bytes().into(),
            name: String::new(),
            token: number.to_string(),
            game_name: String::new(),
            address: IpAddr::from([192, 0, 2, 1]),
            identifiers: Vec::new(),
            request: RequestId(number),
        };
        registry.add(new, Time::ZERO)
    }

    #[test]
    fn net_ids_begin_anew_and_skip_those_in_use() {
        let mut registry = Registry::new(0);
        let clients: Vec<_> = (0..10).map(|number| add(&mut registry, number)).collect();
        let join = |registry: &mut Registry, at: usize| registry.assign_net_id(clients[at]);
        assert_eq!([0, 1, 2].map(|at| join(&mut registry, at)), [Some(1), Some(2), Some(3)]);
        registry.remove(clients[1]);
        registry.last_net_id = 0xFFFC;
        let given = [3, 4, 5, 6].map(|at| join(&mut registry, at));
        assert_eq!(given, [Some(0xFFFD), Some(0xFFFE), Some(2), Some(4)]);
        assert_eq!(registry.joined(), 6);
        assert_eq!(registry.connecting_from(IpAddr::from([192, 0, 2, 1])), 3);
    }

    #[test]
    fn a_client_that_leaves_is_in_no_table() {
        let mut registry = Registry::new(129);
        let (one, two) = (add(&mut registry, 1), add(&mut registry, 2));
        let from = SocketAddr::from(([192, 0, 2, 1], 1));
        for (peer, data) in [(PeerId(1), b"1"), (PeerId(2), b"2")] {
            assert!(registry.admits(from, 1, hash::lower(data)));
            assert!(registry.peer_connected(peer, hash::lower(data), Time::ZERO));
        }
        registry.validate(one, Time::ZERO);
        // Bound to the other's connection, then to its own.
        assert_eq!(registry.bind(one, PeerId(2), from), None);
        assert_eq!(registry.bind(one, PeerId(1), from), Some(PeerId(2)));
        registry.assign_net_id(one);
        registry.remove(one);
        registry.remove(two);
        registry.remove(two);
        let counters =
            Registry { next_id: 2, next_temporary: 2, last_net_id: 1, ..Registry::new(129) };
        assert_eq!(format!("{registry:?}"), format!("{counters:?}"));
    }
}
