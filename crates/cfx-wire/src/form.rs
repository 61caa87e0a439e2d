//! Form bodies: what a client posts to `/client`, and the payload of the ENet handshake.
//!
//! The server's decoder is its own and lenient in ways that no standard describes (reference:
//! `net-base/src/FormData.cpp`); the client's encoder is plain. [`Form::decode`] is that decoder,
//! bit for bit; [`Form::decode_strict`] refuses what no honest client sends.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use bytes::BufMut;

use crate::error::{DecodeError, ErrorKind};
use crate::number::is_space;

/// A key and its value, borrowed where nothing was escaped.
type Pair<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

/// The pairs of a decoded form, sorted by the bytes of their keys, each key once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Form<'a> {
    pairs: Vec<Pair<'a>>,
}

impl<'a> Form<'a> {
    /// Decodes as the reference server does (SPEC WIRE-2, WIRE-3). Never fails:
    ///
    /// - decoding stops silently at the first malformed pair (no `=`, an empty key, an empty value
    ///   followed by `&` or by the end) and keeps the pairs before it;
    /// - a key runs to the next `=`, `&` included; a value to the next `&`, `=` included;
    /// - a bad percent escape cuts its key or value there; two characters that C's `strtol` reads
    ///   as hexadecimal are a good one, so `% 1`, `%+1`, `%0x` and `%1g` decode;
    /// - the last of several equal keys wins.
    ///
    /// ```
    /// use cfx_wire::form::Form;
    /// let form = Form::decode(b"a=%41+b&&c=d&broken");
    /// let pairs: Vec<_> = form.iter().collect();
    /// assert_eq!(pairs, [(&b"&c"[..], &b"d"[..]), (b"a", b"A b")]);
    /// ```
    pub fn decode(input: &'a [u8]) -> Self {
        let mut pairs = Vec::new();
        let mut rest = input;
        while let Some((key, value, next)) = next_pair(rest) {
            pairs.push((url_decode(key).0, url_decode(value).0));
            rest = next;
        }
        Self::from_pairs(pairs)
    }

    /// Decodes and refuses what an honest client never sends: a malformed pair, a bad or unusual
    /// escape, a key twice.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] with the offset of the first pair that is wrong.
    pub fn decode_strict(input: &'a [u8]) -> Result<Self, DecodeError> {
        let malformed = |at, why| DecodeError::new("form", at, ErrorKind::Malformed(why));
        let mut pairs = Vec::new();
        let mut rest = input;
        while !rest.is_empty() {
            let at = input.len() - rest.len();
            let (key, value, next) =
                next_pair(rest).ok_or(malformed(at, "not a key=value pair"))?;
            if memchr::memchr(b'&', key).is_some() {
                return Err(malformed(at, "a pair without ="));
            }
            let ((key, Escapes::Plain), (value, Escapes::Plain)) =
                (url_decode(key), url_decode(value))
            else {
                return Err(malformed(at, "a bad percent escape"));
            };
            pairs.push((key, value));
            rest = next;
        }
        let count = pairs.len();
        let form = Self::from_pairs(pairs);
        if form.pairs.len() < count {
            return Err(malformed(0, "the same key twice"));
        }
        Ok(form)
    }

    /// Sorts by key and keeps the last value of each.
    fn from_pairs(mut pairs: Vec<Pair<'a>>) -> Self {
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        pairs.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                core::mem::swap(&mut later.1, &mut kept.1);
            }
            same
        });
        Self { pairs }
    }

    /// The value of `key`, byte for byte.
    pub fn get(&self, key: &str) -> Option<&[u8]> {
        let found = self.pairs.binary_search_by(|(name, _)| name.as_ref().cmp(key.as_bytes()));
        found.ok().map(|at| self.pairs[at].1.as_ref())
    }

    /// The pairs in the order of their keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&[u8], &[u8])> {
        self.pairs.iter().map(|(key, value)| (key.as_ref(), value.as_ref()))
    }
}

/// One pair and what follows it; nothing where the reference stops.
fn next_pair(input: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let equals = memchr::memchr(b'=', input).filter(|at| *at > 0)?;
    let (key, tail) = (&input[..equals], &input[equals + 1..]);
    let end = memchr::memchr(b'&', tail).unwrap_or(tail.len());
    if end == 0 {
        return None;
    }
    Some((key, &tail[..end], tail.get(end + 1..).unwrap_or(&[])))
}

/// How a component was escaped.
#[derive(PartialEq, Eq)]
enum Escapes {
    /// Not at all, or by the standard.
    Plain,
    /// In a way that only the reference accepts, or cut at a bad escape.
    Odd,
}

fn url_decode(input: &[u8]) -> (Cow<'_, [u8]>, Escapes) {
    if memchr::memchr2(b'%', b'+', input).is_none() {
        return (Cow::Borrowed(input), Escapes::Plain);
    }
    let mut out = Vec::with_capacity(input.len());
    let mut escapes = Escapes::Plain;
    let mut rest = input;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let Some((&[high, low], tail)) = rest.split_first_chunk() else {
                    return (Cow::Owned(out), Escapes::Odd);
                };
                let Some(value) = hex_stoi(high, low) else {
                    return (Cow::Owned(out), Escapes::Odd);
                };
                if !high.is_ascii_hexdigit() || !low.is_ascii_hexdigit() {
                    escapes = Escapes::Odd;
                }
                out.push(value);
                rest = tail;
            }
            _ => out.push(byte),
        }
    }
    (Cow::Owned(out), escapes)
}

/// C's `strtol` in base 16 on two characters: white space or a sign may precede one digit, and what
/// is no digit ends the number.
fn hex_stoi(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    match (high, digit(high), digit(low)) {
        (_, Some(high), Some(low)) => Some(high << 4 | low),
        (_, Some(high), None) => Some(high),
        (b'-', None, Some(low)) => Some(low.wrapping_neg()),
        (b'+', None, Some(low)) => Some(low),
        (space, None, Some(low)) if is_space(space) => Some(low),
        _ => None,
    }
}

/// Appends pairs as the reference client writes them (SPEC WIRE-4): sorted by key, keys as they
/// are, values percent-encoded in lower-case hex but for letters, digits and `-_.~`, a space as `+`.
///
/// ```
/// let mut out = Vec::new();
/// cfx_wire::form::encode(&[("name", "Jörg & Co".as_bytes()), ("guid", b"7")], &mut out);
/// assert_eq!(out, b"guid=7&name=J%c3%b6rg+%26+Co");
/// ```
pub fn encode(pairs: &[(&str, &[u8])], out: &mut impl BufMut) {
    let mut sorted: Vec<_> = pairs.iter().collect();
    sorted.sort_by_key(|(key, _)| key.as_bytes());
    for (i, (key, value)) in sorted.into_iter().enumerate() {
        if i > 0 {
            out.put_u8(b'&');
        }
        out.put_slice(key.as_bytes());
        out.put_u8(b'=');
        value.iter().for_each(|byte| put_escaped(out, *byte));
    }
}

fn put_escaped(out: &mut impl BufMut, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    match byte {
        b' ' => out.put_u8(b'+'),
        b'-' | b'_' | b'.' | b'~' => out.put_u8(byte),
        _ if byte.is_ascii_alphanumeric() => out.put_u8(byte),
        _ => out.put_slice(&[b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]),
    }
}
