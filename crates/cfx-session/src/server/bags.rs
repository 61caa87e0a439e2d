//! State bags: values by name that clients and server share under `OneSync` (reference:
//! `StateBagComponent.cpp`, `StateBagPacketHandler.cpp`; for players' bags `ServerGameState.cpp`).
//!
//! A bag has an owner, the one whose values count, and targets, who are told of each value that is
//! set. Who joins is told all values of the bags that are for everyone or have no targets, and of
//! those that it is a target of.

use std::collections::{BTreeMap, BTreeSet};

use cfx_control::texts::dropped as texts;
use cfx_game::frame::Payload;
use cfx_game::state_bag::StateBagV2;
use cfx_onesync::state_bag::{MAX_NAME, MAX_WRITTEN, StateBagV1};
use cfx_wire::Decode;

use super::{ClientId, Delivery, Event, OneSync, Server};
use crate::time::Time;

/// The most bytes that clients may make one bag hold, keys and values. The reference has no bound.
const MAX_BAG: usize = 4 << 20;

/// `MessagePack`'s nil, which removes a key.
const NIL: u8 = 0xC0;

/// Whose values a bag takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BagOwner {
    /// Every client's, and the server's.
    Anyone,
    /// The server's alone.
    Server,
    /// This client's, and the server's.
    Client(ClientId),
}

/// Who is told of a bag's values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BagTargets {
    /// Every client.
    Everyone,
    /// These; more can be added. While there are none, a client that joins is told all the same.
    Clients(BTreeSet<ClientId>),
}

#[derive(Debug)]
struct Bag {
    owner: BagOwner,
    targets: BagTargets,
    values: BTreeMap<Box<[u8]>, Box<[u8]>>,
    bytes: usize,
}

impl Bag {
    /// Whether a client that joins is told of it.
    fn greets(&self, client: ClientId) -> bool {
        match &self.targets {
            BagTargets::Everyone => true,
            BagTargets::Clients(targets) => targets.is_empty() || targets.contains(&client),
        }
    }

    /// Sets a value; says whether that is news to others.
    fn set(&mut self, key: &[u8], value: &[u8]) -> bool {
        let old = self.values.get(key).map(|old| &**old);
        if old == Some(value) || (old.is_none() && value.first() == Some(&NIL)) {
            return false;
        }
        if let Some(old) = self.values.remove(key) {
            self.bytes -= key.len() + old.len();
        }
        if value.first() != Some(&NIL) {
            self.bytes += key.len() + value.len();
            self.values.insert(key.into(), value.into());
        }
        true
    }
}

/// All bags, by name.
#[derive(Debug, Default)]
pub(super) struct Bags(BTreeMap<Box<[u8]>, Bag>);

impl Bags {
    /// With the one that there always is: `global`, the server's, for everyone.
    pub(super) fn new() -> Self {
        let mut bags = Self::default();
        bags.register(b"global", BagOwner::Server, BagTargets::Everyone);
        bags
    }

    /// Adds a bag. One that is there keeps its values.
    fn register(&mut self, name: &[u8], owner: BagOwner, targets: BagTargets) {
        if name.is_empty() || name.len() > MAX_NAME {
            return;
        }
        let empty =
            || Bag { owner, targets: BagTargets::Everyone, values: BTreeMap::new(), bytes: 0 };
        let bag = self.0.entry(name.into()).or_insert_with(empty);
        bag.owner = owner;
        bag.targets = targets;
    }

    fn value(&self, name: &[u8], key: &[u8]) -> Option<&[u8]> {
        self.0.get(name)?.values.get(key).map(|value| &**value)
    }
}

/// A value as a packet: of the first version, as a server cannot tell which clients know the
/// second. Nothing when the reference's writer could not hold it.
fn packet(name: &[u8], key: &[u8], value: &[u8]) -> Option<Vec<u8>> {
    let whole = name.len() + key.len() + value.len() + 6;
    let fits = !key.is_empty() && !value.is_empty() && whole <= MAX_WRITTEN;
    fits.then(|| StateBagV1 { name, key, value }.to_packet())
}

impl Server {
    /// What a bag holds under a key, in `MessagePack`.
    pub fn bag_value(&self, bag: &str, key: &str) -> Option<&[u8]> {
        self.bags.value(bag.as_bytes(), key.as_bytes())
    }

    /// Counts a message, whatever is in it: ignored beyond the rate, and the client dropped when it
    /// is beyond that of a flood, too, or brings too many bytes.
    pub(super) fn bag_allowed(&mut self, id: ClientId, bytes: usize, now: Time) -> bool {
        use super::channel::Allowed;
        if self.config.strict_bags {
            return false;
        }
        let rate = self.config.message_rates.bags;
        let allowed = self.registry.update(id, |client| {
            let allowance = &mut client.channel.bags;
            let within = allowance.messages.take(rate.messages, 1.0, now);
            let counted = allowance.flood.take(rate.flood, 1.0, now);
            match (within, counted) {
                (true, _) => allowance.take_bytes(&rate, bytes, now),
                (false, true) => Allowed::No,
                (false, false) => Allowed::Flood,
            }
        });
        if matches!(allowed, Some(Allowed::Flood | Allowed::Size)) {
            self.drop_client(id, texts::STATE_BAG_OVERFLOW);
        }
        allowed == Some(Allowed::Yes)
    }

