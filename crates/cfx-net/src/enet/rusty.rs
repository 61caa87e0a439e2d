//! [`Enet`] on top of the crate `rusty_enet`, which is ENet 1.3.17 transpiled from C.
//!
//! That crate is as trusting as the C library, so it sees nothing that did not pass
//! [`filter`](super::filter), and it is used narrowly: its socket is a pair of queues here, its
//! clock a number, its packets are copied out as they come, its peers never leave this file.
//!
//! What remains, since only an ENet of our own can change it: an acknowledgement of `VERIFY_CONNECT`
//! proves little (it can be guessed), and a connected peer can make the host search long lists by
//! sending thousands of tiny reliable packets out of order.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusty_enet::{
    EventNoRef, Host, HostSettings, MTU_MAX, Packet, PacketReceived, Peer, PeerID, PeerState,
    Socket, SocketOptions, consts, error::PeerSendError,
};

use super::filter::{self, Refusal, Rules};
use super::wire;
use super::{
    ConnectError, ConnectRequest, Delivery, Enet, Event, InvalidSettings, NO_BACKOFF_TIMEOUT,
    PeerId, SendError, Settings, TIMEOUT,
};
use crate::address::source;

/// How often the host wants to run while it has peers.
const SERVICE_INTERVAL: Duration = Duration::from_millis(10);

/// Datagrams and events that wait for the caller to poll, and datagrams that wait for it to
/// transmit. More are dropped, as a full socket buffer drops them.
const QUEUE_LIMIT: usize = 4096;

/// Added to every time. ENet takes 0 for "no time yet" in several fields.
const TIME_OFFSET: u64 = 1000;

/// An ENet host on top of `rusty_enet`, without socket, clock or randomness.
///
/// It may move between threads but is used by one at a time, as any value with `&mut` methods.
pub struct RustyEnet {
    host: Host<Queues>,
    clock: Arc<AtomicU64>,
    settings: Settings,
    /// What we know of each peer of `host`, by its index there.
    slots: Vec<Option<Slot>>,
    /// The indices of incoming connections that do not stand yet.
    half_open: Vec<usize>,
    connections: u64,
    events: VecDeque<Event>,
    last_service: Duration,
    /// Something was queued since the host last ran.
    dirty: bool,
    dropped: u64,
    last_refusal: Option<Refusal>,
}

/// One connection, or attempt at one.
struct Slot {
    id: PeerId,
    address: SocketAddr,
    origin: Origin,
    connected: bool,
    fragment_size: Option<u32>,
}

enum Origin {
    /// Our own attempt.
    Ours,
    /// A CONNECT with this id, admitted then.
    Theirs { connect_id: u32, since: Duration },
}

/// The "socket" of the host.
#[derive(Default)]
struct Queues {
    incoming: VecDeque<(SocketAddr, Vec<u8>)>,
    outgoing: VecDeque<(SocketAddr, Vec<u8>)>,
}

impl Socket for Queues {
    type Address = SocketAddr;
    type Error = Infallible;

    fn init(&mut self, _: SocketOptions) -> Result<(), Infallible> {
        Ok(())
    }

    fn send(&mut self, to: SocketAddr, datagram: &[u8]) -> Result<usize, Infallible> {
        if self.outgoing.len() < QUEUE_LIMIT {
            self.outgoing.push_back((to, datagram.to_vec()));
        }
        Ok(datagram.len())
    }

    fn receive(
        &mut self,
        buffer: &mut [u8; MTU_MAX],
    ) -> Result<Option<(SocketAddr, PacketReceived)>, Infallible> {
        let Some((from, datagram)) = self.incoming.pop_front() else {
            return Ok(None);
        };
        // Nothing longer than the buffer gets past `handle`; were it so, it is dropped here.
        let received = match buffer.get_mut(..datagram.len()) {
            Some(front) => {
                front.copy_from_slice(&datagram);
                PacketReceived::Complete(datagram.len())
            }
            None => PacketReceived::Partial,
        };
        Ok(Some((from, received)))
    }
}

