//! The vector files, our codecs and others behind the line protocol, and the dictionary's table.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use cfx_conformance::codec::{Answer, Codec, MAX_LINE};
use cfx_conformance::vectors::{self, Verdict};
use cfx_fixtures::hex;
use cfx_onesync::acks;
use cfx_onesync::dictionary::{Dictionary, MAX_DICTIONARY};
use cfx_onesync::layout::{Game, Layout};
use cfx_onesync::writer::NetAcksWriter;
use serde_json::{Value, json};

/// The variable that names the reference's dictionary.
const DICTIONARY: &str = "CFX_LZ4_DICTIONARY";

/// The suites, the number of their cases, and how many of those take the dictionary.
const SUITES: [(&str, usize, usize); 9] = [
    ("hash", 41, 0),
    ("form", 125, 0),
    ("info", 140, 0),
    ("oob", 116, 0),
    ("ticket", 18, 0),
    ("handshake", 33, 0),
    ("packets", 476, 0),
    ("bits", 120, 0),
    ("onesync", 108, 40),
];

/// The program with these arguments, and without the variable.
fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cfx-conformance"));
    command.args(args).env_remove(DICTIONARY);
    command
}

/// Runs a program to its end; gives the exit status and both of what it printed.
fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (status.code(), text(stdout), text(stderr))
}

/// Runs `vectors --exec` with a command of the shell.
fn exec(command: &str, args: &[&str]) -> (Option<i32>, String) {
    let (status, out, _) =
        run(program(&["vectors", "--exec", command, "--timeout", "20"]).args(args));
    (status, out)
}

/// Our own program as a codec, for the shell.
fn own_codec() -> String {
    format!("'{}' codec", env!("CARGO_BIN_EXE_cfx-conformance"))
}

/// A file of this test's own, which ends with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let name = format!("cfx-conformance-{}-{name}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a path that is text")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn every_vector_passes() {
    let dictionary = std::env::var_os(DICTIONARY).filter(|name| !name.is_empty());
    let dictionary = dictionary.map(|file| Dictionary::from_file(file).expect("a dictionary"));
    let without = dictionary.is_none();
    if without {
        println!("40 cases skipped: {DICTIONARY} names no file");
    }
    let codec = Codec::new(dictionary);
    let suites = vectors::suites();
    let mut counts = Vec::new();
    for suite in &suites {
        let mut ended = BTreeMap::new();
        for case in &suite.cases {
            let answer = codec.answer(&case.op, &case.input);
            let verdict = case.judge(&answer);
            assert_ne!(verdict, Verdict::Failed, "{}: {answer:?} for {:?}", case.id, case.expect);
            *ended.entry(verdict == Verdict::Skipped).or_insert(0) += 1;
            // The same through a line.
            let line = codec.answer_line(case.request().as_bytes()).to_string();
            assert_eq!(Answer::from_line(line.as_bytes()), Ok((json!(case.id), answer)));
        }
        let of = |skipped| ended.get(&skipped).copied().unwrap_or(0);
        counts.push((suite.name.as_str(), of(false), of(true)));
    }
    let expected = SUITES.map(|(name, cases, dictionary)| {
        let skipped = if without { dictionary } else { 0 };
        (name, cases - skipped, skipped)
    });
    assert_eq!(counts, expected);
}

#[test]
fn the_program_runs_them_against_our_codecs() {
    let (status, out, _) = run(&mut program(&["vectors"]));
    assert_eq!(status, Some(0), "{out}");
    assert!(out.contains("1137 passed, 0 failed, 40 skipped"), "{out}");
    assert!(out.contains("skip  40 of decode_route_payload: it takes the preset dictionary"));
    let (status, out, _) =
        run(&mut program(&["vectors", "--only", "form/00*", "--only", "bits/0000"]));
    assert_eq!(status, Some(0), "{out}");
    assert!(out.contains("101 passed, 0 failed, 0 skipped"), "{out}");
    let (status, _, err) = run(&mut program(&["vectors", "--only", "packets"]));
    assert_eq!(status, Some(2));
    assert!(err.contains("no case matches"), "{err}");
    for (args, text) in [
        (["--dictionary", "no/such/file"], "no/such/file"),
        (["--timeout", "0"], "seconds above 0"),
        (["--timeout", "soon"], "seconds above 0"),
    ] {
        let (status, _, err) = run(program(&["vectors"]).args(args));
        assert_eq!(status, Some(2));
        assert!(err.contains(text), "{err}");
    }
}

