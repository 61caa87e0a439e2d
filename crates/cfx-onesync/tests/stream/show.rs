//! What several tests share: the dictionary, and the vectors as streams.

use cfx_fixtures::{Case, hex};
use cfx_game::frame::{Frame, MessageType};
use cfx_game::packed::{FrameIndex, PackedAcks, PackedClones};
use cfx_onesync::block::Inflater;
use cfx_onesync::dictionary::Dictionary;
use cfx_onesync::layout::{Game, Layout};
use cfx_onesync::route::{RoutePayload, StreamType};
use cfx_onesync::stream::{Record, Records};
use cfx_onesync::{acks, clones};
use cfx_wire::{Decode, DecodeError};
use serde_json::{Value, json};

// How a record is written in JSON stands once, with the program that does it.
#[path = "../../../../conformance/src/codec/records.rs"]
mod records;

pub(crate) use records::Show;

/// The variable that names the file of the reference's dictionary.
pub(crate) const DICTIONARY: &str = "CFX_LZ4_DICTIONARY";

/// The reference's dictionary, where the variable names its file; says so otherwise.
pub(crate) fn dictionary() -> Option<Dictionary> {
    let Some(path) = std::env::var_os(DICTIONARY) else {
        println!("skipped: {DICTIONARY} names no file");
        return None;
    };
    let read = Dictionary::from_file(&path);
    Some(read.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// The four streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    PackedClones,
    PackedAcks,
    NetClones,
    NetAcks,
}

/// A vector's stream, inflated.
pub(crate) struct Inflated {
    pub(crate) stream: Stream,
    pub(crate) index: Option<FrameIndex>,
    pub(crate) layout: Layout,
    pub(crate) body: Vec<u8>,
}

pub(crate) fn layout(case: &Case) -> Layout {
    let game = if case.input["game"] == "rdr3" { Game::Rdr3 } else { Game::Gta5 };
    Layout { game, length_hack: case.input["length_hack"] == json!(true) }
}

/// Inflates a vector; nothing when that takes a dictionary and there is none.
pub(crate) fn inflate(
    case: &Case,
    dictionary: Option<&Dictionary>,
) -> Option<Result<Inflated, DecodeError>> {
    let bytes = case.bytes("hex");
    if case.op == "decode_packet" {
        return Some(packet(&bytes, layout(case)));
    }
    dictionary.map(|dictionary| route(&bytes, layout(case), dictionary))
}

/// Inflates a server's packet.
pub(crate) fn packet(bytes: &[u8], layout: Layout) -> Result<Inflated, DecodeError> {
    let frame = Frame::from_slice(bytes)?;
    let (stream, index, block) = match frame.kind {
        MessageType::PACKED_CLONES => {
            let clones = PackedClones::from_slice(frame.payload)?;
            (Stream::PackedClones, clones.frame_index, clones.block)
        }
        MessageType::PACKED_ACKS => {
            let acks = PackedAcks::from_slice(frame.payload)?;
            (Stream::PackedAcks, acks.frame_index, acks.block)
        }
        other => panic!("a packet of type {other}"),
    };
    let body = Inflater::new().inflate(block)?.to_vec();
    Ok(Inflated { stream, index: Some(index), layout, body })
}

/// Inflates a client's payload.
pub(crate) fn route(
    bytes: &[u8],
    layout: Layout,
    dictionary: &Dictionary,
) -> Result<Inflated, DecodeError> {
    let payload = RoutePayload::from_slice(bytes)?;
    let stream = match payload.kind {
        StreamType::NET_CLONES => Stream::NetClones,
        StreamType::NET_ACKS => Stream::NetAcks,
        other => panic!("a stream of type {other}"),
    };
    let body = Inflater::new().inflate_with(payload.block, dictionary)?.to_vec();
    Ok(Inflated { stream, index: None, layout, body })
}

/// Does with each stream what does not depend on its records' type.
pub(crate) trait Visit<T> {
    fn visit<'a, R: Record<'a> + Show>(self, records: Records<'a, R>) -> T;
}

impl Inflated {
    pub(crate) fn visit<T>(&self, visit: impl Visit<T>) -> T {
        let (body, layout) = (&self.body, self.layout);
        match self.stream {
            Stream::PackedClones => visit.visit(clones::s2c::records(body, layout)),
            Stream::PackedAcks => visit.visit(acks::s2c::records(body, layout)),
            Stream::NetClones => visit.visit(clones::c2s::records(body, layout)),
            Stream::NetAcks => visit.visit(acks::c2s::records(body, layout)),
        }
    }

    /// As the line protocol answers: name and fields.
    pub(crate) fn show(&self) -> Value {
        let mut fields = self.visit(Shown);
        if let Some(index) = self.index {
            fields["frame_index"] = json!(index.frame().to_string());
            fields["fragment"] = json!(index.fragment());
            fields["last_fragment"] = json!(index.is_last());
        }
        let name = match self.stream {
            Stream::PackedClones => "msgPackedClones",
            Stream::PackedAcks => "msgPackedAcks",
            Stream::NetClones => "netClones",
            Stream::NetAcks => "netAcks",
        };
        json!({ "name": name, "fields": fields })
    }
}

struct Shown;

impl Visit<Value> for Shown {
    fn visit<'a, R: Record<'a> + Show>(self, records: Records<'a, R>) -> Value {
        let mut fields = json!({});
        records::show(&mut fields, records);
        fields
    }
}
