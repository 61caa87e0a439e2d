//! Writes the seeds of every target to `fixtures/seeds`, from the vectors and our own writers:
//! `cargo run -p cfx-fuzz --example seeds`. At most 100 for each target, of at most 4 KiB.
//!
//! What lies there under another name stays: seeds that a fuzzer found are kept.

mod machines;
mod messages;
mod texts;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;

use cfx_fixtures::{Case, unhex, vectors};

/// The most seeds of a target.
const MAX_SEEDS: usize = 100;

/// The most bytes of a seed.
const MAX_SIZE: usize = 4096;

fn main() -> io::Result<()> {
    let mut seeds = Seeds::default();
    texts::wire(&mut seeds);
    texts::oob(&mut seeds);
    texts::control(&mut seeds);
    messages::game(&mut seeds);
    messages::onesync(&mut seeds);
    machines::enet(&mut seeds);
    machines::session(&mut seeds);
    for (target, _) in cfx_fuzz::TARGETS {
        let folder = cfx_fixtures::folder().join("seeds").join(target);
        fs::create_dir_all(&folder)?;
        let picked = seeds.picked(target);
        println!("{target}: {}", picked.len());
        for (name, bytes) in picked {
            fs::write(folder.join(name), bytes)?;
        }
    }
    Ok(())
}

/// A name and an input.
type Seed = (String, Vec<u8>);

/// Candidates by target and kind.
#[derive(Default)]
struct Seeds(BTreeMap<&'static str, BTreeMap<String, Vec<Seed>>>);

impl Seeds {
    /// Adds a seed of a kind: of kinds with many, some are left out.
    fn add(&mut self, target: &'static str, kind: &str, name: &str, bytes: impl AsRef<[u8]>) {
        let kinds = self.0.entry(target).or_default();
        let seeds = kinds.entry(kind.to_owned()).or_default();
        seeds.push((name.replace('/', "-"), bytes.as_ref().to_vec()));
    }

    /// Adds seeds of one kind that are named by their number.
    fn add_all<B: AsRef<[u8]>>(
        &mut self,
        target: &'static str,
        kind: &str,
        all: impl IntoIterator<Item = B>,
    ) {
        for (number, bytes) in all.into_iter().enumerate() {
            self.add(target, kind, &format!("{kind}-{number:02}"), bytes);
        }
    }

    /// One of each kind, then the next of each, and so on; nothing twice.
    fn picked(&self, target: &str) -> Vec<(&str, &[u8])> {
        let Some(kinds) = self.0.get(target) else { return Vec::new() };
        let mut seen = BTreeSet::new();
        let longest = kinds.values().map(Vec::len).max().unwrap_or(0);
        let rounds =
            (0..longest).flat_map(|round| kinds.values().filter_map(move |kind| kind.get(round)));
        rounds
            .filter(|(_, bytes)| bytes.len() <= MAX_SIZE && seen.insert(bytes))
            .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
            .take(MAX_SEEDS)
            .collect()
    }
}

/// The cases of a vector file that have an operation.
fn cases(suite: &str, op: &str) -> Vec<Case> {
    let mut cases = vectors(suite);
    cases.retain(|case| case.op == op);
    cases
}

/// The whole packets of a direction in a vector file, with their names.
fn packets(suite: &str, direction: &str) -> Vec<(String, Vec<u8>)> {
    let cases = cases(suite, "decode_packet");
    let from = cases.iter().filter(|case| case.input["direction"] == direction);
    from.map(|case| (case.id.clone(), case.bytes("hex"))).collect()
}

/// The bytes that a vector expects, where it does.
fn expected(case: &Case, field: &str) -> Option<Vec<u8>> {
    match &case.expect {
        cfx_fixtures::Expect::Ok(value) => value[field].as_str().map(unhex),
        cfx_fixtures::Expect::Error(_) => None,
    }
}

/// Puts an input together as the targets take it apart.
#[derive(Default, Clone)]
struct Input(Vec<u8>);

impl Input {
    fn new() -> Self {
        Self::default()
    }

    /// Bytes as they are.
    fn raw(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.0.extend_from_slice(bytes.as_ref());
        self
    }

    /// A `u16` length and the bytes.
    fn bytes(self, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        let length = u16::try_from(bytes.len()).expect("a short seed");
        self.raw(length.to_le_bytes()).raw(bytes)
    }
}

impl AsRef<[u8]> for Input {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
