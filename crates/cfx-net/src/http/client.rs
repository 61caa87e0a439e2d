//! The HTTP client's shell: a request is started and reports on a channel until it ends, fails or
//! is aborted. It bounds neither a body nor the time to read it, since a deferral may take minutes;
//! that is the session's.
//!
//! HTTP/1.1 only, over TLS with the certificates that Mozilla trusts. No cookies, no proxy from the
//! environment, no compression.
//!
//! ```
//! use cfx_net::http::client::{HttpClient, HttpEvent, OutgoingRequest};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = HttpClient::new()?;
//! let (events, mut reports) = tokio::sync::mpsc::channel(16);
//! let request = OutgoingRequest {
//!     method: "POST".to_owned(),
//!     url: "http://127.0.0.1:30120/client".to_owned(),
//!     headers: Vec::new(),
//!     body: b"method=getEndpoints".to_vec(),
//! };
//! client.start(1, request, events);
//! while let Some((id, event)) = reports.recv().await {
//!     match event {
//!         HttpEvent::Head { status, .. } => println!("request {id}: {status}"),
//!         HttpEvent::Data(bytes) => println!("{} bytes", bytes.len()),
//!         HttpEvent::End | HttpEvent::Failed(_) => break,
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod redirect;

use std::error::Error;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::uri::Scheme;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tower_service::Service;

/// How long looking up a name, connecting and TLS may take together.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// How long a connection is kept for a next request; less than servers keep it.
const IDLE_TIME: Duration = Duration::from_secs(15);

/// How many redirects are followed.
const MAX_REDIRECTS: usize = 5;

type BoxError = Box<dyn Error + Send + Sync>;

/// A request to send.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutgoingRequest {
    /// The method.
    pub method: String,
    /// An absolute URL, `http` or `https`.
    pub url: String,
    /// Headers besides Host and Content-Length.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What becomes of a request. After [`End`](Self::End) or [`Failed`](Self::Failed) nothing comes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HttpEvent {
    /// The response begins.
    Head {
        /// Its status, 200 to 999.
        status: u16,
        /// The length of its body in bytes, if the server told.
        length: Option<u64>,
    },
    /// A piece of its body, as it came: pieces say nothing about how the server wrote it.
    Data(Bytes),
    /// The body ended as it should.
    End,
    /// There is no response, or its body broke off; the text says why.
    Failed(String),
}

/// Sends requests. Clones share their connections.
#[derive(Clone)]
pub struct HttpClient {
    client: Client<TimedConnector, Full<Bytes>>,
}

impl HttpClient {
    /// A client without connections.
    ///
    /// # Errors
    ///
    /// TLS could not be set up.
    pub fn new() -> io::Result<Self> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let tls = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .map_err(io::Error::other)?
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIME)
            .pool_max_idle_per_host(4)
            .build(TimedConnector(tls));
        Ok(Self { client })
    }

    /// Starts a request; `id` goes with each of its events. It waits while the channel is full,
    /// and stops when the channel's receiver is dropped. Aborting closes the connection; events
    /// sent before may still be in the channel.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with I/O and time enabled.
    pub fn start(
        &self,
        id: u64,
        request: OutgoingRequest,
        events: mpsc::Sender<(u64, HttpEvent)>,
    ) -> AbortHandle {
        let client = self.client.clone();
        let run = async move {
            let last = match run(&client, request, id, &events).await {
                Ok(()) => HttpEvent::End,
                Err(error) => HttpEvent::Failed(describe(&*error)),
            };
            // Nobody may be left to hear it.
            let _ = events.send((id, last)).await;
        };
        tokio::spawn(run).abort_handle()
    }
}

async fn run(
    client: &Client<TimedConnector, Full<Bytes>>,
    request: OutgoingRequest,
    id: u64,
    events: &mpsc::Sender<(u64, HttpEvent)>,
) -> Result<(), BoxError> {
    let response = fetch(client, Prepared::new(request)?).await?;
    let (head, mut body) = response.into_parts();
    let head = HttpEvent::Head { status: head.status.as_u16(), length: body.size_hint().exact() };
    events.send((id, head)).await?;
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            events.send((id, HttpEvent::Data(data))).await?;
        }
    }
    Ok(())
}

/// A request whose parts are known to be valid.
#[derive(Clone)]
struct Prepared {
    method: Method,
    url: Uri,
    headers: HeaderMap,
    body: Bytes,
}

impl Prepared {
    fn new(request: OutgoingRequest) -> Result<Self, BoxError> {
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            headers.append(name.parse::<HeaderName>()?, HeaderValue::from_str(value)?);
        }
        let url = redirect::without_fragment(&request.url).parse()?;
        is_web(&url)?;
        Ok(Self { method: request.method.parse()?, url, headers, body: request.body.into() })
    }

    fn request(&self) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.url.clone();
        *request.headers_mut() = self.headers.clone();
        request
    }
}

fn is_web(url: &Uri) -> Result<(), BoxError> {
    let is_web = url.scheme() == Some(&Scheme::HTTP) || url.scheme() == Some(&Scheme::HTTPS);
    if is_web { Ok(()) } else { Err("the URL is neither http nor https".into()) }
}

/// Sends a request and follows redirects.
async fn fetch(
    client: &Client<TimedConnector, Full<Bytes>>,
    mut request: Prepared,
) -> Result<Response<Incoming>, BoxError> {
    for _ in 0..=MAX_REDIRECTS {
        let response = client.request(request.request()).await?;
        let Some(location) = redirect::location(&response) else { return Ok(response) };
        let url = redirect::resolve(&request.url, location)?;
        is_web(&url)?;
        if request.url.scheme() == Some(&Scheme::HTTPS) && url.scheme() != Some(&Scheme::HTTPS) {
            return Err("a redirect from https to http".into());
        }
        if request.url.authority() != url.authority() {
            // What was meant for one server is not told to another.
            for secret in [header::AUTHORIZATION, header::COOKIE] {
                request.headers.remove(secret);
            }
            request.headers.remove("x-citizenfx-token");
        }
        if redirect::becomes_get(response.status(), &request.method) {
            request.method = Method::GET;
            request.body = Bytes::new();
            request.headers.remove(header::CONTENT_TYPE);
        }
        request.url = url;
    }
    Err("too many redirects".into())
}

/// An error with its causes, in one line.
fn describe(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}

/// Connects within [`CONNECT_TIME`], all told.
#[derive(Clone)]
struct TimedConnector(HttpsConnector<HttpConnector>);

type Connection = <HttpsConnector<HttpConnector> as Service<Uri>>::Response;

impl Service<Uri> for TimedConnector {
    type Response = Connection;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Connection, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        let connecting = self.0.call(url);
        Box::pin(async move {
            tokio::time::timeout(CONNECT_TIME, connecting)
                .await
                .map_err(|_| BoxError::from("no connection in time"))?
        })
    }
}
