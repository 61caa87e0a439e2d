use std::time::{Duration, Instant};

use cfx_net::http::server::{Closed, HttpServer, Input, Limits, RequestId, is_proxy_address};

use crate::{Peer, in_time, next_request, serve};

const GET: &[u8] = b"GET /info.json?v=1&w HTTP/1.1\r\nHost: h\r\nX-Some: thing\r\n\r\n";
const SHORT: Duration = Duration::from_millis(200);

async fn next_gone(server: &mut HttpServer) -> RequestId {
    match in_time(server.next()).await {
        Input::Gone(id) => id,
        Input::Request(request) => panic!("another request: {request:?}"),
    }
}

#[tokio::test]
async fn hands_over_a_request_and_sends_a_whole_response() {
    let (mut server, address) = serve(Limits::default()).await;
    let mut peer = Peer::connect(address).await;
    peer.send(GET).await;
    let request = next_request(&mut server).await;
    assert_eq!(request.from, peer.0.local_addr().expect("an address"));
    assert_eq!((&request.method[..], &request.path[..]), ("GET", "/info.json"));
    assert_eq!(request.query.as_deref(), Some("v=1&w"));
    assert_eq!(request.headers["x-some"], "thing");
    assert!(request.body.is_empty());
    request.respond.all(429, &[("content-type", "text/plain"), ("bad name", "x")], "slow down");
    let response = peer.read_until("slow down").await;
    assert!(response.starts_with("HTTP/1.1 429 "), "{response}");
    assert!(response.contains("content-type: text/plain\r\n"), "{response}");
    assert!(response.contains("content-length: 9\r\n"), "{response}");

    // The same connection takes another request.
    peer.send(b"POST /client HTTP/1.1\r\nContent-Length: 3\r\n\r\na=b").await;
    let second = next_request(&mut server).await;
    assert_eq!((&second.method[..], &second.body[..]), ("POST", &b"a=b"[..]));
    assert_ne!(second.id, request.id);
    second.respond.all(200, &[], "");
    peer.read_until("\r\n\r\n").await;
}

#[tokio::test]
async fn streams_each_chunk_as_it_is_written() {
    let (mut server, address) = serve(Limits::default()).await;
    let mut peer = Peer::connect(address).await;
    peer.send(GET).await;
    let mut respond = next_request(&mut server).await.respond;
    respond.head(200, &[("content-type", "application/json")]);
    let head = peer.read_until("\r\n\r\n").await;
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    for text in ["{\"defer\":true}\r\n", "[]\r\n"] {
        respond.write(text).expect("open");
        let chunk = peer.read_until(&format!("{text}\r\n")).await;
        assert_eq!(chunk, format!("{:X}\r\n{text}\r\n", text.len()));
    }
    respond.write("").expect("open");
    respond.end();
    assert_eq!(peer.read_until("0\r\n\r\n").await, "0\r\n\r\n");
    assert!(server.try_next().is_none(), "nobody is gone");
}

#[tokio::test]
async fn an_aborted_response_shows_that_it_is() {
    let (mut server, address) = serve(Limits::default()).await;
    for dropped in [false, true] {
        let mut peer = Peer::connect(address).await;
        peer.send(GET).await;
        let mut respond = next_request(&mut server).await.respond;
        respond.write("begun").expect("open");
        if dropped {
            drop(respond);
        } else {
            respond.abort();
        }
        let response = peer.read_all().await;
        assert!(response.ends_with("5\r\nbegun\r\n"), "{response}");
    }
    let mut peer = Peer::connect(address).await;
    peer.send(GET).await;
    next_request(&mut server).await.respond.abort();
    assert_eq!(peer.read_all().await, "");
    assert!(server.try_next().is_none(), "the driver knows");
}

#[tokio::test]
async fn tells_that_the_peer_went_away() {
    let (mut server, address) = serve(Limits::default()).await;
    // Before the head, and in the middle of the body.
    for begun in [false, true] {
        let mut peer = Peer::connect(address).await;
        peer.send(GET).await;
        let mut request = next_request(&mut server).await;
        if begun {
            request.respond.write("begun").expect("open");
            peer.read_until("begun\r\n").await;
        }
        drop(peer);
        assert_eq!(next_gone(&mut server).await, request.id);
        assert!(request.respond.is_closed());
        assert_eq!(request.respond.write("more"), Err(Closed));
    }
    assert!(server.try_next().is_none(), "once each");
}

