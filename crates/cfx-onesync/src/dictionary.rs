//! The preset dictionary of the streams that clients send.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use cfx_wire::DecodeError;
use cfx_wire::codec::check_length;

/// The most bytes of a dictionary; the reference's has as many, and LZ4 reaches no further back.
pub const MAX_DICTIONARY: usize = 65536;

/// Bytes that both peers know and that LZ4 may refer to before the first byte of a body.
///
/// Clients compress `netClones` and `netAcks` with it, servers compress nothing with one. It is a
/// data file of the reference (`dict_five_20210329`, for all games) and no part of this crate: the
/// caller gives it.
#[derive(Clone, PartialEq, Eq)]
pub struct Dictionary {
    bytes: Box<[u8]>,
}

impl Dictionary {
    /// A dictionary of these bytes.
    ///
    /// # Errors
    /// [`TooLong`](cfx_wire::ErrorKind::TooLong) above [`MAX_DICTIONARY`], and
    /// [`Incomplete`](cfx_wire::ErrorKind::Incomplete) for none at all.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, DecodeError> {
        let bytes = bytes.into();
        check_length("dictionary", 0, bytes.len(), 1, MAX_DICTIONARY)?;
        Ok(Self { bytes: bytes.into() })
    }

    /// Reads a file that holds the dictionary's bytes and nothing else.
    ///
    /// # Errors
    /// Those of reading, and [`InvalidData`](std::io::ErrorKind::InvalidData) when the file is empty
    /// or longer than [`MAX_DICTIONARY`]; no more than that is read.
    #[cfg(feature = "std")]
    pub fn from_file(path: impl AsRef<std::path::Path>) -> std::io::Result<Self> {
        use std::io::Read;

        let mut bytes = Vec::new();
        let bound = MAX_DICTIONARY as u64 + 1;
        std::fs::File::open(path)?.take(bound).read_to_end(&mut bytes)?;
        Self::new(bytes)
            .map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidData, error))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Its size alone.
impl fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dictionary({} bytes)", self.bytes.len())
    }
}
