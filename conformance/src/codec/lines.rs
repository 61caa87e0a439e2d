//! Lines of bounded length.

use std::io::{self, BufRead, ErrorKind};

/// How a line ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// With a newline.
    Whole,
    /// With the input.
    Cut,
    /// Beyond the bound; only a part of it was kept.
    TooLong,
}

/// Reads the next line into `line`, without its newline; nothing at the end of the input. Of a line
/// of more than `max` bytes the rest is stepped over.
pub(crate) fn read_line(
    input: &mut impl BufRead,
    max: usize,
    line: &mut Vec<u8>,
) -> io::Result<Option<Line>> {
    line.clear();
    let mut too_long = false;
    let mut empty = true;
    let cut = loop {
        let chunk = match input.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if chunk.is_empty() && empty {
            return Ok(None);
        }
        let newline = chunk.iter().position(|byte| *byte == b'\n');
        let part = chunk.get(..newline.unwrap_or(chunk.len())).unwrap_or(chunk);
        too_long |= part.len() > max - line.len();
        if !too_long {
            line.extend_from_slice(part);
        }
        empty = false;
        let at_end = chunk.is_empty();
        let used = part.len() + usize::from(newline.is_some());
        input.consume(used);
        if at_end || newline.is_some() {
            break at_end;
        }
    };
    Ok(Some(match cut {
        _ if too_long => Line::TooLong,
        true => Line::Cut,
        false => Line::Whole,
    }))
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read};

    use super::*;

    fn lines(input: &[u8], capacity: usize) -> Vec<(Line, Vec<u8>)> {
        let mut reader = BufReader::with_capacity(capacity, input.chain(&b""[..]));
        let mut line = Vec::new();
        let mut lines = Vec::new();
        while let Some(read) = read_line(&mut reader, 4, &mut line).expect("a slice reads") {
            lines.push((read, line.clone()));
        }
        lines
    }

    #[test]
    fn lines_are_cut_at_newlines_alone() {
        for capacity in [1, 2, 3, 64] {
            let read = lines(b"abcd\n\nab\r\nabc", capacity);
            let expected = [
                (Line::Whole, b"abcd".to_vec()),
                (Line::Whole, vec![]),
                (Line::Whole, b"ab\r".to_vec()),
                (Line::Cut, b"abc".to_vec()),
            ];
            assert_eq!(read, expected, "{capacity}");
            assert_eq!(lines(b"", capacity), []);
        }
    }

    #[test]
    fn a_line_over_the_bound_is_stepped_over() {
        for capacity in [1, 2, 3, 64] {
            let read = lines(b"abcde\nab\nabcdefghij", capacity);
            let kinds: Vec<_> = read.iter().map(|(kind, _)| *kind).collect();
            assert_eq!(kinds, [Line::TooLong, Line::Whole, Line::TooLong], "{capacity}");
            assert_eq!(read[1].1, b"ab");
            assert!(read.iter().all(|(_, line)| line.len() <= 4));
        }
    }
}
