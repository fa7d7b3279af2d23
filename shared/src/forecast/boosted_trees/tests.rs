use super::super::tests::hourly;
use super::*;
use crate::features::KnownEvent;
use crate::forecast::{Continue, ForecastError};
use crate::request::Names;
use crate::units::{Duration, Window};

const DAY: usize = 24;

/// Whether a sale of six hours is on: they begin at hours that no rule of days or weeks says.
fn on_sale(t: usize) -> bool {
    [31, 80, 131, 190, 247, 299, 365, 412, 471, 529].iter().any(|&begins| (begins..begins + 6).contains(&t))
}

/// 20 an hour in the night and 60 at noon, three times that on sale, and small differences from hour to hour.
fn count(t: usize) -> f64 {
    let day = 40.0 - 20.0 * libm::cos(t as f64 / DAY as f64 * core::f64::consts::TAU);
    day * if on_sale(t) { 3.0 } else { 1.0 } + (t * 7 % 5) as f64
}

fn sales() -> Vec<KnownEvent> {
    let start = "2026-01-01T00:00:00Z".parse::<crate::units::Instant>().unwrap();
    let hours = (0..40 * DAY).filter(|&t| on_sale(t));
    let event = |t: usize| {
        let begins = start + Duration::HOUR * t as i64;
        let window = Window { start: begins, end: begins + Duration::HOUR };
        KnownEvent { name: "sale".to_owned(), window, tenant: None, repeat: None }
    };
    hours.map(event).collect()
}

fn fitted(past: &Past<'_>) -> FittedBoostedTrees {
    BoostedTrees { horizon_bins: DAY }.fit(past, &mut |_| Continue::Yes).unwrap()
}

#[test]
fn a_known_event_moves_the_hours_that_it_is_on() {
    let features = hourly((0..22 * DAY).map(count).collect()).with_events(&sales(), &Names::default());
    // The last sale is from 529 on, an hour after this origin.
    let past = features.all();
    let trees = fitted(&past);
    let day = trees.predict_series(&past, 0, DAY).unwrap();
    let told = |lead: usize| day[lead].median() / (count(22 * DAY + lead) - 2.0);
    // Half of the distance between a day without and a day with a sale at least, and no such jump elsewhere.
    for lead in 1..7 {
        assert!(told(lead) > 0.66, "{lead}: {}", told(lead));
    }
    for lead in [0, 10, 12, 18] {
        assert!((0.6..1.6).contains(&told(lead)), "{lead}: {}", told(lead));
    }
}

#[test]
fn nothing_of_the_last_day_is_learnt() {
    let counts: Vec<f64> = (0..22 * DAY).map(count).collect();
    let mut other = counts.clone();
    other[21 * DAY..].iter_mut().for_each(|count| *count *= 10.0);
    let (one, two) = (hourly(counts), hourly(other));
    assert_eq!(fitted(&one.all()).forest, fitted(&two.all()).forest);
    assert!(fitted(&one.all()).forest.len() > 0);
}

#[test]
fn what_it_would_have_said_is_what_it_says_of_a_shorter_past() {
    let features = hourly((0..22 * DAY).map(count).collect());
    let past = features.all();
    let trees = fitted(&past);
    let earlier = trees.predict_earlier(&past, 0, &[(0, DAY), (5, 5), (DAY, DAY)]);
    for (said, (back, bins)) in earlier.into_iter().zip([(0, DAY), (5, 5), (DAY, DAY)]) {
        assert_eq!(said, trees.predict_series(&past.first(past.bins() - back), 0, bins));
    }
}

#[test]
fn it_says_how_much_history_is_missing() {
    let features = hourly(vec![3.0; 4 * DAY]);
    let missing = BoostedTrees { horizon_bins: 1 }.fit(&features.all(), &mut |_| Continue::Yes).unwrap_err();
    assert_eq!(missing, TrainError::NotReady(NotReady::NeedsBins { missing: DAY }));
    // A constant is forecast as it is, without a tree.
    let constant = hourly(vec![3.0; 6 * DAY]);
    let trees = fitted(&constant.all());
    let exactly = BinForecast::new([3.0; LEVELS.len()], 3.0);
    assert_eq!((trees.forest.len(), trees.predict_series(&constant.all(), 0, 3)), (0, Ok(vec![exactly; 3])));
}

/// Every step that fitting tells of, until `cancel_at` of them were told.
fn told(past: &Past<'_>, cancel_at: usize) -> (Vec<u32>, Result<FittedBoostedTrees, TrainError>) {
    let mut steps = Vec::new();
    let fitted = BoostedTrees { horizon_bins: DAY }.fit(past, &mut |progress| {
        let Progress::Training { model: ModelName::BoostedTrees, step, max_steps, .. } = progress else {
            panic!("{progress:?}");
        };
        assert!(step <= max_steps, "{step} of {max_steps}");
        steps.push(step);
        if steps.len() < cancel_at { Continue::Yes } else { Continue::Cancel }
    });
    (steps, fitted)
}

#[test]
fn every_tree_is_told_and_may_be_the_last() {
    let features = hourly((0..22 * DAY).map(count).collect());
    let past = features.all();
    let (steps, fitted) = told(&past, usize::MAX);
    assert_eq!(fitted.unwrap(), self::fitted(&past));
    assert!(steps.is_sorted() && steps[0] == 0, "{steps:?}");
    // While it is told by how many trees to go on with, in the midst of them, and of those that are kept.
    for cancel_at in [1, 7, steps.len() - 1] {
        let (told, fitted) = told(&past, cancel_at);
        assert_eq!(told, steps[..cancel_at]);
        assert_eq!(fitted, Err(TrainError::Forecast(ForecastError::Cancelled)));
    }
}
