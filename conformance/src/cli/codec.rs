//! `cfx-conformance codec`

use std::ffi::OsString;
use std::io::{self, BufReader, BufWriter};
use std::path::PathBuf;

use cfx_onesync::dictionary::Dictionary;

use super::OK;
use crate::codec::Codec;
use crate::vectors::peer::DICTIONARY;

/// Answers requests until they end.
pub(super) fn codec(dictionary: Option<PathBuf>) -> io::Result<u8> {
    let dictionary = dictionary_file(dictionary);
    let codec = Codec::new(dictionary.map(|file| read_dictionary(&file)).transpose()?);
    let mut out = BufWriter::new(io::stdout().lock());
    codec.serve(BufReader::new(io::stdin().lock()), &mut out)?;
    Ok(OK)
}

/// The dictionary's file: the one given, or the environment's.
pub(super) fn dictionary_file(given: Option<PathBuf>) -> Option<PathBuf> {
    let named = std::env::var_os(DICTIONARY).filter(|name| !name.is_empty());
    given.or(named.map(<OsString as Into<PathBuf>>::into))
}

/// Reads the dictionary.
pub(super) fn read_dictionary(file: &PathBuf) -> io::Result<Dictionary> {
    Dictionary::from_file(file).map_err(|error| {
        let mut text = format!("{}: {error}", file.display());
        if error.kind() == io::ErrorKind::InvalidData {
            text.push_str("; `cfx-conformance dictionary` makes it of the C table");
        }
        io::Error::new(error.kind(), text)
    })
}
