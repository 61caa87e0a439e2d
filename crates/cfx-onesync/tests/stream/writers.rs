//! What writers make, read back.

use cfx_game::frame::Payload;
use cfx_game::packed::{FrameIndex, PackedAcks};
use cfx_onesync::acks::{self, Object};
use cfx_onesync::block::Inflater;
use cfx_onesync::clones::{c2s, s2c};
use cfx_onesync::data::{Data, MAX_DATA};
use cfx_onesync::dictionary::Dictionary;
use cfx_onesync::layout::{Game, Layout};
use cfx_onesync::stream::{Record, Records, StreamEnd};
use cfx_onesync::writer::{AcksWriter, ClonesWriter, NetAcksWriter, NetClonesWriter};
use cfx_wire::Decode;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::show::{Inflated, Stream, packet, route};

const GTA5: Layout = Layout { game: Game::Gta5, length_hack: false };

pub(crate) fn any_layout() -> impl Strategy<Value = Layout> {
    (any::<bool>(), any::<bool>()).prop_map(|(rdr3, length_hack)| Layout {
        game: if rdr3 { Game::Rdr3 } else { Game::Gta5 },
        length_hack,
    })
}

/// A dictionary that the tests make themselves.
pub(crate) fn own_dictionary() -> Dictionary {
    let words: Vec<u8> = (0..MAX_DATA).flat_map(|n| (n * n).to_le_bytes()).collect();
    Dictionary::new(words).expect("not too long")
}

/// Numbers enough for a record of any type, and its data.
type Seed = (u8, u64, u64, Vec<u8>);

fn any_seeds() -> impl Strategy<Value = Vec<Seed>> {
    let data = prop_oneof![8 => vec(any::<u8>(), 0..200), 1 => vec(any::<u8>(), 0..=MAX_DATA)];
    vec((any::<u8>(), any::<u64>(), any::<u64>(), data), 0..60)
}

#[expect(clippy::cast_possible_truncation, reason = "any bits will do")]
fn s2c_record((kind, a, b, data): &Seed, layout: Layout) -> s2c::Record<'_> {
    let (object_id, client_id) = (*a as u16 & layout.max_object_id(), (*a >> 16) as u16);
    let (uniqifier, timestamp) = ((*a >> 32) as u16, *b as u32);
    let data = Data::new(data).expect("not too long");
    match kind % 4 {
        0 => s2c::Record::Create(s2c::Create {
            object_id,
            client_id,
            entity_type: (*a >> 48) as u8 & 0xF,
            creation_token: (*b >> 32) as u32,
            uniqifier,
            dependent_frame_index: a ^ b,
            timestamp,
            data,
        }),
        1 => s2c::Record::Sync(s2c::Sync {
            object_id,
            client_id,
            uniqifier,
            dependent_frame_index: a ^ b,
            timestamp,
            data,
        }),
        2 => s2c::Record::Remove(s2c::Remove { force_steal: *b > *a, object_id, uniqifier }),
        _ => s2c::Record::Timestamp(*b),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "any bits will do")]
fn c2s_record((kind, a, b, data): &Seed, layout: Layout) -> c2s::Record<'_> {
    let (object_id, uniqifier) = (*a as u16 & layout.max_object_id(), (*a >> 16) as u16);
    let data = Data::new(data).expect("not too long");
    match kind % 6 {
        0 => c2s::Record::Create(c2s::Create {
            uniqifier,
            object_id,
            creation_token: *b as u32,
            entity_type: (*a >> 32) as u8 & 0xF,
            data,
        }),
        1 => c2s::Record::Sync(c2s::Sync { uniqifier, object_id, data }),
        2 => c2s::Record::Remove(c2s::Remove { object_id, uniqifier }),
        3 => c2s::Record::Takeover(c2s::Takeover { client_id: uniqifier, object_id }),
        4 => c2s::Record::Timestamp(*b as u32),
        _ => c2s::Record::Index(*b as u32),
    }
}

