//! `initConnect`: the checks in the reference's order, the ticket, the token, and the deferral that
//! the application runs (reference: `InitConnectMethod.cpp`).

use std::net::SocketAddr;

use cfx_control::answer::{self, Accepted};
use cfx_control::request::{InitConnect, display_name, guid_number};
use cfx_control::texts::{dropped, server as texts};
use cfx_control::ticket::{PublicKey, Ticket, TicketError, TicketExtra};
use cfx_control::{bit_version, game};
use serde_json::{Map, Value};

use super::deferral::{Deferral, Step};
use super::registry::{NewClient, Stage};
use super::tickets::Waiting;
use super::{ClientId, Event, Server, Verdict};
use crate::entropy;
use crate::http::RequestId;
use crate::time::Time;

/// The longest guid that is kept, in bytes. A client's is a decimal number of at most 20 digits; the
/// reference keeps whatever it is sent (SPEC SEC-5).
const MAX_GUID: usize = 64;

/// The oldest protocol that is let in (SPEC HTTP-10).
const MIN_PROTOCOL: i32 = 12;

/// The text for a client whose ticket cannot be checked.
const fn no_key(again: bool) -> &'static str {
    if again { texts::KEY_FAILED_AGAIN } else { texts::KEY_FAILED }
}

impl Server {
    pub(super) fn init_connect(
        &mut self,
        id: RequestId,
        from: SocketAddr,
        request: InitConnect,
        now: Time,
    ) {
        if !self.settled {
            return self.refuse(id, texts::STARTING);
        }
        if request.guid.len() > MAX_GUID {
            return self.refuse(id, texts::FIELDS_MISSING);
        }
        if request.protocol_number() < MIN_PROTOCOL {
            return self.refuse(id, texts::VERSION_MISMATCH);
        }
        if !self.config.game.accepts(request.game_name()) {
            let sent = String::from_utf8_lossy(request.game_name());
            return self.refuse(id, &texts::game_mismatch(&sent, self.config.game));
        }
        if self.config.lan {
            return self.admit(id, from, &request, &TicketExtra::default(), now);
        }
        if request.cfx_ticket.is_none() {
            return self.refuse(id, texts::NO_TICKET);
        }
        self.try_ticket(Waiting { id, from, request, again: false }, now);
    }

    fn try_ticket(&mut self, waiting: Waiting, now: Time) {
        let Some(key) = self.tickets.key() else { return self.wait_for_key(waiting, now) };
        match self.check_ticket(&waiting, key, now) {
            Ok((ticket, extra)) => {
                let unix_now = self.unix_time(now);
                self.tickets.mark_used(ticket, unix_now);
                self.admit(waiting.id, waiting.from, &waiting.request, &extra, now);
            }
            // SPEC TICKET-6: once, and only when the key is old enough to have been replaced.
            Err(TicketError::InvalidSignature)
                if !waiting.again && self.tickets.may_refetch(now) =>
            {
                self.wait_for_key(Waiting { again: true, ..waiting }, now);
            }
            Err(error) => self.refuse(waiting.id, &error.text()),
        }
    }

    fn check_ticket(
        &self,
        waiting: &Waiting,
        key: &PublicKey,
        now: Time,
    ) -> Result<((u64, u64), TicketExtra), TicketError> {
        let field = waiting.request.cfx_ticket.as_deref().unwrap_or_default();
        let ticket = Ticket::decode(field)?;
        ticket.check(guid_number(&waiting.request.guid), self.unix_time(now))?;
        if self.tickets.is_used(ticket.key()) {
            return Err(TicketError::Reused);
        }
        ticket.verify(key)?;
        let extra = ticket.verify_extra(key)?;
        Ok((ticket.key(), extra))
    }

    fn wait_for_key(&mut self, waiting: Waiting, now: Time) {
        if !self.tickets.has_room() {
            return self.refuse(waiting.id, no_key(waiting.again));
        }
        if self.tickets.wait(waiting, now) {
            self.event(Event::TicketKeyWanted);
        }
    }

    pub(super) fn ticket_key(&mut self, key: Option<PublicKey>, now: Time) {
        let found = key.is_some();
        for waiting in self.tickets.answer(key, now) {
            if found || !waiting.again && self.tickets.key().is_some() {
                self.try_ticket(waiting, now);
            } else {
                self.refuse(waiting.id, no_key(waiting.again));
            }
        }
    }

    /// Ends the wait for a key that does not come; says whether it did.
    pub(super) fn tickets_due(&mut self, now: Time) -> bool {
        let due = self.tickets.deadline().is_some_and(|deadline| deadline <= now);
        if due {
            self.ticket_key(None, now);
        }
        due
    }

    fn unix_time(&self, now: Time) -> u64 {
        self.config.unix_time_at_zero.saturating_add(now.as_millis() / 1000)
    }

