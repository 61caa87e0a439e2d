//! `cfx-wire`: forms, info strings, numbers.

use cfx_wire::form::{self, Form};
use cfx_wire::{info, number};

use crate::source::Source;

/// A form body: sorted, no longer than its input, the same when strict, and read again as it was
/// when a client writes it.
pub fn wire_form(data: &[u8]) {
    let form = Form::decode(data);
    let pairs: Vec<_> = form.iter().collect();
    assert!(pairs.windows(2).all(|pair| pair[0].0 < pair[1].0), "not sorted");
    assert!(pairs.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>() <= data.len());
    if let Ok(strict) = Form::decode_strict(data) {
        assert_eq!(strict, form);
    }
    let writable: Vec<_> = pairs.into_iter().filter_map(writable).collect();
    written(&writable);
}

/// A pair that a client can write: it does not escape keys, and a server stops at an empty value.
fn writable<'a>((key, value): (&'a [u8], &'a [u8])) -> Option<(&'a str, &'a [u8])> {
    let key = std::str::from_utf8(key).ok().filter(|key| is_plain(key.as_bytes()))?;
    (!value.is_empty()).then_some((key, value))
}

/// Whether a key needs no escape.
pub(crate) fn is_plain(key: &[u8]) -> bool {
    !key.is_empty() && !key.iter().any(|byte| b"=%+".contains(byte))
}

/// Writes pairs with different keys, and reads them.
fn written(pairs: &[(&str, &[u8])]) {
    let mut body = Vec::new();
    form::encode(pairs, &mut body);
    let read = Form::decode(&body);
    assert_eq!(read.iter().len(), pairs.len());
    for (key, value) in pairs {
        assert_eq!(read.get(key), Some(*value));
    }
}

/// An info string: its pairs, written, are the same pairs, and the first of a name is its value.
pub fn wire_info(data: &[u8]) {
    let pairs: Vec<_> = info::pairs(data).collect();
    let mut written = Vec::new();
    for (key, value) in &pairs {
        let first = pairs.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
        assert_eq!(Some(info::value(data, key)), first.map(|(_, value)| *value));
        info::put_pair(&mut written, key, value);
    }
    if written.len() < info::MAX_INFO_STRING {
        assert!(info::pairs(&written).eq(pairs));
    }
    let stripped = info::strip_colors(data);
    assert!(stripped.len() <= data.len().min(info::MAX_STRIPPED));
}

/// A number as C reads it, against arithmetic that is wide enough.
pub fn wire_number(data: &[u8]) {
    let start = data.iter().position(|byte| !number::is_space(*byte)).unwrap_or(data.len());
    let (negative, digits) = match &data[start..] {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    // Far beyond 64 bits it does not matter how far.
    let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
    let value =
        digits.fold(0_i128, |value, digit| (value * 10 + i128::from(digit - b'0')).min(1 << 100));
    let signed = if negative { -value } else { value };
    let clamped = signed.clamp(i64::MIN.into(), i64::MAX.into());
    assert_eq!(i128::from(number::strtol(data)), clamped);
    assert_eq!(i128::from(number::atoi(data)) & 0xFFFF_FFFF, clamped & 0xFFFF_FFFF);
    let int = signed.clamp(i32::MIN.into(), i32::MAX.into());
    assert_eq!(i128::from(number::atoi_clamped(data)), int);
    let unsigned = match u64::try_from(value) {
        Ok(value) if negative => value.wrapping_neg(),
        Ok(value) => value,
        Err(_) => u64::MAX,
    };
    assert_eq!(number::strtoull(data), unsigned);
}

/// Pairs of a form and of an info string, and numbers: what is written is read.
pub fn wire_values(data: &[u8]) {
    let mut source = Source::new(data);
    let number: i64 = source.take();
    assert_eq!(number::strtol(number.to_string().as_bytes()), number);
    let number: u64 = source.take();
    assert_eq!(number::strtoull(number.to_string().as_bytes()), number);
    let mut pairs: Vec<(String, &[u8])> = Vec::new();
    while !source.is_empty() {
        let (key, value) = (source.text(20), source.some_bytes(200));
        if is_plain(key.as_bytes()) && !pairs.iter().any(|(other, _)| *other == key) {
            pairs.push((key, value));
        }
    }
    let pairs: Vec<_> = pairs.iter().map(|(key, value)| (key.as_str(), *value)).collect();
    written(&pairs);

    let is_free = |text: &[u8]| !text.iter().any(|byte| matches!(byte, b'\\' | 0));
    let free = pairs.iter().map(|(key, value)| (key.as_bytes(), *value));
    let free: Vec<_> = free.filter(|(key, value)| is_free(key) && is_free(value)).collect();
    let mut string = Vec::new();
    for (key, value) in &free {
        info::put_pair(&mut string, key, value);
    }
    if string.len() < info::MAX_INFO_STRING {
        assert!(info::pairs(&string).eq(free));
    }
}
