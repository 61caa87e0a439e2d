//! What one client has been told, and the frames in which it was (reference: `GameStateClientData`
//! and its `frameStates`).

use std::collections::{BTreeMap, VecDeque};

/// How many frames are remembered for a client: 10 seconds of them.
const KEPT_FRAMES: usize = 200;

/// As many for a client that has been silent for a while: a minute of them.
const KEPT_FRAMES_SILENT: usize = 1200;

/// The most removals that may wait for a client; beyond, the first are forgotten.
const MAX_REMOVALS: usize = 16_384;

/// Frames without records at the beginning. A client cannot know that it has missed a frame before
/// it has seen one, so the first ones must not matter. The reference has none.
const WARM_UP: u8 = 10;

/// What a client has been told of one object.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    /// A create has gone out, or the client made the object: it has to be told of its end.
    pub(super) told: bool,
    /// The create needs no repetition, as far as is known.
    pub(super) created: bool,
    /// The next sync goes out whether something has changed or not: the owner has.
    pub(super) force: bool,
    /// The change that the client has, as a frame; 0 for none.
    pub(super) sent: u64,
    /// Under ARQ, the change that was sent last.
    pub(super) unacknowledged: u64,
}

/// What a frame told of one object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    pub(super) object_id: u16,
    pub(super) uniqifier: u16,
    /// How many frames before this one the change is that the client had; `u32::MAX` for none.
    age: u32,
    /// It was a sync; else the create.
    pub(super) sync: bool,
    /// The sync was forced.
    pub(super) forced: bool,
}

impl Told {
    pub(super) fn new(object_id: u16, uniqifier: u16, frame: u64, before: &Seen) -> Self {
        let age = u32::try_from(frame.saturating_sub(before.sent)).unwrap_or(u32::MAX);
        let age = if before.sent == 0 { u32::MAX } else { age };
        Self { object_id, uniqifier, age, sync: before.created, forced: before.force }
    }

    /// The change that the client had before.
    fn base(&self, frame: u64) -> u64 {
        if self.age == u32::MAX { 0 } else { frame.saturating_sub(u64::from(self.age)) }
    }
}

/// An object's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Removal {
    pub(super) object_id: u16,
    pub(super) uniqifier: u16,
    pub(super) force_steal: bool,
}

/// What a frame held.
#[derive(Debug, Default)]
pub(super) struct Frame {
    pub(super) told: Vec<Told>,
    pub(super) removed: Vec<Removal>,
}

/// The frames that a client may still complain about: consecutive ones up to the last that was sent.
#[derive(Debug, Default)]
pub(super) struct History {
    /// The number of the first.
    first: u64,
    frames: VecDeque<Frame>,
    /// Memory of forgotten ones.
    spare: Frame,
}

impl History {
    pub(super) fn len(&self) -> usize {
        self.frames.len()
    }

    pub(super) fn has(&self, frame: u64) -> bool {
        self.at(frame).is_some()
    }

    fn at(&self, frame: u64) -> Option<usize> {
        let at = usize::try_from(frame.checked_sub(self.first)?).ok()?;
        (at < self.frames.len()).then_some(at)
    }

    /// Takes what a frame held out of it.
    pub(super) fn take(&mut self, frame: u64) -> Option<Frame> {
        let at = self.at(frame)?;
        self.frames.get_mut(at).map(core::mem::take)
    }

    /// An empty frame to fill.
    pub(super) fn blank(&mut self) -> Frame {
        core::mem::take(&mut self.spare)
    }

    /// Remembers the frame behind the last one, and forgets the oldest.
    pub(super) fn push(&mut self, number: u64, frame: Frame, silent: bool) {
        if self.frames.is_empty() {
            self.first = number;
        }
        self.frames.push_back(frame);
        // The backlog of a client that has spoken again goes frame by frame.
        let kept = if silent { KEPT_FRAMES_SILENT } else { KEPT_FRAMES };
        for _ in 0..2 {
            if self.frames.len() > kept
                && let Some(mut old) = self.frames.pop_front()
            {
                self.first += 1;
                old.told.clear();
                old.removed.clear();
                self.spare = old;
            }
        }
    }