/// The records of a body that an honest peer ended.
fn all<'a, R: Record<'a>>(mut records: Records<'a, R>) -> Vec<R> {
    let all = records.by_ref().collect();
    assert_eq!(records.end(), Some(StreamEnd::Marker));
    all
}

/// At most `target` bytes, or one record alone.
fn assert_target(bytes: &[u8], target: usize, records: usize) {
    assert!(bytes.len() <= target || records == 1, "{} bytes, {records} records", bytes.len());
}

proptest! {
    #[test]
    fn a_frame_is_cut_below_the_target_and_closed(
        seeds in any_seeds(), layout in any_layout(), frame in 0u64..1 << 56,
    ) {
        let records: Vec<_> = seeds.iter().map(|seed| s2c_record(seed, layout)).collect();
        let mut writer = ClonesWriter::new(layout, frame);
        let mut packets: Vec<_> = records.iter().filter_map(|record| writer.push(record)).collect();
        packets.push(writer.finish());
        let count = packets.len();
        let inflated: Vec<Inflated> =
            packets.iter().map(|bytes| packet(bytes, layout).expect("our own")).collect();
        let mut read = Vec::new();
        for (at, (given, packet)) in inflated.iter().zip(&packets).enumerate() {
            let fragment = u8::try_from(at + 1).expect("few");
            prop_assert_eq!(given.index, Some(FrameIndex::new(frame, fragment, at + 1 == count)));
            let part = all(s2c::records(&given.body, layout));
            assert_target(packet, 1100, part.len());
            read.extend(part);
        }
        prop_assert_eq!(read, records);
        let next = packet(&writer.finish(), layout).expect("our own");
        prop_assert_eq!(next.index, Some(FrameIndex::new(frame + 1, 1, true)), "an empty frame");
        prop_assert_eq!(all(s2c::records(&next.body, layout)), []);
    }

    #[test]
    fn client_streams_are_cut_and_closed_and_answered(
        seeds in any_seeds(), layout in any_layout(),
    ) {
        let dictionary = own_dictionary();
        let records: Vec<_> = seeds.iter().map(|seed| c2s_record(seed, layout)).collect();
        let mut writer = NetClonesWriter::new(layout, &dictionary);
        let mut payloads: Vec<_> =
            records.iter().filter_map(|record| writer.push(record)).collect();
        payloads.extend(writer.finish());
        prop_assert_eq!(writer.finish(), None, "clients send no empty stream");
        let inflated: Vec<Inflated> =
            payloads.iter().map(|bytes| route(bytes, layout, &dictionary).expect("ours")).collect();
        let mut read = Vec::new();
        for (given, payload) in inflated.iter().zip(&payloads) {
            prop_assert_eq!(given.stream, Stream::NetClones);
            let part = all(c2s::records(&given.body, layout));
            assert_target(payload, 1104, part.len());
            read.extend(part);
        }
        prop_assert_eq!(&read, &records);

        let acks: Vec<_> = read.iter().filter_map(c2s::Record::ack).collect();
        let mut writer = AcksWriter::new(layout);
        let mut packets: Vec<_> = acks.iter().filter_map(|ack| writer.push(ack)).collect();
        packets.push(writer.finish());
        let mut read = Vec::new();
        for bytes in &packets {
            let given = packet(bytes, layout).expect("our own");
            prop_assert_eq!(given.index, Some(FrameIndex(0)));
            read.extend(all(acks::s2c::records(&given.body, layout)));
        }
        prop_assert_eq!(read, acks);
    }

    #[test]
    fn client_acks_are_cut_and_closed(
        objects in vec((any::<bool>(), any::<u16>(), any::<u16>()), 0..600), layout in any_layout(),
    ) {
        let dictionary = own_dictionary();
        let records: Vec<_> = objects
            .into_iter()
            .map(|(create, object_id, uniqifier)| {
                let object = Object { object_id: object_id & layout.max_object_id(), uniqifier };
                if create {
                    acks::c2s::Record::Create(object)
                } else {
                    acks::c2s::Record::Remove(object)
                }
            })
            .collect();
        let mut writer = NetAcksWriter::new(layout, &dictionary);
        let mut payloads: Vec<_> =
            records.iter().filter_map(|record| writer.push(record)).collect();
        payloads.extend(writer.finish());
        let mut read = Vec::new();
        for payload in &payloads {
            let given = route(payload, layout, &dictionary).expect("our own");
            prop_assert_eq!(given.stream, Stream::NetAcks);
            let part = all(acks::c2s::records(&given.body, layout));
            assert_target(payload, 1104, part.len());
            read.extend(part);
        }
        prop_assert_eq!(read, records);
    }

    #[test]
    fn a_mended_packet_is_read_or_refused(
        seeds in any_seeds(), layout in any_layout(), at in any::<Index>(), byte in any::<u8>(),
    ) {
        let mut writer = ClonesWriter::new(layout, 1);
        let mut packets: Vec<_> = seeds
            .iter()
            .filter_map(|seed| writer.push(&s2c_record(seed, layout)))
            .collect();
        packets.push(writer.finish());
        for mut bytes in packets {
            // Behind the type, which says whose packet it is.
            let at = 4 + at.index(bytes.len() - 4);
            bytes[at] = byte;
            if let Ok(given) = packet(&bytes, layout) {
                super::hostile::read_all(&given.body, layout);
            }
        }
    }
}

