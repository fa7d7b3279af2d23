//! What comes out of every model on difficult input, and that nothing after the origin matters.

mod alone;
mod difficult;

use super::*;
use crate::features::{CountSeries, Features, Past, SeriesKey, SeriesSet};
use crate::request::{Catalogue, RequestLog, RequestLogBuilder, read_requests};
use crate::units::{Duration, Instant};
use proptest::prelude::*;

const BIN: Duration = Duration::from_minutes(60);
const DAY: usize = 24;

/// Features of one series of hourly counts from 2026-01-01 on.
pub(super) fn hourly(counts: Vec<f64>) -> Features {
    let start = "2026-01-01T00:00:00Z".parse().unwrap();
    Features::new(SeriesSet { start, bin: BIN, series: vec![CountSeries { key: SeriesKey::TOTAL, counts }] })
}

fn forecast<F: Fit>(model: &F, past: &Past, bins: usize) -> Result<Vec<BinForecast>, NotReady> {
    let forecast = model.fit(past)?.predict(past, past.bin() * bins as i64).unwrap();
    Ok(forecast.series[0].bins().unwrap().to_vec())
}

/// Finite, not negative, in order: [`BinForecast`] promises it, whatever a model hands it.
fn check_sound(bins: &[BinForecast]) {
    for bin in bins {
        assert!(bin.quantiles().iter().chain([&bin.mean()]).all(|value| value.is_finite() && *value >= 0.0));
        assert!(bin.quantiles().windows(2).all(|pair| pair[0] <= pair[1]));
    }
}

#[test]
fn a_constant_and_an_empty_stream_are_forecast_as_they_are() {
    for count in [0.0, 7.0] {
        let features = hourly(vec![count; 3 * DAY]);
        let exactly = BinForecast::new([count; LEVELS.len()], count);
        assert_eq!(forecast(&SeasonalNaive, &features.all(), DAY), Ok(vec![exactly; DAY]));
        assert_eq!(forecast(&OneDayMedian, &features.all(), DAY), Ok(vec![exactly; DAY]));
    }
}

#[test]
fn a_short_history_is_not_ready_and_says_how_much_is_missing() {
    let features = hourly(vec![3.0; 20]);
    assert_eq!(forecast(&SeasonalNaive, &features.all(), 1), Err(NotReady::NeedsBins { missing: 4 }));
    assert_eq!(forecast(&OneDayMedian, &features.all(), 1), Err(NotReady::NeedsBins { missing: 4 }));
    assert_eq!(forecast(&RecentMean, &hourly(vec![]).all(), 1), Err(NotReady::NeedsBins { missing: 1 }));
}

#[test]
fn a_single_point_has_a_wide_interval() {
    let bins = forecast(&RecentMean, &hourly(vec![4.0]).all(), 1).unwrap();
    // Variance: sample 0 + Poisson 4 + 1/1 + unseen 4² × 23/24; its root is 4.509, ±1.645 of that around 4.
    let deviation = (4.0_f64 + 1.0 + 16.0 * 23.0 / 24.0).sqrt();
    assert!((bins[0].quantiles()[6] - (4.0 + 1.644_853_626_951 * deviation)).abs() < 1e-6);
    assert_eq!(bins[0].quantiles()[0], 0.0);
    assert_eq!((bins[0].median(), bins[0].mean()), (4.0, 4.0));
    // Not having seen a request for an hour is no proof that none will come.
    let nothing_yet = forecast(&RecentMean, &hourly(vec![0.0]).all(), 1).unwrap();
    assert!(nothing_yet[0].quantiles()[6] > 1.0);
}

#[test]
fn the_naive_season_is_one_local_day() {
    // Berlin's clocks go forward on 2026-03-29: yesterday's 12:00 local was 25 hours and not 24 bins of 23 hours ago.
    let start: Instant = "2026-03-27T23:00:00Z".parse().unwrap();
    let counts = (0..24).map(f64::from).collect();
    let set = SeriesSet { start, bin: BIN, series: vec![CountSeries { key: SeriesKey::TOTAL, counts }] };
    let features = Features::new(set).in_zone("Europe/Berlin".parse().unwrap());
    let medians: Vec<f64> =
        forecast(&SeasonalNaive, &features.all(), 23).unwrap().iter().map(BinForecast::median).collect();
    // Local hours of the 29th: 0, 1, 3, 4, …, 23 of a day that has no 2.
    let expected: Vec<f64> = [0, 1].into_iter().chain(3..24).map(f64::from).collect();
    assert_eq!(medians, expected);
}

