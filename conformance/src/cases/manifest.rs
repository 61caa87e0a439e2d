//! The content manifest and HTTP that a token opens (SPEC MANIFEST).

use cfx_control::manifest::{Manifest, ManifestAnswer, Resource, StreamFile};
use cfx_control::texts::server as texts;
use cfx_game::frame::Payload;
use cfx_game::quit::Quit;
use cfx_net::enet::Delivery;
use cfx_session::server::Config;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::case::Level::{Must, Should};
use crate::case::{Case, Outcome, check, failed, same, skipped};
use crate::embedded;
use crate::target::Target;
use crate::tools::game::{admit, enter, hold, join};
use crate::tools::http::{self, Answer, Stream, form};
use crate::tools::oob::show;

const TOKEN: &str = "X-CitizenFX-Token";

const NO_TOKEN: &str = "00000000-0000-4000-8000-000000000000";

/// The family.
pub(super) const CASES: &[Case] = &[
    Case {
        id: "manifest.token.accepted",
        requirement: "MANIFEST-1",
        level: Must,
        about: "a client that was admitted gets the manifest for its token",
        run: |target| Box::pin(by_token(target)),
    },
    Case {
        id: "manifest.token.after-connect-ok",
        requirement: "MANIFEST-1",
        level: Must,
        about: "a player who is in gets the manifest again for the same token",
        run: |target| Box::pin(after_connect_ok(target)),
    },
    Case {
        id: "manifest.token.header-case",
        requirement: "MANIFEST-1",
        level: Must,
        about: "the name of the token's header counts without regard to case, and the token wins over the address",
        run: |target| Box::pin(token_wins(target)),
    },
    Case {
        id: "manifest.token.missing",
        requirement: "MANIFEST-1",
        level: Must,
        about: "without the header the client is found by its address",
        run: |target| Box::pin(by_address(target)),
    },
    Case {
        id: "manifest.token.unknown",
        requirement: "MANIFEST-1",
        level: Must,
        about: "with the token of nobody the client is found by its address, or refused as no valid client",
        run: |target| Box::pin(unknown_token(target)),
    },
    Case {
        id: "manifest.token.nobody",
        requirement: "MANIFEST-1",
        level: Must,
        about: "from an address of no client, with and without a token, it is refused",
        run: |target| Box::pin(nobody(target)),
    },
    Case {
        id: "manifest.token.left",
        requirement: "SEC-3",
        level: Must,
        about: "the token of a player who left opens nothing",
        run: |target| Box::pin(left(target)),
    },
    Case {
        id: "manifest.state.connecting",
        requirement: "MANIFEST-2",
        level: Must,
        about: "a client whose initConnect is held by a card is refused as still connecting, by token and by address",
        run: |target| Box::pin(connecting(target)),
    },
    Case {
        id: "manifest.limit.burst",
        requirement: "MANIFEST-3",
        level: Should,
        about: "a fourth manifest at once for one token is refused, three resources being loaded, and another token is not affected",
        run: |target| Box::pin(limit(target, 3)),
    },
    Case {
        id: "manifest.limit.resources",
        requirement: "MANIFEST-3",
        level: Should,
        about: "with five resources the burst is five",
        run: |target| Box::pin(limit(target, 5)),
    },
    Case {
        id: "manifest.answer.layout",
        requirement: "MANIFEST-4",
        level: Must,
        about: "the manifest has fileServer and resources, each with a name of its own, files and streamFiles with hashes of 40 hex digits",
        run: |target| Box::pin(layout(target)),
    },
    Case {
        id: "manifest.answer.order",
        requirement: "MANIFEST-4",
        level: Should,
        about: "the members of manifest and resources stand in the reference's order",
        run: |target| Box::pin(order(target)),
    },
    Case {
        id: "manifest.answer.line-end",
        requirement: "HTTP-5",
        level: Must,
        about: "the manifest is one JSON value and CR LF",
        run: |target| Box::pin(line_end(target)),
    },
    Case {
        id: "manifest.answer.pieces",
        requirement: "MANIFEST-6",
        level: Should,
        about: "a manifest of over 1 MB comes in pieces of at most 16384 bytes that make the whole",
        run: |target| Box::pin(pieces(target)),
    },
    Case {
        id: "manifest.filter.one",
        requirement: "MANIFEST-5",
        level: Must,
        about: "resources=NAME gives that resource alone",
        run: |target| Box::pin(filter(target, |names| names[1].clone(), &[1])),
    },
    Case {
        id: "manifest.filter.several",
        requirement: "MANIFEST-5",
        level: Must,
        about: "resources=B;A gives both, in the order of the whole manifest",
        run: |target| {
            Box::pin(filter(target, |names| format!("{};{}", names[1], names[0]), &[0, 1]))
        },
    },
    Case {
        id: "manifest.filter.empty-name",
        requirement: "MANIFEST-5",
        level: Must,
        about: "resources=A;;B ends at the empty name and gives A alone",
        run: |target| Box::pin(filter(target, |names| format!("{};;{}", names[0], names[1]), &[0])),
    },
    Case {
        id: "manifest.filter.unknown-name",
        requirement: "MANIFEST-5",
        level: Must,
        about: "names of no resource are ignored",
        run: |target| Box::pin(filter(target, |names| format!("no such thing;{}", names[1]), &[1])),
    },
    Case {
        id: "manifest.filter.only-unknown",
        requirement: "MANIFEST-5",
        level: Must,
        about: "a list of unknown names alone gives no resources",
        run: |target| Box::pin(filter(target, |_| "no such thing".to_owned(), &[])),
    },
    Case {
        id: "manifest.filter.begins-empty",
        requirement: "MANIFEST-5",
        level: Must,
        about: "resources=;A is an empty list, which restricts nothing",
        run: |target| Box::pin(filter_nothing(target)),
    },
];

