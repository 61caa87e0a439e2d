//! Discovery: `getinfo`, keys and frames (SPEC OOB).

use cfx_oob::c2s::getinfo;
use cfx_oob::s2c::{InfoResponse, Response};
use cfx_session::server::Config;
use tokio::time::Instant;

use crate::case::Level::{Must, Should};
use crate::case::{Case, Outcome, check, failed, same};
use crate::embedded;
use crate::target::{PATIENCE, SILENCE, Target};
use crate::tools::game::{admit, enter};
use crate::tools::oob::{Port, alive, ask, datagram, show, silence};

/// The family.
pub(super) const CASES: &[Case] = &[
    Case {
        id: "oob.getinfo.reply",
        requirement: "OOB-3",
        level: Must,
        about: "getinfo is answered by infoResponse with its nine keys in order",
        run: |target| Box::pin(reply(target)),
    },
    Case {
        id: "oob.getinfo.frame",
        requirement: "OOB-3",
        level: Must,
        about: "infoResponse begins FF FF FF FF, the word, one line feed and a backslash",
        run: |target| Box::pin(frame(target)),
    },
    Case {
        id: "oob.getinfo.values",
        requirement: "OOB-3",
        level: Must,
        about: "infoResponse has gamename CitizenFX, protocol 4 and decimal numbers",
        run: |target| Box::pin(values(target)),
    },
    Case {
        id: "oob.getinfo.counts-joined",
        requirement: "OOB-3",
        level: Must,
        about: "clients counts a player once it has joined, and not while it is only admitted",
        run: |target| Box::pin(counts_joined(target)),
    },
    Case {
        id: "oob.getinfo.one-answer",
        requirement: "SEC-1",
        level: Must,
        about: "one getinfo brings one datagram and no more",
        run: |target| Box::pin(one_answer(target)),
    },
    Case {
        id: "oob.getinfo.source",
        requirement: "OOB-3",
        level: Must,
        about: "the answer to getinfo comes from the address and port that were asked",
        run: |target| Box::pin(source(target)),
    },
    Case {
        id: "oob.getinfo.to-its-sender",
        requirement: "OOB-3",
        level: Must,
        about: "two getinfo from two ports are each answered to their own port",
        run: |target| Box::pin(to_its_sender(target)),
    },
    Case {
        id: "oob.getinfo.size",
        requirement: "SEC-1",
        level: Should,
        about: "infoResponse is no longer than 1200 bytes",
        run: |target| Box::pin(size(target)),
    },
    Case {
        id: "oob.getinfo.size-of-long-texts",
        requirement: "SEC-1",
        level: Should,
        about: "infoResponse stays within 1200 bytes where host name, game type and map name are \
                of 1000 bytes each",
        run: |target| Box::pin(size_of_long_texts(target)),
    },
    Case {
        id: "oob.challenge.none",
        requirement: "OOB-5",
        level: Must,
        about: "getinfo without data has an empty challenge in its answer",
        run: |target| Box::pin(echoes(target, b"getinfo", b"")),
    },
    Case {
        id: "oob.challenge.one-byte",
        requirement: "OOB-5",
        level: Must,
        about: "a challenge of one byte is echoed",
        run: |target| Box::pin(echoes(target, b"getinfo x", b"x")),
    },
    Case {
        id: "oob.challenge.eight-bytes",
        requirement: "OOB-5",
        level: Must,
        about: "a challenge of eight bytes, the longest, is echoed",
        run: |target| Box::pin(echoes(target, b"getinfo 12345678", b"12345678")),
    },
    Case {
        id: "oob.challenge.high-bytes",
        requirement: "OOB-5",
        level: Must,
        about: "challenge bytes of 80 and above, which are no UTF-8, are echoed as they are",
        run: |target| Box::pin(echoes(target, b"getinfo \x80\xFE\xC3\xFFz", b"\x80\xFE\xC3\xFFz")),
    },
    Case {
        id: "oob.challenge.nul-inside",
        requirement: "OOB-5",
        level: Must,
        about: "a NUL inside a challenge is a byte like others",
        run: |target| Box::pin(echoes(target, b"getinfo a\0b", b"a\0b")),
    },
    Case {
        id: "oob.challenge.nul-at-end",
        requirement: "OOB-5",
        level: Must,
        about: "`getinfo xxx` with a NUL at its end, as the npm package gamedig sends it, is \
                answered with the NUL",
        run: |target| Box::pin(echoes(target, b"getinfo xxx\0", b"xxx\0")),
    },
    Case {
        id: "oob.challenge.cut-at-space",
        requirement: "OOB-5",
        level: Must,
        about: "a challenge ends at its first space",
        run: |target| Box::pin(echoes(target, b"getinfo ab cd", b"ab")),
    },
    Case {
        id: "oob.challenge.cut-at-newline",
        requirement: "OOB-5",
        level: Must,
        about: "a challenge ends at its first line feed",
        run: |target| Box::pin(echoes(target, b"getinfo ab\ncd", b"ab")),
    },
    Case {
        id: "oob.challenge.two-spaces",
        requirement: "OOB-2",
        level: Must,
        about: "one separator alone is taken off, so a challenge behind two spaces is empty",
        run: |target| Box::pin(echoes(target, b"getinfo  ab", b"")),
    },
    Case {
        id: "oob.getinfo.challenge-too-long",
        requirement: "OOB-4",
        level: Must,
        about: "getinfo with nine bytes of data is dropped",
        run: |target| Box::pin(unanswered(target, &[b"getinfo 123456789"])),
    },
    Case {
        id: "oob.getinfo.data-too-long",
        requirement: "OOB-4",
        level: Must,
        about: "all data counts for the length, also what stands behind the challenge",
        run: |target| Box::pin(unanswered(target, &[b"getinfo ab cdefgh", b"getinfo 12345678\n"])),
    },
    Case {
        id: "oob.key.newline",
        requirement: "OOB-2",
        level: Must,
        about: "a line feed separates key and data as a space does",
        run: |target| Box::pin(echoes(target, b"getinfo\nab", b"ab")),
    },
    Case {
        id: "oob.key.empty-body",
        requirement: "OOB-2",
        level: Must,
        about: "FF FF FF FF alone is swallowed",
        run: |target| Box::pin(unanswered(target, &[b""])),
    },
    Case {
        id: "oob.key.empty",
        requirement: "OOB-2",
        level: Must,
        about: "a datagram whose key is empty is swallowed",
        run: |target| Box::pin(unanswered(target, &[b" getinfo", b"\ngetinfo xyz", b" "])),
    },
    Case {
        id: "oob.key.unknown",
        requirement: "OOB-2",
        level: Must,
        about: "unknown keys, such as getinfos, connect or a key with a NUL, are not answered",
        run: |target| {
            Box::pin(unanswered(target, &[b"getinfos", b"connect", b"getinfo\0", b"infoResponse"]))
        },
    },
    Case {
        id: "oob.key.case",
        requirement: "OOB-2",
        level: Must,
        about: "keys are compared with regard to case: GETINFO and getInfo are not answered",
        run: |target| Box::pin(unanswered(target, &[b"GETINFO xyz", b"getInfo xyz"])),
    },
    Case {
        id: "oob.frame.no-mark",
        requirement: "OOB-1",
        level: Must,
        about: "getinfo behind no mark, or behind three bytes FF, is not out of band and not \
                answered",
        run: |target| Box::pin(no_mark(target)),
    },
    Case {
        id: "oob.hostile.random",
        requirement: "SEC-5",
        level: Must,
        about: "random datagrams of up to 1400 bytes, with the mark and without, leave the server \
                answering",
        run: |target| Box::pin(random(target)),
    },
    Case {
        id: "oob.hostile.large",
        requirement: "SEC-5",
        level: Must,
        about: "datagrams of 4 KiB and 60 kB leave the server answering",
        run: |target| Box::pin(large(target)),
    },
];

