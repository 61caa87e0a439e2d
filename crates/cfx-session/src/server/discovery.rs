//! What anyone may ask: out-of-band datagrams, `/info.json`, `/dynamic.json`, `/players.json`.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use cfx_control::info::{DynamicJson, InfoJson, PlayerJson, players_json};
use cfx_control::texts::server as texts;
use cfx_oob::answer::{Answer, ServerInfo};
use cfx_oob::c2s::{Ignored, Request as Datagram};
use cfx_oob::s2c;
use cfx_wire::{Encode, secret};

use super::config::{Config, limit_key};
use super::registry::Client;
use super::{Event, Limits, OneSync, Output, Server};
use crate::http::{Request, RequestId};
use crate::limiter::Limiter;
use crate::time::Time;

/// `/info.json` as it stands, and what discovery says besides.
pub(super) struct Info {
    body: Bytes,
    version: String,
    max_clients: String,
    vars: Vec<(String, String)>,
}

impl Info {
    pub(super) fn new(config: &Config) -> Self {
        let vars = server_info(config);
        let names = config.manifest.resources.iter().map(|resource| resource.name.clone());
        // SPEC INFO-3
        let hardcap = "hardcap".to_owned();
        let resources = core::iter::once(hardcap.clone())
            .chain(names.filter(|name| *name != hardcap))
            .collect();
        let info = InfoJson {
            server: config.version.clone(),
            enhanced_host_support: true,
            icon: config.icon.clone(),
            resources,
            vars: vars.clone().into_iter().filter(|(name, _)| name != "sv_hostname").collect(),
            request_steam_ticket: "unset".to_owned(),
            ..InfoJson::default()
        }
        .with_version();
        Self {
            version: info.version.to_string(),
            body: info.to_json().into(),
            max_clients: config.max_clients.to_string(),
            vars: vars.into_iter().collect(),
        }
    }
}

/// The variables marked as server info, with those that the settings name.
fn server_info(config: &Config) -> BTreeMap<String, String> {
    let mut vars = config.vars.clone();
    let mut set = |name: &str, value: String| vars.insert(name.to_owned(), value);
    set("gamename", config.game.name().to_owned());
    set("sv_hostname", config.hostname.clone());
    set("sv_maxClients", config.max_clients.to_string());
    set("sv_lan", config.lan.to_string());
    set("sv_pureLevel", config.pure_level.to_string());
    set("sv_scriptHookAllowed", config.script_hook_allowed.to_string());
    set("sv_enhancedHostSupport", config.enhanced_host_support.to_string());
    set("sv_enforceGameBuild", config.enforce_game_build.clone());
    set("onesync_enabled", (config.onesync != OneSync::Off).to_string());
    vars
}

/// The start of a text, at most `max` bytes, so that an answer stays within a datagram of 1,200 bytes
/// (SPEC SEC-1).
fn cut(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or(text)
}

impl Server {
    pub(super) fn datagram(&mut self, from: SocketAddr, data: &[u8], now: Time) {
        let Some(request) = Datagram::parse(data) else { return };
        let address = limit_key(from.ip());
        let free = self.is_proxy(from.ip());
        let granted = free
            || match &request {
                Datagram::GetInfo { .. } => self.limits.getinfo.take(&address, now),
                Datagram::GetStatus if self.config.enable_get_status => {
                    self.limits.getstatus.take(&address, now)
                }
                Datagram::Rcon { .. } | Datagram::Ignored { why: Ignored::IncompleteRcon, .. } => {
                    self.limits.rcon.take(&address, now)
                }
                _ => true,
            };
        if !granted {
            return;
        }
        match self.answer_datagram(&request) {
            Answer::Reply(data) => self.out.push_back(Output::Datagram { to: from, data }),
            Answer::Rcon { command } => {
                self.limits.rcon.reset(&address);
                let command = command.to_vec();
                self.event(Event::Rcon { from, command });
            }
            Answer::Nothing | Answer::NotHandled => {}
        }
    }

