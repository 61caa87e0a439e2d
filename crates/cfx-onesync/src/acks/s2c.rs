//! What a server answers to `netClones`, in `msgPackedAcks`: one record for each, in their order
//! ([`clones::c2s::Record::ack`](crate::clones::c2s::Record::ack)). A client reads none of them behind a
//! frame index whose frame is not 0.

use super::{Object, kind};
use crate::bits::{BitReader, BitWriter};
use crate::layout::Layout;
use crate::stream::{self, Records, TYPE_BITS};

/// One record. Any other type ends the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// Type 1.
    Create(Object),
    /// Type 2.
    Sync(Object),
    /// Type 3.
    Remove(Object),
    /// Type 5: the client's timestamp, which holds for the records that follow.
    Timestamp(u32),
}

/// The records of an inflated body, as a client reads them.
pub const fn records(body: &[u8], layout: Layout) -> Records<'_, Record> {
    Records::new(body, layout)
}

impl<'a> stream::Record<'a> for Record {
    const SKIPS_UNKNOWN: bool = false;

    fn read(kind: u8, reader: &mut BitReader<'a>, _layout: Layout) -> Option<Self> {
        Some(match kind {
            kind::CREATE => Self::Create(Object::read(reader)),
            kind::SYNC => Self::Sync(Object::read(reader)),
            kind::REMOVE => Self::Remove(Object::read(reader)),
            kind::TIMESTAMP => Self::Timestamp(reader.u32(32)),
            _ => return None,
        })
    }

    fn write(&self, writer: &mut BitWriter, _layout: Layout) {
        match self {
            Self::Create(object) => object.write(kind::CREATE, writer),
            Self::Sync(object) => object.write(kind::SYNC, writer),
            Self::Remove(object) => object.write(kind::REMOVE, writer),
            Self::Timestamp(time) => {
                writer.unsigned(u32::from(kind::TIMESTAMP), TYPE_BITS);
                writer.unsigned(*time, 32);
            }
        }
    }

    fn bit_len(&self, layout: Layout) -> usize {
        match self {
            Self::Create(_) | Self::Sync(_) | Self::Remove(_) => Object::bit_len(layout),
            Self::Timestamp(_) => TYPE_BITS as usize + 32,
        }
    }
}