#[test]
fn the_one_day_median_is_the_median_of_the_last_day() {
    let counts: Vec<f64> = (0..2 * DAY).map(|t| if t < DAY { 1_000.0 } else { t as f64 }).collect();
    let bins = forecast(&OneDayMedian, &hourly(counts).all(), DAY).unwrap();
    // The second day is 24 … 47, whose median is 35.5.
    assert!(bins.iter().all(|bin| bin.median() == 35.5));
}

#[test]
fn residuals_of_the_history_make_the_interval() {
    // Days alternate between 9 and 24, so the naive's residuals are +15 and −15 alternately; from 24 the noise unit
    // is √25 = 5 and from 9 it is √10. The upper half comes from 9 → 24: 15/√10; the lower from 24 → 9: −15/5.
    let counts = (0..8 * DAY).map(|t| if (t / DAY).is_multiple_of(2) { 9.0 } else { 24.0 }).collect();
    let bins = forecast(&SeasonalNaive, &hourly(counts).all(), 1).unwrap();
    let expected = [24.0 - 3.0 * 5.0, 24.0, 24.0 + 15.0 / 10.0_f64.sqrt() * 5.0];
    let found = [bins[0].quantiles()[1], bins[0].median(), bins[0].quantiles()[5]];
    assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9), "{found:?} {expected:?}");
}

#[test]
fn a_backtest_agrees_with_hand_arithmetic() {
    // Days of 1, 2, 4, 8: the naive is wrong by 1, 2, 4; the scale before the origin after day 3 is (1 + 2) / 2.
    let features = hourly((0..4 * DAY).map(|t| [1.0, 2.0, 4.0, 8.0][t / DAY]).collect());
    let past = features.all();
    let plan = BacktestPlan::new(&past, &[Duration::DAY, Duration::HOUR], 1, 1).unwrap();
    assert_eq!(plan.origins, [3 * DAY]);
    let fitted = SeasonalNaive.fit(&plan.training(&past)).unwrap();
    let scores = backtest(&fitted, &past, &plan, &mut |_| Continue::Yes).unwrap();
    assert_eq!(scores.iter().map(|s| s.horizon).collect::<Vec<_>>(), [Duration::HOUR, Duration::DAY]);
    assert_eq!(scores[1].scores().unwrap().mase, Some(4.0 / 1.5));
    assert_eq!(scores[1].scores().unwrap().wape, Some(0.5));
    assert_eq!(backtest(&fitted, &past, &plan, &mut |_| Continue::Cancel), Err(ForecastError::Cancelled));
}

#[test]
fn a_backtest_that_cannot_be_made_says_why() {
    let features = hourly(vec![1.0; 30]);
    let error = BacktestPlan::new(&features.all(), &[Duration::HOUR], 5, 2).unwrap_err();
    // One bin, four steps of two, and a day before them: 33.
    assert_eq!(error, BacktestError::NotReady(NotReady::NeedsBins { missing: 3 }));
    let error = BacktestPlan::new(&features.all(), &[Duration::from_minutes(90)], 1, 1).unwrap_err();
    assert!(error.to_string().contains("not a multiple"), "{error}");
    assert!(BacktestPlan::new(&features.all(), &[], 1, 1).is_err());
}

