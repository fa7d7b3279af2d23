//! What days that are over say of a change, beside the day that is predicted.

use core::convert::Infallible;

use super::{PRICE, all_day, ensemble, found, group, has_risk, small};
use crate::pricing::{CommitmentOffer, Coverage, Offered};
use crate::recommendation::{
    Attempt, PastDay, PastDemand, Recommendation, RiskKind, Sources, Thresholds, candidates, recommend,
};
use crate::request::IndexedRequest;
use crate::scenario::{Demand, Edit, Purchase, Scenario, Spot, ValidScenario};
use crate::units::{Duration, Rate, Window};

const WEEK: Duration = Duration::from_seconds(7 * 24 * 3_600);

/// `count` machines on a fleet beside which spot nodes are had at 40 % of the price, and never taken back.
fn with_spot(count: u32, edits: &[Edit]) -> ValidScenario {
    small(&[all_day(count)], |scenario| {
        let mut other = group(scenario).clone();
        (other.name, other.max) = ("elsewhere".to_owned(), 1);
        other.purchase = Purchase::Spot(Spot::new(40, None));
        scenario.fleet.node_groups.push(other);
        scenario.edits = edits.to_vec();
    })
}

/// Recommendations for twelve machines, after a day on which there were two.
fn after_a_quiet_day(day: impl Fn(PastDay) -> PastDay) -> Vec<Recommendation> {
    let scenario = with_spot(12, &[]);
    let simulate = |attempt: Attempt<'_>| Ok::<_, Infallible>(ensemble(attempt.scenario));
    let past_day = |edits: &[Edit]| {
        let [before, after] = [&[][..], edits].map(|edits| with_spot(2, edits));
        let window = before.scenario().window;
        let (before, after) = (ensemble(&before), ensemble(&after));
        Ok(Some(day(PastDay { window, before, after })))
    };
    let (sources, least) = (Sources::default(), Thresholds::default());
    recommend(&scenario, &ensemble(&scenario), &sources, &least, simulate, past_day).unwrap().recommendations
}

fn all_spot(edits: &[Edit]) -> bool {
    matches!(edits, [Edit::Purchase { .. }])
}

/// Six nodes save 60 % of their price, the one of the day before a sixth of that, by which it is ranked.
#[test]
fn what_a_day_before_saved_less_is_told_and_ranked_by() {
    let found = after_a_quiet_day(|day| day);
    let spot = found.iter().find(|found| all_spot(&found.edits)).expect("spot nodes are cheaper");
    let (promised, lasting) = (spot.difference.saving.to_f64(), spot.lasting_saving().to_f64());
    let of_a_node = 24.0 * PRICE * 0.6;
    assert!((promised - 6.0 * of_a_node).abs() < 0.01, "{promised}");
    assert!((lasting - of_a_node).abs() < 0.01, "{lasting}");
    has_risk(spot, RiskKind::Fades, "it would have saved 5.53 USD, not 33.18 USD");
    assert!(found.is_sorted_by(|a, b| a.lasting_saving() >= b.lasting_saving()));
}

#[test]
fn what_would_have_cost_more_on_a_day_before_is_not_recommended() {
    let swapped = |day: PastDay| PastDay { before: day.after, after: day.before, ..day };
    assert!(!after_a_quiet_day(swapped).iter().any(|found| all_spot(&found.edits)));
}

/// Ways to the same outcome are one recommendation.
#[test]
fn what_comes_to_the_same_is_recommended_once() {
    let scenario = small(&[all_day(6)], |scenario| group(scenario).min = 100);
    let advice = super::advice(&scenario, &[]);
    found(&advice, |edits| matches!(edits, [Edit::MinNodes { .. }]));
    let mut digests: Vec<_> = advice.recommendations.iter().map(|found| found.difference.after).collect();
    let count = digests.len();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), count, "{:?}", advice.recommendations.iter().map(|it| &it.edits).collect::<Vec<_>>());
}

/// Ten machines take five nodes on the day that is predicted, and took one in the week before: a term of a year is not for
/// the day. Six days before it are too few to say so.
#[test]
fn a_commitment_is_sized_for_what_lasts() {
    let predicted = small(&[all_day(10)], |_| {});
    let offered = Offered::Machines { instance_type: "m5.2xlarge".to_owned(), rate: Rate::from_nanos(200_000_000) };
    let offers = [CommitmentOffer { name: "year".to_owned(), term: WEEK * 52, offered }];
    let bought = |past: Option<&PastDemand>| {
        let sources = Sources { offers: &offers, used: &[], owned: &[], past };
        let first = candidates(&predicted, &ensemble(&predicted), &sources).into_iter().next();
        match first.as_deref() {
            Some([Edit::Commitments { commitments }]) => match commitments[0].covers {
                Coverage::Machines { count, .. } => count,
                Coverage::Spend { .. } => unreachable!("machines are offered"),
            },
            other => panic!("{other:?}"),
        }
    };
    let start = predicted.scenario().window.start;
    let before = |long: Duration| {
        let requests: Vec<IndexedRequest> =
            super::requests(&[all_day(2)]).into_iter().map(|it| IndexedRequest { at: start - long, ..it }).collect();
        let window = Window { start: start - long, end: start };
        let demand = Demand::Requests(requests.clone());
        let scenario = Scenario { window, demand, ..predicted.original().clone() };
        PastDemand { scenario: ValidScenario::new(scenario).unwrap(), requests }
    };
    assert_eq!(bought(None), 5);
    assert_eq!(bought(Some(&before(WEEK))), 1);
    assert_eq!(bought(Some(&before(Duration::DAY * 6))), 5);
}
