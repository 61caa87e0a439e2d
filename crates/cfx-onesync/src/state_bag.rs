//! `msgStateBag`: one key of a state bag, in the first version's layout. It is what
//! [`cfx_game::state_bag::StateBag`] has as its data.
//!
//! A server sends it to every client, since it does not know their versions, and ignores it from
//! them (the reference's server has the reader compiled out); clients of a server from bit version
//! `0x202405010000` on send `msgStateBagV2`. Reference:
//! `citizen-resources-core/src/StateBagComponent.cpp`, `net-packet/include/StateBag.h`.

use bytes::BufMut;
use cfx_game::frame::{MessageType, Payload};
use cfx_game::state_bag::MAX_DATA;
use cfx_wire::{Decode, DecodeError, Encode, ErrorKind, Reader};

/// The most bytes of a payload that the reference can write. Of a greater value it writes nothing
/// but the names, which no receiver takes.
pub const MAX_WRITTEN: usize = 128 * 1024;

/// The most bytes of a name or key: its length has 16 bits and counts a NUL.
pub const MAX_NAME: usize = 65534;

/// Name, key and value. The layout is one of bits, but each of its fields is whole bytes: `u16`
/// big-endian length with the NUL counted, name, NUL; the same for the key; then the value.
///
/// The reference's reader does not check the NUL. Of names that run past the end of the message it
/// makes as many NULs; here they are an error, as are the empty ones that it ignores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateBagV1<'a> {
    /// The bag, such as `player:1` or `entity:513`; 1 to [`MAX_NAME`] bytes.
    pub name: &'a [u8],
    /// The key in it, 1 to [`MAX_NAME`] bytes.
    pub key: &'a [u8],
    /// The value in `MessagePack`, at least a byte.
    pub value: &'a [u8],
}

impl Payload for StateBagV1<'_> {
    const KIND: MessageType = MessageType::STATE_BAG;
}

impl<'a> Decode<'a> for StateBagV1<'a> {
    /// Two names and a value of a byte each.
    const MIN_SIZE: usize = 2 * (2 + 1 + 1) + 1;
    const MAX_SIZE: usize = MAX_DATA;

    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let name = text(reader, "bag name")?;
        let key = text(reader, "key")?;
        if reader.remaining() == 0 {
            return Err(reader.error("value", ErrorKind::Incomplete { needed: 1 }));
        }
        Ok(Self { name, key, value: reader.rest() })
    }

    /// Also wants the NULs, and none before them.
    fn from_slice_strict(data: &'a [u8]) -> Result<Self, DecodeError> {
        let bag = Self::from_slice(data)?;
        let key_at = 2 + bag.name.len() + 1;
        for (field, at, text) in [("bag name", 0, bag.name), ("key", key_at, bag.key)] {
            let end = at + 2 + text.len();
            if text.contains(&0) || data.get(end) != Some(&0) {
                return Err(DecodeError::new(
                    field,
                    at,
                    ErrorKind::Malformed("not ended by a NUL"),
                ));
            }
        }
        Ok(bag)
    }
}

fn text<'a>(reader: &mut Reader<'a>, field: &'static str) -> Result<&'a [u8], DecodeError> {
    let empty = reader.error(field, ErrorKind::TooShort { min: 2 });
    let length = usize::from(reader.u16(field)?.swap_bytes());
    let bytes = reader.bytes(field, length)?;
    bytes.split_last().map(|(_, text)| text).filter(|text| !text.is_empty()).ok_or(empty)
}

fn cut(text: &[u8]) -> &[u8] {
    text.get(..MAX_NAME).unwrap_or(text)
}

/// Cuts names to [`MAX_NAME`]. A value that makes the payload longer than [`MAX_DATA`] is written,
/// and refused by every receiver.
impl Encode for StateBagV1<'_> {
    fn encoded_len(&self) -> usize {
        2 * (2 + 1) + cut(self.name).len() + cut(self.key).len() + self.value.len()
    }

    fn encode(&self, out: &mut impl BufMut) {
        for text in [cut(self.name), cut(self.key)] {
            out.put_u16(u16::try_from(text.len() + 1).unwrap_or(u16::MAX));
            out.put_slice(text);
            out.put_u8(0);
        }
        out.put_slice(self.value);
    }
}
