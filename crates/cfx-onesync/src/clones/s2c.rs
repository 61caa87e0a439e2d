//! What a server tells a client of objects, in `msgPackedClones`.
//!
//! To the reference's client a fragment whose block does not inflate has come all the same, with no
//! records.

use super::kind;
use crate::bits::{BitReader, BitWriter};
use crate::data::Data;
use crate::layout::{Layout, OBJECT_ID};
use crate::stream::{self, Records, TYPE_BITS};

/// One record. Types 0, 4 and 6 have no meaning here: clients step over their 3 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record<'a> {
    /// Type 1.
    Create(Create<'a>),
    /// Type 2.
    Sync(Sync<'a>),
    /// Type 3.
    Remove(Remove),
    /// Type 5: the server's time in milliseconds, low word first. Once a frame, before the first
    /// create or sync.
    Timestamp(u64),
}

/// An object comes into the client's sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Create<'a> {
    /// The object, 13 or 16 bits (see [`Layout::max_object_id`]).
    pub object_id: u16,
    /// The net id of the client that owns it.
    pub client_id: u16,
    /// What it is, 4 bits in gta5 and 5 in rdr3; numbers of the game.
    pub entity_type: u8,
    /// Ties it to a creation that the server asked this client for; 0 for others.
    pub creation_token: u32,
    /// Tells objects apart that had the same id one after the other.
    pub uniqifier: u16,
    /// The frame that the state builds upon.
    pub dependent_frame_index: u64,
    /// The server's time in milliseconds, low word.
    pub timestamp: u32,
    /// Its state.
    pub data: Data<'a>,
}

/// An object has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sync<'a> {
    /// The object, 13 or 16 bits (see [`Layout::max_object_id`]).
    pub object_id: u16,
    /// The net id of the client that owns it; a new one hands the object over.
    pub client_id: u16,
    /// As in [`Create`]; inverted in the first update that follows a create
    /// ([`first_update_uniqifier`]).
    pub uniqifier: u16,
    /// The frame that the state builds upon.
    pub dependent_frame_index: u64,
    /// The time of the owner's state in milliseconds, low word; a first update has the server's
    /// time plus 1.
    pub timestamp: u32,
    /// Its state; empty when only the owner is told that it owns the object.
    pub data: Data<'a>,
}

/// An object leaves the client's sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remove {
    /// Whether the client is to give the object up even if it owns it.
    pub force_steal: bool,
    /// The object, 13 or 16 bits (see [`Layout::max_object_id`]).
    pub object_id: u16,
    /// As in [`Create`].
    pub uniqifier: u16,
}

/// The uniqifier as a server sends it in the first sync after a create.
pub const fn first_update_uniqifier(uniqifier: u16) -> u16 {
    !uniqifier
}

/// The records of an inflated body, as a client reads them.
pub const fn records(body: &[u8], layout: Layout) -> Records<'_, Record<'_>> {
    Records::new(body, layout)
}

/// Bits of the fields that create and sync share, without object id and data.
const SHARED_BITS: usize = 16 + 16 + 64 + 32;

impl<'a> stream::Record<'a> for Record<'a> {
    const SKIPS_UNKNOWN: bool = true;

    fn read(kind: u8, reader: &mut BitReader<'a>, layout: Layout) -> Option<Self> {
        Some(match kind {
            kind::CREATE => Self::Create(Create {
                object_id: reader.u16(OBJECT_ID),
                client_id: reader.u16(16),
                entity_type: reader.u8(layout.entity_type_bits()),
                creation_token: reader.u32(32),
                uniqifier: reader.u16(16),
                dependent_frame_index: read_high_first(reader),
                timestamp: reader.u32(32),
                data: Data::read(reader),
            }),
            kind::SYNC => Self::Sync(Sync {
                object_id: reader.u16(OBJECT_ID),
                client_id: reader.u16(16),
                uniqifier: reader.u16(16),
                dependent_frame_index: read_high_first(reader),
                timestamp: reader.u32(32),
                data: Data::read(reader),
            }),
            kind::REMOVE => Self::Remove(Remove {
                force_steal: reader.bit(),
                object_id: reader.u16(OBJECT_ID),
                uniqifier: reader.u16(16),
            }),
            kind::TIMESTAMP => {
                let low = u64::from(reader.u32(32));
                Self::Timestamp(u64::from(reader.u32(32)) << 32 | low)
            }
            _ => return None,
        })
    }

    fn write(&self, writer: &mut BitWriter, layout: Layout) {
        match self {
            Self::Create(create) => {
                writer.unsigned(u32::from(kind::CREATE), TYPE_BITS);
                writer.unsigned(u32::from(create.object_id), OBJECT_ID);
                writer.unsigned(u32::from(create.client_id), 16);
                writer.unsigned(u32::from(create.entity_type), layout.entity_type_bits());
                writer.unsigned(create.creation_token, 32);
                writer.unsigned(u32::from(create.uniqifier), 16);
                write_high_first(writer, create.dependent_frame_index);
                writer.unsigned(create.timestamp, 32);
                create.data.write(writer);
            }
            Self::Sync(sync) => {
                writer.unsigned(u32::from(kind::SYNC), TYPE_BITS);
                writer.unsigned(u32::from(sync.object_id), OBJECT_ID);
                writer.unsigned(u32::from(sync.client_id), 16);
                writer.unsigned(u32::from(sync.uniqifier), 16);
                write_high_first(writer, sync.dependent_frame_index);
                writer.unsigned(sync.timestamp, 32);
                sync.data.write(writer);
            }
            Self::Remove(remove) => {
                writer.unsigned(u32::from(kind::REMOVE), TYPE_BITS);
                writer.bit(remove.force_steal);
                writer.unsigned(u32::from(remove.object_id), OBJECT_ID);
                writer.unsigned(u32::from(remove.uniqifier), 16);
            }
            Self::Timestamp(time) => {
                writer.unsigned(u32::from(kind::TIMESTAMP), TYPE_BITS);
                let (high, low) = halves(*time);
                writer.unsigned(low, 32);
                writer.unsigned(high, 32);
            }
        }
    }

    fn bit_len(&self, layout: Layout) -> usize {
        let object_id = layout.object_id_bits() as usize;
        TYPE_BITS as usize
            + match self {
                Self::Create(create) => {
                    let entity_type = layout.entity_type_bits() as usize;
                    object_id + SHARED_BITS + entity_type + 32 + create.data.bit_len()
                }
                Self::Sync(sync) => object_id + SHARED_BITS + sync.data.bit_len(),
                Self::Remove(_) => 1 + object_id + 16,
                Self::Timestamp(_) => 64,
            }
    }
}

fn read_high_first(reader: &mut BitReader<'_>) -> u64 {
    let high = u64::from(reader.u32(32));
    high << 32 | u64::from(reader.u32(32))
}

fn write_high_first(writer: &mut BitWriter, value: u64) {
    let (high, low) = halves(value);
    writer.unsigned(high, 32);
    writer.unsigned(low, 32);
}

/// The high and the low word.
const fn halves(value: u64) -> (u32, u32) {
    ((value >> 32) as u32, (value & 0xFFFF_FFFF) as u32)
}
