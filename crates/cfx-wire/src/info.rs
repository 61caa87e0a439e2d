//! Info strings, `\key\value\key\value…`, as the client reads them and the server writes them.

use alloc::vec::Vec;

use bytes::BufMut;

/// An info string of this many bytes or more reads as empty (`BIG_INFO_STRING`, SPEC WIRE-5).
pub const MAX_INFO_STRING: usize = 8192;

/// [`strip_colors`] keeps at most this many bytes.
pub const MAX_STRIPPED: usize = MAX_INFO_STRING - 1;

/// The value of `key`, or nothing when it is missing (SPEC WIRE-5).
///
/// As in the reference client: the string ends at its first NUL, keys are compared without regard
/// to ASCII case, the first match wins, and a key without a separator behind it ends the search.
///
/// ```
/// use cfx_wire::info::value;
/// let info = br"\hostname\^1My Server\clients\3";
/// assert_eq!(value(info, b"HostName"), br"^1My Server");
/// assert_eq!(value(info, b"mapname"), b"");
/// ```
pub fn value<'a>(info: &'a [u8], key: &[u8]) -> &'a [u8] {
    let key = c_string(key);
    pairs(info).find(|(name, _)| name.eq_ignore_ascii_case(key)).map_or(&[], |(_, value)| value)
}

/// The pairs of an info string, in order, as [`value`] walks them.
pub fn pairs(info: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let info = c_string(info);
    let info = if info.len() < MAX_INFO_STRING { info } else { &[] };
    let mut rest = Some(info.strip_prefix(br"\").unwrap_or(info));
    core::iter::from_fn(move || {
        let (name, tail) = split_once(rest?)?;
        let (value, next) = match split_once(tail) {
            Some((value, next)) => (value, Some(next)),
            None => (tail, None),
        };
        rest = next;
        Some((name, value))
    })
}

/// Appends `\key\value`. Neither is escaped or checked: the format has no escape, and the
/// reference writes what its variables hold.
pub fn put_pair(out: &mut impl BufMut, key: &[u8], value: &[u8]) {
    out.put_u8(b'\\');
    out.put_slice(key);
    out.put_u8(b'\\');
    out.put_slice(value);
}

/// The text without its `^0`–`^9` colour codes, up to its first NUL and at most
/// [`MAX_STRIPPED`] bytes of it (SPEC WIRE-6).
///
/// ```
/// assert_eq!(cfx_wire::info::strip_colors(b"^1Red ^9Blue ^x"), b"Red Blue ^x");
/// ```
pub fn strip_colors(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = c_string(text);
    while out.len() < MAX_STRIPPED {
        match rest {
            [b'^', digit, tail @ ..] if digit.is_ascii_digit() => rest = tail,
            [byte, tail @ ..] => {
                out.push(*byte);
                rest = tail;
            }
            [] => break,
        }
    }
    out
}

fn c_string(bytes: &[u8]) -> &[u8] {
    &bytes[..memchr::memchr(0, bytes).unwrap_or(bytes.len())]
}

fn split_once(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(b'\\', bytes)?;
    Some((&bytes[..at], &bytes[at + 1..]))
}
