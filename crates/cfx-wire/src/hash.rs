//! The two hashes of the protocol: Jenkins' one-at-a-time, with its bytes as they are or lowered.
//!
//! Both add each byte as a *signed* char, so bytes from 0x80 on sign-extend; reference:
//! `client/shared/Utils.h`. Both are usable in constants.

/// Hash of the bytes as they are: names game-channel messages and out-of-band keys (SPEC WIRE-1).
///
/// ```
/// assert_eq!(cfx_wire::hash::rage(b"msgFrame"), 0x53FF_FA3F);
/// ```
pub const fn rage(data: &[u8]) -> u32 {
    one_at_a_time(data, false)
}

/// Hash after lowering ASCII letters: the ENet connect data of a connection token, and the payload
/// types inside client routes (SPEC WIRE-1).
///
/// ```
/// use cfx_wire::hash::lower;
/// assert_eq!(lower(b"netClones"), lower(b"NETCLONES"));
/// ```
pub const fn lower(data: &[u8]) -> u32 {
    one_at_a_time(data, true)
}

const fn one_at_a_time(data: &[u8], lower: bool) -> u32 {
    let mut hash = 0u32;
    let mut i = 0;
    while i < data.len() {
        let byte = if lower { data[i].to_ascii_lowercase() } else { data[i] };
        // The reference adds a signed char; the cast chain keeps its sign.
        hash = hash.wrapping_add((byte.cast_signed() as i32).cast_unsigned());
        hash = hash.wrapping_add(hash << 10);
        hash ^= hash >> 6;
        i += 1;
    }
    hash = hash.wrapping_add(hash << 3);
    hash ^= hash >> 11;
    hash.wrapping_add(hash << 15)
}
