//! Discovery: `getstatus`, `rcon` and the limits by address (SPEC OOB).

use std::time::Duration;

use cfx_net::server::Application;
use cfx_oob::answer::{RCON_NOT_SET, RCON_WRONG_PASSWORD};
use cfx_oob::c2s::{getinfo, getstatus, rcon};
use cfx_oob::s2c::{Response, StatusResponse};
use cfx_session::server::{Config, Decision, Event};
use tokio::time::{Instant, sleep};

use crate::case::Level::{Must, Should};
use crate::case::{Case, Outcome, check, failed};
use crate::embedded;
use crate::target::{SILENCE, Target};
use crate::tools::game::join;
use crate::tools::oob::{Port, alive, ask, datagram, show, silence};

/// The family.
pub(super) const CASES: &[Case] = &[
    Case {
        id: "oob.getstatus.off",
        requirement: "OOB-7",
        level: Must,
        about: "getstatus is not answered, or by a whole statusResponse where the operator \
                enabled it",
        run: |target| Box::pin(status_off(target)),
    },
    Case {
        id: "oob.getstatus.layout",
        requirement: "OOB-7",
        level: Must,
        about: "an enabled getstatus is answered by counts, a line for each joined player and the \
                variables, in that layout",
        run: |target| Box::pin(status_layout(target)),
    },
    Case {
        id: "oob.getstatus.no-list",
        requirement: "OOB-7",
        level: Must,
        about: "getstatus names no players where the operator turned their list off",
        run: |target| Box::pin(status_without_list(target)),
    },
    Case {
        id: "oob.rcon.unauthorised",
        requirement: "OOB-9",
        level: Must,
        about: "rcon with a wrong password is answered by one of the two fixed texts",
        run: |target| Box::pin(rcon_unauthorised(target)),
    },
    Case {
        id: "oob.rcon.incomplete",
        requirement: "OOB-9",
        level: Must,
        about: "rcon without a password, a separator or a command is ignored",
        run: |target| Box::pin(rcon_incomplete(target)),
    },
    Case {
        id: "oob.rcon.no-password-set",
        requirement: "OOB-9",
        level: Must,
        about: "a server without a password says so and runs nothing",
        run: |target| Box::pin(rcon_not_set(target)),
    },
    Case {
        id: "oob.rcon.passwords",
        requirement: "OOB-9",
        level: Must,
        about: "a wrong password, also one that is a part of the right one, is answered `Invalid \
                password.`",
        run: |target| Box::pin(rcon_passwords(target)),
    },
    Case {
        id: "oob.rcon.output",
        requirement: "OOB-10",
        level: Must,
        about: "the output of an authorised command comes back as one print",
        run: |target| Box::pin(rcon_output(target)),
    },
    Case {
        id: "oob.limit.getinfo",
        requirement: "OOB-6",
        level: Should,
        about: "of 30 getinfo at once from one address, its ports counted together, 10 are \
                answered, and one again half a second later",
        run: |target| Box::pin(limit_getinfo(target)),
    },
    Case {
        id: "oob.limit.too-long-is-free",
        requirement: "OOB-4",
        level: Must,
        about: "getinfo with too long a challenge takes nothing from the limit of its sender",
        run: |target| Box::pin(too_long_is_free(target)),
    },
    Case {
        id: "oob.limit.getstatus",
        requirement: "OOB-8",
        level: Should,
        about: "of 20 getstatus at once 5 are answered",
        run: |target| Box::pin(limit_getstatus(target)),
    },
    Case {
        id: "oob.limit.rcon",
        requirement: "OOB-10",
        level: Should,
        about: "five rcon at once are answered and no sixth; a right password gives five anew",
        run: |target| Box::pin(limit_rcon(target)),
    },
    Case {
        id: "oob.limit.proxies-exempt",
        requirement: "OOB-14",
        level: Must,
        about: "a sender inside a proxy range is answered 40 times at once",
        run: |target| Box::pin(proxies_exempt(target)),
    },
];

async fn status_off(target: &Target) -> Outcome {
    target.may_ask().await;
    let mut port = Port::open(target)?;
    port.send(&getstatus());
    match port.receive_until(Instant::now() + SILENCE).await {
        None => alive(target).await,
        Some(answer) => check_status(&answer).map(drop),
    }
}

/// The answer behind `statusResponse` and its line feed, which must begin with the counts.
fn check_status(answer: &[u8]) -> Outcome<StatusResponse<'_>> {
    let expected = "statusResponse LF \\sv_maxclients\\N\\clients\\N LF …";
    let begin = b"\xFF\xFF\xFF\xFFstatusResponse\n\\sv_maxclients\\";
    let read = Response::from_datagram(answer).filter(|_| answer.starts_with(begin));
    let Some(Response::Status(status)) = read else { return Err(failed(expected, show(answer))) };
    let keys = cfx_wire::info::pairs(status.info).map(|(key, _)| key);
    check(keys.eq([&b"sv_maxclients"[..], b"clients"]), expected, || show(answer))?;
    Ok(status)
}

async fn status_layout(target: &Target) -> Outcome {
    check_player_lines(target, true, b"0 0 \"cfx-conformance\"\n").await
}

async fn status_without_list(target: &Target) -> Outcome {
    check_player_lines(target, false, b"").await
}