/// Asks for the manifest, with this token in the header and these further fields.
async fn ask(target: &Target, token: Option<&str>, fields: &[(&str, &str)]) -> Outcome<Answer> {
    let headers: Vec<_> = token.map(|token| (TOKEN, token)).into_iter().collect();
    ask_with(target, &headers, fields).await
}

async fn ask_with(
    target: &Target,
    headers: &[(&str, &str)],
    fields: &[(&str, &str)],
) -> Outcome<Answer> {
    let fields = [&[("method", "getConfiguration")], fields].concat();
    Stream::start(target, "POST", "/client", headers, &form(&fields)).whole().await
}

/// Reads a manifest as a client does.
fn read(answer: &Answer) -> Outcome<Manifest> {
    match Manifest::read(&answer.text()) {
        Ok(ManifestAnswer::Manifest(manifest)) if answer.status == 200 => Ok(manifest),
        Ok(_) => Err(failed("HTTP 200 with a manifest", answer.show())),
        Err(error) => {
            Err(failed("a manifest that a client reads", format!("{error}: {}", answer.show())))
        }
    }
}

async fn whole(target: &Target) -> Outcome<(Answer, Manifest)> {
    let admitted = admit(target).await?;
    let answer = ask(target, Some(&admitted.token), &[]).await?;
    let manifest = read(&answer)?;
    Ok((answer, manifest))
}

async fn by_token(target: &Target) -> Outcome {
    whole(target).await.map(drop)
}

async fn after_connect_ok(target: &Target) -> Outcome {
    let admitted = admit(target).await?;
    let before = ask(target, Some(&admitted.token), &[]).await?;
    read(&before)?;
    let (mut player, _) = enter(target, &admitted).await?;
    let after = ask(target, Some(&admitted.token), &[]).await?;
    check(after.body == before.body, format!("the manifest again: {}", before.show()), || {
        after.show()
    })?;
    player.undisturbed("its request", crate::target::SILENCE / 10).await
}

async fn token_wins(target: &Target) -> Outcome {
    let held = hold(target).await?;
    let server = &held.own.target;
    let admitted = admit(server).await?;
    // The last client of this address was admitted; the one that the token names was not.
    for header in ["x-citizenfx-token", "X-CITIZENFX-TOKEN"] {
        let answer = ask_with(server, &[(header, &held.token)], &[]).await?;
        same("the error", texts::STILL_CONNECTING, &answer.error()?)?;
    }
    read(&ask(server, Some(&admitted.token), &[]).await?).map(drop)
}

async fn by_address(target: &Target) -> Outcome {
    admit(target).await?;
    read(&ask(target, None, &[]).await?).map(drop)
}

async fn unknown_token(target: &Target) -> Outcome {
    admit(target).await?;
    let answer = ask(target, Some(NO_TOKEN), &[]).await?;
    match answer.error() {
        Ok(text) => same("a manifest, or the error", texts::NOT_A_CLIENT, &text),
        Err(_) => read(&answer).map(drop),
    }
}