    /// A client sets a value: that counts only in a bag that there is, and is not another's.
    pub(super) fn client_sets_bag(&mut self, id: ClientId, payload: &[u8]) {
        let Ok(StateBagV2 { bag_name, key, data }) = StateBagV2::from_slice(payload) else {
            return;
        };
        // Without a slot there is nobody to own a bag.
        if !self.config.onesync.is_on() {
            return;
        }
        let Some(bag) = self.bags.0.get_mut(bag_name) else { return };
        let may = match bag.owner {
            BagOwner::Anyone => true,
            BagOwner::Server => false,
            BagOwner::Client(owner) => owner == id,
        };
        if !may || bag.bytes + key.len() + data.len() > MAX_BAG || !bag.set(key, data) {
            return;
        }
        self.tell_bag(bag_name, key, data);
        let (bag, key, value) = (bag_name.to_vec(), key.to_vec(), data.to_vec());
        self.event(Event::BagChange { client: id, bag, key, value });
    }

    /// The application or the server itself sets a value.
    pub(super) fn set_bag(&mut self, name: &[u8], key: &[u8], value: &[u8], replicated: bool) {
        if key.is_empty() || key.len() > MAX_NAME || value.is_empty() {
            return;
        }
        let Some(bag) = self.bags.0.get_mut(name) else { return };
        if bag.set(key, value) && replicated {
            self.tell_bag(name, key, value);
        }
    }

    /// Adds a bag, or gives one other owner and targets. Targets that are new to it are told all its
    /// values.
    pub(super) fn register_bag(&mut self, name: &[u8], owner: BagOwner, targets: BagTargets) {
        let (old, new) = (self.bag_targets(name), &targets);
        let fresh: Vec<_> = match new {
            BagTargets::Everyone => Vec::new(),
            BagTargets::Clients(new) => new.difference(&old).copied().collect(),
        };
        self.bags.register(name, owner, targets);
        for client in fresh {
            self.send_bag(client, name);
        }
    }

    pub(super) fn remove_bag(&mut self, name: &[u8]) {
        self.bags.0.remove(name);
    }

    /// Adds a target to a bag that is not for everyone, and tells it all values.
    pub(super) fn add_bag_target(&mut self, name: &[u8], client: ClientId) {
        let Some(bag) = self.bags.0.get_mut(name) else { return };
        let BagTargets::Clients(targets) = &mut bag.targets else { return };
        if targets.insert(client) {
            self.send_bag(client, name);
        }
    }

    pub(super) fn remove_bag_target(&mut self, name: &[u8], client: ClientId) {
        if let Some(Bag { targets: BagTargets::Clients(targets), .. }) = self.bags.0.get_mut(name) {
            targets.remove(&client);
        }
    }

    /// A client has joined: it gets a bag of its own, and is told the values of others.
    pub(super) fn join_bags(&mut self, id: ClientId) {
        let Some(client) = self.registry.get(id).filter(|_| self.config.onesync.is_on()) else {
            return;
        };
        let name = format!("player:{}", client.net_id);
        // Others are added as they come near, in big mode; out of it the reference adds nobody.
        let own = (self.config.onesync == OneSync::Big).then_some(id);
        let targets = BagTargets::Clients(own.into_iter().collect());
        self.register_bag(name.as_bytes(), BagOwner::Client(id), targets);
        let greeting: Vec<_> = self
            .bags
            .0
            .iter()
            .filter(|(_, bag)| bag.greets(id))
            .map(|(name, _)| name.clone())
            .collect();
        for name in greeting {
            self.send_bag(id, &name);
        }
    }

    /// A client is gone, with its bag; what it owned is the server's.
    pub(super) fn leave_bags(&mut self, id: ClientId, net_id: u16) {
        self.remove_bag(format!("player:{net_id}").as_bytes());
        for bag in self.bags.0.values_mut() {
            if bag.owner == BagOwner::Client(id) {
                bag.owner = BagOwner::Server;
            }
            if let BagTargets::Clients(targets) = &mut bag.targets {
                targets.remove(&id);
            }
        }
    }

    fn bag_targets(&self, name: &[u8]) -> BTreeSet<ClientId> {
        match self.bags.0.get(name).map(|bag| &bag.targets) {
            Some(BagTargets::Clients(targets)) => targets.clone(),
            Some(BagTargets::Everyone) | None => BTreeSet::new(),
        }
    }

    /// Sends a value to all targets of its bag, the one that set it included.
    fn tell_bag(&mut self, name: &[u8], key: &[u8], value: &[u8]) {
        let Some(packet) = packet(name, key, value).filter(|_| self.config.onesync.is_on()) else {
            return;
        };
        let targets: Vec<_> = match self.bags.0.get(name).map(|bag| &bag.targets) {
            Some(BagTargets::Everyone) => self.players(),
            Some(BagTargets::Clients(targets)) => targets.iter().copied().collect(),
            None => Vec::new(),
        };
        for target in targets {
            self.send(target, 1, Delivery::Reliable, packet.clone());
        }
    }

    /// Sends all values of a bag to one client.
    fn send_bag(&mut self, to: ClientId, name: &[u8]) {
        let Some(bag) = self.bags.0.get(name).filter(|_| self.config.onesync.is_on()) else {
            return;
        };
        let packets: Vec<_> =
            bag.values.iter().filter_map(|(key, value)| packet(name, key, value)).collect();
        for packet in packets {
            self.send(to, 1, Delivery::Reliable, packet);
        }
    }
}
