//! A streamed answer of `POST /client`: JSON values, each followed by CR LF, until the body ends
//! (SPEC HTTP-5).
//!
//! [`ValueStream`] gives each value as soon as its last byte is there, however the body is cut into
//! chunks (SPEC HTTP-6), bounds what one value may need, and tells a body that is not JSON from one
//! that ends inside a value (SPEC HTTP-7). Each byte is looked at once by the grammar and once as
//! UTF-8. A value that lies inside one chunk is not copied.
//!
//! What it accepts:
//! - White space (RFC 8259's) between values is skipped; none is needed, as the reference's reader
//!   needs none. So `true1` is two values, and `01` too: 0 and 1.
//! - A literal is complete with its last letter. A top-level number is complete only at the byte
//!   behind it, or at [`ValueStream::finish`].
//! - Each value that is returned parses as a `serde_json::Value`. So what that type refuses is
//!   refused here, as it is by the reference: half a surrogate pair in `\u` escapes, bytes that are
//!   not UTF-8, a number beyond the doubles. More than 127 open arrays and objects are refused, too:
//!   that is `serde_json`'s limit; the reference has none.
//!
//! UTF-8 and the size of numbers are checked when the value is complete, everything else at its
//! byte. So an error of the grammar is reported before an earlier one of these two, under every
//! chunking alike.
//!
//! ```
//! use cfx_control::stream::ValueStream;
//!
//! let mut stream = ValueStream::new(1 << 20);
//! let mut values = Vec::new();
//! for mut chunk in [&b"{\"defer\":true}\r\n{\"pro"[..], b"tocol\":5}\r\n"] {
//!     while let Some(value) = stream.next(&mut chunk)? {
//!         values.push(value.to_owned());
//!     }
//! }
//! assert_eq!(stream.finish()?, None);
//! assert_eq!(values, ["{\"defer\":true}", "{\"protocol\":5}"]);
//! # Ok::<(), cfx_control::stream::StreamError>(())
//! ```

use core::{fmt, mem};

mod grammar;

use grammar::Grammar;

/// The most arrays and objects that may be open at once in a value: `serde_json` refuses the 128th.
pub const MAX_DEPTH: u8 = 127;

/// A buffer beyond this many bytes is given back once its value has been returned.
const KEPT: usize = 64 * 1024;

/// Cuts a body into its JSON values, chunk by chunk.
#[derive(Debug)]
pub struct ValueStream {
    max_value: usize,
    /// Bytes taken so far, and where the value at hand begins.
    offset: u64,
    value_at: u64,
    grammar: Grammar,
    /// What earlier chunks brought of the value at hand; at most `max_value` bytes.
    gathered: Vec<u8>,
    /// Whether `gathered` holds a value that has been returned.
    returned: bool,
    failed: Option<StreamError>,
}

impl ValueStream {
    /// A stream at its beginning; one value may have at most `max_value` bytes, the white space
    /// inside it counted. The stream allocates no more than that.
    pub const fn new(max_value: usize) -> Self {
        Self {
            max_value,
            offset: 0,
            value_at: 0,
            grammar: Grammar::new(),
            gathered: Vec::new(),
            returned: false,
            failed: None,
        }
    }

    /// Takes bytes off the front of `input` until a value is complete, and returns its text, or
    /// until `input` is used up (`None`). A value's text has no white space around it.
    ///
    /// # Errors
    /// When the body is not JSON, or a value is too large or too deep. Every later call gives the
    /// same error.
    pub fn next<'a, 'i: 'a>(
        &'a mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<&'a str>, StreamError> {
        self.ready()?;
        if self.grammar.is_idle() {
            let spaces = input.iter().take_while(|&&byte| grammar::is_space(byte)).count();
            self.take(input, spaces);
            if input.is_empty() {
                return Ok(None);
            }
            self.value_at = self.offset;
            self.grammar.begin();
        }
        match self.advance(input) {
            Ok((part, true)) => self.complete(part).map(Some),
            Ok((part, false)) => {
                self.gather(part);
                Ok(None)
            }
            Err(error) => Err(self.fail(error)),
        }
    }

