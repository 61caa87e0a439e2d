//! What a datagram must look like before an ENet host sees it.
//!
//! ENet takes commands one by one and stops at the first that it dislikes. Here the whole datagram
//! is dropped if anything in it is wrong, since no honest peer sends such a thing. Besides lengths,
//! two things are checked that ENet does not check:
//!
//! - Fragments must tile their packet. ENet counts fragments and copies each to where it says it
//!   belongs, so that two at the same place complete a packet whose rest was never written, and
//!   delivers whatever was in that memory. A sender cuts every packet of a connection into pieces
//!   of the same size, so the first fragment seen fixes the size, and every other must lie at its
//!   number times that size and, but for the last, be as long.
//! - `VERIFY_CONNECT` must name as many channels as were asked for: `rusty_enet` frees memory with
//!   the wrong size after it was told fewer.

use super::wire::{self, Command, ConnectRequest, Fragment, command};

/// Why a datagram was dropped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// It came from port 0, where no answer can be sent.
    Port,
    /// It is longer than the MTU.
    Length,
    /// It is too short for a header, or compressed.
    Header,
    /// It names a peer that is not connected, or not from that address.
    Peer,
    /// A command is unknown or does not fit into the datagram.
    Command,
    /// A command stands where ENet never sends it, or carries a value that it never has.
    Value,
    /// A fragment does not fit its packet or the other fragments.
    Fragment,
    /// A fragment's packet is longer than allowed.
    Packet,
    /// Too many connections are half open, in all or from this address.
    HalfOpen,
    /// The gate did not admit the connection.
    NotAdmitted,
    /// The caller has not polled, and as much is queued as the host is willing to keep.
    Queue,
}

/// What commands from a peer may hold.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The longest packet, in bytes.
    pub max_packet: usize,
    /// The channels of our CONNECT, if this connection is one of ours: only then `VERIFY_CONNECT` is
    /// expected, with that number.
    pub channels: Option<u8>,
}

/// What passed the filter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Passed {
    /// A DISCONNECT is among the commands.
    pub disconnects: bool,
    /// The size of this connection's fragments, as far as known now.
    pub fragment_size: Option<u32>,
}

/// Checks the commands of a datagram from a known peer; `fragment_size` is what the datagrams
/// before it told.
///
/// # Errors
///
/// The first reason found to drop the datagram.
pub fn commands(
    commands: &[u8],
    rules: Rules,
    fragment_size: Option<u32>,
) -> Result<Passed, Refusal> {
    let mut passed = Passed { disconnects: false, fragment_size };
    let mut rest = commands;
    while !rest.is_empty() {
        let (command, after) = wire::split_command(rest).ok_or(Refusal::Command)?;
        check(&command, rules, &mut passed)?;
        rest = after;
    }
    Ok(passed)
}

fn check(command: &Command<'_>, rules: Rules, passed: &mut Passed) -> Result<(), Refusal> {
    match command.number {
        command::CONNECT => Err(Refusal::Value),
        command::VERIFY_CONNECT => {
            let asked = rules.channels.map(u32::from);
            if asked.is_none() || wire::verified_channels(command) != asked {
                return Err(Refusal::Value);
            }
            Ok(())
        }
        command::DISCONNECT => {
            passed.disconnects = true;
            Ok(())
        }
        command::SEND_FRAGMENT | command::SEND_UNRELIABLE_FRAGMENT => {
            let fragment = wire::fragment(command).ok_or(Refusal::Command)?;
            if usize::try_from(fragment.total).is_ok_and(|total| total <= rules.max_packet) {
                check_fragment(fragment, &mut passed.fragment_size)
            } else {
                Err(Refusal::Packet)
            }
        }
        _ => Ok(()),
    }
}

fn check_fragment(fragment: Fragment, known_size: &mut Option<u32>) -> Result<(), Refusal> {
    let size = implied_size(fragment).ok_or(Refusal::Fragment)?;
    // A packet in one piece fits any size and tells none.
    if fragment.count == 1 {
        return Ok(());
    }
    match *known_size {
        Some(known) if known != size => Err(Refusal::Fragment),
        _ => {
            *known_size = Some(size);
            Ok(())
        }
    }
}

