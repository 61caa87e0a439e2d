//! A response between the driver, which writes it without ever waiting, and the connection, which
//! sends it as fast as the peer takes it.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::connection::Link;
use super::{Input, RequestId};

/// What a chunk costs besides its bytes, so that many tiny ones cannot fill the memory.
const CHUNK_COST: usize = 64;

/// The response cannot be written to any more: the peer went away, took too little, or the
/// response was aborted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the response is closed")
    }
}

impl std::error::Error for Closed {}

enum Piece {
    Data(Bytes),
    End,
    Abort,
}

struct Head {
    status: u16,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// The length of the body, where it is known beforehand.
    length: Option<u64>,
}

/// State that both ends of a response see.
struct State {
    queued: AtomicUsize,
    /// The driver has nothing more to do with this response.
    done: AtomicBool,
}

/// Answers a request. No method waits; a response that is dropped before [`end`](Self::end) is
/// aborted.
pub struct Responder {
    id: RequestId,
    head: Option<oneshot::Sender<Head>>,
    pieces: mpsc::UnboundedSender<Piece>,
    state: Arc<State>,
    limit: usize,
    link: Arc<Link>,
}

impl Responder {
    /// Sends status and headers; what follows is sent in chunks. Only the first head counts.
    /// A status or header that HTTP does not know is sent as 500 or left out.
    pub fn head(&mut self, status: u16, headers: &[(&str, &str)]) {
        self.send_head(status, headers, None);
    }

    fn send_head(&mut self, status: u16, headers: &[(&str, &str)], length: Option<u64>) {
        if let Some(head) = self.head.take() {
            let headers = headers.iter().filter_map(|(name, value)| {
                Some((name.parse().ok()?, HeaderValue::from_str(value).ok()?))
            });
            let head_sent = Head { status, headers: headers.collect(), length };
            // If nobody takes it, the next write tells.
            let _ = head.send(head_sent);
        }
    }

    /// Queues a chunk of the body; an empty one is nothing. Without a [`head`](Self::head) before
    /// it, the status is 200.
    ///
    /// # Errors
    ///
    /// [`Closed`] if it will not be sent. If more than [`Limits::queued`](super::Limits::queued)
    /// is waiting already, the connection is closed.
    pub fn write(&mut self, chunk: impl Into<Bytes>) -> Result<(), Closed> {
        self.send_head(200, &[], None);
        let chunk = chunk.into();
        if chunk.is_empty() {
            return if self.is_closed() { Err(Closed) } else { Ok(()) };
        }
        let cost = chunk.len().saturating_add(CHUNK_COST);
        if self.state.queued.fetch_add(cost, Ordering::Relaxed) > self.limit {
            self.state.done.store(true, Ordering::Release);
            self.link.kill.notify_one();
            return Err(Closed);
        }
        self.pieces.send(Piece::Data(chunk)).map_err(|_| Closed)
    }

    /// Ends the response.
    pub fn end(mut self) {
        self.send_head(200, &[], Some(0));
        self.state.done.store(true, Ordering::Release);
        let _ = self.pieces.send(Piece::End);
    }

    /// Sends a whole response, with its length.
    pub fn all(mut self, status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) {
        let body = body.into();
        self.send_head(status, headers, u64::try_from(body.len()).ok());
        // A peer that is gone needs no answer.
        let _ = self.write(body);
        self.end();
    }

    /// Closes the connection after what was written, without ending the body: the peer can tell
    /// that something is missing. Without a head, it gets no response at all.
    pub fn abort(self) {
        drop(self);
    }

    /// The request's id.
    pub fn id(&self) -> RequestId {
        self.id
    }

    /// The peer went away, or was too slow.
    pub fn is_closed(&self) -> bool {
        self.pieces.is_closed()
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        if !self.state.done.swap(true, Ordering::AcqRel) {
            let _ = self.pieces.send(Piece::Abort);
        }
    }
}

impl fmt::Debug for Responder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Responder").field(&self.id).finish()
    }
}

/// The connection's end of a response, before its head.
pub(super) struct Pending {
    head: oneshot::Receiver<Head>,
    body: ResponseBody,
}

type Inputs = mpsc::UnboundedSender<(Input, Option<OwnedSemaphorePermit>)>;

/// Both ends of a response.
pub(super) fn pair(
    id: RequestId,
    limit: usize,
    inputs: &Inputs,
    link: &Arc<Link>,
) -> (Responder, Pending) {
    let (head_sender, head) = oneshot::channel();
    let (pieces_sender, pieces) = mpsc::unbounded_channel();
    let state = Arc::new(State { queued: AtomicUsize::new(0), done: AtomicBool::new(false) });
    let (inputs, link) = (inputs.clone(), Arc::clone(link));
    let responder = Responder {
        id,
        head: Some(head_sender),
        pieces: pieces_sender,
        state: Arc::clone(&state),
        limit,
        link: Arc::clone(&link),
    };
    let body = ResponseBody { id, pieces, state, inputs, link, length: None, aborting: false };
    (responder, Pending { head, body })
}

impl Pending {
    /// Waits for the head. `None` if there will be none.
    pub(super) async fn response(self) -> Option<Response<ResponseBody>> {
        let Self { head, mut body } = self;
        let head = head.await.ok()?;
        body.length = head.length;
        let mut response = Response::new(body);
        *response.status_mut() =
            StatusCode::from_u16(head.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in head.headers {
            response.headers_mut().append(name, value);
        }
        Some(response)
    }
}

/// The connection's end of a response. It is dropped when the response is over, however that came
/// about, and then tells the driver if the driver is still at it.
pub(super) struct ResponseBody {
    id: RequestId,
    pieces: mpsc::UnboundedReceiver<Piece>,
    state: Arc<State>,
    inputs: Inputs,
    link: Arc<Link>,
    length: Option<u64>,
    aborting: bool,
}

/// The driver gave up the response.
#[derive(Debug)]
pub(super) struct Aborted;

impl fmt::Display for Aborted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the response was aborted")
    }
}

impl std::error::Error for Aborted {}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Aborted;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Aborted>>> {
        if self.aborting {
            return Poll::Ready(Some(Err(Aborted)));
        }
        match self.pieces.poll_recv(cx) {
            Poll::Ready(Some(Piece::Data(data))) => {
                let cost = data.len().saturating_add(CHUNK_COST);
                self.state.queued.fetch_sub(cost, Ordering::Relaxed);
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            Poll::Ready(Some(Piece::End)) => Poll::Ready(None),
            Poll::Ready(Some(Piece::Abort) | None) => {
                // hyper closes the connection at the error and forgets what it has not flushed,
                // so it gets one more turn to flush before.
                self.aborting = true;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl Drop for ResponseBody {
    fn drop(&mut self) {
        self.link.finish();
        if !self.state.done.load(Ordering::Acquire) {
            // Nobody may be left to hear it.
            let _ = self.inputs.send((Input::Gone(self.id), None));
        }
    }
}
