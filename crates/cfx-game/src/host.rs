//! `msgIHost` and `msgHeHost`: which client runs the session. Without `OneSync` only; under it the
//! server ignores both and never sends the first.

/// Client to server.
pub mod c2s {
    use bytes::BufMut;
    use cfx_wire::{Decode, DecodeError, Encode, Reader};

    use crate::frame::{MessageType, Payload};

    /// `msgIHost`: the sender takes itself for the host. The server makes it so while it has no
    /// other (reference: `net-packet/include/IHost.h`, the server's `IHostPacketHandler.h`).
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct IHost {
        /// What the client was given to tell hosts apart by; the server passes it on.
        pub base_num: u32,
    }

    impl Payload for IHost {
        const KIND: MessageType = MessageType::I_HOST;
    }

    impl Decode<'_> for IHost {
        const MIN_SIZE: usize = 4;
        const MAX_SIZE: usize = 4;

        fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
            Ok(Self { base_num: reader.u32("base")? })
        }
    }

    impl Encode for IHost {
        fn encoded_len(&self) -> usize {
            Self::MAX_SIZE
        }

        fn encode(&self, out: &mut impl BufMut) {
            out.put_u32_le(self.base_num);
        }
    }

    /// `msgHeHost`: a vote for another client as host (reference: `net-packet/include/HeHost.h`,
    /// the server's `HeHostPacketHandler.h`).
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct HeHost {
        /// The net id of the client voted for, in 32 bits; one of no client is ignored.
        pub alleged_new_id: u32,
        /// The base that it gets if it wins.
        pub base_num: u32,
    }

    impl Payload for HeHost {
        const KIND: MessageType = MessageType::HE_HOST;
    }

    impl Decode<'_> for HeHost {
        const MIN_SIZE: usize = 8;
        const MAX_SIZE: usize = 8;

        fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
            Ok(Self { alleged_new_id: reader.u32("new id")?, base_num: reader.u32("base")? })
        }
    }

    impl Encode for HeHost {
        fn encoded_len(&self) -> usize {
            Self::MAX_SIZE
        }

        fn encode(&self, out: &mut impl BufMut) {
            out.put_u32_le(self.alleged_new_id);
            out.put_u32_le(self.base_num);
        }
    }
}

/// Server to client.
pub mod s2c {
    use bytes::BufMut;
    use cfx_wire::{Decode, DecodeError, Encode, Reader};

    use crate::frame::{MessageType, Payload};

    /// `msgIHost`: who the host is from now on (reference: `net-packet/include/IHost.h`, the
    /// client's `net/include/IHostPacketHandler.h`).
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct IHost {
        /// The host's net id.
        pub net_id: u16,
        /// The host's base.
        pub base_num: u32,
    }

    impl Payload for IHost {
        const KIND: MessageType = MessageType::I_HOST;
    }

    impl Decode<'_> for IHost {
        const MIN_SIZE: usize = 6;
        const MAX_SIZE: usize = 6;

        fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
            Ok(Self { net_id: reader.u16("net id")?, base_num: reader.u32("base")? })
        }
    }

    impl Encode for IHost {
        fn encoded_len(&self) -> usize {
            Self::MAX_SIZE
        }

        fn encode(&self, out: &mut impl BufMut) {
            out.put_u16_le(self.net_id);
            out.put_u32_le(self.base_num);
        }
    }
}
