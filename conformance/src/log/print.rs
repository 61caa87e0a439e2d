//! A timeline for people.

use std::io::{self, Write};

use super::stage::{self, Stage};
use super::{GameStart, Marker, MarkerKind, Timeline};
use crate::report::visible;

/// Where the texts begin: behind relative and absolute time and the stage.
const INDENT: usize = 28;

impl Timeline {
    /// Writes the timeline for people to read.
    ///
    /// For each connection: a line for each marker with milliseconds since the connection's first
    /// marker, milliseconds of the log, the letter of the stage (SPEC, A to I) and the text; then
    /// the time spent in each stage, the manifest's size, the number of resources, the ids and how
    /// it ended. Control characters in texts are written escaped.
    ///
    /// # Errors
    /// Only those of `out`.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        if let Some(begun) = &self.begun {
            writeln!(out, "log begun {}", visible(begun))?;
        }
        for (markers, number) in stage::connections(&self.markers).zip(1..) {
            writeln!(out, "\nconnection {number}")?;
            print_connection(markers, out)?;
        }
        if self.markers.is_empty() {
            writeln!(out, "no connection found")?;
        }
        self.print_losses(out)
    }

    fn print_losses(&self, out: &mut impl Write) -> io::Result<()> {
        if self.skipped_lines > 0 {
            writeln!(out, "\nlines that could not be read: {}", self.skipped_lines)?;
        }
        if self.shortened_lines > 0 {
            writeln!(out, "\nlines too long to be read whole: {}", self.shortened_lines)?;
        }
        if self.ends_inside_line {
            writeln!(out, "\nthe log ends inside a line; what that says may be cut")?;
        }
        Ok(())
    }
}

fn print_connection(markers: &[Marker], out: &mut impl Write) -> io::Result<()> {
    let stages = stage::stages(markers);
    let start = markers.first().map_or(0, |marker| marker.ms);
    for (marker, stage) in markers.iter().zip(&stages) {
        let relative = format!("+{}", marker.ms.saturating_sub(start));
        write!(out, "{relative:>8} ms {:>10} ms  {}  ", marker.ms, stage.letter())?;
        print_text(&describe(&marker.kind), out)?;
    }
    writeln!(out)?;
    print_durations(markers, &stages, out)?;
    print_facts(markers, out)
}

/// The first line goes where the cursor is, the others below it. A line break at the end of a text
/// makes no line of its own.
fn print_text(text: &str, out: &mut impl Write) -> io::Result<()> {
    let mut lines = text.lines();
    writeln!(out, "{}", visible(lines.next().unwrap_or_default()).trim_end())?;
    for line in lines {
        writeln!(out, "{}", format!("{:INDENT$}{}", "", visible(line)).trim_end())?;
    }
    Ok(())
}

fn describe(kind: &MarkerKind) -> String {
    match kind {
        MarkerKind::Progress(text) => text.clone(),
        MarkerKind::Policy(names) => format!("policy: {}", names.join(", ")),
        MarkerKind::ConnectOk { server_id, slot_id, host_id } => {
            format!("connectOK: server id {server_id}, slot {slot_id}, host {host_id}")
        }
        MarkerKind::NetworkConnected(GameStart::Load) => "connected; the game loads".into(),
        MarkerKind::NetworkConnected(GameStart::Reload) => "connected; the game reloads".into(),
        MarkerKind::Error(text) => format!("connection error: {text}"),
        MarkerKind::GlobalError(text) => format!("client error: {text}"),
        MarkerKind::Disconnected(reason) => format!("disconnected: {reason}"),
    }
}

/// A marker's stage lasts until the next marker.
fn print_durations(markers: &[Marker], stages: &[Stage], out: &mut impl Write) -> io::Result<()> {
    let mut totals: Vec<(Stage, u64)> = Vec::new();
    for (index, (marker, &stage)) in markers.iter().zip(stages).enumerate() {
        let until = markers.get(index + 1).map_or(marker.ms, |next| next.ms);
        let ms = until.saturating_sub(marker.ms);
        match totals.iter_mut().find(|(known, _)| *known == stage) {
            Some((_, total)) => *total = total.saturating_add(ms),
            None => totals.push((stage, ms)),
        }
    }
    for (stage, ms) in &totals {
        writeln!(out, "  {}  {:<32} {ms:>8} ms", stage.letter(), stage.name())?;
    }
    let sum = totals.iter().fold(0, |sum: u64, (_, ms)| sum.saturating_add(*ms));
    writeln!(out, "     {:<32} {sum:>8} ms", "all")
}

fn print_facts(markers: &[Marker], out: &mut impl Write) -> io::Result<()> {
    let texts = || {
        markers.iter().filter_map(|marker| match &marker.kind {
            MarkerKind::Progress(text) => Some(text.as_str()),
            _ => None,
        })
    };
    if let Some(size) = texts().filter_map(stage::manifest_size).reduce(f64::max) {
        writeln!(out, "  manifest   {size:.2} kB by the last progress")?;
    }
    if let Some(count) = texts().filter_map(stage::resources).max() {
        writeln!(out, "  resources  {count}")?;
    }
    for marker in markers {
        if let MarkerKind::ConnectOk { server_id, slot_id, host_id } = marker.kind {
            writeln!(out, "  ids        server {server_id}, slot {slot_id}, host {host_id}")?;
        }
    }
    writeln!(out, "  outcome    {}", outcome(markers))
}

/// How the connection stood when the log, or the attempt, ended.
fn outcome(markers: &[Marker]) -> &'static str {
    let last = markers.iter().rev().find_map(|marker| match marker.kind {
        MarkerKind::Disconnected(_) => Some("disconnected"),
        MarkerKind::Error(_) => Some("failed"),
        MarkerKind::NetworkConnected(_) => Some("connected"),
        MarkerKind::ConnectOk { .. } => Some("accepted, not active yet"),
        // A client error that ends the attempt is followed by one of the others.
        MarkerKind::Progress(_) | MarkerKind::Policy(_) | MarkerKind::GlobalError(_) => None,
    });
    last.unwrap_or("not finished")
}
