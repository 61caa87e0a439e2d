//! The grammar of one JSON value (RFC 8259) as an automaton over bytes, which can stop behind any
//! byte and go on with the next chunk.

use super::{Fault, MAX_DEPTH, StreamError};

/// A number of more bytes than this may exceed a double even without an exponent.
const SAFE_NUMBER: u64 = 308;

/// Where in the grammar the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between top-level values.
    Idle,
    /// A value must begin.
    Value,
    /// Behind `[`: a value, or the end of the array.
    FirstElement,
    /// Behind `{`: a name, or the end of the object.
    FirstName,
    /// Behind a comma in an object: a name.
    Name,
    /// Behind a name.
    Colon,
    /// Behind an element or a member: a comma, or the end of what it is in.
    Comma,
    /// Inside a string.
    String,
    /// Behind a backslash.
    Escape,
    /// Inside the four digits of `\u`.
    Hex,
    /// Behind the first half of a surrogate pair: the backslash of the second.
    PairBackslash,
    /// Behind that backslash: its `u`.
    PairLetter,
    /// Inside `true`, `false` or `null`: these letters are left.
    Literal(&'static [u8]),
    /// Behind a number's minus.
    Minus,
    /// Behind a leading zero, which no digit may follow.
    Zero,
    /// Inside the digits before the point.
    Integer,
    /// Behind the point.
    Point,
    /// Inside the digits behind the point.
    Fraction,
    /// Behind `e`.
    Exponent,
    /// Behind the sign of the exponent.
    ExponentSign,
    /// Inside the digits of the exponent.
    Power,
}

/// How far into a value the bytes so far lead.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grammar {
    state: State,
    /// Open arrays (0) and objects (1), the innermost in the lowest bit.
    open: u128,
    /// How many are open; at most [`MAX_DEPTH`].
    depth: u8,
    /// Whether the string at hand is a member's name.
    name: bool,
    /// The digits of a `\u` so far, and how many of the four are left.
    unit: u16,
    hex_left: u8,
    /// Whether the `\u` at hand must be the second half of a surrogate pair.
    pair: bool,
    /// Where the escape at hand (of a pair, its first) begins in the body.
    escape_at: u64,
    /// Where the number at hand begins in the body.
    number_at: u64,
    /// Whether the value holds a number that may exceed a double.
    large_number: bool,
}

impl Grammar {
    pub(super) const fn new() -> Self {
        Self {
            state: State::Idle,
            open: 0,
            depth: 0,
            name: false,
            unit: 0,
            hex_left: 0,
            pair: false,
            escape_at: 0,
            number_at: 0,
            large_number: false,
        }
    }

    /// Begins a top-level value.
    pub(super) fn begin(&mut self) {
        *self = Self { state: State::Value, ..Self::new() };
    }

    /// Whether no value has begun.
    pub(super) const fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// Whether the value holds a number whose size is to be checked.
    pub(super) const fn has_large_number(&self) -> bool {
        self.large_number
    }

    /// Ends a top-level number where the body ends; `false` where the value cannot end.
    pub(super) fn finish(&mut self, offset: u64) -> bool {
        let number =
            matches!(self.state, State::Zero | State::Integer | State::Fraction | State::Power);
        number && self.end_number(offset)
    }

    /// What is missing where the body ends here.
    pub(super) const fn missing(&self) -> Fault {
        match self.state {
            State::Idle | State::Value | State::FirstElement => Fault::Value,
            State::FirstName | State::Name => Fault::Name,
            State::Colon => Fault::Colon,
            State::String => Fault::Quote,
            State::Escape => Fault::Escape,
            State::Hex => Fault::HexDigit,
            State::PairBackslash | State::PairLetter => Fault::Surrogate,
            State::Literal(_) => Fault::Literal,
            State::Minus => Fault::Digit,
            State::Point => Fault::FractionDigit,
            State::Exponent | State::ExponentSign => Fault::ExponentDigit,
            // A number that could end here; what it is in goes on.
            State::Comma | State::Zero | State::Integer | State::Fraction | State::Power => {
                if self.in_object() { Fault::CommaInObject } else { Fault::CommaInArray }
            }
        }
    }

