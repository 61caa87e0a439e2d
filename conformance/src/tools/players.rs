//! Who is on the server, and a player who must not notice what a case does to it.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::game::{Heard, Peer, join};
use super::http;
use super::oob::alive;
use crate::case::{Outcome, failed};
use crate::target::{PATIENCE, Target};

/// Whom `/players.json` lists. The reference answers nothing before it first made the list, which
/// counts as an empty one (SPEC INFO-5).
///
/// # Errors
/// The case fails when it is no list.
pub async fn players(target: &Target) -> Outcome<Vec<Value>> {
    let answer = http::get(target, "/players.json").await?;
    if answer.status == 200 && answer.body.is_empty() {
        return Ok(Vec::new());
    }
    match answer.json()? {
        Value::Array(players) if answer.status == 200 => Ok(players),
        _ => Err(failed("HTTP 200 with an array of players", answer.show())),
    }
}

/// Waits until `/players.json`, which may be a second old, lists a net id.
///
/// # Errors
/// The case fails when it does not.
pub async fn listed(target: &Target, net_id: u16) -> Outcome<Value> {
    wait(target, format!("a player with the net id {net_id} in /players.json"), |players| {
        players.iter().find(|player| player["id"] == net_id).cloned()
    })
    .await
}

/// Waits until `/players.json` does not list a net id any more.
///
/// # Errors
/// The case fails when it still does.
pub async fn gone(target: &Target, net_id: u16) -> Outcome {
    wait(target, format!("no player with the net id {net_id} in /players.json"), |players| {
        players.iter().all(|player| player["id"] != net_id).then_some(())
    })
    .await
}

async fn wait<T>(
    target: &Target,
    expected: String,
    find: impl Fn(&[Value]) -> Option<T>,
) -> Outcome<T> {
    let until = Instant::now() + PATIENCE;
    loop {
        let players = players(target).await?;
        if let Some(found) = find(&players) {
            return Ok(found);
        }
        if Instant::now() >= until {
            return Err(failed(expected, Value::from(players).to_string()));
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// A player who does nothing wrong.
pub struct Bystander<'a> {
    target: &'a Target,
    peer: Peer,
    net_id: u16,
}

impl<'a> Bystander<'a> {
    /// Joins.
    ///
    /// # Errors
    /// As [`join`].
    pub async fn join(target: &'a Target) -> Outcome<Self> {
        let (_, peer, connect_ok) = join(target).await?;
        Ok(Self { target, peer, net_id: connect_ok.net_id_u16() })
    }

    /// Checks that the server still answers and that this player noticed nothing.
    ///
    /// # Errors
    /// The case fails when it does not or it did.
    pub async fn unharmed(&mut self) -> Outcome {
        alive(self.target).await?;
        loop {
            match self.peer.hear(Duration::from_millis(20)).await {
                Heard::Nothing => break,
                Heard::Packet(_) | Heard::Connected => {}
                other => {
                    return Err(failed("another player stays connected", other.show()));
                }
            }
        }
        listed(self.target, self.net_id).await.map(drop)
    }
}
