//! Games, and the builds of them that clients run.

use cfx_wire::number::{is_space, strtol};

use crate::texts::server;

/// A game that servers and clients are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Game {
    /// Grand Theft Auto IV.
    Gta4,
    /// Grand Theft Auto V: `FiveM`.
    Gta5,
    /// Red Dead Redemption 2: `RedM`.
    Rdr3,
}

impl Game {
    /// The name in `gameName`, `gamename` and a ticket's `gn`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gta4 => "gta4",
            Self::Gta5 => "gta5",
            Self::Rdr3 => "rdr3",
        }
    }

    /// The game of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Gta4, Self::Gta5, Self::Rdr3].into_iter().find(|game| game.name() == name)
    }

    /// Whether a server for this game takes a client whose `gameName` is `client`: the same name, or
    /// none for gta5, whose oldest clients sent none (SPEC HTTP-11).
    pub fn accepts(self, client: &[u8]) -> bool {
        client == self.name().as_bytes() || (self == Self::Gta5 && client.is_empty())
    }

    /// The build that a client runs when nothing says otherwise, and the lowest
    /// `sv_defaultGameBuild` that it follows. Reference: `CrossBuildRuntime.h`.
    pub const fn default_build(self) -> i32 {
        match self {
            Self::Gta4 => 43,
            Self::Gta5 => 3258,
            Self::Rdr3 => 1491,
        }
    }

    /// The builds that a client knows; build 1 of gta5 is one without any downloadable content.
    /// Reference: `premake5_builds.lua`, June 2026.
    pub const fn builds(self) -> &'static [i32] {
        match self {
            Self::Gta4 => &[43],
            Self::Gta5 => &[
                1, 1604, 2060, 2189, 2372, 2545, 2612, 2699, 2802, 2944, 3095, 3258, 3323, 3407,
                3570, 3751, 3788,
            ],
            Self::Rdr3 => &[1311, 1355, 1436, 1491],
        }
    }

    /// The revision that client and server must agree on for `build`: 0 unless the reference's
    /// table (`CrossBuildRuntime.h`) says otherwise.
    pub fn revision(self, build: i32) -> i32 {
        const REVISIONS: [(Game, i32, i32); 1] = [(Game::Rdr3, 1491, 0)];
        let entry = REVISIONS.into_iter().find(|entry| (entry.0, entry.1) == (self, build));
        entry.map_or(0, |entry| entry.2)
    }
}

/// A game build, as `gameBuild` gives it: `N`, or `N_R` with a revision above 0 (SPEC HTTP-15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GameBuild {
    /// The build, such as 3258.
    pub build: i32,
    /// The revision, 0 when there is none.
    pub revision: i32,
}

impl GameBuild {
    /// Reads `gameBuild` as the server does: by C's `sscanf("%d_%d")`, both 0 where nothing is to be
    /// read; text of 32 bytes or more is not looked at.
    ///
    /// ```
    /// use cfx_control::game::GameBuild;
    /// assert_eq!(GameBuild::parse(b"3258"), GameBuild { build: 3258, revision: 0 });
    /// assert_eq!(GameBuild::parse(b" 2060_ 2x"), GameBuild { build: 2060, revision: 2 });
    /// assert_eq!(GameBuild::parse(b"latest"), GameBuild::default());
    /// ```
    pub fn parse(field: &[u8]) -> Self {
        if field.len() >= 32 {
            return Self::default();
        }
        let Some((build, rest)) = scan(field) else { return Self::default() };
        let revision = rest.strip_prefix(b"_").and_then(scan).map_or(0, |(revision, _)| revision);
        Self { build: cut(build), revision: cut(revision) }
    }

    /// The field as a client writes it.
    pub fn field(self) -> String {
        if self.revision > 0 {
            format!("{}_{}", self.build, self.revision)
        } else {
            self.build.to_string()
        }
    }
}

/// The server's checks of `gameBuild`, in its order (SPEC HTTP-15). `field` is the client's, if it
/// sent one; `enforced` is `sv_enforceGameBuild`, where empty text enforces nothing.
///
/// # Errors
/// The text of the refusal. A gta4 server refuses nothing.
pub fn check_build(game: Game, field: Option<&[u8]>, enforced: &str) -> Result<GameBuild, String> {
    let field = field.unwrap_or(b"0");
    let given = GameBuild::parse(field);
    if game == Game::Gta4 {
        return Ok(given);
    }
    if given == GameBuild::default() {
        return Err(server::invalid_build(&String::from_utf8_lossy(field)));
    }
    if !enforced.is_empty() && enforced != given.build.to_string() {
        return Err(server::other_build(game, enforced, given.build));
    }
    let expected = game.revision(given.build);
    if expected != given.revision {
        return Err(server::other_revision(given.build, given.revision, expected));
    }
    Ok(given)
}

/// A decimal number as `%d` finds it, after white space, and what follows it; nothing where there is
/// no digit.
fn scan(text: &[u8]) -> Option<(i64, &[u8])> {
    let start = text.iter().position(|byte| !is_space(*byte))?;
    let digits = start + usize::from(matches!(text[start], b'-' | b'+'));
    let end = text.iter().skip(digits).position(|byte| !byte.is_ascii_digit());
    let end = end.map_or(text.len(), |length| digits + length);
    (end > digits).then(|| (strtol(&text[..end]), &text[end..]))
}

/// C++'s `std::stoi`: nothing where it throws.
pub(crate) fn stoi(text: &str) -> Option<i32> {
    scan(text.as_bytes()).and_then(|(value, _)| i32::try_from(value).ok())
}

#[expect(clippy::cast_possible_truncation, reason = "sscanf stores the low bits")]
const fn cut(value: i64) -> i32 {
    value as i32
}
