//! One connection: its time-outs, and its requests one after the other.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Request, Response, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming as RequestBody};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use super::response::{self, ResponseBody};
use super::{Incoming, Input, Limits, Shared};

/// The longest request head, in bytes.
const MAX_HEAD: usize = 64 << 10;

/// Why a connection is closed without a response.
#[derive(Debug)]
enum Failure {
    /// The body did not come, or not in time.
    Body,
    /// The driver is gone, or dropped the request.
    Driver,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Body => "no body in time",
            Self::Driver => "not answered",
        })
    }
}

impl std::error::Error for Failure {}

/// Serves a connection until either side closes it.
pub(super) async fn serve(stream: TcpStream, from: SocketAddr, shared: Arc<Shared>) {
    // Progress of a deferral is a small chunk that should not wait for another.
    let _ = stream.set_nodelay(true);
    let link = Arc::new(Link::default());
    let io = TimedIo::new(stream, shared.limits.clone(), Arc::clone(&link));
    let answer = service_fn(|request| answer(request, from, &shared, &link));
    let connection = hyper::server::conn::http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .serve_connection(io, answer);
    let mut connection = pin!(connection);
    loop {
        tokio::select! {
            // An error is the peer's business: it left, or sent what is not HTTP.
            _ = &mut connection => return,
            () = link.kill.notified() => return,
            // hyper waits for a read that it began during the response. Polled again, it comes
            // back to the stream, which begins to count the idle time.
            () = link.finished.notified() => {}
        }
    }
}

/// What a connection and its current response know of each other.
#[derive(Default)]
pub(super) struct Link {
    /// How often a request began to be answered or its response was over; odd during an answer.
    turns: AtomicU64,
    finished: Notify,
    /// Closes the connection at once.
    pub(super) kill: Notify,
}

impl Link {
    fn begin(&self) {
        self.turns.fetch_add(1, Ordering::AcqRel);
    }

    /// The response is over, however that came about.
    pub(super) fn finish(&self) {
        self.turns.fetch_add(1, Ordering::AcqRel);
        self.finished.notify_one();
    }
}

async fn answer(
    request: Request<RequestBody>,
    from: SocketAddr,
    shared: &Arc<Shared>,
    link: &Arc<Link>,
) -> Result<Response<ResponseBody>, Failure> {
    link.begin();
    let limits = &shared.limits;
    let (head, body) = request.into_parts();
    let body = timeout(limits.body_time, read(body, limits)).await;
    let body = body.map_err(|_| Failure::Body)??;
    let is_cut = body.len() > limits.body;

    let permit = Arc::clone(&shared.waiting).acquire_owned().await.map_err(|_| Failure::Driver)?;
    let id = shared.next_request();
    let (respond, response) = response::pair(id, limits.queued, &shared.inputs, link);
    let incoming = Incoming {
        id,
        from,
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        headers: head.headers,
        body,
        respond,
    };
    shared.inputs.send((Input::Request(incoming), Some(permit))).map_err(|_| Failure::Driver)?;
    let mut response = response.response().await.ok_or(Failure::Driver)?;
    if is_cut {
        // The rest of the body may be unread; what follows it cannot be found.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

/// Reads a body: what is handed over of it, at most one byte more than the limit.
async fn read(mut body: RequestBody, limits: &Limits) -> Result<Bytes, Failure> {
    let keep = limits.body.saturating_add(1);
    let all = keep.saturating_add(limits.discarded);
    let mut kept = BytesMut::new();
    let mut read = 0_usize;
    while read < all && !body.is_end_stream() {
        let Some(frame) = body.frame().await else { break };
        if let Ok(data) = frame.map_err(|_| Failure::Body)?.into_data() {
            read = read.saturating_add(data.len());
            let room = keep - kept.len();
            kept.extend_from_slice(data.get(..room).unwrap_or(&data));
        }
    }
    Ok(kept.freeze())
}

/// What a connection waits for from its peer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waiting {
    /// The first byte of a request.
    Request,
    /// The rest of a request's head.
    Head,
    /// Nothing: a request is being answered.
    Nothing,
}

/// A stream that fails when the peer lets the connection wait too long.
struct TimedIo {
    stream: TokioIo<TcpStream>,
    limits: Limits,
    link: Arc<Link>,
    waiting: Waiting,
    /// [`Link::turns`] as last seen.
    turns: u64,
    /// When the peer must have sent what is waited for.
    reading: Pin<Box<Sleep>>,
    /// When it must have taken something, if something is to be taken.
    writing: Option<Pin<Box<Sleep>>>,
}

impl TimedIo {
    fn new(stream: TcpStream, limits: Limits, link: Arc<Link>) -> Self {
        let reading = Box::pin(sleep_until(Instant::now() + limits.head_time));
        let stream = TokioIo::new(stream);
        Self { stream, limits, link, waiting: Waiting::Request, turns: 0, reading, writing: None }
    }

    /// Notices that a request began to be answered, or that its response was over.
    fn look(&mut self) {
        let turns = self.link.turns.load(Ordering::Acquire);
        if turns != self.turns {
            self.turns = turns;
            self.wait_for(if turns % 2 == 1 { Waiting::Nothing } else { Waiting::Request });
        }
    }

    fn wait_for(&mut self, what: Waiting) {
        self.waiting = what;
        let time = match what {
            Waiting::Request => self.limits.idle_time,
            Waiting::Head => self.limits.head_time,
            Waiting::Nothing => return,
        };
        self.reading.as_mut().reset(Instant::now() + time);
    }

    /// Takes note of what became of a write, and fails one that waits for too long.
    fn written(
        &mut self,
        cx: &mut Context<'_>,
        result: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        self.look();
        if result.is_ready() {
            self.writing = None;
            if self.waiting == Waiting::Request {
                // The peer is still taking the last response, so it cannot send a request yet.
                self.wait_for(Waiting::Request);
            }
            return result;
        }
        let deadline = Instant::now() + self.limits.write_time;
        let writing = self.writing.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        writing.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl Read for TimedIo {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.look();
        let result = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if result.is_ready() {
            if this.waiting == Waiting::Request {
                this.wait_for(Waiting::Head);
            }
            return result;
        }
        if this.waiting == Waiting::Nothing {
            return Poll::Pending;
        }
        this.reading.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl Write for TimedIo {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.stream).poll_write(cx, data);
        this.written(cx, result)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.stream).poll_write_vectored(cx, data);
        this.written(cx, result)
    }
}
