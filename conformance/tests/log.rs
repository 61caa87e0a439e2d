//! The reader of client logs: on invented lines, and on a real log where there is one.

use std::io::Cursor;

use cfx_conformance::log::{GameStart, MAX_LINE, Marker, MarkerKind, Timeline, read};
use serde::Deserialize;

/// An invented join: two attempts, the columns of two products, texts of several lines, lines of
/// others between them.
const LOG: &str = "\
[        94] [        Client]             MainThrd/ --- BEGIN LOGGING AT Sat Mar  7 09:30:00 2026 ---\r
[      2000] [   b9999_Game]               Render/ Something else entirely: 4 / 5\r
[      3000] [   b9999_Game]                   ui/ OnConnectionProgress: Requesting server variables...\r
[      3047] [   b9999_Game]                 http/ OnConnectionError: ^1Failed to fetch server variables.\r
[      3047] [   b9999_Game]                 http/ Try again later.\r
[      9000] [   b9999_Game]                   ui/ OnConnectionProgress: Requesting server variables...\r
[      9016] [   b9999_Game]                 http/ OnConnectionProgress: Handshaking with server...\r
[      9100] [   b9999_Game]                 http/ OnConnectionProgress: queue: \r
[      9100] [        Client]                pipes/ a line of another process\r
[      9100] [   b9999_Game]                 http/ ^3Position^7 2 of 2\r
[      9100] [   b9999_Game]                   ui/ a line of another thread\r
[      9100] [   b9999_Game]                 http/ \r
[      9100] [   b9999_Game]                 http/ OnConnectionProgress: queue: Deferring connection...\r
[      9100] [   b9999_Game]                 http/ \r
[      9150] [   b9999_Game]                 http/ this is said later, so it is something else\r
[      9200] [   b9999_Game]                 http/ OnConnectionProgress: Requesting server endpoints...\r
[      9300] [   b9999_Game]                 http/ Server feature policy is [first_one][onesync]\r
[      9300] [   b9999_Game]                 1234/ OnConnectionProgress: Downloading content\r
[      9316] [   b9999_Game]               Render/ OnConnectionProgress: Downloading content manifest...\r
[      9350] [   b9999_Game]               Render/ OnConnectionProgress: Downloading content manifest (12.50/80.25 kB)\r
[      9400] [   b9999_Game]               Render/ OnConnectionProgress: Verifying map (big) (1 of 2 - 0.10/0.50 MiB)\r
[      9450] [   b9999_Game]               Render/ OnConnectionProgress: Mounted chat (2 of 2)\r
[      9460] [   b9999_Game]                 1234/ OnConnectionProgress: Downloading completed\r
[      9500] [   b9999_Game]                 1234/ OnConnectionProgress: Fetching info from server...\r
[     14500] [   b9999_Game]                 1234/ OnConnectionProgress: Fetching info from server... (attempt 2)\r
[     14600] [   b9999_Game]                 1234/ OnConnectionProgress: Connecting to server...\r
[     14700] [   b9999_Game]                 1234/ ^2Received connectOK: ServerID 12, SlotID 127, HostID 65535\r
[     14700] [   b9999_Game]                 1234/ ^2Network connected, triggering game reload...\r
[     20000] [   b9999_Game]               Render/ OnConnectionProgress: Mounted late (1 of 1)\r
[     30000] [   b9999_Game]             MainThrd/ Killing network: Disconnected by server: bye\r
[     30000] [   b9999_Game]             MainThrd/ \r
";

fn timeline(log: impl AsRef<[u8]>) -> Timeline {
    read(log.as_ref()).expect("memory does not fail")
}

fn kinds(log: impl AsRef<[u8]>) -> Vec<MarkerKind> {
    timeline(log).markers.into_iter().map(|marker| marker.kind).collect()
}

fn progress(text: &str) -> MarkerKind {
    MarkerKind::Progress(text.into())
}

fn printed(timeline: &Timeline) -> String {
    let mut out = Vec::new();
    timeline.print(&mut out).expect("memory does not fail");
    String::from_utf8(out).expect("texts are UTF-8")
}

#[test]
fn prints_an_invented_log() {
    insta::assert_snapshot!(printed(&timeline(LOG)));
}

#[test]
fn prints_what_could_not_be_read_and_no_terminal_codes() {
    let log = "half a line\n[5] [p] t/ OnConnectionProgress: a\x1b[2Jb\n[6] [p] t/ Receiv";
    insta::assert_snapshot!(printed(&timeline(log)));
    insta::assert_snapshot!(printed(&timeline("")));
}

