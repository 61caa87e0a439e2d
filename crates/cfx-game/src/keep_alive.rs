//! `msgEnd`: an empty message that shows the sender to be alive.

use bytes::BufMut;
use cfx_wire::{Decode, DecodeError, Encode, Reader};

use crate::frame::{MAX_PAYLOAD, MessageType, Payload};

/// The client's sign of life: every 100 ms, channel 1, unsequenced (SPEC GAME-14). A server that
/// hears nothing for 60 s drops the client; any other message counts as well.
///
/// It has no payload. The reference ignores one, and so does
/// [`from_slice`](Decode::from_slice); [`from_slice_strict`](Decode::from_slice_strict) refuses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepAlive;

impl Payload for KeepAlive {
    const KIND: MessageType = MessageType::END;
}

impl Decode<'_> for KeepAlive {
    const MIN_SIZE: usize = 0;
    const MAX_SIZE: usize = MAX_PAYLOAD;

    fn decode(_: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self)
    }
}

impl Encode for KeepAlive {
    fn encoded_len(&self) -> usize {
        0
    }

    fn encode(&self, _: &mut impl BufMut) {}
}
