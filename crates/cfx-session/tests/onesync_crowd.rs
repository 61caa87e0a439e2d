//! A full server on a bad line: every client moves an object of its own, and in the end all see the
//! same.
//!
//! `cargo test` runs a small crowd; `just crowd` the whole one, in release: two hundred clients for a
//! simulated minute.

use std::collections::BTreeMap;
use std::sync::Arc;

use cfx_onesync::dictionary::Dictionary;
use cfx_session::client::{self, EntityInput};
use cfx_session::pair::{Link, Pair, Player, Weather};
use cfx_session::{Time, entropy, server};

/// Clients, and seconds for which they move.
const CROWD: (usize, u64) = if cfg!(debug_assertions) { (16, 10) } else { (200, 60) };

/// 5% loss, 20 ms jitter, reordering and doubling.
const WEATHER: Weather = Weather { loss: 50, jitter: 20, reordered: 50, doubled: 10 };

/// Milliseconds between two moves.
const MOVE: u64 = 100;

fn dictionary() -> Arc<Dictionary> {
    let bytes: Vec<u8> = (0..16_384_u32).flat_map(|n| n.wrapping_mul(n).to_le_bytes()).collect();
    Arc::new(Dictionary::new(bytes).expect("64 KiB"))
}

struct Crowd {
    pair: Pair,
    players: Vec<Player>,
    objects: BTreeMap<usize, u16>,
}

impl Crowd {
    fn new(clients: usize, sync_style: server::SyncStyle, seed: u64) -> Self {
        let dictionary = Some(dictionary());
        let config = server::Config {
            onesync: server::OneSync::Big,
            max_clients: 2048,
            sync_style,
            dictionary: dictionary.clone(),
            ..Default::default()
        };
        let mut pair = Pair::new(config, entropy::seeded(seed));
        pair.set_latency(30);
        pair.set_link(Link::new(WEATHER, seed));
        "[\"onesync_big\"]".clone_into(&mut pair.policy);
        let players: Vec<_> = (0..clients)
            .map(|_| {
                let dictionary = dictionary.clone();
                let config = client::Config { dictionary, ..Default::default() };
                let player = pair.add_client(config);
                pair.join(player);
                player
            })
            .collect();
        pair.run_for(5_000);
        pair.keeps_events = false;
        Self { pair, players, objects: BTreeMap::new() }
    }

    /// What a client's object is like at a time: half of it changes.
    fn state(number: usize, at: Time) -> [u8; 16] {
        let (number, at) = (number as u64, at.as_millis());
        let mut state = [0; 16];
        let (fixed, moving) = state.split_at_mut(8);
        fixed.copy_from_slice(&number.to_le_bytes());
        moving.copy_from_slice(&(number ^ at.wrapping_mul(0x9E37_79B9)).to_le_bytes());
        state
    }

    fn make(&mut self) {
        for (number, player) in self.players.iter().enumerate() {
            let object_id = self.pair.client(*player).object_ids().next().expect("ids were given");
            let data = Self::state(number, Time::ZERO);
            let create =
                EntityInput::Create { object_id, uniqifier: 7, entity_type: 6, data: &data };
            self.pair.input(*player, client::Input::Entity(create));
            self.objects.insert(number, object_id);
        }
    }

    /// All move, not all at once.
    fn run(&mut self, seconds: u64) {
        let clients = self.players.len() as u64;
        for _ in 0..seconds * 1000 / MOVE {
            let start = self.pair.now();
            for (number, object_id) in &self.objects {
                let at = start.after(*number as u64 * MOVE / clients);
                self.pair.run_for(at.since(self.pair.now()));
                let data = Self::state(*number, at);
                let update = EntityInput::Update { object_id: *object_id, data: &data };
                self.pair.input(self.players[*number], client::Input::Entity(update));
            }
            self.pair.run_for(start.after(MOVE).since(self.pair.now()));
        }
    }

    /// What each client sees: id, owner, state.
    fn sight(&self, player: Player) -> Vec<(u16, u16, Vec<u8>)> {
        let entities = self.pair.client(player).entities();
        entities.map(|(id, object)| (id, object.owner(), object.data().to_vec())).collect()
    }

    fn assert_all_alike(&self) {
        let first = self.sight(self.players[0]);
        assert_eq!(first.len(), self.objects.len());
        for player in &self.players {
            assert!(self.pair.client(*player).is_synchronised());
            assert_eq!(self.sight(*player), first);
        }
        let server: Vec<_> = self
            .pair
            .server()
            .entities()
            .map(|entity| (entity.object_id(), entity.data().to_vec()))
            .collect();
        assert!(first.iter().map(|(id, _, data)| (*id, data.clone())).eq(server));
    }

    fn digest(&self) -> (u64, u64, u64) {
        let link = self.pair.link().expect("it was set");
        (link.digest(), link.packets(), link.bytes())
    }
}

fn whole_run(clients: usize, seconds: u64, style: server::SyncStyle, seed: u64) -> (u64, u64, u64) {
    let mut crowd = Crowd::new(clients, style, seed);
    assert_eq!(crowd.pair.server().joined(), clients);
    crowd.make();
    crowd.run(seconds);
    assert_eq!(crowd.pair.server().joined(), clients, "no one was dropped");
    let remembered = crowd.pair.server().remembered_frames();
    assert!(remembered <= 200 * clients, "{remembered}");
    // They stand still for a moment.
    crowd.pair.run_for(2_000);
    crowd.assert_all_alike();
    crowd.digest()
}

#[test]
fn everyone_ends_with_the_same_objects() {
    let (clients, seconds) = CROWD;
    whole_run(clients, seconds, server::SyncStyle::Nak, 1);
}

#[test]
fn a_seed_decides_every_byte() {
    let run = |seed| whole_run(8, 5, server::SyncStyle::Nak, seed);
    let first = run(3);
    assert_eq!(run(3), first);
    assert_ne!(run(4), first);
}

#[test]
fn acknowledged_frames_do_it_too() {
    let (clients, seconds) = CROWD;
    whole_run(clients.min(50), seconds.min(20), server::SyncStyle::Arq, 2);
}