#[test]
fn reads_any_columns() {
    let log = "\
[1] [p] t/ OnConnectionProgress: one
[        22] [FiveM_b3258_GTAProcess.exe] [Cfx] A/B Thread/ OnConnectionProgress: two
[1234567890123] [      G[1]]                 t/ OnConnectionProgress: three / four
[12]\t[p]t/ OnConnectionProgress: no blank behind the process
[-1] [p] t/ OnConnectionProgress: no number
[] [p] t/ OnConnectionProgress: no time
[99999999999999999999] [p] t/ OnConnectionProgress: no u64
";
    let timeline = timeline(log);
    let read: Vec<_> =
        timeline.markers.into_iter().map(|marker| (marker.ms, marker.kind)).collect();
    let expected = [(1, "one"), (22, "two"), (1_234_567_890_123, "three / four")]
        .map(|(ms, text)| (ms, progress(text)));
    assert_eq!(read, expected);
    assert_eq!(timeline.skipped_lines, 4);
}

#[test]
fn joins_lines_of_one_text() {
    let same = "[7] [p] http/ ";
    let log = format!(
        "{same}before any marker, so of none\n\
         {same}OnConnectionProgress: a: Deferring connection...\n\
         {same}\n\
         {same}OnConnectionProgress: a: \n\
         [7] [q] http/ another process\n\
         [7] [p] main/ OnConnectionProgress: another thread's\n\
         {same}[txAdmin] Hello / there\n\
         [7] [p] http/\n\
         [7] [p] main/ and its second line\n\
         {same}Server feature policy is [a]\n\
         {same}behind a marker of one line, so of none\n"
    );
    assert_eq!(
        kinds(log),
        [
            progress("a: Deferring connection...\n"),
            progress("a: \n[txAdmin] Hello / there\n"),
            progress("another thread's\nand its second line"),
            MarkerKind::Policy(vec!["a".into()]),
        ]
    );
}

#[test]
fn joins_no_line_of_another_millisecond() {
    let log = "[7] [p] t/ OnConnectionProgress: a\n[8] [p] t/ b\n[7] [p] t/ c\n";
    assert_eq!(kinds(log), [progress("a")]);
}

#[test]
fn reads_every_kind() {
    let texts = [
        ("OnConnectionProgress: ^1Red^^9 ^x", progress("Red^ ^x")),
        ("Server feature policy is [a][b c][d", MarkerKind::Policy(vec!["a".into(), "b c".into()])),
        (
            "^2Received connectOK: ServerID 1, SlotID 128, HostID 65535",
            MarkerKind::ConnectOk { server_id: 1, slot_id: 128, host_id: 65535 },
        ),
        (
            "^2Network connected, triggering initial game load...",
            MarkerKind::NetworkConnected(GameStart::Load),
        ),
        (
            "^2Network connected, triggering game reload...",
            MarkerKind::NetworkConnected(GameStart::Reload),
        ),
        ("OnConnectionError: no", MarkerKind::Error("no".into())),
        ("Error: [md]# Timed out", MarkerKind::GlobalError("[md]# Timed out".into())),
        ("Killing network: Disconnected.", MarkerKind::Disconnected("Disconnected.".into())),
    ];
    for (text, kind) in texts {
        let line = format!("[1] [p] t/ {text}\n");
        assert_eq!(kinds(&line), std::slice::from_ref(&kind));
        let marker = Marker { ms: 1, kind };
        let json = serde_json::to_string(&marker).expect("a marker is JSON");
        assert_eq!(serde_json::from_str::<Marker>(&json).expect("and back"), marker);
    }
    for text in ["ServerID 1, SlotID 2", "ServerID 65536, SlotID 2, HostID 3", "ServerID -1, x"] {
        let timeline = timeline(format!("[1] [p] t/ Received connectOK: {text}\n"));
        assert_eq!((timeline.markers.len(), timeline.skipped_lines), (0, 1), "{text}");
    }
}

#[test]
fn line_ends_do_not_matter() {
    assert_eq!(timeline(LOG.replace("\r\n", "\n")), timeline(LOG));
}

/// The text of a marker that further lines continue.
fn text(kind: &MarkerKind) -> Option<&str> {
    match kind {
        MarkerKind::Progress(text)
        | MarkerKind::Error(text)
        | MarkerKind::GlobalError(text)
        | MarkerKind::Disconnected(text) => Some(text),
        _ => None,
    }
}

/// Whether `cut` is what is left of `full` when the log ends too early.
fn is_beginning_of(cut: &MarkerKind, full: &MarkerKind) -> bool {
    match (text(cut), text(full)) {
        (Some(cut_text), Some(full_text)) => {
            std::mem::discriminant(cut) == std::mem::discriminant(full)
                && full_text.starts_with(cut_text)
        }
        _ => std::mem::discriminant(cut) == std::mem::discriminant(full),
    }
}

