//! The cases, a file for each family of requirements of SPEC.md.

mod channel;
mod client;
mod deferral;
mod endpoints;
mod enet;
mod handshake;
mod info;
mod init_connect;
mod join;
mod manifest;
mod oob;
mod oob_operator;
mod ticket;

use crate::case::Case;

/// Cases that belong together.
pub struct Family {
    /// What they are about, for the report.
    pub title: &'static str,
    /// The cases, in the order in which they run.
    pub cases: &'static [Case],
}

/// Every family, in the order of the stages.
pub const FAMILIES: &[Family] = &[
    Family { title: "A to I. A whole join", cases: join::CASES },
    Family { title: "A. Discovery: out-of-band datagrams", cases: oob::CASES },
    Family { title: "A. Discovery: getstatus, rcon and limits", cases: oob_operator::CASES },
    Family { title: "B. Server variables", cases: info::CASES },
    Family { title: "C. The route /client", cases: client::CASES },
    Family { title: "C. Admission: initConnect", cases: init_connect::CASES },
    Family { title: "C. Tickets", cases: ticket::CASES },
    Family { title: "C. Deferrals", cases: deferral::CASES },
    Family { title: "D. Endpoints", cases: endpoints::CASES },
    Family { title: "E, I. The content manifest", cases: manifest::CASES },
    Family { title: "F. The ENet connection", cases: enet::CASES },
    Family { title: "G. The handshake", cases: handshake::CASES },
    Family { title: "H. The game channel", cases: channel::CASES },
];

/// Every case.
pub fn all() -> impl Iterator<Item = &'static Case> {
    FAMILIES.iter().flat_map(|family| family.cases)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_are_unique_and_requirements_exist() {
        let spec = include_str!("../../../SPEC.md");
        let mut ids = BTreeSet::new();
        for case in all() {
            assert!(ids.insert(case.id), "{} stands twice", case.id);
            let line = format!("\n**{}**", case.requirement);
            assert!(spec.contains(&line), "{}: no {} in SPEC.md", case.id, case.requirement);
        }
    }
}
