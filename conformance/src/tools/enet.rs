//! ENet datagrams of the case's own making (SPEC ENET-2; ENet 1.3's `protocol.h`).

use cfx_net::enet::wire;
use tokio::time::Instant;

use super::oob::{Port, show};
use crate::case::{Outcome, failed};
use crate::target::{PATIENCE, SILENCE};

/// A CONNECT, as a client would send it, with two of its fields open.
#[derive(Debug, Clone, Copy)]
pub struct Connect {
    /// The hash of a token.
    pub data: u32,
    /// What tells this try from others.
    pub id: u32,
    /// How many channels it asks for.
    pub channels: u32,
    /// Its MTU.
    pub mtu: u32,
}

impl Connect {
    /// With the client's two channels and MTU.
    pub const fn new(data: u32, id: u32) -> Self {
        Self { data, id, channels: 2, mtu: 1300 }
    }

    /// The datagram, of 52 bytes.
    pub fn datagram(self) -> Vec<u8> {
        // No peer yet, sent at 0; CONNECT, acknowledged, on channel FF, number 1; our peer 0, no
        // session yet.
        let mut datagram = vec![0x8F, 0xFF, 0, 0, 0x82, 0xFF, 0, 1, 0, 0, 0xFF, 0xFF];
        let (window, throttle) = (65_536, [5000, 2, 2]);
        let fields = [self.mtu, window, self.channels, 0, 0].into_iter().chain(throttle);
        for field in fields.chain([self.id, self.data]) {
            datagram.extend(field.to_be_bytes());
        }
        datagram
    }
}

/// What a server answers to a CONNECT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verify {
    /// The whole datagram.
    pub datagram: Vec<u8>,
    /// Our number at the server.
    pub peer: u16,
    /// The session that we have to name.
    pub session: u8,
    /// How many channels there are.
    pub channels: u32,
    /// The MTU.
    pub mtu: u32,
    /// The id of the CONNECT.
    pub id: u32,
}

impl Verify {
    fn read(datagram: &[u8]) -> Option<Self> {
        let header = wire::header(datagram)?;
        let (command, _) = wire::split_command(datagram.get(header.length..)?)?;
        if command.number != wire::command::VERIFY_CONNECT {
            return None;
        }
        let number =
            |at: usize| command.bytes.get(at..)?.first_chunk().copied().map(u32::from_be_bytes);
        let [peer_high, peer_low, _, session] = number(4)?.to_be_bytes();
        Some(Self {
            datagram: datagram.to_vec(),
            peer: u16::from_be_bytes([peer_high, peer_low]),
            session,
            channels: number(16)?,
            mtu: number(8)?,
            id: number(40)?,
        })
    }

    /// Ends the connection before it stands. ENet tells nobody of that.
    pub fn give_up(&self, port: &Port) {
        let header = (self.peer | u16::from(self.session & 3) << 12).to_be_bytes();
        port.send(&[&header[..], &[0x44, 0xFF, 0, 0, 0, 0, 0, 0]].concat());
    }
}

/// Sends a CONNECT and waits for its `VERIFY_CONNECT`.
///
/// # Errors
/// The case fails when none or something else comes.
pub async fn verified(port: &mut Port, connect: Connect) -> Outcome<Verify> {
    port.send(&connect.datagram());
    let expected = "VERIFY_CONNECT, as the CONNECT's data is the hash of a token";
    let answer = port.receive_until(Instant::now() + PATIENCE).await;
    let answer = answer.ok_or_else(|| failed(expected, "silence"))?;
    Verify::read(&answer).ok_or_else(|| failed(expected, show(&answer)))
}

/// Sends a CONNECT that must not be answered at all.
///
/// # Errors
/// The case fails when anything comes.
pub async fn unanswered(port: &mut Port, connect: Connect, why: &str) -> Outcome {
    port.send(&connect.datagram());
    match port.receive_until(Instant::now() + SILENCE).await {
        None => Ok(()),
        Some(answer) => {
            let verify = Verify::read(&answer);
            // What is half open now must not stand in the way of the next case.
            if let Some(verify) = &verify {
                verify.give_up(port);
            }
            let what = verify.map_or("", |_| "VERIFY_CONNECT ");
            let received = format!("{what}{}", show(&answer));
            Err(failed(format!("no answer at all to a CONNECT {why}"), received))
        }
    }
}

/// Datagrams that no honest peer sends, beginning with this header.
pub fn malformed(header: [u8; 2]) -> Vec<Vec<u8>> {
    let with = |commands: &[u8]| [&header[..], commands].concat();
    let mut all = vec![Vec::new(), vec![0], header.to_vec(), vec![header[0] | 0x80, header[1], 0]];
    // Every command number, cut short and with no more than its header.
    for number in 0..16 {
        all.push(with(&[number]));
        all.push(with(&[number, 0, 0, 1]));
        // Of DISCONNECT that would be all.
        if number != wire::command::DISCONNECT {
            all.push(with(&[number, 0xFF, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF]));
        }
    }
    // A length past the end.
    for number in [6, 7, 8, 9, 12] {
        all.push(with(&[number, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3]));
    }
    // Channels that are not there.
    all.push(with(&[6, 200, 0, 1, 0, 1, 0]));
    // Fragments: count, number, length of the packet, place in it.
    let most = u32::MAX;
    for [count, number, total, offset] in [
        [most, 0, most, 0],
        [most, most, most, most],
        [1 << 20, 0, 32 << 20, 0],
        [2, 1, 8, most],
        [2, 1, 8, 6],
        [2, 7, 8, 0],
        [0, 0, 0, 0],
        [1, 0, 0, 0],
        [2, 0, 1 << 31, 1 << 31],
    ] {
        for command in [8, 12] {
            let mut fragment = vec![command, 0, 0, 9, 0, 1, 0, 4];
            for field in [count, number, total, offset] {
                fragment.extend(field.to_be_bytes());
            }
            fragment.extend(b"abcd");
            all.push(with(&fragment));
        }
    }
    // What only a server, or only the first datagram, says; limits of nothing.
    all.push(with(&[&[3, 0xFF, 0, 1][..], &[0; 40]].concat()));
    all.push(with(&[&[2, 0xFF, 0, 1][..], &[0; 44]].concat()));
    all.push(with(&[&[10, 0xFF, 0, 1][..], &[0; 8]].concat()));
    // Compressed, and of another session.
    all.push([&[header[0] | 0x40, header[1]][..], &[5, 0xFF, 0, 1]].concat());
    all.push([&[header[0] ^ 0x10, header[1]][..], &[5, 0xFF, 0, 1]].concat());
    // Noise, the same in each run; the last is longer than any MTU.
    let mut state = 0x2545_F491_u32;
    for length in [3, 17, 64, 300, 1200, 1472, 4095, 4097, 9000] {
        let noise = core::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_le_bytes()[1]
        });
        all.push(with(&noise.take(length).collect::<Vec<_>>()));
    }
    all
}
