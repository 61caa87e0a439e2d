//! What a client tells the server of its own objects, and what the server has acknowledged of it
//! (reference: `CloneManagerLocal::WriteUpdates` and `HandleCloneAcks`).

use std::collections::{BTreeMap, VecDeque};

use cfx_onesync::acks::Object;
use cfx_onesync::bits::BitWriter;
use cfx_onesync::block::{MAX_BODY, compress_bound, compress_with};
use cfx_onesync::clones::c2s::{Create, Record, Remove, Sync, Takeover};
use cfx_onesync::data::Data;
use cfx_onesync::dictionary::Dictionary;
use cfx_onesync::layout::Layout;
use cfx_onesync::route::{RoutePayload, StreamType};
use cfx_onesync::stream::{END, Record as _};
use cfx_onesync::writer::CLIENT_TARGET;
use cfx_wire::Encode as _;

use super::Object as Entity;
use crate::time::Time;

/// Milliseconds after which a record is sent again that was not acknowledged.
const RESEND: u64 = 150;

/// How often a take-over is sent before the client gives up; the server may have no such client.
const GIVE_TRIES: u8 = 20;

/// The most payloads whose acknowledgements are waited for. The reference remembers 5000.
const MAX_UNACKNOWLEDGED: usize = 1024;

/// What has been said of one's own object.
#[derive(Debug, Clone, Default)]
pub(super) struct Outgoing {
    /// The state of its create.
    first: Vec<u8>,
    created: bool,
    /// The state that the application gave last, by a number that only grows; 0 for none.
    pub(super) version: u32,
    acknowledged: u32,
    /// When, which version and with which timestamp.
    sent: Option<(Time, u32)>,
}

impl Outgoing {
    /// An object that the server does not know yet.
    pub(super) fn new(data: &[u8]) -> Self {
        Self { first: data.to_vec(), ..Self::default() }
    }

    /// An object that the server knows.
    pub(super) fn known() -> Self {
        Self { created: true, ..Self::default() }
    }

    pub(super) fn is_settled(&self) -> bool {
        self.created && self.acknowledged >= self.version
    }

    fn is_due(&self, now: Time) -> bool {
        let version = if self.created { self.version } else { 0 };
        !self.is_settled()
            && self.sent.is_none_or(|(at, sent)| sent != version || now.since(at) >= RESEND)
    }
}

/// An object on its way to another client.
#[derive(Debug)]
struct Giving {
    to: u16,
    sent: Option<Time>,
    tries: u8,
}

/// An object whose end the server has to hear of.
#[derive(Debug, Clone, Copy, Default)]
struct Leaving {
    sent: Option<Time>,
    /// The payload from which on an acknowledgement counts.
    from: u32,
}

/// A record whose acknowledgement is waited for.
#[derive(Debug, Clone, Copy)]
enum Pending {
    Create(u16, u16),
    Sync(u16, u16, u32),
    Remove(u16, u16),
}

/// A payload whose acknowledgement is waited for.
#[derive(Debug)]
struct Sent {
    number: u32,
    timestamp: u32,
    records: Vec<Pending>,
}

/// What a client has to tell that is not part of an object.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// Objects that are gone.
    removals: BTreeMap<(u16, u16), Leaving>,
    giving: BTreeMap<u16, Giving>,
    pending: VecDeque<Sent>,
    /// The number of the last payload.
    index: u32,
    /// The timestamp for which the following records are acknowledged.
    timestamp: u32,
    /// States that the application gave, of all objects: a number is never used twice.
    versions: u32,
}

impl Outbox {
    /// A number for a state.
    pub(super) fn next_version(&mut self) -> u32 {
        self.versions = self.versions.wrapping_add(1).max(1);
        self.versions
    }

    pub(super) fn removed(&mut self, object_id: u16, uniqifier: u16) {
        self.giving.remove(&object_id);
        self.removals.insert((object_id, uniqifier), Leaving::default());
    }

    /// Whether the server has yet to hear of this object's end.
    pub(super) fn is_removing(&self, object_id: u16, uniqifier: u16) -> bool {
        self.removals.contains_key(&(object_id, uniqifier))
            || self.removals.contains_key(&(object_id, !uniqifier))
    }

    /// The server still told of an object: it may have acknowledged its end without following, as it
    /// took it for another's. It hears of it again.
    pub(super) fn insist(&mut self, object_id: u16, uniqifier: u16) {
        for uniqifier in [uniqifier, !uniqifier] {
            if let Some(leaving) = self.removals.get_mut(&(object_id, uniqifier)) {
                *leaving = Leaving { sent: None, from: self.index.wrapping_add(1).max(1) };
            }
        }
    }

