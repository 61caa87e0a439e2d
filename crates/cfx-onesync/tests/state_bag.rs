//! State bags of the first version.

use cfx_fixtures::prefixes;
use cfx_game::frame::Payload;
use cfx_game::state_bag;
use cfx_onesync::bits::{BitWriter, Bits};
use cfx_onesync::state_bag::{MAX_NAME, StateBagV1};
use cfx_wire::{Decode, Encode, ErrorKind};
use proptest::collection::vec;
use proptest::prelude::*;

const BAG: StateBagV1<'_> =
    StateBagV1 { name: b"player:1", key: b"job", value: &[0xA2, b'o', b'k'] };

#[test]
fn a_bag_is_what_the_bit_buffer_makes_of_it() {
    // As the reference writes it: field by field into its bit buffer.
    let mut writer = BitWriter::new(1 << 17, false);
    for text in [BAG.name, BAG.key] {
        writer.unsigned(u32::try_from(text.len() + 1).expect("short"), 16);
        writer.bits(&Bits::from_bytes(text));
        writer.unsigned(0, 8);
    }
    writer.bits(&Bits::from_bytes(BAG.value));
    let bytes = BAG.to_vec();
    assert_eq!(bytes, writer.as_bytes());
    assert_eq!(bytes, b"\x00\x09player:1\0\x00\x04job\0\xA2ok");
    assert_eq!(StateBagV1::from_slice_strict(&bytes), Ok(BAG));
    let packet = BAG.to_packet();
    assert_eq!(packet, state_bag::StateBag { data: &bytes }.to_packet());
    prefixes(&bytes, |prefix| {
        if prefix.len() < bytes.len() - 2 {
            assert!(StateBagV1::from_slice(prefix).expect_err("cut").is_incomplete());
        } else {
            assert!(StateBagV1::from_slice(prefix).is_ok(), "a shorter value");
        }
    });
}

#[test]
fn what_the_reference_ignores_is_an_error() {
    let kind = |bytes: &[u8]| StateBagV1::from_slice(bytes).expect_err("refused").kind;
    // A name, then a key, of no bytes: the length is 0 or counts the NUL alone.
    assert_eq!(kind(b"\0\0\0\x02k\0value"), ErrorKind::TooShort { min: 2 });
    assert_eq!(kind(b"\0\x01\0\0\x02k\0value"), ErrorKind::TooShort { min: 2 });
    assert_eq!(kind(b"\0\x02b\0\0\x01\0value"), ErrorKind::TooShort { min: 2 });
    // A name that runs past the end: the reference reads NULs.
    assert_eq!(kind(b"\xFF\xFFb\0\0\x02k\0v"), ErrorKind::Incomplete { needed: 65535 - 7 });
    let no_value = StateBagV1 { value: &[], ..BAG }.to_vec();
    assert_eq!(kind(&no_value), ErrorKind::Incomplete { needed: 1 });
}

#[test]
fn any_byte_ends_a_name_but_for_a_strict_reader() {
    let mut bytes = BAG.to_vec();
    bytes[10] = b'x';
    assert_eq!(StateBagV1::from_slice(&bytes), Ok(BAG));
    assert!(StateBagV1::from_slice_strict(&bytes).is_err());
    let inner = StateBagV1 { name: b"a\0b", ..BAG }.to_vec();
    assert!(StateBagV1::from_slice(&inner).is_ok());
    assert!(StateBagV1::from_slice_strict(&inner).is_err());
}

#[test]
fn names_are_cut_to_what_their_length_can_tell() {
    let long = vec![b'n'; MAX_NAME + 5];
    let bytes = StateBagV1 { name: &long, ..BAG }.to_vec();
    let bag = StateBagV1::from_slice_strict(&bytes).expect("cut");
    assert_eq!((bag.name.len(), bag.key, bag.value), (MAX_NAME, BAG.key, BAG.value));
    let value = vec![0; state_bag::MAX_DATA];
    let bytes = StateBagV1 { value: &value, ..BAG }.to_vec();
    assert!(StateBagV1::from_slice(&bytes).is_err(), "over 256 KiB");
}

proptest! {
    #[test]
    fn bags_come_back(
        name in vec(any::<u8>(), 1..80), key in vec(any::<u8>(), 1..80),
        value in vec(any::<u8>(), 1..80),
    ) {
        let bag = StateBagV1 { name: &name, key: &key, value: &value };
        let bytes = bag.to_vec();
        prop_assert_eq!(bytes.len(), bag.encoded_len());
        prop_assert_eq!(StateBagV1::from_slice(&bytes), Ok(bag));
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        bytes in vec(prop_oneof![4 => 0u8..4, 1 => any::<u8>()], 0..60),
    ) {
        if let Ok(bag) = StateBagV1::from_slice(&bytes) {
            prop_assert!(!bag.name.is_empty() && !bag.key.is_empty() && !bag.value.is_empty());
            prop_assert_eq!(bag.encoded_len(), bytes.len());
        }
        if let Ok(bag) = StateBagV1::from_slice_strict(&bytes) {
            prop_assert_eq!(bag.to_vec(), bytes);
        }
    }
}