async fn nobody(target: &Target) -> Outcome {
    let own = target.own(embedded::config())?;
    for token in [None, Some(NO_TOKEN), Some("")] {
        let answer = ask(&own.target, token, &[]).await?;
        same("the error", texts::NOT_A_CLIENT, &answer.error()?)?;
    }
    Ok(())
}

async fn left(target: &Target) -> Outcome {
    let own = target.own(embedded::config())?;
    let (admitted, mut player, _) = join(&own.target).await?;
    player.send(0, Delivery::Reliable, &Quit { reason: b"Exiting" }.to_packet());
    player.error().await?;
    let answer = ask(&own.target, Some(&admitted.token), &[]).await?;
    same("the error", texts::NOT_A_CLIENT, &answer.error()?)
}

async fn connecting(target: &Target) -> Outcome {
    let held = hold(target).await?;
    for token in [Some(held.token.as_str()), None] {
        let answer = ask(&held.own.target, token, &[]).await?;
        same("the error", texts::STILL_CONNECTING, &answer.error()?)?;
    }
    Ok(())
}

/// A manifest of so many small resources.
fn manifest(resources: usize, files: usize) -> Manifest {
    let hash = "da39a3ee5e6b4b0d3255bfef95601890afd80709".to_owned();
    let file = StreamFile { hash: hash.clone(), size: 4096, ..StreamFile::default() };
    let resource = |number: usize| Resource {
        name: format!("resource-{number}"),
        files: [("resource.rpf".to_owned(), hash.clone())].into(),
        stream_files: (0..files).map(|at| (format!("model_{at}.ydr"), file.clone())).collect(),
        ..Resource::default()
    };
    Manifest { resources: (0..resources).map(resource).collect(), ..Manifest::default() }
}

async fn limit(target: &Target, resources: usize) -> Outcome {
    let config = Config { manifest: manifest(resources, 0), ..embedded::config() };
    let own = target.own(config)?;
    let admitted = admit(&own.target).await?;
    for number in 1..=resources {
        let answer = ask(&own.target, Some(&admitted.token), &[]).await?;
        read(&answer).map_err(|_| {
            failed(format!("a manifest for request {number} of {resources}"), answer.show())
        })?;
    }
    let answer = ask(&own.target, Some(&admitted.token), &[]).await?;
    same("the error", texts::RATE_LIMIT, &answer.error()?)?;
    by_token(&own.target).await
}

async fn layout(target: &Target) -> Outcome {
    let (_, manifest) = whole(target).await?;
    let mut names: Vec<_> = manifest.resources.iter().map(|resource| &resource.name).collect();
    names.sort();
    let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
    check(twice.is_none(), "each resource once", || format!("{twice:?}"))?;
    let hashes = manifest.resources.iter().flat_map(|resource| {
        let streamed = resource.stream_files.values().map(|file| &file.hash);
        resource.files.values().chain(streamed)
    });
    let is_hash =
        |text: &str| text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut bad = hashes.filter(|hash| !is_hash(hash));
    match bad.next() {
        Some(hash) => Err(failed("hashes of 40 hex digits", format!("{hash:?}"))),
        None => Ok(()),
    }
}

/// The members of a manifest and of its resources, in the order in which they stand.
#[derive(Default)]
struct Order {
    manifest: Vec<String>,
    resources: Vec<Vec<String>>,
}

impl<'de> Deserialize<'de> for Order {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Order;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a manifest")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Order, A::Error> {
                let mut order = Order::default();
                while let Some(name) = map.next_key::<String>()? {
                    if name == "resources" {
                        let resources = map.next_value::<Vec<Members>>()?;
                        order.resources = resources.into_iter().map(|members| members.0).collect();
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                    order.manifest.push(name);
                }
                Ok(order)
            }
        }
        source.deserialize_map(Read)
    }
}

/// The names of an object's members, in order.
struct Members(Vec<String>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut names = Vec::new();
                while let Some((name, IgnoredAny)) = map.next_entry()? {
                    names.push(name);
                }
                Ok(Members(names))
            }
        }
        source.deserialize_map(Read)
    }
}

