//! The route `/client`: methods, bodies, forms, and HTTP as such (SPEC HTTP, WIRE).

use std::time::Duration;

use cfx_net::http::server::Limits;
use cfx_net::server::{Server, accept_all};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::case::Level::{Must, Should};
use crate::case::{Case, Outcome, check, failed, skipped};
use crate::embedded;
use crate::target::{Own, PATIENCE, Target};
use crate::tools::http::{Stream, open, post, raw, refused};
use crate::tools::oob::show;

/// The family.
pub(super) const CASES: &[Case] = &[
    Case {
        id: "client.verb.get",
        requirement: "HTTP-1",
        level: Must,
        about: "GET /client is answered 405 and `/client is POST only`",
        run: |target| Box::pin(post_only(target, "GET")),
    },
    Case {
        id: "client.verb.others",
        requirement: "HTTP-1",
        level: Must,
        about: "PUT and DELETE are answered 405 as GET is",
        run: |target| {
            Box::pin(async move {
                post_only(target, "PUT").await?;
                post_only(target, "DELETE").await
            })
        },
    },
    Case {
        id: "client.method.empty-body",
        requirement: "HTTP-27",
        level: Should,
        about: "a POST with an empty body is answered `missing method` at once",
        run: |target| Box::pin(refused(target, b"", "missing method")),
    },
    Case {
        id: "client.method.missing",
        requirement: "HTTP-3",
        level: Must,
        about: "a form without a key method, in that case, is refused with `missing method`",
        run: |target| {
            Box::pin(decoded(
                target,
                &[
                    ("name=x", MISSING),
                    ("Method=getEndpoints", MISSING),
                    ("methods=getEndpoints", MISSING),
                    ("method", MISSING),
                ],
            ))
        },
    },
    Case {
        id: "client.method.invalid",
        requirement: "HTTP-3",
        level: Must,
        about: "an unknown method, also a known one in another case, is refused with `invalid \
                method`",
        run: |target| {
            Box::pin(decoded(
                target,
                &[
                    ("method=nothing", INVALID),
                    ("method=getendpoints", INVALID),
                    ("method=getEndpoint", INVALID),
                ],
            ))
        },
    },
    Case {
        id: "client.method.content-type",
        requirement: "HTTP-3",
        level: Must,
        about: "the body is read as a form whatever its content type says",
        run: |target| Box::pin(content_type(target)),
    },
    Case {
        id: "client.error.shape",
        requirement: "HTTP-4",
        level: Must,
        about: "an error is HTTP 200 with an object that has one member, error",
        run: |target| Box::pin(error_shape(target)),
    },
    Case {
        id: "client.error.line-end",
        requirement: "HTTP-5",
        level: Must,
        about: "the error of a method is one line, compact JSON with CR LF behind it",
        run: |target| Box::pin(error_line(target)),
    },
    Case {
        id: "client.body.largest",
        requirement: "HTTP-2",
        level: Must,
        about: "a body of 102400 bytes is read to its end",
        run: |target| Box::pin(largest(target)),
    },
    Case {
        id: "client.body.too-big",
        requirement: "HTTP-2",
        level: Must,
        about: "a body of 102401 bytes is refused with `POST data too big`, or the connection \
                closed",
        run: |target| Box::pin(too_big(target, 102_401)),
    },
    Case {
        id: "client.body.huge",
        requirement: "HTTP-2",
        level: Must,
        about: "a body of 3 MB is refused likewise",
        run: |target| Box::pin(too_big(target, 3_000_000)),
    },
    Case {
        id: "client.form.last-wins",
        requirement: "WIRE-2",
        level: Must,
        about: "of equal keys the last counts",
        run: |target| {
            Box::pin(decoded(
                target,
                &[
                    ("method=nothing&method=getEndpoints", FIELDS),
                    ("method=getEndpoints&method=nothing", INVALID),
                ],
            ))
        },
    },
    Case {
        id: "client.form.separators",
        requirement: "WIRE-2",
        level: Must,
        about: "a key runs to the next =, an & in it included, and a value to the next &, an = in \
                it included",
        run: |target| {
            Box::pin(decoded(
                target,
                &[
                    ("&method=getEndpoints", MISSING),
                    ("a&method=getEndpoints", MISSING),
                    ("method=getEndpoints&&token=x", FIELDS),
                    ("method=getEndpoints=", INVALID),
                    ("method=getEndpoints&token=a=b", "false"),
                    ("method=getEndpoints&token=x&", "false"),
                ],
            ))
        },
    },
    Case {
        id: "client.form.stops",
        requirement: "WIRE-2",
        level: Must,
        about: "a pair without =, key or value ends the form without an error, and what was read \
                before it counts",
        run: |target| {
            Box::pin(decoded(
                target,
                &[
                    ("a=&method=getEndpoints", MISSING),
                    ("=a&method=getEndpoints", MISSING),
                    ("method=", MISSING),
                    ("method=getEndpoints&a=&token=x", FIELDS),
                    ("method=getEndpoints&=a&token=x", FIELDS),
                    ("method=getEndpoints&token", FIELDS),
                    ("method=getEndpoints&token=", FIELDS),
                    ("method=getEndpoints&token=x&a", "false"),
                ],
            ))
        },
    },
    Case {
        id: "client.form.escapes",
        requirement: "WIRE-3",
        level: Must,
        about: "+ is a space, and % and two hex digits are a byte, in keys and values",
        run: |target| {
            Box::pin(decoded(
                target,
                &[
                    ("method=%67et%45ndpoints", FIELDS),
                    ("m%65%74hod=getEndpoints", FIELDS),
                    ("method=getEndpoints+", INVALID),
                    ("method=getEndpoints%20", INVALID),
                    ("method=getEndpoints%00", INVALID),
                    ("method=getEndpoints%26token%3Dx", INVALID),
                ],
            ))
        },
    },
    Case {
        id: "client.form.bad-escapes",
        requirement: "WIRE-3",
        level: Must,
        about: "a % without a number behind it cuts its key or value there and leaves the rest of \
                the form alone",
        run: |target| {
            Box::pin(decoded(
                target,
                &[
                    ("method=getEndpoints%zzabc", FIELDS),
                    ("method=getEndpoints%", FIELDS),
                    ("method=getEndpoints%4", FIELDS),
                    ("method%zz=getEndpoints", FIELDS),
                    ("method=getEndpoints%zz&token=x", "false"),
                    ("%zz=1&method=getEndpoints", FIELDS),
                ],
            ))
        },
    },
    Case {
        id: "client.form.odd-escapes",
        requirement: "WIRE-3",
        level: Must,
        about: "an escape is read as strtol reads two bytes: %1g, %0x, %-1, %+1 and `% 1` are bytes",
        run: |target| {
            Box::pin(decoded(
                target,
                &[
                    ("method=getEndpoints%1g", INVALID),
                    ("method=getEndpoints%0x", INVALID),
                    ("method=getEndpoints%-1", INVALID),
                    ("method=getEndpoints%+1", INVALID),
                    ("method=getEndpoints% 1", INVALID),
                ],
            ))
        },
    },
    Case {
        id: "client.http.malformed",
        requirement: "SEC-5",
        level: Must,
        about: "bytes that are no HTTP, heads without an end and headers of 100 kB do not hurt the \
                next request",
        run: |target| Box::pin(malformed(target)),
    },
    Case {
        id: "client.http.two-lengths",
        requirement: "HTTP-29",
        level: Should,
        about: "a request with two different lengths is refused with 400 or closed",
        run: |target| {
            Box::pin(ambiguous(
                target,
                &[
                    "Content-Length: 14\r\nContent-Length: 5\r\n\r\nmethod=nothing",
                    "Content-Length: 14, 5\r\n\r\nmethod=nothing",
                ],
            ))
        },
    },
    Case {
        id: "client.http.odd-length",
        requirement: "HTTP-29",
        level: Should,
        about: "a request whose length is not all digits is refused with 400 or closed",
        run: |target| {
            Box::pin(ambiguous(
                target,
                &[
                    "Content-Length: +14\r\n\r\nmethod=nothing",
                    "Content-Length: 14x\r\n\r\nmethod=nothing",
                    "Content-Length: 0x0e\r\n\r\nmethod=nothing",
                ],
            ))
        },
    },
    Case {
        id: "client.http.length-and-chunks",
        requirement: "HTTP-29",
        level: Should,
        about: "a request with both a length and chunks is the last of its connection, read by its chunks if at all",
        run: |target| Box::pin(length_and_chunks(target)),
    },
    Case {
        id: "client.http.stalled",
        requirement: "SEC-6",
        level: Must,
        about: "ten requests whose bodies do not arrive do not hold up another",
        run: |target| Box::pin(stalled(target)),
    },
    Case {
        id: "client.http.timed-out",
        requirement: "SEC-6",
        level: Must,
        about: "a connection whose head or body does not arrive in time is closed",
        run: |target| Box::pin(timed_out(target)),
    },
];

