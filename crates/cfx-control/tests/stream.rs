//! A streamed answer gives the same values, or the same error, however it is cut into chunks, and
//! agrees with `serde_json` on what is JSON (SPEC HTTP-5, HTTP-6, HTTP-7).

use cfx_control::stream::{Fault, MAX_DEPTH, StreamError, ValueStream};
use proptest::prelude::*;
use serde_json::Value;

/// What a body gives: each value with the offset behind the byte that completed it, and the end.
#[derive(Debug, PartialEq)]
struct Outcome {
    values: Vec<(String, u64)>,
    end: Result<(), StreamError>,
}

fn decode<'i>(chunks: impl IntoIterator<Item = &'i [u8]>, max: usize) -> Outcome {
    let mut stream = ValueStream::new(max);
    let mut values = Vec::new();
    let mut end = Ok(());
    for mut chunk in chunks {
        while end.is_ok() {
            match stream.next(&mut chunk).map(|value| value.map(str::to_owned)) {
                Ok(Some(value)) => values.push((value, stream.offset())),
                Ok(None) => break,
                Err(error) => end = Err(error),
            }
        }
        assert!(end.is_err() || chunk.is_empty(), "input is left");
    }
    match stream.finish().map(|value| value.map(str::to_owned)) {
        Ok(value) => values.extend(value.map(|value| (value, stream.offset()))),
        Err(error) => end = Err(error),
    }
    assert_eq!(stream.finish(), end.map(|()| None), "the end stays what it was");
    assert_eq!(stream.is_idle(), end.is_ok());
    Outcome { values, end }
}

fn whole(body: &[u8]) -> Outcome {
    decode([body], usize::MAX)
}

fn texts(outcome: &Outcome) -> Vec<&str> {
    outcome.values.iter().map(|(value, _)| value.as_str()).collect()
}

fn fault(offset: u64, fault: Fault) -> Result<(), StreamError> {
    Err(StreamError::NotJson { offset, fault })
}

fn ends(offset: u64, missing: Fault) -> Result<(), StreamError> {
    Err(StreamError::EndsInsideValue { offset, missing })
}

/// An answer to `initConnect` with every kind of value in it.
const ANSWER: &str = concat!(
    "{\"defer\":true,\"message\":\"hardcap: Verwerkt… \\u00e9\\ud83d\\ude80\\n\",\"deferVersion\":2}\r\n",
    "{\"defer\":true,\"message\":null,\"deferVersion\":2}\r\n",
    "{\"defer\":true,\"card\":\"{\\\"type\\\":\\\"AdaptiveCard\\\"}\",\"token\":\"\",\"deferVersion\":2}\r\n",
    "{ \"protocol\" : 5, \"bitVersion\":35322494939152, \"pure\":-0.5e-3,\"sH\":true,",
    "\"endpoints\":[ ],\"handover\":{\"a\":[[1,2],{\"b\":{}}]},\"onesync\":false }\r\n",
);

#[test]
fn every_prefix_of_an_answer() {
    let all = whole(ANSWER.as_bytes());
    assert_eq!(all.end, Ok(()));
    assert_eq!(texts(&all), ANSWER.trim_end().split("\r\n").collect::<Vec<_>>());
    for length in 0..ANSWER.len() {
        let cut = &ANSWER.as_bytes()[..length];
        let outcome = whole(cut);
        let complete = all.values.iter().filter(|(_, end)| *end <= length as u64).count();
        assert_eq!(outcome.values, all.values[..complete], "at {length}");
        let last = all.values[..complete].last().map_or(0, |(_, end)| *end);
        let between = ANSWER[usize::try_from(last).expect("short")..].starts_with("\r\n")
            && length as u64 - last <= 2
            || length == 0;
        match outcome.end {
            Ok(()) => assert!(between, "at {length}"),
            Err(StreamError::EndsInsideValue { offset, .. }) => {
                assert!(!between && offset == length as u64, "at {length}");
            }
            Err(error) => panic!("at {length}: {error}"),
        }
        assert_eq!(decode(cut.chunks(1), usize::MAX), outcome, "at {length}, byte by byte");
    }
}

