//! `MessagePack` of the messages that the machines write or read themselves. Every integer and
//! length takes its shortest form, as in the reference's library.

use std::collections::BTreeMap;

use rmp::decode::{self, Bytes};
use rmp::encode::{self, ByteBuf};

/// A player as `onPlayerJoining` and `onPlayerDropped` have it: an array of net id, name and slot,
/// both numbers unsigned and of 32 bits (reference: `ClientRegistry.cpp`, `Client.h`).
pub(crate) fn player(net_id: u32, name: &str, slot: u32) -> Vec<u8> {
    let mut out = ByteBuf::with_capacity(name.len() + 16);
    // Writing to memory cannot fail.
    let _ = encode::write_array_len(&mut out, 3);
    let _ = encode::write_uint(&mut out, net_id.into());
    let _ = encode::write_str(&mut out, name);
    let _ = encode::write_uint(&mut out, slot.into());
    out.into_vec()
}

/// Reads [`player`]. More arguments are ignored, as a handler with three parameters does.
pub(crate) fn read_player(data: &[u8]) -> Option<(u32, String, u32)> {
    let mut bytes = Bytes::new(data);
    if decode::read_array_len(&mut bytes).ok()? < 3 {
        return None;
    }
    let net_id = decode::read_int(&mut bytes).ok()?;
    let name = read_string(&mut bytes)?;
    Some((net_id, name, decode::read_int(&mut bytes).ok()?))
}

/// One text as the only argument of an event.
pub(crate) fn text(text: &str) -> Vec<u8> {
    let mut out = ByteBuf::with_capacity(text.len() + 6);
    let _ = encode::write_array_len(&mut out, 1);
    let _ = encode::write_str(&mut out, text);
    out.into_vec()
}

/// A map of texts, in the order of their names (`msgConVars`).
pub(crate) fn texts<'a>(map: impl ExactSizeIterator<Item = (&'a String, &'a String)>) -> Vec<u8> {
    let mut out = ByteBuf::new();
    let _ = encode::write_map_len(&mut out, u32::try_from(map.len()).unwrap_or(u32::MAX));
    for (name, value) in map {
        let _ = encode::write_str(&mut out, name);
        let _ = encode::write_str(&mut out, value);
    }
    out.into_vec()
}

/// Reads [`texts`]; nothing when it is anything else.
pub(crate) fn read_texts(data: &[u8]) -> Option<BTreeMap<String, String>> {
    let mut bytes = Bytes::new(data);
    let count = decode::read_map_len(&mut bytes).ok()?;
    // Nothing is taken for what is announced; the data ends the loop.
    (0..count).map(|_| Some((read_string(&mut bytes)?, read_string(&mut bytes)?))).collect()
}

/// A text, with what is not UTF-8 in it replaced: names and values are any bytes.
fn read_string(bytes: &mut Bytes<'_>) -> Option<String> {
    let length = usize::try_from(decode::read_str_len(bytes).ok()?).ok()?;
    let rest = bytes.remaining_slice();
    let (text, rest) = rest.split_at_checked(length)?;
    *bytes = Bytes::new(rest);
    Some(String::from_utf8_lossy(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_player_takes_the_shortest_forms() {
        assert_eq!(player(1, "Ana", 128), *b"\x93\x01\xA3Ana\xCC\x80");
        assert_eq!(player(128, "", 300), b"\x93\xCC\x80\xA0\xCD\x01\x2C");
        assert_eq!(player(65_534, "", u32::MAX), b"\x93\xCD\xFF\xFE\xA0\xCE\xFF\xFF\xFF\xFF");
        let long = "x".repeat(200);
        assert_eq!(player(1, &long, 0)[..4], *b"\x93\x01\xD9\xC8");
        assert_eq!(read_player(&player(1, &long, u32::MAX)), Some((1, long, u32::MAX)));
    }

    #[test]
    fn what_is_cut_or_of_another_type_is_refused() {
        let whole = player(70_000, "Ana", 128);
        for end in 0..whole.len() {
            assert_eq!(read_player(&whole[..end]), None, "{end}");
        }
        assert_eq!(read_player(b"\x92\x01\xA0"), None);
        assert_eq!(read_player(b"\x93\xFF\xA0\x01"), None, "a negative net id");
        assert_eq!(read_texts(b"\xDF\xFF\xFF\xFF\xFF"), None, "four thousand million pairs");
        assert_eq!(read_texts(b"\x81\xA1a\xDB\xFF\xFF\xFF\xFFx"), None);
        assert_eq!(read_texts(b"\x81\xA1a\x01"), None);
        assert_eq!(read_texts(b"\x80"), Some(BTreeMap::new()));
    }
}
