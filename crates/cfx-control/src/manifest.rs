//! The content manifest: what `getConfiguration` answers, as the server writes it and as the client
//! reads it (SPEC MANIFEST-4, MANIFEST-5, MANIFEST-7, MANIFEST-8).
//!
//! ```
//! use cfx_control::manifest::{ManifestAnswer, Manifest};
//!
//! let text = r#"{"fileServer":"https://%s/files","resources":[
//!     {"name":"chat","files":{"resource.rpf":"da39a3ee"},"streamFiles":{}}]}"#;
//! let ManifestAnswer::Manifest(manifest) = Manifest::read(text)? else { panic!("it has resources") };
//! let chat = &manifest.resources[0];
//! assert_eq!(
//!     manifest.resource_url(chat, "https://203.0.113.5:30120/"),
//!     "https://203.0.113.5:30120/files/chat/",
//! );
//! # Ok::<(), cfx_control::manifest::ManifestError>(())
//! ```

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::stream::{Fault, StreamError, ValueStream};

/// The file server that the reference names; the client puts the server's address for `%s`.
pub const FILE_SERVER: &str = "https://%s/files";

/// The content manifest. Its members are written in the reference's order, unknown ones last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The URL under which each resource has a folder; see [`base_url`].
    pub file_server: String,
    /// The resources, in the order in which the server started them.
    pub resources: Vec<Resource>,
    /// Members that are not named here.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// One resource.
///
/// The file tables are sorted by name, bytewise: so they are in the reference's answer, which keeps
/// them in sorted maps.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// The resource's name.
    pub name: String,
    /// Each file's SHA-1, in hex.
    pub files: BTreeMap<String, String>,
    /// Streamed game assets.
    #[serde(default)]
    pub stream_files: BTreeMap<String, StreamFile>,
    /// The file server of this resource, where it has its own. Read as absent when it is no
    /// string.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "string_or_none")]
    pub file_server: Option<String>,
    /// What the client mounts in place of `global://NAME`. Read as absent when it is no string.
    /// The reference's client reads it; no server known writes it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "string_or_none")]
    pub uri: Option<String>,
    /// Members that are not named here.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// One streamed asset.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamFile {
    /// The file's SHA-1, in hex.
    pub hash: String,
    /// The reference writes the size here, unless the game's support sets another. The client does
    /// not read it.
    #[serde(default)]
    pub rsc_flags: u32,
    /// The version of the asset's header; 0 where it has none.
    #[serde(default)]
    pub rsc_version: u32,
    /// Bytes.
    pub size: u32,
    /// Virtual page flags; with the next two, only where the asset has a header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rsc_pages_virtual: Option<u32>,
    /// Physical page flags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rsc_pages_physical: Option<u32>,
    /// Whether the file is encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e: Option<bool>,
    /// Members that are not named here.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What a client makes of an answer that is no error.
#[derive(Debug, Clone, PartialEq)]
pub enum ManifestAnswer {
    /// A manifest.
    Manifest(Manifest),
    /// An object without a string `fileServer` or without an array `resources`: the client goes on
    /// with no resources. All its members.
    NoResources(Map<String, Value>),
}

/// Why an answer is no manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ManifestError {
    /// The answer is not one JSON value.
    NotJson {
        /// Where, in bytes. For an answer that ends inside an escape, its end; the client names
        /// the escape's backslash.
        offset: u64,
        /// What is wrong there, in the words of the client's JSON reader.
        reason: &'static str,
    },
    /// The answer is JSON, but not an object.
    NotAnObject,
    /// The server refused, with this text.
    Refused(String),
    /// A resource lacks what the client takes from it unchecked: a name, files, a streamed file's
    /// hash or size; or one of these is of another type. The client's behaviour is undefined here.
    BadResource {
        /// Its place in `resources`.
        index: usize,
        /// What is wrong with it.
        reason: String,
    },
}

impl Default for Manifest {
    /// No resources, from the server's own files.
    fn default() -> Self {
        Self { file_server: FILE_SERVER.to_owned(), resources: Vec::new(), extra: Map::new() }
    }
}