#[test]
fn a_value_is_there_with_its_last_byte() {
    let mut stream = ValueStream::new(100);
    for (index, byte) in b"[1]\r\n\"a\"true".iter().enumerate() {
        let mut input = std::slice::from_ref(byte);
        let value = stream.next(&mut input).expect("JSON");
        let expected = match index {
            2 => Some("[1]"),
            7 => Some("\"a\""),
            11 => Some("true"),
            _ => None,
        };
        assert_eq!(value, expected, "at {index}");
        assert!(input.is_empty());
        assert_eq!(stream.offset(), index as u64 + 1);
    }
}

#[test]
fn a_number_needs_the_byte_behind_it() {
    let mut stream = ValueStream::new(100);
    let mut input = &b"12"[..];
    assert_eq!(stream.next(&mut input), Ok(None));
    assert!(!stream.is_idle());
    input = b"3[";
    assert_eq!(stream.next(&mut input), Ok(Some("123")));
    assert_eq!((input, stream.offset()), (&b"["[..], 3));
    assert_eq!(texts(&whole(b"-0 1.5e+3\n7")), ["-0", "1.5e+3", "7"]);
    assert_eq!(texts(&whole(b"true1nullfalse\"\"{}2[]")).len(), 8);
    assert_eq!(texts(&whole(b"01-2")), ["0", "1", "-2"]);
}

#[test]
fn a_value_inside_one_chunk_is_not_copied() {
    let body = b"\r\n{\"a\":1} [2]";
    let mut stream = ValueStream::new(100);
    let mut input = &body[..];
    while let Some(value) = stream.next(&mut input).expect("JSON") {
        assert!(body.as_ptr_range().contains(&value.as_ptr()));
    }
}

#[test]
fn a_value_has_at_most_its_bound() {
    let too_large = |offset| Err(StreamError::TooLarge { offset, max: 5 });
    for (body, count, end) in [
        (&b" [1,2] \"abc\" 12345 12345"[..], 4, Ok(())),
        (b"[1,2][1,23]", 1, too_large(10)),
        (b"  [[[[[]]]]]", 0, too_large(7)),
        (b"\"abcd\"", 0, too_large(5)),
        (b"123456", 0, too_large(5)),
        (b"12345x", 1, fault(5, Fault::Value)),
        (b"[1,2", 0, ends(4, Fault::CommaInArray)),
        (b"[1,2,", 0, ends(5, Fault::Value)),
        // What is wrong with the first byte too many does not count.
        (b"[1,2,x", 0, too_large(5)),
        (b"1234.x", 0, too_large(5)),
    ] {
        let outcome = decode([body], 5);
        assert_eq!((outcome.values.len(), outcome.end), (count, end), "{}", body.escape_ascii());
        assert_eq!(decode(body.chunks(1), 5), outcome);
    }
    assert_eq!(decode([&b"1"[..]], 0).end, Err(StreamError::TooLarge { offset: 0, max: 0 }));
}

#[test]
fn depth_is_bounded_where_serde_json_bounds_it() {
    for (depth, good) in [(usize::from(MAX_DEPTH), true), (usize::from(MAX_DEPTH) + 1, false)] {
        let arrays = "[".repeat(depth) + &"]".repeat(depth);
        let objects = "{\"a\":".repeat(depth) + "1" + &"}".repeat(depth);
        for body in [&arrays, &objects] {
            assert_eq!(serde_json::from_str::<Value>(body).is_ok(), good);
            assert_eq!(whole(body.as_bytes()).end.is_ok(), good);
        }
    }
    let end = whole("[".repeat(200).as_bytes()).end;
    assert_eq!(end, Err(StreamError::TooDeep { offset: 127, max: 127 }));
}

