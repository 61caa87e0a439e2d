//! `msgArrayUpdate`: one element of an array that the game shares under `OneSync` (reference:
//! `net-packet/include/ArrayUpdate.h`). The directions differ in widths.

/// The most bytes of an element.
pub const MAX_DATA: usize = 128;

/// Client to server.
pub mod c2s {
    use bytes::BufMut;
    use cfx_wire::{Decode, DecodeError, Encode, Reader};

    use super::MAX_DATA;
    use crate::fields::{cut_u16, put_sized_u16, sized_u16};
    use crate::frame::{MessageType, Payload};

    /// The sender's element; the server gives it to the others near it.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct ArrayUpdate<'a> {
        /// Which array; one that the server does not know is ignored.
        pub handler: u8,
        /// Which element.
        pub index: u16,
        /// The element, at most [`MAX_DATA`] bytes of the game's own bits; none empties it.
        pub data: &'a [u8],
    }

    impl Payload for ArrayUpdate<'_> {
        const KIND: MessageType = MessageType::ARRAY_UPDATE;
    }

    impl<'a> Decode<'a> for ArrayUpdate<'a> {
        const MIN_SIZE: usize = 1 + 2 + 2;
        const MAX_SIZE: usize = 1 + 2 + 2 + MAX_DATA;

        fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
            Ok(Self {
                handler: reader.u8("handler")?,
                index: reader.u16("index")?,
                data: sized_u16(reader, "data", 0, MAX_DATA)?,
            })
        }
    }

    /// Cuts the data to what its length can tell, 65535 bytes.
    impl Encode for ArrayUpdate<'_> {
        fn encoded_len(&self) -> usize {
            Self::MIN_SIZE + cut_u16(self.data).len()
        }

        fn encode(&self, out: &mut impl BufMut) {
            out.put_u8(self.handler);
            out.put_u16_le(self.index);
            put_sized_u16(out, self.data);
        }
    }
}

/// Server to client.
pub mod s2c {
    use bytes::BufMut;
    use cfx_wire::{Decode, DecodeError, Encode, Reader};

    use super::MAX_DATA;
    use crate::fields::{put_sized_u32, sized_u32};
    use crate::frame::{MessageType, Payload};

    /// Another client's element, on channel 0, reliable.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct ArrayUpdate<'a> {
        /// Which array.
        pub handler: u8,
        /// The net id of the client that owns the element.
        pub owner_net_id: u16,
        /// Which element.
        pub index: u32,
        /// The element, at most [`MAX_DATA`] bytes of the game's own bits; none empties it.
        pub data: &'a [u8],
    }

    impl Payload for ArrayUpdate<'_> {
        const KIND: MessageType = MessageType::ARRAY_UPDATE;
    }

    impl<'a> Decode<'a> for ArrayUpdate<'a> {
        const MIN_SIZE: usize = 1 + 2 + 4 + 4;
        const MAX_SIZE: usize = 1 + 2 + 4 + 4 + MAX_DATA;

        fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
            Ok(Self {
                handler: reader.u8("handler")?,
                owner_net_id: reader.u16("owner net id")?,
                index: reader.u32("index")?,
                data: sized_u32(reader, "data", MAX_DATA)?,
            })
        }
    }

    impl Encode for ArrayUpdate<'_> {
        fn encoded_len(&self) -> usize {
            Self::MIN_SIZE + self.data.len()
        }

        fn encode(&self, out: &mut impl BufMut) {
            out.put_u8(self.handler);
            out.put_u16_le(self.owner_net_id);
            out.put_u32_le(self.index);
            put_sized_u32(out, self.data);
        }
    }
}
