//! Events in fragments: what scripts call latent events.
//!
//! | item | is |
//! |---|---|
//! | [`Event`] | name and data, and the payload that is cut up |
//! | [`Fragment`] | a piece of a payload, or the acknowledgement of one |
//! | [`Receiver`] | fragments to payloads, within bounds |
//! | [`Sender`] | payloads to fragments, paced, again until acknowledged |
//!
//! The same messages go both ways. Servers speak only the second version; clients send it to
//! servers from bit version `0x202501010000` on, to others the first. Reference:
//! `citizen-resources-core/src/EventReassemblyComponent.cpp`,
//! `net-packet/include/ReassembledEventPacket.h`. The messages are in [`cfx_game::reassembled`].
//!
//! ```
//! use cfx_onesync::reassembly::{Event, Limits, Received, Receiver, Sender, Version};
//! use core::time::Duration;
//!
//! let event = Event { name: b"bank:history", data: &[7; 5000] };
//! let mut sender = Sender::new(Version::V2, 1 << 20);
//! let mut receiver = Receiver::new(Version::V2, Limits::default());
//! sender.send(event.to_payload(Version::V2).expect("a short name"), 50_000).expect("room");
//!
//! let mut now = Duration::ZERO;
//! loop {
//!     while let Some(fragment) = sender.poll(now) {
//!         let ack = fragment.ack();
//!         let received = receiver.receive(&fragment, now);
//!         sender.acknowledge(&ack);
//!         if let Received::Complete(payload) = received {
//!             assert_eq!(Event::from_payload(&payload, Version::V2), Ok(event));
//!         }
//!     }
//!     let Some(due) = sender.next_due() else { break };
//!     now = now.max(due);
//! }
//! // Three fragments, two pauses of 2047 bytes at 50,000 bytes a second.
//! assert_eq!(now.as_millis(), 81);
//! ```

use cfx_game::reassembled::{FRAGMENT_SIZE, FRAGMENT_SIZE_V2};

mod event;
mod fragment;
mod receiver;
mod sender;

pub use event::Event;
pub use fragment::Fragment;
pub use receiver::{Ignored, Limits, Received, Receiver};
pub use sender::{RESEND_PAUSE, Refused, Sender};

/// Which of the two layouts a peer speaks. They count their events apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Version {
    /// `msgReassembledEvent`: bit-packed.
    V1,
    /// `msgReassembledEventV2`.
    V2,
}

impl Version {
    /// Bytes of every fragment but the last.
    pub const fn fragment_size(self) -> usize {
        match self {
            Self::V1 => FRAGMENT_SIZE,
            Self::V2 => FRAGMENT_SIZE_V2,
        }
    }

    /// The most fragments of an event, by the width of the field that counts them.
    pub const fn max_fragments(self) -> u32 {
        match self {
            Self::V1 => (1 << 17) - 1,
            Self::V2 => (1 << 16) - 1,
        }
    }

    /// The most bytes of an event's payload, 128 MiB and less. The reference takes one fragment
    /// more, counts it as 0 and sends that event forever to a receiver that ignores it.
    pub const fn max_payload(self) -> usize {
        self.fragment_size() * self.max_fragments() as usize
    }
}
