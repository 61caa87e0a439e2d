//! The frame around every message: a 32-bit type, then the payload to the end of the packet
//! (SPEC GAME-1).

use alloc::vec::Vec;
use core::fmt;

use bytes::BufMut;
use cfx_wire::hash::rage;
use cfx_wire::{Decode, DecodeError, Encode, Reader};

/// Bytes of the type before each payload.
pub const HEADER_SIZE: usize = 4;

/// The most bytes of a packet that `ENet` delivers with its default settings, which both peers use.
pub const MAX_PACKET: usize = 32 * 1024 * 1024;

/// The most bytes of a payload where the message itself sets no bound.
pub const MAX_PAYLOAD: usize = MAX_PACKET - HEADER_SIZE;

/// The type of a message: the `rage` hash of its name, or [`HANDSHAKE`](Self::HANDSHAKE).
///
/// The set is open; a value without a name is kept. Displayed as the name, else in hex.
///
/// ```
/// use cfx_game::frame::MessageType;
/// assert_eq!(MessageType(0xCA56_9E63), MessageType::END);
/// assert_eq!(MessageType::END.to_string(), "msgEnd");
/// assert_eq!(MessageType(2).to_string(), "0x00000002");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageType(pub u32);

impl MessageType {
    /// The handshake, both ways: the only type that is not a hash.
    pub const HANDSHAKE: Self = Self(1);
    /// `msgArrayUpdate`
    pub const ARRAY_UPDATE: Self = Self::named("msgArrayUpdate");
    /// `msgConVars`
    pub const CON_VARS: Self = Self::named("msgConVars");
    /// `msgConfirm`
    pub const CONFIRM: Self = Self::named("msgConfirm");
    /// `msgEnd`
    pub const END: Self = Self::named("msgEnd");
    /// `msgEntityCreate`
    pub const ENTITY_CREATE: Self = Self::named("msgEntityCreate");
    /// `msgFrame`
    pub const FRAME: Self = Self::named("msgFrame");
    /// `msgHeHost`
    pub const HE_HOST: Self = Self::named("msgHeHost");
    /// `msgIHost`
    pub const I_HOST: Self = Self::named("msgIHost");
    /// `msgIQuit`
    pub const I_QUIT: Self = Self::named("msgIQuit");
    /// `msgNetEvent`
    pub const NET_EVENT: Self = Self::named("msgNetEvent");
    /// `msgNetGameEvent`
    pub const NET_GAME_EVENT: Self = Self::named("msgNetGameEvent");
    /// `msgNetGameEventV2`
    pub const NET_GAME_EVENT_V2: Self = Self::named("msgNetGameEventV2");
    /// `msgObjectIds`
    pub const OBJECT_IDS: Self = Self::named("msgObjectIds");
    /// `msgPackedAcks`
    pub const PACKED_ACKS: Self = Self::named("msgPackedAcks");
    /// `msgPackedClones`
    pub const PACKED_CLONES: Self = Self::named("msgPackedClones");
    /// `msgPaymentRequest`
    pub const PAYMENT_REQUEST: Self = Self::named("msgPaymentRequest");
    /// `msgReassembledEvent`
    pub const REASSEMBLED_EVENT: Self = Self::named("msgReassembledEvent");
    /// `msgReassembledEventV2`
    pub const REASSEMBLED_EVENT_V2: Self = Self::named("msgReassembledEventV2");
    /// `msgRequestObjectIds`
    pub const REQUEST_OBJECT_IDS: Self = Self::named("msgRequestObjectIds");
    /// `msgResStart`
    pub const RES_START: Self = Self::named("msgResStart");
    /// `msgResStop`
    pub const RES_STOP: Self = Self::named("msgResStop");
    /// `msgRoute`
    pub const ROUTE: Self = Self::named("msgRoute");
    /// `msgRpcEntityCreation`
    pub const RPC_ENTITY_CREATION: Self = Self::named("msgRpcEntityCreation");
    /// `msgRpcNative`
    pub const RPC_NATIVE: Self = Self::named("msgRpcNative");
    /// `msgServerCommand`
    pub const SERVER_COMMAND: Self = Self::named("msgServerCommand");
    /// `msgServerEvent`
    pub const SERVER_EVENT: Self = Self::named("msgServerEvent");
    /// `msgStateBag`
    pub const STATE_BAG: Self = Self::named("msgStateBag");
    /// `msgStateBagV2`
    pub const STATE_BAG_V2: Self = Self::named("msgStateBagV2");
    /// `msgTimeSync`
    pub const TIME_SYNC: Self = Self::named("msgTimeSync");
    /// `msgTimeSyncReq`
    pub const TIME_SYNC_REQ: Self = Self::named("msgTimeSyncReq");
    /// `msgWorldGrid3`
    pub const WORLD_GRID3: Self = Self::named("msgWorldGrid3");
    /// `gameStateAck`
    pub const GAME_STATE_ACK: Self = Self::named("gameStateAck");
    /// `gameStateNAck`
    pub const GAME_STATE_NACK: Self = Self::named("gameStateNAck");

