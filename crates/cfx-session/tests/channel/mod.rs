//! A server and players that have joined it, in one memory.

mod bags;
mod clock;
mod commands;
mod events;
mod hosting;
mod latent;
mod players;
mod resources;
mod versions;

#[path = "../client/player.rs"]
#[expect(dead_code, reason = "the client machine's own tests use more of it")]
mod player;

use cfx_game::frame::Payload;
use cfx_session::client::{self, Event};
use cfx_session::entropy;
use cfx_session::pair::{Pair, Player};
use cfx_session::server::{self, ClientId, Config, Decision, Input, OneSync, PeerId};

/// `OneSync`'s own messages and events are not looked at here.
struct World {
    pair: Pair,
    players: Vec<Player>,
    clients: Vec<ClientId>,
    seen: Vec<usize>,
    seen_by_server: usize,
}

const NAMES: [&str; 6] = ["Ana", "Ben", "Cleo", "Dan", "Eve", "Fay"];

impl World {
    /// So many players have joined, and what that gave is forgotten.
    fn new(config: Config, count: usize) -> Self {
        let pair = Pair::new(config, entropy::seeded(1));
        let (players, clients, seen) = (Vec::new(), Vec::new(), Vec::new());
        let mut world = Self { pair, players, clients, seen, seen_by_server: 0 };
        for _ in 0..count {
            world.join();
        }
        world.forget();
        world
    }

    fn of(onesync: OneSync, count: usize) -> Self {
        Self::new(Config { onesync, ..Config::default() }, count)
    }

    /// Another player joins, and has been there for a moment.
    fn join(&mut self) -> usize {
        let at = self.players.len();
        let name = NAMES.get(at).copied().unwrap_or("player").to_owned();
        let player = self.pair.add_client(client::Config { name, ..client::Config::default() });
        self.players.push(player);
        self.seen.push(0);
        self.pair.join(player);
        self.clients.push(self.pair.last_connecting());
        self.pair.run_for(50);
        at
    }

    fn forget(&mut self) {
        for at in 0..self.players.len() {
            self.news(at);
        }
        self.server_news();
    }

    /// What a player's application learned since the last look.
    fn news(&mut self, at: usize) -> Vec<Event> {
        let events = self.pair.events(self.players[at]);
        let news = events[self.seen[at]..].iter().map(|(_, event)| event.clone());
        let news = news.filter(|event| !matches!(event, Event::Message(_))).collect();
        self.seen[at] = events.len();
        news
    }

    /// What the server's application learned since the last look.
    fn server_news(&mut self) -> Vec<server::Event> {
        let events = self.pair.server_events();
        let news = events[self.seen_by_server..].iter().map(|(_, event)| event.clone()).collect();
        self.seen_by_server = events.len();
        news
    }

    fn input(&mut self, at: usize, input: client::Input<'_>) {
        self.pair.input(self.players[at], input);
    }

    fn decide(&mut self, decision: Decision) {
        self.pair.decide(decision);
    }

    /// A packet of the player's, whatever its machine thinks of it.
    fn packet(&mut self, at: usize, payload: &[u8]) {
        let from = self.pair.address(self.players[at]);
        // The pair numbers connections in the order of their making.
        let peer = PeerId(at as u64);
        self.pair.server_input(Input::Packet { peer, from, payload });
    }

    fn message(&mut self, at: usize, message: &impl Payload) {
        self.packet(at, &message.to_packet());
    }

    fn drop_client(&mut self, at: usize) {
        self.decide(Decision::Drop { client: self.clients[at], reason: String::new() });
    }

    /// Why the player was disconnected, if it was.
    fn refusal(&self, at: usize) -> Option<&str> {
        self.pair.refusal(self.players[at])
    }
}
