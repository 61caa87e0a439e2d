//! Out-of-band datagrams.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use cfx_net::udp::UdpPort;
use tokio::time::{Instant, timeout_at};

use crate::case::{Outcome, failed, skipped};
use crate::target::{PATIENCE, SILENCE, Target};

/// A datagram with the out-of-band prefix before `body`.
pub fn datagram(body: &[u8]) -> Vec<u8> {
    [&cfx_oob::PREFIX, body].concat()
}

/// Bytes as a person reads them: text as text, the rest as `\xNN`.
pub fn show(bytes: &[u8]) -> String {
    let mut text = bytes.escape_ascii().to_string();
    if let Some((at, _)) = text.char_indices().nth(400) {
        text.truncate(at);
        text.push('…');
    }
    format!("\"{text}\" ({} bytes)", bytes.len())
}

/// A UDP port of the case's own.
pub struct Port {
    udp: UdpPort,
    to: SocketAddr,
}

impl Port {
    /// A free port that talks to the target.
    ///
    /// # Errors
    /// The case is skipped where no port is free.
    pub fn open(target: &Target) -> Outcome<Self> {
        let any: SocketAddr =
            if target.address.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0; 8], 0).into() };
        let udp = UdpPort::bind(any).map_err(|error| skipped(format!("no UDP port: {error}")))?;
        Ok(Self { udp, to: target.address })
    }

    /// A free port of this address of ours that talks to the target.
    ///
    /// # Errors
    /// The case is skipped where the address is not ours.
    pub fn open_on(target: &Target, from: IpAddr) -> Outcome<Self> {
        let udp = UdpPort::bind(SocketAddr::new(from, 0));
        let udp = udp.map_err(|error| skipped(format!("no UDP port on {from}: {error}")))?;
        Ok(Self { udp, to: target.address })
    }

    /// Sends a datagram.
    pub fn send(&self, datagram: &[u8]) {
        self.udp.send(self.to, datagram);
    }

    /// The next datagram from the target up to a moment.
    pub async fn receive_until(&mut self, until: Instant) -> Option<Vec<u8>> {
        while let Some((from, datagram)) = self.receive_any(until).await {
            if from == self.to {
                return Some(datagram);
            }
        }
        None
    }

    /// The next datagram from anywhere up to a moment, with its sender.
    pub async fn receive_any(&mut self, until: Instant) -> Option<(SocketAddr, Vec<u8>)> {
        let (from, datagram) = timeout_at(until, self.udp.receive()).await.ok()?.ok()?;
        Some((from, datagram.to_vec()))
    }

    /// All that comes from the target until [`SILENCE`] has passed without anything.
    pub async fn receive_all(&mut self) -> Vec<Vec<u8>> {
        let mut received = Vec::new();
        while let Some(datagram) = self.receive_until(Instant::now() + SILENCE).await {
            received.push(datagram);
        }
        received
    }
}

/// How often a question is asked: a network, or a busy port, may lose a datagram.
const TRIES: u32 = 3;

/// Sends a datagram and waits for the answer to it.
///
/// # Errors
/// The case fails when there is none, however often it is sent.
pub async fn ask(target: &Target, question: &[u8]) -> Outcome<Vec<u8>> {
    let mut port = Port::open(target)?;
    for _ in 0..TRIES {
        target.may_ask().await;
        port.send(question);
        if let Some(answer) = port.receive_until(Instant::now() + PATIENCE / TRIES).await {
            return Ok(answer);
        }
    }
    Err(failed(format!("an answer to {}", show(question)), "silence"))
}

/// Sends datagrams that must not be answered, and behind them one that must, so that silence is not
/// mistaken for a server that is gone or far away: when its answer is here, the others would be.
///
/// # Errors
/// The case fails when one of the first is answered or the last is not.
pub async fn silence(target: &Target, questions: &[Vec<u8>]) -> Outcome {
    target.may_ask().await;
    let mut port = Port::open(target)?;
    for question in questions {
        port.send(question);
    }
    port.send(&cfx_oob::c2s::getinfo(LAST));
    let is_last = |answer: &[u8]| answer.windows(LAST.len()).any(|window| window == LAST);
    let mut until = Instant::now() + PATIENCE;
    let mut is_alive = false;
    while let Some(answer) = port.receive_until(until).await {
        if is_alive || !is_last(&answer) {
            let questions: Vec<_> = questions.iter().map(|question| show(question)).collect();
            return Err(failed(format!("no answer to {}", questions.join(", ")), show(&answer)));
        }
        is_alive = true;
        until = Instant::now() + OVERTAKEN;
    }
    let expected = "an answer to the getinfo behind what must not be answered";
    if is_alive { Ok(()) } else { Err(failed(expected, "silence")) }
}

/// The challenge of the question that must be answered.
const LAST: &[u8] = b"-last-";

/// How far an answer may be overtaken by that to a later question.
const OVERTAKEN: Duration = Duration::from_millis(50);

/// Checks that the server still answers.
///
/// # Errors
/// The case fails when it does not.
pub async fn alive(target: &Target) -> Outcome {
    ask(target, &cfx_oob::c2s::getinfo(b"alive")).await.map(drop)
}
