//! A server's URL, and the addresses that endpoints name.

use core::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The port of a server that is named without one.
pub const DEFAULT_PORT: u16 = 30_120;

/// Where a server's HTTP side is: `http://HOST:PORT/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl {
    https: bool,
    host: String,
    port: Option<u16>,
}

impl ServerUrl {
    /// Reads what a player types: `HOST`, `HOST:PORT`, `[v6]:PORT`, or an `http` or `https` URL. A
    /// bare host stands for `http` and port 30120. Join codes (`cfx.re/join/…`) need a service to
    /// resolve and are none of these.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://").map_or((None, text), |(s, r)| (Some(s), r));
        let https = match scheme {
            None => false,
            Some(scheme) if scheme.eq_ignore_ascii_case("http") => false,
            Some(scheme) if scheme.eq_ignore_ascii_case("https") => true,
            Some(_) => return None,
        };
        let authority = rest.split('/').next().unwrap_or_default();
        let (host, port) = split_port(authority)?;
        let host = in_brackets(host)?;
        let named = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c == '@');
        let port = port.or((scheme.is_none()).then_some(DEFAULT_PORT));
        named.then_some(Self { https, host, port })
    }

    /// The host and port as `getEndpoints` would name them; without a port, the host alone.
    pub fn endpoint(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }
}

impl From<SocketAddr> for ServerUrl {
    fn from(address: SocketAddr) -> Self {
        let host = match address.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        Self { https: false, host, port: Some(address.port()) }
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        write!(f, "{scheme}://{}/", self.endpoint())
    }
}

/// The address that an endpoint names without a look-up: `IP`, `IP:PORT`, `[v6]:PORT`.
pub(super) fn literal(endpoint: &str) -> Option<SocketAddr> {
    let (host, port) = split_port(endpoint)?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let ip: IpAddr = host.parse().ok()?;
    // Datagrams come from the canonical form, so that is who is waited for.
    Some(SocketAddr::new(ip.to_canonical(), port.unwrap_or(DEFAULT_PORT)))
}

/// A host as it stands before a port: an IPv6 address in brackets, and nothing else with colons.
fn in_brackets(host: &str) -> Option<String> {
    if !host.contains(':') {
        return Some(host.to_owned());
    }
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.parse::<Ipv6Addr>().ok().map(|address| format!("[{address}]"))
}

/// Splits `HOST[:PORT]`; a bare IPv6 address has colons and no port.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    match authority.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            Some((host, Some(port.parse().ok()?)))
        }
        _ => Some((authority, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_player_types() {
        let url = |text: &str| ServerUrl::parse(text).map(|url| url.to_string());
        assert_eq!(url("127.0.0.1").as_deref(), Some("http://127.0.0.1:30120/"));
        assert_eq!(url("play.example:40120").as_deref(), Some("http://play.example:40120/"));
        assert_eq!(url("[::1]:30120").as_deref(), Some("http://[::1]:30120/"));
        assert_eq!(url("::1").as_deref(), Some("http://[::1]:30120/"));
        assert_eq!(url("http://[2001:DB8::1]").as_deref(), Some("http://[2001:db8::1]/"));
        assert_eq!(url("HTTPS://play.example/info").as_deref(), Some("https://play.example/"));
        for bad in [
            "",
            "ftp://x",
            "host:port",
            "host:99999",
            "a b",
            "u@host",
            "http://",
            "a:b:c",
            "[a:b]:1",
        ] {
            assert_eq!(url(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn literal_endpoints() {
        let address = |text: &str| literal(text).map(|address| address.to_string());
        assert_eq!(address("1.2.3.4").as_deref(), Some("1.2.3.4:30120"));
        assert_eq!(address("1.2.3.4:5").as_deref(), Some("1.2.3.4:5"));
        assert_eq!(address("[2001:db8::1]:5").as_deref(), Some("[2001:db8::1]:5"));
        assert_eq!(address("2001:db8::1").as_deref(), Some("[2001:db8::1]:30120"));
        assert_eq!(address("[::ffff:1.2.3.4]:5").as_deref(), Some("1.2.3.4:5"));
        assert_eq!(address("play.example:30120"), None);
    }
}
