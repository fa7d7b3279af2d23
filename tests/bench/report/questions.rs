//! What is asked about what was metered: every grouping and every two of them, at every resolution and with every policy, over
//! windows of several lengths; and how long the answers took.

use anyhow::{Error, Result, bail};
use shared::allocation::{GroupBy, IdlePolicy, Resolution, SharedPolicy, StatementSettings};
use shared::units::{Duration, Instant, Window};

/// More rows are no question but an export.
pub(crate) const ROWS_MAX: usize = 10_000;
const GROUPINGS: [&str; 8] = ["tenant", "flavor", "node_group", "zone", "class", "cluster", "module", "label:team"];
const SHARED: [SharedPolicy; 3] = [SharedPolicy::Keep, SharedPolicy::Uniform, SharedPolicy::Proportional];
/// Questions come mixed, as from several people: steps of a prime pass by every one.
const STEP: usize = 1_009;

/// All questions, about windows of so many days before `end`.
pub(crate) fn questions(end: Instant, days: [i64; 3]) -> Result<Vec<StatementSettings>> {
    let by: Result<Vec<GroupBy>, String> = GROUPINGS.iter().map(|grouping| grouping.parse()).collect();
    let by = by.map_err(Error::msg)?;
    let mut groupings: Vec<Vec<GroupBy>> = by.iter().map(|one| vec![one.clone()]).collect();
    for (place, one) in by.iter().enumerate() {
        groupings.extend(by[..place].iter().map(|other| vec![one.clone(), other.clone()]));
    }
    let mut questions = Vec::new();
    for by in groupings {
        for idle in IdlePolicy::ALL {
            for shared in SHARED {
                for days in days {
                    for resolution in Resolution::ALL {
                        let window = Window { start: end - Duration::DAY * days, end };
                        let (by, shared) = (by.clone(), shared.clone());
                        questions.push(StatementSettings { window, resolution, by, idle, shared });
                    }
                }
            }
        }
    }
    Ok((0..questions.len()).map(|number| questions[number * STEP % questions.len()].clone()).collect())
}

/// Prints how many answers there were, and their time in the median, at the 99th percentile and at most.
///
/// # Errors
/// When there were none.
#[expect(clippy::print_stdout, reason = "figures for whoever runs it")]
pub(crate) fn say(name: &str, mut milliseconds: Vec<f64>) -> Result<()> {
    if milliseconds.is_empty() {
        bail!("nothing was answered");
    }
    milliseconds.sort_by(f64::total_cmp);
    let at = |quantile: f64| milliseconds[((milliseconds.len() - 1) as f64 * quantile).round() as usize];
    println!("{name}_count {}\n{name}_p50_ms {:.1}", milliseconds.len(), at(0.5));
    println!("{name}_p99_ms {:.1}\n{name}_max_ms {:.1}", at(0.99), at(1.0));
    Ok(())
}
