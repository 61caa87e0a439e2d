use cfx_net::http::client::{HttpClient, HttpEvent, OutgoingRequest};
use cfx_net::http::server::{HttpServer, Input, Limits};
use tokio::sync::mpsc;

use crate::{in_time, next_request, serve};

type Events = mpsc::Receiver<(u64, HttpEvent)>;

fn request(url: String) -> OutgoingRequest {
    OutgoingRequest { method: "GET".to_owned(), url, headers: Vec::new(), body: Vec::new() }
}

fn start(id: u64, request: OutgoingRequest) -> (Events, tokio::task::AbortHandle) {
    let client = HttpClient::new().expect("a client");
    let (sender, events) = mpsc::channel(4);
    let handle = client.start(id, request, sender);
    (events, handle)
}

async fn next(events: &mut Events) -> HttpEvent {
    in_time(events.recv()).await.expect("an event").1
}

async fn read_to_end(events: &mut Events) -> (Vec<u8>, HttpEvent) {
    let mut body = Vec::new();
    loop {
        match next(events).await {
            HttpEvent::Data(data) => body.extend(data),
            last => return (body, last),
        }
    }
}

async fn failure(url: &str) -> String {
    let (mut events, _) = start(1, request(url.to_owned()));
    match next(&mut events).await {
        HttpEvent::Failed(why) => why,
        event => panic!("{event:?}"),
    }
}

/// Answers the next request with a redirect.
async fn redirect(server: &mut HttpServer, status: u16, location: &str) {
    next_request(server).await.respond.all(status, &[("location", location)], "elsewhere");
}

#[tokio::test]
async fn sends_what_it_is_given() {
    let (mut server, address) = serve(Limits::default()).await;
    let (mut events, _) = start(
        7,
        OutgoingRequest {
            method: "POST".to_owned(),
            url: format!("http://{address}/client?a=b#c"),
            headers: vec![("X-CitizenFX-Token".to_owned(), "secret".to_owned())],
            body: b"method=initConnect".to_vec(),
        },
    );
    let request = next_request(&mut server).await;
    assert_eq!((&request.method[..], &request.path[..]), ("POST", "/client"));
    assert_eq!(request.query.as_deref(), Some("a=b"));
    assert_eq!(request.headers["x-citizenfx-token"], "secret");
    assert_eq!(request.headers["host"], address.to_string().as_str());
    assert_eq!(&request.body[..], b"method=initConnect");
    request.respond.all(404, &[], "no");
    let (id, head) = in_time(events.recv()).await.expect("an event");
    assert_eq!((id, head), (7, HttpEvent::Head { status: 404, length: Some(2) }));
    assert_eq!(read_to_end(&mut events).await, (b"no".to_vec(), HttpEvent::End));
    assert_eq!(in_time(events.recv()).await, None, "nothing after the end");
}

#[tokio::test]
async fn reports_a_stream_as_it_comes() {
    let (mut server, address) = serve(Limits::default()).await;
    let (mut events, _) = start(1, request(format!("http://{address}/")));
    let mut respond = next_request(&mut server).await.respond;
    respond.head(200, &[]);
    assert_eq!(next(&mut events).await, HttpEvent::Head { status: 200, length: None });
    for text in ["one\r\n", "two\r\n"] {
        respond.write(text).expect("open");
        assert_eq!(next(&mut events).await, HttpEvent::Data(text.into()));
    }
    respond.end();
    assert_eq!(next(&mut events).await, HttpEvent::End);
}

#[tokio::test]
async fn a_broken_body_is_a_failure() {
    let (mut server, address) = serve(Limits::default()).await;
    let (mut events, _) = start(1, request(format!("http://{address}/")));
    let mut respond = next_request(&mut server).await.respond;
    respond.write("begun").expect("open");
    assert_eq!(next(&mut events).await, HttpEvent::Head { status: 200, length: None });
    respond.abort();
    let (body, last) = read_to_end(&mut events).await;
    assert_eq!(body, b"begun");
    assert!(matches!(last, HttpEvent::Failed(_)), "{last:?}");
}

