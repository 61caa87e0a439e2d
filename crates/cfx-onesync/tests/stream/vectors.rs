//! The known answers for the four streams, both ways.

use cfx_fixtures::{Expect, check, vectors};
use cfx_onesync::bits::BitWriter;
use cfx_onesync::block::{Inflater, MAX_BODY, compress, compress_with};
use cfx_onesync::stream::{END, Record, Records, StreamEnd};

use super::show::{Show, Visit, dictionary, inflate};

#[test]
fn stream_vectors() {
    let dictionary = dictionary();
    if dictionary.is_none() {
        // The clients' streams can't be read; the server's can.
        for case in vectors("onesync") {
            let Some(given) = inflate(&case, None) else { continue };
            match (&case.expect, given) {
                (Expect::Ok(expected), Ok(given)) => assert_eq!(&given.show(), expected),
                (Expect::Error(_), Err(_)) => {}
                (expected, _) => panic!("{}: {expected:?}", case.id),
            }
        }
        return;
    }
    check("onesync", 108, |case| {
        let given = inflate(case, dictionary.as_ref()).expect("a dictionary");
        given.map(|given| given.show()).map_err(|error| error.to_string())
    });
}

/// The bodies that a writer would not make of their records, and why.
const NOT_CANONICAL: [(&str, &str); 14] = [
    ("onesync/0000", "its last data is cut off"),
    ("onesync/0002", "its last data is cut off"),
    ("onesync/0006", "its last data is cut off"),
    ("onesync/0012", "its last data is cut off"),
    ("onesync/0013", "no end record"),
    ("onesync/0017", "its last data is cut off"),
    ("onesync/0019", "its last data is cut off"),
    ("onesync/0020", "no end record"),
    ("onesync/0024", "no end record"),
    ("onesync/0026", "no end record"),
    ("onesync/0028", "no end record"),
    ("onesync/0034", "its last data is cut off"),
    ("onesync/0096", "no end record"),
    ("onesync/0099", "its last data is cut off"),
];

/// Writes the records of a body and the end record again.
struct Rewrite;

impl Visit<(Vec<u8>, Option<StreamEnd>)> for Rewrite {
    fn visit<'a, R: Record<'a> + Show>(
        self,
        mut records: Records<'a, R>,
    ) -> (Vec<u8>, Option<StreamEnd>) {
        let layout = records.layout();
        let mut writer = BitWriter::new(2 * MAX_BODY, layout.length_hack);
        for record in records.by_ref() {
            let before = writer.position();
            record.write(&mut writer, layout);
            assert_eq!(writer.position() - before, record.bit_len(layout), "its length");
        }
        writer.unsigned(u32::from(END), 3);
        (writer.as_bytes().to_vec(), records.end())
    }
}

#[test]
fn canonical_bodies_are_written_as_they_were_read() {
    let dictionary = dictionary();
    let mut inflater = Inflater::new();
    let mut same = 0;
    for case in vectors("onesync") {
        let Some(Ok(given)) = inflate(&case, dictionary.as_ref()) else { continue };
        let (written, end) = given.visit(Rewrite);
        let odd = NOT_CANONICAL.iter().find(|(id, _)| *id == case.id).map(|(_, why)| *why);
        match odd {
            None => {
                assert_eq!(written, given.body, "{}", case.id);
                same += 1;
            }
            Some("no end record") => assert_ne!(end, Some(StreamEnd::Marker), "{}", case.id),
            Some(_) => assert!(given.show().to_string().contains("truncated"), "{}", case.id),
        }
        // Compressors differ, so it is the bodies that are compared.
        assert_eq!(inflater.inflate(&compress(&given.body)), Ok(&given.body[..]));
        if let Some(dictionary) = &dictionary {
            let block = compress_with(&given.body, dictionary);
            assert_eq!(inflater.inflate_with(&block, dictionary), Ok(&given.body[..]));
        }
    }
    // 40 of the streams are the clients', which take the dictionary; two of those are odd.
    assert_eq!(same, if dictionary.is_some() { 86 } else { 48 });
}