#[test]
fn what_is_not_json_is_told_with_its_place() {
    for (body, end) in [
        (&b"{}\r\n<html>"[..], fault(4, Fault::Value)),
        (b"\xEF\xBB\xBF{}", fault(0, Fault::Value)),
        (b"[1,]", fault(3, Fault::Value)),
        (b"[1 2]", fault(3, Fault::CommaInArray)),
        (b"[01]", fault(2, Fault::CommaInArray)),
        (b"[1}", fault(2, Fault::CommaInArray)),
        (b"{\"a\":1]", fault(6, Fault::CommaInObject)),
        (b"{\"a\":1,}", fault(7, Fault::Name)),
        (b"{a:1}", fault(1, Fault::Name)),
        (b"{\"a\" 1}", fault(5, Fault::Colon)),
        (b"[tru]", fault(4, Fault::Literal)),
        (b"[nul", ends(4, Fault::Literal)),
        (b"[-a]", fault(2, Fault::Digit)),
        (b"[1.]", fault(3, Fault::FractionDigit)),
        (b"[1e+]", fault(4, Fault::ExponentDigit)),
        (b"[\"a\nb\"]", fault(3, Fault::Control)),
        (b"[\"ab\\x\"]", fault(4, Fault::Escape)),
        (b"[\"ab\\u12g4\"]", fault(4, Fault::HexDigit)),
        (b"[\"\\udc00\"]", fault(2, Fault::Surrogate)),
        (b"[\"\\ud800\\u0041\"]", fault(2, Fault::Surrogate)),
        (b"[\"\\ud800\\n\"]", fault(2, Fault::Surrogate)),
        (b"[\"\\ud800", ends(8, Fault::Surrogate)),
        (b"[\"a\xff\"]", fault(3, Fault::Encoding)),
        (b"[\"a\xc3\"]", fault(3, Fault::Encoding)),
        (b"\xc3\xa9", fault(0, Fault::Value)),
        (b"[1, -2e999]", fault(4, Fault::NumberRange)),
        (b"[\"1e999\\\"\", 1e9, 0e999]", Ok(())),
        // The grammar comes first, wherever the other fault is.
        (b"[\"\xff\" 1e999 x", fault(5, Fault::CommaInArray)),
    ] {
        let outcome = whole(body);
        assert_eq!(outcome.end, end, "{}", body.escape_ascii());
        assert_eq!(decode(body.chunks(1), usize::MAX), outcome);
    }
    let digits = "9".repeat(309);
    assert_eq!(whole(format!("[{digits}]").as_bytes()).end, fault(1, Fault::NumberRange));
    assert_eq!(whole(&digits.as_bytes()[1..]).end, Ok(()));
}

#[test]
fn megabytes_in_single_bytes() {
    // Would not end in this life if each byte cost a look at those before it.
    let manifest = cfx_fixtures::manifest::manifest_json(333, 2_500_000);
    let outcome = decode(manifest.as_bytes().chunks(1), manifest.len());
    assert_eq!(texts(&outcome), [manifest.as_str()]);
    assert_eq!(outcome.end, Ok(()));
}

#[test]
fn errors_say_where_and_what() {
    for (body, text) in [
        (&b"[1,]"[..], "not JSON at byte 3: a value is missing"),
        (b"{\"a", "the body ends inside a value, at byte 3: a string's closing quote is missing"),
        (b"\"12345", "a value is longer than 5 bytes, at byte 5"),
    ] {
        assert_eq!(decode([body], 5).end.expect_err("wrong").to_string(), text);
    }
}

/// Holds an outcome against `serde_json`.
///
/// That wants white space behind a literal or a number, so it is given each value on its own line,
/// and then the rest of the body: it must see the same values, and an error where we do.
fn agrees_with_serde(body: &[u8], outcome: &Outcome) {
    let end = outcome.values.last().map_or(0, |(_, end)| *end);
    let rest = &body[usize::try_from(end).expect("short")..];
    let mut lines = texts(outcome).join("\n").into_bytes();
    lines.push(b'\n');
    lines.extend_from_slice(rest);
    let mut reader = serde_json::Deserializer::from_slice(&lines).into_iter::<Value>();
    for (value, _) in &outcome.values {
        let alone: Value = serde_json::from_str(value).expect("a returned value parses");
        assert_eq!(reader.next().expect("a value").expect("JSON"), alone);
    }
    match (reader.next(), outcome.end) {
        (Some(Err(error)), Err(StreamError::EndsInsideValue { .. })) => {
            // These two it sees at once, we when the value is complete.
            let early = ["invalid unicode code point", "number out of range"];
            let text = error.to_string();
            assert!(error.is_eof() || early.iter().any(|early| text.contains(early)), "{text}");
        }
        (None, Ok(())) | (Some(Err(_)), Err(_)) => {}
        (theirs, ours) => panic!("{}: {theirs:?} and {ours:?}", lines.escape_ascii()),
    }
    // As it came, serde_json may stop earlier, and never sees a value that we do not.
    let seen = serde_json::Deserializer::from_slice(body).into_iter::<Value>();
    assert!(seen.take_while(Result::is_ok).count() <= outcome.values.len());
}

