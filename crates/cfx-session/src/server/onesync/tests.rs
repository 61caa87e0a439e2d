use cfx_game::game_state::MissingFrames;
use cfx_game::list::List;
use cfx_game::packed::{PackedAcks, PackedClones};
use cfx_onesync::acks::{Object, s2c::Record as Ack};
use cfx_onesync::block::compress_with;
use cfx_onesync::clones::c2s::{Create, Record, Remove, Sync, Takeover};
use cfx_onesync::clones::s2c;
use cfx_onesync::data::{Data, MAX_DATA};
use cfx_onesync::writer::NetClonesWriter;
use cfx_wire::Encode;
use proptest::prelude::*;

use super::*;

const ANA: ClientId = ClientId(1);
const BEN: ClientId = ClientId(2);

/// Ana and Ben, net ids 1 and 2, behind the warm-up.
struct Two {
    state: GameState,
    dictionary: Arc<Dictionary>,
    now: u64,
}

impl Two {
    fn new() -> Self {
        let bytes: Vec<u8> = (0..999_u32).flat_map(u32::to_le_bytes).collect();
        let dictionary = Arc::new(Dictionary::new(bytes).expect("short"));
        let config = Config { dictionary: Some(dictionary.clone()), ..Default::default() };
        let mut state = GameState::new(&config);
        state.world.join(ANA, 1);
        state.world.join(BEN, 2);
        let mut two = Self { state, dictionary, now: 0 };
        (0..10).for_each(|_| drop(two.frame(ANA)));
        two
    }

    /// Sends records as a client; gives the answers.
    fn send(&mut self, client: ClientId, records: &[Record<'_>]) -> Vec<Vec<u8>> {
        let mut writer = NetClonesWriter::new(self.state.world.layout, &self.dictionary);
        let mut payloads: Vec<_> =
            records.iter().filter_map(|record| writer.push(record)).collect();
        payloads.extend(writer.finish());
        payloads.iter().flat_map(|payload| self.state.route(client, payload)).collect()
    }

    /// The next frame, for both; gives what it tells one of them.
    fn frame(&mut self, client: ClientId) -> Vec<String> {
        self.now += 50;
        let now = Time::from_millis(self.now);
        let mut packets = Vec::new();
        for each in [ANA, BEN] {
            let written = self.state.world.write_frame(each, now, false, false);
            if each == client {
                packets = written;
            }
        }
        self.state.world.frame += 1;
        packets.iter().flat_map(|packet| self.told(packet)).collect()
    }

    fn told(&self, packet: &[u8]) -> Vec<String> {
        let clones = PackedClones::from_slice(&packet[4..]).expect("a frame");
        let mut inflater = Inflater::new();
        let body = inflater.inflate(clones.block).expect("a block");
        let mut buffer = [0; MAX_DATA];
        let mut data =
            |data: &Data<'_>| String::from_utf8_lossy(data.bytes(&mut buffer)).to_string();
        s2c::records(body, self.state.world.layout)
            .filter_map(|record| match record {
                s2c::Record::Create(it) => {
                    Some(format!("create {} of {}: {}", it.object_id, it.client_id, data(&it.data)))
                }
                s2c::Record::Sync(it) => {
                    let first = if it.uniqifier > 0x7FFF { "first" } else { "sync" };
                    let data = data(&it.data);
                    Some(format!("{first} {} of {}: {data}", it.object_id, it.client_id))
                }
                s2c::Record::Remove(it) => {
                    let steal = if it.force_steal { ", stolen" } else { "" };
                    Some(format!("remove {}{steal}", it.object_id))
                }
                s2c::Record::Timestamp(_) => None,
            })
            .collect()
    }

    fn nack(&mut self, first: u64, last: u64) -> Result<(), String> {
        let nack = GameStateNack {
            frame_index: self.state.world.frame - 1,
            missing_frames: Some(MissingFrames { first, last }),
            ignore_list: None,
            recreate_list: None,
            other_flags: 8,
        };
        self.state.world.nack(BEN, &nack)
    }
}

fn create(object_id: u16, data: &[u8]) -> Record<'_> {
    let data = Data::new(data).expect("short");
    Record::Create(Create { uniqifier: 9, object_id, creation_token: 0, entity_type: 2, data })
}

