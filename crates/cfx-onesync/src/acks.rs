//! Acknowledgement records. One layout serves both directions; the sets of types differ.

use crate::bits::{BitReader, BitWriter};
use crate::layout::{Layout, OBJECT_ID};
use crate::stream::TYPE_BITS;

pub mod c2s;
pub mod s2c;

/// Which object is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Object {
    /// Its id, 13 or 16 bits (see [`Layout::max_object_id`]).
    pub object_id: u16,
    /// Its uniqifier as it was received.
    pub uniqifier: u16,
}

impl Object {
    fn read(reader: &mut BitReader<'_>) -> Self {
        Self { object_id: reader.u16(OBJECT_ID), uniqifier: reader.u16(16) }
    }

    fn write(self, kind: u8, writer: &mut BitWriter) {
        writer.unsigned(u32::from(kind), TYPE_BITS);
        writer.unsigned(u32::from(self.object_id), OBJECT_ID);
        writer.unsigned(u32::from(self.uniqifier), 16);
    }

    const fn bit_len(layout: Layout) -> usize {
        (TYPE_BITS + layout.object_id_bits() + 16) as usize
    }
}

/// Types of records, as both directions number them.
mod kind {
    pub(super) const CREATE: u8 = 1;
    pub(super) const SYNC: u8 = 2;
    pub(super) const REMOVE: u8 = 3;
    pub(super) const TIMESTAMP: u8 = 5;
}
