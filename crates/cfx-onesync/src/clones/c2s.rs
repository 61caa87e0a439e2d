//! What a client tells the server of its own objects, in `netClones`.

use super::kind;
use crate::acks;
use crate::bits::{BitReader, BitWriter};
use crate::data::Data;
use crate::layout::{Layout, OBJECT_ID};
use crate::stream::{self, Records, TYPE_BITS};

/// One record. Type 0 ends the stream: the server reads no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record<'a> {
    /// Type 1.
    Create(Create<'a>),
    /// Type 2.
    Sync(Sync<'a>),
    /// Type 3.
    Remove(Remove),
    /// Type 4. The only one that the server does not acknowledge but for [`Index`](Self::Index).
    Takeover(Takeover),
    /// Type 5: the client's game time in milliseconds, before the records it holds for.
    Timestamp(u32),
    /// Type 6: the client's own frame number, which counts up. Once a server has seen one that is
    /// not 0, it answers with that number alone and no records.
    Index(u32),
}

/// The client made an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Create<'a> {
    /// Tells objects apart that had the same id one after the other.
    pub uniqifier: u16,
    /// The object, 13 or 16 bits (see [`Layout::max_object_id`]); 0xFFFF is never an object.
    pub object_id: u16,
    /// The token of the creation that the server asked for, else 0.
    pub creation_token: u32,
    /// What it is, 4 bits in gta5 and 5 in rdr3; numbers of the game.
    pub entity_type: u8,
    /// Its state.
    pub data: Data<'a>,
}

/// An object of the client's has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sync<'a> {
    /// As in [`Create`].
    pub uniqifier: u16,
    /// As in [`Create`].
    pub object_id: u16,
    /// Its state.
    pub data: Data<'a>,
}

/// An object of the client's is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remove {
    /// As in [`Create`].
    pub object_id: u16,
    /// As in [`Create`].
    pub uniqifier: u16,
}

/// The client hands an object of its own to another client, or asks for one that is to be its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Takeover {
    /// The net id of the new owner; 0 is the sender.
    pub client_id: u16,
    /// As in [`Create`].
    pub object_id: u16,
}

impl Record<'_> {
    /// The record with which the server acknowledges this one, accepted or not; nothing for a
    /// take-over and for an index.
    pub const fn ack(&self) -> Option<acks::s2c::Record> {
        Some(match *self {
            Self::Create(Create { object_id, uniqifier, .. }) => {
                acks::s2c::Record::Create(acks::Object { object_id, uniqifier })
            }
            Self::Sync(Sync { object_id, uniqifier, .. }) => {
                acks::s2c::Record::Sync(acks::Object { object_id, uniqifier })
            }
            Self::Remove(Remove { object_id, uniqifier }) => {
                acks::s2c::Record::Remove(acks::Object { object_id, uniqifier })
            }
            Self::Timestamp(time) => acks::s2c::Record::Timestamp(time),
            Self::Takeover(_) | Self::Index(_) => return None,
        })
    }
}

/// The records of an inflated body, as a server reads them.
pub const fn records(body: &[u8], layout: Layout) -> Records<'_, Record<'_>> {
    Records::new(body, layout)
}

impl<'a> stream::Record<'a> for Record<'a> {
    const SKIPS_UNKNOWN: bool = false;

    fn read(kind: u8, reader: &mut BitReader<'a>, layout: Layout) -> Option<Self> {
        Some(match kind {
            kind::CREATE => Self::Create(Create {
                uniqifier: reader.u16(16),
                object_id: reader.u16(OBJECT_ID),
                creation_token: reader.u32(32),
                entity_type: reader.u8(layout.entity_type_bits()),
                data: Data::read(reader),
            }),
            kind::SYNC => Self::Sync(Sync {
                uniqifier: reader.u16(16),
                object_id: reader.u16(OBJECT_ID),
                data: Data::read(reader),
            }),
            kind::REMOVE => {
                Self::Remove(Remove { object_id: reader.u16(OBJECT_ID), uniqifier: reader.u16(16) })
            }
            kind::TAKEOVER => Self::Takeover(Takeover {
                client_id: reader.u16(16),
                object_id: reader.u16(OBJECT_ID),
            }),
            kind::TIMESTAMP => Self::Timestamp(reader.u32(32)),
            kind::INDEX => Self::Index(reader.u32(32)),
            _ => return None,
        })
    }

    fn write(&self, writer: &mut BitWriter, layout: Layout) {
        match self {
            Self::Create(create) => {
                writer.unsigned(u32::from(kind::CREATE), TYPE_BITS);
                writer.unsigned(u32::from(create.uniqifier), 16);
                writer.unsigned(u32::from(create.object_id), OBJECT_ID);
                writer.unsigned(create.creation_token, 32);
                writer.unsigned(u32::from(create.entity_type), layout.entity_type_bits());
                create.data.write(writer);
            }
            Self::Sync(sync) => {
                writer.unsigned(u32::from(kind::SYNC), TYPE_BITS);
                writer.unsigned(u32::from(sync.uniqifier), 16);
                writer.unsigned(u32::from(sync.object_id), OBJECT_ID);
                sync.data.write(writer);
            }
            Self::Remove(remove) => {
                writer.unsigned(u32::from(kind::REMOVE), TYPE_BITS);
                writer.unsigned(u32::from(remove.object_id), OBJECT_ID);
                writer.unsigned(u32::from(remove.uniqifier), 16);
            }
            Self::Takeover(takeover) => {
                writer.unsigned(u32::from(kind::TAKEOVER), TYPE_BITS);
                writer.unsigned(u32::from(takeover.client_id), 16);
                writer.unsigned(u32::from(takeover.object_id), OBJECT_ID);
            }
            Self::Timestamp(time) => {
                writer.unsigned(u32::from(kind::TIMESTAMP), TYPE_BITS);
                writer.unsigned(*time, 32);
            }
            Self::Index(index) => {
                writer.unsigned(u32::from(kind::INDEX), TYPE_BITS);
                writer.unsigned(*index, 32);
            }
        }
    }

    fn bit_len(&self, layout: Layout) -> usize {
        let object = layout.object_id_bits() as usize + 16;
        TYPE_BITS as usize
            + match self {
                Self::Create(create) => {
                    object + 32 + layout.entity_type_bits() as usize + create.data.bit_len()
                }
                Self::Sync(sync) => object + sync.data.bit_len(),
                Self::Remove(_) | Self::Takeover(_) => object,
                Self::Timestamp(_) | Self::Index(_) => 32,
            }
    }
}