    fn answer_datagram<'a>(&self, request: &Datagram<'a>) -> Answer<'a> {
        let config = &self.config;
        let info = ServerInfo {
            max_clients: &self.info.max_clients,
            clients: self.registry.joined(),
            hostname: cut(&config.hostname, 512),
            gametype: cut(&config.gametype, 256),
            mapname: cut(&config.mapname, 256),
            info_version: &self.info.version,
            players: self.registry.players().map(|client| &*client.name),
            server_info: self.info.vars.iter().map(|(name, value)| (name.as_str(), value.as_str())),
            enable_get_status: config.enable_get_status,
            return_clients_list: config.return_clients_list,
            rcon_password: &config.rcon_password,
        };
        cfx_oob::answer::answer(request, &info)
    }

    pub(super) fn rcon_output(&mut self, to: SocketAddr, text: &str) {
        let data = s2c::Print { text: text.as_bytes() }.to_vec();
        self.out.push_back(Output::Datagram { to, data });
    }

    /// Takes one request from the sender's share; true when nothing was left (SPEC INFO-6, OOB-14).
    fn is_over_limit(
        &mut self,
        request: &Request,
        now: Time,
        limiter: fn(&mut Limits) -> &mut Limiter<IpAddr>,
    ) -> bool {
        let address = request.from.ip();
        !self.is_proxy(address) && !limiter(&mut self.limits).take(&limit_key(address), now)
    }

    pub(super) fn info_request(&mut self, id: RequestId, request: &Request, now: Time) {
        if self.is_over_limit(request, now, |limits| &mut limits.info) {
            return self.answer(id, 429, texts::RATE_LIMIT);
        }
        let body = self.info.body.clone();
        self.answer(id, 200, body);
    }

    pub(super) fn dynamic_request(&mut self, id: RequestId, request: &Request, now: Time) {
        // SPEC INFO-10: the reference has no such limit.
        if self.is_over_limit(request, now, |limits| &mut limits.dynamic) {
            return self.answer(id, 429, texts::RATE_LIMIT);
        }
        let config = &self.config;
        let dynamic = DynamicJson {
            hostname: config.hostname.clone(),
            gametype: config.gametype.clone(),
            mapname: config.mapname.clone(),
            clients: self.registry.joined() as u64,
            iv: self.info.version.clone(),
            sv_maxclients: self.info.max_clients.clone(),
            ..DynamicJson::default()
        };
        self.answer(id, 200, dynamic.to_json());
    }

    pub(super) fn players_request(&mut self, id: RequestId, request: &Request, now: Time) {
        if self.is_over_limit(request, now, |limits| &mut limits.players) {
            return self.answer(id, 429, texts::RATE_LIMIT);
        }
        // SPEC INFO-5
        let identified = self.config.expose_identifiers || self.holds_players_token(request);
        let players: Vec<_> =
            self.registry.players().map(|client| self.player(client, identified)).collect();
        self.answer(id, 200, players_json(&players));
    }

    fn holds_players_token(&self, request: &Request) -> bool {
        let own = self.config.players_token.as_str();
        if own.is_empty() {
            return false;
        }
        let query = request.target.split_once('?').map_or("", |(_, query)| query);
        let form = cfx_wire::form::Form::decode(query.as_bytes());
        let is_own = |token: &[u8]| secret::same(token, own.as_bytes());
        request.players_token.as_deref().is_some_and(|token| is_own(token.as_bytes()))
            || form.get("token").is_some_and(is_own)
    }

    fn player(&self, client: &Client, identified: bool) -> PlayerJson {
        let private = self.config.endpoint_privacy;
        let shown = |identifier: &&String| !(private && identifier.starts_with("ip:"));
        let identifiers = client.identifiers.iter().filter(shown).cloned();
        // SPEC INFO-9
        let endpoint = match client.peer {
            Some((_, address)) if !private => address.to_string(),
            _ => "127.0.0.1".to_owned(),
        };
        PlayerJson {
            endpoint,
            id: client.net_id,
            identifiers: identifiers.take(if identified { usize::MAX } else { 0 }).collect(),
            name: client.name.to_string(),
            ping: i64::from(client.ping),
            ..PlayerJson::default()
        }
    }
}
