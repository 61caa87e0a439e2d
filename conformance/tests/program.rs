//! The program as its users start it: what it prints, and its exit status.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, Command, Output, Stdio};
use std::thread;

fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cfx-conformance"));
    command.args(args);
    command
}

/// Runs it to its end; gives the exit status, and both of what it printed.
fn run(args: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = program(args).output().expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (status.code(), text(stdout), text(stderr))
}

/// A server in a process of its own, which ends with the test.
struct Served {
    process: Child,
    address: String,
}

impl Served {
    fn start() -> Self {
        let mut process = program(&["serve", "--listen", "127.0.0.1:0", "--hostname", "^1Test"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        let stdout = process.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let address = line.split_whitespace().nth(2).expect("its address").to_owned();
        Self { process, address }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A UDP port that sends everything back, and has no TCP beside it.
fn echo() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let address = socket.local_addr().expect("bound");
    thread::spawn(move || {
        let mut buffer = [0; 2048];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let _ = socket.send_to(&buffer[..length], from);
        }
    });
    address
}

#[test]
fn our_own_server_passes() {
    let (status, out, _) = run(&["--only", "oob.getinfo.*", "--only", "join.*"]);
    assert_eq!(status, Some(0), "{out}");
    assert!(out.starts_with("Checking our own server, on 127.0.0.1:"), "{out}");
    assert!(out.contains("\n  pass  "), "{out}");
    assert!(out.contains("oob.getinfo.reply (OOB-3 MUST, "), "{out}");
    assert!(out.contains(" passed, 0 failed, 0 skipped in "), "{out}");
    assert!(!out.contains('\x1b'), "no colour where there is no terminal");
}

#[test]
fn a_wrong_answer_is_shown_with_what_was_expected() {
    let address = echo().to_string();
    let (status, out, _) = run(&["run", "--target", &address, "--only", "oob.getinfo.reply"]);
    assert_eq!(status, Some(1), "{out}");
    assert!(out.contains("It does not answer GET /info.json"), "{out}");
    for line in ["requirement  OOB-3 MUST, see SPEC.md", "expected     ", "received     "] {
        assert!(out.contains(line), "{out}");
    }
    assert!(out.contains("getinfo xyz"), "the bytes that came: {out}");
    assert!(out.contains("0 passed, 1 failed, 0 skipped"), "{out}");
}

#[test]
fn nobody_there() {
    // A port that was free a moment ago.
    let free =
        UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port");
    let free = free.to_string();
    let unknown = "no-such-host.invalid";
    for args in [
        &["--target", &free][..],
        &["query", &free],
        &["join", &free],
        &["--target", unknown],
        &["query", unknown],
        &["join", unknown],
    ] {
        let (status, out, err) = run(args);
        assert_eq!(status, Some(3), "{args:?}: {out}{err}");
        let says_why = err.contains("nothing answers") || err.contains("no such host");
        assert!(says_why, "{args:?}: {out}{err}");
    }
}

#[test]
fn wrong_usage() {
    for args in [
        &["--no-such-option"][..],
        &["no-such-command"],
        &["--only", "no.such.case"],
        &["--target", "no such host"],
        &["--target", "127.0.0.1:1", "run"],
        &["join", "127.0.0.1:1", "--stay", "18446744073709551615"],
        &["join", "ftp://host"],
        &["log", "no/such/file.log"],
    ] {
        let (status, out, err) = run(args);
        assert_eq!(status, Some(2), "{args:?}: {out}{err}");
        assert!(!err.is_empty(), "{args:?} says what is wrong");
    }
}

#[test]
fn a_server_is_queried_and_joined() {
    let served = Served::start();
    let (status, out, _) = run(&["query", &served.address]);
    assert_eq!(status, Some(0), "{out}");
    assert!(out.contains("hostname   Test\n"), "{out}");
    assert!(out.contains("players    0 of 64\n"), "{out}");

    let (status, out, _) = run(&["join", &served.address, "--stay", "0"]);
    assert_eq!(status, Some(0), "{out}");
    for text in [
        "Requesting server variables...",
        "Handshaking with server...",
        "Downloading content manifest",
        "Connecting to server...",
        "Received connectOK: ServerID 1, SlotID 128, HostID 65535",
        "left",
    ] {
        assert!(out.contains(text), "{text}: {out}");
    }

    let (status, out, _) = run(&["--target", &served.address, "--only", "init_connect.*"]);
    assert_eq!(status, Some(0), "{out}");
    assert!(out.contains("needs a server whose settings the suite chooses"), "{out}");
}

#[test]
fn cases_are_listed() {
    let (status, out, _) = run(&["list"]);
    assert_eq!(status, Some(0));
    assert!(out.lines().count() >= 40);
    assert!(out.lines().all(|line| line.contains(" MUST ") || line.contains(" SHOULD ")), "{out}");
}

#[test]
fn help_has_examples() {
    let (status, out, _) = run(&["--help"]);
    assert_eq!(status, Some(0));
    assert!(out.contains("Examples:") && out.contains("Exit status:"), "{out}");
}

/// SPEC SEC-10: what a server says cannot move the cursor.
#[test]
fn control_characters_are_shown_and_not_obeyed() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let address = socket.local_addr().expect("bound").to_string();
    thread::spawn(move || {
        let mut buffer = [0; 2048];
        while let Ok((_, from)) = socket.recv_from(&mut buffer) {
            let answer = b"\xFF\xFF\xFF\xFFinfoResponse\n\\hostname\\\x1b]0;owned\x07";
            let _ = socket.send_to(answer, from);
        }
    });
    let (status, out, _) = run(&["query", &address]);
    assert_eq!(status, Some(0), "{out}");
    assert!(out.contains("hostname   \\u{1b}]0;owned\\u{7}\n"), "{out}");
    assert!(out.contains("It does not answer GET /info.json."), "{out}");
}

#[test]
fn an_echo_says_nothing_about_itself() {
    let (status, out, _) = run(&["query", &echo().to_string()]);
    assert_eq!(status, Some(3), "{out}");
    assert!(out.contains("is no infoResponse"), "{out}");
}
