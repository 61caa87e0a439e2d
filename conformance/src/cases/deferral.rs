//! Deferrals (SPEC DEFER), on servers of ours whose resources the case plays.

mod play;

use std::time::Duration;

use cfx_control::texts::{dropped, server as texts};
use cfx_session::server::{Event, Verdict};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use self::play::Play;
use super::init_connect::endpoints;
use crate::case::Level::{Must, Should};
use crate::case::{Case, Outcome, check, failed, same};
use crate::embedded;
use crate::target::{PATIENCE, SILENCE, Target};
use crate::tools::game::{admit, admit_as};
use crate::tools::http::{Stream, method, refused};

/// The family.
pub(super) const CASES: &[Case] = &[
    Case {
        id: "deferral.progress.one",
        requirement: "DEFER-1",
        level: Must,
        about: "a resource defers, tells two texts and is done: each is told as a line `resource: \
                text`, then the final value comes",
        run: |target| Box::pin(one(target)),
    },
    Case {
        id: "deferral.progress.order",
        requirement: "DEFER-2",
        level: Must,
        about: "several resources are told in byte order of their names, capitals first, and no \
                more once they are done",
        run: |target| Box::pin(order(target)),
    },
    Case {
        id: "deferral.handlers.silence",
        requirement: "DEFER-8",
        level: Must,
        about: "nothing is told before the handlers of playerConnecting have run, and then the \
                last state, with the last card behind it",
        run: |target| Box::pin(handlers(target)),
    },
    Case {
        id: "deferral.keep-alive.interval",
        requirement: "DEFER-3",
        level: Must,
        about: "a keep-alive with message null comes about a second after the first defer",
        run: |target| Box::pin(keep_alive(target)),
    },
    Case {
        id: "deferral.keep-alive.one-timer",
        requirement: "DEFER-11",
        level: Should,
        about: "two resources that defer get one keep-alive a second between them",
        run: |target| Box::pin(one_timer(target)),
    },
    Case {
        id: "deferral.stuck.goes-away",
        requirement: "DEFER-9",
        level: Must,
        about: "a client waits for two keep-alives and goes away: the server forgets it, \
                getEndpoints says false",
        run: |target| Box::pin(stuck(target)),
    },
    Case {
        id: "deferral.card.answered",
        requirement: "DEFER-6",
        level: Must,
        about: "a card is told as text with the token, and its answer by submitCard reaches the \
                resource",
        run: |target| Box::pin(card(target)),
    },
    Case {
        id: "deferral.card.unfinished",
        requirement: "DEFER-5",
        level: Must,
        about: "an answered card finishes nothing: the client waits until the resource is done",
        run: |target| Box::pin(card_is_no_end(target)),
    },
    Case {
        id: "deferral.submit-card.no-client",
        requirement: "HTTP-24",
        level: Must,
        about: "submitCard with an unknown token is refused with `no client`",
        run: |target| {
            Box::pin(refused(target, b"method=submitCard&data=%7b%7d&token=x", "no client"))
        },
    },
    Case {
        id: "deferral.submit-card.fields",
        requirement: "HTTP-24",
        level: Must,
        about: "submitCard without data or token is refused with `fields missing`",
        run: |target| {
            Box::pin(async move {
                refused(target, b"method=submitCard&token=x", "fields missing").await?;
                refused(target, b"method=submitCard&data=%7b%7d", "fields missing").await
            })
        },
    },
    Case {
        id: "deferral.submit-card.no-card",
        requirement: "HTTP-24",
        level: Must,
        about: "submitCard of a client that has no card open is answered {\"result\":\"ok\"} too",
        run: |target| {
            Box::pin(async move {
                let token = admit(target).await?.token;
                submit(target, &token, "{}").await
            })
        },
    },
    Case {
        id: "deferral.refusal.at-once",
        requirement: "DEFER-4",
        level: Must,
        about: "a resource that refuses ends the attempt with its text, though another still defers",
        run: |target| Box::pin(refusal(target)),
    },
    Case {
        id: "deferral.refusal.first-name",
        requirement: "DEFER-4",
        level: Must,
        about: "of two resources that refused, the first in byte order gives the text",
        run: |target| Box::pin(two_refusals(target)),
    },
    Case {
        id: "deferral.refusal.forgotten",
        requirement: "DEFER-4",
        level: Must,
        about: "after a refusal the token is no client's",
        run: |target| Box::pin(refused_token(target)),
    },
    Case {
        id: "deferral.cancel.no-reason",
        requirement: "DEFER-10",
        level: Must,
        about: "an event that was cancelled without a reason is told as `Resource prevented \
                connection.`",
        run: |target| Box::pin(cancelled(target, None, texts::PREVENTED)),
    },
    Case {
        id: "deferral.cancel.reason",
        requirement: "DEFER-10",
        level: Must,
        about: "an event that was cancelled with a reason is told by it",
        run: |target| Box::pin(cancelled(target, Some("Not today: \"é\""), "Not today: \"é\"")),
    },
    Case {
        id: "deferral.handover.merged",
        requirement: "DEFER-7",
        level: Must,
        about: "what resources hand over is merged by key, the last winning, into the final value",
        run: |target| Box::pin(handover(target)),
    },
    Case {
        id: "deferral.handover.none",
        requirement: "DEFER-7",
        level: Must,
        about: "without anything handed over, handover is {}",
        run: |target| {
            Box::pin(async move {
                let own = target.own(embedded::config())?;
                let last = admit(&own.target).await?.last;
                check(last["handover"] == json!({}), "handover {}", || last["handover"].to_string())
            })
        },
    },
    Case {
        id: "deferral.token.configuration",
        requirement: "MANIFEST-2",
        level: Must,
        about: "getConfiguration with the token of a card is refused with `Client is still \
                connecting.` and granted after the deferral",
        run: |target| Box::pin(configuration(target)),
    },
    Case {
        id: "deferral.ended.ignored",
        requirement: "DEFER-11",
        level: Should,
        about: "what a resource does after the attempt has ended has no effect",
        run: |target| Box::pin(after_the_end(target)),
    },
    Case {
        id: "deferral.guid.replaced",
        requirement: "HTTP-13",
        level: Should,
        about: "a waiting client whose guid connects anew is told the error `Reconnecting`",
        run: |target| Box::pin(replaced(target)),
    },
];

