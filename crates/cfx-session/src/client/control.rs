//! From the first `/info.json` to the feature policy (state initing; reference: `NetLibrary.cpp`).

use std::collections::BTreeMap;

use cfx_control::answer::{Accepted, Reply, ReplyBody};
use cfx_control::endpoints;
use cfx_control::game::GameBuild;
use cfx_control::info::{BuildSwitch, ClientBuild, ServerVars};
use cfx_control::policy::{self, Policy};
use cfx_control::request::{
    GetEndpoints, InitConnect, PROTOCOL, Request as Method, SubmitCard, guid_text,
};
use cfx_control::stream::{StreamError, ValueStream};
use cfx_control::texts::{client as texts, progress};
use serde_json::Value;
use std::net::SocketAddr;

use super::channel::Session;
use super::exchange::{Ended, Exchange, PATIENCE, SILENCE, ends};
use super::url::literal;
use super::{Client, Event, Output, Stage, State};
use crate::http::{Call, Progress, RequestId};
use crate::time::Time;

/// The most bytes of `/info.json`: its icon and variables are a few hundred thousand at the most.
const MAX_INFO: usize = 8 << 20;
/// The most bytes of one value of the handshake's answer: cards and handovers are the largest.
const MAX_VALUE: usize = 4 << 20;
/// The most bytes of the other answers.
const MAX_SMALL: usize = 1 << 20;

/// What the machine waits for, and what it knows by then.
pub(super) enum Control {
    /// The first `/info.json`.
    Variables(Exchange),
    /// The application's ticket.
    Ticket { vars: ServerVars },
    /// The application's Steam ticket.
    Steam { vars: ServerVars, fields: Vec<(String, Vec<u8>)> },
    /// The streamed answer to `initConnect`.
    Handshake { exchange: Exchange, stream: ValueStream },
    /// The answer to `getEndpoints`.
    Endpoints { exchange: Exchange, accepted: Box<Accepted> },
    /// The address of the chosen endpoint, up to a moment.
    Resolving { endpoint: String, accepted: Box<Accepted>, until: Time },
    /// The second `/info.json`.
    Permissions { exchange: Exchange, accepted: Box<Accepted> },
    /// The feature policy.
    Policy { exchange: Exchange, accepted: Box<Accepted> },
}

impl Control {
    pub(super) const fn exchange(&self) -> Option<&Exchange> {
        match self {
            Self::Variables(exchange)
            | Self::Handshake { exchange, .. }
            | Self::Endpoints { exchange, .. }
            | Self::Permissions { exchange, .. }
            | Self::Policy { exchange, .. } => Some(exchange),
            Self::Ticket { .. } | Self::Steam { .. } | Self::Resolving { .. } => None,
        }
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        match self {
            Self::Resolving { until, .. } => Some(*until),
            _ => self.exchange().map(|exchange| exchange.deadline),
        }
    }
}

/// What the client does about a value of the handshake's answer.
enum Next {
    Go,
    Refuse(String),
    Accept(Box<Accepted>),
}

impl Client {
    fn control(&mut self, control: Control) {
        self.enter(Stage::Control(Box::new(control)));
    }

