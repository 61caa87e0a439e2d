//! Bit versions: what the game channel of a server can do (SPEC HTTP-17).
//!
//! A bit version is a date, each decimal digit in four bits: year (16 bits), month, day, hour and
//! minute (8 bits each). The final value of `initConnect` carries the server's as `bitVersion`.
//! Reference: `net-base/include/NetBitVersion.h`.

/// The first that clients still talk to.
pub const FIRST: u64 = 0x2021_0329_2050;
/// State bags may come as `msgStateBagV2`.
pub const STATE_BAG_V2: u64 = 0x2024_0501_0000;
/// `onesync_population` means something.
pub const ONESYNC_POPULATION: u64 = 0x2024_0701_0000;
/// Game events may come as `msgNetGameEventV2`.
pub const GAME_EVENT_V2: u64 = 0x2024_0801_0000;
/// Reassembled events may come as `msgReassembledEventV2`.
pub const REASSEMBLED_EVENT_V2: u64 = 0x2025_0101_0000;
/// What a server of today sends.
pub const CURRENT: u64 = REASSEMBLED_EVENT_V2;

/// Whether a server of bit version `server` has what came with `feature`.
///
/// ```
/// use cfx_control::bit_version::{CURRENT, FIRST, STATE_BAG_V2, supports};
/// assert!(supports(CURRENT, STATE_BAG_V2));
/// assert!(!supports(FIRST, STATE_BAG_V2));
/// ```
pub const fn supports(server: u64, feature: u64) -> bool {
    server >= feature
}

/// Whether a client refuses a server of this bit version: one that is named, and below [`FIRST`].
pub const fn is_outdated(server: u64) -> bool {
    server != 0 && server < FIRST
}
