//! The bit buffer, field by field.

use cfx_onesync::bits::{BitReader, BitWriter};
use serde::Deserialize;
use serde_json::{Value, json};

use super::input::{Hex, arguments, unhex};
use super::{BAD_INPUT, MAX_LINE, Refusal, hex};

/// A field's letter and its width in bits, such as `s13`.
fn field(name: &str) -> Result<(&str, u32), Refusal> {
    let (letter, width) = name.split_at_checked(1).ok_or(BAD_INPUT)?;
    let width = width.parse().map_err(|_| BAD_INPUT)?;
    let most = match letter {
        "s" | "i" => 32,
        "t" => 1,
        // A run is as long as an answer can be at the most.
        "b" => u32::MAX,
        _ => return Err(BAD_INPUT),
    };
    if (1..=most).contains(&width) { Ok((letter, width)) } else { Err(BAD_INPUT) }
}

/// `read_bits`: what each read gives, and where it ends.
pub(super) fn read(input: &Value) -> Result<Value, Refusal> {
    #[derive(Deserialize)]
    struct Arguments<'a> {
        hex: Hex,
        #[serde(default)]
        length_hack: bool,
        #[serde(borrow)]
        reads: Vec<&'a str>,
    }
    let Arguments { hex: Hex(data), length_hack, reads } = arguments(input)?;
    let mut reader = BitReader::new(&data, length_hack);
    // A run that fails has as many zeros as it was to have bits: all runs together fit on a line.
    let mut room = MAX_LINE / 2;
    let mut shown = Vec::new();
    for name in reads {
        let (letter, width) = field(name)?;
        let mut one = match letter {
            "s" => {
                let value = reader.unsigned(width);
                json!({ "ok": value.is_some(), "value": value.unwrap_or(0) })
            }
            "b" => {
                let width = width as usize;
                room = room.checked_sub(width.div_ceil(8)).ok_or(BAD_INPUT)?;
                let run = reader.bits(width);
                let bytes = run.map_or_else(|| vec![0; width.div_ceil(8)], |run| run.to_vec());
                json!({ "ok": run.is_some(), "data": hex(&bytes) })
            }
            "t" => json!({ "value": u8::from(reader.bit()) }),
            _ => json!({ "value": reader.signed(width) }),
        };
        one["position"] = json!(reader.position());
        shown.push(one);
    }
    Ok(json!({ "reads": shown }))
}

/// `write_bits`: which writes fitted, and what they wrote.
pub(super) fn write(input: &Value) -> Result<Value, Refusal> {
    #[derive(Deserialize)]
    struct Arguments<'a> {
        size: usize,
        #[serde(default)]
        length_hack: bool,
        #[serde(borrow)]
        writes: Vec<&'a str>,
    }
    let Arguments { size, length_hack, writes } = arguments(input)?;
    let mut writer = BitWriter::new(size, length_hack);
    let results: Result<Vec<bool>, Refusal> =
        writes.iter().map(|write| write_one(&mut writer, write)).collect();
    Ok(json!({ "results": results?, "hex": hex(writer.as_bytes()), "bits": writer.position() }))
}

/// Does one write, such as `s13:5`.
fn write_one(writer: &mut BitWriter, write: &str) -> Result<bool, Refusal> {
    let (name, value) = write.split_once(':').ok_or(BAD_INPUT)?;
    let (letter, width) = field(name)?;
    Ok(match letter {
        "s" => writer.unsigned(value.parse().map_err(|_| BAD_INPUT)?, width),
        "b" => {
            let data = unhex(value).ok_or(BAD_INPUT)?;
            let run = BitReader::new(&data, false).bits(width as usize).ok_or(BAD_INPUT)?;
            writer.bits(&run)
        }
        "i" => {
            // The reference's signed writer does not say whether it fitted.
            writer.signed(value.parse().map_err(|_| BAD_INPUT)?, width);
            true
        }
        _ => return Err(BAD_INPUT),
    })
}
