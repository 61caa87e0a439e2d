//! Addresses as limits count them.

use std::net::{IpAddr, Ipv6Addr};

/// The part of an address that one peer is taken to have for itself: an IPv4 address (also one
/// mapped into IPv6), or the /64 network of an IPv6 address, since a customer is given no less.
pub(crate) fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::source;

    #[test]
    fn counts_ipv4_by_address_and_ipv6_by_network() {
        let of = |text: &str| source(text.parse().expect("an address"));
        assert_eq!(of("192.0.2.7"), of("::ffff:192.0.2.7"));
        assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
    }
}
