//! Machines that were bought.

use core::convert::Infallible;

use super::{all_day, ensemble, found, group, has_risk, small};
use crate::pricing::{ExchangeRates, Owned, read_price_file};
use crate::recommendation::{Attempt, RiskKind, Sources, Thresholds, recommend};
use crate::scenario::Edit;

/// 9,200 over 60 months of 730 hours and 0.45 kW at 0.24, with 15 % on both: 0.2415 and 0.1242, or 34 % to run it.
#[test]
fn a_price_file_says_what_owned_machines_cost_to_run() {
    let text = "instance_type,purchase_price,term_months,power_kw,price_per_kwh,overhead_percent,price_per_hour,currency\n\
                r740,9200,60,0.45,0.24,15,,EUR\nm5.large,,,,,,0.096,EUR\n";
    let owned = read_price_file(text, &ExchangeRates::default()).unwrap().owned;
    assert_eq!(owned, [Owned { instance_type: "r740".to_owned(), running_percent: 34 }]);
}

#[test]
fn fewer_owned_machines_save_what_they_cost_to_run() {
    let scenario = small(&[all_day(6)], |scenario| group(scenario).min = 100);
    let owned = [Owned { instance_type: "m5.2xlarge".to_owned(), running_percent: 34 }];
    let sources = Sources { owned: &owned, ..Sources::default() };
    let simulate = |attempt: Attempt<'_>| Ok::<_, Infallible>(ensemble(attempt.scenario));
    let (least, nothing) = (Thresholds::default(), |_: &[Edit]| Ok(None));
    let advice = recommend(&scenario, &ensemble(&scenario), &sources, &least, simulate, nothing).unwrap();
    let fewer = found(&advice, |edits| matches!(edits, [Edit::MinNodes { .. }]));
    has_risk(fewer, RiskKind::Sunk, "34 % of its price is what it costs to run");
    let workers = advice.recommendations.iter().filter(|found| matches!(found.edits[..], [Edit::Workers { .. }]));
    assert!(workers.flat_map(|found| &found.risks).all(|risk| risk.kind != RiskKind::Sunk));
}