#[test]
fn the_program_runs_them_against_itself() {
    let (status, out) = exec(&own_codec(), &[]);
    assert_eq!(status, Some(0), "{out}");
    assert!(out.contains("1137 passed, 0 failed, 40 skipped"), "{out}");
}

#[test]
fn the_dictionary_is_named_to_the_command() {
    let Some(file) = std::env::var_os(DICTIONARY).filter(|name| !name.is_empty()) else {
        println!("skipped: {DICTIONARY} names no file");
        return;
    };
    let all = "1177 passed, 0 failed, 0 skipped";
    let mut by_option = program(&["vectors", "--dictionary"]);
    let mut by_variable = program(&["vectors"]);
    for command in [by_option.arg(&file), by_variable.env(DICTIONARY, &file)] {
        let (status, out, _) = run(command);
        assert_eq!(status, Some(0), "{out}");
        assert!(out.contains(all), "{out}");
        let (status, out, _) = run(command.args(["--exec", &own_codec()]));
        assert_eq!(status, Some(0), "{out}");
        assert!(out.contains(all), "{out}");
    }
}

#[test]
fn the_example_in_python_passes_its_suites() {
    let python = Command::new("python3").arg("--version").output();
    if !python.is_ok_and(|output| output.status.success()) {
        println!("skipped: there is no python3");
        return;
    }
    let example = concat!("python3 '", env!("CARGO_MANIFEST_DIR"), "/examples/codec.py'");
    let (status, out) = exec(example, &[]);
    assert_eq!(status, Some(0), "{out}");
    assert!(out.contains("282 passed, 0 failed, 895 skipped"), "{out}");
    for passed in ["41 of hash", "113 of decode_form", "12 of encode_form", "116 of oob_reply"] {
        assert!(out.contains(&format!("pass  {passed}")), "{out}");
    }
    assert!(out.contains("skip  476 of decode_packet: the answer says that there is no such op"));
    // What is no request is answered too.
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/codec.py");
    let lines =
        b"\n[]\n{\"id\":1,\"op\":[],\"input\":{}}\n{\"id\":2,\"op\":\"hash\",\"input\":7}\n\xFF\n";
    let answers = ask(Command::new("python3").arg(script), lines);
    let kinds: Vec<_> = answers.iter().map(|answer| answer["error"].as_str()).collect();
    let [bad_line, bad_input] = [Some("bad_line"), Some("bad_input")];
    assert_eq!(kinds, [bad_line, bad_line, bad_line, bad_input, bad_line]);
}

/// A command that answers `hash/0000` rightly, then does something else.
fn after_one_answer(then: &str) -> String {
    let right = r#"{"id":"hash/0000","ok":{"rage":1409284671,"lower":1473134648}}"#;
    format!("read line; echo '{right}'; {then}")
}

#[cfg(unix)]
#[test]
fn what_a_command_does_wrong_is_reported() {
    for (then, received) in [
        ("exit 7", "the command ended (exit status: 7) instead of answering"),
        ("kill -9 $$", "the command ended (signal: 9"),
        ("echo '{\"id\":\"hash/0002\",\"skip\":true}'; cat", "an answer to \"hash/0002\"; answers"),
        ("printf '{\"id\":\"hash/00'", "output that ended within a line: {\"id\":\"hash/00"),
        ("exec >&-; sleep 5", "the command closed its output instead of answering"),
    ] {
        let (status, out) = exec(&after_one_answer(then), &["--only", "hash/*"]);
        assert_eq!(status, Some(1), "{then}: {out}");
        assert!(out.contains("FAIL  hash/0001  hash"), "{then}: {out}");
        assert!(out.contains(&format!("received     {received}")), "{then}: {out}");
        assert!(out.contains("expected     ok {\"lower\":"), "{then}: {out}");
        assert!(out.contains("39 cases behind that were not run."), "{then}: {out}");
        assert!(out.contains("1 passed, 1 failed, 0 skipped"), "{then}: {out}");
    }
}

#[cfg(unix)]
#[test]
fn a_command_that_hangs_is_stopped_with_all_that_it_started() {
    let begun = Instant::now();
    // `sleep` is a process of its own, for which the shell waits. It has our standard error, so that
    // the program's output does not end as long as it lives.
    let (status, out, _) = run(program(&["vectors", "--only", "hash/*", "--timeout", "0.3"])
        .args(["--exec", &after_one_answer("sleep 300; true")]));
    assert_eq!(status, Some(1), "{out}");
    assert!(out.contains("received     no answer within 0.3 s"), "{out}");
    assert!(begun.elapsed() < Duration::from_secs(200), "it was left running");
}

