//! LZ4 blocks: how the body of every stream travels.

use alloc::vec;
use alloc::vec::Vec;

use cfx_wire::{DecodeError, ErrorKind};
use lz4_flex::block::{self, DecompressError};

use crate::dictionary::Dictionary;

/// The most bytes of an inflated body, in both directions.
pub const MAX_BODY: usize = 16384;

/// The most bytes that a block of `length` bytes can take: `LZ4_compressBound`, by which both
/// peers of the reference decide when a packet is full.
pub const fn compress_bound(length: usize) -> usize {
    length.saturating_add(length / 255).saturating_add(16)
}

/// Inflates one block after the other into a buffer that it keeps.
///
/// A body over [`MAX_BODY`] is refused before a byte is written beyond that, whatever the block
/// promises. Two things differ from the reference's library, neither of which a compressor makes:
/// an offset of 0 is refused (the reference reads zeros there), and a block may end with fewer than
/// five literals (the reference refuses some of these).
#[derive(Debug, Clone)]
pub struct Inflater {
    body: Vec<u8>,
}

impl Inflater {
    /// Allocates the buffer of 16 KiB.
    pub fn new() -> Self {
        Self { body: vec![0; MAX_BODY] }
    }

    /// The body of a block that a server sent. It may be empty, which receivers take for a stream
    /// without records.
    ///
    /// # Errors
    /// [`ErrorKind::TooLong`] for a body over [`MAX_BODY`], [`ErrorKind::Incomplete`] for a block
    /// that ends too early, [`ErrorKind::Malformed`] for one that refers to what is not there. The
    /// offset is that of the block.
    pub fn inflate(&mut self, block: &[u8]) -> Result<&[u8], DecodeError> {
        let length = block::decompress_into(block, &mut self.body);
        self.inflated(length)
    }

    /// The body of a block that a client sent.
    ///
    /// # Errors
    /// As [`inflate`](Self::inflate).
    pub fn inflate_with(
        &mut self,
        block: &[u8],
        dictionary: &Dictionary,
    ) -> Result<&[u8], DecodeError> {
        let dictionary = dictionary.as_bytes();
        let length = block::decompress_into_with_dict(block, &mut self.body, dictionary);
        self.inflated(length)
    }

    fn inflated(&self, length: Result<usize, DecompressError>) -> Result<&[u8], DecodeError> {
        let length = length.map_err(|error| DecodeError::new("block", 0, kind(&error)))?;
        Ok(self.body.get(..length).unwrap_or(&self.body))
    }
}

impl Default for Inflater {
    fn default() -> Self {
        Self::new()
    }
}

fn kind(error: &DecompressError) -> ErrorKind {
    match error {
        DecompressError::OutputTooSmall { .. } => ErrorKind::TooLong { max: MAX_BODY },
        DecompressError::ExpectedAnotherByte | DecompressError::LiteralOutOfBounds => {
            ErrorKind::Incomplete { needed: 1 }
        }
        DecompressError::OffsetOutOfBounds => {
            ErrorKind::Malformed("an offset beyond the first byte")
        }
        DecompressError::OffsetZero => ErrorKind::Malformed("an offset of 0"),
        _ => ErrorKind::Malformed("not an LZ4 block"),
    }
}

/// Compresses a body as a server does. Compressors differ: the reference's makes other bytes of the
/// same body.
pub fn compress(body: &[u8]) -> Vec<u8> {
    block::compress(body)
}

/// Compresses a body as a client does.
pub fn compress_with(body: &[u8], dictionary: &Dictionary) -> Vec<u8> {
    block::compress_with_dict(body, dictionary.as_bytes())
}
