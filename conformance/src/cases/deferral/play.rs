//! What a case of deferrals plays: the resources of a server of ours, and a client before it.

use std::time::Duration;

use cfx_session::server::{ClientId, Decision, Event, Verdict};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use crate::case::{Outcome, check, failed};
use crate::embedded;
use crate::target::{Own, PATIENCE, SILENCE, Target};
use crate::tools::game::init_connect_fields;
use crate::tools::http::{Stream, form};

/// A server of ours, a client that connects to it, and its resources, which the case plays.
pub(super) struct Play {
    pub(super) own: Own,
    pub(super) client: ClientId,
    pub(super) guid: String,
    pub(super) events: mpsc::UnboundedReceiver<Event>,
    pub(super) stream: Stream,
    /// When the client's `playerConnecting` was known.
    pub(super) begun: Instant,
}

impl Play {
    /// Begins to connect; the handlers of `playerConnecting` run.
    pub(super) async fn begin(target: &Target) -> Outcome<Self> {
        let (sender, mut events) = mpsc::unbounded_channel();
        let mut is_first = true;
        let application = move |event: &Event| {
            // Nobody listens when the case is over.
            let _ = sender.send(event.clone());
            let Event::Connecting { client, .. } = event else { return Vec::new() };
            let client = *client;
            let handled = Decision::Handled { client, verdict: Verdict::Continue };
            if std::mem::take(&mut is_first) { Vec::new() } else { vec![handled] }
        };
        let own = target.own_with(embedded::config(), Box::new(application))?;
        let guid = own.target.guid();
        let body = form(&init_connect_fields(&guid));
        let stream = Stream::start(&own.target, "POST", "/client", &[], &body);
        let client = loop {
            match timeout(PATIENCE, events.recv()).await {
                Ok(Some(Event::Connecting { client, .. })) => break client,
                Ok(Some(_)) => {}
                _ => return Err(failed("the event playerConnecting", "nothing")),
            }
        };
        Ok(Self { own, client, guid, events, stream, begun: Instant::now() })
    }

    /// Begins to connect; these resources defer and the handlers have run.
    pub(super) async fn deferred(target: &Target, resources: &[&str]) -> Outcome<Self> {
        let play = Self::begin(target).await?;
        for resource in resources {
            play.defer(resource);
        }
        play.handled(Verdict::Continue);
        Ok(play)
    }

    pub(super) fn handled(&self, verdict: Verdict) {
        self.own.running.decide(Decision::Handled { client: self.client, verdict });
    }

    pub(super) fn defer(&self, resource: &str) {
        let (client, resource) = (self.client, resource.to_owned());
        self.own.running.decide(Decision::Defer { client, resource });
    }

    pub(super) fn update(&self, resource: &str, message: &str) {
        let (client, resource) = (self.client, resource.to_owned());
        self.own.running.decide(Decision::Update { client, resource, message: message.to_owned() });
    }

    pub(super) fn present(&self, resource: &str, card: &Value) {
        let (client, resource) = (self.client, resource.to_owned());
        self.own.running.decide(Decision::PresentCard { client, resource, card: card.to_string() });
    }

    pub(super) fn done(&self, resource: &str, reason: Option<&str>) {
        let (client, resource) = (self.client, resource.to_owned());
        let reason = reason.map(str::to_owned);
        self.own.running.decide(Decision::Done { client, resource, reason });
    }

    pub(super) fn hand_over(&self, data: &Value) {
        let data: Map<_, _> = data.as_object().cloned().unwrap_or_default();
        self.own.running.decide(Decision::Handover { client: self.client, data });
    }

    /// The next value; that a client gets one at all in time is part of what is expected.
    pub(super) async fn value(&mut self, expected: &str) -> Outcome<Value> {
        let value = self.stream.value().await?;
        value.ok_or_else(|| failed(expected, "the end of the body"))
    }

    /// The next value that is no keep-alive.
    pub(super) async fn told(&mut self, expected: &str) -> Outcome<Value> {
        loop {
            let value = self.value(expected).await?;
            if !is_keep_alive(&value) {
                return Ok(value);
            }
        }
    }

    /// Waits for exactly this progress.
    pub(super) async fn progress(&mut self, text: &str) -> Outcome {
        let expected = json!({ "defer": true, "deferVersion": 2, "message": text });
        let value = self.told(&expected.to_string()).await?;
        check(value == expected, expected.to_string(), || value.to_string())
    }

    /// Waits for a card and gives its token.
    pub(super) async fn card(&mut self, card: &Value) -> Outcome<String> {
        let expected = format!("defer true, deferVersion 2, a token and the text {card} as card");
        let value = self.told(&expected).await?;
        let text = value["card"].as_str().and_then(|text| serde_json::from_str(text).ok());
        let is_told = text.as_ref() == Some(card)
            && value["defer"] == true
            && value["deferVersion"] == 2
            && value["message"].is_null();
        match value["token"].as_str().filter(|_| is_told) {
            Some(token) => Ok(token.to_owned()),
            None => Err(failed(expected, value.to_string())),
        }
    }

    /// Waits for the final value and the end behind it; other progress is passed over.
    pub(super) async fn accepted(&mut self) -> Outcome<Value> {
        let value = loop {
            let value = self.told("a final value").await?;
            if value["defer"].is_null() {
                break value;
            }
        };
        check(value["sH"].is_boolean(), "a final value", || value.to_string())?;
        self.ended().await?;
        Ok(value)
    }

    /// Waits for an error and the end behind it.
    pub(super) async fn refused(&mut self, text: &str) -> Outcome {
        let expected = json!({ "error": text });
        let value = self.told(&expected.to_string()).await?;
        check(value == expected, expected.to_string(), || value.to_string())?;
        self.ended().await
    }

    pub(super) async fn ended(&mut self) -> Outcome {
        match self.stream.value().await? {
            None => Ok(()),
            Some(value) => Err(failed("the end of the body", value.to_string())),
        }
    }

    /// Checks that nothing but keep-alives comes for a while.
    pub(super) async fn silent(&mut self) -> Outcome {
        match timeout(SILENCE, self.told("nothing")).await {
            Err(_) => Ok(()),
            Ok(value) => Err(failed("nothing yet", value?.to_string())),
        }
    }

    /// Waits for a keep-alive and gives its time from the beginning.
    pub(super) async fn keep_alive(&mut self) -> Outcome<Duration> {
        let expected = r#"{"defer":true,"deferVersion":2,"message":null}"#;
        let value = self.value(expected).await?;
        check(is_keep_alive(&value), expected, || value.to_string())?;
        Ok(self.begun.elapsed())
    }
}

fn is_keep_alive(value: &Value) -> bool {
    *value == json!({ "defer": true, "deferVersion": 2, "message": null })
}
