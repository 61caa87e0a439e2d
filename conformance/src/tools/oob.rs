//! Out-of-band datagrams.

use std::net::SocketAddr;

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

    /// Sends a datagram.
    pub fn send(&self, datagram: &[u8]) {
        self.udp.send(self.to, datagram);
    }

    /// The next datagram from the target up to a moment.
    pub async fn receive_until(&mut self, until: Instant) -> Option<Vec<u8>> {
        while let Ok(Ok((from, datagram))) = timeout_at(until, self.udp.receive()).await {
            if from == self.to {
                return Some(datagram.to_vec());
            }
        }
        None
    }
}

/// Sends one datagram and waits for the answer to it.
///
/// # Errors
/// The case fails when there is none.
pub async fn ask(target: &Target, question: &[u8]) -> Outcome<Vec<u8>> {
    target.may_ask().await;
    let mut port = Port::open(target)?;
    port.send(question);
    let answer = port.receive_until(Instant::now() + PATIENCE).await;
    answer.ok_or_else(|| failed(format!("an answer to {}", show(question)), "silence"))
}

/// Sends one datagram that must not be answered, and then one that must, so that silence is not
/// mistaken for a server that is gone.
///
/// # Errors
/// The case fails when the first is answered or the second is not.
pub async fn ask_in_vain(target: &Target, question: &[u8]) -> Outcome {
    target.may_ask().await;
    let mut port = Port::open(target)?;
    port.send(question);
    if let Some(answer) = port.receive_until(Instant::now() + SILENCE).await {
        return Err(failed(format!("no answer to {}", show(question)), show(&answer)));
    }
    alive(target).await
}

/// Checks that the server still answers.
///
/// # Errors
/// The case fails when it does not.
pub async fn alive(target: &Target) -> Outcome {
    ask(target, &cfx_oob::c2s::getinfo(b"alive")).await.map(drop)
}
