//! `msgRoute`: bytes for another client, or under `OneSync` for the server's game state.

/// Client to server.
pub mod c2s {
    use bytes::BufMut;
    use cfx_wire::{Decode, DecodeError, Encode, Reader};

    use crate::fields::{cut_u16, strict, tail};
    use crate::frame::{MessageType, Payload};

    /// The most bytes of a route's data.
    pub const MAX_DATA: usize = u16::MAX as usize;

    /// On channel 1, unreliable (reference: `net-packet/include/Route.h`, the server's
    /// `RoutingPacketHandler.h`, the client's `NetLibraryImplV2.cpp`).
    ///
    /// The server takes everything behind the length for data and does not look at the length;
    /// [`from_slice_strict`](Decode::from_slice_strict) wants it to be that of the data.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Route<'a> {
        /// The net id of the client that gets it; 65535 under `OneSync`, and then ignored.
        pub target_net_id: u16,
        /// The length as it was told. [`new`](Self::new) sets it.
        pub packet_length: u16,
        /// The data, 1 to [`MAX_DATA`] bytes. Under `OneSync`, `netClones` or `netAcks`.
        pub data: &'a [u8],
    }

    impl<'a> Route<'a> {
        /// A route with its true length.
        pub fn new(target_net_id: u16, data: &'a [u8]) -> Self {
            let packet_length = u16::try_from(data.len()).unwrap_or(u16::MAX);
            Self { target_net_id, packet_length, data: cut_u16(data) }
        }
    }

    impl Payload for Route<'_> {
        const KIND: MessageType = MessageType::ROUTE;
    }

    impl<'a> Decode<'a> for Route<'a> {
        const MIN_SIZE: usize = 2 + 2 + 1;
        const MAX_SIZE: usize = 2 + 2 + MAX_DATA;

        fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
            Ok(Self {
                target_net_id: reader.u16("target net id")?,
                packet_length: reader.u16("packet length")?,
                data: tail(reader, "data", 1, MAX_DATA)?,
            })
        }

        fn from_slice_strict(data: &'a [u8]) -> Result<Self, DecodeError> {
            strict(data, |route: &Self| {
                let told = usize::from(route.packet_length) == route.data.len();
                if told { Ok(()) } else { Err(("packet length", "not that of the data")) }
            })
        }
    }

    impl Encode for Route<'_> {
        fn encoded_len(&self) -> usize {
            4 + self.data.len()
        }

        fn encode(&self, out: &mut impl BufMut) {
            out.put_u16_le(self.target_net_id);
            out.put_u16_le(self.packet_length);
            out.put_slice(self.data);
        }
    }
}

/// Server to client.
pub mod s2c {
    use bytes::BufMut;
    use cfx_wire::{Decode, DecodeError, Encode, Reader};

    use crate::fields::{cut_u16, put_sized_u16, sized_u16};
    use crate::frame::{MAX_PAYLOAD, MessageType, Payload};

    /// Another client's data, on channel 1, unreliable; never under `OneSync` (reference: the
    /// server's `RoutingPacketHandler.h`, the client's `NetLibraryImplV2.cpp`).
    ///
    /// The client takes as many bytes as the length says and ignores what follows. One that is cut
    /// before the length is an error here; the client reads the missing numbers as 0 and queues an
    /// empty route.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Route<'a> {
        /// The net id of the client that sent it.
        pub net_id: u16,
        /// The data, at most 65535 bytes.
        pub data: &'a [u8],
    }

    impl Payload for Route<'_> {
        const KIND: MessageType = MessageType::ROUTE;
    }

    impl<'a> Decode<'a> for Route<'a> {
        const MIN_SIZE: usize = 2 + 2;
        /// A client sets no bound to what follows the data.
        const MAX_SIZE: usize = MAX_PAYLOAD;

        fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
            let net_id = reader.u16("net id")?;
            Ok(Self { net_id, data: sized_u16(reader, "data", 0, usize::from(u16::MAX))? })
        }
    }

    /// Cuts the data to what its length can tell, 65535 bytes.
    impl Encode for Route<'_> {
        fn encoded_len(&self) -> usize {
            4 + cut_u16(self.data).len()
        }

        fn encode(&self, out: &mut impl BufMut) {
            out.put_u16_le(self.net_id);
            put_sized_u16(out, self.data);
        }
    }
}
