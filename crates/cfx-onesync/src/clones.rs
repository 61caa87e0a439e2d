//! Clone records: objects that are made, changed, removed, handed over, and the time of it.
//!
//! The directions differ in the order and the number of fields. Reference: `FlushBuffer`,
//! `ParseClonePacket` and their neighbours in `citizen-server-impl/src/state/ServerGameState.cpp`;
//! `msgClone`, `msgPackedClones` and `WriteUpdates` in `gta-net-five/src/CloneManager.cpp`.

pub mod c2s;
pub mod s2c;

/// Types of records, as both directions number them.
mod kind {
    pub(super) const CREATE: u8 = 1;
    pub(super) const SYNC: u8 = 2;
    pub(super) const REMOVE: u8 = 3;
    pub(super) const TAKEOVER: u8 = 4;
    pub(super) const TIMESTAMP: u8 = 5;
    pub(super) const INDEX: u8 = 6;
}
