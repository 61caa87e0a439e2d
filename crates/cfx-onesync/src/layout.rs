//! The widths of fields that depend on the game and on the length hack.

/// The game whose objects are replicated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Game {
    /// Grand Theft Auto V: entity types of 4 bits.
    Gta5,
    /// Red Dead Redemption 2: entity types of 5 bits.
    Rdr3,
}

/// What both ends of a stream must know to read it. The first comes from `gamename`, the second
/// from `onesync_lh` of the control plane's final value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Layout {
    /// Which game.
    pub game: Game,
    /// Whether object ids have 16 bits instead of 13 (once called OneSync Beyond).
    pub length_hack: bool,
}

/// The width of an object id before the length hack, in bits. The bit buffers widen it.
pub(crate) const OBJECT_ID: u32 = 13;

impl Layout {
    /// Bits of an object id.
    pub const fn object_id_bits(self) -> u32 {
        if self.length_hack { 16 } else { OBJECT_ID }
    }

    /// The greatest object id that can be written; writers keep the low bits of a greater one, as
    /// the reference does.
    pub const fn max_object_id(self) -> u16 {
        u16::MAX >> (16 - self.object_id_bits())
    }

    /// Bits of an entity type.
    pub const fn entity_type_bits(self) -> u32 {
        match self.game {
            Game::Gta5 => 4,
            Game::Rdr3 => 5,
        }
    }
}