fn sync(object_id: u16, data: &[u8]) -> Record<'_> {
    Record::Sync(Sync { uniqifier: 9, object_id, data: Data::new(data).expect("short") })
}

const fn remove(object_id: u16) -> Record<'static> {
    Record::Remove(Remove { object_id, uniqifier: 9 })
}

const fn give(object_id: u16, client_id: u16) -> Record<'static> {
    Record::Takeover(Takeover { client_id, object_id })
}

fn acks(two: &Two, packet: &[u8]) -> (u64, Vec<Ack>) {
    let acks = PackedAcks::from_slice(&packet[4..]).expect("acks");
    let mut inflater = Inflater::new();
    let body = inflater.inflate(acks.block).expect("a block");
    let records = cfx_onesync::acks::s2c::records(body, two.state.world.layout).collect();
    (acks.frame_index.frame(), records)
}

#[test]
fn each_record_is_acknowledged_followed_or_not() {
    let mut two = Two::new();
    two.send(BEN, &[create(40, b"x")]);
    let records = [
        Record::Timestamp(77),
        create(5, b"a"),
        sync(5, b"b"),
        sync(40, b"not Ana's"),
        create(40, b"neither"),
        remove(999),
        give(5, 77),
        remove(5),
    ];
    let answers = two.send(ANA, &records);
    assert_eq!(answers.len(), 1);
    let object = |object_id| Object { object_id, uniqifier: 9 };
    let expected = [
        Ack::Timestamp(77),
        Ack::Create(object(5)),
        Ack::Sync(object(5)),
        Ack::Sync(object(40)),
        Ack::Create(object(40)),
        Ack::Remove(object(999)),
        Ack::Remove(object(5)),
    ];
    assert_eq!(acks(&two, &answers[0]), (0, expected.to_vec()));
    let left: Vec<_> =
        two.state.world.entities.iter().map(|it| (it.object_id, it.data())).collect();
    assert_eq!(left, [(40, &b"x"[..])]);
}

#[test]
fn a_client_that_counts_its_frames_is_answered_with_the_number() {
    let mut two = Two::new();
    let answers = two.send(ANA, &[Record::Timestamp(7), Record::Index(300), create(5, b"a")]);
    assert_eq!(acks(&two, &answers[0]), (300, vec![]));
    let answers = two.send(ANA, &[sync(5, b"b")]);
    assert_eq!(acks(&two, &answers[0]), (300, vec![]), "it is remembered");
}

#[test]
fn creates_syncs_and_removes_reach_the_others_once() {
    let mut two = Two::new();
    two.send(ANA, &[create(5, b"a")]);
    assert_eq!(two.frame(BEN), ["create 5 of 1: a"]);
    assert!(two.frame(BEN).is_empty());
    two.send(ANA, &[sync(5, b"b"), sync(5, b"c")]);
    assert!(two.frame(ANA).is_empty(), "its own");
    two.send(ANA, &[sync(5, b"d")]);
    assert_eq!(two.frame(BEN), ["sync 5 of 1: d"]);
    two.send(ANA, &[remove(5)]);
    assert_eq!(two.frame(BEN), ["remove 5"]);
    assert!(two.frame(BEN).is_empty());
    two.send(ANA, &[create(6, b"a"), sync(6, b"b")]);
    assert_eq!(two.frame(BEN), ["create 6 of 1: a", "first 6 of 1: b"]);
}

