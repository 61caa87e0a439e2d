//! Known answers for codecs, and what runs them.
//!
//! The vector files are part of the program, so that it needs nothing beside itself. They are run
//! against our own [`Codec`](crate::codec::Codec), or against a command that speaks the line
//! protocol ([`peer::Peer`]).

pub mod peer;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Instant;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::codec::Answer;
use crate::report::{self, BAD, Count, DIM, GOOD};

/// The vector files, in the order in which they are run.
const FILES: [&str; 9] = [
    include_str!("../../fixtures/vectors/hash.json"),
    include_str!("../../fixtures/vectors/form.json"),
    include_str!("../../fixtures/vectors/info.json"),
    include_str!("../../fixtures/vectors/oob.json"),
    include_str!("../../fixtures/vectors/ticket.json"),
    include_str!("../../fixtures/vectors/handshake.json"),
    include_str!("../../fixtures/vectors/packets.json"),
    include_str!("../../fixtures/vectors/bits.json"),
    include_str!("../../fixtures/vectors/onesync.json"),
];

/// The most characters that a report shows of a value.
const SHOWN: usize = 400;

/// One vector file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Suite {
    /// The file's name without its ending.
    #[serde(rename = "suite")]
    pub name: String,
    /// Its cases.
    pub cases: Vec<Case>,
}

/// One known answer; see `fixtures/vectors/README.md`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Case {
    /// `suite/number`
    pub id: String,
    /// What is to be done with the input.
    pub op: String,
    /// The arguments.
    pub input: Value,
    /// What must come of it.
    pub expect: Expect,
    /// What the case is about, where that is not plain.
    #[serde(default)]
    pub note: String,
}

/// What a case expects.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expect {
    /// This value.
    Ok(Value),
    /// An error: of this kind where it is a string, of any where it is `true`.
    Error(Value),
}

/// All vector files.
///
/// # Panics
/// When one of them is not what [`Suite`] describes. They are built in and tested.
pub fn suites() -> Vec<Suite> {
    FILES.iter().map(|file| serde_json::from_str(file).expect("a vector file")).collect()
}

/// How a case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The answer is the expected one.
    Passed,
    /// It is another.
    Failed,
    /// There was none to judge.
    Skipped,
}

impl Case {
    /// Compares an answer with what is expected.
    pub fn judge(&self, answer: &Answer) -> Verdict {
        let good = match (&self.expect, answer) {
            (_, Answer::Skip) => return Verdict::Skipped,
            (Expect::Ok(expected), Answer::Ok(received)) => expected == received,
            (Expect::Error(Value::String(expected)), Answer::Error(kind)) => expected == kind,
            (Expect::Error(_), Answer::Error(_)) => true,
            _ => false,
        };
        if good { Verdict::Passed } else { Verdict::Failed }
    }

    /// The request's line, newline included.
    pub fn request(&self) -> String {
        format!("{}\n", json!({ "id": self.id, "op": self.op, "input": self.input }))
    }

    /// Whether it takes the preset dictionary.
    fn takes_dictionary(&self) -> bool {
        self.input.get("dictionary").is_some()
    }
}

/// Why a case has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// What came is no answer; the next one may be.
    NoAnswer(String),
    /// Nothing more will come, or nothing that could be believed.
    Over(String),
}

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ran {
    /// How many cases ended how.
    pub count: Count,
    /// How many were left when there was nobody left to answer.
    pub not_run: usize,
    /// Whether there was any answer at all.
    pub answered: bool,
}

