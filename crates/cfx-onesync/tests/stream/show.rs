//! What several tests share: the dictionary, and the vectors as streams.

use cfx_fixtures::Case;
use cfx_game::frame::{Frame, MessageType};
use cfx_game::packed::{FrameIndex, PackedAcks, PackedClones};
use cfx_onesync::block::Inflater;
use cfx_onesync::data::MAX_DATA;
use cfx_onesync::dictionary::Dictionary;
use cfx_onesync::layout::{Game, Layout};
use cfx_onesync::route::{RoutePayload, StreamType};
use cfx_onesync::stream::{Record, Records, StreamEnd};
use cfx_onesync::{acks, clones};
use cfx_wire::{Decode, DecodeError};
use serde_json::{Value, json};

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
    fn visit<'a, R: Record<'a> + Show>(self, mut records: Records<'a, R>) -> Value {
        let list: Vec<Value> = records.by_ref().map(|record| record.show()).collect();
        let mut fields = json!({ "records": list });
        if records.end() != Some(StreamEnd::Marker) {
            fields["end_marker"] = json!(false);
        }
        fields
    }
}

/// A record as the vectors have it.
pub(crate) trait Show {
    fn show(&self) -> Value;
}

fn with_data(mut record: Value, data: &cfx_onesync::data::Data<'_>) -> Value {
    record["data"] = json!(cfx_fixtures::hex(data.bytes(&mut [0; MAX_DATA])));
    if data.is_truncated() {
        record["truncated"] = json!(true);
    }
    record
}

impl Show for clones::s2c::Record<'_> {
    fn show(&self) -> Value {
        match self {
            Self::Create(create) => with_data(
                json!({
                    "type": "create",
                    "object_id": create.object_id,
                    "client_id": create.client_id,
                    "entity_type": create.entity_type,
                    "creation_token": create.creation_token,
                    "uniqifier": create.uniqifier,
                    "dependent_frame_index": create.dependent_frame_index.to_string(),
                    "timestamp": create.timestamp,
                }),
                &create.data,
            ),
            Self::Sync(sync) => with_data(
                json!({
                    "type": "sync",
                    "object_id": sync.object_id,
                    "client_id": sync.client_id,
                    "uniqifier": sync.uniqifier,
                    "dependent_frame_index": sync.dependent_frame_index.to_string(),
                    "timestamp": sync.timestamp,
                }),
                &sync.data,
            ),
            Self::Remove(remove) => json!({
                "type": "remove",
                "force_steal": remove.force_steal,
                "object_id": remove.object_id,
                "uniqifier": remove.uniqifier,
            }),
            Self::Timestamp(time) => {
                json!({ "type": "timestamp", "server_time": time.to_string() })
            }
        }
    }
}

impl Show for clones::c2s::Record<'_> {
    fn show(&self) -> Value {
        match self {
            Self::Create(create) => with_data(
                json!({
                    "type": "create",
                    "uniqifier": create.uniqifier,
                    "object_id": create.object_id,
                    "creation_token": create.creation_token,
                    "entity_type": create.entity_type,
                }),
                &create.data,
            ),
            Self::Sync(sync) => with_data(
                json!({
                    "type": "sync",
                    "uniqifier": sync.uniqifier,
                    "object_id": sync.object_id,
                }),
                &sync.data,
            ),
            Self::Remove(remove) => json!({
                "type": "remove",
                "object_id": remove.object_id,
                "uniqifier": remove.uniqifier,
            }),
            Self::Takeover(takeover) => json!({
                "type": "takeover",
                "client_id": takeover.client_id,
                "object_id": takeover.object_id,
            }),
            Self::Timestamp(time) => json!({ "type": "timestamp", "timestamp": time }),
            Self::Index(index) => json!({ "type": "index", "index": index }),
        }
    }
}

fn acknowledged(kind: &str, object: acks::Object) -> Value {
    json!({ "type": kind, "object_id": object.object_id, "uniqifier": object.uniqifier })
}

impl Show for acks::s2c::Record {
    fn show(&self) -> Value {
        match self {
            Self::Create(object) => acknowledged("create", *object),
            Self::Sync(object) => acknowledged("sync", *object),
            Self::Remove(object) => acknowledged("remove", *object),
            Self::Timestamp(time) => json!({ "type": "timestamp", "timestamp": time }),
        }
    }
}

impl Show for acks::c2s::Record {
    fn show(&self) -> Value {
        match self {
            Self::Create(object) => acknowledged("create", *object),
            Self::Remove(object) => acknowledged("remove", *object),
        }
    }
}