async fn order(target: &Target) -> Outcome {
    let (answer, _) = whole(target).await?;
    let order: Order = serde_json::from_slice(&answer.body)
        .map_err(|error| failed("a manifest", error.to_string()))?;
    let expected = ["fileServer", "resources"];
    check(order.manifest == expected, format!("{expected:?}"), || format!("{:?}", order.manifest))?;
    for members in &order.resources {
        let expected = ["name", "files", "streamFiles", "fileServer", "uri"];
        let known = members.iter().filter(|name| expected.contains(&name.as_str()));
        let sorted = expected.iter().filter(|name| members.iter().any(|member| member == *name));
        check(known.eq(sorted), format!("the order {expected:?}"), || format!("{members:?}"))?;
    }
    Ok(())
}

async fn line_end(target: &Target) -> Outcome {
    let (answer, _) = whole(target).await?;
    let end = answer.body.len().saturating_sub(40);
    check(answer.body.ends_with(b"}\r\n"), "a value and CR LF at the end", || {
        format!("…{}", show(&answer.body[end..]))
    })?;
    let values = serde_json::Deserializer::from_slice(&answer.body).into_iter::<IgnoredAny>();
    let count = values.count();
    check(count == 1, "one value", || format!("{count} values"))
}

async fn pieces(target: &Target) -> Outcome {
    const PIECE: usize = 16_384;
    let manifest = manifest(40, 250);
    let own = target.own(Config { manifest: manifest.clone(), ..embedded::config() })?;
    let admitted = admit(&own.target).await?;
    let request = format!(
        "POST /client HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{TOKEN}: {}\r\n\
         Content-Length: 23\r\n\r\nmethod=getConfiguration",
        admitted.token
    );
    let received = http::raw(&own.target, request.as_bytes()).await?;
    let chunks = chunks(&received)?;
    let longest = chunks.iter().map(|chunk| chunk.len()).max().unwrap_or_default();
    check(longest <= PIECE, format!("pieces of at most {PIECE} bytes"), || longest.to_string())?;
    let body = chunks.concat();
    check(body.len() > 1_000_000, "over 1 MB", || format!("{} bytes", body.len()))?;
    let answer = Answer { status: 200, body };
    check(read(&answer)? == manifest, "the server's manifest", || answer.show())
}

/// The pieces of a chunked body.
fn chunks(response: &[u8]) -> Outcome<Vec<&[u8]>> {
    let malformed = || failed("a chunked body", show(response));
    let start = response.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let mut rest = start.and_then(|at| response.get(at + 4..)).ok_or_else(malformed)?;
    let mut chunks = Vec::new();
    loop {
        let line = rest.windows(2).position(|bytes| bytes == b"\r\n").ok_or_else(malformed)?;
        let length = rest.get(..line).and_then(|line| core::str::from_utf8(line).ok());
        let length = length.and_then(|line| usize::from_str_radix(line, 16).ok());
        let length = length.ok_or_else(malformed)?;
        if length == 0 {
            return Ok(chunks);
        }
        rest = &rest[line + 2..];
        chunks.push(rest.get(..length).ok_or_else(malformed)?);
        rest = rest.get(length + 2..).ok_or_else(malformed)?;
    }
}

/// Asks for the list that `list` makes of the names of all resources, and checks that these come.
async fn filter(
    target: &Target,
    list: impl Fn(&[String]) -> String,
    expected: &[usize],
) -> Outcome {
    let (names, list, received) = filtered(target, list).await?;
    let expected: Vec<_> = expected.iter().map(|at| names[*at].clone()).collect();
    check(received == expected, format!("for the list {list:?} {expected:?}"), || {
        format!("{received:?}")
    })
}

async fn filter_nothing(target: &Target) -> Outcome {
    let (names, list, received) = filtered(target, |names| format!(";{}", names[0])).await?;
    check(received == names, format!("for the list {list:?} all, {names:?}"), || {
        format!("{received:?}")
    })
}

async fn filtered(
    target: &Target,
    list: impl Fn(&[String]) -> String,
) -> Outcome<(Vec<String>, String, Vec<String>)> {
    let admitted = admit(target).await?;
    let names = |manifest: Manifest| -> Vec<_> {
        manifest.resources.into_iter().map(|resource| resource.name).collect()
    };
    let all = names(read(&ask(target, Some(&admitted.token), &[]).await?)?);
    if all.len() < 2 {
        return Err(skipped("the target has fewer than two resources"));
    }
    let list = list(&all);
    let answer = ask(target, Some(&admitted.token), &[("resources", &list)]).await?;
    Ok((all, list, names(read(&answer)?)))
}