/// Asks a server with one player on it.
async fn check_player_lines(target: &Target, list: bool, lines: &[u8]) -> Outcome {
    let config = embedded::config();
    let hostname = config.hostname.clone();
    let config = Config { enable_get_status: true, return_clients_list: list, ..config };
    let own = target.own(config)?;
    let _player = join(&own.target).await?;
    let answer = ask(&own.target, &getstatus()).await?;
    let status = check_status(&answer)?;
    let counts = br"\sv_maxclients\64\clients\1";
    check(status.info == counts, format!("the counts {}", show(counts)), || show(&answer))?;
    let expected = format!("the player lines {}", show(lines));
    check(status.player_lines == lines, expected, || show(&answer))?;
    let is_there = status.variable(b"sv_hostname") == hostname.as_bytes();
    check(is_there, "sv_hostname among the variables behind them", || show(&answer))
}

/// The text of a `print`.
fn print(answer: &[u8]) -> Outcome<&[u8]> {
    let text = cfx_oob::body(answer).and_then(|body| body.strip_prefix(b"print "));
    text.ok_or_else(|| failed("a datagram FF FF FF FF print <text>", show(answer)))
}

async fn check_print(target: &Target, question: &[u8], expected: &[u8]) -> Outcome {
    let answer = ask(target, question).await?;
    let text = print(&answer)?;
    check(text == expected, format!("print {}", show(expected)), || show(text))
}

async fn rcon_incomplete(target: &Target) -> Outcome {
    let bodies: [&[u8]; 4] = [b"rcon", b"rcon x", b"rcon  x", b"rcon x "];
    silence(target, &bodies.map(datagram)).await
}

async fn rcon_unauthorised(target: &Target) -> Outcome {
    let answer = ask(target, &rcon(b"cfx-conformance-wrong", b"status")).await?;
    let text = print(&answer)?;
    let is_known = text == RCON_NOT_SET || text == RCON_WRONG_PASSWORD;
    check(is_known, format!("{} or {}", show(RCON_NOT_SET), show(RCON_WRONG_PASSWORD)), || {
        show(text)
    })
}

async fn rcon_not_set(target: &Target) -> Outcome {
    let own = target.own_with(embedded::config(), console())?;
    check_print(&own.target, &rcon(b"secret", b"status"), RCON_NOT_SET).await
}

async fn rcon_passwords(target: &Target) -> Outcome {
    let own = target.own_with(with_password(), console())?;
    for password in [&b"wrong"[..], b"secre", b"secret1", b"SECRET", b"secret\0"] {
        check_print(&own.target, &rcon(password, b"status"), RCON_WRONG_PASSWORD).await?;
    }
    Ok(())
}

async fn rcon_output(target: &Target) -> Outcome {
    let own = target.own_with(with_password(), console())?;
    let question = rcon(b"secret", b"say hi");
    check_print(&own.target, &question, b"ran say hi").await
}

fn with_password() -> Config {
    Config { rcon_password: "secret".to_owned(), ..embedded::config() }
}

/// Runs every command by printing it.
fn console() -> Application {
    Box::new(|event| match event {
        Event::Rcon { from, command } => {
            let text = format!("ran{}", String::from_utf8_lossy(command));
            vec![Decision::RconOutput { to: *from, text }]
        }
        _ => Vec::new(),
    })
}

/// A server that exempts nobody from its limits.
pub(super) fn strict() -> Config {
    Config { proxies: Vec::new(), ..embedded::config() }
}

/// Sends the same question many times, from two ports in turn, and counts the answers.
async fn flood(target: &Target, question: &[u8], times: usize) -> Outcome<usize> {
    let mut ports = [Port::open(target)?, Port::open(target)?];
    for number in 0..times {
        ports[number % 2].send(question);
    }
    let [first, second] = &mut ports;
    let (first, second) = tokio::join!(first.receive_all(), second.receive_all());
    Ok(first.len() + second.len())
}

async fn check_flood(target: &Target, question: &[u8], times: usize, answers: usize) -> Outcome {
    let count = flood(target, question, times).await?;
    let expected = format!("{answers} answers to {times} times {}", show(question));
    // A slow machine may give the bucket the time for one token more.
    let is_right = count == answers || count == answers + 1;
    check(is_right, expected, || format!("{count} answers"))
}

async fn limit_getinfo(target: &Target) -> Outcome {
    let own = target.own(strict())?;
    check_flood(&own.target, &getinfo(b"xyz"), 30, 10).await?;
    sleep(Duration::from_millis(400)).await;
    ask(&own.target, &getinfo(b"again")).await.map(drop)
}

async fn too_long_is_free(target: &Target) -> Outcome {
    let own = target.own(strict())?;
    let port = Port::open(&own.target)?;
    for _ in 0..30 {
        port.send(&getinfo(b"123456789"));
    }
    check_flood(&own.target, &getinfo(b"xyz"), 30, 10).await
}

async fn limit_getstatus(target: &Target) -> Outcome {
    let own = target.own(Config { enable_get_status: true, ..strict() })?;
    check_flood(&own.target, &getstatus(), 20, 5).await
}

async fn limit_rcon(target: &Target) -> Outcome {
    let own = target.own_with(Config { proxies: Vec::new(), ..with_password() }, console())?;
    for _ in 0..4 {
        check_print(&own.target, &rcon(b"wrong", b"status"), RCON_WRONG_PASSWORD).await?;
    }
    check_print(&own.target, &rcon(b"secret", b"status"), b"ran status").await?;
    check_flood(&own.target, &rcon(b"wrong", b"status"), 10, 5).await
}

async fn proxies_exempt(target: &Target) -> Outcome {
    let own = target.own(embedded::config())?;
    let count = flood(&own.target, &getinfo(b"xyz"), 40).await?;
    check(count == 40, "40 answers to 40 getinfo", || format!("{count} answers"))
}