    /// Says that the body has ended, which completes a top-level number, and returns that.
    ///
    /// # Errors
    /// When the body ends inside a value; or the error that an earlier call gave.
    pub fn finish(&mut self) -> Result<Option<&str>, StreamError> {
        self.ready()?;
        if self.grammar.is_idle() {
            return Ok(None);
        }
        let missing = self.grammar.missing();
        if self.grammar.finish(self.offset) {
            return self.complete(&[]).map(Some);
        }
        Err(self.fail(StreamError::EndsInsideValue { offset: self.offset, missing }))
    }

    /// How many bytes of the body have been taken.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether no value is unfinished: the body may end here.
    pub const fn is_idle(&self) -> bool {
        self.grammar.is_idle() && self.failed.is_none()
    }

    /// Lets go of the value that was returned last.
    fn ready(&mut self) -> Result<(), StreamError> {
        if mem::take(&mut self.returned) {
            if self.gathered.capacity() > KEPT {
                self.gathered = Vec::new();
            }
            self.gathered.clear();
        }
        self.failed.map_or(Ok(()), Err)
    }

    /// Runs the grammar over `input`, and gives the part that belongs to the value at hand and
    /// whether that is complete.
    fn advance<'i>(&mut self, input: &mut &'i [u8]) -> Result<(&'i [u8], bool), StreamError> {
        let room = self.max_value - self.gathered.len();
        let (window, beyond) = input.split_at_checked(room).unwrap_or((input, &[]));
        let (used, mut result) = self.grammar.scan(window, self.offset);
        let part = self.take(input, used);
        if let (Ok(false), Some(byte)) = (result, beyond.first()) {
            // The value fills its bound. Only a number can be complete, and the byte tells.
            let (0, Ok(true)) = self.grammar.scan(core::slice::from_ref(byte), self.offset) else {
                return Err(StreamError::TooLarge { offset: self.offset, max: self.max_value });
            };
            result = Ok(true);
        }
        result.map(|complete| (part, complete))
    }

    /// Takes `count` bytes off the front of `input`.
    fn take<'i>(&mut self, input: &mut &'i [u8], count: usize) -> &'i [u8] {
        let (taken, rest) = input.split_at_checked(count).unwrap_or((input, &[]));
        *input = rest;
        self.offset += taken.len() as u64;
        taken
    }

    /// Keeps a part of an unfinished value. The buffer doubles, but not beyond the bound.
    fn gather(&mut self, part: &[u8]) {
        let length = self.gathered.len();
        let needed = length + part.len();
        if needed > self.gathered.capacity() {
            let capacity = self.gathered.capacity().saturating_mul(2).min(self.max_value);
            self.gathered.reserve_exact(capacity.max(needed) - length);
        }
        self.gathered.extend_from_slice(part);
    }

    /// The value at hand, of which `part` is the last.
    fn complete<'a>(&'a mut self, part: &'a [u8]) -> Result<&'a str, StreamError> {
        let whole = self.gathered.is_empty();
        if !whole {
            self.gather(part);
            self.returned = true;
        }
        let value = if whole { part } else { self.gathered.as_slice() };
        let checked = check(value, self.value_at, self.grammar.has_large_number());
        if let Err(error) = checked {
            self.failed = Some(error);
        }
        checked
    }

    fn fail(&mut self, error: StreamError) -> StreamError {
        self.failed = Some(error);
        self.gathered = Vec::new();
        error
    }
}

/// Checks what only a whole value shows: its UTF-8, and the size of its numbers.
fn check(value: &[u8], value_at: u64, large_number: bool) -> Result<&str, StreamError> {
    let text = core::str::from_utf8(value)
        .map_err(|error| Fault::Encoding.at(value_at + error.valid_up_to() as u64))?;
    match large_number.then(|| too_large_number(text)).flatten() {
        Some(at) => Err(Fault::NumberRange.at(value_at + at as u64)),
        None => Ok(text),
    }
}

/// Where in a valid value the first number beyond the doubles begins.
fn too_large_number(value: &str) -> Option<usize> {
    let bytes = value.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = bytes.get(at..).unwrap_or_default();
        at += match byte {
            b'"' => string_length(rest),
            b'-' | b'0'..=b'9' => {
                let length = rest.iter().take_while(|byte| is_number_byte(**byte)).count();
                let number = rest.get(..length).unwrap_or_default();
                if serde_json::from_slice::<f64>(number).is_err() {
                    return Some(at);
                }
                length
            }
            _ => 1,
        };
    }
    None
}

