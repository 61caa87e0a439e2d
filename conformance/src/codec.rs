//! Our codecs behind the line protocol: one JSON object a line each way.
//!
//! | module | ops |
//! |---|---|
//! | `wire` | `hash`, `decode_form`, `encode_form`, `info_value`, `strip_colors` |
//! | `oob` | `oob_reply` |
//! | `ticket` | `verify_ticket` |
//! | `packet` | `decode_packet`, `decode_route_payload` |
//! | `bits` | `read_bits`, `write_bits` |
//!
//! `fields` and `records` show messages and the records inside them as JSON, `input` reads
//! arguments, and `lines` reads lines of bounded length. The protocol is described for those who
//! implement it in `docs/codec.md`.
//!
//! ```
//! use cfx_conformance::codec::{Answer, Codec};
//! use serde_json::json;
//!
//! let codec = Codec::new(None);
//! let answer = codec.answer("hash", &json!({ "hex": "61" }));
//! assert_eq!(answer, Answer::Ok(json!({ "rage": 3_392_050_242_u32, "lower": 3_392_050_242_u32 })));
//! let line = codec.answer_line(br#"{"id":7,"op":"no_such_op","input":{}}"#);
//! assert_eq!(line.to_string(), r#"{"id":7,"skip":true}"#);
//! ```

mod bits;
mod fields;
mod input;
pub(crate) mod lines;
mod oob;
mod packet;
mod records;
mod ticket;
mod wire;

use std::io::{self, BufReader, Read, Write};

use cfx_onesync::dictionary::Dictionary;
use cfx_wire::{DecodeError, ErrorKind};
use serde::Deserialize;
use serde_json::{Value, json};

use self::input::hex;
use self::lines::{Line, read_line};

/// The most bytes of a request's or an answer's line, without the newline. The longest request of
/// the vector files has 20,000.
pub const MAX_LINE: usize = 1024 * 1024;

/// Errors of the request itself, whatever its op is.
pub mod error {
    /// The line is not a JSON object with `id`, `op` and `input`.
    pub const BAD_LINE: &str = "bad_line";
    /// The line is longer than [`MAX_LINE`](super::MAX_LINE).
    pub const LINE_TOO_LONG: &str = "line_too_long";
    /// An argument is missing, of another type, or out of its range.
    pub const BAD_INPUT: &str = "bad_input";
}

/// What comes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The result, an object.
    Ok(Value),
    /// The input is refused; the kind of error.
    Error(String),
    /// The implementation does not have this op, or not this feature of it.
    Skip,
}

impl Answer {
    /// The answer as the object that goes on a line.
    pub fn into_line(self, id: &Value) -> Value {
        match self {
            Self::Ok(ok) => json!({ "id": id, "ok": ok }),
            Self::Error(kind) => json!({ "id": id, "error": kind }),
            Self::Skip => json!({ "id": id, "skip": true }),
        }
    }

    /// Reads an answer's line; gives the id with it.
    ///
    /// # Errors
    /// A text that says what is wrong with the line.
    pub fn from_line(line: &[u8]) -> Result<(Value, Self), String> {
        #[derive(Deserialize)]
        struct Members {
            id: Value,
            ok: Option<Value>,
            error: Option<String>,
            skip: Option<bool>,
        }
        let members: Members = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        let answer = match (members.ok, members.error, members.skip) {
            (Some(ok), None, None) => Self::Ok(ok),
            (None, Some(kind), None) => Self::Error(kind),
            (None, None, Some(true)) => Self::Skip,
            _ => return Err("not one of ok, error (a string) and skip (true)".to_owned()),
        };
        Ok((members.id, answer))
    }
}

/// Why an op has no result.
enum Refusal {
    /// An error of this kind.
    Error(&'static str),
    /// It takes what this codec lacks.
    Lacking,
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        Self::Error(match error.kind {
            ErrorKind::Incomplete { .. } => "incomplete",
            ErrorKind::TooLong { .. } => "too_long",
            ErrorKind::TooShort { .. } => "too_short",
            ErrorKind::Trailing { .. } => "trailing",
            _ => "malformed",
        })
    }
}

/// A message or a stream with a type that is not known.
const UNKNOWN_TYPE: Refusal = Refusal::Error("unknown_type");

const BAD_INPUT: Refusal = Refusal::Error(error::BAD_INPUT);

/// All our codecs, by the names of the ops.
#[derive(Debug, Clone, Default)]
pub struct Codec {
    dictionary: Option<Dictionary>,
}

impl Codec {
    /// The codecs; without the dictionary, what takes it is skipped.
    pub const fn new(dictionary: Option<Dictionary>) -> Self {
        Self { dictionary }
    }

    /// Answers one request. An op that is not known is skipped.
    pub fn answer(&self, op: &str, input: &Value) -> Answer {
        let result = match op {
            "hash" => wire::hash(input),
            "decode_form" => wire::decode_form(input),
            "encode_form" => wire::encode_form(input),
            "info_value" => wire::info_value(input),
            "strip_colors" => wire::strip_colors(input),
            "oob_reply" => oob::reply(input),
            "verify_ticket" => ticket::verify(input),
            "decode_packet" => packet::decode(input),
            "decode_route_payload" => packet::decode_route_payload(input, self.dictionary.as_ref()),
            "read_bits" => bits::read(input),
            "write_bits" => bits::write(input),
            _ => Err(Refusal::Lacking),
        };
        match result {
            Ok(value) => Answer::Ok(value),
            Err(Refusal::Error(kind)) => Answer::Error(kind.to_owned()),
            Err(Refusal::Lacking) => Answer::Skip,
        }
    }

    /// Answers one line, whatever is on it.
    pub fn answer_line(&self, line: &[u8]) -> Value {
        let mut request: Value = serde_json::from_slice(line).unwrap_or_default();
        let id = request.get_mut("id").map(Value::take);
        let (op, input) = (request.get("op").and_then(Value::as_str), request.get("input"));
        let answer = match (&id, op, input) {
            (Some(_), Some(op), Some(input)) => self.answer(op, input),
            _ => Answer::Error(error::BAD_LINE.to_owned()),
        };
        answer.into_line(&id.unwrap_or_default())
    }

    /// Answers every line of `input`, in their order, until it ends. Answers are held back only
    /// while the next request is already there.
    ///
    /// # Errors
    /// Those of reading and writing.
    pub fn serve<R: Read>(
        &self,
        mut input: BufReader<R>,
        output: &mut impl Write,
    ) -> io::Result<()> {
        let mut line = Vec::new();
        while let Some(read) = read_line(&mut input, MAX_LINE, &mut line)? {
            let answer = match read {
                Line::Whole | Line::Cut => self.answer_line(&line),
                Line::TooLong => {
                    Answer::Error(error::LINE_TOO_LONG.to_owned()).into_line(&Value::Null)
                }
            };
            writeln!(output, "{answer}")?;
            if !input.buffer().contains(&b'\n') {
                output.flush()?;
            }
        }
        output.flush()
    }
}