async fn one(target: &Target) -> Outcome {
    let mut play = Play::deferred(target, &["bans"]).await?;
    play.progress("bans: Deferring connection...\n").await?;
    play.update("bans", "Checking é \"you\" \\ …");
    play.progress("bans: Checking é \"you\" \\ …\n").await?;
    play.update("bans", "Almost done");
    play.progress("bans: Almost done\n").await?;
    play.done("bans", None);
    play.accepted().await.map(drop)
}

async fn order(target: &Target) -> Outcome {
    let mut play = Play::deferred(target, &["queue", "bans", "Queue"]).await?;
    let wait = "Deferring connection...\n";
    play.progress(&format!("Queue: {wait}bans: {wait}queue: {wait}")).await?;
    play.update("bans", "Checking");
    play.progress(&format!("Queue: {wait}bans: Checking\nqueue: {wait}")).await?;
    play.done("bans", None);
    play.progress(&format!("Queue: {wait}queue: {wait}")).await?;
    play.done("Queue", None);
    play.progress(&format!("queue: {wait}")).await?;
    play.done("queue", None);
    play.accepted().await.map(drop)
}

async fn handlers(target: &Target) -> Outcome {
    let mut play = Play::begin(target).await?;
    play.defer("bans");
    play.update("bans", "first");
    play.present("bans", &json!({ "number": 1 }));
    play.present("bans", &json!({ "number": 2 }));
    play.update("bans", "last");
    play.silent().await?;
    play.handled(Verdict::Continue);
    play.progress("bans: last\n").await?;
    play.card(&json!({ "number": 2 })).await.map(drop)
}