/// Runs the cases, and prints what came of them: failures one by one, passes and skips by op.
///
/// # Errors
/// When `out` does not take it.
pub fn run(
    suites: &[Suite],
    mut answer: impl FnMut(&Case) -> Result<Answer, Trouble>,
    out: &mut impl Write,
) -> io::Result<Ran> {
    let begun = Instant::now();
    let mut ran = Ran::default();
    let mut left: usize = suites.iter().map(|suite| suite.cases.len()).sum();
    for suite in suites {
        report::heading(out, &suite.name)?;
        let mut tally = Tally::default();
        for case in &suite.cases {
            left -= 1;
            let answered = answer(case);
            ran.answered |= answered.is_ok();
            match tally.add(case, &answered) {
                Verdict::Passed => ran.count.passed += 1,
                Verdict::Skipped => ran.count.skipped += 1,
                Verdict::Failed => {
                    ran.count.failed += 1;
                    failure(out, case, &answered)?;
                }
            }
            if matches!(answered, Err(Trouble::Over(_))) {
                ran.not_run = left;
                break;
            }
        }
        tally.print(out)?;
        if ran.not_run > 0 {
            writeln!(out, "\n{BAD}{} cases behind that were not run.{BAD:#}", ran.not_run)?;
            break;
        }
    }
    report::summary(out, ran.count, begun.elapsed().as_secs_f64())?;
    Ok(ran)
}

/// The cases of a suite that need no line of their own.
#[derive(Default)]
struct Tally<'a> {
    passed: BTreeMap<&'a str, usize>,
    /// By op, and whether it takes the dictionary.
    skipped: BTreeMap<(&'a str, bool), usize>,
}

impl<'a> Tally<'a> {
    fn add(&mut self, case: &'a Case, answered: &Result<Answer, Trouble>) -> Verdict {
        let Ok(answer) = answered else { return Verdict::Failed };
        let verdict = case.judge(answer);
        match verdict {
            Verdict::Passed => *self.passed.entry(&case.op).or_default() += 1,
            Verdict::Skipped => {
                *self.skipped.entry((&case.op, case.takes_dictionary())).or_default() += 1;
            }
            Verdict::Failed => {}
        }
        verdict
    }

    fn print(&self, out: &mut impl Write) -> io::Result<()> {
        for (op, count) in &self.passed {
            writeln!(out, "  {GOOD}pass{GOOD:#}  {count} of {op}")?;
        }
        for ((op, takes_dictionary), count) in &self.skipped {
            let why = if *takes_dictionary {
                "it takes the preset dictionary; see --dictionary and docs/dictionary.md"
            } else {
                "the answer says that there is no such op"
            };
            writeln!(out, "  {DIM}skip  {count} of {op}: {why}{DIM:#}")?;
        }
        Ok(())
    }
}

/// Prints a failed case: all that there is to know.
fn failure(
    out: &mut impl Write,
    case: &Case,
    answered: &Result<Answer, Trouble>,
) -> io::Result<()> {
    let Case { id, op, input, expect, note } = case;
    let about = if note.is_empty() { String::new() } else { format!(": {note}") };
    writeln!(out, "  {BAD}FAIL{BAD:#}  {id}  {DIM}{op}{DIM:#}{about}")?;
    writeln!(out, "        input        {}", shown(&input.to_string()))?;
    let expected = match expect {
        Expect::Ok(value) => format!("ok {value}"),
        Expect::Error(Value::String(kind)) => format!("error {kind}"),
        Expect::Error(_) => "an error".to_owned(),
    };
    writeln!(out, "        expected     {}", shown(&expected))?;
    let received = match answered {
        Ok(Answer::Ok(value)) => format!("ok {value}"),
        Ok(Answer::Error(kind)) => format!("error {kind}"),
        Ok(Answer::Skip) => "skip".to_owned(),
        Err(Trouble::NoAnswer(text) | Trouble::Over(text)) => text.clone(),
    };
    writeln!(out, "        received     {}", shown(&received))?;
    if let (Expect::Ok(expected), Ok(Answer::Ok(received))) = (expect, answered) {
        let (at, expected, received) = difference(String::new(), expected, received);
        let text = |value: Option<&Value>| match value {
            Some(value) => shown(&value.to_string()),
            None => "nothing".to_owned(),
        };
        writeln!(out, "        first at     {at}: {} and {}", text(expected), text(received))?;
    }
    Ok(())
}

