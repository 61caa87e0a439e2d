//! The conformance suite of the CitizenFX (FiveM/RedM) connection protocol, and the program around
//! it.
//!
//! | module | holds |
//! |---|---|
//! | [`case`] | what a case is and how it ends |
//! | [`cases`] | the cases, a file for each family of requirements |
//! | [`target`] | the server that they run against, ours or another |
//! | [`tools`] | datagrams, HTTP and ENet as cases need them |
//! | [`runner`] | runs cases, each within its time |
//! | [`report`] | what a person reads of a run |
//! | [`codec`] | our codecs behind the line protocol |
//! | [`vectors`] | the vector files, and what runs them against any codec |
//! | [`log`] | timelines out of client logs |
//! | [`cli`] | the command line |
//!
//! A case is a function over a [`Target`](target::Target); adding one is adding it to the table of
//! its family:
//!
//! ```
//! use cfx_conformance::cases;
//!
//! let case = cases::all().find(|case| case.id == "oob.getinfo.challenge-too-long").unwrap();
//! assert_eq!(case.requirement, "OOB-4");
//! ```

pub mod case;
pub mod cases;
pub mod cli;
pub mod codec;
pub mod embedded;
pub mod log;
pub mod report;
pub mod runner;
pub mod target;
pub mod tools;
pub mod vectors;
