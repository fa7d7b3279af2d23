//! How much of an offered commitment discount to buy.

mod held;

use self::held::beside;
use crate::pricing::{CommitmentDiscount, CommitmentOffer, Coverage, Offered};
use crate::request::IndexedRequest;
use crate::scenario::{Edit, ValidScenario};
use crate::simulation::{Run, RunOptions};
use crate::units::{Duration, Instant, Rate};

const HOUR: Duration = Duration::from_minutes(60);

/// What was used of one instance type or flavor in one hour of one run.
#[derive(Clone, Copy, Debug)]
struct Hour {
    /// When it begins inside the window.
    from: Instant,
    /// What one costs an hour.
    rate: Rate,
    /// How many × microseconds.
    micros: i128,
    /// How long the hour is inside the window, in microseconds.
    length: i128,
}

/// Everything that commitments may cover: by node group or flavor, hour by hour, over all runs.
struct HourlyUse(Vec<(String, Vec<Hour>)>);

/// A term outlasts any window that is predicted: it takes the hours of this long at the least to say what weekends leave of
/// it.
const LEAST_PAST: Duration = Duration::from_seconds(7 * 24 * 3_600);

/// What was asked for before the window of a scenario, and what it was asked of.
#[derive(Clone, Debug)]
pub struct PastDemand {
    /// Up to the window, with the settings in force.
    pub scenario: ValidScenario,
    /// In order of time.
    pub requests: Vec<IndexedRequest>,
}

/// For each offer, the amount that saves the most on the hours of all runs, beside the commitments that there are, and no
/// more than saves the most on the hours before them, where a week or more of these is known; no edit where none does.
///
/// What covers the hours is found here, whether it pays is for the replay to say.
pub(super) fn commitments(
    scenario: &ValidScenario,
    offers: &[CommitmentOffer],
    past: Option<&PastDemand>,
) -> Vec<Edit> {
    if offers.is_empty() {
        return Vec::new();
    }
    let (book, start) = (&scenario.scenario().price_book, scenario.scenario().window.start);
    let usage = beside(&book.commitments, hourly_use(scenario));
    let past = past.filter(|past| past.scenario.scenario().window.length() >= LEAST_PAST);
    let past = past.map(|past| beside(&book.commitments, past.hourly_use()));
    let bought = |offer: &CommitmentOffer| {
        let mut covers = amount(&usage, &offer.offered)?;
        if let Some(past) = &past {
            covers = lesser(covers, amount(past, &offer.offered)?);
        }
        let name = unused_name(&offer.name, &book.commitments);
        let bought = CommitmentDiscount { name, covers, from: start, until: start + offer.term };
        Some(Edit::Commitments { commitments: book.commitments.iter().cloned().chain([bought]).collect() })
    };
    offers.iter().filter_map(bought).collect()
}

fn unused_name(name: &str, taken: &[CommitmentDiscount]) -> String {
    let is_free = |name: &String| taken.iter().all(|commitment| commitment.name != *name);
    let numbered = (2..).map(|number| format!("{name} {number}"));
    core::iter::once(name.to_owned()).chain(numbered).find(is_free).expect("numbers do not end")
}

/// The lesser of two amounts of one offer.
fn lesser(one: Coverage, other: Coverage) -> Coverage {
    let size = |of: &Coverage| match of {
        Coverage::Machines { count, .. } => i64::from(*count),
        Coverage::Spend { rate, .. } => rate.nanos(),
    };
    if size(&other) < size(&one) { other } else { one }
}

fn hourly_use(scenario: &ValidScenario) -> HourlyUse {
    let plain = without_commitments(scenario);
    let mut all: Vec<(String, Vec<Hour>)> = Vec::new();
    for run in 0..plain.scenario().runs {
        add_run(&plain, run, &plain.requests(run), &mut all);
    }
    HourlyUse(all)
}

impl PastDemand {
    fn hourly_use(&self) -> HourlyUse {
        let mut all: Vec<(String, Vec<Hour>)> = Vec::new();
        add_run(&without_commitments(&self.scenario), 0, &self.requests, &mut all);
        HourlyUse(all)
    }
}

fn without_commitments(scenario: &ValidScenario) -> ValidScenario {
    let mut plain = scenario.original().clone();
    plain.edits.push(Edit::Commitments { commitments: Vec::new() });
    ValidScenario::new(plain).expect("a scenario runs without commitments, too")
}

fn add_run(plain: &ValidScenario, index: u32, requests: &[IndexedRequest], all: &mut Vec<(String, Vec<Hour>)>) {
    let window = plain.scenario().window;
    let mut run = Run::new(plain, RunOptions { run: index, keep_plans: false, observed: None });
    let mut before: Vec<i128> = run.usage().iter().map(|usage| usage.micros).collect();
    let (mut from, mut played) = (window.start, 0);
    while from < window.end {
        let until: Instant = (from.floor(HOUR) + HOUR).min(window.end);
        let next = played + requests[played..].partition_point(|request| request.at < until);
        run.play(&requests[played..next], until);
        for (line, usage) in run.usage().into_iter().enumerate() {
            if line == all.len() {
                all.push((usage.name.to_owned(), Vec::new()));
            }
            let micros = usage.micros - before[line];
            all[line].1.push(Hour { from, rate: usage.rate, micros, length: i128::from((until - from).micros()) });
            before[line] = usage.micros;
        }
        (from, played) = (until, next);
    }
}