/// Where two values that differ do so first: the way there, and both values.
fn difference<'a>(
    at: String,
    expected: &'a Value,
    received: &'a Value,
) -> (String, Option<&'a Value>, Option<&'a Value>) {
    match (expected, received) {
        (Value::Object(left), Value::Object(right)) => {
            let names = left.keys().chain(right.keys());
            for name in names {
                match (left.get(name), right.get(name)) {
                    (left, right) if left == right => {}
                    (Some(left), Some(right)) => {
                        return difference(format!("{at}.{name}"), left, right);
                    }
                    (left, right) => return (format!("{at}.{name}"), left, right),
                }
            }
        }
        (Value::Array(left), Value::Array(right)) => {
            let longest = left.len().max(right.len());
            for index in 0..longest {
                match (left.get(index), right.get(index)) {
                    (left, right) if left == right => {}
                    (Some(left), Some(right)) => {
                        return difference(format!("{at}[{index}]"), left, right);
                    }
                    (left, right) => return (format!("{at}[{index}]"), left, right),
                }
            }
        }
        _ => {}
    }
    (at, Some(expected), Some(received))
}

/// A text as a report shows it: not too much of it, and no codes for the terminal.
fn shown(text: &str) -> String {
    let count = text.chars().count();
    let part = text.chars().take(SHOWN).map(|c| if c.is_control() { '\u{FFFD}' } else { c });
    let part: String = part.collect();
    if count > SHOWN { format!("{part}… ({count} characters)") } else { part }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_judged_by_what_is_expected() {
        let case = |expect| Case {
            id: "a/1".to_owned(),
            op: "hash".to_owned(),
            input: json!({}),
            expect,
            note: String::new(),
        };
        let ok = |value| Answer::Ok(json!({ "value": value }));
        let error = |kind: &str| Answer::Error(kind.to_owned());
        let value = case(Expect::Ok(json!({ "value": 1 })));
        let any = case(Expect::Error(json!(true)));
        let expired = case(Expect::Error(json!("expired")));
        for (case, answer, verdict) in [
            (&value, ok(1), Verdict::Passed),
            (&value, ok(2), Verdict::Failed),
            (&value, error("expired"), Verdict::Failed),
            (&any, error("whatever"), Verdict::Passed),
            (&any, ok(1), Verdict::Failed),
            (&expired, error("expired"), Verdict::Passed),
            (&expired, error("reused"), Verdict::Failed),
            (&expired, Answer::Skip, Verdict::Skipped),
        ] {
            assert_eq!(case.judge(&answer), verdict, "{case:?} {answer:?}");
        }
    }

    #[test]
    fn the_first_difference_is_found() {
        let expected = json!({ "a": [1, { "b": 2 }], "c": 3 });
        let find = |received: Value| {
            let (at, left, right) = difference(String::new(), &expected, &received);
            (at, left.cloned(), right.cloned())
        };
        let at = |at: &str, left, right| (at.to_owned(), left, right);
        let found = find(json!({ "a": [1, { "b": 5 }], "c": 4 }));
        assert_eq!(found, at(".a[1].b", Some(json!(2)), Some(json!(5))));
        assert_eq!(find(json!({ "a": expected["a"] })), at(".c", Some(json!(3)), None));
        let found = find(json!({ "a": expected["a"], "c": 3, "d": 0 }));
        assert_eq!(found, at(".d", None, Some(json!(0))));
        assert_eq!(find(json!({ "a": [1] })), at(".a[1]", Some(json!({ "b": 2 })), None));
        assert_eq!(find(json!(7)), at("", Some(expected.clone()), Some(json!(7))));
    }

    #[test]
    fn reports_hold_no_terminal_codes_and_are_not_endless() {
        assert_eq!(shown("a\u{1b}[31m\n"), "a\u{FFFD}[31m\u{FFFD}");
        let long = shown(&"é".repeat(1000));
        assert!(long.ends_with("… (1000 characters)") && long.chars().count() < 450, "{long}");
    }
}
