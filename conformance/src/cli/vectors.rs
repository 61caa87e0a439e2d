//! `cfx-conformance vectors`

use std::io::{self, Write};
use std::time::Duration;

use super::codec::{dictionary_file, read_dictionary};
use super::run::fits;
use super::{FAILED, OK, UNREACHABLE, USAGE, VectorsArgs};
use crate::codec::Codec;
use crate::vectors::peer::Peer;
use crate::vectors::{self, Ran, Suite};

/// Runs the vector files and prints the report; gives the exit status.
pub(super) fn vectors(args: VectorsArgs, out: &mut impl Write) -> io::Result<u8> {
    let suites = selected(&args.only);
    if suites.is_empty() {
        eprintln!("cfx-conformance: no case matches; they are named like packets/0001");
        return Ok(USAGE);
    }
    let dictionary = dictionary_file(args.dictionary);
    // A file that is no dictionary is wrong usage, whoever is to read it.
    let read = dictionary.as_ref().map(read_dictionary).transpose()?;
    let ran = match args.exec {
        None => {
            writeln!(out, "Checking our own codecs")?;
            let codec = Codec::new(read);
            vectors::run(&suites, |case| Ok(codec.answer(&case.op, &case.input)), out)?
        }
        Some(command) => {
            writeln!(out, "Checking the command {command}")?;
            let cases = suites.iter().flat_map(|suite| &suite.cases);
            let mut peer = Peer::start(&command, cases, dictionary.as_deref(), args.timeout)?;
            let ran = vectors::run(&suites, |case| peer.answer(case), out)?;
            peer.finish();
            ran
        }
    };
    Ok(status(ran))
}

fn status(ran: Ran) -> u8 {
    match ran {
        Ran { answered: false, .. } => UNREACHABLE,
        Ran { count, .. } if count.failed > 0 => FAILED,
        _ => OK,
    }
}

/// The cases that fit any of the patterns, or all of them where there is none.
fn selected(only: &[String]) -> Vec<Suite> {
    let mut suites = vectors::suites();
    for suite in &mut suites {
        suite.cases.retain(|case| only.is_empty() || only.iter().any(|glob| fits(glob, &case.id)));
    }
    suites.retain(|suite| !suite.cases.is_empty());
    suites
}

/// Reads a number of seconds, above 0.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|number| Duration::try_from_secs_f64(number).ok());
    seconds
        .filter(|time| !time.is_zero())
        .ok_or_else(|| "not a number of seconds above 0".to_owned())
}
