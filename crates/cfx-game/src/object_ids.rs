//! `msgRequestObjectIds` and `msgObjectIds`: ids for the entities that a client will create
//! (reference: `net-packet/include/ObjectIds.h`).

use bytes::BufMut;
use cfx_wire::codec::check_length;
use cfx_wire::{Decode, DecodeError, Encode, ErrorKind, Reader};

use crate::frame::{MAX_PAYLOAD, MessageType, Payload};
use crate::list::{Item, List, private};

/// The most runs that a client accepts, in big mode as well.
pub const MAX_RUNS: usize = 64;

/// The most runs that a server sends in big mode.
pub const MAX_RUNS_BIG: usize = 6;

/// `msgRequestObjectIds`, client to server. The server answers with 32 ids, 6 in big mode. It has
/// no payload; the server does not look at one, and
/// [`from_slice_strict`](Decode::from_slice_strict) refuses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestObjectIds;

impl Payload for RequestObjectIds {
    const KIND: MessageType = MessageType::REQUEST_OBJECT_IDS;
}

impl Decode<'_> for RequestObjectIds {
    const MIN_SIZE: usize = 0;
    /// The server's handler skips the bounds.
    const MAX_SIZE: usize = MAX_PAYLOAD;

    fn decode(_: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self)
    }
}

impl Encode for RequestObjectIds {
    fn encoded_len(&self) -> usize {
        0
    }

    fn encode(&self, _: &mut impl BufMut) {}
}

/// Ids that follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// How far the first is from the id behind the last run's, less one, modulo 65536; from 0 for
    /// the first run.
    pub gap: u16,
    /// How many follow the first: 0 to 65534.
    pub size: u16,
}

impl private::Sealed for Run {}

impl Item for Run {
    const SIZE: usize = 4;

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { gap: reader.u16("gap")?, size: reader.u16("size")? })
    }

    fn write(self, out: &mut impl BufMut) {
        out.put_u16_le(self.gap);
        out.put_u16_le(self.size);
    }
}

/// `msgObjectIds`, server to client, on channel 1, reliable: `u16` count, then [`Run`]s.
///
/// A run of the size 65535 is an error here; the reference client never comes to its end.
///
/// ```
/// use cfx_game::object_ids::{ObjectIds, Run};
///
/// let ids: ObjectIds<'_> = [170, 171, 172, 346].into_iter().collect();
/// assert!(ids.runs().iter().eq([Run { gap: 169, size: 2 }, Run { gap: 172, size: 0 }]));
/// assert!(ids.ids().eq([170, 171, 172, 346]));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectIds<'a> {
    /// None of the size 65535.
    runs: List<'a, Run>,
}

impl<'a> ObjectIds<'a> {
    /// Reads what a server in big mode may send: at most [`MAX_RUNS_BIG`] runs. No client tells the
    /// modes apart; it is for those who check a server.
    ///
    /// # Errors
    /// As [`from_slice`](Decode::from_slice), which allows [`MAX_RUNS`].
    pub fn from_slice_big(data: &'a [u8]) -> Result<Self, DecodeError> {
        check_length("message", 0, data.len(), Self::MIN_SIZE, max_size(MAX_RUNS_BIG))?;
        Self::read(&mut Reader::new(data), MAX_RUNS_BIG)
    }

    fn read(reader: &mut Reader<'a>, max: usize) -> Result<Self, DecodeError> {
        let malformed = |field, at, why| DecodeError::new(field, at, ErrorKind::Malformed(why));
        let start = reader.offset();
        let count = usize::from(reader.u16("count")?);
        if count > max {
            return Err(malformed("count", start, "more runs than a receiver takes"));
        }
        let start = reader.offset();
        let runs: List<'_, Run> = List::read(reader, "runs", count)?;
        if let Some(at) = runs.iter().position(|run| run.size == u16::MAX) {
            let run = start + Run::SIZE * at;
            return Err(malformed("run", run, "of the size 65535"));
        }
        Ok(Self { runs })
    }

    /// The runs, as they are sent.
    pub const fn runs(&self) -> &List<'a, Run> {
        &self.runs
    }

    /// The ids, in the order of the runs: at most 65535 for each. They count modulo 65536, and may
    /// come twice.
    pub fn ids(&self) -> impl Iterator<Item = u16> {
        let runs = self.runs.iter().scan(0_u16, |next, run| {
            let first = next.wrapping_add(run.gap).wrapping_add(1);
            // No run has the size 65535.
            let count = run.size.saturating_add(1);
            *next = first.wrapping_add(count);
            Some((first, count))
        });
        runs.flat_map(|(first, count)| (0..count).map(move |at| first.wrapping_add(at)))
    }
}

/// Bytes of a payload with so many runs.
const fn max_size(runs: usize) -> usize {
    2 + Run::SIZE * runs
}

/// Packs ids as a server does, each that follows the one before it into a run. A client refuses
/// more than [`MAX_RUNS`] runs.
impl FromIterator<u16> for ObjectIds<'static> {
    fn from_iter<I: IntoIterator<Item = u16>>(ids: I) -> Self {
        let mut ids = ids.into_iter().peekable();
        let mut next = 0_u16;
        let runs = core::iter::from_fn(|| {
            let first = ids.next()?;
            let mut run = Run { gap: first.wrapping_sub(next).wrapping_sub(1), size: 0 };
            next = first.wrapping_add(1);
            while run.size < u16::MAX - 1 && next != 0 && ids.next_if_eq(&next).is_some() {
                run.size += 1;
                next = next.wrapping_add(1);
            }
            Some(run)
        });
        Self { runs: runs.collect() }
    }
}

impl Payload for ObjectIds<'_> {
    const KIND: MessageType = MessageType::OBJECT_IDS;
}

impl<'a> Decode<'a> for ObjectIds<'a> {
    const MIN_SIZE: usize = max_size(0);
    const MAX_SIZE: usize = max_size(MAX_RUNS);

    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Self::read(reader, MAX_RUNS)
    }
}

/// Cuts the runs to what their count tells, 65535.
impl Encode for ObjectIds<'_> {
    fn encoded_len(&self) -> usize {
        2 + self.runs.cut(usize::from(u16::MAX)).len()
    }

    fn encode(&self, out: &mut impl BufMut) {
        out.put_u16_le(u16::try_from(self.runs.len()).unwrap_or(u16::MAX));
        out.put_slice(self.runs.cut(usize::from(u16::MAX)));
    }
}
