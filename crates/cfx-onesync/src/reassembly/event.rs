//! What is cut into fragments: an event's name and data.

use alloc::vec::Vec;

use cfx_wire::{DecodeError, ErrorKind, Reader};

use super::Version;

/// An event as scripts know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    /// Its name, without a NUL; at most 65534 bytes in [`Version::V1`], 65535 in [`Version::V2`].
    pub name: &'a [u8],
    /// Its arguments in `MessagePack`.
    pub data: &'a [u8],
}

impl<'a> Event<'a> {
    /// Reads the payload that fragments make up: `u16` length of the name, name, data. The first
    /// version has the length big-endian and counts the last byte of the name, whatever it is, as a
    /// NUL. In the second a NUL at the end is no part of the name, if there is one.
    ///
    /// # Errors
    /// [`ErrorKind::Incomplete`] when the name runs past the end, [`ErrorKind::TooShort`] for a name
    /// without the NUL in the first version. The reference reads what lies there in its memory, or
    /// takes the name to be empty.
    pub fn from_payload(payload: &'a [u8], version: Version) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(payload);
        let length = reader.u16("name length")?;
        let name = match version {
            Version::V1 => {
                let name = reader.bytes("name", usize::from(length.swap_bytes()))?;
                let error = DecodeError::new("name", 0, ErrorKind::TooShort { min: 1 });
                name.split_last().ok_or(error)?.1
            }
            Version::V2 => {
                let name = reader.bytes("name", usize::from(length))?;
                name.strip_suffix(&[0]).unwrap_or(name)
            }
        };
        Ok(Self { name, data: reader.rest() })
    }

    /// The payload that [`Sender::send`](super::Sender::send) cuts up; nothing when the name is too
    /// long.
    pub fn to_payload(&self, version: Version) -> Option<Vec<u8>> {
        let end: &[u8] = match version {
            Version::V1 => &[0],
            Version::V2 => &[],
        };
        let length = u16::try_from(self.name.len() + end.len()).ok()?;
        let length = match version {
            Version::V1 => length.to_be_bytes(),
            Version::V2 => length.to_le_bytes(),
        };
        Some([&length, self.name, end, self.data].concat())
    }
}