const KEYS: [&str; 9] = [
    "sv_maxclients",
    "clients",
    "challenge",
    "gamename",
    "protocol",
    "hostname",
    "gametype",
    "mapname",
    "iv",
];

async fn reply(target: &Target) -> Outcome {
    let answer = ask(target, &getinfo(b"xyz")).await?;
    let info = info_string(&answer)?;
    let keys: Vec<_> = cfx_wire::info::pairs(info)
        .map(|(key, _)| String::from_utf8_lossy(key).into_owned())
        .collect();
    check(keys == KEYS, format!("the keys {KEYS:?}"), || format!("{keys:?}"))
}

/// What follows `infoResponse` and its line feed.
fn info_string(answer: &[u8]) -> Outcome<&[u8]> {
    let expected = "a datagram FF FF FF FF infoResponse LF \\key\\value…";
    let body = cfx_oob::body(answer).and_then(|body| body.strip_prefix(b"infoResponse\n"));
    match (body, Response::from_datagram(answer)) {
        (Some(info), Some(Response::Info(_))) => Ok(info),
        _ => Err(failed(expected, show(answer))),
    }
}

/// Asks `getinfo` and reads the answer.
pub(super) async fn info(target: &Target) -> Outcome<Vec<u8>> {
    let answer = ask(target, &getinfo(b"xyz")).await?;
    info_string(&answer).map(<[u8]>::to_vec)
}

async fn frame(target: &Target) -> Outcome {
    let answer = ask(target, &getinfo(b"xyz")).await?;
    let begin = b"\xFF\xFF\xFF\xFFinfoResponse\n\\";
    let is_framed = answer.starts_with(begin);
    check(is_framed, format!("an answer that begins {}", show(begin)), || show(&answer))
}

async fn values(target: &Target) -> Outcome {
    let info = info(target).await?;
    let info = InfoResponse { info: &info };
    let text = |key: &str| String::from_utf8_lossy(info.value(key.as_bytes())).into_owned();
    same("gamename", "CitizenFX", &text("gamename"))?;
    same("protocol", "4", &text("protocol"))?;
    for key in ["sv_maxclients", "clients", "iv"] {
        let value = text(key);
        let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        check(is_number, format!("a decimal number for {key}"), || format!("{value:?}"))?;
    }
    Ok(())
}

