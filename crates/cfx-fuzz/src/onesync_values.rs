//! `cfx-onesync` the other way: bits, records and payloads of any content, written and read.

use std::fmt::Debug;

use cfx_game::frame::Payload;
use cfx_game::packed::{PackedAcks, PackedClones};
use cfx_onesync::acks::{self, Object};
use cfx_onesync::bits::{BitReader, BitWriter, Bits};
use cfx_onesync::block::Inflater;
use cfx_onesync::clones::{c2s, s2c};
use cfx_onesync::data::{Data, MAX_DATA};
use cfx_onesync::layout::Layout;
use cfx_onesync::reassembly::{Event, Version};
use cfx_onesync::route::RoutePayload;
use cfx_onesync::state_bag::StateBagV1;
use cfx_onesync::stream::{Record, Records, StreamEnd};
use cfx_onesync::writer::{AcksWriter, ClonesWriter, NetAcksWriter, NetClonesWriter};
use cfx_wire::{Decode, Encode};

use crate::onesync::{DICTIONARY, layout};
use crate::source::Source;

/// The most records of one input.
const MAX_RECORDS: usize = 400;

/// Writes to a bit buffer: a byte for the length hack, a `u16` limit, then a byte for each write and
/// its value. What fitted is read again.
pub fn onesync_bits_values(data: &[u8]) {
    let mut source = Source::new(data);
    let length_hack = source.take();
    let limit = usize::from(source.take::<u16>()) % 600;
    let mut writer = BitWriter::new(limit, length_hack);
    let mut written = Vec::new();
    while !source.is_empty() && written.len() < MAX_RECORDS {
        let write: u8 = source.take();
        let width = u32::from(write) % 32 + 1;
        let before = writer.position();
        if write < 200 {
            let value: u32 = source.take();
            if writer.unsigned(value, width) {
                let hacked = length_hack && width == 13;
                written.push((width, value & u32::MAX >> (32 - if hacked { 16 } else { width })));
                continue;
            }
        } else {
            let run = Bits::from_bytes(source.bytes(40));
            if writer.bits(&run) {
                written.extend(run.bytes().map(|byte| (8, byte.into())));
                continue;
            }
        }
        assert_eq!(writer.position(), before, "what does not fit is left out whole");
    }
    assert!(writer.as_bytes().len() <= limit);
    assert_eq!(writer.as_bytes().len(), writer.position().div_ceil(8));
    let mut reader = BitReader::new(writer.as_bytes(), length_hack);
    for (width, value) in written {
        assert_eq!(reader.unsigned(width), Some(value));
    }
    assert_eq!(reader.position(), writer.position());
}

/// Records of any content through each of the four writers: a byte for the stream, one for the
/// layout, then a byte for each record and its fields.
pub fn onesync_values(data: &[u8]) {
    let mut source = Source::new(data);
    let stream = source.pick(4);
    let layout = layout(&mut source);
    match stream {
        0 => server_clones(&mut source, layout),
        1 => client_clones(&mut source, layout),
        2 => server_acks(&mut source, layout),
        _ => client_acks(&mut source, layout),
    }
}