impl RustyEnet {
    /// A host with these settings.
    ///
    /// # Errors
    ///
    /// [`InvalidSettings`] names the first setting that is out of range.
    pub fn new(settings: Settings) -> Result<Self, InvalidSettings> {
        if !(1..=consts::PROTOCOL_MAXIMUM_PEER_ID as usize).contains(&settings.peer_limit) {
            return Err(InvalidSettings("peer_limit"));
        }
        let clock = Arc::new(AtomicU64::new(TIME_OFFSET));
        let host_clock = Arc::clone(&clock);
        let host_settings = HostSettings {
            peer_limit: settings.peer_limit,
            channel_limit: usize::from(settings.channels),
            time: Box::new(move || Duration::from_millis(host_clock.load(Ordering::Relaxed))),
            seed: Some(settings.seed),
            ..HostSettings::default()
        };
        let mut host =
            Host::new(Queues::default(), host_settings).map_err(|_| InvalidSettings("channels"))?;
        host.set_mtu(settings.mtu).map_err(|_| InvalidSettings("mtu"))?;
        let max_packet = settings.max_incoming_packet.max(settings.max_outgoing_packet);
        host.set_maximum_packet_size(max_packet)
            .map_err(|_| InvalidSettings("max_outgoing_packet"))?;
        host.set_maximum_waiting_data(settings.max_waiting)
            .map_err(|_| InvalidSettings("max_waiting"))?;
        let mut slots = Vec::new();
        slots.resize_with(settings.peer_limit, || None);
        Ok(Self {
            host,
            clock,
            settings,
            slots,
            half_open: Vec::new(),
            connections: 0,
            events: VecDeque::new(),
            last_service: Duration::ZERO,
            dirty: false,
            dropped: 0,
            last_refusal: None,
        })
    }

    /// How many datagrams were dropped so far.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Why the last of the dropped datagrams was dropped.
    pub fn last_refusal(&self) -> Option<Refusal> {
        self.last_refusal
    }