    /// Takes the stage out, to be put back or replaced.
    fn take_control(&mut self) -> Option<Control> {
        match core::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Control(control) => Some(*control),
            other => {
                self.stage = other;
                None
            }
        }
    }

    pub(super) fn begin_control(&mut self, now: Time) {
        self.tell(State::Initing);
        self.progress(progress::VARIABLES);
        let id = self.get(format!("{}info.json", self.attempt.url));
        self.control(Control::Variables(Exchange::new(id, MAX_INFO, now)));
    }

    pub(super) fn control_http(&mut self, progress: &Progress<'_>, now: Time) {
        let Some(mut control) = self.take_control() else { return };
        if let Control::Handshake { exchange, stream } = control {
            return self.handshake_http(exchange, stream, progress, now);
        }
        let (Control::Variables(exchange)
        | Control::Endpoints { exchange, .. }
        | Control::Permissions { exchange, .. }
        | Control::Policy { exchange, .. }) = &mut control
        else {
            return self.control(control);
        };
        let Some(ended) = exchange.take(progress) else { return self.control(control) };
        // An answer that was cut short for its size is still coming in.
        if !ends(progress) {
            self.out.push_back(Output::Abort(exchange.id));
        }
        self.control_ended(control, ended, now);
    }

    pub(super) fn control_timed_out(&mut self, now: Time) {
        let Some(control) = self.take_control() else { return };
        if let Some(exchange) = control.exchange() {
            self.out.push_back(Output::Abort(exchange.id));
        }
        self.control_ended(control, Ended::Failed(SILENCE.to_owned()), now);
    }

    fn control_ended(&mut self, control: Control, ended: Ended, now: Time) {
        match control {
            Control::Variables(_) => self.variables(ended),
            Control::Handshake { exchange, .. } => {
                let text = self.no_handshake(&exchange, ended);
                self.refused(text);
            }
            Control::Endpoints { accepted, .. } => self.endpoints(ended, accepted, now),
            Control::Permissions { accepted, .. } => self.permissions(ended, accepted, now),
            Control::Policy { accepted, .. } => {
                let answer = match ended {
                    Ended::Whole(body) => Policy::read(&String::from_utf8_lossy(&body)),
                    Ended::Failed(_) => Err(texts::POLICY_REQUEST_FAILED),
                };
                self.policy(Some(answer), &accepted);
            }
            Control::Resolving { endpoint, .. } => {
                self.refused(texts::unresolved_endpoint(&endpoint));
            }
            Control::Ticket { .. } | Control::Steam { .. } => {}
        }
    }

    /// The first `/info.json` is there (SPEC INFO-8).
    fn variables(&mut self, ended: Ended) {
        let body = match ended {
            Ended::Whole(body) => body,
            Ended::Failed(text) => return self.refused(texts::variables_failed(&text)),
        };
        // What is not JSON demands nothing.
        let info = serde_json::from_slice(&body).unwrap_or_default();
        let vars = ServerVars::read(&info, self.config.build.game);
        match vars.build_switch(&self.config.build) {
            None => {}
            Some(BuildSwitch::To(build)) => {
                self.end();
                return self.event(Event::BuildSwitch(build));
            }
            Some(BuildSwitch::Unsupported(text)) => return self.refused(text),
        }
        self.progress(progress::TICKET);
        let license_key_token = vars.license_key_token.clone();
        self.control(Control::Ticket { vars });
        self.event(Event::TicketWanted { license_key_token });
    }

    pub(super) fn ticket(&mut self, fields: Vec<(String, Vec<u8>)>, now: Time) {
        match self.take_control() {
            Some(Control::Ticket { vars }) if vars.request_steam_ticket == "on" => {
                self.progress(progress::STEAM_TICKET);
                let enforced = vars.enforce_steam_auth;
                self.control(Control::Steam { vars, fields });
                self.event(Event::SteamTicketWanted { enforced });
            }
            Some(Control::Ticket { vars }) => self.shake_hands(&vars, fields, None, now),
            Some(other) => self.control(other),
            None => {}
        }
    }

    pub(super) fn steam_ticket(&mut self, ticket: Result<Option<String>, String>, now: Time) {
        let (vars, fields) = match self.take_control() {
            Some(Control::Steam { vars, fields }) => (vars, fields),
            Some(other) => return self.control(other),
            None => return,
        };
        match ticket {
            Err(why) => self.refused(texts::steam_ticket_failed(&why)),
            Ok(None) if vars.enforce_steam_auth => self.refused(texts::STEAM_TICKET_EMPTY),
            Ok(ticket) => self.shake_hands(&vars, fields, ticket, now),
        }
    }

    /// `initConnect` (SPEC HTTP-20).
    fn shake_hands(
        &mut self,
        vars: &ServerVars,
        fields: Vec<(String, Vec<u8>)>,
        auth_ticket: Option<String>,
        now: Time,
    ) {
        self.progress(progress::HANDSHAKE);
        let ClientBuild { game, build, .. } = self.config.build;
        let build = vars.announced_build().unwrap_or(build);
        let build = GameBuild { build, revision: game.revision(build) };
        let mut other: BTreeMap<_, _> =
            fields.into_iter().map(|(name, value)| (name.into_bytes(), value)).collect();
        let request = Method::InitConnect(InitConnect {
            name: self.config.name.clone().into_bytes(),
            guid: guid_text(self.attempt.guid).into_bytes(),
            protocol: PROTOCOL.to_string().into_bytes(),
            game_build: Some(build.field().into_bytes()),
            game_name: Some(game.name().into()),
            cfx_ticket: other.remove(&b"cfxTicket2"[..]),
            auth_ticket: auth_ticket.map(String::into_bytes),
            other,
        });
        let id = self.post(&request);
        let exchange = Exchange::new(id, MAX_SMALL, now);
        self.control(Control::Handshake { exchange, stream: ValueStream::new(MAX_VALUE) });
    }

    fn post(&mut self, request: &Method) -> RequestId {
        let url = format!("{}client", self.attempt.url);
        self.call(Call { method: "POST", url, headers: Vec::new(), body: request.to_body() })
    }

    fn handshake_http(
        &mut self,
        mut exchange: Exchange,
        mut stream: ValueStream,
        progress: &Progress<'_>,
        now: Time,
    ) {
        let id = exchange.id;
        let next = match progress {
            Progress::Data(data) if exchange.is_good() => {
                let (next, values) = self.read_values(&mut stream, data);
                if values > 0 {
                    exchange.deadline = now.after(PATIENCE);
                }
                next
            }
            Progress::End if exchange.is_good() => self.last_value(&mut stream),
            _ => match exchange.take(progress) {
                None => Next::Go,
                Some(ended) => Next::Refuse(self.no_handshake(&exchange, ended)),
            },
        };
        let open = !ends(progress);
        match next {
            Next::Go => self.control(Control::Handshake { exchange, stream }),
            Next::Refuse(text) => {
                self.out.extend(open.then_some(Output::Abort(id)));
                self.refused(text);
            }
            Next::Accept(accepted) => {
                if open {
                    self.let_loose(id);
                }
                self.accepted(accepted, now);
            }
        }
    }

    /// The answer is whole, and none of its values decided. A number may be left, which ends with
    /// it.
    fn last_value(&mut self, stream: &mut ValueStream) -> Next {
        let reply = match stream.finish() {
            Ok(None) => return Next::Refuse(self.closed_while_deferring()),
            Ok(Some(text)) => Reply::read(text, self.config.build.game),
            Err(error) => return Next::Refuse(self.unreadable(&error)),
        };
        match self.reply(reply) {
            Next::Go => Next::Refuse(self.closed_while_deferring()),
            next => next,
        }
    }

    /// Reads the values that a piece of the answer completes, up to the first that decides; says how
    /// many there were.
    fn read_values(&mut self, stream: &mut ValueStream, mut data: &[u8]) -> (Next, usize) {
        let mut values = 0;
        loop {
            let reply = match stream.next(&mut data) {
                Ok(Some(text)) => Reply::read(text, self.config.build.game),
                Ok(None) => return (Next::Go, values),
                Err(error) => return (Next::Refuse(self.unreadable(&error)), values),
            };
            match self.reply(reply) {
                Next::Go => values += 1,
                next => return (next, values + 1),
            }
        }
    }

    fn unreadable(&self, error: &StreamError) -> String {
        texts::handshake_failed(&self.attempt.url.to_string(), &error.to_string())
    }

    /// One value of the answer, in the reference's order of looking at it (SPEC HTTP-18).
    fn reply(&mut self, reply: Reply) -> Next {
        if let Some(token) = reply.token {
            self.attempt.token = token;
        }
        match reply.body {
            ReplyBody::Progress(text) => {
                if let Some(text) = text {
                    self.progress(text);
                }
                Next::Go
            }
            ReplyBody::Card { card, token } => {
                self.attempt.token = token;
                self.attempt.card = true;
                self.event(Event::Card(card));
                Next::Go
            }
            ReplyBody::Accepted(accepted) => Next::Accept(accepted),
            refusal => Next::Refuse(refusal.failure().unwrap_or_default()),
        }
    }

    /// What the player reads of an `initConnect` that brought no last value. A server's own words
    /// come before those of HTTP.
    fn no_handshake(&self, exchange: &Exchange, ended: Ended) -> String {
        let Ended::Failed(text) = ended else { return self.closed_while_deferring() };
        let body = String::from_utf8_lossy(&exchange.body);
        let detail = if body.is_empty() { &*text } else { &*body };
        texts::handshake_failed(&self.attempt.url.to_string(), detail)
    }

    fn closed_while_deferring(&self) -> String {
        texts::closed_while_deferring(&self.attempt.url.to_string())
    }

    /// The final value is there: ask for endpoints.
    fn accepted(&mut self, accepted: Box<Accepted>, now: Time) {
        self.progress(progress::ENDPOINTS);
        let token = self.attempt.token.clone().into_bytes();
        let id = self.post(&Method::GetEndpoints(GetEndpoints { token }));
        let exchange = Exchange::new(id, MAX_SMALL, now);
        self.control(Control::Endpoints { exchange, accepted });
    }

    fn endpoints(&mut self, ended: Ended, accepted: Box<Accepted>, now: Time) {
        // SPEC HTTP-22: an answer that fails counts as none, and so does an object, an error's.
        let answer: Option<Value> = match ended {
            Ended::Whole(body) => serde_json::from_slice(&body).ok(),
            Ended::Failed(_) => None,
        };
        let answer = answer.filter(|answer| !answer.is_object());
        let own = self.attempt.url.endpoint();
        let list = match endpoints::candidates(answer.as_ref(), &accepted, &own) {
            Ok(list) => list,
            Err(text) => return self.refused(text),
        };
        let choice = self.choose(list.len());
        let Some(endpoint) = list.into_iter().nth(choice) else { return };
        if let Some(address) = literal(&endpoint) {
            return self.found(address, accepted, now);
        }
        self.out.push_back(Output::Resolve(endpoint.clone()));
        let until = now.after(PATIENCE);
        self.control(Control::Resolving { endpoint, accepted, until });
    }

    pub(super) fn resolved(&mut self, address: Option<SocketAddr>, now: Time) {
        match (self.take_control(), address) {
            (Some(Control::Resolving { accepted, .. }), Some(address)) => {
                self.found(address, accepted, now);
            }
            (Some(Control::Resolving { endpoint, .. }), None) => {
                self.refused(texts::unresolved_endpoint(&endpoint));
            }
            (Some(other), _) => self.control(other),
            (None, _) => {}
        }
    }

    /// The endpoint has an address: ask for permissions (SPEC HTTP-26).
    fn found(&mut self, address: SocketAddr, accepted: Box<Accepted>, now: Time) {
        self.progress(progress::PERMISSIONS);
        // SPEC HTTP-23
        if let Err(text) = accepted.check_netlib() {
            return self.refused(text);
        }
        self.attempt.server = Some(address);
        let id = self.get(format!("{}info.json", self.attempt.url));
        let exchange = Exchange::new(id, MAX_INFO, now);
        self.control(Control::Permissions { exchange, accepted });
    }

    fn permissions(&mut self, ended: Ended, accepted: Box<Accepted>, now: Time) {
        let body = match ended {
            Ended::Whole(body) => body,
            Ended::Failed(_) => return self.refused(texts::PERMISSIONS_FAILED),
        };
        let info: Value = match serde_json::from_slice(&body) {
            Ok(info) => info,
            Err(error) => return self.refused(texts::permissions_unreadable(&error.to_string())),
        };
        self.progress(progress::POLICY);
        let token = info["vars"]["sv_licenseKeyToken"].as_str().unwrap_or_default();
        if token.is_empty() {
            return self.policy(None, &accepted);
        }
        let id = self.get(format!("{}api/policy/{token}", self.config.policy_url));
        let exchange = Exchange::new(id, MAX_SMALL, now);
        self.control(Control::Policy { exchange, accepted });
    }

    fn policy(&mut self, answer: Option<Result<Policy, &str>>, accepted: &Accepted) {
        let policy = match policy::check(answer, accepted) {
            Ok(policy) => policy.to_string(),
            Err(text) => return self.refused(text),
        };
        if !policy.is_empty() {
            self.event(Event::Policy(policy));
        }
        self.session = Session::new(accepted);
        self.onesync = super::onesync::State::new(&self.config, accepted);
        self.enter(Stage::InitReceived);
    }

    /// Answers the card that the handshake shows (SPEC DEFER-6, HTTP-24). What the server says to
    /// that decides nothing.
    pub(super) fn submit_card(&mut self, data: &str) {
        let Stage::Control(control) = &self.stage else { return };
        if matches!(**control, Control::Handshake { .. }) && self.attempt.card {
            let (data, token) = (data.as_bytes().to_vec(), self.attempt.token.clone().into_bytes());
            let id = self.post(&Method::SubmitCard(SubmitCard { data, token }));
            self.let_loose(id);
        }
    }
}
