//! `cfx-onesync`: bits, blocks, streams of records, and what they travel in.

use std::sync::LazyLock;

use cfx_game::{c2s, s2c};
use cfx_onesync::bits::{BitReader, BitWriter};
use cfx_onesync::block::{Inflater, MAX_BODY, compress, compress_bound, compress_with};
use cfx_onesync::data::{Data, MAX_DATA};
use cfx_onesync::dictionary::{Dictionary, MAX_DICTIONARY};
use cfx_onesync::layout::{Game, Layout};
use cfx_onesync::reassembly::{Event, Version};
use cfx_onesync::route::{RoutePayload, StreamType};
use cfx_onesync::state_bag::StateBagV1;
use cfx_onesync::stream::{END, Record, Records, StreamEnd};
use cfx_onesync::{acks, clones};
use cfx_wire::{Decode, Encode};

use crate::source::Source;

/// A dictionary of our own, as long as the reference's.
pub(crate) static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| {
    let words = (0..).flat_map(|n: u32| n.wrapping_mul(n).to_le_bytes());
    Dictionary::new(words.take(MAX_DICTIONARY).collect::<Vec<_>>()).expect("not too long")
});

/// Game and length hack of a byte.
pub(crate) fn layout(source: &mut Source<'_>) -> Layout {
    let flags: u8 = source.take();
    let game = if flags & 1 == 0 { Game::Gta5 } else { Game::Rdr3 };
    Layout { game, length_hack: flags & 2 != 0 }
}

/// Reads of a bit buffer: a byte for the length hack, one for their number, a byte for each, then
/// the buffer. Against one bit at a time.
pub fn onesync_bits(data: &[u8]) {
    let mut source = Source::new(data);
    let length_hack = source.take();
    let count = source.pick(64);
    let reads: Vec<u8> = (0..count).map(|_| source.take()).collect();
    let buffer = source.rest();
    let bit = |at: usize| buffer[at / 8] >> (7 - at % 8) & 1;
    let mut reader = BitReader::new(buffer, length_hack);
    let mut position = 0;
    for read in reads {
        let width = u32::from(read) % 32 + 1;
        let wide = if length_hack && width == 13 { 16 } else { width as usize };
        let left = (8 * buffer.len()).saturating_sub(position);
        assert_eq!((reader.position(), reader.remaining()), (position, left));
        let bits = |count: usize| (position..position + count).map(bit);
        match read / 32 {
            0 => {
                let _ = reader.signed(width);
                position = reader.position();
            }
            1 => {
                assert_eq!(reader.bit(), left > 0 && bit(position) == 1);
                position += usize::from(left > 0);
            }
            2 | 3 => {
                let run = reader.bits(usize::from(read));
                assert_eq!(run.is_some(), usize::from(read) <= left);
                let Some(run) = run else { continue };
                let bytes = run.to_vec();
                assert!(
                    (0..run.len()).map(|at| bytes[at / 8] >> (7 - at % 8) & 1).eq(bits(run.len()))
                );
                if let Some(slice) = run.as_slice() {
                    assert_eq!(slice, bytes);
                }
                position += run.len();
            }
            _ => {
                let value = bits(wide.min(left)).fold(0, |value, bit| value << 1 | u32::from(bit));
                assert_eq!(reader.unsigned(width), (wide <= left).then_some(value));
                position += wide;
            }
        }
    }
}

/// An LZ4 block: within its bound when it inflates, with the dictionary and without; and its body,
/// compressed, inflates to the same.
pub fn onesync_block(data: &[u8]) {
    let mut inflater = Inflater::new();
    let mut again = Inflater::new();
    if let Ok(body) = inflater.inflate(data) {
        assert!(body.len() <= MAX_BODY);
        let block = compress(body);
        assert!(block.len() <= compress_bound(body.len()));
        assert_eq!(again.inflate(&block), Ok(body));
    }
    if let Ok(body) = inflater.inflate_with(data, &DICTIONARY) {
        assert!(body.len() <= MAX_BODY);
        let block = compress_with(body, &DICTIONARY);
        assert!(block.len() <= compress_bound(body.len()));
        assert_eq!(again.inflate_with(&block, &DICTIONARY), Ok(body));
    }
}

