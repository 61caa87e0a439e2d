//! Lines of a log and their columns.

use std::io::{self, BufRead, Read};

/// Bytes of a line that are read, line end included; the rest of a longer line is passed over.
///
/// The client writes lines of any length (a manifest it cannot parse is logged whole, megabytes in
/// a line); no text about the connection comes near this.
pub const MAX_LINE: usize = 64 * 1024;

/// Reads lines of bounded length.
pub(super) struct LineReader<R> {
    input: R,
    line: Vec<u8>,
    shortened: usize,
}

impl<R: BufRead> LineReader<R> {
    pub(super) fn new(input: R) -> Self {
        LineReader { input, line: Vec::new(), shortened: 0 }
    }

    /// How many lines so far were longer than [`MAX_LINE`].
    pub(super) fn shortened(&self) -> usize {
        self.shortened
    }

    /// The next line without its line end, and whether it had one.
    pub(super) fn next(&mut self) -> io::Result<Option<(&[u8], bool)>> {
        self.line.clear();
        let limit = MAX_LINE as u64;
        if self.input.by_ref().take(limit).read_until(b'\n', &mut self.line)? == 0 {
            return Ok(None);
        }
        let mut whole = self.line.ends_with(b"\n");
        if whole {
            self.line.pop();
        } else if self.line.len() == MAX_LINE && self.input.skip_until(b'\n')? > 0 {
            // Its prefix and the beginning of its text are as good as a whole line's.
            whole = true;
            self.shortened += 1;
        }
        let line = self.line.strip_suffix(b"\r").unwrap_or(&self.line);
        Ok(Some((line, whole)))
    }
}

/// A line taken apart.
pub(super) struct Line<'a> {
    pub(super) ms: u64,
    /// Everything before the text: equal for the lines of one message.
    pub(super) columns: &'a [u8],
    pub(super) text: &'a [u8],
}

impl<'a> Line<'a> {
    /// Nothing when the line has no whole prefix.
    ///
    /// `whole`: a prefix that lost the blank behind its slash, as copies without trailing blanks
    /// do, is a line with an empty text. At the end of a cut log it is a cut prefix.
    pub(super) fn split(line: &'a [u8], whole: bool) -> Option<Line<'a>> {
        let (ms, rest) = split_once(line.strip_prefix(b"[")?, b"]")?;
        let (_process, rest) = split_once(rest.trim_ascii_start().strip_prefix(b"[")?, b"] ")?;
        let text = match split_once(rest, b"/ ") {
            Some((_thread, text)) => text,
            None if whole && rest.ends_with(b"/") => &[],
            None => return None,
        };
        let columns = line.get(..line.len() - text.len())?.trim_ascii_end();
        Some(Line { ms: milliseconds(ms)?, columns, text })
    }
}

/// The time column: digits, padded with blanks on the left.
fn milliseconds(column: &[u8]) -> Option<u64> {
    let digits = column.trim_ascii_start();
    // `parse` would take a sign.
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    str::from_utf8(digits).ok()?.parse().ok()
}

fn split_once<'a>(bytes: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(separator.len()).position(|window| window == separator)?;
    Some((bytes.get(..at)?, bytes.get(at + separator.len()..)?))
}