    /// An object is not to be removed after all.
    pub(super) fn keep(&mut self, object_id: u16, uniqifier: u16) {
        self.removals.remove(&(object_id, uniqifier));
        self.removals.remove(&(object_id, !uniqifier));
    }

    pub(super) fn give(&mut self, object_id: u16, to: u16) {
        self.giving.insert(object_id, Giving { to, sent: None, tries: 0 });
    }

    pub(super) fn given(&mut self, object_id: u16) {
        self.giving.remove(&object_id);
    }

    /// Whether anything of it is to be sent, now or again.
    pub(super) fn is_settled(&self) -> bool {
        self.removals.is_empty() && self.giving.is_empty()
    }

    /// What is due, as payloads of `msgRoute`.
    pub(super) fn write(
        &mut self,
        objects: &mut BTreeMap<u16, Entity>,
        layout: Layout,
        dictionary: &Dictionary,
        now: Time,
    ) -> Vec<Vec<u8>> {
        let mut payloads = Payloads::new(layout, dictionary, self.index, low_word(now));
        for (object_id, giving) in &mut self.giving {
            if giving.sent.is_none_or(|sent| now.since(sent) >= RESEND) {
                giving.sent = Some(now);
                giving.tries += 1;
                let takeover = Takeover { client_id: giving.to, object_id: *object_id };
                payloads.push(&Record::Takeover(takeover), None);
            }
        }
        self.giving.retain(|_, giving| giving.tries < GIVE_TRIES);
        for (&(object_id, uniqifier), leaving) in &mut self.removals {
            if leaving.sent.is_none_or(|sent| now.since(sent) >= RESEND) {
                leaving.sent = Some(now);
                let pending = Pending::Remove(object_id, uniqifier);
                payloads.push(&Record::Remove(Remove { object_id, uniqifier }), Some(pending));
            }
        }
        for (object_id, object) in objects {
            if let Some(outgoing) = object.outgoing.as_mut().filter(|own| own.is_due(now)) {
                let (uniqifier, entity_type) = (object.uniqifier, object.entity_type);
                write_object(
                    &mut payloads,
                    outgoing,
                    (*object_id, uniqifier, entity_type),
                    &object.data,
                );
                let version = if outgoing.created { outgoing.version } else { 0 };
                outgoing.sent = Some((now, version));
            }
        }
        let (payloads, pending, index) = payloads.finish();
        self.index = index;
        self.pending.extend(pending);
        while self.pending.len() > MAX_UNACKNOWLEDGED {
            self.pending.pop_front();
        }
        payloads
    }

    /// The server has read the payload of this number; gives the ids that are free with that.
    pub(super) fn frame_acknowledged(
        &mut self,
        index: u64,
        objects: &mut BTreeMap<u16, Entity>,
    ) -> Vec<u16> {
        let at = self.pending.iter().position(|sent| u64::from(sent.number) == index);
        let Some(Sent { number, records, .. }) = at.and_then(|at| self.pending.remove(at)) else {
            return Vec::new();
        };
        records
            .into_iter()
            .filter_map(|record| self.acknowledged(record, number, objects))
            .collect()
    }

    /// The server has read a record; gives an id that is free with that.
    pub(super) fn record_acknowledged(
        &mut self,
        record: cfx_onesync::acks::s2c::Record,
        objects: &mut BTreeMap<u16, Entity>,
    ) -> Option<u16> {
        use cfx_onesync::acks::s2c::Record as Ack;
        let pending = match record {
            Ack::Create(Object { object_id, uniqifier }) => Pending::Create(object_id, uniqifier),
            Ack::Remove(Object { object_id, uniqifier }) => Pending::Remove(object_id, uniqifier),
            Ack::Sync(Object { object_id, uniqifier }) => {
                let version = self.version_at(self.timestamp, object_id, uniqifier)?;
                Pending::Sync(object_id, uniqifier, version)
            }
            Ack::Timestamp(time) => {
                self.timestamp = time;
                return None;
            }
        };
        // Which payload it was in, the record does not say.
        self.acknowledged(pending, self.index, objects)
    }

    /// Which version of an object was sent at a time.
    fn version_at(&self, time: u32, object_id: u16, uniqifier: u16) -> Option<u32> {
        let sent = self.pending.iter().filter(|sent| sent.timestamp == time);
        sent.flat_map(|sent| &sent.records).find_map(|record| match record {
            Pending::Sync(id, uniq, version) if (*id, *uniq) == (object_id, uniqifier) => {
                Some(*version)
            }
            _ => None,
        })
    }

