//! What a server is set up with.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use cfx_control::game::Game;
use cfx_control::manifest::Manifest;
use cfx_onesync::dictionary::Dictionary;

use cfx_onesync::reassembly::Limits;

use crate::limiter::Rate;

/// `OneSync`'s modes, as far as the connection knows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OneSync {
    /// Off: clients have no slots, and one of them is the host.
    Off,
    /// On, up to 128 players.
    #[default]
    On,
    /// On in big mode, up to 2048 players, who all hold the same slot of their own client.
    Big,
}

impl OneSync {
    /// Whether clients have slots.
    pub fn is_on(self) -> bool {
        self != Self::Off
    }

    /// How many entries the table of slots has; slot 31 is never given out (SPEC GAME-10).
    pub(crate) const fn slots(self) -> u16 {
        match self {
            Self::Off => 0,
            Self::On => 129,
            Self::Big => 2049,
        }
    }
}

/// How clients acknowledge the frames of `OneSync` (`onesync_automaticResend` in the reference's
/// terms).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SyncStyle {
    /// They say which frames they miss.
    #[default]
    Nak,
    /// They acknowledge each frame.
    Arq,
}

/// A server's settings. [`Default`] is a gta5 server on a local network with `OneSync` on.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "they are the server's switches")]
pub struct Config {
    /// The game that clients must run.
    pub game: Game,
    /// `OneSync`'s mode.
    pub onesync: OneSync,
    /// The length hack of `OneSync` beyond (`onesync_lh`).
    pub length_hack: bool,
    /// Whether the server populates the world (`onesync_population`).
    pub population: bool,
    /// `sv_hostname`.
    pub hostname: String,
    /// The variable `gametype`.
    pub gametype: String,
    /// The variable `mapname`.
    pub mapname: String,
    /// `sv_maxclients`.
    pub max_clients: u32,
    /// `sv_lan`: no ticket is asked for.
    pub lan: bool,
    /// `sv_serverId`, which a ticket's `si` must equal.
    pub server_id: String,
    /// `sv_enforceGameBuild`; empty for any.
    pub enforce_game_build: String,
    /// `sv_pureLevel`.
    pub pure_level: i64,
    /// `sv_scriptHookAllowed`.
    pub script_hook_allowed: bool,
    /// `sv_enhancedHostSupport`; told to clients only without `OneSync`.
    pub enhanced_host_support: bool,
    /// `sv_endpoints`: addresses separated by white space; empty for the one that was asked.
    pub endpoints: String,
    /// Further server-info variables, for `vars` and `getstatus`.
    pub vars: BTreeMap<String, String>,
    /// The `server` of `/info.json`.
    pub version: String,
    /// The icon of `/info.json`: base64 of a 96 × 96 PNG.
    pub icon: Option<String>,
    /// What `getConfiguration` answers, and the resources of `/info.json`.
    pub manifest: Manifest,
    /// `rcon_password`; empty for none.
    pub rcon_password: String,
    /// `sv_playersToken`; empty for none.
    pub players_token: String,
    /// `sv_exposePlayerIdentifiersInHttpEndpoint`.
    pub expose_identifiers: bool,
    /// `sv_endpointPrivacy`.
    pub endpoint_privacy: bool,
    /// `sv_enableGetStatus`.
    pub enable_get_status: bool,
    /// `sv_returnClientsListInGetStatus`.
    pub return_clients_list: bool,
    /// `sv_proxyIPRanges`: addresses that no rate limit holds.
    pub proxies: Vec<Network>,
    /// Limits on what one address may ask.
    pub rates: Rates,
    /// Limits on what one client may send on the game channel.
    pub message_rates: MessageRates,
    /// Bounds of what one client may make the server hold of events in fragments.
    pub latent_limits: Limits,
    /// Replicated console variables, for `msgConVars`.
    pub con_vars: BTreeMap<String, String>,
    /// `sv_entityLockdown` is `strict`.
    pub strict_lockdown: bool,
    /// How clients acknowledge frames.
    pub sync_style: SyncStyle,
    /// The preset dictionary of clients' streams. Without it objects are not replicated: clients
    /// get object ids and nothing else of `OneSync`.
    pub dictionary: Option<Arc<Dictionary>>,
    /// `sv_stateBagStrictMode`: no client sets a state bag.
    pub strict_bags: bool,
    /// The most client records at once, connecting and connected; a client beyond them is refused.
    pub max_records: usize,
    /// The most connecting clients of one address, of one /64 for IPv6, proxies excepted.
    pub max_connecting_per_address: usize,
    /// The caller's wall clock at [`crate::Time::ZERO`], in seconds since 1970: what tickets expire
    /// by.
    pub unix_time_at_zero: u64,
}

/// Requests a second and at once, for each limited request (SPEC OOB-6, OOB-8, OOB-10, INFO-6,
/// INFO-10).
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    /// `getinfo`, an address.
    pub getinfo: Rate,
    /// `getstatus`, an address.
    pub getstatus: Rate,
    /// `rcon`, an address; an authorised one starts anew.
    pub rcon: Rate,
    /// `/info.json`, an address; `/dynamic.json` as much again.
    pub info: Rate,
    /// `/players.json`, an address.
    pub players: Rate,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            getinfo: Rate { per_second: 2.0, burst: 10.0 },
            getstatus: Rate { per_second: 1.0, burst: 5.0 },
            rcon: Rate { per_second: 0.2, burst: 5.0 },
            info: Rate { per_second: 4.0, burst: 10.0 },
            players: Rate { per_second: 4.0, burst: 10.0 },
        }
    }
}