impl Manifest {
    /// Reads an answer as the client does, in its order: the JSON, then that it is an object, then
    /// a string `error`, then the resources. Of members of the same name the last counts (the
    /// client takes the first; no server writes two).
    ///
    /// # Errors
    /// See [`ManifestError`].
    pub fn read(text: &str) -> Result<ManifestAnswer, ManifestError> {
        let value = serde_json::from_str(text).map_err(|_| json_error(text))?;
        let Value::Object(mut members) = value else { return Err(ManifestError::NotAnObject) };
        if let Some(Value::String(text)) = members.get("error") {
            return Err(ManifestError::Refused(text.clone()));
        }
        if !members.get("resources").is_some_and(Value::is_array)
            || !members.get("fileServer").is_some_and(Value::is_string)
        {
            return Ok(ManifestAnswer::NoResources(members));
        }
        match (members.remove("fileServer"), members.remove("resources")) {
            (Some(Value::String(file_server)), Some(Value::Array(resources))) => {
                let resources = resources
                    .into_iter()
                    .enumerate()
                    .map(|(index, resource)| read_resource(index, resource))
                    .collect::<Result<_, _>>()?;
                Ok(ManifestAnswer::Manifest(Self { file_server, resources, extra: members }))
            }
            _ => Ok(ManifestAnswer::NoResources(members)),
        }
    }

    /// The JSON of this manifest with these resources instead of its own.
    pub fn to_vec_with<'a>(&'a self, resources: impl IntoIterator<Item = &'a Resource>) -> Vec<u8> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Borrowed<'a> {
            file_server: &'a str,
            resources: Vec<&'a Resource>,
            #[serde(flatten)]
            extra: &'a Map<String, Value>,
        }
        let resources = resources.into_iter().collect();
        let manifest = Borrowed { file_server: &self.file_server, resources, extra: &self.extra };
        // Maps of text and numbers: there is always JSON for them.
        serde_json::to_vec(&manifest).unwrap_or_default()
    }

    /// The URL of a resource's folder, with a slash at its end. `server_url` is the server's,
    /// `https://HOST:PORT/`.
    pub fn resource_url(&self, resource: &Resource, server_url: &str) -> String {
        let file_server = resource.file_server.as_ref().unwrap_or(&self.file_server);
        format!("{}/{}/", base_url(file_server, server_url), resource.name)
    }
}

impl Resource {
    /// What the client mounts: `uri`, or `global://NAME`.
    pub fn mount_uri(&self) -> String {
        self.uri.clone().unwrap_or_else(|| format!("global://{}", self.name))
    }
}

/// A file server's URL, with `server_url` (`https://HOST:PORT/`) for each `http://%s/` and
/// `https://%s/` in it.
pub fn base_url(file_server: &str, server_url: &str) -> String {
    file_server.replace("http://%s/", server_url).replace("https://%s/", server_url)
}

fn read_resource(index: usize, resource: Value) -> Result<Resource, ManifestError> {
    Resource::deserialize(resource)
        .map_err(|error| ManifestError::BadResource { index, reason: error.to_string() })
}

fn string_or_none<'de, D: Deserializer<'de>>(source: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(source)? {
        Value::String(text) => Some(text),
        _ => None,
    })
}

/// What the client's JSON reader says of a text that is not one JSON value.
fn json_error(text: &str) -> ManifestError {
    let mut rest = text.as_bytes();
    let mut stream = ValueStream::new(text.len());
    let first = match stream.next(&mut rest) {
        Ok(None) => stream.finish().map(|value| value.is_some()),
        first => first.map(|value| value.is_some()),
    };
    let (offset, reason) = match first {
        Ok(true) => {
            let spaces = rest.iter().take_while(|byte| b" \t\r\n".contains(byte)).count();
            let offset = stream.offset() + spaces as u64;
            (offset, "The document root must not be followed by other values.")
        }
        Ok(false) => (stream.offset(), "The document is empty."),
        Err(StreamError::NotJson { offset, fault }) => {
            let byte = usize::try_from(offset).ok().and_then(|at| text.as_bytes().get(at));
            (offset, reader_text(fault, byte.copied()))
        }
        Err(StreamError::EndsInsideValue { offset, missing }) => {
            (offset, reader_text(missing, None))
        }
        Err(StreamError::TooLarge { offset, .. } | StreamError::TooDeep { offset, .. }) => {
            (offset, "Unspecific syntax error.")
        }
    };
    ManifestError::NotJson { offset, reason }
}

/// The text of the client's JSON reader (rapidjson) for a fault at `byte`.
const fn reader_text(fault: Fault, byte: Option<u8>) -> &'static str {
    match fault {
        Fault::Value | Fault::Literal | Fault::Digit => "Invalid value.",
        Fault::Name => "Missing a name for object member.",
        Fault::Colon => "Missing a colon after a name of object member.",
        Fault::CommaInObject => "Missing a comma or '}' after an object member.",
        Fault::CommaInArray => "Missing a comma or ']' after an array element.",
        Fault::FractionDigit => "Miss fraction part in number.",
        Fault::ExponentDigit => "Miss exponent in number.",
        Fault::Quote => "Missing a closing quotation mark in string.",
        // Its end of input is a NUL, and a NUL an end.
        Fault::Control if matches!(byte, Some(0)) => "Missing a closing quotation mark in string.",
        Fault::Control | Fault::Encoding => "Invalid encoding in string.",
        Fault::Escape => "Invalid escape character in string.",
        Fault::HexDigit => "Incorrect hex digit after \\u escape in string.",
        Fault::Surrogate => "The surrogate pair in string is invalid.",
        Fault::NumberRange => "Number too big to be stored in double.",
    }
}

