//! One member of an ensemble that answers alone, and when it does not.

use super::*;

/// An ensemble of the naive, which answers alone, and of the level of late, for the next hour.
fn naive_alone(past: &Past) -> Ensemble {
    let members = vec![
        FittedModel::SeasonalNaive(SeasonalNaive.fit(past).unwrap()),
        FittedModel::RecentLevel(RecentLevel.fit(past).unwrap()),
    ];
    Ensemble::new(vec![1], members).with_alone([(SeriesKey::TOTAL, vec![Some(0)])].into())
}

/// 20 an hour in the night and 60 at noon, and small differences from hour to hour.
fn daily(t: usize) -> f64 {
    40.0 - 20.0 * libm::cos(t as f64 / DAY as f64 * core::f64::consts::TAU) + (t * 7 % 5) as f64
}

#[test]
fn one_that_is_right_answers_alone() {
    let features = hourly((0..7 * DAY).map(daily).collect());
    let past = features.all();
    let (together, naive) = (naive_alone(&past), SeasonalNaive.fit(&past).unwrap());
    assert_eq!(together.predict_series(&past, 0, 1), naive.predict_series(&past, 0, 1));
    assert_eq!(together.weights_at(&past, 0), [[1.0, 0.0]]);
}

#[test]
fn one_that_is_wrong_over_the_last_day_is_not_left_alone() {
    // Ten times the level from six hours before the origin on: the naive says 20 to 30, and 200 to 300 come.
    let level = |t: usize| if t < 7 * DAY - 6 { 1.0 } else { 10.0 };
    let features = hourly((0..7 * DAY).map(|t| level(t) * daily(t)).collect());
    let past = features.all();
    let together = naive_alone(&past);
    let next = together.predict_series(&past, 0, 1).unwrap()[0].median();
    assert!(next > 150.0, "{next}");
    assert!(together.weights_at(&past, 0)[0][0] < 0.5);
}

#[test]
fn the_report_says_which_and_why() {
    let features = hourly((0..7 * DAY).map(daily).collect());
    let (selected, report) =
        fit_best(&features.all(), &selection(&[Duration::HOUR, Duration::DAY]), &mut |_| Continue::Yes).unwrap();
    for choice in &report.choices {
        let [series] = choice.series[..] else { panic!("one series") };
        let mase = |model| {
            let candidate = report.candidates.iter().find(|candidate| candidate.model == model).unwrap();
            candidate.mase(SeriesKey::TOTAL, choice.horizon).unwrap()
        };
        assert_eq!((series.key, series.model), (SeriesKey::TOTAL, choice.model));
        assert_eq!(choice.mase, Some(mase(series.model)));
        // Whatever is used, nothing has clearly less error unless it is said to have been wrong of late.
        let least = report.candidates.iter().map(|candidate| mase(candidate.model)).fold(f64::INFINITY, f64::min);
        match series.reason {
            Reason::Least => assert_eq!(mase(series.model), least),
            Reason::Nearly { model } => assert!(mase(model) == least && least > 0.79 * mase(ModelName::Ensemble)),
            Reason::WrongOfLate { model } => assert_eq!(mase(model), least),
            Reason::Unscored => panic!("both were scored"),
        }
        let used = report.used(choice.horizon);
        assert_eq!((used.len(), used[0].scores().unwrap().mase), (1, choice.mase));
    }
    assert_eq!(selected.model(1), ModelName::Ensemble);
}
