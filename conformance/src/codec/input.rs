//! The arguments of ops: JSON in which bytes are hex.

use serde::de::{Deserialize, Deserializer, Error};
use serde_json::Value;

use super::{BAD_INPUT, Refusal};

/// Reads an op's arguments.
pub(super) fn arguments<'a, T: Deserialize<'a>>(input: &'a Value) -> Result<T, Refusal> {
    T::deserialize(input).map_err(|_| BAD_INPUT)
}

/// Bytes, given as hex of either case.
pub(super) struct Hex(pub(super) Vec<u8>);

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&str>::deserialize(deserializer)?;
        unhex(text).map(Self).ok_or_else(|| D::Error::custom("not hex"))
    }
}

/// Bytes from hex, two digits a byte.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|value| value.try_into().ok())
}

/// Lower-case hex of bytes.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
