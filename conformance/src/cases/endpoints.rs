//! Endpoints (SPEC HTTP-21).

use cfx_session::server::Config;
use serde_json::{Value, json};

use super::init_connect::endpoints;
use crate::case::Level::Must;
use crate::case::{Case, Outcome, check};
use crate::embedded;
use crate::target::Target;
use crate::tools::game::{admit, enter};
use crate::tools::http::{method, refused};
use crate::tools::oob::show;

/// The family.
pub(super) const CASES: &[Case] = &[
    Case {
        id: "endpoints.token.missing",
        requirement: "HTTP-21",
        level: Must,
        about: "getEndpoints without token is refused with `fields missing`",
        run: |target| Box::pin(refused(target, b"method=getEndpoints", "fields missing")),
    },
    Case {
        id: "endpoints.token.unknown",
        requirement: "HTTP-21",
        level: Must,
        about: "a token that was never issued is answered false, whatever bytes are in it",
        run: |target| Box::pin(unknown(target)),
    },
    Case {
        id: "endpoints.token.part",
        requirement: "SEC-3",
        level: Must,
        about: "tokens are compared in full: a part of one, more than one and one in upper case \
                are answered false",
        run: |target| Box::pin(part(target)),
    },
    Case {
        id: "endpoints.list.strings",
        requirement: "HTTP-21",
        level: Must,
        about: "the token of an admitted client is answered with an array of strings",
        run: |target| Box::pin(strings(target)),
    },
    Case {
        id: "endpoints.list.joined",
        requirement: "HTTP-21",
        level: Must,
        about: "the token of a joined player still is",
        run: |target| Box::pin(joined(target)),
    },
    Case {
        id: "endpoints.list.empty",
        requirement: "HTTP-21",
        level: Must,
        about: "a server without sv_endpoints answers []",
        run: |target| Box::pin(configured(target, "", json!([]))),
    },
    Case {
        id: "endpoints.list.one",
        requirement: "HTTP-21",
        level: Must,
        about: "one endpoint is an array of one",
        run: |target| Box::pin(configured(target, "192.0.2.1:30120", json!(["192.0.2.1:30120"]))),
    },
    Case {
        id: "endpoints.list.split",
        requirement: "HTTP-21",
        level: Must,
        about: "sv_endpoints is split at white space, in its order",
        run: |target| {
            Box::pin(configured(
                target,
                "play.example.com 192.0.2.1:30121\t[2001:db8::1]:30122",
                json!(["play.example.com", "192.0.2.1:30121", "[2001:db8::1]:30122"]),
            ))
        },
    },
    Case {
        id: "endpoints.answer.line-end",
        requirement: "HTTP-5",
        level: Must,
        about: "the answer is one JSON value with CR LF behind it",
        run: |target| Box::pin(line_end(target)),
    },
];

async fn check_endpoints(target: &Target, token: &str, expected: &Value) -> Outcome {
    let value = endpoints(target, token).await?;
    check(value == *expected, format!("{expected} for the token {token:?}"), || value.to_string())
}

async fn unknown(target: &Target) -> Outcome {
    for token in ["00000000-0000-4000-8000-000000000000", "x", "0", " ", "a\0b", "é"] {
        check_endpoints(target, token, &json!(false)).await?;
    }
    Ok(())
}

async fn part(target: &Target) -> Outcome {
    let token = admit(target).await?.token;
    let shorter = token.get(1..).unwrap_or_default();
    // A token of digits alone has no upper case; a dash more is another token all the same.
    let upper = token.to_uppercase();
    let upper = if upper == token { format!("{upper}-") } else { upper };
    for other in [shorter, &format!("{token}0"), &format!("{token}\0"), &upper] {
        check_endpoints(target, other, &json!(false)).await?;
    }
    Ok(())
}

async fn check_strings(target: &Target, token: &str) -> Outcome {
    let value = endpoints(target, token).await?;
    let is_texts = value.as_array().is_some_and(|items| items.iter().all(Value::is_string));
    check(is_texts, "an array of strings", || value.to_string())
}

async fn strings(target: &Target) -> Outcome {
    let admitted = admit(target).await?;
    check_strings(target, &admitted.token).await
}

async fn joined(target: &Target) -> Outcome {
    let admitted = admit(target).await?;
    let _player = enter(target, &admitted).await?;
    check_strings(target, &admitted.token).await
}

async fn configured(target: &Target, list: &str, expected: Value) -> Outcome {
    let own = target.own(Config { endpoints: list.to_owned(), ..embedded::config() })?;
    let admitted = admit(&own.target).await?;
    check_endpoints(&own.target, &admitted.token, &expected).await
}

async fn line_end(target: &Target) -> Outcome {
    let fields = [("method", "getEndpoints"), ("token", "x")];
    let answer = method(target, &fields).await?;
    let is_line = answer.body == b"false\r\n";
    check(is_line, format!("{} for an unknown token", show(b"false\r\n")), || answer.show())
}