async fn keep_alive(target: &Target) -> Outcome {
    let mut play = Play::deferred(target, &["bans"]).await?;
    play.progress("bans: Deferring connection...\n").await?;
    let after = play.keep_alive().await?;
    let is_second = (Duration::from_millis(700)..Duration::from_millis(1300)).contains(&after);
    check(is_second, "a keep-alive after about 1 s", || format!("one after {after:?}"))
}

async fn one_timer(target: &Target) -> Outcome {
    let mut play = Play::deferred(target, &["a", "b"]).await?;
    let wait = "Deferring connection...\n";
    play.progress(&format!("a: {wait}b: {wait}")).await?;
    play.keep_alive().await?;
    match timeout(Duration::from_millis(100), play.stream.value()).await {
        Err(_) => Ok(()),
        Ok(value) => {
            let value = value?.map_or("the end of the body".to_owned(), |value| value.to_string());
            Err(failed("no other keep-alive at the same time", value))
        }
    }
}

async fn stuck(target: &Target) -> Outcome {
    let mut play = Play::deferred(target, &["bans"]).await?;
    play.progress("bans: Deferring connection...\n").await?;
    play.present("bans", &json!({}));
    let token = play.card(&json!({})).await?;
    play.keep_alive().await?;
    play.keep_alive().await?;
    let before = endpoints(&play.own.target, &token).await?;
    check(before.is_array(), "an array while the client waits", || before.to_string())?;
    let Play { own, stream, .. } = play;
    drop(stream);
    forgotten(&own.target, &token).await
}

/// Waits until a token is no client's.
async fn forgotten(target: &Target, token: &str) -> Outcome {
    let until = Instant::now() + PATIENCE;
    loop {
        let answer = endpoints(target, token).await?;
        if answer == false {
            return Ok(());
        }
        let is_early = Instant::now() < until;
        check(is_early, "false from getEndpoints for a client that is gone", || {
            answer.to_string()
        })?;
        sleep(Duration::from_millis(10)).await;
    }
}