    /// Every named type with its name, in the order of the names; the handshake is first.
    pub const KNOWN: [(Self, &'static str); 34] = [
        (Self::HANDSHAKE, "handshake"),
        (Self::ARRAY_UPDATE, "msgArrayUpdate"),
        (Self::CON_VARS, "msgConVars"),
        (Self::CONFIRM, "msgConfirm"),
        (Self::END, "msgEnd"),
        (Self::ENTITY_CREATE, "msgEntityCreate"),
        (Self::FRAME, "msgFrame"),
        (Self::HE_HOST, "msgHeHost"),
        (Self::I_HOST, "msgIHost"),
        (Self::I_QUIT, "msgIQuit"),
        (Self::NET_EVENT, "msgNetEvent"),
        (Self::NET_GAME_EVENT, "msgNetGameEvent"),
        (Self::NET_GAME_EVENT_V2, "msgNetGameEventV2"),
        (Self::OBJECT_IDS, "msgObjectIds"),
        (Self::PACKED_ACKS, "msgPackedAcks"),
        (Self::PACKED_CLONES, "msgPackedClones"),
        (Self::PAYMENT_REQUEST, "msgPaymentRequest"),
        (Self::REASSEMBLED_EVENT, "msgReassembledEvent"),
        (Self::REASSEMBLED_EVENT_V2, "msgReassembledEventV2"),
        (Self::REQUEST_OBJECT_IDS, "msgRequestObjectIds"),
        (Self::RES_START, "msgResStart"),
        (Self::RES_STOP, "msgResStop"),
        (Self::ROUTE, "msgRoute"),
        (Self::RPC_ENTITY_CREATION, "msgRpcEntityCreation"),
        (Self::RPC_NATIVE, "msgRpcNative"),
        (Self::SERVER_COMMAND, "msgServerCommand"),
        (Self::SERVER_EVENT, "msgServerEvent"),
        (Self::STATE_BAG, "msgStateBag"),
        (Self::STATE_BAG_V2, "msgStateBagV2"),
        (Self::TIME_SYNC, "msgTimeSync"),
        (Self::TIME_SYNC_REQ, "msgTimeSyncReq"),
        (Self::WORLD_GRID3, "msgWorldGrid3"),
        (Self::GAME_STATE_ACK, "gameStateAck"),
        (Self::GAME_STATE_NACK, "gameStateNAck"),
    ];

    /// The type of a message by its name, case and all.
    pub const fn named(name: &str) -> Self {
        Self(rage(name.as_bytes()))
    }

    /// The name, when the type is one of [`KNOWN`](Self::KNOWN).
    pub fn name(self) -> Option<&'static str> {
        Self::KNOWN.iter().find(|(kind, _)| *kind == self).map(|(_, name)| *name)
    }
}

impl fmt::Display for MessageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "{:#010x}", self.0),
        }
    }
}

impl fmt::Debug for MessageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageType({self})")
    }
}

/// A message as its type and its bytes, whatever they mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What the payload is.
    pub kind: MessageType,
    /// Everything behind the type, possibly nothing.
    pub payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Reads the payload as a `T`, as the reference does or strictly. The caller has matched the
    /// type.
    ///
    /// # Errors
    /// Those of `T`, with offsets from the start of the packet.
    pub fn read<T: Decode<'a>>(&self, strictness: Strictness) -> Result<T, DecodeError> {
        let payload = match strictness {
            Strictness::Reference => T::from_slice(self.payload),
            Strictness::Strict => T::from_slice_strict(self.payload),
        };
        payload.map_err(|error| DecodeError { offset: error.offset + HEADER_SIZE, ..error })
    }
}

/// Which packets a decoder accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// What the reference accepts, read as it reads it.
    Reference,
    /// Only what an honest peer sends.
    Strict,
}

impl<'a> Decode<'a> for Frame<'a> {
    const MIN_SIZE: usize = HEADER_SIZE;
    const MAX_SIZE: usize = MAX_PACKET;

    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let kind = MessageType(reader.u32("type")?);
        Ok(Self { kind, payload: reader.rest() })
    }
}

impl Encode for Frame<'_> {
    fn encoded_len(&self) -> usize {
        HEADER_SIZE + self.payload.len()
    }

    fn encode(&self, out: &mut impl BufMut) {
        out.put_u32_le(self.kind.0);
        out.put_slice(self.payload);
    }
}

/// What one type of message carries. [`Encode`] writes the payload alone, these methods the packet.
pub trait Payload: Encode {
    /// The type that goes before it.
    const KIND: MessageType;

    /// Bytes of the packet.
    fn packet_len(&self) -> usize {
        HEADER_SIZE + self.encoded_len()
    }

    /// Appends the packet: type, then payload.
    fn encode_packet(&self, out: &mut impl BufMut) {
        out.put_u32_le(Self::KIND.0);
        self.encode(out);
    }

    /// The packet as bytes of its own.
    fn to_packet(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.packet_len());
        self.encode_packet(&mut out);
        out
    }
}