/// The size into which a packet was cut that has this fragment; `None` if there is no such size.
fn implied_size(fragment: Fragment) -> Option<u32> {
    let Fragment { length, count, number, total, offset } = fragment;
    let last = count.checked_sub(1)?;
    if length == 0 || number > last {
        return None;
    }
    let size = if number < last || last == 0 { length } else { offset / number };
    if size == 0 || total.div_ceil(size) != count || number.checked_mul(size)? != offset {
        return None;
    }
    // What is left of the packet is a whole piece, except for the last.
    (length == total.checked_sub(offset)?.min(size)).then_some(size)
}

/// Checks a datagram from a sender without a peer number, which can only open a connection. Gives
/// what it asks for, and the part of the datagram to pass on: commands behind CONNECT are cut off,
/// since no honest peer sends any and ENet takes none before the connection stands.
///
/// # Errors
///
/// The reason to drop the datagram.
pub fn connect(datagram: &[u8]) -> Result<(ConnectRequest, &[u8]), Refusal> {
    let header = wire::header(datagram).ok_or(Refusal::Header)?;
    let request = wire::connect_request(datagram).ok_or(Refusal::Command)?;
    // Peers are numbered below the number that stands for none, channels are 1 to 255.
    if request.peer >= wire::NO_PEER || !(1..=255).contains(&request.channels) {
        return Err(Refusal::Value);
    }
    let commands = datagram.get(header.length..).ok_or(Refusal::Header)?;
    let (command, _) = wire::split_command(commands).ok_or(Refusal::Command)?;
    let passed = datagram.get(..header.length + command.bytes.len()).ok_or(Refusal::Command)?;
    Ok((request, passed))
}

#[cfg(test)]
mod tests {
    use super::{Fragment, check_fragment, implied_size};
    use proptest::prelude::*;

    /// Fragment `number` of a packet of `total` bytes cut into pieces of `size`.
    fn cut(total: u32, size: u32, number: u32) -> Fragment {
        let offset = number * size;
        let length = size.min(total - offset);
        Fragment { length, count: total.div_ceil(size), number, total, offset }
    }

    #[test]
    fn refuses_what_leaves_a_hole() {
        // Two fragments at the same place: 100 bytes, 60 of them never written.
        let twice = Fragment { length: 40, count: 2, number: 1, total: 100, offset: 0 };
        assert_eq!(implied_size(twice), None);
        // Each fits a packet of two pieces, but not of the same size: bytes 50 to 98 stay unwritten.
        let (first, last) = (cut(100, 50, 0), cut(100, 99, 1));
        let mut size = None;
        assert!(check_fragment(first, &mut size).is_ok());
        assert!(check_fragment(last, &mut size).is_err());
        assert_eq!(size, Some(50));
    }

    proptest! {
        #[test]
        fn takes_every_packet_that_is_cut_evenly(
            total in 2_u32..600_000,
            size in 1_u32..5000,
            backwards in any::<bool>(),
        ) {
            prop_assume!(size < total && total.div_ceil(size) < 2000);
            let count = total.div_ceil(size);
            let mut known = None;
            for step in 0..count {
                let number = if backwards { count - 1 - step } else { step };
                prop_assert!(check_fragment(cut(total, size, number), &mut known).is_ok());
                prop_assert_eq!(known, Some(size));
            }
        }

        #[test]
        fn what_it_takes_covers_the_packet(
            fragments in prop::collection::vec((0_u32..40, 0_u32..6, 0_u32..40), 1..200),
            count in 1_u32..6,
            total in 1_u32..40,
        ) {
            let mut written = vec![false; total as usize];
            let mut seen = std::collections::HashSet::new();
            let mut known = None;
            for (length, number, offset) in fragments {
                let fragment = Fragment { length, count, number, total, offset };
                if check_fragment(fragment, &mut known).is_ok() {
                    prop_assert!(offset + length <= total);
                    seen.insert(number);
                    written[offset as usize..(offset + length) as usize].fill(true);
                }
            }
            // ENet delivers once it has seen every number: by then every byte is written.
            if seen.len() == count as usize {
                prop_assert!(written.iter().all(|written| *written));
            }
        }
    }
}
