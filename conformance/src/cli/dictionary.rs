//! `cfx-conformance dictionary`

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use cfx_onesync::dictionary::MAX_DICTIONARY;

use super::OK;
use crate::vectors::peer::DICTIONARY;

/// The most bytes of a table's file. Each byte takes about six characters.
const MAX_TABLE: u64 = 4 * 1024 * 1024;

/// Turns a C table of bytes into a file of those bytes.
pub(super) fn dictionary(
    table: &Path,
    output: Option<PathBuf>,
    out: &mut impl Write,
) -> io::Result<u8> {
    let invalid = |why: String| {
        io::Error::new(io::ErrorKind::InvalidData, format!("{}: {why}", table.display()))
    };
    let bytes = read_bounded(table).map_err(|error| invalid(error.to_string()))?;
    let text = str::from_utf8(&bytes).map_err(|_| invalid("not a text".to_owned()))?;
    let bytes = parse(text).map_err(invalid)?;
    if bytes.len() != MAX_DICTIONARY {
        let count = bytes.len();
        return Err(invalid(format!("a table of {count} bytes instead of {MAX_DICTIONARY}")));
    }
    let output = output.unwrap_or_else(|| beside(table));
    fs::write(&output, &bytes)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", output.display())))?;
    let output = output.display();
    writeln!(out, "{output}: {MAX_DICTIONARY} bytes")?;
    writeln!(out, "Name it with --dictionary {output}, or by the variable {DICTIONARY}.")?;
    Ok(OK)
}

/// The table's name in the current directory, with the ending `.bin`.
fn beside(table: &Path) -> PathBuf {
    PathBuf::from(table.file_name().unwrap_or_default()).with_extension("bin")
}

fn read_bounded(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let length = File::open(file)?.take(MAX_TABLE + 1).read_to_end(&mut bytes)?;
    if length as u64 > MAX_TABLE {
        return Err(io::Error::other(format!("longer than {MAX_TABLE} bytes")));
    }
    Ok(bytes)
}

/// The bytes of a table: what stands between the first braces, or in a file without braces all of
/// it, as bytes in C's hexadecimal with commas between them.
fn parse(text: &str) -> Result<Vec<u8>, String> {
    let text = without_comments(text);
    let table = match text.split_once('{') {
        Some((_, tail)) => tail.split_once('}').ok_or("no } behind the table's {")?.0,
        None => &text,
    };
    let mut bytes = Vec::new();
    let mut items = table.split(',').map(str::trim).peekable();
    while let Some(item) = items.next() {
        // A comma behind the last one.
        if item.is_empty() && items.peek().is_none() {
            break;
        }
        let byte = byte(item).ok_or_else(|| {
            let start: String = item.chars().take(20).collect();
            format!("{start:?}, item {} of the table, is not a byte like 0x7F", bytes.len() + 1)
        })?;
        bytes.push(byte);
    }
    Ok(bytes)
}

fn byte(text: &str) -> Option<u8> {
    let digits = text.strip_prefix("0x").or(text.strip_prefix("0X"))?;
    // `from_str_radix` would take a sign.
    let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u8::from_str_radix(digits, 16).ok().filter(|_| hexadecimal)
}

/// The text without comments and without the preprocessor's lines.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['/', '#']) {
        let (before, tail) = rest.split_at(at);
        out.push_str(before);
        let end = if tail.starts_with("/*") {
            tail.find("*/").map(|at| at + 2)
        } else if tail.starts_with("//") || tail.starts_with('#') {
            tail.find('\n')
        } else {
            out.push('/');
            Some(1)
        };
        rest = end.and_then(|end| tail.get(end..)).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read_with_and_without_braces() {
        for text in [
            "// bytes of 2021-03-29, {not} the table\n  0x01, 0xfF,\r\n 0X2 ",
            "#pragma once\n/* 0x09, */ const uint8_t d[3] = {\n0x01,0xFF,0x02,\n};\nint n = 3;",
            "static char d[] = { 0x01 /* one */, 0xff, // 255\n 0x02 };",
        ] {
            assert_eq!(parse(text), Ok(vec![1, 255, 2]), "{text}");
        }
        assert_eq!(parse(""), Ok(vec![]));
    }

    #[test]
    fn what_is_no_table_is_refused() {
        for text in [
            "0x01 0x02",
            "0x01,,0x02",
            "0x100",
            "0x+1",
            "0x",
            "12",
            "0x01, / 0x02",
            "{ 0x01",
            "0x01, DICT",
            "int main() { return 0; }",
            "<html>",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
