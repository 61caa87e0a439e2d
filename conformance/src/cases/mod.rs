//! The cases, a file for each family of requirements of SPEC.md.

mod oob;

use crate::case::Case;

/// Cases that belong together.
pub struct Family {
    /// What they are about, for the report.
    pub title: &'static str,
    /// The cases, in the order in which they run.
    pub cases: &'static [Case],
}

/// Every family, in the order of the stages.
pub const FAMILIES: &[Family] =
    &[Family { title: "A. Discovery: out-of-band datagrams", cases: oob::CASES }];

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