impl ManifestError {
    /// The text that the reference's client shows its player; none where it shows none.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::NotJson { offset, reason } => Some(format!(
                "Failed to parse content manifest: {reason} (at offset {offset}) - see the console log for details"
            )),
            Self::NotAnObject => Some(
                "Obtaining configuration from server failed. JSON data was not an object.".into(),
            ),
            Self::Refused(text) => {
                Some(format!("Obtaining configuration from server failed. Error text: {text}"))
            }
            Self::BadResource { .. } => None,
        }
    }
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson { offset, reason } => {
                write!(f, "the manifest is not JSON at byte {offset}: {reason}")
            }
            Self::NotAnObject => f.write_str("the manifest is not an object"),
            Self::Refused(text) => write!(f, "the server gives no manifest: {text}"),
            Self::BadResource { index, reason } => write!(f, "resource {index}: {reason}"),
        }
    }
}

impl core::error::Error for ManifestError {}

/// The text that the client shows when the request for the manifest failed; `state` is what the
/// HTTP client said of it, or `None` in streamer mode.
pub fn request_failed(state: Option<&str>) -> String {
    let state = state.map(|state| format!(" Error state: {state}")).unwrap_or_default();
    format!("Obtaining configuration from server failed.{state}")
}

/// The request's field `resources=a;b`: which resources the manifest is to hold (SPEC MANIFEST-5).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter<'a> {
    names: BTreeSet<&'a [u8]>,
}

impl<'a> Filter<'a> {
    /// Reads the field's value: names with `;` between them, as far as the first empty one.
    pub fn parse(list: &'a [u8]) -> Self {
        let names = list.split(|&byte| byte == b';').take_while(|name| !name.is_empty()).collect();
        Self { names }
    }

    /// Whether the resource is asked for. A filter without names asks for all.
    pub fn matches(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.contains(name.as_bytes())
    }
}

/// The progress text while the manifest is read.
pub const LOADING: &str = "Loading content manifest...";

/// The progress text while the manifest comes in: `bytes_now` of `total` bytes, which is `None` or
/// 0 where the answer does not say (a streamed one does not). Units of 1,000 bytes.
// Both counts are far below 2^53, above which a double would round them.
#[allow(clippy::cast_precision_loss)]
pub fn downloading(bytes_now: u64, total: Option<u64>) -> String {
    let kilobytes = |bytes: u64| bytes as f64 / 1000.0;
    match (bytes_now, total.unwrap_or(0)) {
        (0, 0) => "Downloading content manifest...".into(),
        (now, 0) => format!("Downloading content manifest ({:.2} kB)", kilobytes(now)),
        (now, total) => format!(
            "Downloading content manifest ({:.2}/{:.2} kB)",
            kilobytes(now),
            kilobytes(total)
        ),
    }
}

/// How far the client is with one resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceProgress {
    /// Cached files are being checked.
    Verifying {
        /// Bytes checked.
        now: u64,
        /// Bytes to check.
        total: u64,
    },
    /// Files are being fetched.
    Downloading {
        /// Bytes fetched.
        now: u64,
        /// Bytes to fetch.
        total: u64,
    },
    /// The resource is in place.
    Mounted,
}

impl ResourceProgress {
    /// The progress text for resource `name`, with `done` of `count` resources in place: before
    /// this one while it is verified or downloaded, with it once it is mounted.
    pub fn text(self, name: &str, done: usize, count: usize) -> String {
        let (verb, now, total) = match self {
            Self::Verifying { now, total } => ("Verifying", now, total),
            Self::Downloading { now, total } => ("Downloading", now, total),
            Self::Mounted => return format!("Mounted {name} ({done} of {count})"),
        };
        let (now, total) = (mebibytes(now), mebibytes(total));
        format!("{verb} {name} ({done} of {count} - {now:.2}/{total:.2} MiB)")
    }
}

/// In single precision, as the client computes it.
#[allow(clippy::cast_precision_loss)]
fn mebibytes(bytes: u64) -> f32 {
    bytes as f32 / 1024.0 / 1024.0
}