    /// Issues a token to a client whose ticket, if one is needed, was good.
    fn admit(
        &mut self,
        id: RequestId,
        from: SocketAddr,
        request: &InitConnect,
        extra: &TicketExtra,
        now: Time,
    ) {
        let address = from.ip().to_canonical();
        // SPEC HTTP-13
        if let Some(old) = self.registry.by_guid(&request.guid).map(|client| client.id) {
            self.drop_client(old, dropped::RECONNECTING);
        }
        if !self.config.lan {
            // SPEC TICKET-8
            if let Err(text) = extra.check(self.config.game, &self.config.server_id) {
                return self.refuse(id, text);
            }
        }
        let build = request.game_build.as_deref();
        let enforced = self.config.enforce_game_build.as_str();
        if let Err(text) = game::check_build(self.config.game, build, enforced) {
            return self.refuse(id, &text);
        }
        let crowded = !self.is_proxy(address)
            && self.registry.connecting_from(address) >= self.config.max_connecting_per_address;
        if crowded || self.registry.len() >= self.config.max_records {
            return self.refuse(id, texts::NO_ROOM);
        }
        let mut identifiers = extra.identifiers();
        identifiers.push(format!("ip:{address}"));
        let client = self.registry.add(
            NewClient {
                guid: request.guid.clone().into(),
                name: display_name(&request.name),
                token: entropy::token(&mut self.entropy),
                game_name: String::from_utf8_lossy(request.game_name()).into_owned(),
                address,
                identifiers: identifiers.clone(),
                request: id,
            },
            now,
        );
        // The answer begins when there is something to say; its status is known already.
        self.head(id, 200);
        let Some(record) = self.registry.get(client) else { return };
        let (name, net_id) = (record.name.to_string(), record.net_id);
        let guid = request.guid.clone();
        self.event(Event::Connecting { client, name, guid, net_id, identifiers });
    }

    /// Changes a client's deferral and tells it what comes of that. After its end, or for a client
    /// that is gone, nothing happens.
    pub(super) fn step(
        &mut self,
        client: ClientId,
        now: Time,
        change: impl FnOnce(&mut Deferral) -> Step,
    ) {
        if let Some((request, step)) = self.with_deferral(client, change) {
            self.take_step(client, request, step, now);
        }
    }

    fn with_deferral<R>(
        &mut self,
        client: ClientId,
        change: impl FnOnce(&mut Deferral) -> R,
    ) -> Option<(RequestId, R)> {
        self.registry.update(client, |client| match &mut client.stage {
            Stage::Deferring { request, deferral } => Some((*request, change(deferral))),
            Stage::Validated => None,
        })?
    }

    fn take_step(&mut self, client: ClientId, request: RequestId, step: Step, now: Time) {
        match step {
            Step::Wait => {}
            Step::Message(text) => {
                self.next_value(request, answer::deferral_message(Some(&text)));
            }
            Step::Accept => self.accept(client, now),
            Step::Reject(reason) => self.remove(client, &reason),
        }
    }

    pub(super) fn present_card(&mut self, client: ClientId, resource: &str, card: String) {
        if let Some((request, Some(card))) =
            self.with_deferral(client, |deferral| deferral.present_card(resource, card))
        {
            self.send_card(client, request, &card);
        }
    }

    fn send_card(&mut self, client: ClientId, request: RequestId, card: &str) {
        let Some(client) = self.registry.get(client) else { return };
        let value = answer::deferral_card(card, &client.token);
        self.next_value(request, value);
    }

    pub(super) fn hand_over(&mut self, client: ClientId, data: Map<String, Value>) {
        self.with_deferral(client, |deferral| deferral.hand_over(data));
    }

    pub(super) fn handled(&mut self, client: ClientId, verdict: Verdict, now: Time) {
        if let Verdict::Cancel(reason) = verdict {
            // SPEC DEFER-10
            if self.with_deferral(client, |_| ()).is_some() {
                self.remove(client, reason.as_deref().unwrap_or(texts::PREVENTED));
            }
            return;
        }
        let handled = self.with_deferral(client, |deferral| deferral.handled(now));
        let Some((request, (step, card))) = handled else { return };
        self.take_step(client, request, step, now);
        let deferring = self.with_deferral(client, |_| ()).is_some();
        if let Some(card) = card.filter(|_| deferring) {
            self.send_card(client, request, &card);
        }
    }

    pub(super) fn keep_alive(&mut self, client: ClientId, now: Time) {
        let due = |deferral: &mut Deferral| deferral.take_keep_alive(now);
        let Some((request, due)) = self.with_deferral(client, due) else { return };
        // A client that waits for its resources is alive (SPEC SERVER-2).
        self.registry.update(client, |client| client.last_seen = now);
        if due {
            self.next_value(request, answer::deferral_message(None));
        }
    }

    /// Whether a card was shown to the client, which still defers.
    pub(super) fn awaits_card(&mut self, client: ClientId) -> bool {
        self.with_deferral(client, |deferral| deferral.has_card()).is_some_and(|(_, has)| has)
    }

    /// `passedValidation`: the final value (SPEC DEFER-5, HTTP-16).
    fn accept(&mut self, client: ClientId, now: Time) {
        let Some((request, deferral)) = self.registry.validate(client, now) else { return };
        let Some(record) = self.registry.get(client) else { return };
        let config = &self.config;
        let onesync = config.onesync.is_on();
        let accepted = Accepted {
            protocol: 5,
            bit_version: bit_version::CURRENT,
            pure: config.pure_level,
            sh: config.script_hook_allowed,
            enhanced_host_support: config.enhanced_host_support && !onesync,
            onesync,
            onesync_big: config.onesync == super::OneSync::Big,
            onesync_lh: config.length_hack,
            onesync_population: config.population,
            token: record.token.to_string(),
            gamename: record.game_name.to_string(),
            netlib_version: 2,
            max_clients: i64::from(config.max_clients),
            handover: deferral.into_handover(),
            ..Accepted::default()
        };
        self.last_value(request, accepted.to_json());
    }

    /// The peer of a request went away: a client that was still deferring leaves nothing behind
    /// (SPEC DEFER-9).
    pub(super) fn request_gone(&mut self, id: RequestId) {
        self.tickets.forget(id);
        if let Some(client) = self.registry.by_request(id).map(|client| client.id) {
            self.forget(client, dropped::WENT_AWAY);
        }
    }
}