#[tokio::test]
async fn a_peer_that_does_not_read_loses_its_response() {
    let limits = Limits { queued: 100_000, ..Limits::default() };
    let (mut server, address) = serve(limits).await;
    let mut peer = Peer::connect(address).await;
    peer.send(GET).await;
    let mut respond = next_request(&mut server).await.respond;
    let mut written = 0;
    while respond.write(vec![b'x'; 10_000]).is_ok() {
        written += 10_000;
        assert!(written < 100_000_000, "no bound");
        tokio::task::yield_now().await;
    }
    assert!(respond.write("more").is_err());
    assert!(!peer.read_all().await.ends_with("0\r\n\r\n"));
}

#[tokio::test]
async fn tiny_chunks_count_for_more() {
    let (mut server, address) = serve(Limits { queued: 6400, ..Limits::default() }).await;
    let mut peer = Peer::connect(address).await;
    peer.send(GET).await;
    let mut respond = next_request(&mut server).await.respond;
    // Nothing is sent meanwhile, since this test does not wait.
    let written = (0..1000).take_while(|_| respond.write("x").is_ok()).count();
    assert!((90..=100).contains(&written), "{written}");
}

#[tokio::test]
async fn cuts_a_body_that_is_too_long() {
    let (mut server, address) = serve(Limits { body: 1000, ..Limits::default() }).await;
    for (length, handed_over) in [(1000, 1000), (1001, 1001), (50_000, 1001)] {
        let mut peer = Peer::connect(address).await;
        let head = format!("POST / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n");
        peer.send(head.as_bytes()).await;
        peer.send(&vec![b'a'; length]).await;
        let request = next_request(&mut server).await;
        assert_eq!(request.body.len(), handed_over);
        request.respond.all(200, &[], "answer");
        if handed_over > 1000 {
            let response = peer.read_all().await;
            assert!(response.contains("connection: close"), "{response}");
            assert!(response.ends_with("answer"), "{response}");
        } else {
            peer.read_until("answer").await;
        }
    }
}

