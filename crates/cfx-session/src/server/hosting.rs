//! Which client runs a session without `OneSync`, and what clients send each other in it
//! (reference: `IHostPacketHandler.h`, `HeHostPacketHandler.h`, `RoutingPacketHandler.h`).

use std::collections::BTreeMap;

use cfx_game::frame::Payload;
use cfx_game::host;
use cfx_game::route;

use super::{ClientId, Delivery, Event, Host, Server};

/// What stands for no host in `msgIHost`.
const NO_HOST: host::s2c::IHost = host::s2c::IHost { net_id: 0xFFFF, base_num: 0xFFFF };

/// Votes by the net id that they are for; only of clients that are there.
pub(super) type Votes = BTreeMap<u16, u32>;

impl Server {
    /// The host, if it is still there.
    fn present_host(&self) -> Option<Host> {
        self.host.filter(|host| self.registry.by_net_id(host.net_id).is_some())
    }

    /// A client takes itself for the host: it is, when there is no other.
    pub(super) fn i_host(&mut self, client: ClientId, claim: host::c2s::IHost) {
        if self.config.onesync.is_on() || self.present_host().is_some() {
            return;
        }
        let net_id = self.registry.get(client).and_then(|client| u16::try_from(client.net_id).ok());
        if let Some(net_id) = net_id {
            self.set_host(Host { net_id, base: claim.base_num });
        }
    }

    /// A vote. The first counts twice, and nobody asks who gave it, as in the reference; six voices
    /// of ten clients that have sent something decide.
    pub(super) fn he_host(&mut self, vote: host::c2s::HeHost) {
        let Ok(net_id) = u16::try_from(vote.alleged_new_id) else { return };
        let is_host = self.present_host().is_some_and(|host| host.net_id == net_id);
        if self.config.onesync.is_on() || is_host || self.registry.by_net_id(net_id).is_none() {
            return;
        }
        let voters = self.registry.players().filter(|client| client.channel.routed).count();
        let needed = u32::try_from((voters * 6).div_ceil(10)).unwrap_or(u32::MAX).max(1);
        let given = self.votes.entry(net_id).or_insert(1);
        *given += 1;
        if *given >= needed {
            self.votes.clear();
            self.set_host(Host { net_id, base: vote.base_num });
        }
    }

    fn set_host(&mut self, host: Host) {
        self.host = Some(host);
        let told = host::s2c::IHost { net_id: host.net_id, base_num: host.base };
        self.broadcast(&told.to_packet());
        self.event(Event::HostChanged(Some(host)));
    }

    /// A client has left; if it was the host, there is none now.
    pub(super) fn host_left(&mut self, net_id: u16) {
        self.votes.remove(&net_id);
        if self.host.is_some_and(|host| host.net_id == net_id) {
            self.host = None;
            self.broadcast(&NO_HOST.to_packet());
            self.event(Event::HostChanged(None));
        }
    }

    /// Passes a client's bytes on to another.
    pub(super) fn route(&mut self, from: ClientId, message: &route::c2s::Route<'_>) {
        let sender = self.registry.get(from).and_then(|client| u16::try_from(client.net_id).ok());
        let target = self.registry.by_net_id(message.target_net_id).map(|client| client.id);
        let (Some(net_id), Some(target)) = (sender, target) else { return };
        if target == from {
            return;
        }
        let payload = route::s2c::Route { net_id, data: message.data }.to_packet();
        self.send(target, 1, Delivery::Unreliable, payload);
        self.registry.update(from, |client| client.channel.routed = true);
    }
}
