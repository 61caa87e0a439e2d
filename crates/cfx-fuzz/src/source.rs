//! Values and operations out of a fuzzer's bytes.

use arbitrary::{Arbitrary, Unstructured};

/// Reads an input from its front. Numbers are little-endian, and 0 behind the end, so that every
/// input means something and a longer one means the same and more.
pub(crate) struct Source<'a>(Unstructured<'a>);

impl<'a> Source<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self(Unstructured::new(data))
    }

    /// Whether all of the input is used up.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A number or flag.
    pub(crate) fn take<T: Arbitrary<'a> + Default>(&mut self) -> T {
        self.0.arbitrary().unwrap_or_default()
    }

    /// Which of `count` things, at most 256.
    pub(crate) fn pick(&mut self, count: usize) -> usize {
        usize::from(self.take::<u8>()) % count
    }

    /// A `u16` length, folded to at most `max`, and as many bytes of what is left.
    pub(crate) fn bytes(&mut self, max: usize) -> &'a [u8] {
        let length = usize::from(self.take::<u16>()) % (max + 1);
        self.0.bytes(length.min(self.0.len())).unwrap_or_default()
    }

    /// As [`bytes`](Self::bytes), but never empty.
    pub(crate) fn some_bytes(&mut self, max: usize) -> &'a [u8] {
        match self.bytes(max) {
            [] => b"x",
            bytes => bytes,
        }
    }

    /// As [`some_bytes`](Self::some_bytes), and without a NUL.
    pub(crate) fn name(&mut self, max: usize) -> &'a [u8] {
        match self.bytes(max).split(|byte| *byte == 0).next().unwrap_or_default() {
            [] => b"x",
            name => name,
        }
    }

    /// Text of at most three times `max` bytes: what is not UTF-8 is replaced.
    pub(crate) fn text(&mut self, max: usize) -> String {
        String::from_utf8_lossy(self.bytes(max)).into_owned()
    }

    /// Everything that is left.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.0.take_rest()
    }
}
