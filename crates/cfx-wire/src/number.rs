//! Decimal numbers as the C library reads them.
//!
//! The peers read `protocol`, `guid` and the fields of `connectOK` with `atoi`, `strtoull` and
//! `_strtoi64`: leading white space and a sign are skipped, digits are read up to the first byte
//! that is none, and text without digits is 0. A library that refused what they accept could be
//! bypassed by a peer that knows.

/// `atoi` on a two's-complement machine: the value of [`strtol`], cut to its low 32 bits.
///
/// ```
/// use cfx_wire::number::atoi;
/// assert_eq!(atoi(b" 12abc"), 12);
/// assert_eq!(atoi(b"-1"), -1);
/// assert_eq!(atoi(b"x"), 0);
/// ```
#[expect(clippy::cast_possible_truncation, reason = "atoi is strtol cut to an int")]
pub fn atoi(text: &[u8]) -> i32 {
    strtol(text) as i32
}

/// `atoi` of the Windows C runtime, which clamps at both ends where Linux cuts. The reference client
/// runs on Windows, so this is how `connectOK` is read.
///
/// ```
/// use cfx_wire::number::{atoi, atoi_clamped};
/// assert_eq!(atoi_clamped(b"4294967297"), i32::MAX);
/// assert_eq!(atoi(b"4294967297"), 1);
/// ```
pub fn atoi_clamped(text: &[u8]) -> i32 {
    let value = strtol(text);
    i32::try_from(value).unwrap_or(if value < 0 { i32::MIN } else { i32::MAX })
}

/// `strtoll` in base 10: a signed 64-bit value, clamped at both ends.
pub fn strtol(text: &[u8]) -> i64 {
    let (negative, digits) = sign_and_digits(text);
    digits.iter().fold(0i64, |value, digit| {
        let digit = i64::from(digit - b'0');
        let value = value.saturating_mul(10);
        if negative { value.saturating_sub(digit) } else { value.saturating_add(digit) }
    })
}

/// `strtoull` in base 10: an unsigned 64-bit value, clamped at the top; a minus sign negates it
/// modulo 2⁶⁴ unless it was clamped.
///
/// ```
/// use cfx_wire::number::strtoull;
/// assert_eq!(strtoull(b"148618792331476182"), 148_618_792_331_476_182);
/// assert_eq!(strtoull(b"-1"), u64::MAX);
/// ```
pub fn strtoull(text: &[u8]) -> u64 {
    let (negative, digits) = sign_and_digits(text);
    let value = digits
        .iter()
        .try_fold(0u64, |value, digit| value.checked_mul(10)?.checked_add(u64::from(digit - b'0')));
    match value {
        Some(value) if negative => value.wrapping_neg(),
        Some(value) => value,
        None => u64::MAX,
    }
}

fn sign_and_digits(text: &[u8]) -> (bool, &[u8]) {
    let start = text.iter().position(|byte| !is_space(*byte)).unwrap_or(text.len());
    let (negative, rest) = match text[start..].split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, &text[start..]),
    };
    let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    (negative, &rest[..end])
}

/// `isspace` in the C locale.
pub const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}