#[tokio::test]
async fn stops_reading_a_body_without_end() {
    let limits = Limits { body: 1000, discarded: 5000, ..Limits::default() };
    let (mut server, address) = serve(limits).await;
    let mut peer = Peer::connect(address).await;
    peer.send(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    let chunk = [b"400\r\n", &[b'a'; 0x400][..], b"\r\n"].concat();
    for _ in 0..6 {
        peer.send(&chunk).await;
    }
    let request = next_request(&mut server).await;
    assert_eq!(request.body.len(), 1001);
    request.respond.all(200, &[], "answer");
    assert!(peer.read_all().await.ends_with("answer"));
}

#[tokio::test]
async fn slow_peers_are_timed_out() {
    let limits =
        Limits { head_time: SHORT, body_time: SHORT, idle_time: SHORT, ..Limits::default() };
    let (mut server, address) = serve(limits).await;
    let starts: [&[u8]; 4] =
        [b"", b"G", b"GET / HTTP/1.1\r\nHo", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc"];
    for start in starts {
        let mut peer = Peer::connect(address).await;
        peer.send(start).await;
        assert_eq!(peer.read_all().await, "", "after {start:?}");
    }
    assert!(server.try_next().is_none());

    // Idle after a request.
    let mut peer = Peer::connect(address).await;
    peer.send(GET).await;
    let request = next_request(&mut server).await;
    // A driver may take longer than any of the time-outs.
    tokio::time::sleep(2 * SHORT).await;
    request.respond.all(200, &[], "answer");
    peer.read_until("answer").await;
    assert_eq!(peer.read_all().await, "");
}

#[tokio::test]
async fn one_byte_after_the_other_is_too_slow() {
    let limits = Limits { head_time: SHORT, body_time: SHORT, ..Limits::default() };
    let (mut server, address) = serve(limits).await;
    for head in [&b""[..], b"POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n"] {
        let mut peer = Peer::connect(address).await;
        peer.send(head).await;
        let started = Instant::now();
        while tokio::io::AsyncWriteExt::write_all(&mut peer.0, b"a").await.is_ok() {
            assert!(started.elapsed() < Duration::from_secs(10), "never timed out");
            tokio::time::sleep(SHORT / 10).await;
        }
    }
    assert!(server.try_next().is_none());
}

#[tokio::test]
async fn a_peer_that_takes_nothing_is_timed_out() {
    let (mut server, address) = serve(Limits { write_time: SHORT, ..Limits::default() }).await;
    let mut peer = Peer::connect(address).await;
    peer.send(GET).await;
    let mut request = next_request(&mut server).await;
    // More than the system's buffers take, less than may be queued.
    request.respond.write(vec![b'x'; 64 << 20]).expect("open");
    assert_eq!(next_gone(&mut server).await, request.id);
}

#[tokio::test]
async fn connections_are_bounded() {
    let limits = Limits { connections: 2, ..Limits::default() };
    let (mut server, address) = serve(limits).await;
    let mut first = Peer::connect(address).await;
    let mut second = Peer::connect(address).await;
    for peer in [&mut first, &mut second] {
        peer.send(GET).await;
        next_request(&mut server).await.respond.all(200, &[], "answer");
        peer.read_until("answer").await;
    }
    assert_eq!(Peer::connect(address).await.read_all().await, "");
    drop(first);
    // A place is free again once the server has noticed.
    loop {
        let mut peer = Peer::connect(address).await;
        let _ = tokio::io::AsyncWriteExt::write_all(&mut peer.0, GET).await;
        tokio::select! {
            input = server.next() => match input {
                Input::Request(request) => break request.respond.all(200, &[], ""),
                Input::Gone(_) => {}
            },
            _ = peer.read_all() => {}
        }
    }
}

#[tokio::test]
async fn connections_of_one_address_are_bounded() {
    let strict = Limits { connections_per_source: 2, is_exempt: |_| false, ..Limits::default() };
    let (_server, address) = serve(strict.clone()).await;
    let _open = [Peer::connect(address).await, Peer::connect(address).await];
    assert_eq!(Peer::connect(address).await.read_all().await, "");

    // Loopback is where a proxy is.
    let lenient = Limits { is_exempt: is_proxy_address, ..strict };
    let (mut server, address) = serve(lenient).await;
    let _open = [Peer::connect(address).await, Peer::connect(address).await];
    let mut third = Peer::connect(address).await;
    third.send(GET).await;
    next_request(&mut server).await.respond.all(200, &[], "");
}

#[test]
fn knows_proxy_addresses() {
    for (address, want) in [
        ("127.0.0.1", true),
        ("10.1.2.3", true),
        ("192.168.1.1", true),
        ("172.31.0.1", true),
        ("172.32.0.1", false),
        ("::ffff:10.0.0.1", true),
        ("::1", true),
        ("203.0.113.1", false),
        ("2001:db8::1", false),
    ] {
        assert_eq!(is_proxy_address(address.parse().expect("an address")), want, "{address}");
    }
}

#[tokio::test]
async fn expects_are_met() {
    let (mut server, address) = serve(Limits::default()).await;
    let mut peer = Peer::connect(address).await;
    peer.send(b"POST / HTTP/1.1\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n").await;
    assert_eq!(peer.read_until("\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
    peer.send(b"a").await;
    let request = next_request(&mut server).await;
    assert_eq!(&request.body[..], b"a");
    request.respond.all(200, &[], "answer");
    assert!(peer.read_until("answer").await.starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn dropping_the_server_closes_everything() {
    let (mut server, address) = serve(Limits::default()).await;
    let mut peer = Peer::connect(address).await;
    peer.send(GET).await;
    let mut request = next_request(&mut server).await;
    drop(server);
    assert_eq!(peer.read_all().await, "");
    in_time(async {
        while request.respond.write("x").is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
