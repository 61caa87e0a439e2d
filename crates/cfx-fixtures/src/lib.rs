//! Test support for every crate of the workspace: reads the known-answer vectors of
//! `fixtures/vectors`, and cuts messages at every length.
//!
//! A development dependency; it is published with nothing.

pub mod manifest;

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

/// One known answer; see `fixtures/vectors/README.md`.
#[derive(Debug, Deserialize)]
pub struct Case {
    /// `suite/number`.
    pub id: String,
    /// What is to be done with the input.
    pub op: String,
    /// The operation's arguments.
    pub input: Value,
    /// What must come of it.
    pub expect: Expect,
    /// What the case is about, where that is not plain.
    #[serde(default)]
    pub note: String,
}

/// What a case expects.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Expect {
    /// This value.
    Ok(Value),
    /// An error: of this kind where it is a string, of any where it is `true`.
    Error(Value),
}

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

/// The folder `fixtures` of the repository.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// The cases of one vector file.
///
/// # Panics
/// When the file is not there or not a vector file: a test cannot go on without it.
pub fn vectors(suite: &str) -> Vec<Case> {
    let path = folder().join("vectors").join(suite).with_extension("json");
    let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file: File =
        serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    file.cases
}

/// Runs every case of a vector file and counts them.
///
/// `answer` gives what the code under test made of a case: a value, or an error's kind.
///
/// # Panics
/// When the count differs from `count`, or any answer from what its case expects; the message lists
/// them all.
pub fn check(suite: &str, count: usize, answer: impl Fn(&Case) -> Result<Value, String>) {
    let cases = vectors(suite);
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let given = answer(case);
            let good = match (&case.expect, &given) {
                (Expect::Ok(expected), Ok(given)) => expected == given,
                (Expect::Error(Value::String(expected)), Err(given)) => expected == given,
                (Expect::Error(_), Err(_)) => true,
                _ => false,
            };
            (!good).then(|| {
                format!(
                    "{} ({}): expected {:?}, received {given:?}",
                    case.id, case.note, case.expect
                )
            })
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {} cases fail:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
    assert_eq!(cases.len(), count, "the vector file {suite} has another number of cases");
}

impl Case {
    /// An argument that is bytes in hex.
    ///
    /// # Panics
    /// When it is missing or not hex.
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        unhex(self.input[name].as_str().unwrap_or_else(|| panic!("{}: no {name}", self.id)))
    }
}

/// Bytes from hex.
///
/// # Panics
/// When the text is not hex.
pub fn unhex(text: &str) -> Vec<u8> {
    assert!(text.is_ascii() && text.len().is_multiple_of(2), "not hex: {text}");
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex digits"))
        .collect()
}

/// Lower-case hex of bytes.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Gives `visit` every proper prefix of `message`, the empty one first.
pub fn prefixes(message: &[u8], mut visit: impl FnMut(&[u8])) {
    (0..message.len()).for_each(|length| visit(&message[..length]));
}
