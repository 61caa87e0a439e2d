//! JSON as both peers' library (`nlohmann::json`) writes and reads it: members sorted by the bytes
//! of their keys, and the texts of its exceptions, which a client shows to the player.

use serde::de::{Deserialize, Deserializer, Error};
use serde_json::{Map, Value};

/// An object: `extra`, then `members` over it. `Map` keeps members sorted.
pub(crate) fn object<const N: usize>(
    extra: &Map<String, Value>,
    members: [(&str, Value); N],
) -> Value {
    let mut object = extra.clone();
    object.extend(members.map(|(key, value)| (key.to_owned(), value)));
    Value::Object(object)
}

/// What the library calls a value's type.
fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The text of reading `value` as another type than it has.
fn wrong_type(wanted: &str, value: &Value) -> String {
    let name = type_name(value);
    format!("[json.exception.type_error.302] type must be {wanted}, but is {name}")
}

/// The text of asking a value that is no object for a member.
pub(crate) fn not_an_object(value: &Value) -> String {
    let name = type_name(value);
    format!(
        "[json.exception.type_error.305] cannot use operator[] with a string argument with {name}"
    )
}

/// A member that is there and not null.
pub(crate) fn member<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    object.get(key).filter(|value| !value.is_null())
}

pub(crate) fn string(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| wrong_type("string", value))
}

pub(crate) fn boolean(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| wrong_type("boolean", value))
}

/// A number of any kind as 64 bits: negative ones wrap as in C, fractions are cut off.
#[expect(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "the library's casts")]
pub(crate) fn unsigned(value: &Value) -> Result<u64, String> {
    let Value::Number(number) = value else { return Err(wrong_type("number", value)) };
    let float = || number.as_f64().map(|float| float as i64 as u64);
    let integer = number.as_u64().or_else(|| number.as_i64().map(|integer| integer as u64));
    Ok(integer.or_else(float).unwrap_or(0))
}

/// The same for the small integer types, for which the library also takes a boolean.
#[expect(clippy::cast_possible_truncation, reason = "the library's casts")]
pub(crate) fn small(value: &Value) -> Result<u32, String> {
    match value {
        Value::Bool(value) => Ok(u32::from(*value)),
        _ => Ok(unsigned(value)? as u32),
    }
}

/// A string, or a number or boolean as text: other servers differ from the reference here.
pub(crate) fn text<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    as_text(&Value::deserialize(input)?)
        .ok_or_else(|| D::Error::custom("neither a string nor a number"))
}

pub(crate) fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}
