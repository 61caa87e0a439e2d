//! HTTP as cases need it: whole answers, streamed values, and bytes of the case's own making.

use cfx_control::stream::ValueStream;
use cfx_net::http::client::{HttpEvent, OutgoingRequest};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::case::{Outcome, check, failed};
use crate::target::{PATIENCE, Target};

/// The most bytes of one streamed value, or of a body.
const MAX_VALUE: usize = 64 << 20;

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// As a person reads it.
    pub fn show(&self) -> String {
        format!("HTTP {} with {}", self.status, super::oob::show(&self.body))
    }

    /// The body as one JSON value.
    ///
    /// # Errors
    /// The case fails when it is none.
    pub fn json(&self) -> Outcome<Value> {
        serde_json::from_slice(&self.body).map_err(|_| failed("a JSON value", self.show()))
    }

    /// The text of an `error`, with status 200 (SPEC HTTP-4).
    ///
    /// # Errors
    /// The case fails when it is none.
    pub fn error(&self) -> Outcome<String> {
        let value = self.json()?;
        let error = value["error"].as_str().filter(|_| self.status == 200);
        let error = error.map(str::to_owned);
        error.ok_or_else(|| failed(r#"HTTP 200 with {"error":…}"#, self.show()))
    }
}

/// A request whose answer comes in pieces.
pub struct Stream {
    events: mpsc::Receiver<(u64, HttpEvent)>,
    abort: AbortHandle,
    values: ValueStream,
    chunk: Vec<u8>,
    taken: usize,
    ended: bool,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

impl Stream {
    /// Starts a request.
    pub fn start(
        target: &Target,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Self {
        let (sender, events) = mpsc::channel(16);
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let request = OutgoingRequest {
            method: method.to_owned(),
            url: format!("http://{}{path}", target.address),
            headers: headers.collect(),
            body: body.to_vec(),
        };
        let abort = target.http.start(0, request, sender);
        let values = ValueStream::new(MAX_VALUE);
        Self { events, abort, values, chunk: Vec::new(), taken: 0, ended: false }
    }

    /// The next event.
    ///
    /// # Errors
    /// The case fails when nothing comes in time, or the connection broke.
    pub async fn event(&mut self) -> Outcome<HttpEvent> {
        match timeout(PATIENCE, self.events.recv()).await {
            Ok(Some((_, HttpEvent::Failed(text)))) => Err(failed("an HTTP answer", text)),
            Ok(Some((_, event))) => Ok(event),
            Ok(None) => Err(failed("an HTTP answer", "nothing")),
            Err(_) => {
                Err(failed(format!("an HTTP answer within {PATIENCE:?}"), "nothing in that time"))
            }
        }
    }

    /// The next JSON value of the body; nothing at its end.
    ///
    /// # Errors
    /// The case fails when the body is not JSON values, or nothing comes in time.
    pub async fn value(&mut self) -> Outcome<Option<Value>> {
        loop {
            let mut rest = &self.chunk[self.taken..];
            let before = rest.len();
            let value = self.values.next(&mut rest).map(|text| text.map(str::to_owned));
            self.taken += before - rest.len();
            match value {
                Ok(Some(text)) => {
                    let value = serde_json::from_str(&text);
                    return value.map(Some).map_err(|_| failed("a JSON value", text));
                }
                Ok(None) if self.ended => return Ok(None),
                Ok(None) => self.more().await?,
                Err(error) => return Err(failed("JSON values", error.to_string())),
            }
        }
    }

    async fn more(&mut self) -> Outcome {
        match self.event().await? {
            HttpEvent::Head { .. } => {}
            HttpEvent::Data(data) => {
                self.chunk = data.to_vec();
                self.taken = 0;
            }
            HttpEvent::End | HttpEvent::Failed(_) => {
                self.ended = true;
                let rest = self.values.finish();
                if let Err(error) = rest {
                    return Err(failed("whole JSON values", error.to_string()));
                }
            }
        }
        Ok(())
    }

    /// The whole answer.
    ///
    /// # Errors
    /// The case fails when it does not come in time.
    pub async fn whole(mut self) -> Outcome<Answer> {
        let mut answer = Answer { status: 0, body: Vec::new() };
        loop {
            match self.event().await? {
                HttpEvent::Head { status, .. } => answer.status = status,
                HttpEvent::Data(data) if answer.body.len() + data.len() <= MAX_VALUE => {
                    answer.body.extend_from_slice(&data);
                }
                HttpEvent::Data(_) => {
                    let expected = format!("a body of at most {MAX_VALUE} bytes");
                    return Err(failed(expected, "more"));
                }
                HttpEvent::End | HttpEvent::Failed(_) => return Ok(answer),
            }
        }
    }
}

/// `GET`, and the whole answer.
///
/// # Errors
/// The case fails when it does not come in time.
pub async fn get(target: &Target, path: &str) -> Outcome<Answer> {
    get_with(target, path, &[]).await
}

/// `GET` with headers, and the whole answer.
///
/// # Errors
/// The case fails when it does not come in time.
pub async fn get_with(target: &Target, path: &str, headers: &[(&str, &str)]) -> Outcome<Answer> {
    target.may_ask().await;
    Stream::start(target, "GET", path, headers, b"").whole().await
}

/// `POST /client` with a form body as it is, and the whole answer.
///
/// # Errors
/// The case fails when it does not come in time.
pub async fn post(target: &Target, body: &[u8]) -> Outcome<Answer> {
    Stream::start(target, "POST", "/client", &[], body).whole().await
}

/// `POST /client` with pairs, as a client encodes them.
///
/// # Errors
/// The case fails when the answer does not come in time.
pub async fn method(target: &Target, pairs: &[(&str, &str)]) -> Outcome<Answer> {
    post(target, &form(pairs)).await
}

/// A form body as a client encodes it.
pub fn form(pairs: &[(&str, &str)]) -> Vec<u8> {
    let pairs: Vec<_> = pairs.iter().map(|(key, value)| (*key, value.as_bytes())).collect();
    let mut body = Vec::new();
    cfx_wire::form::encode(&pairs, &mut body);
    body
}

/// Posts a form and checks the text of the error it is refused with.
///
/// # Errors
/// The case fails when the answer is another.
pub async fn refused(target: &Target, body: &[u8], text: &str) -> Outcome {
    let answer = post(target, body).await?;
    let error = answer.error()?;
    check(error == text, format!("the error {text:?}"), || format!("the error {error:?}"))
}

/// Writes bytes to the server's TCP port and gives what comes back until it closes the connection
/// or [`PATIENCE`] ends.
///
/// # Errors
/// The case fails when the port does not take the connection.
pub async fn raw(target: &Target, bytes: &[u8]) -> Outcome<Vec<u8>> {
    let mut stream = open(target).await?;
    let mut received = Vec::new();
    let exchange = async {
        // A server may close before it has read everything.
        let _ = stream.write_all(bytes).await;
        let _ = stream.take(MAX_VALUE as u64).read_to_end(&mut received).await;
    };
    let _ = timeout(PATIENCE, exchange).await;
    Ok(received)
}

/// A connection to the server's TCP port.
///
/// # Errors
/// The case fails when the port does not take it.
pub async fn open(target: &Target) -> Outcome<TcpStream> {
    match timeout(PATIENCE, TcpStream::connect(target.address)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(failed("a TCP connection", error.to_string())),
        Err(_) => Err(failed("a TCP connection", "nothing")),
    }
}
