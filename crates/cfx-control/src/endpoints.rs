//! The UDP endpoints of a server: what `getEndpoints` answers, and which of them a client takes
//! (SPEC HTTP-21, HTTP-22).

use cfx_wire::number::is_space;
use serde_json::Value;

use crate::answer::Accepted;
use crate::json;

/// The answer to a token that is no client's.
pub const UNKNOWN: &str = "false";

/// The answer to a client's token: `sv_endpoints` as an array of its words.
///
/// White space at either end leaves an empty word there, as in the reference
/// (`InitConnectMethod.cpp`).
///
/// ```
/// use cfx_control::endpoints::known;
/// assert_eq!(known(""), "[]");
/// assert_eq!(known("192.0.2.1  192.0.2.2:30121"), r#"["192.0.2.1","192.0.2.2:30121"]"#);
/// assert_eq!(known(" 192.0.2.1"), r#"["","192.0.2.1"]"#);
/// ```
pub fn known(sv_endpoints: &str) -> String {
    Value::from_iter(words(sv_endpoints)).to_string()
}

/// Words between runs of white space; no word at all in empty text.
fn words(text: &str) -> Vec<&str> {
    let space = |byte: char| u8::try_from(byte).is_ok_and(is_space);
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(space) {
        words.push(&rest[..at]);
        rest = rest[at..].trim_start_matches(space);
    }
    if !text.is_empty() {
        words.push(rest);
    }
    words
}

/// What a client may connect to, of which it takes one at random: never empty.
///
/// In this order: `handover.endpoints` unless it is null, else `answer`, what `getEndpoints` gave
/// (`None` when that failed); where that is null or a boolean, the final value's own `endpoints`, if
/// an array; where nothing is left, `url_host_port`, the host of the server's URL, with its port if
/// the URL names one. A lone string counts as a list of one, and an object as the list of its values,
/// as in the reference (`NetLibrary.cpp`).
///
/// # Errors
/// The text that a client shows when a list holds something else than strings.
pub fn candidates(
    answer: Option<&Value>,
    accepted: &Accepted,
    url_host_port: &str,
) -> Result<Vec<String>, String> {
    let own = accepted.extra.get("endpoints");
    let chosen = json::member(&accepted.handover, "endpoints").or(answer).or(own);
    let mut list = match chosen {
        None | Some(Value::Null | Value::Bool(_)) => own.filter(|own| own.is_array()).map(items),
        Some(chosen) => Some(items(chosen)),
    }
    .unwrap_or_default()
    .into_iter()
    .map(|item| json::string(item).map(str::to_owned))
    .collect::<Result<Vec<_>, _>>()?;
    if list.is_empty() {
        list.push(url_host_port.to_owned());
    }
    Ok(list)
}

fn items(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => members.values().collect(),
        scalar => vec![scalar],
    }
}