    /// Goes through `bytes`, which begin at `base` in the body, until the top-level value is
    /// complete (`true`) or the bytes are used up (`false`). Gives how many were taken, too.
    pub(super) fn scan(&mut self, bytes: &[u8], base: u64) -> (usize, Result<bool, StreamError>) {
        // A copy stays in registers; `self` would be written at every byte.
        let mut grammar = *self;
        let mut at = 0;
        let result = grammar.run(bytes, base, &mut at);
        *self = grammar;
        (at, result)
    }

    #[inline]
    fn run(&mut self, bytes: &[u8], base: u64, at: &mut usize) -> Result<bool, StreamError> {
        while let Some(&byte) = bytes.get(*at) {
            let offset = base + *at as u64;
            match self.state {
                State::String => match byte {
                    b'"' => {
                        if self.end_string() {
                            *at += 1;
                            return Ok(true);
                        }
                    }
                    b'\\' => {
                        self.state = State::Escape;
                        self.escape_at = offset;
                    }
                    0..0x20 => return Err(Fault::Control.at(offset)),
                    _ => {
                        *at += plain(bytes.get(*at..).unwrap_or_default());
                        continue;
                    }
                },
                State::Comma => match byte {
                    b',' => {
                        self.state = if self.in_object() { State::Name } else { State::Value };
                    }
                    b'}' if self.in_object() => {
                        if self.close() {
                            *at += 1;
                            return Ok(true);
                        }
                    }
                    b']' if !self.in_object() => {
                        if self.close() {
                            *at += 1;
                            return Ok(true);
                        }
                    }
                    _ if is_space(byte) => {}
                    _ => return Err(self.missing().at(offset)),
                },
                State::Colon => match byte {
                    b':' => self.state = State::Value,
                    _ if is_space(byte) => {}
                    _ => return Err(Fault::Colon.at(offset)),
                },
                State::Name | State::FirstName => match byte {
                    b'"' => {
                        self.name = true;
                        self.state = State::String;
                    }
                    b'}' if self.state == State::FirstName => {
                        if self.close() {
                            *at += 1;
                            return Ok(true);
                        }
                    }
                    _ if is_space(byte) => {}
                    _ => return Err(Fault::Name.at(offset)),
                },
                State::FirstElement if byte == b']' => {
                    if self.close() {
                        *at += 1;
                        return Ok(true);
                    }
                }
                State::Idle | State::Value | State::FirstElement => {
                    if !is_space(byte) {
                        self.start(byte, offset)?;
                    }
                }
                State::Integer | State::Fraction | State::Power if byte.is_ascii_digit() => {}
                State::Integer | State::Zero if byte == b'.' => self.state = State::Point,
                State::Integer | State::Zero | State::Fraction if matches!(byte, b'e' | b'E') => {
                    self.state = State::Exponent;
                    self.large_number = true;
                }
                State::Integer | State::Zero | State::Fraction | State::Power => {
                    // The byte belongs to what follows the number.
                    if self.end_number(offset) {
                        return Ok(true);
                    }
                    continue;
                }
                State::Minus => match byte {
                    b'0' => self.state = State::Zero,
                    b'1'..=b'9' => self.state = State::Integer,
                    _ => return Err(Fault::Digit.at(offset)),
                },
                State::Point => self.digit(byte, State::Fraction, offset)?,
                State::Exponent if matches!(byte, b'+' | b'-') => self.state = State::ExponentSign,
                State::Exponent | State::ExponentSign => self.digit(byte, State::Power, offset)?,
                State::Literal(letters) => {
                    let Some((_, left)) =
                        letters.split_first().filter(|&(&first, _)| first == byte)
                    else {
                        return Err(Fault::Literal.at(offset));
                    };
                    self.state = State::Literal(left);
                    if left.is_empty() && self.end_value() {
                        *at += 1;
                        return Ok(true);
                    }
                }
                State::Escape => match byte {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {
                        self.state = State::String;
                    }
                    b'u' => self.begin_hex(false),
                    _ => return Err(Fault::Escape.at(self.escape_at)),
                },
                State::Hex => self.hex(byte)?,
                State::PairBackslash if byte == b'\\' => self.state = State::PairLetter,
                State::PairLetter if byte == b'u' => self.begin_hex(true),
                State::PairBackslash | State::PairLetter => {
                    return Err(Fault::Surrogate.at(self.escape_at));
                }
            }
            *at += 1;
        }
        Ok(false)
    }