#[cfg(unix)]
#[test]
fn garbage_fails_its_case_and_no_other() {
    // The second request is answered with garbage, the rest by our own codec.
    for (garbage, received) in [
        ("echo hello", "no answer (expected value at line 1 column 1): hello"),
        ("echo", "no answer (EOF"),
        ("echo '{\"id\":\"hash/0001\",\"error\":true}'", "no answer (invalid type"),
        ("echo '{\"id\":\"hash/0001\"}'", "no answer (not one of ok, error"),
        ("head -c 3000000 /dev/zero; echo", "a line of over 1048576 bytes"),
        (
            "printf '\\033[31m\\377\\n'",
            "no answer (expected value at line 1 column 1): \u{FFFD}[31m\u{FFFD}",
        ),
        ("echo '{\"id\":\"hash/0001\",\"ok\":7}'", "ok 7"),
    ] {
        let command = after_one_answer(&format!("read line; {garbage}; exec {}", own_codec()));
        let (status, out) = exec(&command, &["--only", "hash/*"]);
        assert_eq!(status, Some(1), "{garbage}: {out}");
        assert!(out.contains(&format!("received     {received}")), "{garbage}: {out}");
        assert!(out.contains("40 passed, 1 failed, 0 skipped"), "{garbage}: {out}");
    }
}

#[cfg(unix)]
#[test]
fn a_command_that_answers_nothing_was_not_reached() {
    for command in ["exit 3", "no-such-command-at-all 2>&-", "cat > /dev/null", "echo hello"] {
        let (status, out) = exec(command, &["--only", "form/*"]);
        assert_eq!(status, Some(3), "{command}: {out}");
    }
}

#[cfg(unix)]
#[test]
fn an_answer_without_its_last_newline_counts() {
    let right = r#"{"id":"hash/0000","ok":{"rage":1409284671,"lower":1473134648}}"#;
    let (status, out) = exec(&format!("printf '%s' '{right}'"), &["--only", "hash/0000"]);
    assert_eq!(status, Some(0), "{out}");
}

#[cfg(unix)]
#[test]
fn a_wrong_answer_is_shown_with_where_it_is_wrong() {
    let wrong = r#"{"id":"hash/0000","ok":{"rage":1409284671,"lower":1}}"#;
    let (status, out) = exec(&format!("echo '{wrong}'"), &["--only", "hash/0000"]);
    assert_eq!(status, Some(1), "{out}");
    for line in [
        "  FAIL  hash/0000  hash",
        "        input        {\"hex\":\"6d73674672616d65\"}",
        "        expected     ok {\"lower\":1473134648,\"rage\":1409284671}",
        "        received     ok {\"lower\":1,\"rage\":1409284671}",
        "        first at     .lower: 1473134648 and 1",
    ] {
        assert!(out.contains(line), "{out}");
    }
}

