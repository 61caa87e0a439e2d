//! HTTP requests: the one whose answer the stage waits for, and those that are still open besides.

use std::collections::VecDeque;

use super::{Client, Output, Stage};
use crate::http::{Call, Progress, RequestId};
use crate::time::Time;

/// Milliseconds that a small answer may take, and a large one may pause. The reference waits as
/// long as its HTTP library does.
pub(super) const PATIENCE: u64 = 30_000;

/// What an answer that does not come in that time fails with.
pub(super) const SILENCE: &str = "The server does not answer";

/// An open request and what has come of its answer.
pub(super) struct Exchange {
    pub(super) id: RequestId,
    pub(super) deadline: Time,
    status: u16,
    pub(super) body: Vec<u8>,
    limit: usize,
    /// Nothing more of it will come.
    over: bool,
}

/// How an answer ended.
pub(super) enum Ended {
    /// With a good status; the body is whole.
    Whole(Vec<u8>),
    /// Not so; the text says how.
    Failed(String),
}

impl Exchange {
    /// A request made at `now`, whose answer may have `limit` bytes.
    pub(super) fn new(id: RequestId, limit: usize, now: Time) -> Self {
        let deadline = now.after(PATIENCE);
        Self { id, deadline, status: 0, body: Vec::new(), limit, over: false }
    }

    pub(super) const fn is_good(&self) -> bool {
        matches!(self.status, 200..=399)
    }

    /// Takes the next piece; says how the exchange ended, once it has.
    pub(super) fn take(&mut self, progress: &Progress<'_>) -> Option<Ended> {
        self.over = ends(progress);
        match progress {
            Progress::Head(status) => self.status = *status,
            Progress::Data(data) => {
                if self.body.len() + data.len() > self.limit {
                    let text = format!("The answer is larger than {} bytes", self.limit);
                    return Some(Ended::Failed(text));
                }
                self.body.extend_from_slice(data);
            }
            Progress::End if self.is_good() => {
                return Some(Ended::Whole(core::mem::take(&mut self.body)));
            }
            Progress::End => return Some(Ended::Failed(format!("HTTP {}", self.status))),
            Progress::Failed(text) => return Some(Ended::Failed((*text).to_owned())),
        }
        None
    }
}

/// Whether nothing more of the request will come.
pub(super) const fn ends(progress: &Progress<'_>) -> bool {
    matches!(progress, Progress::End | Progress::Failed(_))
}

/// Open requests whose answers decide nothing: card answers, and what a server writes behind the
/// handshake's final value.
#[derive(Default)]
pub(super) struct Loose(VecDeque<RequestId>);

/// The most of them; the oldest is given up for one more.
const MAX_LOOSE: usize = 16;

impl Client {
    /// The HTTP request that the stage waits for.
    fn exchange(&self) -> Option<&Exchange> {
        match &self.stage {
            Stage::Control(control) => control.exchange(),
            Stage::Downloading(content) => content.exchange(),
            _ => None,
        }
    }

    pub(super) fn http(&mut self, id: RequestId, progress: &Progress<'_>, now: Time) {
        if self.exchange().is_none_or(|exchange| exchange.id != id) {
            if ends(progress) {
                self.loose.0.retain(|loose| *loose != id);
            }
            return;
        }
        match &self.stage {
            Stage::Control(_) => self.control_http(progress, now),
            Stage::Downloading(_) => self.content_http(progress, now),
            _ => {}
        }
    }

    /// Starts an HTTP request.
    pub(super) fn call(&mut self, call: Call) -> RequestId {
        let id = RequestId(self.next_request);
        self.next_request += 1;
        self.out.push_back(Output::Call { id, call });
        id
    }

    pub(super) fn get(&mut self, url: String) -> RequestId {
        self.call(Call { method: "GET", url, headers: Vec::new(), body: Vec::new() })
    }

    /// Nothing depends on this request any more.
    pub(super) fn let_loose(&mut self, id: RequestId) {
        if self.loose.0.len() >= MAX_LOOSE {
            let oldest = self.loose.0.pop_front();
            self.out.extend(oldest.map(Output::Abort));
        }
        self.loose.0.push_back(id);
    }

    /// Stops every open request.
    pub(super) fn abort_all(&mut self) {
        let open = self.exchange().filter(|exchange| !exchange.over).map(|exchange| exchange.id);
        let open = open.into_iter().chain(core::mem::take(&mut self.loose.0));
        self.out.extend(open.map(Output::Abort));
    }
}
