//! Bad input: every bound, every prefix, any bytes.

use cfx_fixtures::{prefixes, vectors};
use cfx_onesync::block::{Inflater, MAX_BODY, compress, compress_bound, compress_with};
use cfx_onesync::data::MAX_DATA;
use cfx_onesync::dictionary::{Dictionary, MAX_DICTIONARY};
use cfx_onesync::layout::{Game, Layout};
use cfx_onesync::route::{RoutePayload, StreamType};
use cfx_onesync::stream::StreamEnd;
use cfx_onesync::{acks, clones};
use cfx_wire::{Decode, ErrorKind};
use proptest::collection::vec;
use proptest::prelude::*;

use super::show::{dictionary, inflate, layout};
use super::writers::{any_layout, own_dictionary};

const GTA5: Layout = Layout { game: Game::Gta5, length_hack: false };

/// Reads a body as each of the four streams, all data included. A record takes at least 3 bits, so
/// there are no more of them than that.
pub(crate) fn read_all(body: &[u8], layout: Layout) {
    let mut buffer = [0; MAX_DATA];
    let most = body.len() * 8 / 3 + 1;
    let mut count = 0;
    let mut read = |data: &cfx_onesync::data::Data<'_>| {
        assert_eq!(data.bytes(&mut buffer).len(), data.len());
    };
    for record in clones::s2c::records(body, layout) {
        count += 1;
        match record {
            clones::s2c::Record::Create(create) => read(&create.data),
            clones::s2c::Record::Sync(sync) => read(&sync.data),
            _ => {}
        }
    }
    for record in clones::c2s::records(body, layout) {
        count += 1;
        match record {
            clones::c2s::Record::Create(create) => read(&create.data),
            clones::c2s::Record::Sync(sync) => read(&sync.data),
            _ => {}
        }
    }
    count += acks::s2c::records(body, layout).count() + acks::c2s::records(body, layout).count();
    assert!(count <= 4 * most, "{count} records in {} bytes", body.len());
}

fn error(block: &[u8]) -> ErrorKind {
    Inflater::new().inflate(block).expect_err("refused").kind
}

#[test]
fn a_body_has_at_most_16_kib() {
    let (full, over) = (vec![7; MAX_BODY], vec![7; MAX_BODY + 1]);
    let mut inflater = Inflater::new();
    assert_eq!(inflater.inflate(&compress(&full)), Ok(&full[..]));
    assert_eq!(error(&compress(&over)), ErrorKind::TooLong { max: MAX_BODY });
    let dictionary = own_dictionary();
    let block = compress_with(&over, &dictionary);
    let refused = inflater.inflate_with(&block, &dictionary).expect_err("refused");
    assert_eq!(refused.kind, ErrorKind::TooLong { max: MAX_BODY });
}

#[test]
fn a_block_that_promises_megabytes_is_refused() {
    // One literal, then a match of 255 bytes for each byte of the block.
    let mut block = vec![0x1F, b'a', 1, 0];
    block.resize(block.len() + 40_000, 0xFF);
    block.extend([0, 0x50, 1, 2, 3, 4, 5]);
    assert_eq!(error(&block), ErrorKind::TooLong { max: MAX_BODY });
    // The same as literals that are not there.
    let mut block = vec![0xF0];
    block.resize(block.len() + 40_000, 0xFF);
    assert_eq!(error(&block), ErrorKind::Incomplete { needed: 1 });
}

#[test]
fn a_block_that_lies_is_refused() {
    assert_eq!(error(&[]), ErrorKind::Incomplete { needed: 1 });
    assert_eq!(error(&[0x50, 1, 2]), ErrorKind::Incomplete { needed: 1 });
    assert_eq!(error(&[0x10, 1, 1]), ErrorKind::Incomplete { needed: 1 });
    let beyond = [0x10, b'a', 2, 0, 0x50, 1, 2, 3, 4, 5];
    assert_eq!(error(&beyond), ErrorKind::Malformed("an offset beyond the first byte"));
    let zero = [0x10, b'a', 0, 0, 0x50, 1, 2, 3, 4, 5];
    assert_eq!(error(&zero), ErrorKind::Malformed("an offset of 0"));
}

