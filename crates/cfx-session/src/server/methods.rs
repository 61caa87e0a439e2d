//! HTTP at the server: routes, the methods of `/client`, and answers.

use bytes::Bytes;
use cfx_control::manifest::{Filter, Manifest};
use cfx_control::request::{
    GetConfiguration, GetEndpoints, Method as MethodName, Request as Method, RequestError,
    SubmitCard,
};
use cfx_control::texts::server as texts;
use cfx_control::{answer, endpoints};
use serde_json::Value;

use super::registry::Client;
use super::{Event, Output, Server};
use crate::http::{Part, Request, RequestId};
use crate::time::Time;

/// The most bytes of one piece of the manifest (SPEC MANIFEST-6).
const PIECE: usize = 16_384;

impl Server {
    pub(super) fn request(&mut self, id: RequestId, request: &Request, now: Time) {
        // SPEC INFO-7: the longest reach of a handler is its prefix, in any case.
        let target = request.target.as_str();
        let is = |prefix: &str| {
            target.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        if is("/client") {
            self.client_request(id, request, now);
        } else if is("/info.json") {
            self.info_request(id, request, now);
        } else if is("/dynamic.json") {
            self.dynamic_request(id, request, now);
        } else if is("/players.json") {
            self.players_request(id, request, now);
        } else {
            self.answer(id, 404, format!("Route {target} not found."));
        }
    }

    fn client_request(&mut self, id: RequestId, request: &Request, now: Time) {
        if request.method != "POST" {
            return self.answer(id, 405, texts::POST_ONLY);
        }
        match Method::parse(&request.body) {
            Ok(Method::InitConnect(init)) => self.init_connect(id, request.from, init, now),
            Ok(Method::GetEndpoints(get)) => self.get_endpoints(id, &get),
            Ok(Method::SubmitCard(card)) => self.submit_card(id, &card),
            Ok(Method::GetConfiguration(get)) => self.get_configuration(id, request, &get, now),
            // SPEC HTTP-8: a server that starts up looks at nothing.
            Err(RequestError::MissingFields(MethodName::InitConnect)) if !self.settled => {
                self.refuse(id, texts::STARTING);
            }
            Err(error @ RequestError::MissingFields(_)) => self.refuse(id, error.text()),
            // Errors of the dispatcher have no line end (SPEC HTTP-4).
            Err(error) => self.answer(id, 200, answer::error(error.text())),
        }
    }

    fn get_endpoints(&mut self, id: RequestId, get: &GetEndpoints) {
        let value = match self.by_token(&get.token) {
            Some(_) => endpoints::known(&self.config.endpoints),
            None => endpoints::UNKNOWN.to_owned(),
        };
        self.value(id, value);
    }

    fn submit_card(&mut self, id: RequestId, card: &SubmitCard) {
        let Some(client) = self.by_token(&card.token) else {
            return self.refuse(id, texts::NO_CLIENT);
        };
        let client = client.id;
        let data = String::from_utf8_lossy(&card.data).into_owned();
        // Taken, whether or not a handler gets it (SPEC HTTP-24, SEC-8).
        if self.awaits_card(client) && serde_json::from_str::<Value>(&data).is_ok() {
            self.event(Event::CardAnswer { client, data });
        }
        self.value(id, answer::CARD_TAKEN.to_owned());
    }

    fn get_configuration(
        &mut self,
        id: RequestId,
        request: &Request,
        get: &GetConfiguration,
        now: Time,
    ) {
        // SPEC MANIFEST-1: an unknown token falls back to the address.
        let by_token = request.token.as_deref().and_then(|token| self.registry.by_token(token));
        let client =
            by_token.or_else(|| self.registry.by_address(request.from.ip().to_canonical()));
        let Some(client) = client.map(|client| (client.id, client.is_validated())) else {
            return self.refuse(id, texts::NOT_A_CLIENT);
        };
        let (client, validated) = client;
        self.registry.update(client, |client| client.last_seen = now);
        if !validated {
            return self.refuse(id, texts::STILL_CONNECTING);
        }
        if !self.limits.configuration.take(&client, now) {
            return self.refuse(id, texts::RATE_LIMIT);
        }
        let body = match get.resources.as_deref() {
            None => self.manifest.clone(),
            Some(list) => self.filtered_manifest(&Filter::parse(list)),
        };
        self.head(id, 200);
        let mut rest = body;
        while !rest.is_empty() {
            let piece = rest.split_to(PIECE.min(rest.len()));
            self.part(id, Part::Data(piece));
        }
        self.part(id, Part::End);
    }

    /// The resources that were asked for; the whole manifest stands ready.
    fn filtered_manifest(&self, filter: &Filter<'_>) -> Bytes {
        let manifest = &self.config.manifest;
        if manifest.resources.iter().all(|resource| filter.matches(&resource.name)) {
            self.manifest.clone()
        } else {
            filtered(manifest, filter)
        }
    }

    fn by_token(&self, token: &[u8]) -> Option<&Client> {
        core::str::from_utf8(token).ok().and_then(|token| self.registry.by_token(token))
    }

    /// An error that a method answers with: one value, then the end.
    pub(super) fn refuse(&mut self, id: RequestId, text: &str) {
        self.value(id, answer::error(text));
    }

    /// A whole answer of one value (SPEC HTTP-5).
    pub(super) fn value(&mut self, id: RequestId, value: String) {
        self.head(id, 200);
        self.last_value(id, value);
    }

    /// The last value of an answer that has begun.
    pub(super) fn last_value(&mut self, id: RequestId, value: String) {
        self.part(id, line(value));
        self.part(id, Part::End);
    }

    /// A value of an answer that goes on.
    pub(super) fn next_value(&mut self, id: RequestId, value: String) {
        self.part(id, line(value));
    }

    /// A whole answer as it is.
    pub(super) fn answer(&mut self, id: RequestId, status: u16, body: impl Into<Bytes>) {
        self.head(id, status);
        self.part(id, Part::Data(body.into()));
        self.part(id, Part::End);
    }

    pub(super) fn head(&mut self, id: RequestId, status: u16) {
        self.part(id, Part::Head(status));
    }

    fn part(&mut self, id: RequestId, part: Part) {
        self.out.push_back(Output::Http { id, part });
    }
}

fn line(mut value: String) -> Part {
    value.push_str("\r\n");
    Part::Data(value.into())
}

/// The manifest with the resources that were asked for (SPEC MANIFEST-5).
fn filtered(manifest: &Manifest, filter: &Filter<'_>) -> Bytes {
    let asked = manifest.resources.iter().filter(|resource| filter.matches(&resource.name));
    with_line_end(manifest.to_vec_with(asked))
}

/// The answer to `getConfiguration` (SPEC MANIFEST-4).
pub(super) fn manifest_answer(manifest: &Manifest) -> Bytes {
    with_line_end(manifest.to_vec_with(&manifest.resources))
}

fn with_line_end(mut body: Vec<u8>) -> Bytes {
    body.extend_from_slice(b"\r\n");
    body.into()
}