    /// Sets the host's clock, which never runs backwards, and gives its time.
    fn advance(&mut self, now: Duration) -> Duration {
        let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX).saturating_add(TIME_OFFSET);
        let before = self.clock.fetch_max(now, Ordering::Relaxed);
        Duration::from_millis(now.max(before) - TIME_OFFSET)
    }

    fn take(
        &mut self,
        from: SocketAddr,
        datagram: &[u8],
        now: Duration,
        admit: &mut dyn FnMut(SocketAddr, &ConnectRequest) -> bool,
    ) -> Result<(), Refusal> {
        if from.port() == 0 {
            return Err(Refusal::Port);
        }
        if datagram.len() > usize::from(self.settings.mtu) {
            return Err(Refusal::Length);
        }
        let header = wire::header(datagram).ok_or(Refusal::Header)?;
        if header.compressed {
            return Err(Refusal::Header);
        }
        if self.events.len() + self.host.socket().incoming.len() >= QUEUE_LIMIT {
            return Err(Refusal::Queue);
        }
        if header.peer == wire::NO_PEER {
            return self.take_connect(from, datagram, now, admit);
        }

        let slot = self.slots.get_mut(usize::from(header.peer)).and_then(Option::as_mut);
        let slot = slot.filter(|slot| slot.address == from).ok_or(Refusal::Peer)?;
        let commands = datagram.get(header.length..).ok_or(Refusal::Header)?;
        let channels = matches!(slot.origin, Origin::Ours).then_some(self.settings.channels);
        let rules = Rules { max_packet: self.settings.max_incoming_packet, channels };
        let passed = filter::commands(commands, rules, slot.fragment_size)?;
        slot.fragment_size = passed.fragment_size;
        if passed.disconnects {
            // ENet forgets what it received but has not delivered when it reads DISCONNECT.
            self.run(now);
        }
        self.push(from, datagram);
        Ok(())
    }

    fn take_connect(
        &mut self,
        from: SocketAddr,
        datagram: &[u8],
        now: Duration,
        admit: &mut dyn FnMut(SocketAddr, &ConnectRequest) -> bool,
    ) -> Result<(), Refusal> {
        let (request, datagram) = filter::connect(datagram)?;
        self.release_half_open(now);
        if self.is_repeated(from, request.connect_id) {
            // The host has answered this one and will again by itself.
            return Ok(());
        }
        if self.half_open.len() >= self.settings.max_half_open
            || self.half_open_from(from) >= self.settings.max_half_open_per_source
        {
            return Err(Refusal::HalfOpen);
        }
        if !admit(from, &request) {
            return Err(Refusal::NotAdmitted);
        }
        // The host takes this datagram alone, so that the peer it gives to it can be told.
        self.run(now);
        self.push(from, datagram);
        self.run(now);
        let origin = Origin::Theirs { connect_id: request.connect_id, since: now };
        if let Some(index) = self.new_peer() {
            self.occupy(index, from, origin);
            self.half_open.push(index);
        }
        Ok(())
    }

    fn push(&mut self, from: SocketAddr, datagram: &[u8]) {
        self.host.socket_mut().incoming.push_back((from, datagram.to_vec()));
    }

    fn is_repeated(&self, from: SocketAddr, id: u32) -> bool {
        self.half_open_slots().any(|slot| {
            slot.address == from
                && matches!(slot.origin, Origin::Theirs { connect_id, .. } if connect_id == id)
        })
    }

    fn half_open_from(&self, from: SocketAddr) -> usize {
        let from = source(from.ip());
        self.half_open_slots().filter(|slot| source(slot.address.ip()) == from).count()
    }

    fn half_open_slots(&self) -> impl Iterator<Item = &Slot> {
        self.half_open.iter().filter_map(|index| self.slots.get(*index)?.as_ref())
    }

    /// The peer that the host has in use and we do not know of yet.
    fn new_peer(&mut self) -> Option<usize> {
        let slots = &self.slots;
        self.host
            .peers()
            .zip(slots)
            .position(|(peer, slot)| slot.is_none() && peer.state() != PeerState::Disconnected)
    }

    fn occupy(&mut self, index: usize, address: SocketAddr, origin: Origin) -> PeerId {
        self.connections += 1;
        let id = PeerId::new(self.connections << INDEX_BITS | index as u64);
        if let Some(slot) = self.slots.get_mut(index) {
            let (connected, fragment_size) = (false, None);
            *slot = Some(Slot { id, address, origin, connected, fragment_size });
        }
        id
    }

    /// Gives back peers that were half open for too long, and forgets those that the host gave
    /// back by itself, which makes no event.
    fn release_half_open(&mut self, now: Duration) {
        let (host, slots) = (&mut self.host, &mut self.slots);
        let timeout = self.settings.half_open_timeout;
        self.half_open.retain(|index| {
            let Some(slot) = slots.get_mut(*index) else { return false };
            let Some(peer) = host.get_peer_mut(PeerID(*index)) else { return false };
            match slot {
                Some(Slot { connected: false, origin: Origin::Theirs { since, .. }, .. }) => {
                    if now.saturating_sub(*since) >= timeout {
                        peer.reset();
                    }
                }
                _ => return false,
            }
            if peer.state() == PeerState::Disconnected {
                *slot = None;
                return false;
            }
            true
        });
    }

    /// Runs the host until it has taken every datagram and given every event.
    fn run(&mut self, now: Duration) {
        self.last_service = now;
        self.dirty = false;
        loop {
            let Ok(event) = self.host.service();
            match event.map(rusty_enet::Event::no_ref) {
                Some(event) => self.note(event),
                None if self.host.socket().incoming.is_empty() => break,
                None => {}
            }
        }
        self.release_half_open(now);
    }

    fn note(&mut self, event: EventNoRef) {
        let (EventNoRef::Connect { peer: PeerID(index), .. }
        | EventNoRef::Disconnect { peer: PeerID(index), .. }
        | EventNoRef::Receive { peer: PeerID(index), .. }) = event;
        let Some(place) = self.slots.get_mut(index) else { return };
        let Some(slot) = place else { return };
        let peer = slot.id;
        let event = match event {
            EventNoRef::Connect { data, .. } => {
                slot.connected = true;
                Event::Connected { peer, from: slot.address, data }
            }
            EventNoRef::Receive { channel_id, packet, .. } => {
                Event::Received { peer, channel: channel_id, payload: packet.data().to_vec() }
            }
            EventNoRef::Disconnect { data, .. } => {
                *place = None;
                Event::Disconnected { peer, data }
            }
        };
        self.events.push_back(event);
    }

    /// The host's peer for an id, unless that connection is over.
    fn peer_mut(&mut self, id: PeerId) -> Option<&mut Peer<Queues>> {
        let index = self.index(id)?;
        self.host.get_peer_mut(PeerID(index))
    }

    fn index(&self, id: PeerId) -> Option<usize> {
        let index = usize::try_from(id.number() & ((1 << INDEX_BITS) - 1)).ok()?;
        let slot = self.slots.get(index)?.as_ref()?;
        (slot.id == id).then_some(index)
    }

    /// Does `end` to a peer, and forgets the connection if that ended it at once.
    fn end(&mut self, id: PeerId, end: impl FnOnce(&mut Peer<Queues>)) {
        let Some(index) = self.index(id) else { return };
        let Some(peer) = self.host.get_peer_mut(PeerID(index)) else { return };
        end(peer);
        self.dirty = true;
        if peer.state() == PeerState::Disconnected
            && let Some(slot) = self.slots.get_mut(index)
        {
            *slot = None;
            self.half_open.retain(|half_open| *half_open != index);
        }
    }
}