#[test]
fn a_dictionary_is_what_offsets_before_the_body_refer_to() {
    let block = [0x10, b'a', 5, 0, 0x50, 1, 2, 3, 4, 5];
    let dictionary = Dictionary::new(*b"bcdefg").expect("short");
    let mut inflater = Inflater::new();
    assert!(inflater.inflate(&block).is_err());
    assert_eq!(inflater.inflate_with(&block, &dictionary), Ok(&b"adefg\x01\x02\x03\x04\x05"[..]));
    let too_far = [0x10, b'a', 8, 0, 0x50, 1, 2, 3, 4, 5];
    assert!(inflater.inflate_with(&too_far, &dictionary).is_err());
}

#[test]
fn dictionaries_have_1_to_65536_bytes() {
    assert_eq!(
        Dictionary::new(Vec::new()).expect_err("empty").kind,
        ErrorKind::Incomplete { needed: 1 }
    );
    let full = Dictionary::new(vec![9; MAX_DICTIONARY]).expect("full");
    assert_eq!(format!("{full:?}"), "Dictionary(65536 bytes)");
    let over = Dictionary::new(vec![9; MAX_DICTIONARY + 1]).expect_err("too long");
    assert_eq!(over.kind, ErrorKind::TooLong { max: MAX_DICTIONARY });
}

