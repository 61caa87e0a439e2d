//! Base64 as the reference's library reads it (Botan 2.19, `base64_decode`).

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Without padding, and blind to the bits that are left over.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// Why text is not base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base64Error {
    /// A byte that is neither digit, padding nor white space.
    Character(u8),
    /// Padding after a complete group at the end.
    Padding,
}

/// The text of the library's exception, which the server passes on.
impl std::fmt::Display for Base64Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Character(byte) => {
                // Half a UTF-8 character is replaced as the answer is written.
                let text = String::from_utf8_lossy(std::slice::from_ref(byte));
                write!(f, "base64_decode: invalid base64 character '{text}'")
            }
            Self::Padding => f.write_str("base64 decoding failed, input did not have full bytes"),
        }
    }
}

pub(super) fn decode(text: &[u8]) -> Result<Vec<u8>, Base64Error> {
    let mut digits = Vec::with_capacity(text.len());
    let mut padding_since_group = false;
    for &byte in text {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => {
                digits.push(byte);
                padding_since_group = false;
            }
            b'=' => padding_since_group = true,
            b' ' | b'\t' | b'\n' | b'\r' => {}
            _ => return Err(Base64Error::Character(byte)),
        }
    }
    let left_over = digits.len() % 4;
    if left_over == 0 && padding_since_group {
        return Err(Base64Error::Padding);
    }
    if left_over == 1 {
        // Six bits make no byte.
        digits.pop();
    }
    // Nothing but digits is left, in a number that can be: this cannot fail.
    ENGINE.decode(digits).map_err(|_| Base64Error::Padding)
}

pub(super) fn encode(data: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(data)
}