/// How many bits of a peer's id are its index; ENet's peers have numbers of 12 bits.
const INDEX_BITS: u32 = 12;

impl Enet for RustyEnet {
    fn handle(
        &mut self,
        from: SocketAddr,
        datagram: &[u8],
        now: Duration,
        admit: &mut dyn FnMut(SocketAddr, &ConnectRequest) -> bool,
    ) {
        let now = self.advance(now);
        if let Err(refusal) = self.take(from, datagram, now, admit) {
            self.dropped += 1;
            self.last_refusal = Some(refusal);
        }
    }

    fn poll(&mut self, now: Duration) -> Option<Event> {
        let now = self.advance(now);
        if let Some(event) = self.events.pop_front() {
            return Some(event);
        }
        let due = now.saturating_sub(self.last_service) >= SERVICE_INTERVAL;
        if due || self.dirty || !self.host.socket().incoming.is_empty() {
            self.run(now);
        }
        self.events.pop_front()
    }

    fn transmit(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        if self.dirty {
            self.dirty = false;
            self.host.flush();
        }
        self.host.socket_mut().outgoing.pop_front()
    }

    fn connect(
        &mut self,
        to: SocketAddr,
        data: u32,
        now: Duration,
    ) -> Result<PeerId, ConnectError> {
        let now = self.advance(now);
        if to.port() == 0 {
            return Err(ConnectError::Address);
        }
        self.release_half_open(now);
        let peer = self
            .host
            .connect(to, usize::from(self.settings.channels), data)
            .map_err(|_| ConnectError::NoFreePeer)?;
        peer.set_timeout(NO_BACKOFF_TIMEOUT, NO_BACKOFF_TIMEOUT, TIMEOUT);
        let PeerID(index) = peer.id();
        self.dirty = true;
        Ok(self.occupy(index, to, Origin::Ours))
    }

    fn send(
        &mut self,
        peer: PeerId,
        channel: u8,
        delivery: Delivery,
        payload: &[u8],
    ) -> Result<(), SendError> {
        if payload.len() > self.settings.max_outgoing_packet {
            return Err(SendError::TooLarge);
        }
        let peer = self.peer_mut(peer).ok_or(SendError::NotConnected)?;
        let packet = match delivery {
            Delivery::Reliable => Packet::reliable(payload),
            Delivery::Unreliable => Packet::unreliable(payload),
            Delivery::Unsequenced => Packet::unreliable_unsequenced(payload),
        };
        peer.send(channel, &packet).map_err(|error| match error {
            PeerSendError::NotConnected | PeerSendError::FailedToQueue => SendError::NotConnected,
            PeerSendError::InvalidChannel => SendError::Channel,
            PeerSendError::PacketTooLarge | PeerSendError::FragmentsExceeded => SendError::TooLarge,
        })?;
        self.dirty = true;
        Ok(())
    }

    fn disconnect(&mut self, peer: PeerId, data: u32) {
        self.end(peer, |peer| peer.disconnect(data));
    }

    fn disconnect_later(&mut self, peer: PeerId, data: u32) {
        self.end(peer, |peer| peer.disconnect_later(data));
    }

    fn reset(&mut self, peer: PeerId) {
        self.end(peer, Peer::reset);
    }

    fn tune(&mut self, peer: PeerId) {
        // Before the connection stands, a changed throttle would make ENet refuse VERIFY_CONNECT.
        if let Some(peer) = self.peer_mut(peer).filter(|peer| peer.connected()) {
            peer.set_throttle(1000, consts::PEER_PACKET_THROTTLE_SCALE, 0);
            peer.set_timeout(NO_BACKOFF_TIMEOUT, NO_BACKOFF_TIMEOUT, TIMEOUT);
            self.dirty = true;
        }
    }

    fn round_trip(&self, peer: PeerId) -> Option<(u32, u32)> {
        let peer = self.host.get_peer(PeerID(self.index(peer)?))?;
        let milliseconds = |time: Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
        Some((milliseconds(peer.round_trip_time()), milliseconds(peer.round_trip_time_variance())))
    }

    fn next_deadline(&self, now: Duration) -> Option<Duration> {
        let busy = self.dirty || !self.events.is_empty() || self.slots.iter().any(Option::is_some);
        busy.then(|| now.max(self.last_service + SERVICE_INTERVAL))
    }
}
