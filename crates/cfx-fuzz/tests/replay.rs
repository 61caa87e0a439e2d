//! Every committed seed and every past crash goes through its target, without a fuzzer.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use cfx_fuzz::TARGETS;

/// The seeds under `fixtures/seeds`. Another number means that some were added or lost.
const SEEDS: usize = 1854;

/// The inputs under `fixtures/crashes`: what a fuzzer found once, and must not find again.
const CRASHES: usize = 3;

/// The fuzzer's own bound, as the recipe gives it, with room for what it found before.
const MAX_SIZE: u64 = 4096;

/// The files of a target, sorted.
fn inputs(kind: &str, target: &str) -> Vec<PathBuf> {
    let Ok(folder) = fs::read_dir(cfx_fixtures::folder().join(kind).join(target)) else {
        return Vec::new();
    };
    let mut files: Vec<_> = folder.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

/// Replays the files of every target; says how many, and which fail.
fn replay(kind: &str) -> (usize, Vec<String>) {
    let mut count = 0;
    let mut failed = Vec::new();
    for (target, body) in TARGETS {
        for file in inputs(kind, target) {
            let input = fs::read(&file).expect("a readable file");
            count += 1;
            if catch_unwind(|| body(&input)).is_err() {
                failed.push(file.display().to_string());
            }
        }
    }
    (count, failed)
}

#[test]
fn every_seed() {
    let (count, failed) = replay("seeds");
    assert!(failed.is_empty(), "{} of {count} seeds fail: {failed:#?}", failed.len());
    assert_eq!(count, SEEDS, "another number of seeds");
}

#[test]
fn every_past_crash() {
    let (count, failed) = replay("crashes");
    assert!(failed.is_empty(), "{} of {count} crashes are back: {failed:#?}", failed.len());
    assert_eq!(count, CRASHES, "another number of crashes");
}

/// The names of the folders or files in a folder, without their ending.
fn names(folder: &Path, ending: Option<&str>) -> BTreeSet<String> {
    let Ok(entries) = fs::read_dir(folder) else { return BTreeSet::new() };
    entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().and_then(|ending| ending.to_str()) == ending)
        .filter(|path| ending.is_some() || path.is_dir())
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect()
}

/// Each target has seeds, a dictionary and a binary of the fuzzer's, and there are no others.
#[test]
fn targets_are_whole() {
    let root = cfx_fixtures::folder().join("..");
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(targets.len(), TARGETS.len(), "a name twice");
    assert_eq!(names(&root.join("fixtures/seeds"), None), targets);
    assert!(names(&root.join("fixtures/crashes"), None).is_subset(&targets));
    assert_eq!(names(&root.join("fuzz/fuzz_targets"), Some("rs")), targets);
    let manifest = fs::read_to_string(root.join("fuzz/Cargo.toml")).expect("the fuzzer's manifest");
    for target in &targets {
        assert!(manifest.contains(&format!("name = \"{target}\"")), "{target} is no binary");
        let main = root.join("fuzz/fuzz_targets").join(target).with_extension("rs");
        let main = fs::read_to_string(main).expect("a binary");
        assert!(main.contains(&format!("cfx_fuzz::{target}(")), "{target} runs another body");
        assert!(!inputs("seeds", target).is_empty(), "{target} has no seeds");
    }
    let families: BTreeSet<String> =
        targets.iter().filter_map(|name| Some(name.split_once('_')?.0.to_owned())).collect();
    assert_eq!(names(&root.join("fixtures/seeds"), Some("dict")), families);
}

#[test]
fn seeds_are_small() {
    for (target, _) in TARGETS {
        let files = inputs("seeds", target);
        assert!(files.len() <= 100, "{target} has {} seeds", files.len());
        for file in files {
            let size = fs::metadata(&file).expect("a file").len();
            assert!(size <= MAX_SIZE, "{} has {size} bytes", file.display());
        }
    }
}
