//! One HTTP request whose answer is wanted whole.

use crate::http::{Progress, RequestId};
use crate::time::Time;

/// Milliseconds that a small answer may take, and a large one may pause. The reference waits as
/// long as its HTTP library does.
pub(super) const PATIENCE: u64 = 30_000;

/// An open request and what has come of its answer.
pub(super) struct Exchange {
    pub(super) id: RequestId,
    pub(super) deadline: Time,
    status: u16,
    pub(super) body: Vec<u8>,
    limit: usize,
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
        Self { id, deadline: now.after(PATIENCE), status: 0, body: Vec::new(), limit }
    }

    pub(super) const fn is_good(&self) -> bool {
        matches!(self.status, 200..=399)
    }

    /// Takes the next piece; says how the exchange ended, once it has.
    pub(super) fn take(&mut self, progress: &Progress<'_>) -> Option<Ended> {
        match progress {
            Progress::Head(status) => self.status = *status,
            Progress::Data(data) => {
                if self.body.len() + data.len() > self.limit {
                    let text = format!("The answer is larger than {} bytes.", self.limit);
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