    /// The frames from `first` to `last`, the latest first, and their numbers.
    fn range(&self, first: u64, last: u64) -> impl Iterator<Item = (u64, &Frame)> {
        let at =
            |frame: u64| usize::try_from(frame.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let (from, to) = (at(first), at(last).saturating_add(1).min(self.frames.len()));
        (from..to).rev().filter_map(move |at| Some((self.first + at as u64, self.frames.get(at)?)))
    }

    /// Lowers what newer frames were built upon, too, so that a complaint about one of those goes as
    /// far back.
    pub(super) fn correct(&mut self, after: u64, corrections: &BTreeMap<(u16, u16), u64>) {
        let Some(from) = self.at(after.saturating_add(1)) else { return };
        for (number, frame) in (self.first..).zip(&mut self.frames).skip(from) {
            for told in &mut frame.told {
                if let Some(base) = corrections.get(&(told.object_id, told.uniqifier)) {
                    let sent = (*base).min(told.base(number));
                    let (sync, forced) = (told.sync, told.forced);
                    let before = Seen { created: sync, force: forced, sent, ..Seen::default() };
                    *told = Told::new(told.object_id, told.uniqifier, number, &before);
                }
            }
        }
    }
}

/// Something that is told under ARQ until the client says that it has it. A client says so of the
/// record, in `netAcks`, and of its frame: of the first without the frame in which it was, so that it
/// may mean an earlier record for the same object; and the reference's client says the second of
/// frames that it got in part. Only both are a proof.
#[derive(Debug, Clone, Copy, Default)]
struct Proof {
    /// The frame that told it first, once one did.
    since: Option<u64>,
    by_record: bool,
    by_frame: bool,
}

impl Proof {
    fn told(&mut self, frame: u64) {
        self.since.get_or_insert(frame);
    }

    fn frame_came(&mut self, frame: u64) {
        self.by_frame |= self.since.is_some_and(|since| since <= frame);
    }

    const fn is_whole(self) -> bool {
        self.by_record && self.by_frame
    }
}

/// One client, as a receiver of frames and as a sender of clones.
#[derive(Debug)]
pub(super) struct View {
    pub(super) net_id: u16,
    pub(super) bucket: u32,
    /// By place.
    seen: Vec<Seen>,
    /// What the client has to be told of ends; under ARQ until it acknowledges.
    removals: BTreeMap<(u16, u16), (bool, Proof)>,
    /// Under ARQ, creates and forced syncs that are not proved to have come, by place.
    making: BTreeMap<usize, Proof>,
    forcing: BTreeMap<usize, Proof>,
    pub(super) history: History,
    /// The frames from the first to the last that the client missed, to be dealt with in the next
    /// frame.
    missing: Option<(u64, u64)>,
    /// The place at which the next frame begins.
    pub(super) cursor: usize,
    pub(super) warm_up: u8,
    /// The client's own frame, once it has sent one that is not 0.
    pub(super) client_frame: u32,
    /// The latest of the client's timestamps.
    pub(super) timestamp: u32,
}

impl View {
    pub(super) fn new(net_id: u16) -> Self {
        Self {
            net_id,
            bucket: 0,
            seen: Vec::new(),
            removals: BTreeMap::new(),
            making: BTreeMap::new(),
            forcing: BTreeMap::new(),
            history: History::default(),
            missing: None,
            cursor: 0,
            warm_up: WARM_UP,
            client_frame: 0,
            timestamp: 0,
        }
    }

    pub(super) fn seen(&self, place: usize) -> Seen {
        self.seen.get(place).copied().unwrap_or_default()
    }

    /// Changes what is known of an object.
    pub(super) fn update(&mut self, place: usize, change: impl FnOnce(&mut Seen)) {
        if self.seen.len() <= place {
            self.seen.resize(place + 1, Seen::default());
        }
        if let Some(seen) = self.seen.get_mut(place) {
            change(seen);
        }
    }

    /// Forgets an object that is gone or out of sight, and remembers to tell of it where the client
    /// knows it.
    pub(super) fn lose(&mut self, place: usize, removal: Removal) {
        if self.seen(place).told {
            self.forget(place);
            self.queue(removal);
        }
    }

    /// Forgets an object.
    pub(super) fn forget(&mut self, place: usize) {
        self.update(place, |seen| *seen = Seen::default());
        self.making.remove(&place);
        self.forcing.remove(&place);
    }

    fn queue(&mut self, removal: Removal) {
        let Removal { object_id, uniqifier, force_steal } = removal;
        self.removals.insert((object_id, uniqifier), (force_steal, Proof::default()));
        if self.removals.len() > MAX_REMOVALS {
            self.removals.pop_first();
        }
    }

    /// The ends that wait to be told.
    pub(super) fn removals(&self) -> impl Iterator<Item = Removal> {
        self.removals.iter().map(|(&(object_id, uniqifier), &(force_steal, _))| Removal {
            object_id,
            uniqifier,
            force_steal,
        })
    }