fn cut<'i>(mut body: &'i [u8], sizes: &[usize]) -> Vec<&'i [u8]> {
    let mut chunks = Vec::new();
    for &size in sizes.iter().cycle().take(body.len()) {
        let (chunk, rest) = body.split_at(size.min(body.len()));
        chunks.push(chunk);
        body = rest;
    }
    chunks.push(body);
    chunks
}

/// Bytes out of the pieces that JSON is made of, so that most of them lead somewhere.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = proptest::sample::select(vec![
        &b"{"[..],
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\"",
        b"\"",
        b"\"a\":",
        b"\"a\"",
        b"{\"",
        b"\\",
        b"\\u",
        b"\\\"",
        b"\\n",
        b"d8",
        b"00",
        b"\\ud83d",
        b"\\ude80",
        b"0",
        b"1",
        b"-",
        b".",
        b"e",
        b"E+",
        b"99",
        b"1e308",
        b"true",
        b"false",
        b"null",
        b"t",
        b" ",
        b"\r\n",
        b"\x00",
        b"\xc3",
        b"\xa9",
        b"\xff",
        b"\xf0\x9f\x9a\x80",
        b"abcdefgh",
        b"[1,",
        b"],",
    ]);
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// JSON values in lines, as a server sends them.
fn answers() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map(any::<String>(), inner, 0..4)
                .prop_map(|members| members.into_iter().collect()),
        ]
    });
    let line = (value, any::<bool>()).prop_map(|(value, pretty)| {
        let text = if pretty {
            serde_json::to_string_pretty(&value)
        } else {
            serde_json::to_string(&value)
        };
        text.expect("JSON") + "\r\n"
    });
    proptest::collection::vec(line, 0..5).prop_map(|lines| lines.concat().into_bytes())
}

/// An answer with one byte changed and its end cut off.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    (answers(), any::<prop::sample::Index>(), any::<u8>(), any::<prop::sample::Index>()).prop_map(
        |(mut body, place, byte, end)| {
            if !body.is_empty() {
                *place.get_mut(&mut body) = byte;
                body.truncate(end.index(body.len() + 1));
            }
            body
        },
    )
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![pieces(), answers(), damaged(), any::<Vec<u8>>()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn any_chunking_gives_the_same(
        body in bodies(),
        sizes in proptest::collection::vec(0usize..12, 1..6),
        max in prop_oneof![Just(usize::MAX), 0usize..20],
    ) {
        let outcome = decode([&body[..]], max);
        prop_assert_eq!(&decode(body.chunks(1), max), &outcome);
        prop_assert_eq!(&decode(cut(&body, &sizes), max), &outcome);
        for (value, end) in &outcome.values {
            let end = usize::try_from(*end).expect("short");
            prop_assert_eq!(value.as_bytes(), &body[end - value.len()..end]);
            prop_assert!(value.len() <= max);
        }
    }

    #[test]
    fn what_is_json_is_what_serde_json_takes(body in bodies()) {
        agrees_with_serde(&body, &whole(&body));
    }

    #[test]
    fn answers_come_back(body in answers()) {
        let outcome = whole(&body);
        prop_assert_eq!(outcome.end, Ok(()));
        let lines: Vec<Value> = serde_json::Deserializer::from_slice(&body)
            .into_iter()
            .collect::<Result<_, _>>()
            .expect("JSON");
        let values: Vec<Value> =
            texts(&outcome).iter().map(|text| serde_json::from_str(text).expect("JSON")).collect();
        prop_assert_eq!(values, lines);
    }
}