/// The amount of an offer with the largest saving; none where nothing of it saves.
fn amount(usage: &HourlyUse, offered: &Offered) -> Option<Coverage> {
    match offered {
        Offered::Machines { instance_type, rate } => {
            let count = machines(usage.of(|name| name == instance_type).first()?, *rate);
            (count > 0).then(|| Coverage::Machines { instance_type: instance_type.clone(), count, rate: *rate })
        }
        Offered::Spend { price_percent, families } => {
            let covers =
                Coverage::Spend { rate: Rate::ZERO, price_percent: *price_percent, families: families.clone() };
            let rate = spend(&usage.of(|name| covers.covers(name)), *price_percent);
            (rate > Rate::ZERO).then(|| Coverage::Spend {
                rate,
                price_percent: *price_percent,
                families: families.clone(),
            })
        }
    }
}

impl HourlyUse {
    /// The hours of what is asked for; lines of the same name, which commitments cover together, are one.
    fn of(&self, wanted: impl Fn(&str) -> bool) -> Vec<Vec<Hour>> {
        let mut found: Vec<(&str, Vec<Hour>)> = Vec::new();
        for (name, hours) in self.0.iter().filter(|(name, _)| wanted(name)) {
            match found.iter_mut().find(|(known, _)| known == name) {
                Some((_, sum)) => sum.iter_mut().zip(hours).for_each(|(sum, hour)| sum.micros += hour.micros),
                None => found.push((name, hours.clone())),
            }
        }
        found.into_iter().map(|(_, hours)| hours).collect()
    }
}

/// The largest number of machines of which the last still saves: its use at the price of each hour comes to more than it
/// costs in all hours. That falls with the number, so halving finds it.
fn machines(hours: &[Hour], rate: Rate) -> u32 {
    let cost: i128 = hours.iter().map(|hour| hour.length * i128::from(rate.nanos())).sum();
    let saves = |nth: u32| {
        let used = |hour: &Hour| (hour.micros - i128::from(nth - 1) * hour.length).clamp(0, hour.length);
        hours.iter().map(|hour| used(hour) * i128::from(hour.rate.nanos())).sum::<i128>() > cost
    };
    let (mut least, mut beyond) = (0, crate::scenario::MAX_NODES + 1);
    while beyond - least > 1 {
        let middle = least + (beyond - least) / 2;
        if saves(middle) { least = middle } else { beyond = middle }
    }
    least
}

/// The spend an hour at which the next unit is used in just more than `price_percent` of the time: what it buys is worth
/// `1 ÷ price_percent` where it is used, and nothing where it is not.
fn spend(lines: &[Vec<Hour>], price_percent: u32) -> Rate {
    let hours = lines.iter().map(Vec::len).max().unwrap_or(0);
    // What is used in each hour, at its price, in nano-units an hour.
    let mut worth: Vec<(i128, i128)> = (0..hours)
        .map(|i| {
            let of_hour = lines.iter().map(|line| line[i]);
            let sum: i128 = of_hour.clone().map(|hour| hour.micros * i128::from(hour.rate.nanos())).sum();
            let length = of_hour.map(|hour| hour.length).max().unwrap_or(1).max(1);
            (sum / length, length)
        })
        .collect();
    worth.sort_unstable_by_key(|&(worth, _)| core::cmp::Reverse(worth));
    let all: i128 = worth.iter().map(|&(_, length)| length).sum();
    let mut passed = 0;
    for (worth, length) in worth {
        passed += length;
        if passed * 100 > all * i128::from(price_percent) {
            return Rate::from_nanos(i64::try_from(worth * i128::from(price_percent) / 100).unwrap_or(i64::MAX));
        }
    }
    Rate::ZERO
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hours in which so many machines at 100 nano-units were used.
    fn hours(used: &[i128]) -> Vec<Hour> {
        let length = i128::from(HOUR.micros());
        let from = Instant::from_micros(0);
        used.iter().map(|used| Hour { from, rate: Rate::from_nanos(100), micros: used * length, length }).collect()
    }

    #[test]
    fn as_many_machines_as_are_used_often_enough() {
        let check = |rate, expected| {
            let found = machines(&hours(&[1, 2, 3, 4, 4, 4, 4, 4, 8, 8]), Rate::from_nanos(rate));
            assert_eq!(found, expected, "at {rate} an hour");
        };
        // The fourth is used in 7 of 10 hours, the third in 8, the eighth in 2, the first in all.
        check(69, 4);
        check(70, 3);
        check(19, 8);
        check(99, 1);
        check(100, 0);
    }

    #[test]
    fn as_much_spend_as_is_used_often_enough() {
        let used = [1, 2, 3, 4, 4, 4, 4, 4, 8, 8];
        // At 60 % of the price, the level that more than 6 of 10 hours reach: 4 machines, 400 × 60 %.
        assert_eq!(spend(&[hours(&used)], 60), Rate::from_nanos(240));
        // At 75 %, that of 8 of 10 hours: 3 machines. At 10 %, that of 2 of 10.
        assert_eq!(spend(&[hours(&used)], 75), Rate::from_nanos(225));
        assert_eq!(spend(&[hours(&used)], 10), Rate::from_nanos(80));
        assert_eq!(spend(&[hours(&used), hours(&used)], 60), Rate::from_nanos(480));
    }

    proptest::proptest! {
        /// No other number saves more.
        #[test]
        fn no_other_number_saves_more(used in proptest::collection::vec(0_i128..12, 1..40), rate in 1_i64..120) {
            let hours = hours(&used);
            let saving = |count: u32| -> i128 {
                used.iter().map(|used| used.min(&i128::from(count)) * 100 - i128::from(count) * i128::from(rate)).sum()
            };
            let found = saving(machines(&hours, Rate::from_nanos(rate)));
            proptest::prop_assert_eq!(found, (0..14).map(saving).max().unwrap());
        }
    }
}