    /// The client knows of an end, or is about to.
    pub(super) fn removal_told(&mut self, object_id: u16, uniqifier: u16) {
        self.removals.remove(&(object_id, uniqifier));
    }

    /// The client has to have the create again.
    pub(super) fn make_again(&mut self, place: usize) {
        self.update(place, |seen| seen.created = false);
        self.making.remove(&place);
    }

    /// The next sync goes out in any case.
    pub(super) fn force(&mut self, place: usize) {
        self.update(place, |seen| seen.force = true);
        self.forcing.remove(&place);
    }

    /// Under ARQ: this frame tells of an object.
    pub(super) fn note_told(&mut self, place: usize, told: &Told, frame: u64) {
        if !told.sync {
            self.making.entry(place).or_default().told(frame);
        } else if told.forced {
            self.forcing.entry(place).or_default().told(frame);
        }
    }

    /// Under ARQ: this frame tells of an end.
    pub(super) fn note_removal(&mut self, removal: Removal, frame: u64) {
        if let Some((_, proof)) = self.removals.get_mut(&(removal.object_id, removal.uniqifier)) {
            proof.told(frame);
        }
    }

    /// Under ARQ: a frame that told of an object has come.
    pub(super) fn told_came(&mut self, place: usize, told: &Told, frame: u64) {
        if !told.sync {
            if let Some(proof) = self.making.get_mut(&place) {
                proof.frame_came(frame);
            }
            return self.check_made(place);
        }
        if told.forced
            && let Some(proof) = self.forcing.get_mut(&place)
        {
            proof.frame_came(frame);
            if proof.by_frame {
                self.forcing.remove(&place);
                self.update(place, |seen| seen.force = false);
            }
        }
        self.update(place, |seen| seen.sent = seen.sent.max(frame.min(seen.unacknowledged)));
    }

    /// Under ARQ: the client says that it has made an object.
    pub(super) fn made(&mut self, place: usize) {
        if let Some(proof) = self.making.get_mut(&place) {
            proof.by_record = true;
        }
        self.check_made(place);
    }

    fn check_made(&mut self, place: usize) {
        if self.making.get(&place).is_some_and(|proof| proof.is_whole()) {
            self.making.remove(&place);
            self.update(place, |seen| seen.created = true);
        }
    }

    /// Under ARQ: a frame that told of an end has come; or, without a frame, the client says that it
    /// has followed it.
    pub(super) fn removal_came(&mut self, object_id: u16, uniqifier: u16, frame: Option<u64>) {
        let Some((_, proof)) = self.removals.get_mut(&(object_id, uniqifier)) else { return };
        match frame {
            Some(frame) => proof.frame_came(frame),
            None => proof.by_record = true,
        }
        if proof.is_whole() {
            self.removal_told(object_id, uniqifier);
        }
    }

    /// Notes frames that the client missed; false when one of them is forgotten.
    pub(super) fn note_missing(&mut self, first: u64, last: u64) -> bool {
        if first > last {
            return true;
        }
        if !self.history.has(first) || !self.history.has(last) {
            return false;
        }
        let (old_first, old_last) = self.missing.unwrap_or((first, last));
        self.missing = Some((first.min(old_first), last.max(old_last)));
        true
    }

    /// Goes back to what the client had before the frames that it missed. Done once a frame, so that
    /// complaints cost no more the more there are. Frames that were forgotten since are passed over.
    pub(super) fn go_back(&mut self, find: impl Fn(u16, u16) -> Option<usize>) {
        let Some((first, last)) = self.missing.take() else { return };
        let mut corrections = BTreeMap::new();
        let mut ends = Vec::new();
        for (number, frame) in self.history.range(first, last) {
            for told in &frame.told {
                let Some(place) = find(told.object_id, told.uniqifier) else { continue };
                let Some(seen) = self.seen.get_mut(place) else { continue };
                if told.sync {
                    seen.sent = seen.sent.min(told.base(number));
                    seen.force |= told.forced;
                    corrections.insert((told.object_id, told.uniqifier), seen.sent);
                } else {
                    seen.created = false;
                }
            }
            ends.extend_from_slice(&frame.removed);
        }
        self.history.correct(last, &corrections);
        for removal in ends {
            // An object that has come back since is made again instead.
            match find(removal.object_id, removal.uniqifier) {
                Some(place) if self.seen(place).told => {
                    self.update(place, |seen| seen.created = false);
                }
                _ => self.queue(removal),
            }
        }
    }
}
