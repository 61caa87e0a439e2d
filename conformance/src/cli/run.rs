//! `cfx-conformance run`

use std::io::{self, Write};
use std::time::Instant;

use super::{FAILED, OK, RunArgs, UNREACHABLE, USAGE, look_up};
use crate::cases::FAMILIES;
use crate::report::{self, Count};
use crate::runner;
use crate::target::{Target, start_embedded};

/// Runs the cases and prints the report; gives the exit status.
pub(super) async fn run(args: &RunArgs, out: &mut impl Write) -> io::Result<u8> {
    let selected = |id: &str| args.only.is_empty() || args.only.iter().any(|glob| fits(glob, id));
    if !FAMILIES.iter().flat_map(|family| family.cases).any(|case| selected(case.id)) {
        eprintln!("cfx-conformance: no case matches; `cfx-conformance list` shows them all");
        return Ok(USAGE);
    }
    if let Some(server) = &args.target {
        let target = Target::remote(look_up(server).await?)?;
        writeln!(out, "Checking the server at {}", target.address)?;
        return run_against(&target, &selected, out).await;
    }
    let own = start_embedded()?;
    writeln!(out, "Checking our own server, on {}", own.target.address)?;
    let code = run_against(&own.target, &selected, out).await;
    own.running.stop().await;
    code
}

async fn run_against(
    target: &Target,
    selected: &dyn Fn(&str) -> bool,
    out: &mut impl Write,
) -> io::Result<u8> {
    let reach = runner::reach(target).await;
    if !reach.udp && !reach.http {
        eprintln!(
            "cfx-conformance: nothing answers at {}, neither getinfo over UDP nor GET /info.json; \
             is the server up, and the port right?",
            target.address
        );
        return Ok(UNREACHABLE);
    }
    for (answers, what) in [(reach.udp, "getinfo over UDP"), (reach.http, "GET /info.json")] {
        if !answers {
            writeln!(out, "It does not answer {what}; the cases that need it will fail.")?;
        }
    }
    writeln!(
        out,
        "Each line tells what was checked, the case's id, and the requirement of SPEC.md behind it: a MUST \
         others rely on, a SHOULD has good reasons."
    )?;
    let begun = Instant::now();
    let mut count = Count::default();
    for family in FAMILIES {
        let mut cases = family.cases.iter().filter(|case| selected(case.id)).peekable();
        if cases.peek().is_some() {
            report::heading(out, family.title)?;
        }
        for case in cases {
            let ran = runner::run(*case, target).await;
            count.add(&ran);
            report::line(out, &ran)?;
            out.flush()?;
        }
    }
    report::summary(out, count, begun.elapsed().as_secs_f64())?;
    Ok(if count.failed == 0 { OK } else { FAILED })
}

/// Whether a text fits a pattern in which `*` stands for any text.
pub(super) fn fits(glob: &str, text: &str) -> bool {
    let mut parts = glob.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn globs() {
        for (glob, text) in [("oob.*", "oob.a"), ("*", ""), ("a*c*e", "abcde"), ("ab", "ab")] {
            assert!(fits(glob, text), "{glob} {text}");
        }
        for (glob, text) in [("oob.*", "http.a"), ("", "a"), ("a*c*e", "abced"), ("ab", "abc")] {
            assert!(!fits(glob, text), "{glob} {text}");
        }
    }
}
