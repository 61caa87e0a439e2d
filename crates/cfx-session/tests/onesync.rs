//! `OneSync` between both machines, on a bad line: ids, objects, owners, buckets, leaving.

use std::sync::Arc;

use cfx_onesync::dictionary::Dictionary;
use cfx_session::client::{self, EntityInput};
use cfx_session::pair::{Link, Pair, Player, Weather};
use cfx_session::server::{self, ClientId, Decision, EntityDecision, SyncStyle};
use cfx_session::{Entropy, entropy};

/// Worse than any player would bear.
const STORM: Weather = Weather { loss: 250, jitter: 40, reordered: 150, doubled: 100 };

fn dictionary() -> Arc<Dictionary> {
    let bytes: Vec<u8> = (0..999_u32).flat_map(u32::to_le_bytes).collect();
    Arc::new(Dictionary::new(bytes).expect("short"))
}

fn pair(config: server::Config, seed: u64) -> Pair {
    let mut pair = Pair::new(
        server::Config { dictionary: Some(dictionary()), ..config },
        entropy::seeded(seed),
    );
    pair.set_latency(25);
    pair.set_link(Link::new(STORM, seed));
    "[\"onesync_big\"]".clone_into(&mut pair.policy);
    pair
}

fn join(pair: &mut Pair) -> Player {
    let player =
        pair.add_client(client::Config { dictionary: Some(dictionary()), ..Default::default() });
    pair.join(player);
    pair.run_for(3_000);
    player
}

fn style(sync_style: SyncStyle) -> server::Config {
    server::Config { sync_style, ..Default::default() }
}

/// The server's name for a client, by its net id.
fn client_id(pair: &Pair, wanted: u16) -> ClientId {
    let joined = pair.server_events().iter().rev().find_map(|(_, event)| match event {
        server::Event::Joined { client, net_id, .. } if *net_id == wanted => Some(*client),
        _ => None,
    });
    joined.expect("it has joined")
}

fn make(pair: &mut Pair, player: Player, data: &[u8]) -> u16 {
    let object_id = pair.client(player).object_ids().next().expect("there is an id");
    let create = EntityInput::Create { object_id, uniqifier: 1, entity_type: 6, data };
    pair.input(player, client::Input::Entity(create));
    object_id
}

fn entity(pair: &mut Pair, player: Player, input: EntityInput<'_>) {
    pair.input(player, client::Input::Entity(input));
}

fn decide(pair: &mut Pair, decision: EntityDecision) {
    pair.decide(Decision::Entity(decision));
}

/// Ids, owners and states.
fn sight(pair: &Pair, player: Player) -> Vec<Sight> {
    let objects = pair.client(player).entities();
    objects.map(|(id, object)| (id, object.owner(), object.data().to_vec())).collect()
}

fn both_styles(run: impl Fn(SyncStyle)) {
    run(SyncStyle::Nak);
    run(SyncStyle::Arq);
}

#[test]
fn ids_are_given_and_come_back() {
    for (onesync, first, more) in [(server::OneSync::On, 64, 32), (server::OneSync::Big, 4, 6)] {
        let mut pair = pair(server::Config { onesync, ..Default::default() }, 1);
        let (ana, ben) = (join(&mut pair), join(&mut pair));
        let ids = |pair: &Pair, player| pair.client(player).object_ids().collect::<Vec<_>>();
        assert!(ids(&pair, ana).into_iter().eq(1..=first));
        assert!(ids(&pair, ben).into_iter().eq(first + 1..=2 * first));
        // Below its threshold a client asks for more.
        while ids(&pair, ana).len() >= usize::from(first.min(16)) {
            make(&mut pair, ana, b"");
        }
        let left = ids(&pair, ana).len();
        pair.run_for(3_000);
        assert_eq!(ids(&pair, ana).len(), left + more);
        pair.input(ana, client::Input::Disconnect { reason: "bye" });
        pair.run_for(3_000);
        let cid = join(&mut pair);
        assert!(ids(&pair, cid).into_iter().eq(1..=first), "Ana's came back");
    }
}

