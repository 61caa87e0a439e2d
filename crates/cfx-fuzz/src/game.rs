//! `cfx-game`: packets of the game channel, both ways.

use cfx_game::object_ids::ObjectIds;
use cfx_game::reassembled::ReassembledEvent;
use cfx_game::{c2s, s2c};
use cfx_wire::{Decode, Encode};

/// A packet that a server receives: read again as it was when it is written, and canonical when
/// strict.
pub fn game_c2s(data: &[u8]) {
    let strict = c2s::Message::from_slice_strict(data);
    let Ok(message) = c2s::Message::from_slice(data) else { return assert!(strict.is_err()) };
    let written = message.to_vec();
    assert_eq!(written.len(), message.encoded_len());
    let same_type =
        data.get(..4).map(<[u8]>::to_vec) == Some(message.kind().0.to_le_bytes().into());
    assert!(same_type);
    // Nothing in a handshake is escaped, so that a token with an escape is read otherwise.
    let is_handshake = matches!(message, c2s::Message::Connect(_));
    if !is_handshake {
        assert_eq!(c2s::Message::from_slice(&written).as_ref(), Ok(&message));
    }
    if let Ok(strict) = strict {
        assert_eq!(strict, message);
        match message {
            c2s::Message::Connect(_) => {}
            c2s::Message::ReassembledEvent(event) => spare_bits_are_cleared(&event, data, &written),
            _ => assert_eq!(written, data),
        }
    }
}

/// A packet that a client receives: read again as it was when it is written, and canonical when
/// strict.
pub fn game_s2c(data: &[u8]) {
    let strict = s2c::Message::from_slice_strict(data);
    let Ok(message) = s2c::Message::from_slice(data) else { return assert!(strict.is_err()) };
    let written = message.to_vec();
    assert_eq!(written.len(), message.encoded_len());
    assert_eq!(s2c::Message::from_slice(&written).as_ref(), Ok(&message));
    if let Ok(strict) = strict {
        assert_eq!(strict, message);
        match &message {
            s2c::Message::ReassembledEvent(event) => spare_bits_are_cleared(event, data, &written),
            _ => assert_eq!(written, data),
        }
    }
    if let s2c::Message::ObjectIds(ids) = message {
        object_ids(&ids, &data[4..]);
    }
}

/// Four bits behind the fragment mean nothing, and any value of them is taken.
fn spare_bits_are_cleared(event: &ReassembledEvent<'_>, data: &[u8], written: &[u8]) {
    let mut cleared = data.to_vec();
    if let Some(last) = cleared.last_mut() {
        *last &= 0xF0;
    }
    assert_eq!(written, cleared, "{event:?}");
}

fn object_ids(ids: &ObjectIds<'_>, payload: &[u8]) {
    // Some thousand of the four million that 64 runs can have.
    let some: Vec<u16> = ids.ids().take(5000).collect();
    let again: ObjectIds<'_> = some.iter().copied().collect();
    assert!(again.ids().eq(some));
    if let Ok(big) = ObjectIds::from_slice_big(payload) {
        assert_eq!(big, *ids);
    }
}