#[test]
fn what_was_missed_is_told_again() {
    let mut two = Two::new();
    two.send(ANA, &[create(5, b"a"), create(6, b"b")]);
    two.frame(BEN);
    let created = two.state.world.frame - 1;
    two.send(ANA, &[sync(6, b"c")]);
    two.frame(BEN);
    two.send(ANA, &[remove(5)]);
    two.frame(BEN);
    let removed = two.state.world.frame - 1;
    two.nack(created + 1, created + 1).expect("it is remembered");
    assert_eq!(two.frame(BEN), ["sync 6 of 1: c"]);
    two.nack(removed, removed).expect("it is remembered");
    assert_eq!(two.frame(BEN), ["remove 5"]);
    two.nack(created, created).expect("it is remembered");
    assert_eq!(two.frame(BEN), ["create 6 of 1: b", "first 6 of 1: c"]);
    assert!(two.frame(BEN).is_empty());
}

#[test]
fn objects_are_ignored_and_made_again_at_request() {
    let mut two = Two::new();
    two.send(ANA, &[create(5, b"a"), create(6, b"b"), sync(6, b"c")]);
    two.frame(BEN);
    let entry = cfx_game::game_state::IgnoreEntry { entry: 6, last_frame: 0 };
    let recreate: List<'_, u16> = [5, 5, 4000].into_iter().collect();
    let nack = GameStateNack {
        frame_index: two.state.world.frame - 1,
        missing_frames: None,
        ignore_list: Some([entry].into_iter().collect()),
        recreate_list: Some(recreate),
        other_flags: 8,
    };
    two.state.world.nack(BEN, &nack).expect("it is remembered");
    assert_eq!(two.frame(BEN), ["create 5 of 1: a", "sync 6 of 1: c"]);
}

#[test]
fn who_asks_for_forgotten_frames_is_dropped() {
    let mut two = Two::new();
    let text = |count: u64| Err(format!("Timed out after 60 seconds (1, {count})"));
    assert_eq!(two.nack(0, 3), text(3));
    assert_eq!(two.nack(1, u64::MAX), text(u64::MAX - 1));
    assert_eq!(two.nack(9, 3), Ok(()), "no frames at all");
    assert_eq!(two.nack(3, 3), Ok(()));
    (0..500).for_each(|_| drop(two.frame(BEN)));
    assert_eq!(two.nack(3, 3), text(0));
    assert_eq!(two.state.world.views[&BEN].history.len(), 200);
    two.state.world.frame += 1;
    assert_eq!(two.nack(9, 3), Err("Timed out after 60 seconds (2)".to_owned()));
}

#[test]
fn only_its_owner_changes_or_gives_an_object() {
    let mut two = Two::new();
    two.send(ANA, &[create(5, b"a")]);
    two.frame(BEN);
    two.send(BEN, &[sync(5, b"b"), remove(5), give(5, 0), give(5, 2)]);
    assert!(two.frame(ANA).is_empty());
    two.send(ANA, &[give(5, 2)]);
    assert_eq!(two.frame(BEN), ["sync 5 of 2: "], "the new owner knows its state");
    two.send(ANA, &[sync(5, b"c"), remove(5)]);
    two.send(BEN, &[sync(5, b"d")]);
    assert_eq!(two.frame(ANA), ["sync 5 of 2: d"]);
    two.send(BEN, &[remove(5)]);
    assert_eq!(two.frame(ANA), ["remove 5, stolen"]);
}

#[test]
fn a_lost_hand_over_is_told_again() {
    let mut two = Two::new();
    two.send(ANA, &[create(5, b"a")]);
    two.frame(BEN);
    two.send(ANA, &[give(5, 2)]);
    two.frame(BEN);
    let lost = two.state.world.frame - 1;
    two.nack(lost, lost).expect("it is remembered");
    assert_eq!(two.frame(BEN), ["sync 5 of 2: "]);
}