/// A log with a request every `gap` minutes; whatever `later` holds follows the first three days.
pub(super) fn log(gaps: &[u8], later: &str) -> RequestLog {
    let mut builder = RequestLogBuilder::new(Catalogue::default());
    let start: Instant = "2026-01-01T00:00:00Z".parse().unwrap();
    let mut text = String::new();
    let mut minute = 0;
    for (i, gap) in gaps.iter().cycle().enumerate() {
        minute += i64::from(*gap) + 5;
        if minute >= 3 * 1_440 {
            break;
        }
        let at = start + Duration::from_minutes(minute);
        // What is announced to end after the origin must not be seen; it differs with `later`.
        let lifetime = 3 * 86_400 + later.len();
        text += &create(&format!("r{i}"), at, &format!(r#","batch":"b{}","lifetime_s":{lifetime}"#, i / 3));
    }
    text += later;
    read_requests(&text, &mut builder).unwrap();
    builder.finish().unwrap()
}

pub(super) fn create(id: &str, at: Instant, rest: &str) -> String {
    format!(
        r#"{{"id":"{id}","at":"{at}","tenant":"t","op":"create","class":"compute","resource":"{id}","requested":{{"vcpu":1,"memory_gib":1}}{rest}}}
"#
    )
}

/// Features of a log as known three days in.
pub(super) fn features_of(log: &RequestLog) -> Features {
    let origin: Instant = "2026-01-04T00:00:00Z".parse().unwrap();
    let history = log.before(origin);
    let start = origin - Duration::DAY * 3;
    Features::new(SeriesSet::from_history(&history, start, BIN, &SeriesKey::standard(&history, 10)))
}

#[test]
fn a_selection_ends_at_whatever_step_it_is_cancelled() {
    let features = hourly((0..8 * DAY).map(|t| (t % DAY + t * 7 % 5) as f64).collect());
    let models = vec![ModelName::SeasonalNaive, ModelName::RecentLevel, ModelName::BoostedTrees];
    let config = SelectionConfig { models, ..SelectionConfig::new(vec![Duration::HOUR]) };
    let told_until = |cancel_at: usize| {
        let mut told = 0;
        let outcome = fit_best(&features.all(), &config, &mut |_| {
            told += 1;
            if told < cancel_at { Continue::Yes } else { Continue::Cancel }
        });
        (told, outcome.map(|_| ()))
    };
    let (all, outcome) = told_until(usize::MAX);
    // Two levels, trees by the dozen, and four backtests from eight origins.
    assert!(outcome.is_ok() && all > 50, "{all}");
    for cancel_at in (1..all).step_by(all / 5) {
        assert_eq!(told_until(cancel_at), (cancel_at, Err(TrainError::Forecast(ForecastError::Cancelled))));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn nothing_after_the_origin_changes_a_byte(gaps in prop::collection::vec(0_u8..90, 1..20), extra in 1_i64..500) {
        let later = create("later", "2026-01-04T00:00:00Z".parse::<Instant>().unwrap() + Duration::from_minutes(extra), "");
        let answers = [String::new(), later].map(|later| {
            let log = log(&gaps, &later);
            let features = features_of(&log);
            let past = features.all();
            let forecasts = (
                SeasonalNaive.fit(&past).unwrap().predict(&past, Duration::DAY).unwrap(),
                OneDayMedian.fit(&past).unwrap().predict(&past, Duration::DAY).unwrap(),
                RecentMean.fit(&past).unwrap().predict(&past, Duration::DAY).unwrap(),
                RecentLevel.fit(&past).unwrap().predict(&past, Duration::DAY).unwrap(),
                LocalTrend.fit(&past).unwrap().predict(&past, Duration::DAY).unwrap(),
                SmoothedLevel.fit(&past).unwrap().predict(&past, Duration::DAY).unwrap(),
                HourMean.fit(&past).unwrap().predict(&past, Duration::DAY).unwrap(),
            );
            serde_json::to_string(&forecasts).unwrap()
        });
        prop_assert_eq!(&answers[0], &answers[1]);
    }

    #[test]
    fn forecasts_are_sound_on_any_counts(counts in prop::collection::vec(0_u32..2_000, 1..150), bins in 1_usize..200) {
        let features = hourly(counts.into_iter().map(f64::from).collect());
        let past = features.all();
        for bins in [
            forecast(&SeasonalNaive, &past, bins),
            forecast(&OneDayMedian, &past, bins),
            forecast(&RecentMean, &past, bins),
            forecast(&RecentLevel, &past, bins),
            forecast(&LocalTrend, &past, bins),
            forecast(&SmoothedLevel, &past, bins),
            forecast(&HourMean, &past, bins),
        ].into_iter().flatten() {
            check_sound(&bins);
        }
    }
}

fn selection(horizons: &[Duration]) -> SelectionConfig {
    let models = vec![ModelName::SeasonalNaive, ModelName::OneDayMedian];
    SelectionConfig { models, ..SelectionConfig::new(horizons.to_vec()) }
}

/// The weight of a member at a horizon.
fn weight(report: &SelectionReport, horizon: Duration, model: ModelName) -> f64 {
    let choice = report.choices.iter().find(|choice| choice.horizon == horizon).unwrap();
    choice.members.iter().find(|member| member.model == model).unwrap().weight
}

#[test]
fn the_better_model_gets_the_weight_and_every_score_is_shown() {
    // A day that repeats itself but for small noise: the naive follows it, the median does not.
    let daily = |t: usize| (100.0 + 80.0 * libm::sin(t as f64 / DAY as f64 * core::f64::consts::TAU)).round();
    let features = hourly((0..6 * DAY).map(|t| daily(t) + (t % 5) as f64).collect());
    let config = selection(&[Duration::DAY, Duration::HOUR]);
    let (selected, report) = fit_best(&features.all(), &config, &mut |_| Continue::Yes).unwrap();
    assert!(report.choices.iter().all(|choice| choice.model == ModelName::Ensemble), "{report:?}");
    for horizon in config.horizons {
        assert!(weight(&report, horizon, ModelName::SeasonalNaive) > 0.99, "{report:?}");
    }
    let names: Vec<ModelName> = report.candidates.iter().map(|candidate| candidate.model).collect();
    assert_eq!(names, [ModelName::SeasonalNaive, ModelName::OneDayMedian, ModelName::Ensemble]);
    assert!(report.candidates.iter().all(|candidate| candidate.scores.len() == 2));
    assert_eq!(report.origins.len(), 8);
    assert_eq!(selected.predict(&features.all(), Duration::HOUR).unwrap().model.name, ModelName::Ensemble);
    // The other way round where the day is nothing but a burst at random.
    let draws = crate::random::Draws::new(1, 0, crate::random::Purpose::Example, 0);
    let features = hourly((0..6 * DAY).map(|t| if draws.uniform(t as u64) < 0.1 { 50.0 } else { 2.0 }).collect());
    let (_, report) = fit_best(&features.all(), &selection(&[Duration::DAY]), &mut |_| Continue::Yes).unwrap();
    assert!(weight(&report, Duration::DAY, ModelName::OneDayMedian) > 0.5, "{report:?}");
}

#[test]
fn a_single_candidate_is_used_as_it_is() {
    let features = hourly((0..6 * DAY).map(|t| (t % 7) as f64).collect());
    let past = features.all();
    let mut config = selection(&[Duration::HOUR]);
    config.models.truncate(1);
    let (selected, report) = fit_best(&past, &config, &mut |_| Continue::Yes).unwrap();
    assert_eq!((report.choices[0].model, report.candidates.len()), (ModelName::SeasonalNaive, 1));
    let alone = SeasonalNaive.fit(&past).unwrap();
    assert_eq!(selected.predict(&past, Duration::HOUR), alone.predict(&past, Duration::HOUR));
}

#[test]
fn after_a_tenfold_level_those_that_follow_it_take_over() {
    // 10 a bin for six days, and 100 from six hours before the origin on; the median of a day knows nothing of it.
    let noise = |t: usize| (t * 7 % 5) as f64 / 5.0;
    let counts = (0..7 * DAY).map(|t| if t < 7 * DAY - 6 { 10.0 } else { 100.0 } + noise(t)).collect();
    let features = hourly(counts);
    let mut config = selection(&[Duration::HOUR]);
    config.models.push(ModelName::RecentLevel);
    let (selected, _) = fit_best(&features.all(), &config, &mut |_| Continue::Yes).unwrap();
    let next = selected.predict(&features.all(), Duration::HOUR).unwrap().series[0].bins().unwrap()[0].median();
    assert!(next > 80.0, "{next}");
}

#[test]
fn counts_that_vary_more_than_independent_ones_get_the_interval_they_need() {
    // Two weeks of bins that are uniform on 0 … 200 in the busy half of the day and on 0 … 20 in the quiet one.
    let draws = crate::random::Draws::new(5, 0, crate::random::Purpose::Example, 0);
    let most = |t: usize| if t % DAY < DAY / 2 { 200.0 } else { 20.0 };
    let features = hourly((0..60 * DAY).map(|t| libm::floor(most(t) * draws.uniform(t as u64))).collect());
    let bins = forecast(&HourMean, &features.first(30 * DAY), 30 * DAY).unwrap();
    let actual = &features.all().counts(0)[30 * DAY..];
    let inside = bins
        .iter()
        .zip(actual)
        .filter(|(bin, count)| (bin.quantiles()[0]..=bin.quantiles()[LEVELS.len() - 1]).contains(count));
    // Of 720 bins 90 % have a standard error of 1.1 points; a Poisson interval would hold some 35 %.
    let share = inside.count() as f64 / 720.0;
    assert!((share - 0.9).abs() < 0.05, "{share}");
    // A week of twelve hours of them knows 100 within 57.7/√84 = 6.3, and 10 within 0.6; four of them.
    let mean = |from: usize| bins[from..from + DAY / 2].iter().map(BinForecast::mean).sum::<f64>() / 12.0;
    assert!((mean(0) - 100.0).abs() < 25.0 && (mean(DAY / 2) - 10.0).abs() < 2.5, "{} {}", mean(0), mean(DAY / 2));
}

#[test]
fn the_level_is_as_fast_as_the_lead_wants_it() {
    // Counts that stay for a quarter of a day and then change: the next bin is like the last one, tomorrow like the mean
    // of the day, so the next bin's residuals are far smaller.
    let draws = crate::random::Draws::new(2, 0, crate::random::Purpose::Example, 0);
    let features = hourly((0..14 * DAY).map(|t| libm::floor(100.0 * draws.uniform(t as u64 / 6))).collect());
    let past = features.all();
    let bins = forecast(&RecentLevel, &past, DAY).unwrap();
    let width = |lead: usize| bins[lead].quantiles()[5] - bins[lead].quantiles()[1];
    assert!(width(0) < width(DAY - 1) / 2.0, "{} {}", width(0), width(DAY - 1));
    let last = *past.counts(0).last().unwrap();
    assert!((bins[0].median() - last).abs() < 1.0, "{} {last}", bins[0].median());
}

#[cfg(feature = "smoothing")]
#[test]
fn smoothing_follows_a_trend_and_repeats_a_day() {
    // 10 more every hour: the damped trend goes on upwards from the last count, 10 × 95.
    let rising = hourly((0..4 * DAY).map(|t| 10.0 * t as f64).collect());
    let bins = forecast(&DampedTrend, &rising.all(), 3).unwrap();
    assert!(bins.windows(2).all(|pair| pair[0].median() < pair[1].median()), "{bins:?}");
    assert!((bins[0].median() - 960.0).abs() < 2.0, "{bins:?}");
    // A sine of one day, 2 either way of what it was a day ago.
    let daily = |t: usize| 100.0 + 80.0 * libm::sin(t as f64 / DAY as f64 * core::f64::consts::TAU);
    let bins = forecast(&Mstl, &hourly((0..10 * DAY).map(daily).collect()).all(), DAY).unwrap();
    for (lead, bin) in bins.iter().enumerate() {
        assert!((bin.median() - daily(lead)).abs() < 2.0, "{lead}: {} {}", bin.median(), daily(lead));
    }
    let constant = BinForecast::new([7.0; LEVELS.len()], 7.0);
    for fitted in
        [forecast(&DampedTrend, &hourly(vec![7.0; 60]).all(), 2), forecast(&Mstl, &hourly(vec![7.0; 60]).all(), 2)]
    {
        assert_eq!(fitted, Ok(vec![constant; 2]));
    }
    assert_eq!(forecast(&Mstl, &hourly(vec![7.0; 40]).all(), 2), Err(NotReady::NeedsBins { missing: 8 }));
}

#[test]
fn too_short_a_history_falls_back_and_says_to_what() {
    let check = |bins: usize, model: ModelName, missing: usize| {
        let features = hourly(vec![3.0; bins]);
        let (selected, report) =
            fit_best(&features.all(), &selection(&[Duration::HOUR]), &mut |_| Continue::Yes).unwrap();
        assert_eq!(report.fallback, Some(Fallback { missing, model }));
        assert_eq!(selected.model(1), model);
        check_sound(selected.predict(&features.all(), Duration::HOUR).unwrap().series[0].bins().unwrap());
    };
    // Two origins a quarter of a day apart, an hour after the last and a day before the first: 31 bins.
    check(1, ModelName::RecentMean, 30);
    check(23, ModelName::RecentMean, 8);
    check(24, ModelName::SeasonalNaive, 7);
    let nothing = fit_best(&hourly(vec![]).all(), &selection(&[Duration::HOUR]), &mut |_| Continue::Yes);
    assert_eq!(nothing.unwrap_err(), TrainError::NotReady(NotReady::NeedsBins { missing: 1 }));
}
