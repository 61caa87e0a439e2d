//! `statusResponse`, the answer to `getstatus`.

use bytes::BufMut;
use cfx_wire::{DecodeError, Encode, ErrorKind, info};
use nom::Parser;
use nom::bytes::complete::tag;
use nom::character::complete::{char, i32};
use nom::sequence::terminated;

use super::Response;
use super::info::check;

/// `statusResponse\n`, a line with counts, a line for each player, then the server's variables
/// without a newline (SPEC OOB-7).
///
/// No part of it is escaped. The variables begin behind the last newline, so that a newline in a
/// player's name, which the player chooses, cannot put variables of its own before the server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusResponse<'a> {
    /// The first line, an info string with `sv_maxclients` and `clients`, without its newline.
    pub info: &'a [u8],
    /// The lines of the players, each with its newline; empty when the server lists none.
    pub player_lines: &'a [u8],
    /// The server-info variables as an info string, possibly empty.
    pub variables: &'a [u8],
}

/// One line of the player list: `<score> <ping> "<name>"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Player<'a> {
    /// Always 0 from the reference.
    pub score: i32,
    /// In milliseconds by convention; always 0 from the reference.
    pub ping: i32,
    /// The name between the first quote and the last, quotes in it not escaped.
    pub name: &'a [u8],
}

impl<'a> StatusResponse<'a> {
    /// Reads what follows `statusResponse\n`. Never fails: without a newline there is only the
    /// first line.
    pub(super) fn parse(text: &'a [u8]) -> Self {
        let is_newline = |byte: &u8| *byte == b'\n';
        let end = text.iter().position(is_newline).unwrap_or(text.len());
        let (info, rest) = text.split_at(end);
        let rest = rest.get(1..).unwrap_or_default();
        let players_end = rest.iter().rposition(is_newline).map_or(0, |at| at + 1);
        let (player_lines, variables) = rest.split_at(players_end);
        Self { info, player_lines, variables }
    }

    /// Reads the same text, which begins at `offset` of its message, and refuses a line that is no
    /// player and an info string that is not whole.
    pub(super) fn parse_strict(text: &'a [u8], offset: usize) -> Result<Self, DecodeError> {
        let status = Self::parse(text);
        let players_at = offset + status.info.len() + 1;
        let variables_at = players_at + status.player_lines.len();
        check(status.info, offset)?;
        if players_at > offset + text.len() {
            let kind = ErrorKind::Incomplete { needed: 1 };
            return Err(DecodeError::new("players", offset + text.len(), kind));
        }
        if status.lines().any(|line| player(line).is_none()) {
            let kind = ErrorKind::Malformed("a line that is no player");
            return Err(DecodeError::new("players", players_at, kind));
        }
        if !status.variables.is_empty() {
            check(status.variables, variables_at)?;
        }
        Ok(status)
    }

    /// The players in the server's order; lines that are none are left out.
    pub fn players(&self) -> impl Iterator<Item = Player<'a>> + use<'a> {
        self.lines().filter_map(player)
    }

    /// The value of a server-info variable, empty when it is missing; names are compared without
    /// regard to ASCII case.
    pub fn variable(&self, name: &[u8]) -> &'a [u8] {
        info::value(self.variables, name)
    }

    fn lines(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let is_newline = |byte: &u8| *byte == b'\n';
        self.player_lines
            .split_inclusive(is_newline)
            .map(|line| line.strip_suffix(b"\n").unwrap_or(line))
    }
}

fn player(line: &[u8]) -> Option<Player<'_>> {
    let head: nom::IResult<_, _> =
        (terminated(i32, char(' ')), terminated(i32, tag(&b" \""[..]))).parse(line);
    let (tail, (score, ping)) = head.ok()?;
    Some(Player { score, ping, name: tail.strip_suffix(b"\"")? })
}

impl Encode for StatusResponse<'_> {
    fn encoded_len(&self) -> usize {
        Response::Status(*self).encoded_len()
    }

    fn encode(&self, out: &mut impl BufMut) {
        Response::Status(*self).encode(out);
    }
}