/// Gives lines to a codec; gives its answers.
fn ask(codec: &mut Command, lines: &[u8]) -> Vec<Value> {
    let mut process =
        codec.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut stdin = process.stdin.take().expect("piped");
    let lines = lines.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&lines));
    let output = process.wait_with_output().expect("it ends");
    writer.join().expect("no panic").expect("all was read");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn what_is_no_request_is_answered_with_an_error() {
    let deep = ["[".repeat(100_000).as_bytes(), b"\n"].concat();
    let long = ["x".repeat(MAX_LINE + 1).as_bytes(), b"\n"].concat();
    let (bad_line, bad_input) = ("bad_line", "bad_input");
    let cases: [(&[u8], Value, &str); 22] = [
        (b"\n", Value::Null, bad_line),
        (b"hello\n", Value::Null, bad_line),
        (b"\xFF\xFE\0\n", Value::Null, bad_line),
        (b"[]\n", Value::Null, bad_line),
        (&deep, Value::Null, bad_line),
        (&long, Value::Null, "line_too_long"),
        (b"{\"id\":1}\n", json!(1), bad_line),
        (b"{\"op\":\"hash\",\"input\":{}}\n", Value::Null, bad_line),
        (b"{\"id\":\"a\",\"op\":1,\"input\":{}}\n", json!("a"), bad_line),
        (b"{\"id\":\"a\",\"op\":\"hash\"}\n", json!("a"), bad_line),
        (b"{\"id\":[1],\"op\":\"hash\",\"input\":{}}\n", json!([1]), bad_input),
        (b"{\"id\":2,\"op\":\"hash\",\"input\":[]}\n", json!(2), bad_input),
        (b"{\"id\":2,\"op\":\"hash\",\"input\":{\"hex\":\"0\"}}\n", json!(2), bad_input),
        (b"{\"id\":2,\"op\":\"hash\",\"input\":{\"hex\":\"+1\"}}\n", json!(2), bad_input),
        (b"{\"id\":2,\"op\":\"hash\",\"input\":{\"hex\":\"\xC3\xA9\"}}\n", json!(2), bad_input),
        (b"{\"id\":2,\"op\":\"encode_form\",\"input\":{\"pairs\":[[\"ff\",\"\"]]}}\n", json!(2), bad_input),
        (b"{\"id\":2,\"op\":\"decode_packet\",\"input\":{\"direction\":\"up\",\"hex\":\"\"}}\n", json!(2), bad_input),
        (b"{\"id\":2,\"op\":\"read_bits\",\"input\":{\"hex\":\"\",\"reads\":[\"b99999999\"]}}\n", json!(2), bad_input),
        (b"{\"id\":2,\"op\":\"read_bits\",\"input\":{\"hex\":\"\",\"reads\":[\"s33\"]}}\n", json!(2), bad_input),
        (b"{\"id\":2,\"op\":\"read_bits\",\"input\":{\"hex\":\"\",\"reads\":[\"\xC3\xA91\"]}}\n", json!(2), bad_input),
        (b"{\"id\":2,\"op\":\"write_bits\",\"input\":{\"size\":4,\"writes\":[\"b9:00\"]}}\n", json!(2), bad_input),
        (b"{\"id\":2,\"op\":\"verify_ticket\",\"input\":{\"ticket\":\"\",\"guid\":\"1\",\"now\":1,\"key_n\":\"\",\"key_e\":\"\"}}", json!(2), bad_input),
    ];
    let lines: Vec<u8> = cases.iter().flat_map(|(line, ..)| line.to_vec()).collect();
    let answers = ask(&mut program(&["codec"]), &lines);
    assert_eq!(answers.len(), cases.len(), "one answer a line");
    for ((line, id, kind), answer) in cases.iter().zip(&answers) {
        let start = String::from_utf8_lossy(&line[..line.len().min(80)]);
        assert_eq!(answer, &json!({ "id": id, "error": kind }), "{start}");
    }
}

/// Every argument of every vector in turn is something else, or missing.
#[test]
fn no_argument_is_trusted() {
    let codec = Codec::new(Some(Dictionary::new(own_dictionary()).expect("a dictionary")));
    let mut refused = 0;
    for case in vectors::suites().iter().flat_map(|suite| &suite.cases) {
        for name in case.input.as_object().expect("arguments").keys() {
            let mut input = case.input.clone();
            input.as_object_mut().expect("arguments").remove(name);
            let _ = codec.answer(&case.op, &input);
            for other in [json!(null), json!(""), json!("zz"), json!([]), json!([[]]), json!({})] {
                input[name] = other;
                let answer = codec.answer(&case.op, &input);
                refused += usize::from(matches!(answer, Answer::Error(_)));
            }
            for other in [json!(0), json!(-1), json!(u64::MAX), json!(1e300), json!(true)] {
                input[name] = other;
                let _ = codec.answer(&case.op, &input);
            }
        }
    }
    assert!(refused > 6000, "{refused}");
}

#[test]
fn refusals_have_kinds_and_what_is_lacking_is_skipped() {
    let codec = Codec::new(None);
    let error = |kind: &str| Answer::Error(kind.to_owned());
    let packet = |direction: &str, hex: &str| {
        codec.answer("decode_packet", &json!({ "direction": direction, "hex": hex }))
    };
    assert_eq!(packet("client_to_server", "de30ea"), error("incomplete"));
    assert_eq!(packet("client_to_server", "02000000"), error("unknown_type"));
    assert_eq!(packet("server_to_client", "02000000"), error("unknown_type"));
    // What the reference names and has no layout for is its bytes.
    let opaque = |name: &str| {
        let hash = cfx_wire::hash::rage(name.as_bytes());
        packet("server_to_client", &hex(&[&hash.to_le_bytes()[..], b"\x01\x02"].concat()))
    };
    for name in ["msgConfirm", "msgEntityCreate"] {
        assert_eq!(opaque(name), Answer::Ok(json!({ "name": name, "fields": { "data": "0102" } })));
    }
    assert_eq!(codec.answer("no_such_op", &json!({})), Answer::Skip);
    let payload = json!({ "hex": "00000000" });
    assert_eq!(codec.answer("decode_route_payload", &payload), Answer::Skip);
    let dictionary = Dictionary::new(*b"words").expect("short");
    let answer = Codec::new(Some(dictionary)).answer("decode_route_payload", &payload);
    assert_eq!(answer, error("unknown_type"));
}

