//! A day of the example, forecast and small enough for a link: what the browser's lab shows when nothing else is there.

use crate::link::SharedScenario;
use crate::scenario::Scenario;

/// The day as a share link, with the digest of its outcome; it was learnt from the example workload once, and stays.
const LINK: &str = include_str!("lab.link");

/// A self-contained Monday: twenty predicted streams, learnt from the two weeks before, from a standing start.
///
/// # Panics
/// Never: a test opens the link.
pub fn lab_scenario() -> Scenario {
    SharedScenario::from_link(LINK).expect("the link in this folder can be opened").scenario
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::{Privacy, prepared};
    use crate::scenario::{ENGINE, ValidScenario};
    use crate::simulation::{Digest, Outcome, run};

    fn digest(scenario: &Scenario) -> Digest {
        let valid = ValidScenario::new(scenario.clone()).unwrap();
        Outcome::collect((0..scenario.runs).map(|number| run(&valid, number, false)).collect()).digest
    }

    /// Golden: a link of version 1 stays readable, and its outcome stays the same while the engine does.
    /// `UPDATE_EXPECTED=1` stamps the link with the engine of today and its digest, for the next build.
    #[test]
    fn the_link_gives_the_digest_that_it_names() {
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            let scenario = Scenario { engine: ENGINE, ..SharedScenario::from_link(LINK).unwrap().scenario };
            let link = SharedScenario { digest: digest(&scenario), scenario }.to_link().unwrap();
            std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/src/example/lab.link"), link).unwrap();
            return;
        }
        let lab = SharedScenario::from_link(LINK).unwrap();
        assert!(LINK.len() < 6_000, "{} characters leave no room for edits", LINK.len());
        assert_eq!(
            digest(&lab.scenario),
            lab.digest,
            "outcomes have changed: increment ENGINE and stamp the link anew"
        );
    }

    #[test]
    fn pseudonyms_change_no_outcome() {
        let lab = SharedScenario::from_link(LINK).unwrap();
        let hidden = prepared(&lab.scenario, Privacy::Pseudonyms);
        assert_ne!(hidden.tenants, lab.scenario.tenants);
        assert_eq!(digest(&hidden), lab.digest);
    }
}