#[test]
fn late_records_change_nothing() {
    let mut two = Two::new();
    two.send(ANA, &[Record::Timestamp(100), create(5, b"a")]);
    two.send(ANA, &[Record::Timestamp(300), sync(5, b"new")]);
    two.send(ANA, &[Record::Timestamp(200), sync(5, b"old")]);
    assert_eq!(two.state.world.entities.iter().next().map(Entity::data), Some(&b"new"[..]));
    two.send(ANA, &[Record::Timestamp(400), remove(5)]);
    two.send(ANA, &[Record::Timestamp(100), create(5, b"a")]);
    assert_eq!(two.state.world.entities.iter().count(), 0, "a ghost");
    two.send(ANA, &[Record::Timestamp(500), create(5, b"again")]);
    assert_eq!(two.state.world.entities.iter().count(), 1);
}

#[test]
fn an_id_of_another_client_makes_no_object() {
    let mut two = Two::new();
    let given = two.state.world.ids.grant(BEN, 64);
    two.send(ANA, &[create(given[0], b"a"), create(0, b"b"), create(8191, b"c")]);
    assert_eq!(two.state.world.entities.iter().count(), 0);
}

#[test]
fn the_objects_of_a_client_are_bounded() {
    let mut two = Two::new();
    for object_id in 1..8000 {
        two.send(ANA, &[create(object_id, b"")]);
    }
    assert_eq!(two.state.world.entities.iter().count(), 4096);
    two.state.world.leave(ANA);
    assert_eq!(two.state.world.entities.iter().count(), 0);
}

#[test]
fn a_frame_that_is_too_long_goes_on_in_the_next() {
    let mut two = Two::new();
    let state = [7; 1000];
    for object_id in 1..=300 {
        two.send(ANA, &[create(object_id, &state)]);
    }
    let told: Vec<usize> = (0..4).map(|_| two.frame(BEN).len()).collect();
    assert_eq!(told.iter().sum::<usize>(), 300);
    assert!(told.iter().all(|count| *count <= 121), "{told:?}");
}

#[test]
fn blocks_that_lie_are_ignored() {
    let mut two = Two::new();
    let payload = |block: &[u8]| RoutePayload { kind: StreamType::NET_CLONES, block }.to_vec();
    // Over the bound; refers to what is not there; ends too early; nothing at all.
    let bomb = compress_with(&vec![0; 20_000], &two.dictionary);
    for block in [&bomb[..], &[0x0F, 0xFF, 0xFF, 0], &[0xF0], &[]] {
        assert!(two.state.route(ANA, &payload(block)).is_empty());
    }
    assert!(two.state.route(ANA, &[]).is_empty());
    // A record whose data runs past the end is as good as zeros, as in the reference.
    let mut body = cfx_onesync::bits::BitWriter::new(64, false);
    for (value, width) in [(1, 3), (9, 16), (5, 13), (0, 32), (2, 4), (4000, 12)] {
        body.unsigned(value, width);
    }
    let block = compress_with(body.as_bytes(), &two.dictionary);
    assert_eq!(two.state.route(ANA, &payload(&block)).len(), 1);
    let data = two.state.world.entities.iter().next().map(Entity::data);
    assert_eq!(data, Some(&[0; 4000][..]));
}

#[test]
fn without_a_dictionary_nothing_is_read_and_the_application_knows() {
    let mut state = GameState::new(&Config::default());
    state.world.join(ANA, 1);
    for _ in 0..3 {
        let payload = RoutePayload { kind: StreamType::NET_CLONES, block: b"\x10x" };
        assert!(state.route(ANA, &payload.to_vec()).is_empty());
    }
    assert_eq!(state.world.events, [EntityEvent::NoDictionary]);
}

proptest! {
    #[test]
    fn any_body_is_survived(
        bodies in proptest::collection::vec((any::<bool>(), proptest::collection::vec(any::<u8>(), 1..300)), 1..20),
    ) {
        let mut two = Two::new();
        for (acks, body) in bodies {
            let kind = if acks { StreamType::NET_ACKS } else { StreamType::NET_CLONES };
            let block = compress_with(&body, &two.dictionary);
            two.state.route(ANA, &RoutePayload { kind, block: &block }.to_vec());
            two.state.route(BEN, &body);
            two.frame(BEN);
        }
    }
}
