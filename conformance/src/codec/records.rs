//! The records of `OneSync`'s streams as JSON.

use cfx_onesync::data::{Data, MAX_DATA};
use cfx_onesync::stream::{Record, Records, StreamEnd};
use cfx_onesync::{acks, clones};
use serde_json::{Value, json};

use super::hex;

/// Adds a stream's records to the fields of the message that carries them, and says so when it ends
/// without the end record.
pub(super) fn show<'a, R: Record<'a> + Show>(fields: &mut Value, mut records: Records<'a, R>) {
    fields["records"] = records.by_ref().map(|record| record.show()).collect();
    if records.end() != Some(StreamEnd::Marker) {
        fields["end_marker"] = json!(false);
    }
}

/// A record as JSON.
pub(crate) trait Show {
    /// Its type and its fields.
    fn show(&self) -> Value;
}

fn with_data(mut record: Value, data: &Data<'_>) -> Value {
    record["data"] = json!(hex(data.bytes(&mut [0; MAX_DATA])));
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
