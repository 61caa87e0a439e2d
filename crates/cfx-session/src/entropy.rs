//! The caller's randomness.

use core::fmt::Write;

/// Fills a buffer with unpredictable bytes. Connection tokens are made of them, so a server on a
/// network gives the operating system's source; a test gives a seeded one.
pub type Entropy = Box<dyn FnMut(&mut [u8]) + Send>;

/// A connection token: a version 4 UUID in text, as the reference makes it (SPEC HTTP-14).
pub(crate) fn token(entropy: &mut Entropy) -> String {
    let mut bytes = [0; 16];
    entropy(&mut bytes);
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let mut text = String::with_capacity(36);
    for (i, byte) in bytes.into_iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A number below `bound`, or 0 when `bound` is 0; the bias of the remainder does not matter for a
/// choice among endpoints.
pub(crate) fn below(entropy: &mut Entropy, bound: usize) -> usize {
    let mut bytes = [0; 8];
    entropy(&mut bytes);
    let bound = bound as u64;
    let choice = u64::from_le_bytes(bytes).checked_rem(bound).unwrap_or(0);
    usize::try_from(choice).unwrap_or(0)
}

/// A small generator for tests and simulations (`SplitMix64`): the same seed gives the same bytes.
/// Not for tokens on a network.
pub fn seeded(mut seed: u64) -> Entropy {
    Box::new(move |buffer| {
        for chunk in buffer.chunks_mut(8) {
            seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut word = seed;
            word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            word ^= word >> 31;
            chunk.copy_from_slice(&word.to_le_bytes()[..chunk.len()]);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_version_4_uuids_and_differ() {
        let mut entropy = seeded(1);
        let (first, second) = (token(&mut entropy), token(&mut entropy));
        assert_eq!(first.len(), 36);
        assert_eq!(&first[14..15], "4");
        assert!(matches!(&first[19..20], "8" | "9" | "a" | "b"));
        assert_ne!(first, second);
    }
}
