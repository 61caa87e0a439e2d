//! What a ticket says of its player.

use serde_json::Value;

use crate::game::Game;
use crate::texts::server;

/// The extra data of a verified ticket. Reference: `LicenseIdentityProvider.cpp`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TicketExtra {
    /// The hash of the player's licence.
    pub entitlement_hash: Option<[u8; 20]>,
    /// The player's claims: JSON, as the key service wrote it; see [`TicketExtra::claims`].
    pub extra_json: Option<Vec<u8>>,
}

/// What the JSON of a ticket claims.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claims {
    /// `gn`: the game that the ticket is for.
    pub game: Option<String>,
    /// `si`: the id of the server that the ticket is for.
    pub server: Option<String>,
    /// `tk`: identifiers of the player, such as `discord:…`.
    pub identifiers: Vec<String>,
    /// `hw`: tokens of the player's hardware.
    pub tokens: Vec<String>,
}

impl TicketExtra {
    /// Reads the extra data, of any length. JSON whose length goes past the end is left out; the
    /// reference's check of that length can overflow, which would end it.
    pub(super) fn read(extra: &[u8]) -> Self {
        let Some((hash, rest)) = extra.split_first_chunk() else { return Self::default() };
        let json = super::length_at(rest, 0).and_then(|length| rest.get(4..)?.get(..length));
        Self { entitlement_hash: Some(*hash), extra_json: json.map(<[u8]>::to_vec) }
    }

    /// `license:` and the entitlement hash in hex (SPEC TICKET-9).
    pub fn license(&self) -> Option<String> {
        let hash = self.entitlement_hash?;
        Some(hash.iter().fold("license:".to_owned(), |text, byte| format!("{text}{byte:02x}")))
    }

    /// Reads the claims; empty where the JSON is none. `tk` and `hw` are read up to their first entry
    /// that is no text, and `hw` only if `tk` was read to its end.
    pub fn claims(&self) -> Claims {
        let json = self.extra_json.as_deref().unwrap_or_default();
        let Ok(Value::Object(claims)) = serde_json::from_slice(json) else {
            return Claims::default();
        };
        let text = |name| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let (identifiers, complete) = texts(claims.get("tk"));
        let tokens = if complete { texts(claims.get("hw")).0 } else { Vec::new() };
        Claims { game: text("gn"), server: text("si"), identifiers, tokens }
    }

    /// The identifiers that a ticket gives a player, in the reference's order: `license:`, then those
    /// of `tk`. (`ip:` follows, from the connection.)
    pub fn identifiers(&self) -> Vec<String> {
        self.license().into_iter().chain(self.claims().identifiers).collect()
    }

    /// Checks that the ticket is for this game and server (SPEC TICKET-8); not done under `sv_lan`.
    ///
    /// # Errors
    /// The text of the refusal.
    pub fn check(&self, game: Game, server_id: &str) -> Result<(), &'static str> {
        let claims = self.claims();
        if claims.game.as_deref() != Some(game.name()) {
            return Err(server::TICKET_GAME);
        }
        if claims.server.as_deref() != Some(server_id) {
            return Err(server::TICKET_SERVER);
        }
        Ok(())
    }
}

/// The entries up to the first that is no text, and whether there is none such.
fn texts(list: Option<&Value>) -> (Vec<String>, bool) {
    let entries = list.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let texts: Vec<_> = entries.iter().map_while(Value::as_str).map(str::to_owned).collect();
    let complete = texts.len() == entries.len();
    (texts, complete)
}