/// The length of the string at the front of `bytes`, quotes and all.
fn string_length(bytes: &[u8]) -> usize {
    let mut at = 1;
    loop {
        at += grammar::plain(bytes.get(at..).unwrap_or_default());
        match bytes.get(at) {
            Some(b'\\') => at += 2,
            _ => return at + 1,
        }
    }
}

const fn is_number_byte(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')
}

/// Why a body could not be cut into values. Offsets are in bytes from the start of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamError {
    /// The body is not JSON.
    NotJson {
        /// The byte that cannot stand where it stands; for an escape the backslash it begins with
        /// (of a surrogate pair, the first), for a number beyond the doubles its first byte.
        offset: u64,
        /// What is wrong there.
        fault: Fault,
    },
    /// A value has more bytes than it may.
    TooLarge {
        /// The first byte too many.
        offset: u64,
        /// How many bytes a value may have.
        max: usize,
    },
    /// The body ends inside a value.
    EndsInsideValue {
        /// How many bytes the body has.
        offset: u64,
        /// What would have to follow.
        missing: Fault,
    },
    /// More arrays and objects are open than may be.
    TooDeep {
        /// The bracket that opens one too many.
        offset: u64,
        /// How many may be open: [`MAX_DEPTH`].
        max: u8,
    },
}

/// What is wrong with a byte, or missing where the body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// A value must begin here.
    Value,
    /// A member's name must begin here.
    Name,
    /// A colon must follow a member's name.
    Colon,
    /// A comma or the closing brace must follow a member.
    CommaInObject,
    /// A comma or the closing bracket must follow an element.
    CommaInArray,
    /// `true`, `false` or `null` is spelt otherwise.
    Literal,
    /// A digit must follow a number's minus.
    Digit,
    /// A digit must follow a number's point.
    FractionDigit,
    /// A digit must follow a number's `e`, or the sign behind that.
    ExponentDigit,
    /// A string is not closed.
    Quote,
    /// A control character stands in a string without an escape.
    Control,
    /// A backslash escapes nothing that can be escaped.
    Escape,
    /// Four hex digits must follow `\u`.
    HexDigit,
    /// One half of a surrogate pair stands alone.
    Surrogate,
    /// A string holds bytes that are not UTF-8.
    Encoding,
    /// A number is beyond the doubles.
    NumberRange,
}

impl Fault {
    const fn at(self, offset: u64) -> StreamError {
        StreamError::NotJson { offset, fault: self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Value => "a value is missing",
            Self::Name => "a member's name is missing",
            Self::Colon => "the colon behind a member's name is missing",
            Self::CommaInObject => "a comma or the closing brace is missing",
            Self::CommaInArray => "a comma or the closing bracket is missing",
            Self::Literal => "the rest of true, false or null is missing",
            Self::Digit => "a number's digits are missing",
            Self::FractionDigit => "the digits behind a number's point are missing",
            Self::ExponentDigit => "a number's exponent is missing",
            Self::Quote => "a string's closing quote is missing",
            Self::Control => "a control character in a string is not escaped",
            Self::Escape => "there is no such escape",
            Self::HexDigit => "a hex digit of an escape is missing",
            Self::Surrogate => "half of a surrogate pair is missing",
            Self::Encoding => "the bytes are not UTF-8",
            Self::NumberRange => "a number is too large",
        })
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson { offset, fault } => write!(f, "not JSON at byte {offset}: {fault}"),
            Self::TooLarge { offset, max } => {
                write!(f, "a value is longer than {max} bytes, at byte {offset}")
            }
            Self::EndsInsideValue { offset, missing } => {
                write!(f, "the body ends inside a value, at byte {offset}: {missing}")
            }
            Self::TooDeep { offset, max } => {
                write!(f, "more than {max} arrays and objects are open at byte {offset}")
            }
        }
    }
}

impl core::error::Error for StreamError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_and_given_back() {
        let max = 1_000_000;
        let mut stream = ValueStream::new(max);
        let value = [b"\"", vec![b'x'; max - 2].as_slice(), b"\""].concat();
        for mut chunk in value.chunks(1400) {
            let found = stream.next(&mut chunk).expect("JSON").map(str::len);
            assert_eq!(found.is_some(), stream.is_idle());
            assert!(stream.gathered.capacity() <= max);
            assert!(stream.gathered.capacity() <= 2 * stream.gathered.len());
        }
        assert_eq!(stream.next(&mut &b"1"[..]), Ok(None));
        assert!(stream.gathered.capacity() <= KEPT);
    }
}