fn server_clones(source: &mut Source<'_>, layout: Layout) {
    let records = take(source, |source| s2c_record(source, layout));
    let frame = 7;
    let mut writer = ClonesWriter::new(layout, frame);
    let mut packets: Vec<_> = records.iter().filter_map(|record| writer.push(record)).collect();
    packets.push(writer.finish());
    let mut inflater = Inflater::new();
    let mut at = 0;
    for (number, packet) in packets.iter().enumerate() {
        let clones = PackedClones::from_slice_strict(payload::<PackedClones<'_>>(packet));
        let clones = clones.expect("our own");
        let index = clones.frame_index;
        let fragment = u8::try_from(number + 1).map_or(0, |fragment| fragment & 0x7F);
        assert_eq!((index.frame(), index.fragment()), (frame, fragment));
        assert_eq!(index.is_last(), number + 1 == packets.len());
        let body = inflater.inflate(clones.block).expect("our own");
        at += matched(s2c::records(body, layout), &records[at..]);
    }
    assert_eq!(at, records.len());
}

fn client_clones(source: &mut Source<'_>, layout: Layout) {
    let records = take(source, |source| c2s_record(source, layout));
    let mut writer = NetClonesWriter::new(layout, &DICTIONARY);
    let mut payloads: Vec<_> = records.iter().filter_map(|record| writer.push(record)).collect();
    payloads.extend(writer.finish());
    let mut inflater = Inflater::new();
    let mut at = 0;
    for payload in &payloads {
        let payload = RoutePayload::from_slice(payload).expect("our own");
        let body = inflater.inflate_with(payload.block, &DICTIONARY).expect("our own");
        at += matched(c2s::records(body, layout), &records[at..]);
    }
    assert_eq!(at, records.len());
}

fn server_acks(source: &mut Source<'_>, layout: Layout) {
    let records = take(source, |source| match source.pick(4) {
        0 => acks::s2c::Record::Create(object(source, layout)),
        1 => acks::s2c::Record::Sync(object(source, layout)),
        2 => acks::s2c::Record::Remove(object(source, layout)),
        _ => acks::s2c::Record::Timestamp(source.take()),
    });
    let mut writer = AcksWriter::new(layout);
    let mut packets: Vec<_> = records.iter().filter_map(|record| writer.push(record)).collect();
    packets.push(writer.finish());
    let mut inflater = Inflater::new();
    let mut at = 0;
    for packet in &packets {
        let acks = PackedAcks::from_slice_strict(payload::<PackedAcks<'_>>(packet));
        let body = inflater.inflate(acks.expect("our own").block).expect("our own");
        at += matched(acks::s2c::records(body, layout), &records[at..]);
    }
    assert_eq!(at, records.len());
}

fn client_acks(source: &mut Source<'_>, layout: Layout) {
    let records = take(source, |source| match source.pick(2) {
        0 => acks::c2s::Record::Create(object(source, layout)),
        _ => acks::c2s::Record::Remove(object(source, layout)),
    });
    let mut writer = NetAcksWriter::new(layout, &DICTIONARY);
    let mut payloads: Vec<_> = records.iter().filter_map(|record| writer.push(record)).collect();
    payloads.extend(writer.finish());
    let mut inflater = Inflater::new();
    let mut at = 0;
    for payload in &payloads {
        let payload = RoutePayload::from_slice(payload).expect("our own");
        let body = inflater.inflate_with(payload.block, &DICTIONARY).expect("our own");
        at += matched(acks::c2s::records(body, layout), &records[at..]);
    }
    assert_eq!(at, records.len());
}

/// A packet without its type.
fn payload<P: Payload>(packet: &[u8]) -> &[u8] {
    packet.strip_prefix(&P::KIND.0.to_le_bytes()).expect("its type")
}

/// Takes records while there is input.
fn take<'a, R>(source: &mut Source<'a>, one: impl Fn(&mut Source<'a>) -> R) -> Vec<R> {
    let mut records = Vec::new();
    while !source.is_empty() && records.len() < MAX_RECORDS {
        records.push(one(source));
    }
    records
}

/// How many records an honestly ended body has: those that were written, in their order.
fn matched<'a, R: Record<'a> + PartialEq + Debug>(
    mut read: Records<'a, R>,
    written: &[R],
) -> usize {
    let mut count = 0;
    for record in read.by_ref() {
        assert_eq!(Some(&record), written.get(count));
        count += 1;
    }
    assert_eq!(read.end(), Some(StreamEnd::Marker));
    count
}

fn object_id(source: &mut Source<'_>, layout: Layout) -> u16 {
    source.take::<u16>() & layout.max_object_id()
}

fn object(source: &mut Source<'_>, layout: Layout) -> Object {
    Object { object_id: object_id(source, layout), uniqifier: source.take() }
}

/// Any type that both games can have.
fn entity_type(source: &mut Source<'_>) -> u8 {
    source.take::<u8>() & 0xF
}

fn state<'a>(source: &mut Source<'a>) -> Data<'a> {
    Data::new(source.bytes(MAX_DATA)).expect("not too long")
}

fn s2c_record<'a>(source: &mut Source<'a>, layout: Layout) -> s2c::Record<'a> {
    match source.pick(4) {
        0 => s2c::Record::Create(s2c::Create {
            object_id: object_id(source, layout),
            client_id: source.take(),
            entity_type: entity_type(source),
            creation_token: source.take(),
            uniqifier: source.take(),
            dependent_frame_index: source.take(),
            timestamp: source.take(),
            data: state(source),
        }),
        1 => s2c::Record::Sync(s2c::Sync {
            object_id: object_id(source, layout),
            client_id: source.take(),
            uniqifier: source.take(),
            dependent_frame_index: source.take(),
            timestamp: source.take(),
            data: state(source),
        }),
        2 => s2c::Record::Remove(s2c::Remove {
            force_steal: source.take(),
            object_id: object_id(source, layout),
            uniqifier: source.take(),
        }),
        _ => s2c::Record::Timestamp(source.take()),
    }
}

fn c2s_record<'a>(source: &mut Source<'a>, layout: Layout) -> c2s::Record<'a> {
    match source.pick(6) {
        0 => c2s::Record::Create(c2s::Create {
            uniqifier: source.take(),
            object_id: object_id(source, layout),
            creation_token: source.take(),
            entity_type: entity_type(source),
            data: state(source),
        }),
        1 => c2s::Record::Sync(c2s::Sync {
            uniqifier: source.take(),
            object_id: object_id(source, layout),
            data: state(source),
        }),
        2 => c2s::Record::Remove(c2s::Remove {
            object_id: object_id(source, layout),
            uniqifier: source.take(),
        }),
        3 => c2s::Record::Takeover(c2s::Takeover {
            client_id: source.take(),
            object_id: object_id(source, layout),
        }),
        4 => c2s::Record::Timestamp(source.take()),
        _ => c2s::Record::Index(source.take()),
    }
}

/// A key of a state bag and an event of any content.
pub fn onesync_payload_values(data: &[u8]) {
    let mut source = Source::new(data);
    let (name, key, value) = (source.name(200), source.name(200), source.some_bytes(2000));
    let bag = StateBagV1 { name, key, value };
    assert_eq!(StateBagV1::from_slice_strict(&bag.to_vec()), Ok(bag));
    let event = Event { name, data: value };
    for version in [Version::V1, Version::V2] {
        let payload = event.to_payload(version).expect("a short name");
        assert_eq!(Event::from_payload(&payload, version), Ok(event));
    }
}
