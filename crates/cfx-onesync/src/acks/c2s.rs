//! What a client answers to a server's creates and removes, in `netAcks`. Only under the sync style
//! ARQ; by default clients send `gameStateNAck` instead.

use super::{Object, kind};
use crate::bits::{BitReader, BitWriter};
use crate::layout::Layout;
use crate::stream::{self, Records};

/// One record. Any other type ends the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// Type 1.
    Create(Object),
    /// Type 3.
    Remove(Object),
}

/// The records of an inflated body, as a server reads them.
pub const fn records(body: &[u8], layout: Layout) -> Records<'_, Record> {
    Records::new(body, layout)
}

impl<'a> stream::Record<'a> for Record {
    const SKIPS_UNKNOWN: bool = false;

    fn read(kind: u8, reader: &mut BitReader<'a>, _layout: Layout) -> Option<Self> {
        Some(match kind {
            kind::CREATE => Self::Create(Object::read(reader)),
            kind::REMOVE => Self::Remove(Object::read(reader)),
            _ => return None,
        })
    }

    fn write(&self, writer: &mut BitWriter, _layout: Layout) {
        match self {
            Self::Create(object) => object.write(kind::CREATE, writer),
            Self::Remove(object) => object.write(kind::REMOVE, writer),
        }
    }

    fn bit_len(&self, layout: Layout) -> usize {
        Object::bit_len(layout)
    }
}
