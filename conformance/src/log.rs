//! The timeline of a connection, from the log that a game client writes.
//!
//! | item | is |
//! |---|---|
//! | [`read`] | the markers of a log, in the order of its lines |
//! | [`Marker`], [`MarkerKind`] | one thing the client said about its connection, and when |
//! | [`Timeline`] | all of them, and what could not be read |
//! | [`Timeline::print`] | the same for people: times, stages, a summary for each connection |
//!
//! A line is `[   milliseconds] [  process] thread/ text`. The client pads the columns to 10, 14
//! and 20 characters; any width and any name is read. A text with line breaks is written as further
//! lines with the same columns. What comes between them is another process's: they all append to
//! one file.
//!
//! A log is cut wherever its writer died, and it quotes what the server said, so nothing in it is
//! trusted: a line costs at most [`MAX_LINE`] bytes of memory, and bytes that are not UTF-8 become
//! U+FFFD. The texts are the server's in part, so a log is evidence of what was shown, not proof of
//! what happened.
//!
//! ```
//! use cfx_conformance::log::{MarkerKind, read};
//!
//! let log = "[   1200] [ Game] net/ OnConnectionProgress: lobby: \r\n\
//!            [   1200] [ Game] net/ You are number 3\r\n\
//!            [   1900] [ Game] main/ ^2Received connectOK: ServerID 7, SlotID 127, HostID 65535\r\n";
//! let timeline = read(log.as_bytes())?;
//! assert_eq!(timeline.markers[0].kind, MarkerKind::Progress("lobby: \nYou are number 3".into()));
//! assert_eq!(
//!     timeline.markers[1].kind,
//!     MarkerKind::ConnectOk { server_id: 7, slot_id: 127, host_id: 65535 }
//! );
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Sources: `client/launcher/Console.Logging.cpp` for the lines; for the texts
//! `components/glue/src/{ConnectToNative,BindNetLibrary}.cpp`, `components/net/src/NetLibrary.cpp`,
//! `client/common/Error.cpp` and `components/gta-core-five/src/BlockLoadSetters.cpp`.

mod line;
mod marker;
mod print;
mod stage;

use std::collections::HashMap;
use std::io::{self, BufRead};

use serde::{Deserialize, Serialize};

use line::{Line, LineReader};
use marker::Found;

pub use line::MAX_LINE;
pub use marker::{GameStart, MarkerKind};

/// One thing the client said about its connection.
///
/// As JSON it is one object of two members: `ms`, and one named after the kind:
/// `{"ms":15156,"progress":"Requesting server variables..."}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// Milliseconds since the client's first process started. The client's clock moves in steps of
    /// about 16 ms, and the time is that of writing the line.
    pub ms: u64,
    /// What it said.
    #[serde(flatten)]
    pub kind: MarkerKind,
}

/// What [`read`] found in a log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    /// The markers, in the order of their (first) lines.
    pub markers: Vec<Marker>,
    /// Lines that told nothing: those without a whole prefix, a `connectOK` without its three
    /// numbers, and a last line cut before it was clear whether it begins a marker.
    pub skipped_lines: usize,
    /// Lines longer than [`MAX_LINE`], of which only so much was read.
    pub shortened_lines: usize,
    /// Whether the log ends inside a line; the marker of that line, if it has one, may be cut.
    pub ends_inside_line: bool,
    /// When logging began by the client's clock (UTC), as the log's first line says it:
    /// `Mon Dec 29 20:12:42 2025`.
    pub begun: Option<String>,
}

/// Reads a log line by line.
///
/// Lines end in LF or CR LF. Colour codes `^0`–`^9` are taken out of every text (SPEC WIRE-6); the
/// texts are otherwise kept as they are, so a message that ended in a line break comes back with it.
///
/// A line continues the text before it when milliseconds, process and thread are the same and it
/// begins no marker itself. What the same thread said about something else within the same
/// millisecond cannot be told from that.
///
/// # Errors
/// Only those of `input`. No content is an error.
pub fn read(input: impl BufRead) -> io::Result<Timeline> {
    let mut lines = LineReader::new(input);
    let mut collector = Collector::default();
    while let Some((bytes, whole)) = lines.next()? {
        collector.line(bytes, whole);
        collector.timeline.ends_inside_line = !whole;
    }
    collector.timeline.shortened_lines = lines.shortened();
    Ok(collector.timeline)
}

/// The state between two lines.
#[derive(Default)]
struct Collector {
    timeline: Timeline,
    /// The markers whose text may go on: columns of their line, position in `timeline.markers`.
    open: HashMap<Vec<u8>, usize>,
    /// The time of the markers in `open`: an older one goes on no more.
    ms: u64,
}

impl Collector {
    /// Takes one line; `whole` is false for a last line without a line end.
    fn line(&mut self, bytes: &[u8], whole: bool) {
        let Some(line) = Line::split(bytes, whole) else {
            self.timeline.skipped_lines += 1;
            return;
        };
        if line.ms != self.ms {
            self.open.clear();
            self.ms = line.ms;
        }
        let text = marker::plain(line.text, whole);
        match marker::recognise(&text, whole) {
            Found::Marker(kind) => self.marker(&line, kind),
            Found::Nothing => self.continuation(&line, &text),
            Found::Damaged => self.timeline.skipped_lines += 1,
            Found::Begun(when) => {
                self.timeline.begun.get_or_insert(when);
            }
        }
    }

    fn marker(&mut self, line: &Line, mut kind: MarkerKind) {
        if kind.text_mut().is_some() {
            self.open.insert(line.columns.to_vec(), self.timeline.markers.len());
        } else {
            self.open.remove(line.columns);
        }
        self.timeline.markers.push(Marker { ms: line.ms, kind });
    }

    fn continuation(&mut self, line: &Line, text: &str) {
        let at = self.open.get(line.columns);
        let marker = at.and_then(|&at| self.timeline.markers.get_mut(at));
        if let Some(begun) = marker.and_then(|marker| marker.kind.text_mut()) {
            begun.push('\n');
            begun.push_str(text);
        }
    }
}