#[test]
fn objects_come_and_go_for_everyone() {
    both_styles(|sync_style| {
        let mut pair = pair(style(sync_style), 2);
        let (ana, ben) = (join(&mut pair), join(&mut pair));
        let object_id = make(&mut pair, ana, b"one");
        pair.run_for(3_000);
        assert_eq!(sight(&pair, ben), [(object_id, 1, b"one".to_vec())]);
        entity(&mut pair, ana, EntityInput::Update { object_id, data: b"two" });
        pair.run_for(3_000);
        assert_eq!(sight(&pair, ben), [(object_id, 1, b"two".to_vec())]);
        let cid = join(&mut pair);
        pair.run_for(3_000);
        assert_eq!(sight(&pair, cid), sight(&pair, ben), "one who comes later");
        entity(&mut pair, ben, EntityInput::Update { object_id, data: b"not Ben's" });
        entity(&mut pair, ben, EntityInput::Remove { object_id });
        pair.run_for(1_000);
        assert_eq!(sight(&pair, ana), [(object_id, 1, b"two".to_vec())]);
        entity(&mut pair, ana, EntityInput::Remove { object_id });
        pair.run_for(3_000);
        assert!([ana, ben, cid].iter().all(|player| sight(&pair, *player).is_empty()));
        assert!(pair.client(ana).object_ids().any(|id| id == object_id), "to be used again");
    });
}

#[test]
fn an_object_changes_hands() {
    both_styles(|sync_style| {
        let mut pair = pair(style(sync_style), 3);
        let (ana, ben) = (join(&mut pair), join(&mut pair));
        let object_id = make(&mut pair, ana, b"one");
        pair.run_for(3_000);
        entity(&mut pair, ana, EntityInput::Give { object_id, to: 2 });
        pair.run_for(3_000);
        entity(&mut pair, ben, EntityInput::Update { object_id, data: b"Ben's" });
        pair.run_for(3_000);
        assert_eq!(sight(&pair, ana), [(object_id, 2, b"Ben's".to_vec())]);
        let to = client_id(&pair, 1);
        decide(&mut pair, EntityDecision::Give { object_id, to });
        pair.run_for(3_000);
        assert_eq!(sight(&pair, ben), [(object_id, 1, b"Ben's".to_vec())]);
        entity(&mut pair, ana, EntityInput::Remove { object_id });
        pair.run_for(3_000);
        assert!(sight(&pair, ben).is_empty());
        let ids = |player| pair.client(player).object_ids();
        assert!(!ids(ana).chain(ids(ben)).any(|id| id == object_id), "it is the server's");
    });
}

#[test]
fn a_bucket_is_a_world_of_its_own() {
    both_styles(|sync_style| {
        let mut pair = pair(style(sync_style), 4);
        let (ana, ben) = (join(&mut pair), join(&mut pair));
        let (of_ana, of_ben) = (make(&mut pair, ana, b"a"), make(&mut pair, ben, b"b"));
        pair.run_for(3_000);
        let ids = |pair: &Pair, player| -> Vec<u16> {
            pair.client(player).entities().map(|(id, _)| id).collect()
        };
        assert_eq!(ids(&pair, ana), [of_ana, of_ben]);
        let client = client_id(&pair, 2);
        decide(&mut pair, EntityDecision::ClientBucket { client, bucket: 7 });
        pair.run_for(3_000);
        assert_eq!((ids(&pair, ana), ids(&pair, ben)), (vec![of_ana], vec![of_ben]));
        decide(&mut pair, EntityDecision::EntityBucket { object_id: of_ana, bucket: 7 });
        pair.run_for(3_000);
        assert_eq!((ids(&pair, ana), ids(&pair, ben)), (vec![of_ana], vec![of_ana, of_ben]));
        decide(&mut pair, EntityDecision::ClientBucket { client, bucket: 0 });
        decide(&mut pair, EntityDecision::EntityBucket { object_id: of_ana, bucket: 0 });
        pair.run_for(3_000);
        assert_eq!(ids(&pair, ben), ids(&pair, ana));
        decide(&mut pair, EntityDecision::Remove { object_id: of_ana });
        pair.run_for(3_000);
        assert_eq!((ids(&pair, ana), ids(&pair, ben)), (vec![of_ben], vec![of_ben]));
    });
}

#[test]
fn objects_leave_with_their_owner() {
    both_styles(|sync_style| {
        let mut pair = pair(style(sync_style), 5);
        let (ana, ben) = (join(&mut pair), join(&mut pair));
        for _ in 0..20 {
            make(&mut pair, ana, b"Ana's");
        }
        let kept = make(&mut pair, ben, b"Ben's");
        pair.run_for(3_000);
        assert_eq!(sight(&pair, ben).len(), 21);
        pair.input(ana, client::Input::Disconnect { reason: "bye" });
        pair.run_for(3_000);
        assert_eq!(sight(&pair, ben), [(kept, 2, b"Ben's".to_vec())]);
        assert_eq!(pair.server().entities().count(), 1);
    });
}

