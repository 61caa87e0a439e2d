//! The two machines face to face.

use std::net::SocketAddr;

use cfx_control::request::client_guid;
use cfx_control::ticket::PublicKey;
use cfx_session::client::{self, Client, ServerUrl, State};
use cfx_session::http::{Call, Part, Progress, Request, RequestId};
use cfx_session::pair::server_address;
use cfx_session::server::{self, Decision, PeerId, Server, Verdict};
use cfx_session::{Poll, Time, entropy};

/// A server, and the loop that a driver with sockets would run, without the sockets: what one
/// machine says is handed to the other at once. The application lets everyone in and has no content.
///
/// All joins happen at one moment, so that nobody else has anything to do meanwhile. Each comes from
/// an address of its own.
pub struct Joins {
    server: Server,
    key: Option<PublicKey>,
    count: u32,
    requests: u64,
    record: Option<Vec<Vec<u8>>>,
}

/// A client that has joined.
pub struct Joined {
    client: Client,
    address: SocketAddr,
    peer: PeerId,
    fields: Vec<(String, Vec<u8>)>,
}

impl Joins {
    /// A settled server without clients; `key` is what it checks tickets with, where it wants any.
    pub fn new(config: server::Config, key: Option<PublicKey>) -> Self {
        let mut server = Server::new(config, entropy::seeded(1));
        // The first frame settles the server.
        let _ = server.poll(Time::ZERO);
        Self { server, key, count: 0, requests: 0, record: None }
    }

    /// The server.
    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// The guid of the client that will join after `others` more.
    pub const fn guid(&self, others: u32) -> u64 {
        client_guid(self.count + 1 + others)
    }

    /// Lets a new client join, from its first request until it is active. `fields` are the answer to
    /// [`client::Event::TicketWanted`].
    ///
    /// # Panics
    /// When it does not become active at once.
    pub fn join(&mut self, config: client::Config, fields: Vec<(String, Vec<u8>)>) -> Joined {
        let guid = self.guid(0);
        self.count += 1;
        let [_, a, b, c] = self.count.to_be_bytes();
        let mut joined = Joined {
            client: Client::new(config, entropy::seeded(2)),
            address: SocketAddr::from(([100, a, b, c], 50_000)),
            peer: PeerId(u64::from(self.count)),
            fields,
        };
        let url = ServerUrl::from(server_address());
        joined.client.handle(client::Input::Connect { url, guid }, Time::ZERO);
        self.settle(&mut joined);
        assert_eq!(joined.client.state(), State::Active);
        joined
    }

    /// Lets a client leave.
    pub fn leave(&mut self, mut joined: Joined) {
        joined.client.handle(client::Input::Disconnect { reason: "Exiting" }, Time::ZERO);
        self.settle(&mut joined);
    }

    /// What the machines say to each other in one join: bodies, datagrams and packets.
    pub fn record(&mut self) -> Vec<Vec<u8>> {
        self.record = Some(Vec::new());
        let joined = self.join(client::Config::default(), Vec::new());
        let record = self.record.take().unwrap_or_default();
        self.leave(joined);
        record
    }

    fn note(&mut self, said: &[u8]) {
        if let Some(record) = &mut self.record {
            record.push(said.to_vec());
        }
    }

    fn settle(&mut self, joined: &mut Joined) {
        while let Poll::Ready(output) = joined.client.poll(Time::ZERO) {
            self.client_output(joined, output);
        }
    }

    fn client_output(&mut self, joined: &mut Joined, output: client::Output) {
        let (from, peer, now) = (joined.address, joined.peer, Time::ZERO);
        match output {
            client::Output::Call { id, call } => return self.call(joined, id, call),
            client::Output::Datagram { data, .. } => {
                self.note(&data);
                self.server.handle(server::Input::Datagram { from, data: &data }, now);
            }
            client::Output::Connect { data, .. } => {
                assert!(self.server.admits(from, 1, data), "a token that is not connected");
                self.server.handle(server::Input::PeerConnected { peer, data }, now);
                joined.client.handle(client::Input::PeerConnected, now);
            }
            client::Output::Packet { payload, .. } => {
                self.note(&payload);
                self.server.handle(server::Input::Packet { peer, from, payload: &payload }, now);
            }
            client::Output::Disconnect | client::Output::Reset => {
                self.server.handle(server::Input::PeerGone(peer), now);
            }
            client::Output::Event(client::Event::TicketWanted { .. }) => {
                let fields = std::mem::take(&mut joined.fields);
                return joined.client.handle(client::Input::Ticket(fields), now);
            }
            client::Output::Event(client::Event::Manifest(_)) => {
                return joined.client.handle(client::Input::ContentDone, now);
            }
            client::Output::Event(_) | client::Output::Resolve(_) | client::Output::Abort(_) => {}
        }
        self.drain_server(joined, RequestId(0));
    }

    fn call(&mut self, joined: &mut Joined, call_id: RequestId, call: Call) {
        // `http://HOST:PORT/…`: the target begins at the third slash.
        let target = call.url.match_indices('/').nth(2).map_or("/", |(at, _)| &call.url[at..]);
        let request = Request {
            from: joined.address,
            method: call.method.to_owned(),
            target: target.to_owned(),
            token: call.headers.into_iter().next().map(|(_, token)| token),
            players_token: None,
            body: call.body.into(),
        };
        self.note(&request.body);
        self.requests += 1;
        let id = RequestId(self.requests);
        self.server.handle(server::Input::Http { id, request }, Time::ZERO);
        self.drain_server(joined, call_id);
    }

    /// Does what the server says; pieces of HTTP answers are those to the client's request `call`.
    fn drain_server(&mut self, joined: &mut Joined, call: RequestId) {
        let now = Time::ZERO;
        while let Poll::Ready(output) = self.server.poll(now) {
            match output {
                server::Output::Http { part, .. } => {
                    let progress = match &part {
                        Part::Head(status) => Progress::Head(*status),
                        Part::Data(data) => {
                            self.note(data);
                            Progress::Data(data)
                        }
                        Part::End => Progress::End,
                    };
                    joined.client.handle(client::Input::Http { id: call, progress }, now);
                }
                server::Output::Datagram { data, .. } => {
                    self.note(&data);
                    let from = server_address();
                    joined.client.handle(client::Input::Datagram { from, data: &data }, now);
                }
                server::Output::Packet { payload, .. } => {
                    self.note(&payload);
                    joined.client.handle(client::Input::Packet(&payload), now);
                }
                server::Output::Event(event) => self.server_event(&event),
                server::Output::Tune(_) | server::Output::Reset(_) => {}
            }
        }
    }

    fn server_event(&mut self, event: &server::Event) {
        let decision = match event {
            server::Event::Connecting { client, .. } => {
                Decision::Handled { client: *client, verdict: Verdict::Continue }
            }
            server::Event::TicketKeyWanted => Decision::TicketKey(self.key.clone()),
            _ => return,
        };
        self.server.handle(server::Input::Decision(decision), Time::ZERO);
    }
}