/// 65,536 bytes without a pattern (xorshift).
fn own_dictionary() -> Vec<u8> {
    let mut state = 0x9E37_79B9_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[0]
    };
    (0..MAX_DICTIONARY).map(|_| next()).collect()
}

/// As the reference's source has it.
fn c_table(bytes: &[u8]) -> String {
    let mut text = String::from("// made by a test, 2021-03-29\n");
    for row in bytes.chunks(16) {
        text.push_str("   ");
        for byte in row {
            write!(text, " 0x{byte:02X},").expect("a String");
        }
        text.push('\n');
    }
    text
}

#[test]
fn a_table_becomes_a_dictionary_that_payloads_are_read_with() {
    let (table, file) = (Scratch::new("table.h"), Scratch::new("table.bin"));
    let bytes = own_dictionary();
    fs::write(table.path(), c_table(&bytes)).expect("written");
    let make = &mut program(&["dictionary", table.path(), "--output", file.path()]);
    let (status, out, err) = run(make);
    assert_eq!(status, Some(0), "{out}{err}");
    assert!(out.contains(&format!("{}: 65536 bytes", file.path())), "{out}");
    assert!(out.contains("--dictionary") && out.contains(DICTIONARY), "{out}");
    assert_eq!(fs::read(file.path()).expect("there"), bytes);

    let dictionary = Dictionary::from_file(file.path()).expect("a dictionary");
    let layout = Layout { game: Game::Rdr3, length_hack: true };
    let mut writer = NetAcksWriter::new(layout, &dictionary);
    let object = acks::Object { object_id: 40_000, uniqifier: 7 };
    assert_eq!(writer.push(&acks::c2s::Record::Create(object)), None);
    let payload = writer.finish().expect("a record");
    let request = json!({
        "id": "own/1",
        "op": "decode_route_payload",
        "input": { "hex": hex(&payload), "length_hack": true, "game": "rdr3" },
    });
    let records = json!([{ "type": "create", "object_id": 40_000, "uniqifier": 7 }]);
    let read = json!({ "name": "netAcks", "fields": { "records": records } });
    let lines = format!("{request}\n").into_bytes();
    let answers = ask(&mut program(&["codec", "--dictionary", file.path()]), &lines);
    assert_eq!(answers, [json!({ "id": "own/1", "ok": read })]);
    let answers = ask(program(&["codec"]).env(DICTIONARY, file.path()), &lines);
    assert_eq!(answers, [json!({ "id": "own/1", "ok": read })]);
    let answers = ask(program(&["codec"]).env(DICTIONARY, ""), &lines);
    assert_eq!(answers, [json!({ "id": "own/1", "skip": true })]);
}

#[test]
fn what_is_no_table_makes_no_dictionary() {
    let (table, file) = (Scratch::new("bad.h"), Scratch::new("bad.bin"));
    let bytes = own_dictionary();
    for (content, why) in [
        (c_table(&bytes[1..]).into_bytes(), "a table of 65535 bytes instead of 65536"),
        (bytes.clone(), "not a text"),
        (b"<!DOCTYPE html>".to_vec(), "is not a byte like 0x7F"),
        (vec![b' '; 5_000_000], "longer than 4194304 bytes"),
    ] {
        fs::write(table.path(), content).expect("written");
        let make = &mut program(&["dictionary", table.path(), "--output", file.path()]);
        let (status, _, err) = run(make);
        assert_eq!(status, Some(2), "{why}");
        assert!(err.contains(table.path()) && err.contains(why), "{err}");
        assert!(!file.0.exists());
    }
    let (status, _, err) = run(&mut program(&["dictionary", "no/such/file.h"]));
    assert_eq!(status, Some(2));
    assert!(err.contains("no/such/file.h"), "{err}");
    // The table instead of the dictionary: the message says what to do.
    fs::write(table.path(), c_table(&bytes)).expect("written");
    let (status, _, err) = run(&mut program(&["codec", "--dictionary", table.path()]));
    assert_eq!(status, Some(2));
    assert!(err.contains("`cfx-conformance dictionary`"), "{err}");
}
