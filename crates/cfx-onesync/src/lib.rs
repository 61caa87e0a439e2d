//! OneSync of the `CitizenFX` (FiveM/RedM) protocol: how a server and its clients keep the game's
//! objects alike.
//!
//! | module | holds |
//! |---|---|
//! | [`bits`] | [`bits::BitReader`], [`bits::BitWriter`], [`bits::Bits`]: fields of any width, most significant bit first |
//! | [`layout`] | [`layout::Layout`]: the widths that game and length hack decide |
//! | [`block`] | LZ4 blocks: [`block::Inflater`] with its 16 KiB bound, [`block::compress`] |
//! | [`dictionary`] | [`dictionary::Dictionary`], the preset dictionary of client streams |
//! | [`route`] | the payload of a client's `msgRoute` to the server: `netClones` and `netAcks` |
//! | [`stream`] | [`stream::Records`]: the records of an inflated body, one by one |
//! | [`clones`] | create, sync, remove, take-over and time records, by direction |
//! | [`acks`] | what answers them, by direction |
//! | [`data`] | [`data::Data`]: the object's state inside a clone record |
//! | [`writer`] | packets and payloads of records: fragmented, compressed, always closed |
//! | [`state_bag`] | [`state_bag::StateBagV1`]: what `msgStateBag`, the bit-packed first version, holds |
//! | [`reassembly`] | events in fragments: [`reassembly::Receiver`], [`reassembly::Sender`] |
//!
//! The messages themselves are `cfx-game`'s: `msgPackedClones` and `msgPackedAcks` with their frame
//! index, `msgRoute`, the fragments of events, and what of OneSync is whole bytes (object ids,
//! `gameStateAck`, `gameStateNAck`, state bags of the second version, the world grid).
//!
//! The crate is `no_std` (with `alloc`), has no `unsafe`, and never panics on input. A body is
//! inflated into a buffer that is kept, its records borrow from it, and nothing is allocated for
//! each of them.
//!
//! ```
//! use cfx_game::packed::PackedClones;
//! use cfx_onesync::block::Inflater;
//! use cfx_onesync::clones::{self, s2c::Record};
//! use cfx_onesync::data::{Data, MAX_DATA};
//! use cfx_onesync::layout::{Game, Layout};
//! use cfx_onesync::writer::ClonesWriter;
//! use cfx_wire::Decode;
//!
//! let layout = Layout { game: Game::Gta5, length_hack: false };
//! let sync = Record::Sync(clones::s2c::Sync {
//!     object_id: 513,
//!     client_id: 2,
//!     uniqifier: 40_000,
//!     dependent_frame_index: 7,
//!     timestamp: 123_456,
//!     data: Data::new(b"node data").expect("at most 4095 bytes"),
//! });
//!
//! // A server's frame: packets are closed as they fill up, and the last one always.
//! let mut writer = ClonesWriter::new(layout, 8);
//! assert_eq!(writer.push(&sync), None);
//! let packet = writer.finish();
//!
//! // The client's side.
//! let clones = PackedClones::from_slice(&packet[4..])?;
//! assert_eq!((clones.frame_index.frame(), clones.frame_index.is_last()), (8, true));
//! let mut inflater = Inflater::new();
//! let mut buffer = [0; MAX_DATA];
//! for record in clones::s2c::records(inflater.inflate(clones.block)?, layout) {
//!     assert_eq!(record, sync);
//!     let Record::Sync(sync) = record else { continue };
//!     assert_eq!(sync.data.bytes(&mut buffer), b"node data");
//! }
//! # Ok::<(), cfx_wire::DecodeError>(())
//! ```
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod acks;
pub mod bits;
pub mod block;
pub mod clones;
pub mod data;
pub mod dictionary;
pub mod layout;
pub mod reassembly;
pub mod route;
pub mod state_bag;
pub mod stream;
pub mod writer;
