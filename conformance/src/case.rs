//! What a case is, and how it ends.

use std::future::Future;
use std::pin::Pin;

use crate::target::Target;

/// A case on its way.
pub type Run<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// How a case ended: nothing more to say when it passed.
pub type Outcome<T = ()> = Result<T, Stop>;

/// How much an implementation owes the requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Without it, others cannot talk to the implementation, or can harm it.
    Must,
    /// There may be a reason not to; it should be known.
    Should,
}

impl Level {
    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
        }
    }
}

/// One check of one requirement.
#[derive(Clone, Copy)]
pub struct Case {
    /// Never changes its meaning: `family.subject.detail`.
    pub id: &'static str,
    /// The requirement in SPEC.md.
    pub requirement: &'static str,
    /// What the requirement asks for.
    pub level: Level,
    /// What the case does and expects, in a sentence.
    pub about: &'static str,
    /// Does it.
    pub run: for<'a> fn(&'a Target) -> Run<'a>,
}

/// Why a case did not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The target did something else.
    Failed {
        /// What it should have done.
        expected: String,
        /// What it did.
        received: String,
    },
    /// The case says nothing about this target, for this reason.
    Skipped(String),
}

/// A failure.
pub fn failed(expected: impl Into<String>, received: impl Into<String>) -> Stop {
    Stop::Failed { expected: expected.into(), received: received.into() }
}

/// A case that says nothing.
pub fn skipped(why: impl Into<String>) -> Stop {
    Stop::Skipped(why.into())
}

/// Fails unless `holds`.
///
/// # Errors
/// [`Stop::Failed`].
pub fn check(
    holds: bool,
    expected: impl Into<String>,
    received: impl FnOnce() -> String,
) -> Outcome {
    if holds { Ok(()) } else { Err(failed(expected, received())) }
}

/// Fails unless both are the same text.
///
/// # Errors
/// [`Stop::Failed`].
pub fn same(what: &str, expected: &str, received: &str) -> Outcome {
    check(expected == received, format!("{what} {expected:?}"), || format!("{received:?}"))
}
