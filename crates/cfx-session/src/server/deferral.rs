//! One connecting player's deferral: what each resource said of it, and what that means.

use std::collections::BTreeMap;

use cfx_control::deferral::{DEFERRING, progress_text};
use serde_json::{Map, Value};

use crate::time::Time;

/// Milliseconds between two keep-alives (SPEC DEFER-3).
pub(crate) const KEEP_ALIVE: u64 = 1000;

/// What a step of the deferral has to tell the client.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    /// Nothing.
    Wait,
    /// A progress text.
    Message(String),
    /// Every resource is done.
    Accept,
    /// A resource refused, with this text.
    Reject(String),
}

#[derive(Debug, Default)]
struct Resource {
    description: String,
    message: String,
    done: bool,
    rejected: bool,
}

/// The state behind `deferrals` in a server's scripts (reference: `ClientDeferral.cpp`).
#[derive(Debug, Default)]
pub(crate) struct Deferral {
    /// By name, whose byte order is the order of the progress text (SPEC DEFER-2).
    resources: BTreeMap<String, Resource>,
    handover: Map<String, Value>,
    /// The handlers of `playerConnecting` have returned; nothing is told before (SPEC DEFER-8).
    handled: bool,
    /// Something happened while they ran.
    pending: bool,
    next_card: Option<String>,
    /// A card was shown.
    card_shown: bool,
    keep_alive: Option<Time>,
}

impl Deferral {
    /// `deferrals.defer()`.
    pub(crate) fn defer(&mut self, name: &str, now: Time) -> Step {
        let message = DEFERRING.to_owned();
        let description = name.to_owned();
        let resource = Resource { description, message, done: false, rejected: false };
        self.resources.insert(name.to_owned(), resource);
        // The reference starts another timer at each call and forgets the last (SPEC DEFER-11).
        self.keep_alive.get_or_insert(now.after(KEEP_ALIVE));
        self.update_all()
    }

    /// `deferrals.update(message)`. Without a `defer` before it, the resource counts as deferring,
    /// under an empty name (SPEC DEFER-11).
    pub(crate) fn update(&mut self, name: &str, message: String) -> Step {
        self.resource(name).message = message;
        self.update_all()
    }

    /// `deferrals.presentCard(card)`: the card to show now, if any.
    pub(crate) fn present_card(&mut self, name: &str, card: String) -> Option<String> {
        self.resource(name);
        if self.handled {
            self.card_shown = true;
            return Some(card);
        }
        self.next_card = Some(card);
        None
    }

    /// `deferrals.done()` or `deferrals.done(reason)`.
    pub(crate) fn done(&mut self, name: &str, reason: Option<String>) -> Step {
        let resource = self.resource(name);
        resource.done = true;
        if let Some(reason) = reason {
            resource.message = reason;
            resource.rejected = true;
        }
        self.update_all()
    }

    /// `deferrals.handover(data)`: later values replace earlier ones of the same key.
    pub(crate) fn hand_over(&mut self, data: Map<String, Value>) {
        self.handover.extend(data);
    }

    /// Whether there is a card that the player may answer (SPEC SEC-8).
    pub(crate) const fn has_card(&self) -> bool {
        self.card_shown
    }

    /// The handlers of `playerConnecting` returned: what they did takes effect now.
    pub(crate) fn handled(&mut self, now: Time) -> (Step, Option<String>) {
        self.handled = true;
        if self.resources.is_empty() {
            return (Step::Accept, None);
        }
        // Where no resource called `defer`, the reference has no timer, and the connection idles out
        // (SPEC DEFER-11).
        self.keep_alive.get_or_insert(now.after(KEEP_ALIVE));
        let step = if core::mem::take(&mut self.pending) { self.update_all() } else { Step::Wait };
        let card = self.next_card.take();
        self.card_shown |= card.is_some();
        (step, card)
    }

    /// The data for the client's `handover`.
    pub(crate) fn into_handover(self) -> Map<String, Value> {
        self.handover
    }

    /// When the next keep-alive is due.
    pub(crate) const fn keep_alive(&self) -> Option<Time> {
        self.keep_alive
    }

    /// Whether a keep-alive is to be written at `now`; the next is set a second later, and those that
    /// were slept through are not made up for. None is written before the handlers have returned
    /// (SPEC DEFER-8).
    pub(crate) fn take_keep_alive(&mut self, now: Time) -> bool {
        let due = self.keep_alive.is_some_and(|at| at <= now);
        if due {
            self.keep_alive = Some(now.after(KEEP_ALIVE));
        }
        due && self.handled
    }

    fn resource(&mut self, name: &str) -> &mut Resource {
        self.resources.entry(name.to_owned()).or_default()
    }

    fn update_all(&mut self) -> Step {
        if !self.handled {
            self.pending = true;
            return Step::Wait;
        }
        if let Some(rejected) = self.resources.values().find(|resource| resource.rejected) {
            return Step::Reject(rejected.message.clone());
        }
        let mut unfinished = self.resources.values().filter(|resource| !resource.done).peekable();
        if unfinished.peek().is_none() {
            return Step::Accept;
        }
        Step::Message(progress_text(
            unfinished.map(|resource| (resource.description.as_str(), resource.message.as_str())),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> Step {
        Step::Message(text.to_owned())
    }

    #[test]
    fn nothing_is_told_before_the_handlers_returned() {
        let mut deferral = Deferral::default();
        assert_eq!(deferral.defer("b", Time::ZERO), Step::Wait);
        assert_eq!(deferral.defer("a", Time::ZERO), Step::Wait);
        assert_eq!(deferral.present_card("a", "{}".into()), None);
        let expected = message("a: Deferring connection...\nb: Deferring connection...\n");
        assert_eq!(deferral.handled(Time::ZERO), (expected, Some("{}".into())));
        assert_eq!(
            deferral.update("b", "hm".into()),
            message("a: Deferring connection...\nb: hm\n")
        );
        assert_eq!(deferral.done("a", None), message("b: hm\n"));
        assert_eq!(deferral.done("b", None), Step::Accept);
    }

    #[test]
    fn no_deferral_accepts_and_one_refusal_refuses() {
        assert_eq!(Deferral::default().handled(Time::ZERO), (Step::Accept, None));
        let mut deferral = Deferral::default();
        deferral.defer("a", Time::ZERO);
        deferral.defer("b", Time::ZERO);
        deferral.handled(Time::ZERO);
        assert_eq!(deferral.done("b", Some("no".into())), Step::Reject("no".into()));
        // A refusal while the handlers still run waits for them.
        let mut early = Deferral::default();
        assert_eq!(early.done("a", Some("early".into())), Step::Wait);
        assert_eq!(early.handled(Time::ZERO), (Step::Reject("early".into()), None));
    }

    #[test]
    fn an_update_without_defer_has_no_name() {
        let mut deferral = Deferral::default();
        deferral.update("a", "text".into());
        assert_eq!(deferral.handled(Time::ZERO).0, message(": text\n"));
    }

    #[test]
    fn keep_alives_are_a_second_apart() {
        let mut deferral = Deferral::default();
        deferral.defer("a", Time::ZERO);
        deferral.defer("b", Time::from_millis(500));
        deferral.handled(Time::from_millis(600));
        assert!(!deferral.take_keep_alive(Time::from_millis(999)));
        assert!(deferral.take_keep_alive(Time::from_millis(1000)));
        assert!(!deferral.take_keep_alive(Time::from_millis(1999)));
        assert!(deferral.take_keep_alive(Time::from_millis(9000)));
        assert_eq!(deferral.keep_alive(), Some(Time::from_millis(10_000)));
    }
}