/// What one client may send of one kind of message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MessageRate {
    /// Messages that are taken; others are ignored.
    pub messages: Rate,
    /// What may be ignored before the client is dropped; of state bags and fragments, what may come.
    pub flood: Rate,
    /// Bytes of those that are taken. A client that sends more is dropped.
    pub bytes: Option<Rate>,
}

/// Limits of a client that has joined, by kind (reference: the server's `packethandlers`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MessageRates {
    /// `msgServerEvent`; its bytes are those of name and data.
    pub events: MessageRate,
    /// `msgServerCommand`; its bytes are those of the line.
    pub commands: MessageRate,
    /// `msgStateBag` and `msgStateBagV2` together; their bytes are the payload's.
    pub bags: MessageRate,
    /// `msgReassembledEventV2`, acknowledgements included.
    pub fragments: MessageRate,
    /// Events that came in fragments.
    pub latent_events: MessageRate,
}

impl Default for MessageRates {
    fn default() -> Self {
        const KIB: f64 = 1024.0;
        let rate = |per_second, burst| Rate { per_second, burst };
        let events = MessageRate {
            messages: rate(50.0, 200.0),
            flood: rate(75.0, 300.0),
            bytes: Some(rate(128.0 * KIB, 384.0 * KIB)),
        };
        let bags = MessageRate {
            messages: rate(75.0, 125.0),
            flood: rate(150.0, 175.0),
            bytes: Some(rate(128.0 * KIB, 256.0 * KIB)),
        };
        Self {
            events,
            commands: MessageRate {
                messages: rate(7.0, 14.0),
                flood: rate(25.0, 45.0),
                bytes: Some(rate(KIB, 8.0 * KIB)),
            },
            bags,
            fragments: MessageRate { bytes: None, ..bags },
            latent_events: MessageRate { bytes: None, ..events },
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            game: Game::Gta5,
            onesync: OneSync::On,
            length_hack: false,
            population: true,
            hostname: "default FXServer".to_owned(),
            gametype: String::new(),
            mapname: String::new(),
            max_clients: 48,
            lan: true,
            server_id: String::new(),
            enforce_game_build: String::new(),
            pure_level: 0,
            script_hook_allowed: false,
            enhanced_host_support: false,
            endpoints: String::new(),
            vars: BTreeMap::new(),
            version: concat!("cfx-protocol ", env!("CARGO_PKG_VERSION")).to_owned(),
            icon: None,
            manifest: Manifest::default(),
            rcon_password: String::new(),
            players_token: String::new(),
            expose_identifiers: false,
            endpoint_privacy: true,
            enable_get_status: false,
            return_clients_list: true,
            proxies: Network::reference_proxies(),
            rates: Rates::default(),
            message_rates: MessageRates::default(),
            latent_limits: Limits::default(),
            con_vars: BTreeMap::new(),
            strict_lockdown: false,
            sync_style: SyncStyle::Nak,
            dictionary: None,
            strict_bags: false,
            max_records: 4096,
            max_connecting_per_address: 64,
            unix_time_at_zero: 0,
        }
    }
}

/// A range of addresses: `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// The addresses that share their first `prefix` bits with `address`; a prefix longer than the
    /// address stands for all its bits.
    pub const fn new(address: IpAddr, prefix: u8) -> Self {
        Self { address, prefix }
    }

    /// The reference's default of `sv_proxyIPRanges` (SPEC OOB-14), with IPv6 loopback beside it.
    pub fn reference_proxies() -> Vec<Self> {
        let v4 = |a, b, prefix| Self::new(IpAddr::from([a, b, 0, 0]), prefix);
        let loopback_v6 = IpAddr::V6(std::net::Ipv6Addr::LOCALHOST);
        vec![
            v4(10, 0, 8),
            v4(127, 0, 8),
            v4(192, 168, 16),
            v4(172, 16, 12),
            Self::new(loopback_v6, 128),
        ]
    }

    /// Whether the range holds `address`; an IPv4 address mapped into IPv6 is its IPv4 self.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => same_prefix(
                u128::from(u32::from(own)),
                u128::from(u32::from(other)),
                32,
                self.prefix,
            ),
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                same_prefix(u128::from(own), u128::from(other), 128, self.prefix)
            }
            _ => false,
        }
    }
}

/// What limits count an address as: an IPv4 address as itself however it is written, an IPv6 one as
/// its /64, all of which one sender has (SPEC OOB-15, section 17.1).
pub(crate) fn limit_key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            IpAddr::from((u128::from(address) & !u128::from(u64::MAX)).to_be_bytes())
        }
        address @ IpAddr::V4(_) => address,
    }
}

fn same_prefix(a: u128, b: u128, bits: u8, prefix: u8) -> bool {
    let free = u32::from(bits.saturating_sub(prefix));
    (a ^ b).checked_shr(free).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxy_ranges() {
        let proxies = Network::reference_proxies();
        let is_proxy = |text: &str| {
            let address = text.parse().expect("an address");
            proxies.iter().any(|network| network.contains(address))
        };
        for inside in
            ["10.1.2.3", "127.0.0.1", "192.168.255.1", "172.31.0.1", "::1", "::ffff:10.0.0.1"]
        {
            assert!(is_proxy(inside), "{inside}");
        }
        for outside in ["11.0.0.1", "192.169.0.1", "172.32.0.1", "8.8.8.8", "2001:db8::1", "::2"] {
            assert!(!is_proxy(outside), "{outside}");
        }
        assert!(Network::new(IpAddr::from([0; 4]), 0).contains(IpAddr::from([8, 8, 8, 8])));
    }
}