#[test]
fn a_dictionary_is_read_from_a_file_up_to_its_bound() {
    let folder = std::env::temp_dir().join(format!("cfx-onesync-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (good, long) = (folder.join("good"), folder.join("long"));
    std::fs::write(&good, b"words").expect("written");
    std::fs::write(&long, vec![1; MAX_DICTIONARY + 1]).expect("written");
    assert_eq!(Dictionary::from_file(&good).expect("read").as_bytes(), b"words");
    let kind = Dictionary::from_file(&long).expect_err("too long").kind();
    assert_eq!(kind, std::io::ErrorKind::InvalidData);
    let kind = Dictionary::from_file(folder.join("none")).expect_err("none").kind();
    assert_eq!(kind, std::io::ErrorKind::NotFound);
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn a_record_whose_data_runs_past_the_end_has_zeros() {
    // Type 2, object 1, client 2, uniqifier 3, frame 4, time 5, 4095 bytes of data, one of them here.
    let mut writer = cfx_onesync::bits::BitWriter::new(64, false);
    for (value, width) in [(2, 3), (1, 13), (2, 16), (3, 16), (0, 32), (4, 32), (5, 32), (4095, 12)]
    {
        writer.unsigned(value, width);
    }
    writer.unsigned(0xFF, 8);
    let mut records = clones::s2c::records(writer.as_bytes(), GTA5);
    let Some(clones::s2c::Record::Sync(sync)) = records.next() else { panic!("a sync") };
    assert!(sync.data.is_truncated());
    assert_eq!((sync.data.len(), sync.data.as_slice()), (4095, None));
    assert_eq!(sync.data.bytes(&mut [1; MAX_DATA]), [0; 4095]);
    // What should have been data is read on: 0xFF begins with the type of the end record.
    assert_eq!(records.next(), None);
    assert_eq!(records.end(), Some(StreamEnd::Marker));
}

#[test]
fn fields_past_the_end_are_zero() {
    // Type 1 and five bits of the object id.
    let mut records = clones::c2s::records(&[0b0011_1111], GTA5);
    let Some(clones::c2s::Record::Create(create)) = records.next() else { panic!("a create") };
    assert_eq!((create.uniqifier, create.object_id, create.data.len()), (0, 0, 0));
    assert_eq!((records.next(), records.end()), (None, Some(StreamEnd::Exhausted)));
}

#[test]
fn clients_step_over_unknown_types_and_servers_stop() {
    // Types 0, 4 and 6, then the end: 000 100 110 111.
    let body = [0b0001_0011, 0b0111_0000];
    let mut records = clones::s2c::records(&body, GTA5);
    assert_eq!((records.next(), records.end()), (None, Some(StreamEnd::Marker)));
    assert_eq!(records.position(), 12);
    let mut records = clones::c2s::records(&body, GTA5);
    assert_eq!((records.next(), records.end()), (None, Some(StreamEnd::Unknown(0))));
    let mut records = acks::s2c::records(&[0b1000_0000], GTA5);
    assert_eq!((records.next(), records.end()), (None, Some(StreamEnd::Unknown(4))));
    let mut records = acks::c2s::records(&[0b0100_0000], GTA5);
    assert_eq!((records.next(), records.end()), (None, Some(StreamEnd::Unknown(2))));
}

#[test]
fn an_empty_body_has_no_records() {
    let mut inflater = Inflater::new();
    let body = inflater.inflate(&[0]).expect("an empty block");
    let mut records = clones::s2c::records(body, GTA5);
    assert_eq!((records.next(), records.end()), (None, Some(StreamEnd::Exhausted)));
}

#[test]
fn a_payload_names_its_stream() {
    assert!(RoutePayload::from_slice(&[0; 3]).expect_err("short").is_incomplete());
    let other = RoutePayload::from_slice(&[1, 0, 0, 0, 9]).expect("any stream");
    assert_eq!((other.kind, other.block), (StreamType(1), &[9][..]));
    assert_eq!(other.kind.to_string(), "0x00000001");
    assert_eq!(StreamType::NET_ACKS.to_string(), "netAcks");
}

#[test]
fn every_prefix_of_every_vector_is_read_or_refused() {
    let dictionary = dictionary();
    let mut inflater = Inflater::new();
    for case in vectors("onesync") {
        let layout = layout(&case);
        if let Some(Ok(given)) = inflate(&case, dictionary.as_ref()) {
            prefixes(&given.body, |body| read_all(body, layout));
        }
        let skip = if case.op == "decode_packet" { 12 } else { 4 };
        prefixes(&case.bytes("hex")[skip..], |block| {
            if let Ok(body) = inflater.inflate(block) {
                read_all(body, layout);
            }
            if let Some(Ok(body)) =
                dictionary.as_ref().map(|dictionary| inflater.inflate_with(block, dictionary))
            {
                read_all(body, layout);
            }
        });
    }
}

/// Blocks whose tokens are near what LZ4 makes: short runs, offsets that exist.
fn near_blocks() -> impl Strategy<Value = Vec<u8>> {
    let sequence = (any::<u8>(), vec(any::<u8>(), 0..20), 0u16..64, vec(250u8..=255, 0..3));
    vec(sequence, 0..40).prop_map(|sequences| {
        let mut block = Vec::new();
        for (token, literals, offset, more) in sequences {
            block.push(token);
            block.extend(literals);
            block.extend(offset.to_le_bytes());
            block.extend(more);
        }
        block
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(
        block in prop_oneof![vec(any::<u8>(), 0..2000), near_blocks()], layout in any_layout(),
    ) {
        let mut inflater = Inflater::new();
        if let Ok(body) = inflater.inflate(&block) {
            prop_assert!(body.len() <= MAX_BODY);
            read_all(body, layout);
        }
        if let Ok(body) = inflater.inflate_with(&block, &own_dictionary()) {
            prop_assert!(body.len() <= MAX_BODY);
            read_all(body, layout);
        }
        read_all(&block, layout);
    }

    #[test]
    fn what_is_compressed_inflates_and_keeps_to_its_bound(
        body in vec(any::<u8>(), 0..3000), repeat in 1usize..5,
    ) {
        let body = body.repeat(repeat);
        let dictionary = own_dictionary();
        let mut inflater = Inflater::new();
        let block = compress(&body);
        prop_assert!(block.len() <= compress_bound(body.len()));
        prop_assert_eq!(inflater.inflate(&block), Ok(&body[..]));
        let block = compress_with(&body, &dictionary);
        prop_assert!(block.len() <= compress_bound(body.len()));
        prop_assert_eq!(inflater.inflate_with(&block, &dictionary), Ok(&body[..]));
    }
}
