//! The known answers of `hash`, `form` and `info`.

use cfx_fixtures::{check, hex, unhex};
use cfx_wire::{form, form::Form, hash, info};
use serde_json::{Value, json};

#[test]
fn hash_vectors() {
    check("hash", 41, |case| {
        let data = case.bytes("hex");
        Ok(json!({ "rage": hash::rage(&data), "lower": hash::lower(&data) }))
    });
}

#[test]
fn form_vectors() {
    check("form", 125, |case| match case.op.as_str() {
        "decode_form" => {
            let input = case.bytes("hex");
            let pairs: Vec<_> =
                Form::decode(&input).iter().map(|(key, value)| [hex(key), hex(value)]).collect();
            Ok(json!({ "pairs": pairs }))
        }
        "encode_form" => Ok(json!({ "hex": hex(&encode(&case.input["pairs"])) })),
        op => Err(format!("unknown op {op}")),
    });
}

fn encode(pairs: &Value) -> Vec<u8> {
    let pairs: Vec<[String; 2]> = serde_json::from_value(pairs.clone()).expect("pairs of strings");
    let pairs: Vec<_> = pairs.iter().map(|[key, value]| (unhex(key), unhex(value))).collect();
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(key, value)| (std::str::from_utf8(key).expect("text keys"), value.as_slice()))
        .collect();
    let mut out = Vec::new();
    form::encode(&pairs, &mut out);
    out
}

#[test]
fn info_vectors() {
    check("info", 140, |case| {
        let text = case.bytes("hex");
        match case.op.as_str() {
            "info_value" => Ok(json!({ "value": hex(info::value(&text, &case.bytes("key"))) })),
            "strip_colors" => Ok(json!({ "text": hex(&info::strip_colors(&text)) })),
            op => Err(format!("unknown op {op}")),
        }
    });
}