/// An inflated body, read as each of the four streams. A byte for the layout, then the body.
pub fn onesync_records(data: &[u8]) {
    let mut source = Source::new(data);
    let layout = layout(&mut source);
    let body = source.rest();
    let body = body.get(..MAX_BODY).unwrap_or(body);
    is_kept(body, |body| {
        rewrite(clones::s2c::records(body, layout), |record| match record {
            clones::s2c::Record::Create(create) => Some(create.data),
            clones::s2c::Record::Sync(sync) => Some(sync.data),
            _ => None,
        })
    });
    is_kept(body, |body| {
        rewrite(clones::c2s::records(body, layout), |record| {
            let _ = record.ack();
            match record {
                clones::c2s::Record::Create(create) => Some(create.data),
                clones::c2s::Record::Sync(sync) => Some(sync.data),
                _ => None,
            }
        })
    });
    is_kept(body, |body| rewrite(acks::s2c::records(body, layout), |_| None));
    is_kept(body, |body| rewrite(acks::c2s::records(body, layout), |_| None));
}

/// The records of a body, written.
#[derive(PartialEq, Eq, Debug)]
struct Rewritten {
    body: Vec<u8>,
    records: usize,
    /// Whether the data of each is all there. If not, what follows takes its place.
    is_whole: bool,
}

fn is_kept(body: &[u8], rewrite: impl Fn(&[u8]) -> Rewritten) {
    let first = rewrite(body);
    assert!(first.records <= body.len() * 8 / 3 + 1);
    if first.is_whole {
        assert_eq!(rewrite(&first.body), first);
    }
}

fn rewrite<'a, R: Record<'a>>(
    mut stream: Records<'a, R>,
    data: impl Fn(&R) -> Option<Data<'a>>,
) -> Rewritten {
    let layout = stream.layout();
    let mut writer = BitWriter::new(usize::MAX, layout.length_hack);
    let mut buffer = [0; MAX_DATA];
    let (mut records, mut is_whole) = (0, true);
    for record in stream.by_ref() {
        if let Some(data) = data(&record) {
            is_whole &= !data.is_truncated();
            assert_eq!(data.bytes(&mut buffer).len(), data.len());
        }
        let before = writer.position();
        record.write(&mut writer, layout);
        assert_eq!(writer.position() - before, record.bit_len(layout));
        records += 1;
    }
    assert!(stream.end().is_some());
    writer.unsigned(END.into(), 3);
    Rewritten { body: writer.as_bytes().to_vec(), records, is_whole }
}

/// A packet of `OneSync`: a byte for the layout, a byte for the direction, then the packet, type
/// included. Inflated and read as its receiver does.
pub fn onesync_packet(data: &[u8]) {
    let mut source = Source::new(data);
    let layout = layout(&mut source);
    let from_server: bool = source.take();
    let packet = source.rest();
    let mut inflater = Inflater::new();
    let ends = if from_server {
        match s2c::Message::from_slice(packet) {
            Ok(s2c::Message::PackedClones(clones)) => inflater
                .inflate(clones.block)
                .ok()
                .map(|body| end(clones::s2c::records(body, layout))),
            Ok(s2c::Message::PackedAcks(acks)) => {
                inflater.inflate(acks.block).ok().map(|body| end(acks::s2c::records(body, layout)))
            }
            _ => None,
        }
    } else {
        let Ok(c2s::Message::Route(route)) = c2s::Message::from_slice(packet) else { return };
        let Ok(payload) = RoutePayload::from_slice(route.data) else { return };
        assert_eq!(payload.to_vec(), route.data);
        let body = inflater.inflate_with(payload.block, &DICTIONARY).ok();
        body.and_then(|body| match payload.kind {
            StreamType::NET_CLONES => Some(end(clones::c2s::records(body, layout))),
            StreamType::NET_ACKS => Some(end(acks::c2s::records(body, layout))),
            _ => None,
        })
    };
    if let Some(StreamEnd::Unknown(kind)) = ends {
        assert!(kind < END);
    }
}

/// Reads to the end, and says how it ended.
fn end<'a, R: Record<'a>>(mut records: Records<'a, R>) -> StreamEnd {
    let count = records.by_ref().count();
    assert!(count <= MAX_BODY * 8 / 3 + 1);
    records.end().expect("it has ended")
}

/// What is inside `msgStateBag`, and the payload of a reassembled event in both versions: read
/// again as it was when it is written.
pub fn onesync_payload(data: &[u8]) {
    if let Ok(bag) = StateBagV1::from_slice(data) {
        let written = bag.to_vec();
        assert_eq!(written.len(), bag.encoded_len());
        assert_eq!(StateBagV1::from_slice(&written), Ok(bag));
        if StateBagV1::from_slice_strict(data).is_ok() {
            assert_eq!(written, data);
        }
    }
    for version in [Version::V1, Version::V2] {
        let Ok(event) = Event::from_payload(data, version) else { continue };
        let written = event.to_payload(version).expect("it was read with that length");
        // Version 2 takes a NUL off the name's end, where there is one.
        if version == Version::V1 || !event.name.ends_with(&[0]) {
            assert_eq!(Event::from_payload(&written, version), Ok(event));
        }
    }
}