    fn acknowledged(
        &mut self,
        record: Pending,
        number: u32,
        objects: &mut BTreeMap<u16, Entity>,
    ) -> Option<u16> {
        match record {
            Pending::Create(object_id, uniqifier) => {
                if let Some(outgoing) = own(objects, object_id, uniqifier) {
                    outgoing.created = true;
                }
            }
            Pending::Sync(object_id, uniqifier, version) => {
                if let Some(outgoing) = own(objects, object_id, uniqifier) {
                    outgoing.acknowledged = outgoing.acknowledged.max(version);
                }
            }
            Pending::Remove(object_id, uniqifier) => {
                self.removals.get(&(object_id, uniqifier)).filter(|it| it.from <= number)?;
                self.removals.remove(&(object_id, uniqifier));
                return Some(object_id);
            }
        }
        None
    }
}

/// What has been said of this very object, if it is the client's own.
fn own(
    objects: &mut BTreeMap<u16, Entity>,
    object_id: u16,
    uniqifier: u16,
) -> Option<&mut Outgoing> {
    let object = objects.get_mut(&object_id).filter(|object| object.uniqifier == uniqifier)?;
    object.outgoing.as_deref_mut()
}

/// The create until it is acknowledged, then the latest state.
fn write_object(
    payloads: &mut Payloads<'_>,
    outgoing: &Outgoing,
    (object_id, uniqifier, entity_type): (u16, u16, u8),
    data: &[u8],
) {
    if outgoing.created {
        let Some(data) = Data::new(data) else { return };
        let sync = Record::Sync(Sync { uniqifier, object_id, data });
        payloads.push(&sync, Some(Pending::Sync(object_id, uniqifier, outgoing.version)));
    } else {
        let Some(data) = Data::new(&outgoing.first) else { return };
        let creation_token = 0;
        let create = Create { uniqifier, object_id, creation_token, entity_type, data };
        payloads.push(&Record::Create(create), Some(Pending::Create(object_id, uniqifier)));
    }
}

/// The low word of a time in milliseconds.
pub(super) fn low_word(time: Time) -> u32 {
    (time.as_millis() & 0xFFFF_FFFF) as u32
}

/// Records on their way to payloads. Each payload begins with the time and a number of its own, by
/// which it is acknowledged. (The reference numbers what it sends at once, and takes all of that for
/// read when one payload of it is.)
struct Payloads<'d> {
    writer: BitWriter,
    layout: Layout,
    dictionary: &'d Dictionary,
    timestamp: u32,
    index: u32,
    done: Vec<Vec<u8>>,
    pending: Vec<Sent>,
}

impl<'d> Payloads<'d> {
    fn new(layout: Layout, dictionary: &'d Dictionary, index: u32, timestamp: u32) -> Self {
        let writer = BitWriter::new(MAX_BODY, layout.length_hack);
        let (done, pending) = (Vec::new(), Vec::new());
        Self { writer, layout, dictionary, timestamp, index, done, pending }
    }

    fn push(&mut self, record: &Record<'_>, pending: Option<Pending>) {
        // A record that alone is over the target gets a payload of its own.
        let bits = self.writer.position() + record.bit_len(self.layout) + 3;
        if compress_bound(bits.div_ceil(8)) > CLIENT_TARGET {
            self.close();
        }
        if self.writer.position() == 0 {
            // 0 stands for none.
            self.index = self.index.wrapping_add(1).max(1);
            let (number, timestamp) = (self.index, self.timestamp);
            self.pending.push(Sent { number, timestamp, records: Vec::new() });
            Record::Timestamp(self.timestamp).write(&mut self.writer, self.layout);
            Record::Index(self.index).write(&mut self.writer, self.layout);
        }
        record.write(&mut self.writer, self.layout);
        if let Some(sent) = self.pending.last_mut() {
            sent.records.extend(pending);
        }
    }

    fn close(&mut self) {
        if self.writer.position() > 0 {
            self.writer.unsigned(u32::from(END), 3);
            let block = compress_with(self.writer.as_bytes(), self.dictionary);
            let payload = RoutePayload { kind: StreamType::NET_CLONES, block: &block };
            self.done.push(payload.to_vec());
            self.writer.clear();
        }
    }

    fn finish(mut self) -> (Vec<Vec<u8>>, Vec<Sent>, u32) {
        self.close();
        (self.done, self.pending, self.index)
    }
}
