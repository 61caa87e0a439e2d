//! Hashes, forms and info strings.

use cfx_wire::{form, form::Form, hash as hashes, info};
use serde::Deserialize;
use serde_json::{Value, json};

use super::input::{Hex, arguments};
use super::{BAD_INPUT, Refusal, hex};

#[derive(Deserialize)]
struct Data {
    hex: Hex,
}

/// `hash`: both hashes of the bytes.
pub(super) fn hash(input: &Value) -> Result<Value, Refusal> {
    let Data { hex: Hex(data) } = arguments(input)?;
    Ok(json!({ "rage": hashes::rage(&data), "lower": hashes::lower(&data) }))
}

/// `decode_form`: the pairs that the server reads.
pub(super) fn decode_form(input: &Value) -> Result<Value, Refusal> {
    let Data { hex: Hex(data) } = arguments(input)?;
    let form = Form::decode(&data);
    let pairs: Vec<_> = form.iter().map(|(key, value)| [hex(key), hex(value)]).collect();
    Ok(json!({ "pairs": pairs }))
}

/// `encode_form`: what the client writes. Its keys are text.
pub(super) fn encode_form(input: &Value) -> Result<Value, Refusal> {
    #[derive(Deserialize)]
    struct Pairs {
        pairs: Vec<(Hex, Hex)>,
    }
    let Pairs { pairs } = arguments(input)?;
    let texts: Result<Vec<_>, _> = pairs
        .iter()
        .map(|(key, value)| Ok((str::from_utf8(&key.0)?, value.0.as_slice())))
        .collect();
    let texts = texts.map_err(|_: std::str::Utf8Error| BAD_INPUT)?;
    let mut out = Vec::new();
    form::encode(&texts, &mut out);
    Ok(json!({ "hex": hex(&out) }))
}

/// `info_value`: the value of a key of an info string.
pub(super) fn info_value(input: &Value) -> Result<Value, Refusal> {
    #[derive(Deserialize)]
    struct LookUp {
        hex: Hex,
        key: Hex,
    }
    let LookUp { hex: Hex(text), key: Hex(key) } = arguments(input)?;
    Ok(json!({ "value": hex(info::value(&text, &key)) }))
}

/// `strip_colors`: a text without its colour codes.
pub(super) fn strip_colors(input: &Value) -> Result<Value, Refusal> {
    let Data { hex: Hex(text) } = arguments(input)?;
    Ok(json!({ "text": hex(&info::strip_colors(&text)) }))
}
