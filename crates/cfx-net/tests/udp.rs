//! Ports on loopback.

use std::net::SocketAddr;
use std::time::Duration;

use cfx_net::udp::{self, MAX_DATAGRAM, UdpPort};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(10);

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

async fn receive(port: &mut UdpPort) -> (SocketAddr, Vec<u8>) {
    let (from, datagram) = timeout(PATIENCE, port.receive()).await.expect("in time").expect("one");
    (from, datagram.to_vec())
}

#[tokio::test]
async fn binds_both_to_one_port() {
    let (mut udp, tcp) = udp::bind(loopback()).expect("bound");
    let address = udp.local_address();
    assert_eq!(tcp.local_addr().expect("an address"), address);
    assert_ne!(address.port(), 0);

    // The first send succeeds though tokio's reactor has not run yet.
    let mut peer = UdpPort::bind(loopback()).expect("bound");
    peer.send(address, b"question");
    assert_eq!(receive(&mut udp).await, (peer.local_address(), b"question".to_vec()));
    udp.send(peer.local_address(), b"answer");
    assert_eq!(receive(&mut peer).await, (address, b"answer".to_vec()));
    assert_eq!(peer.try_receive(), None);

    let (connected, accepted) = tokio::join!(TcpStream::connect(address), tcp.accept());
    assert!(connected.is_ok() && accepted.is_ok());
}

#[tokio::test]
async fn a_port_in_use_is_an_error() {
    let (udp, _tcp) = udp::bind(loopback()).expect("bound");
    assert!(udp::bind(udp.local_address()).is_err());
}

#[tokio::test]
async fn shows_that_a_datagram_is_too_long() {
    let (mut udp, _tcp) = udp::bind(loopback()).expect("bound");
    let peer = UdpPort::bind(loopback()).expect("bound");
    for (sent, received) in [(MAX_DATAGRAM, MAX_DATAGRAM), (6000, MAX_DATAGRAM + 1)] {
        peer.send(udp.local_address(), &vec![7; sent]);
        assert_eq!(receive(&mut udp).await.1.len(), received);
    }
}

#[tokio::test]
async fn a_failed_send_is_counted() {
    let (mut udp, _tcp) = udp::bind(loopback()).expect("bound");
    udp.send(SocketAddr::from(([127, 0, 0, 1], 0)), b"to port 0");
    udp.send(udp.local_address(), &vec![0; 70_000]);
    assert_eq!(udp.lost(), 2);
    // Nor does a closed port at the other end break it.
    let closed = UdpPort::bind(loopback()).expect("bound").local_address();
    udp.send(closed, b"nobody");
    let peer = UdpPort::bind(loopback()).expect("bound");
    peer.send(udp.local_address(), b"hello");
    assert_eq!(receive(&mut udp).await.1, b"hello");
}

#[tokio::test]
async fn the_unspecified_ipv6_address_takes_ipv4() {
    let everywhere: SocketAddr = "[::]:0".parse().expect("an address");
    // A machine without IPv6 has nothing to test here.
    let Ok((mut udp, tcp)) = udp::bind(everywhere) else { return };
    let port = udp.local_address().port();
    let mut peer = UdpPort::bind(loopback()).expect("bound");
    peer.send(SocketAddr::from(([127, 0, 0, 1], port)), b"four");
    let (from, datagram) = receive(&mut udp).await;
    assert_eq!((from, &datagram[..]), (peer.local_address(), &b"four"[..]));
    udp.send(from, b"answer");
    assert_eq!(receive(&mut peer).await.1, b"answer");
    let connect = TcpStream::connect(("127.0.0.1", port));
    let (connected, accepted) = tokio::join!(connect, tcp.accept());
    assert!(connected.is_ok() && accepted.is_ok());
}