const MISSING: &str = r#"{"error":"missing method"}"#;
const INVALID: &str = r#"{"error":"invalid method"}"#;
const FIELDS: &str = r#"{"error":"fields missing"}"#;

async fn post_only(target: &Target, verb: &str) -> Outcome {
    let answer = Stream::start(target, verb, "/client", &[], b"").whole().await?;
    let is_told = answer.status == 405 && answer.body == b"/client is POST only";
    let expected = format!("HTTP 405 with \"/client is POST only\" for {verb}");
    check(is_told, expected, || answer.show())
}

/// Posts each body and compares the value that it is answered with: which of the answers it is
/// tells how the form was read.
async fn decoded(target: &Target, rows: &[(&str, &str)]) -> Outcome {
    for (body, expected) in rows {
        let answer = post(target, body.as_bytes()).await?;
        let is_expected = answer.status == 200 && answer.text().trim_end() == *expected;
        check(is_expected, format!("{expected} for {body:?}"), || answer.show())?;
    }
    Ok(())
}

async fn content_type(target: &Target) -> Outcome {
    for kind in ["application/json", "text/plain", "multipart/form-data; boundary=x"] {
        let headers = [("Content-Type", kind)];
        let body = b"method=getEndpoints";
        let answer = Stream::start(target, "POST", "/client", &headers, body).whole().await?;
        let is_read = answer.text().trim_end() == FIELDS;
        check(is_read, format!("{FIELDS} for a form sent as {kind}"), || answer.show())?;
    }
    Ok(())
}

