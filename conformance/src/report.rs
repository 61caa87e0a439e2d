//! What a person reads of a run.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::case::Stop;
use crate::runner::Ran;

pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const DIM: Style = Style::new().dimmed();

/// How many cases ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Passed.
    pub passed: usize,
    /// Failed.
    pub failed: usize,
    /// Said nothing about the target.
    pub skipped: usize,
}

impl Count {
    /// Adds a case.
    pub fn add(&mut self, ran: &Ran) {
        match ran.outcome {
            Ok(()) => self.passed += 1,
            Err(Stop::Failed { .. }) => self.failed += 1,
            Err(Stop::Skipped(_)) => self.skipped += 1,
        }
    }
}

/// Prints the heading of a family of cases.
///
/// # Errors
/// When `out` does not take it.
pub fn heading(out: &mut impl Write, title: &str) -> io::Result<()> {
    let bold = Style::new().bold();
    writeln!(out, "\n{bold}{title}{bold:#}")
}

/// Prints how a case ended; of a failure all that there is to know.
///
/// # Errors
/// When `out` does not take it.
pub fn line(out: &mut impl Write, ran: &Ran) -> io::Result<()> {
    let case = &ran.case;
    let ms = ran.time.as_millis();
    match &ran.outcome {
        Ok(()) => writeln!(
            out,
            "  {GOOD}pass{GOOD:#}  {}  {DIM}{} ({} {}, {ms} ms){DIM:#}",
            case.about,
            case.id,
            case.requirement,
            case.level.name()
        ),
        Err(Stop::Skipped(why)) => writeln!(
            out,
            "  {DIM}skip  {}  {} ({} {}): {}{DIM:#}",
            case.about,
            case.id,
            case.requirement,
            case.level.name(),
            visible(why)
        ),
        Err(Stop::Failed { expected, received }) => {
            writeln!(out, "  {BAD}FAIL{BAD:#}  {}  {DIM}{} ({ms} ms){DIM:#}", case.about, case.id)?;
            writeln!(
                out,
                "        requirement  {} {}, see SPEC.md",
                case.requirement,
                case.level.name()
            )?;
            writeln!(out, "        expected     {}", visible(expected))?;
            writeln!(out, "        received     {}", visible(received))
        }
    }
}

/// Prints the last lines of a run.
///
/// # Errors
/// When `out` does not take it.
pub fn summary(out: &mut impl Write, count: Count, seconds: f64) -> io::Result<()> {
    let Count { passed, failed, skipped } = count;
    let style = if failed == 0 { GOOD } else { BAD };
    writeln!(
        out,
        "\n{style}{passed} passed, {failed} failed, {skipped} skipped{style:#} in {seconds:.1} s"
    )
}

/// Texts come from servers: what could move a terminal's cursor is escaped.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_control() {
            out.extend(char.escape_default());
        } else {
            out.push(char);
        }
    }
    out
}