    /// The first byte of a value.
    #[inline]
    fn start(&mut self, byte: u8, offset: u64) -> Result<(), StreamError> {
        self.state = match byte {
            b'"' => {
                self.name = false;
                State::String
            }
            b'{' => return self.open(true, offset),
            b'[' => return self.open(false, offset),
            b't' => State::Literal(b"rue"),
            b'f' => State::Literal(b"alse"),
            b'n' => State::Literal(b"ull"),
            b'-' | b'0'..=b'9' => {
                self.number_at = offset;
                match byte {
                    b'-' => State::Minus,
                    b'0' => State::Zero,
                    _ => State::Integer,
                }
            }
            _ => return Err(Fault::Value.at(offset)),
        };
        Ok(())
    }

    #[inline]
    fn open(&mut self, object: bool, offset: u64) -> Result<(), StreamError> {
        if self.depth >= MAX_DEPTH {
            return Err(StreamError::TooDeep { offset, max: MAX_DEPTH });
        }
        self.depth += 1;
        self.open = self.open << 1 | u128::from(object);
        self.state = if object { State::FirstName } else { State::FirstElement };
        Ok(())
    }

    #[inline]
    const fn in_object(&self) -> bool {
        self.open & 1 == 1
    }

    /// Closes the innermost array or object; `true` when that was the whole value.
    #[inline]
    fn close(&mut self) -> bool {
        self.depth -= 1;
        self.open >>= 1;
        self.end_value()
    }

    /// A value has ended; `true` when it was the whole value.
    #[inline]
    fn end_value(&mut self) -> bool {
        self.state = if self.depth == 0 { State::Idle } else { State::Comma };
        self.depth == 0
    }

    #[inline]
    fn end_string(&mut self) -> bool {
        if self.name {
            self.state = State::Colon;
            return false;
        }
        self.end_value()
    }

    /// The number at hand has ended before `offset`.
    #[inline]
    fn end_number(&mut self, offset: u64) -> bool {
        self.large_number |= offset - self.number_at > SAFE_NUMBER;
        self.end_value()
    }

    /// A digit must stand here, and leads to `next`.
    #[inline]
    fn digit(&mut self, byte: u8, next: State, offset: u64) -> Result<(), StreamError> {
        if !byte.is_ascii_digit() {
            return Err(self.missing().at(offset));
        }
        self.state = next;
        Ok(())
    }

    #[inline]
    fn begin_hex(&mut self, pair: bool) {
        self.state = State::Hex;
        self.pair = pair;
        self.unit = 0;
        self.hex_left = 4;
    }

    /// One of the four digits of `\u`. Half a surrogate pair is no character, so it is refused
    /// with the fourth.
    #[inline]
    fn hex(&mut self, byte: u8) -> Result<(), StreamError> {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            _ => return Err(Fault::HexDigit.at(self.escape_at)),
        };
        self.unit = self.unit << 4 | u16::from(digit);
        self.hex_left -= 1;
        if self.hex_left > 0 {
            return Ok(());
        }
        self.state = match (self.unit, self.pair) {
            (0xD800..0xDC00, false) => State::PairBackslash,
            (0xDC00..0xE000, pair) if pair => State::String,
            (0xDC00..0xE000, _) | (_, true) => return Err(Fault::Surrogate.at(self.escape_at)),
            _ => State::String,
        };
        Ok(())
    }
}

/// White space between values (RFC 8259, section 2).
pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// How many bytes at the front are plain inside a string: no quote, backslash or control
/// character.
#[inline]
pub(super) fn plain(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let found = special(u64::from_le_bytes(*word));
        if found != 0 {
            return index * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let special = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
    words.len() * 8 + special.unwrap_or(rest.len())
}

/// Sets the highest bit of each byte of `word` that is not plain inside a string. The lowest set
/// bit is exact; bits above it can be wrong, for a borrow runs upwards.
#[inline]
const fn special(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHS: u64 = ONES << 7;
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let quote = quote.wrapping_sub(ONES) & !quote;
    let backslash = backslash.wrapping_sub(ONES) & !backslash;
    (control | quote | backslash) & HIGHS
}
