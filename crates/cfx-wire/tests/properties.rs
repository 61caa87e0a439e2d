//! What holds for any bytes.

use cfx_wire::codec::check_length;
use cfx_wire::form::{self, Form};
use cfx_wire::{ErrorKind, Reader, hash, info, number};
use proptest::collection::vec;
use proptest::prelude::*;

/// Bytes in which the characters that forms and info strings care about are frequent.
fn tricky() -> impl Strategy<Value = Vec<u8>> {
    vec(
        prop_oneof![4 => proptest::sample::select(b"=&%+\\^0aF \0-x".to_vec()), 1 => any::<u8>()],
        0..64,
    )
}

proptest! {
    #[test]
    fn forms_decode_whatever_comes(input in tricky()) {
        let form = Form::decode(&input);
        let keys: Vec<_> = form.iter().map(|(key, _)| key.to_vec()).collect();
        prop_assert!(keys.windows(2).all(|pair| pair[0] < pair[1]), "sorted, each once");
        let bytes: usize = form.iter().map(|(key, value)| key.len() + value.len()).sum();
        prop_assert!(bytes <= input.len());
    }

    #[test]
    fn the_strict_decoder_accepts_only_what_every_decoder_reads_alike(input in tricky()) {
        if let Ok(strict) = Form::decode_strict(&input) {
            prop_assert_eq!(&strict, &Form::decode(&input));
            if let Ok(text) = core::str::from_utf8(&input) {
                let mut other: Vec<_> = form_urlencoded::parse(text.as_bytes()).collect();
                other.sort();
                let own: Vec<_> = strict.iter().collect();
                // The other decoder replaces what is not UTF-8 after decoding.
                let own: Vec<_> = own
                    .iter()
                    .map(|(key, value)| (String::from_utf8_lossy(key), String::from_utf8_lossy(value)))
                    .collect();
                prop_assert_eq!(own, other);
            }
        }
    }

    #[test]
    fn what_is_encoded_is_decoded_strictly(
        pairs in proptest::collection::btree_map("[a-zA-Z0-9]{1,8}", vec(any::<u8>(), 1..20), 0..6)
    ) {
        let list: Vec<_> = pairs.iter().map(|(key, value)| (key.as_str(), value.as_slice())).collect();
        let mut body = Vec::new();
        form::encode(&list, &mut body);
        let form = Form::decode_strict(&body).expect("our own encoding");
        prop_assert_eq!(form.iter().len(), pairs.len());
        for (key, value) in &pairs {
            prop_assert_eq!(form.get(key), Some(value.as_slice()));
        }
    }

    #[test]
    fn info_strings_give_back_what_was_put(
        pairs in vec(("[a-z_]{1,8}", "[^\\\\\0]{0,12}"), 0..8),
        noise in tricky(),
    ) {
        let mut text = Vec::new();
        for (key, value) in &pairs {
            info::put_pair(&mut text, key.as_bytes(), value.as_bytes());
        }
        for (key, _) in &pairs {
            let first = pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_bytes());
            prop_assert_eq!(Some(info::value(&text, key.to_ascii_uppercase().as_bytes())), first);
        }
        let stripped = info::strip_colors(&noise);
        prop_assert!(stripped.len() <= noise.len());
        let _ = info::value(&noise, b"a");
    }

    #[test]
    fn numbers_agree_with_rust_where_both_read(value in any::<i64>()) {
        let text = value.to_string();
        prop_assert_eq!(number::strtol(text.as_bytes()), value);
        let low = value.to_le_bytes().first_chunk().copied().map(i32::from_le_bytes);
        prop_assert_eq!(Some(number::atoi(text.as_bytes())), low);
        if let Ok(value) = u64::try_from(value) {
            prop_assert_eq!(number::strtoull(text.as_bytes()), value);
        }
        let clamped = value.clamp(i64::from(i32::MIN), i64::from(i32::MAX));
        prop_assert_eq!(i64::from(number::atoi_clamped(text.as_bytes())), clamped);
    }

    #[test]
    fn numbers_read_whatever_comes(text in tricky()) {
        number::strtol(&text);
        number::strtoull(&text);
    }

    #[test]
    fn the_lower_hash_is_the_other_of_lower_case(text in vec(any::<u8>(), 0..40)) {
        prop_assert_eq!(hash::lower(&text), hash::rage(&text.to_ascii_lowercase()));
    }
}

#[test]
fn overlong_info_strings_are_empty() {
    let long = [br"\a\b".as_slice(), &[b'x'; info::MAX_INFO_STRING]].concat();
    assert_eq!(info::value(&long, b"a"), b"");
    assert_eq!(info::strip_colors(&long).len(), info::MAX_STRIPPED);
    let whole = &long[..info::MAX_INFO_STRING - 1];
    assert_eq!(info::value(whole, b"a").len(), whole.len() - 3);
}

#[test]
fn every_prefix_of_a_message_is_incomplete() {
    let message: Vec<u8> = (0..15).collect();
    cfx_fixtures::prefixes(&message, |prefix| {
        let mut reader = Reader::new(prefix);
        let fields = (|| {
            reader.u8("a")?;
            reader.u16("b")?;
            reader.u32("c")?;
            reader.u64("d")
        })();
        let error = fields.expect_err("a prefix");
        assert!(error.is_incomplete(), "{error}");
        assert!(error.offset <= prefix.len());
    });
    let mut reader = Reader::new(&message);
    assert_eq!(reader.u8("a"), Ok(0));
    assert_eq!(reader.u16("b"), Ok(0x0201));
    assert_eq!(reader.u32("c"), Ok(0x0605_0403));
    assert_eq!(reader.finish().expect_err("more").kind, ErrorKind::Trailing { left: 8 });
    assert_eq!(reader.u64("d"), Ok(0x0E0D_0C0B_0A09_0807));
    assert_eq!(reader.finish(), Ok(()));
}

#[test]
fn lengths_are_checked_at_both_ends() {
    assert!(check_length("m", 0, 3, 4, 8).expect_err("short").is_incomplete());
    assert_eq!(
        check_length("m", 0, 9, 4, 8).expect_err("long").kind,
        ErrorKind::TooLong { max: 8 }
    );
    assert_eq!(check_length("m", 0, 8, 4, 8), Ok(()));
}

#[test]
fn strict_forms_name_what_is_wrong() {
    for (input, why) in [
        (&b"a=1&b"[..], "form at byte 4: not a key=value pair"),
        (b"a=1&&c=d", "form at byte 4: a pair without ="),
        (b"a=%zz", "form at byte 0: a bad percent escape"),
        (b"a=% 1", "form at byte 0: a bad percent escape"),
        (b"a=1&a=2", "form at byte 0: the same key twice"),
    ] {
        assert_eq!(Form::decode_strict(input).expect_err("wrong").to_string(), why);
    }
}