#[test]
fn a_clients_own_frame_is_answered_with_its_number_alone() {
    let mut writer = AcksWriter::new(GTA5);
    let full = writer.push(&acks::s2c::Record::Timestamp(9));
    assert_eq!(full, None);
    let bytes = writer.finish_frame(77);
    assert_eq!(bytes[..4], PackedAcks::KIND.0.to_le_bytes());
    let given = PackedAcks::from_slice_strict(&bytes[4..]).expect("our own");
    assert_eq!(given.frame_index, FrameIndex::new(77, 0, false));
    let mut inflater = Inflater::new();
    let body = inflater.inflate(given.block).expect("our own");
    assert_eq!(all(acks::s2c::records(body, GTA5)), []);
}

#[test]
fn data_is_borrowed_where_it_begins_at_a_byte() {
    let bytes = [0xAB; 40];
    let data = Data::new(&bytes).expect("not too long");
    let create = s2c::Record::Create(s2c::Create {
        object_id: 1,
        client_id: 2,
        entity_type: 3,
        creation_token: 4,
        uniqifier: 5,
        dependent_frame_index: 6,
        timestamp: 7,
        data,
    });
    let mut writer = ClonesWriter::new(GTA5, 1);
    // 192 bits before the data of a create in gta5, and its end begins no byte's middle.
    assert_eq!(writer.push(&create), None);
    assert_eq!(writer.push(&s2c::Record::Timestamp(0)), None);
    assert_eq!(writer.push(&create), None);
    let given = packet(&writer.finish(), GTA5).expect("our own");
    let records = all(s2c::records(&given.body, GTA5));
    let [s2c::Record::Create(first), _, s2c::Record::Create(second)] = records[..] else {
        panic!("{records:?}")
    };
    let at = given.body.as_ptr_range();
    let slice = first.data.as_slice().expect("at a byte");
    assert!(at.contains(&slice.as_ptr()), "in the body itself");
    assert_eq!(second.data.as_slice(), None);
    let mut buffer = [0; MAX_DATA];
    assert_eq!(second.data.bytes(&mut buffer), bytes);
    assert_eq!(first.data, second.data);
}

#[test]
fn first_updates_have_the_uniqifier_inverted() {
    assert_eq!(s2c::first_update_uniqifier(0x00FF), 0xFF00);
}

#[test]
fn data_has_at_most_4095_bytes() {
    assert!(Data::new(&[0; 4095]).is_some());
    assert!(Data::new(&[0; 4096]).is_none());
    assert!(Data::new(&vec![0; 65536 + 1]).is_none());
}