/// Answers a card.
async fn submit(target: &Target, token: &str, data: &str) -> Outcome {
    let fields = [("method", "submitCard"), ("data", data), ("token", token)];
    let answer = method(target, &fields).await?;
    let is_ok = answer.status == 200 && answer.json()? == json!({ "result": "ok" });
    check(is_ok, r#"HTTP 200 with {"result":"ok"}"#, || answer.show())
}

/// A card, as a resource would write it.
fn password_card() -> Value {
    json!({
        "type": "AdaptiveCard",
        "version": "1.0",
        "body": [{ "type": "Input.Text", "id": "password", "placeholder": "\"Password\" é" }],
        "actions": [{ "type": "Action.Submit", "title": "OK" }],
    })
}

async fn card(target: &Target) -> Outcome {
    let mut play = Play::deferred(target, &["login"]).await?;
    play.progress("login: Deferring connection...\n").await?;
    play.present("login", &password_card());
    let token = play.card(&password_card()).await?;
    let data = r#"{"password":"a+b & c=%41 é","submitId":"1"}"#;
    submit(&play.own.target, &token, data).await?;
    let expected = format!("the event of a card's answer with {data}");
    loop {
        match timeout(PATIENCE, play.events.recv()).await {
            Ok(Some(Event::CardAnswer { client, data: got })) => {
                check(client == play.client && got == data, expected, || got.clone())?;
                break;
            }
            Ok(Some(_)) => {}
            _ => return Err(failed(expected, "nothing")),
        }
    }
    play.done("login", None);
    let last = play.accepted().await?;
    check(last["token"] == token.as_str(), format!("the card's token {token}"), || {
        last["token"].to_string()
    })
}

async fn card_is_no_end(target: &Target) -> Outcome {
    let mut play = Play::deferred(target, &["login"]).await?;
    play.progress("login: Deferring connection...\n").await?;
    play.present("login", &json!({}));
    let token = play.card(&json!({})).await?;
    submit(&play.own.target, &token, "{}").await?;
    play.silent().await?;
    play.present("login", &json!({ "again": true }));
    let again = play.card(&json!({ "again": true })).await?;
    same("the token of the first card", &token, &again)?;
    play.done("login", None);
    play.accepted().await.map(drop)
}

async fn refusal(target: &Target) -> Outcome {
    let mut play = Play::deferred(target, &["bans", "queue"]).await?;
    play.told("progress").await?;
    play.done("queue", Some("The queue is full. é"));
    play.refused("The queue is full. é").await
}

async fn two_refusals(target: &Target) -> Outcome {
    let mut play = Play::begin(target).await?;
    for resource in ["queue", "Zoo", "bans"] {
        play.defer(resource);
        play.done(resource, Some(&format!("{resource} says no.")));
    }
    play.handled(Verdict::Continue);
    play.refused("Zoo says no.").await
}

async fn refused_token(target: &Target) -> Outcome {
    let mut play = Play::deferred(target, &["bans"]).await?;
    play.told("progress").await?;
    play.present("bans", &json!({}));
    let token = play.card(&json!({})).await?;
    play.done("bans", Some("Banned."));
    play.refused("Banned.").await?;
    forgotten(&play.own.target, &token).await
}

async fn cancelled(target: &Target, reason: Option<&str>, text: &str) -> Outcome {
    let mut play = Play::begin(target).await?;
    play.handled(Verdict::Cancel(reason.map(str::to_owned)));
    play.refused(text).await
}

async fn handover(target: &Target) -> Outcome {
    let mut play = Play::deferred(target, &["a", "b"]).await?;
    play.told("progress").await?;
    play.hand_over(&json!({ "first": [1, null], "both": "old" }));
    play.hand_over(&json!({ "both": { "é": true } }));
    play.done("a", None);
    play.done("b", None);
    let last = play.accepted().await?;
    let expected = json!({ "first": [1, null], "both": { "é": true } });
    check(last["handover"] == expected, format!("handover {expected}"), || {
        last["handover"].to_string()
    })
}

async fn configuration(target: &Target) -> Outcome {
    let mut play = Play::deferred(target, &["bans"]).await?;
    play.told("progress").await?;
    play.present("bans", &json!({}));
    let token = play.card(&json!({})).await?;
    let headers = [("X-CitizenFX-Token", token.as_str())];
    let ask = |target: &Target| {
        Stream::start(target, "POST", "/client", &headers, b"method=getConfiguration").whole()
    };
    let answer = ask(&play.own.target).await?;
    same("the error", texts::STILL_CONNECTING, &answer.error()?)?;
    play.done("bans", None);
    play.accepted().await?;
    let answer = ask(&play.own.target).await?;
    check(answer.json()?["resources"].is_array(), "a manifest", || answer.show())
}

async fn after_the_end(target: &Target) -> Outcome {
    let mut play = Play::deferred(target, &["bans"]).await?;
    play.done("bans", None);
    let last = play.accepted().await?;
    let token = last["token"].as_str().unwrap_or_default();
    play.update("bans", "too late");
    play.present("bans", &json!({}));
    play.done("bans", Some("Too late."));
    play.handled(Verdict::Cancel(None));
    // The server takes decisions in order, so this one is behind them.
    play.defer("bans");
    sleep(SILENCE).await;
    let answer = endpoints(&play.own.target, token).await?;
    check(answer.is_array(), "an array for the token of an accepted client", || answer.to_string())
}

async fn replaced(target: &Target) -> Outcome {
    let mut play = Play::deferred(target, &["bans"]).await?;
    play.told("progress").await?;
    admit_as(&play.own.target, &play.guid).await?;
    play.refused(dropped::RECONNECTING).await
}
