//! Which of the server's frames are missing (reference: `CloneManagerLocal::HandleCloneSync`).

use cfx_game::game_state::MissingFrames;
use cfx_game::packed::FrameIndex;

/// The place in the sequence of frames and their fragments.
#[derive(Debug, Default)]
pub(super) struct Sequence {
    /// The latest fragment. As in the reference, a frame of the number 0 counts as none.
    last: Option<FrameIndex>,
    /// All fragments of its frame up to it have come.
    whole: bool,
}

/// What to do with a fragment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is older than the latest, or has come before.
    Stale,
    /// Read it; and ask for these frames again.
    Read(Option<MissingFrames>),
}

impl Sequence {
    /// Takes the next fragment.
    ///
    /// Where the reference names the frames of one gap, this names all from the first to the last
    /// that is not whole: when the end of one frame, the next frames and the beginning of another
    /// are lost at once, the reference asks for only some of them and never gets the rest.
    pub(super) fn take(&mut self, index: FrameIndex) -> Verdict {
        let (frame, fragment) = (index.frame(), index.fragment());
        let Some(last) = self.last.filter(|last| last.frame() != 0) else {
            self.last = Some(index);
            self.whole = fragment == 1;
            let missing = (!self.whole).then_some(MissingFrames { first: frame, last: frame });
            return Verdict::Read(missing);
        };
        let known = (last.frame(), last.fragment());
        // The last fragment comes once; a frame that has two is the server's error.
        if (frame, fragment) <= known || frame == last.frame() && last.is_last() {
            return Verdict::Stale;
        }
        self.last = Some(index);
        if frame == last.frame() {
            let follows = fragment == last.fragment() + 1;
            self.whole &= follows;
            return Verdict::Read(missing(follows, frame, frame));
        }
        let first = if last.is_last() { last.frame() + 1 } else { last.frame() };
        self.whole = fragment == 1;
        let end = if self.whole { frame - 1 } else { frame };
        Verdict::Read(missing(first > end, first, end))
    }

    /// The frame that has just been read to its end, with nothing missing.
    pub(super) fn whole_frame(&self) -> Option<u64> {
        self.last.filter(|last| self.whole && last.is_last()).map(FrameIndex::frame)
    }
}

fn missing(none: bool, first: u64, last: u64) -> Option<MissingFrames> {
    (!none).then_some(MissingFrames { first, last })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STALE: Verdict = Verdict::Stale;
    const FINE: Verdict = Verdict::Read(None);

    const fn gap(first: u64, last: u64) -> Verdict {
        Verdict::Read(Some(MissingFrames { first, last }))
    }

    fn run(fragments: &[(u64, u8, bool)]) -> Vec<Verdict> {
        let mut sequence = Sequence::default();
        let mut take = |(frame, fragment, last): &(u64, u8, bool)| {
            sequence.take(FrameIndex::new(*frame, *fragment, *last))
        };
        fragments.iter().map(&mut take).collect()
    }

    #[test]
    fn nothing_is_missing() {
        let fragments = [(5, 1, true), (6, 1, false), (6, 2, true), (7, 1, true)];
        assert_eq!(run(&fragments), [FINE; 4]);
    }

    #[test]
    fn late_and_doubled_fragments_are_stale() {
        let fragments = [(5, 2, false), (5, 2, false), (5, 1, false), (4, 9, true), (5, 3, true)];
        assert_eq!(run(&fragments), [gap(5, 5), STALE, STALE, STALE, FINE]);
        assert_eq!(run(&[(5, 1, true), (5, 2, true)]), [FINE, STALE], "a second end");
    }

    #[test]
    fn every_gap_is_named() {
        let second = |second| run(&[(5, 1, true), second])[1];
        assert_eq!(second((7, 1, true)), gap(6, 6));
        assert_eq!(second((6, 2, true)), gap(6, 6));
        assert_eq!(second((9, 3, true)), gap(6, 9));
        let behind_half = |second| run(&[(5, 1, false), second])[1];
        assert_eq!(behind_half((5, 3, true)), gap(5, 5));
        assert_eq!(behind_half((6, 1, true)), gap(5, 5));
        assert_eq!(behind_half((8, 2, true)), gap(5, 8));
    }

    #[test]
    fn numbers_at_their_bounds() {
        let max = (1 << 56) - 1;
        assert_eq!(run(&[(max, 127, false), (max, 127, true), (0, 1, true)])[1..], [STALE, STALE]);
        assert_eq!(run(&[(0, 0, false), (0, 0, false)]), [gap(0, 0); 2]);
    }
}