#[test]
fn one_who_has_no_dictionary_says_so() {
    let mut pair = pair(server::Config::default(), 6);
    let player = pair.add_client(client::Config::default());
    pair.join(player);
    pair.run_for(3_000);
    make(&mut pair, player, b"");
    let told = client::Event::Entity(client::EntityEvent::NoDictionary);
    assert!(pair.events(player).iter().any(|(_, event)| *event == told));
}

fn below(entropy: &mut Entropy, bound: usize) -> usize {
    let mut bytes = [0; 4];
    entropy(&mut bytes);
    u32::from_le_bytes(bytes) as usize % bound
}

type Sight = (u16, u16, Vec<u8>);

/// What only the first has, for a failure to show: ids, owners, and how the states begin.
fn difference(one: &[Sight], other: &[Sight]) -> Vec<(u16, u16, String)> {
    let show = |(id, owner, data): &Sight| {
        let word = data.split(|byte| *byte == b' ').next().unwrap_or_default();
        (*id, *owner, String::from_utf8_lossy(word).into_owned())
    };
    one.iter().filter(|it| !other.contains(it)).map(show).collect()
}

/// Anything an application can do, at random, in a storm; then quiet.
fn churn(sync_style: SyncStyle, seed: u64) {
    let mut pair = pair(style(sync_style), seed);
    let players: Vec<_> = (0..5).map(|_| join(&mut pair)).collect();
    let mut random = entropy::seeded(seed);
    for round in 0..400_u32 {
        let player = players[below(&mut random, players.len())];
        let own: Vec<u16> = {
            let net_id = u16::try_from(players.iter().position(|it| *it == player).expect("one"));
            let net_id = net_id.expect("few") + 1;
            let all = pair.client(player).entities();
            all.filter(|(_, object)| object.owner() == net_id).map(|(id, _)| id).collect()
        };
        let data = format!("{round} ").repeat(1 + below(&mut random, 30)).into_bytes();
        let to = 1 + u16::try_from(below(&mut random, players.len())).expect("few");
        match (below(&mut random, 6), own.get(below(&mut random, own.len().max(1))).copied()) {
            (0, _) | (_, None) => drop(make(&mut pair, player, &data)),
            (1, Some(object_id)) => {
                entity(&mut pair, player, EntityInput::Remove { object_id });
            }
            (2, Some(object_id)) => {
                entity(&mut pair, player, EntityInput::Give { object_id, to });
            }
            (3, Some(_)) => {
                let (client, bucket) = (client_id(&pair, to), below(&mut random, 2));
                let bucket = u32::try_from(bucket).expect("0 or 1");
                decide(&mut pair, EntityDecision::ClientBucket { client, bucket });
            }
            (_, Some(object_id)) => {
                entity(&mut pair, player, EntityInput::Update { object_id, data: &data });
            }
        }
        pair.run_for(below(&mut random, 120) as u64);
    }
    for net_id in 1..=5 {
        let client = client_id(&pair, net_id);
        decide(&mut pair, EntityDecision::ClientBucket { client, bucket: 0 });
    }
    pair.run_for(10_000);
    assert_eq!(pair.server().joined(), players.len(), "no one was dropped");
    let owner_net_id = |owner: ClientId| (1..=5).find(|id| client_id(&pair, *id) == owner);
    let all: Vec<_> = pair
        .server()
        .entities()
        .map(|it| (it.object_id(), owner_net_id(it.owner()).expect("here"), it.data().to_vec()))
        .collect();
    assert!(!all.is_empty());
    for player in players {
        assert!(pair.client(player).is_synchronised(), "{sync_style:?} {seed}");
        let told = sight(&pair, player);
        let (more, less) = (difference(&told, &all), difference(&all, &told));
        assert!(told == all, "{sync_style:?} {seed} {player:?}: {more:?} for {less:?}");
    }
}

#[test]
fn whatever_happens_all_end_alike() {
    for seed in 10..18 {
        churn(SyncStyle::Nak, seed);
        churn(SyncStyle::Arq, seed);
    }
}
