//! The known answers for the bit buffer.

use cfx_fixtures::{Case, check, hex, unhex};
use cfx_onesync::bits::{BitReader, BitWriter, Bits};
use serde_json::{Value, json};

/// The letter and the width of a field such as `s13`.
fn field(name: &str) -> (&str, u32) {
    let (letter, width) = name.split_at(1);
    (letter, width.parse().expect("a width"))
}

fn read(case: &Case) -> Value {
    let data = case.bytes("hex");
    let mut reader = BitReader::new(&data, case.input["length_hack"] == json!(true));
    let reads: Vec<Value> = case.input["reads"]
        .as_array()
        .expect("reads")
        .iter()
        .map(|name| {
            let (letter, width) = field(name.as_str().expect("a field"));
            let mut answer = match letter {
                "s" => {
                    let value = reader.unsigned(width);
                    json!({ "ok": value.is_some(), "value": value.unwrap_or(0) })
                }
                "b" => {
                    let width = width as usize;
                    let run = reader.bits(width);
                    let data = run.map_or(vec![0; width.div_ceil(8)], |run| run.to_vec());
                    json!({ "ok": run.is_some(), "data": hex(&data) })
                }
                "t" => json!({ "value": u8::from(reader.bit()) }),
                "i" => json!({ "value": reader.signed(width) }),
                _ => panic!("{}: {name}", case.id),
            };
            answer["position"] = json!(reader.position());
            answer
        })
        .collect();
    json!({ "reads": reads })
}

fn write(case: &Case) -> Value {
    let size = case.input["size"].as_u64().and_then(|size| size.try_into().ok()).expect("a size");
    let mut writer = BitWriter::new(size, case.input["length_hack"] == json!(true));
    let results: Vec<bool> = case.input["writes"]
        .as_array()
        .expect("writes")
        .iter()
        .map(|write| {
            let (name, value) = write.as_str().and_then(|text| text.split_once(':')).expect("a:b");
            let (letter, width) = field(name);
            match letter {
                "s" => writer.unsigned(value.parse().expect("a number"), width),
                "b" => {
                    let data = unhex(value);
                    let bits = BitReader::new(&data, false).bits(width as usize);
                    writer.bits(&bits.unwrap_or(Bits::from_bytes(&data)))
                }
                "i" => {
                    // The reference's signed writer says nothing of its success.
                    writer.signed(value.parse().expect("a number"), width);
                    true
                }
                _ => panic!("{}: {write}", case.id),
            }
        })
        .collect();
    json!({ "results": results, "hex": hex(writer.as_bytes()), "bits": writer.position() })
}

#[test]
fn bit_vectors() {
    check("bits", 120, |case| match case.op.as_str() {
        "read_bits" => Ok(read(case)),
        "write_bits" => Ok(write(case)),
        other => panic!("{}: {other}", case.id),
    });
}