#[tokio::test]
async fn aborting_closes_the_connection() {
    let (mut server, address) = serve(Limits::default()).await;
    let (mut events, handle) = start(1, request(format!("http://{address}/")));
    let mut request = next_request(&mut server).await;
    request.respond.write("begun").expect("open");
    next(&mut events).await;
    handle.abort();
    let gone = in_time(server.next()).await;
    assert!(matches!(gone, Input::Gone(id) if id == request.id), "{gone:?}");
}

#[tokio::test]
async fn a_reader_that_waits_holds_the_stream_up() {
    let (mut server, address) = serve(Limits::default()).await;
    let (mut events, _) = start(1, request(format!("http://{address}/")));
    let body: Vec<u8> = (0..4_000_000_u32).flat_map(u32::to_le_bytes).collect();
    next_request(&mut server).await.respond.all(200, &[], body.clone());
    next(&mut events).await;
    assert!(read_to_end(&mut events).await == (body, HttpEvent::End));
}

#[tokio::test]
async fn tells_why_there_is_no_response() {
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
        listener.local_addr().expect("an address")
    };
    let why = failure(&format!("http://{closed}/")).await;
    assert!(why.contains("refused"), "{why}");
    for url in ["", "/client", "ftp://127.0.0.1/", "http://", "http://a b/"] {
        failure(url).await;
    }
    // TLS with a server that does not speak it.
    let (_server, address) = serve(Limits::default()).await;
    failure(&format!("https://{address}/")).await;
    let bad_header = OutgoingRequest {
        headers: vec![("X".to_owned(), "a\r\nb".to_owned())],
        ..request(format!("http://{address}/"))
    };
    let (mut events, _) = start(1, bad_header);
    assert!(matches!(next(&mut events).await, HttpEvent::Failed(_)));
}

#[tokio::test]
async fn follows_redirects() {
    let (mut server, address) = serve(Limits::default()).await;
    let post = OutgoingRequest {
        method: "POST".to_owned(),
        url: format!("http://{address}/a/b"),
        headers: vec![("X-CitizenFX-Token".to_owned(), "secret".to_owned())],
        body: b"body".to_vec(),
    };
    let (mut events, _) = start(1, post);
    redirect(&mut server, 307, "c?d=e").await;
    let request = next_request(&mut server).await;
    assert_eq!((&request.path[..], request.query.as_deref()), ("/a/c", Some("d=e")));
    assert_eq!((&request.method[..], &request.body[..]), ("POST", &b"body"[..]));
    assert_eq!(request.headers["x-citizenfx-token"], "secret");

    // To another server, without the token; a POST becomes a GET.
    let (mut other, other_address) = serve(Limits::default()).await;
    let location = format!("http://{other_address}/f");
    request.respond.all(302, &[("location", &location)], "");
    let request = next_request(&mut other).await;
    assert_eq!((&request.method[..], &request.path[..]), ("GET", "/f"));
    assert!(request.body.is_empty());
    assert!(!request.headers.contains_key("x-citizenfx-token"));
    request.respond.all(200, &[], "there");
    assert_eq!(next(&mut events).await, HttpEvent::Head { status: 200, length: Some(5) });
    assert_eq!(read_to_end(&mut events).await, (b"there".to_vec(), HttpEvent::End));
}

#[tokio::test]
async fn does_not_follow_redirects_for_ever() {
    let (mut server, address) = serve(Limits::default()).await;
    let (mut events, _) = start(1, request(format!("http://{address}/")));
    for _ in 0..6 {
        redirect(&mut server, 301, "/").await;
    }
    assert_eq!(next(&mut events).await, HttpEvent::Failed("too many redirects".to_owned()));
}
