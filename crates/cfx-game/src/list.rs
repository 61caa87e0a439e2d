//! Lists of fixed-size items, read where they lie.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use bytes::BufMut;
use cfx_wire::{DecodeError, Reader};

/// An item of a [`List`]: little-endian fields, always the same number of bytes. Implemented by the
/// items that messages have.
pub trait Item: Copy + private::Sealed {
    /// Bytes of one item.
    const SIZE: usize;

    /// The item in [`SIZE`](Self::SIZE) bytes.
    ///
    /// # Errors
    /// Fewer bytes are left.
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError>;

    /// Appends the item.
    fn write(self, out: &mut impl BufMut);
}

pub(crate) mod private {
    pub trait Sealed {}

    impl Sealed for u16 {}
}

impl Item for u16 {
    const SIZE: usize = 2;

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.u16("item")
    }

    fn write(self, out: &mut impl BufMut) {
        out.put_u16_le(self);
    }
}

/// Items one after another: a view of a received message, or collected for one to send.
///
/// ```
/// use cfx_game::list::List;
///
/// let players: List<'_, u16> = [3, 1, 512].into_iter().collect();
/// assert_eq!(players.len(), 3);
/// assert!(players.iter().eq([3, 1, 512]));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct List<'a, T> {
    bytes: Cow<'a, [u8]>,
    items: PhantomData<T>,
}

impl<'a, T: Item> List<'a, T> {
    /// A list without items.
    pub const fn empty() -> Self {
        Self::of(&[])
    }

    /// The items in `bytes`, of which there are whole ones.
    const fn of(bytes: &'a [u8]) -> Self {
        Self { bytes: Cow::Borrowed(bytes), items: PhantomData }
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.bytes.len() / T::SIZE
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The items in their order, read as they are asked for.
    pub fn iter(&self) -> impl Iterator<Item = T> {
        let mut reader = Reader::new(&self.bytes);
        core::iter::from_fn(move || T::read(&mut reader).ok())
    }

    /// Takes `count` items.
    pub(crate) fn read(
        reader: &mut Reader<'a>,
        field: &'static str,
        count: usize,
    ) -> Result<Self, DecodeError> {
        reader.bytes(field, count.saturating_mul(T::SIZE)).map(Self::of)
    }

    /// Takes a `u8` and as many items as it says.
    pub(crate) fn read_u8(
        reader: &mut Reader<'a>,
        field: &'static str,
    ) -> Result<Self, DecodeError> {
        let count = usize::from(reader.u8(field)?);
        Self::read(reader, field, count)
    }

    /// The first `max` items as bytes, or all.
    pub(crate) fn cut(&self, max: usize) -> &[u8] {
        crate::fields::cut(&self.bytes, max.saturating_mul(T::SIZE))
    }

    /// Bytes that [`put_u8`](Self::put_u8) writes.
    pub(crate) fn len_u8(&self) -> usize {
        1 + self.cut(usize::from(u8::MAX)).len()
    }

    /// Appends a `u8` count and the items, cut to what it can tell.
    pub(crate) fn put_u8(&self, out: &mut impl BufMut) {
        out.put_u8(u8::try_from(self.len()).unwrap_or(u8::MAX));
        out.put_slice(self.cut(usize::from(u8::MAX)));
    }
}

impl<T: Item> FromIterator<T> for List<'static, T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut bytes = Vec::new();
        items.into_iter().for_each(|item| item.write(&mut bytes));
        Self { bytes: Cow::Owned(bytes), items: PhantomData }
    }
}

impl<T: Item + fmt::Debug> fmt::Debug for List<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
