//! Messages of the `CitizenFX` (FiveM/RedM) game channel: what `ENet` packets carry.
//!
//! | module | holds | type | direction |
//! |---|---|---|---|
//! | [`frame`] | the frame around every message, its type, the names of the types | any | both |
//! | [`c2s`], [`s2c`] | all messages of a direction, as an enum | any | |
//! | [`handshake`] | [`handshake::c2s::ConnectHandshake`], [`handshake::s2c::ConnectOk`] | 1 | both |
//! | [`keep_alive`] | [`keep_alive::KeepAlive`] | `msgEnd` | both |
//! | [`quit`] | [`quit::Quit`] | `msgIQuit` | c2s |
//! | [`server_frame`] | [`server_frame::ServerFrame`] | `msgFrame` | s2c |
//! | [`host`] | [`host::c2s::IHost`], [`host::s2c::IHost`] | `msgIHost` | both |
//! | | [`host::c2s::HeHost`] | `msgHeHost` | c2s |
//! | [`event`] | [`event::ServerEvent`] | `msgServerEvent` | c2s |
//! | | [`event::NetEvent`] | `msgNetEvent` | s2c |
//! | [`reassembled`] | [`reassembled::ReassembledEvent`] | `msgReassembledEvent` | both |
//! | | [`reassembled::ReassembledEventV2`] | `msgReassembledEventV2` | both |
//! | [`command`] | [`command::ServerCommand`] | `msgServerCommand` | c2s |
//! | [`con_vars`] | [`con_vars::ConVars`] | `msgConVars` | s2c |
//! | [`resource`] | [`resource::ResStart`], [`resource::ResStop`] | `msgResStart`, `msgResStop` | s2c |
//! | [`state_bag`] | [`state_bag::StateBag`] | `msgStateBag` | both |
//! | | [`state_bag::StateBagV2`] | `msgStateBagV2` | both |
//! | [`time_sync`] | [`time_sync::TimeSyncReq`] | `msgTimeSyncReq` | c2s |
//! | | [`time_sync::TimeSync`] | `msgTimeSync` | s2c |
//! | [`object_ids`] | [`object_ids::RequestObjectIds`] | `msgRequestObjectIds` | c2s |
//! | | [`object_ids::ObjectIds`] | `msgObjectIds` | s2c |
//! | [`route`] | [`route::c2s::Route`], [`route::s2c::Route`] | `msgRoute` | both |
//! | [`packed`] | [`packed::PackedClones`], [`packed::PackedAcks`] | `msgPackedClones`, `msgPackedAcks` | s2c |
//! | [`game_state`] | [`game_state::GameStateAck`] | `gameStateAck` | c2s |
//! | | [`game_state::GameStateNack`] | `gameStateNAck` | c2s |
//! | [`game_event`] | [`game_event::c2s::NetGameEvent`], [`game_event::s2c::NetGameEvent`] | `msgNetGameEvent` | both |
//! | | [`game_event::c2s::NetGameEventV2`], [`game_event::s2c::NetGameEventV2`] | `msgNetGameEventV2` | both |
//! | [`array_update`] | [`array_update::c2s::ArrayUpdate`], [`array_update::s2c::ArrayUpdate`] | `msgArrayUpdate` | both |
//! | [`world_grid`] | [`world_grid::WorldGrid`] | `msgWorldGrid3` | s2c |
//! | [`rpc_native`] | [`rpc_native::RpcNative`] | `msgRpcNative` | s2c |
//! | [`list`] | lists of fixed-size items inside messages | | |
//!
//! Any other packet arrives as [`frame::Frame`], its bytes untouched. Four names have a
//! [`MessageType`](frame::MessageType) and no payload of their own, as the reference neither sends
//! nor reads them: `msgConfirm`, `msgEntityCreate`, `msgPaymentRequest`, `msgRpcEntityCreation`.
//!
//! # What is accepted
//! A payload is accepted when its length lies within the bounds that its receiver sets
//! ([`MIN_SIZE`](cfx_wire::Decode::MIN_SIZE), [`MAX_SIZE`](cfx_wire::Decode::MAX_SIZE)) and every
//! field fits; bytes behind the last field are ignored (reference:
//! `net-base/include/PacketHandler.h`). Where the reference reads on in uninitialised memory, loops
//! for ever or overruns, this crate says error, and the message's page says where.
//! [`from_slice_strict`](cfx_wire::Decode::from_slice_strict) refuses what no honest peer sends.
//!
//! Bytes and lists are borrowed from the packet. Only a handshake, whose form may be escaped, and
//! the first version of a reassembled event, which lies across bytes, are copied.
//!
//! # What is written
//! A field that is longer than its length can tell is cut, so that what is written is always well
//! formed. A field that is only longer than its receiver accepts is written: the constant beside
//! the message says how long it may be.
//!
//! # Adding a message
//! 1. A file with the payload's struct and its [`Decode`](cfx_wire::Decode) (the receiver's bounds
//!    with it), [`Encode`](cfx_wire::Encode) and [`Payload`](frame::Payload). Where the directions
//!    differ in layout, a struct in each of its `c2s` and `s2c` modules.
//! 2. A variant and one line in `read`, `kind` and the two of `Encode`, in [`c2s`], [`s2c`] or both.
//! 3. A row in the table above, and the fields as JSON in `tests/vectors/fields.rs`.
//!
//! ```
//! use cfx_game::frame::Payload;
//! use cfx_game::handshake::s2c::ConnectOk;
//! use cfx_game::s2c::Message;
//! use cfx_wire::Decode;
//!
//! let ok = ConnectOk {
//!     net_id: 1, host_net_id: -1, host_base: -1, slot_id: 128, server_time: 1_767_024_900_123,
//! };
//! let packet = ok.to_packet();
//! assert_eq!(packet, b"\x01\0\0\0 1 -1 -1 128 1767024900123");
//! assert_eq!(Message::from_slice(&packet), Ok(Message::ConnectOk(ok)));
//! // The client keeps ids in 16 bits, so no host shows as 65535 in its log.
//! assert_eq!(ok.host_net_id_u16(), 65535);
//! ```
#![no_std]

extern crate alloc;

pub mod array_update;
pub mod c2s;
pub mod command;
pub mod con_vars;
pub mod event;
mod fields;
pub mod frame;
pub mod game_event;
pub mod game_state;
pub mod handshake;
pub mod host;
pub mod keep_alive;
pub mod list;
pub mod object_ids;
pub mod packed;
pub mod quit;
pub mod reassembled;
pub mod resource;
pub mod route;
pub mod rpc_native;
pub mod s2c;
pub mod server_frame;
pub mod state_bag;
pub mod time_sync;
pub mod world_grid;
