//! Which windows two models are judged by, and how wrong they are in them.

use shared::example;
use shared::feedback::Calibrations;
use shared::forecast::ModelName;
use shared::request::{Catalogue, RequestLogBuilder};
use shared::shadow::Known;
use shared::units::{Duration, LedgerUnits, TenantIndex};

use super::super::super::prediction::{Ask, predict};
use super::super::super::primary::meter;
use super::*;
use crate::ensemble;

const DAYS: i64 = 6;

fn log_until(end: Instant) -> RequestLog {
    let mut builder = RequestLogBuilder::new(Catalogue::default());
    for request in (0..DAYS).flat_map(|day| example::requests(example::SEED, day)).filter(|one| one.at < end) {
        builder.push(1, request).unwrap();
    }
    builder.finish().unwrap()
}

fn end() -> Instant {
    example::day_window(DAYS).start
}

fn config() -> ShadowingConfig {
    let assumed = Scenario { runs: 2, ..example::scenario() };
    ShadowingConfig::system(assumed, Catalogue::default())
}

/// Models that need no training, but for trees: what is trained shows whether it saw too much.
fn selection() -> SelectionConfig {
    let models = vec![ModelName::SeasonalNaive, ModelName::HourMean, ModelName::BoostedTrees];
    SelectionConfig { models, ..SelectionConfig::new(vec![REPORTED]) }
}

/// As trained on all that was known `days` before the end.
fn champion(case: &Case<'_>, days: i64) -> Champion {
    let fitted_until = end() - Duration::DAY * days;
    let known = Known::new(case.log, None, fitted_until);
    let features = case.side_inputs.features(case.config, &known, TENANTS_MAX);
    let baseline = Champion::baseline(&features.all(), REPORTED).unwrap();
    Champion { version: 2, ..baseline }
}

#[test]
fn windows_are_whole_and_new_to_the_champion_and_have_enough_before_them() {
    let (config, log, side_inputs) = (config(), log_until(end()), SideInputs::default());
    let selection = selection();
    let case = Case { config: &config, log: &log, side_inputs: &side_inputs, selection: &selection };
    let features = side_inputs.features(&config, &Known::new(&log, None, end()), TENANTS);
    let starts = |champion: &Champion, days: i64| {
        let bins = (example::day_window(days).start - features.series.start).divide(config.bin);
        let windows = windows(&case, champion, &features.first(bins as usize));
        assert!(windows.iter().all(|window| window.length() == Duration::DAY));
        windows.iter().map(|window| (end() - window.start).divide(Duration::HOUR)).collect::<Vec<_>>()
    };
    assert_eq!(starts(&champion(&case, 4), DAYS), [72, 48, 24], "at most three");
    assert_eq!(starts(&champion(&case, 2), DAYS), [48, 24], "both are new to it");
    assert_eq!(starts(&champion(&case, 1), DAYS), [0_i64; 0], "one is too few");
    // The baseline is fitted anew whenever it serves.
    let baseline = Champion { version: 1, ..champion(&case, 1) };
    assert_eq!(starts(&baseline, DAYS), [72, 48, 24]);
    // A challenger's own backtest needs a day, two origins six hours apart and the last one's day: 54 hours. Five days
    // leave three before two windows, and two days, too few, before three; four leave two.
    assert_eq!(starts(&baseline, 5), [72, 48]);
    assert_eq!(starts(&baseline, 4), [0_i64; 0]);
}

#[test]
fn the_challenger_s_stand_in_has_seen_nothing_of_its_windows() {
    let (config, side_inputs) = (config(), SideInputs::default());
    let selection = selection();
    let start = end() - Duration::DAY * 2;
    let fitted = |log: &RequestLog| {
        let case = Case { config: &config, log, side_inputs: &side_inputs, selection: &selection };
        fitted_until(&case, start, &mut |_| Continue::Yes).unwrap().to_bytes()
    };
    assert_eq!(fitted(&log_until(end())), fitted(&log_until(start)));
}

#[test]
fn errors_are_those_of_what_the_service_would_have_predicted_and_metered() {
    let (config, log, side_inputs) = (config(), log_until(end()), SideInputs::default());
    let selection = selection();
    let case = Case { config: &config, log: &log, side_inputs: &side_inputs, selection: &selection };
    let champion = champion(&case, 2);
    let features = side_inputs.features(&config, &Known::new(&log, None, end()), TENANTS_MAX);
    let compared = compare(&case, &champion, &features.all(), &mut |_| Continue::Yes).unwrap();
    let (mut wrong, mut cost) = (0.0, 0.0);
    for days in [2, 1] {
        let window = Window { start: end() - Duration::DAY * days, end: end() - Duration::DAY * (days - 1) };
        let (runs, seed) = (config.assumed.runs, config.assumed.seed);
        let calibrations = Calibrations::default();
        let ask =
            Ask { origin: window.start, horizon: Duration::DAY, runs, seed, edits: &[], calibrations: &calibrations };
        let predicted = predict(&config, Some(&champion), &log, &[], &side_inputs, &ask).unwrap();
        let predicted = ensemble::run(&predicted.scenario, 1, false, &|_, _| true).unwrap().runs;
        let actual = meter(&config, &Known::new(&log, None, window.start), &[], window, None).unwrap();
        let actual = &actual.end.outcome.cost;
        let mut add = |of: [LedgerUnits; 2], actual: LedgerUnits| {
            // Σ|mean − actual| over Σ actual, where the mean is of two runs.
            wrong += ((of[0] + of[1]).0 as f64 / 2.0 - actual.0 as f64).abs();
            cost += actual.0 as f64;
        };
        // Tenants that were predicted to appear have indices beyond those of the log.
        for tenant in (0..100).map(TenantIndex) {
            add([0, 1].map(|run: usize| predicted[run].cost.tenant(tenant)), actual.tenant(tenant));
        }
        let shared = |of: &shared::cost::CostBreakdown| of.total() - of.workload();
        add([0, 1].map(|run: usize| shared(&predicted[run].cost)), shared(actual));
    }
    assert_eq!(compared.windows, 2);
    assert!((compared.champion - wrong / cost).abs() < 1e-12, "{compared:?}: {wrong} of {cost}");
    // A champion that is the challenger's stand-in draws the very same streams, and is as wrong as that.
    let stand_in = fitted_until(&case, end() - Duration::DAY * 2, &mut |_| Continue::Yes).unwrap();
    let twin = Champion { selected: stand_in, ..champion };
    let twins = compare(&case, &twin, &features.all(), &mut |_| Continue::Yes).unwrap();
    assert_eq!((twins.champion, twins.challenger), (compared.challenger, compared.challenger));
}

#[test]
fn the_watcher_cancels_between_shadows() {
    let (config, log, side_inputs) = (config(), log_until(end()), SideInputs::default());
    let selection = selection();
    let case = Case { config: &config, log: &log, side_inputs: &side_inputs, selection: &selection };
    let windows = [Window { start: end() - Duration::DAY, end: end() }];
    let mut asked = 0;
    let mut second = |_| {
        asked += 1;
        if asked == 2 { Continue::Cancel } else { Continue::Yes }
    };
    let cancelled = errors(&case, &windows, [Judged::Baseline; 2], &mut second);
    assert!(matches!(cancelled, Err(Unjudged::Training(TrainError::Forecast(ForecastError::Cancelled)))));
    assert_eq!(asked, 2);
}