async fn error_shape(target: &Target) -> Outcome {
    for body in ["a=b", "method=nothing", "method=getEndpoints"] {
        let answer = post(target, body.as_bytes()).await?;
        answer.error()?;
        let is_alone = answer.json()?.as_object().is_some_and(|object| object.len() == 1);
        check(is_alone, format!(r#"{{"error":text}} for {body:?}"#), || answer.show())?;
    }
    Ok(())
}

async fn error_line(target: &Target) -> Outcome {
    for method in ["initConnect", "submitCard", "getEndpoints"] {
        let answer = post(target, format!("method={method}").as_bytes()).await?;
        let line = format!("{FIELDS}\r\n");
        let is_line = answer.body == line.as_bytes();
        check(is_line, format!("{} for {method}", show(line.as_bytes())), || answer.show())?;
    }
    Ok(())
}

/// A form of this many bytes whose method stands at its end.
fn padded(length: usize) -> Vec<u8> {
    let (begin, end) = (b"a=", b"&method=nothing");
    let padding = length.saturating_sub(begin.len() + end.len());
    [&begin[..], &b"x".repeat(padding), end].concat()
}

async fn largest(target: &Target) -> Outcome {
    refused(target, &padded(102_400), "invalid method").await
}

async fn too_big(target: &Target, length: usize) -> Outcome {
    let head = format!("POST /client HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n");
    let begun = Instant::now();
    let mut stream = open(target).await?;
    let mut received = Vec::new();
    let exchange = async {
        // A server may close before it has read everything.
        let _ = stream.write_all(&[head.as_bytes(), &padded(length)].concat()).await;
        while !contains(&received, b"}") {
            match stream.read_buf(&mut received).await {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
        }
    };
    let ended = timeout(PATIENCE, exchange).await.is_ok();
    let is_closed = ended && received.is_empty();
    let is_refused = contains(&received, br#"{"error":"POST data too big"}"#);
    check(
        is_closed || is_refused,
        "the error \"POST data too big\", or no answer and the end",
        || format!("{} after {:?}", show(&received), begun.elapsed()),
    )?;
    served(target, "a body that is too big").await
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Checks that a request is answered; `during` says what else goes on.
async fn served(target: &Target, during: &str) -> Outcome {
    let answer = post(target, b"method=nothing").await;
    let is_served = answer.as_ref().is_ok_and(|answer| answer.text().trim_end() == INVALID);
    check(is_served, format!("an answer to POST /client after {during}"), || match answer {
        Ok(answer) => answer.show(),
        Err(_) => "none".to_owned(),
    })
}

/// Opens a connection, writes to it and leaves it open.
async fn begun(target: &Target, bytes: &[u8]) -> Outcome<TcpStream> {
    let mut stream = open(target).await?;
    // A server may close before it has read everything.
    let _ = timeout(PATIENCE, stream.write_all(bytes)).await;
    Ok(stream)
}

async fn malformed(target: &Target) -> Outcome {
    let long = "x".repeat(100_000);
    let requests = [
        b"\r\n\r\n\r\n".to_vec(),
        b"\0\x01\x02\xFF\xFE\r\n\r\n".to_vec(),
        b"GET\r\n\r\n".to_vec(),
        b"POST /client HTTP/9.9\r\n\r\n".to_vec(),
        b"POST /client HTTP/1.1\r\nno colon\r\n\r\n".to_vec(),
        b"POST /client HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n".to_vec(),
        b"POST /client HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".to_vec(),
        b"POST /client HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n"
            .to_vec(),
        b"POST /client HTTP/1.1\r\nHost: x\r\n".to_vec(),
        format!("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes(),
        format!("GET / HTTP/1.1\r\nX: {long}\r\n\r\n").into_bytes(),
        [&b"GET / HTTP/1.1\r\n"[..], &b"X: y\r\n".repeat(5000), b"\r\n"].concat(),
        vec![0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3],
    ];
    for request in requests {
        let _open = begun(target, &request).await?;
        served(target, &show(&request)).await?;
    }
    Ok(())
}

/// Posts with each of these ends of a head, body included.
async fn ambiguous(target: &Target, rows: &[&str]) -> Outcome {
    for row in rows {
        let request = format!("POST /client HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{row}");
        let received = raw(target, request.as_bytes()).await?;
        let is_refused = received.is_empty() || received.starts_with(b"HTTP/1.1 400");
        let expected = format!("HTTP 400 or the end for {}", show(row.as_bytes()));
        check(is_refused, expected, || show(&received))?;
    }
    Ok(())
}

/// What two parsers could read as two different requests, and one more behind it: the second must
/// not be answered, and the first only as its chunks have it.
async fn length_and_chunks(target: &Target) -> Outcome {
    for fields in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
    ] {
        let request = format!(
            "POST /client HTTP/1.1\r\nHost: x\r\n{fields}\r\n\r\n\
             e\r\nmethod=nothing\r\n0\r\n\r\n\
             GET /dynamic.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        );
        let received = raw(target, request.as_bytes()).await?;
        let text = String::from_utf8_lossy(&received);
        let is_refused = received.is_empty() || text.starts_with("HTTP/1.1 400");
        let is_read_by_chunks = text.contains(INVALID);
        let is_last = text.matches("HTTP/1.1 ").count() <= 1;
        let expected = format!("HTTP 400, or {INVALID} alone and the end, for {fields:?}");
        check(is_last && (is_refused || is_read_by_chunks), expected, || show(&received))?;
    }
    Ok(())
}

const HALF: &[u8] =
    b"POST /client HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nmethod=getEndpoints";

async fn stalled(target: &Target) -> Outcome {
    let mut open = Vec::new();
    for _ in 0..10 {
        open.push(begun(target, HALF).await?);
    }
    served(target, "ten requests whose bodies stall").await
}

/// A server of ours that waits a tenth of a second for a head or a body.
fn impatient(target: &Target) -> Outcome<Own> {
    // Only here are limits of HTTP chosen; this asks whether the target is ours at all.
    drop(target.own(embedded::config())?);
    let time = Duration::from_millis(100);
    let limits = Limits { head_time: time, body_time: time, idle_time: time, ..Limits::default() };
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let server = Server::bind(address, embedded::config(), accept_all())
        .map_err(|error| skipped(format!("no free port: {error}")))?
        .with_limits(limits);
    let target = Target::embedded(server.address())
        .map_err(|error| skipped(format!("no HTTP client: {error}")))?;
    Ok(Own { target, running: server.spawn() })
}

async fn timed_out(target: &Target) -> Outcome {
    let own = impatient(target)?;
    for half in [&b""[..], b"POST /client HTT", HALF] {
        let mut stream = begun(&own.target, half).await?;
        let closed = timeout(PATIENCE, stream.read_to_end(&mut Vec::new())).await;
        let expected = format!("the end of a connection that sent {} and stopped", show(half));
        closed.map_err(|_| failed(expected, format!("an open one after {PATIENCE:?}")))?.ok();
    }
    Ok(())
}