#[test]
fn a_log_cut_anywhere_gives_a_beginning_of_its_markers() {
    let full = timeline(LOG).markers;
    for at in 0..LOG.len() {
        let cut = timeline(&LOG[..at]);
        let changed: Vec<_> =
            cut.markers.iter().zip(&full).filter(|(cut, full)| cut != full).collect();
        assert!(cut.markers.len() <= full.len(), "cut at {at}");
        assert!(changed.len() <= 1, "cut at {at}: {changed:?}");
        for (cut, full) in changed {
            assert_eq!(cut.ms, full.ms, "cut at {at}");
            assert!(is_beginning_of(&cut.kind, &full.kind), "cut at {at}: {cut:?} of {full:?}");
        }
        assert!(cut.skipped_lines <= 1, "cut at {at}");
        assert_eq!(cut.ends_inside_line, at > 0 && !LOG[..at].ends_with('\n'), "cut at {at}");
    }
}

#[test]
fn a_log_that_begins_inside_a_line_loses_only_that_line() {
    let full = timeline(LOG).markers;
    for at in 0..LOG.len() {
        let markers = timeline(&LOG[at..]).markers;
        assert!(full.ends_with(&markers), "cut at {at}: {markers:?}");
    }
}

#[test]
fn any_byte_may_be_damaged() {
    for at in 0..LOG.len() {
        for byte in [0xFF, b'\n', b'['] {
            let mut log = LOG.as_bytes().to_vec();
            log[at] = byte;
            printed(&timeline(log));
        }
    }
}

#[test]
fn bytes_that_are_not_utf8_are_replaced() {
    let log = b"[1] [p\xFF] t\xE9/ OnConnectionProgress: caf\xE9: \xC3\xA9\n\
                [1] [p\xFF] t\xE9/ \xFF\n\
                [1] [p\xFE] t\xE9/ not of it\n";
    assert_eq!(kinds(log), [progress("caf\u{FFFD}: \u{E9}\n\u{FFFD}")]);
}

#[test]
fn long_lines_are_cut_and_the_next_is_read() {
    let prefix = "[1] [p] t/ OnConnectionProgress: ";
    let long = "x".repeat(3 * MAX_LINE);
    let timeline =
        timeline(format!("{prefix}{long}\n{long}\n[2] [p] t/ OnConnectionProgress: b\n"));
    let texts: Vec<_> = timeline.markers.iter().filter_map(|marker| text(&marker.kind)).collect();
    assert_eq!(texts, [&long[..MAX_LINE - prefix.len()], "b"]);
    assert_eq!((timeline.shortened_lines, timeline.skipped_lines), (2, 1));
    assert!(!timeline.ends_inside_line);
}

#[test]
fn a_line_of_just_the_bound_is_whole() {
    let prefix = "[1] [p] t/ OnConnectionProgress: ";
    let text = "x".repeat(MAX_LINE - prefix.len() - 1);
    let timeline = timeline(format!("{prefix}{text}\n"));
    assert_eq!(timeline.markers[0].kind, progress(&text));
    assert_eq!(timeline.shortened_lines, 0);
}

#[test]
fn times_may_run_backwards_and_be_huge() {
    let line = |ms: u64| format!("[{ms}] [p] t/ OnConnectionProgress: a\n");
    let log = [line(0), line(u64::MAX), line(1), line(u64::MAX)].concat();
    assert_eq!(timeline(&log).markers.len(), 4);
    printed(&timeline(log));
}

#[test]
fn an_empty_log_has_nothing() {
    assert_eq!(timeline(""), Timeline::default());
}

#[test]
fn errors_of_the_source_are_passed_on() {
    struct Failing;
    impl std::io::Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("unplugged"))
        }
    }
    let first = Cursor::new("[1] [p] t/ OnConnectionProgress: a\n");
    let source = std::io::BufReader::new(std::io::Read::chain(first, Failing));
    assert_eq!(read(source).expect_err("the source fails").to_string(), "unplugged");
}

/// A file of `fixtures/sessions`.
#[derive(Deserialize)]
struct Session {
    begun: String,
    markers: Vec<Marker>,
}

fn session() -> Session {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/sessions/2025-12-29.json");
    let json = std::fs::read_to_string(path).expect("the session is in the repository");
    serde_json::from_str(&json).expect("the session is as its README says")
}

/// The real log is not in the repository: its path is given from outside.
#[test]
fn golden() {
    let Some(path) = std::env::var_os("CFX_CONNECTION_LOG") else {
        println!(
            "skipped: CFX_CONNECTION_LOG does not name the log of fixtures/sessions/2025-12-29.json"
        );
        return;
    };
    let file = std::fs::File::open(&path).expect("CFX_CONNECTION_LOG names a readable file");
    let timeline = read(std::io::BufReader::new(file)).expect("the log can be read");
    let Session { begun, markers } = session();
    assert_eq!(timeline.markers, markers);
    assert_eq!(timeline.begun, Some(begun));
    assert_eq!((timeline.skipped_lines, timeline.shortened_lines), (0, 0));
}
