//! Reading and writing of fields that have a length, by one rule for every message.

use bytes::BufMut;
use cfx_wire::codec::check_length;
use cfx_wire::{Decode, DecodeError, ErrorKind, Reader};

/// Takes `length` bytes, the number that the message gave, if its receiver accepts so many.
pub(crate) fn sized<'a>(
    reader: &mut Reader<'a>,
    field: &'static str,
    length: usize,
    min: usize,
    max: usize,
) -> Result<&'a [u8], DecodeError> {
    if length < min {
        return Err(reader.error(field, ErrorKind::TooShort { min }));
    }
    if length > max {
        return Err(reader.error(field, ErrorKind::TooLong { max }));
    }
    reader.bytes(field, length)
}

/// Takes a `u16` and as many bytes as it says.
pub(crate) fn sized_u16<'a>(
    reader: &mut Reader<'a>,
    field: &'static str,
    min: usize,
    max: usize,
) -> Result<&'a [u8], DecodeError> {
    let length = usize::from(reader.u16(field)?);
    sized(reader, field, length, min, max)
}

/// Takes a `u32` and as many bytes as it says.
pub(crate) fn sized_u32<'a>(
    reader: &mut Reader<'a>,
    field: &'static str,
    max: usize,
) -> Result<&'a [u8], DecodeError> {
    // More than a pointer holds is more than `max` as well.
    let length = usize::try_from(reader.u32(field)?).unwrap_or(usize::MAX);
    sized(reader, field, length, 0, max)
}

/// Takes everything that is left, if its receiver accepts so much.
pub(crate) fn tail<'a>(
    reader: &mut Reader<'a>,
    field: &'static str,
    min: usize,
    max: usize,
) -> Result<&'a [u8], DecodeError> {
    check_length(field, reader.offset(), reader.remaining(), min, max)?;
    Ok(reader.rest())
}

/// The first `max` bytes, or all.
pub(crate) fn cut(bytes: &[u8], max: usize) -> &[u8] {
    bytes.get(..max).unwrap_or(bytes)
}

/// What of `bytes` a `u16` length can tell.
pub(crate) fn cut_u16(bytes: &[u8]) -> &[u8] {
    cut(bytes, usize::from(u16::MAX))
}

/// Appends a `u16` length and the bytes, cut to what it can tell.
pub(crate) fn put_sized_u16(out: &mut impl BufMut, bytes: &[u8]) {
    let bytes = cut_u16(bytes);
    out.put_u16_le(u16::try_from(bytes.len()).unwrap_or(u16::MAX));
    out.put_slice(bytes);
}

/// Appends a `u32` length and the bytes. Four gigabytes are more than a packet holds.
pub(crate) fn put_sized_u32(out: &mut impl BufMut, bytes: &[u8]) {
    out.put_u32_le(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    out.put_slice(bytes);
}

/// Reads a message without bytes behind its last field, and then holds it to `honest`, which says
/// what is wrong with it and in which field.
pub(crate) fn strict<'a, T: Decode<'a>>(
    data: &'a [u8],
    honest: impl Fn(&T) -> Result<(), (&'static str, &'static str)>,
) -> Result<T, DecodeError> {
    check_length("message", 0, data.len(), T::MIN_SIZE, T::MAX_SIZE)?;
    let mut reader = Reader::new(data);
    let message = T::decode(&mut reader)?;
    reader.finish()?;
    match honest(&message) {
        Ok(()) => Ok(message),
        Err((field, why)) => Err(DecodeError::new(field, 0, ErrorKind::Malformed(why))),
    }
}