async fn counts_joined(target: &Target) -> Outcome {
    let own = target.own(embedded::config())?;
    let admitted = admit(&own.target).await?;
    check_count(&own.target, 0, "one client is admitted").await?;
    let _peer = enter(&own.target, &admitted).await?;
    check_count(&own.target, 1, "it has joined").await
}

async fn check_count(target: &Target, count: u32, after: &str) -> Outcome {
    let info = info(target).await?;
    let clients = InfoResponse { info: &info }.clients();
    let expected = format!("clients {count} after {after}");
    check(clients == Some(count), expected, || show(&info))
}

async fn one_answer(target: &Target) -> Outcome {
    target.may_ask().await;
    let mut port = Port::open(target)?;
    port.send(&getinfo(b"xyz"));
    let first = port.receive_until(Instant::now() + PATIENCE).await;
    first.ok_or_else(|| failed("an answer to getinfo", "silence"))?;
    let more = port.receive_until(Instant::now() + SILENCE).await;
    more.map_or(Ok(()), |more| Err(failed("one answer", format!("a second: {}", show(&more)))))
}

async fn source(target: &Target) -> Outcome {
    target.may_ask().await;
    let mut port = Port::open(target)?;
    port.send(&getinfo(b"xyz"));
    let expected = format!("an answer from {}", target.address);
    match port.receive_any(Instant::now() + PATIENCE).await {
        None => Err(failed(expected, "silence")),
        Some((from, _)) => check(from == target.address, expected, || format!("one from {from}")),
    }
}

async fn to_its_sender(target: &Target) -> Outcome {
    let mut ports = [Port::open(target)?, Port::open(target)?];
    for (port, challenge) in ports.iter().zip([b"first", b"secnd"]) {
        target.may_ask().await;
        port.send(&getinfo(challenge));
    }
    for (port, challenge) in ports.iter_mut().zip([b"first", b"secnd"]) {
        let answer = port.receive_until(Instant::now() + PATIENCE).await;
        let answer = answer.ok_or_else(|| failed("an answer at each port", "silence at one"))?;
        check_echo(&answer, challenge)?;
    }
    Ok(())
}

async fn size(target: &Target) -> Outcome {
    let answer = ask(target, &getinfo(b"12345678")).await?;
    check(answer.len() <= 1200, "at most 1200 bytes", || format!("{} bytes", answer.len()))
}

async fn size_of_long_texts(target: &Target) -> Outcome {
    let long = || "long ".repeat(200);
    let config = embedded::config();
    let config = Config { hostname: long(), gametype: long(), mapname: long(), ..config };
    size(&target.own(config)?.target).await
}

async fn echoes(target: &Target, question: &[u8], challenge: &[u8]) -> Outcome {
    let answer = ask(target, &datagram(question)).await?;
    check_echo(&answer, challenge)
}

/// The bytes themselves are looked at: a reader of info strings stops at a NUL.
fn check_echo(answer: &[u8], challenge: &[u8]) -> Outcome {
    let pair = [b"\\challenge\\", challenge, b"\\gamename\\"].concat();
    let is_echoed = answer.windows(pair.len()).any(|window| window == pair);
    check(is_echoed, format!("the challenge {} in {}", show(challenge), show(&pair)), || {
        show(answer)
    })
}

async fn unanswered(target: &Target, bodies: &[&[u8]]) -> Outcome {
    let questions: Vec<_> = bodies.iter().map(|body| datagram(body)).collect();
    silence(target, &questions).await
}

async fn no_mark(target: &Target) -> Outcome {
    let three = b"\xFF\xFF\xFFgetinfo xyz".to_vec();
    let late = b"\0\xFF\xFF\xFF\xFFgetinfo xyz".to_vec();
    silence(target, &[b"getinfo xyz".to_vec(), three, late]).await
}

async fn random(target: &Target) -> Outcome {
    let port = Port::open(target)?;
    let mut noise = Noise(0x9E37_79B9_7F4A_7C15);
    for number in 0..64_usize {
        let length = noise.below(1401);
        let bytes = noise.bytes(length);
        port.send(&if number % 2 == 0 { datagram(&bytes) } else { bytes });
    }
    alive(target).await
}

async fn large(target: &Target) -> Outcome {
    let port = Port::open(target)?;
    let mut noise = Noise(0xD1B5_4A32_D192_ED03);
    for length in [4092, 4096, 60_000] {
        let text = [b"getinfo ", noise.bytes(length).as_slice()].concat();
        port.send(&datagram(&text));
        port.send(&noise.bytes(length));
        port.send(&datagram(&[b' '].repeat(length)));
    }
    alive(target).await
}

/// The same noise in every run, so that a failure can be seen again (xorshift).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> usize {
        usize::try_from(self.next() % bound).unwrap_or_default()
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next().to_le_bytes()[4]).collect()
    }
}
