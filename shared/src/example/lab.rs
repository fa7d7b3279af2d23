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
    use crate::control_plane::State;
    use crate::example::{SEED, START, day_window, requests_between, scenario};
    use crate::features::{Features, SeriesKey, SeriesSet};
    use crate::forecast::{Fit, Predict, SeasonalNaive};
    use crate::link::{Privacy, prepared};
    use crate::request::{Catalogue, RequestLogBuilder, Tables, Tenant};
    use crate::scenario::{Demand, ValidScenario};
    use crate::simulation::{Digest, Outcome, run};
    use crate::stream::{ArrivalForecast, Source, StreamSettings, estimate};
    use crate::units::{Duration, Window};

    /// A Monday, when the example has run for two weeks.
    const DAY: i64 = 14;

    fn made_anew() -> Scenario {
        let window = day_window(DAY);
        let mut builder = RequestLogBuilder::new(Catalogue::default());
        for (line, request) in
            requests_between(SEED, Window { start: START, end: window.start }).into_iter().enumerate()
        {
            builder.push(line as u64 + 1, request).unwrap();
        }
        let log = builder.finish().unwrap();
        let (history, map) = (log.before(window.start), Tables::default().add(&log));
        let set = SeriesSet::from_history(&history, START, Duration::HOUR, &[SeriesKey::Arrivals]);
        let features = Features::new(set);
        let past = features.all();
        let bins = SeasonalNaive.fit(&past).unwrap().predict_series(&past, 0, 24).unwrap();
        let forecast = ArrivalForecast { origin: window.start, bin: Duration::HOUR, bins: &bins, past: past.counts(0) };
        let settings = StreamSettings { templates_max: 64, ..StreamSettings::default() };
        let source = Source { history, map: &map, has_deletes: true };
        let like = scenario();
        let tenant = |name: &str| Tenant { name: name.to_owned(), ..Tenant::default() };
        Scenario {
            name: "a Monday of the example".to_owned(),
            window,
            bin: Duration::from_minutes(15),
            tenants: log.tenants.iter().map(tenant).collect(),
            flavors: log.flavors.clone(),
            terms: log.terms.clone(),
            demand: Demand::Forecast(Box::new(estimate(&[source], &forecast, log.flavors.len(), &settings).unwrap())),
            start: State::default(),
            ..like
        }
    }

    fn digest(scenario: &Scenario) -> Digest {
        let valid = ValidScenario::new(scenario.clone()).unwrap();
        Outcome::collect((0..scenario.runs).map(|number| run(&valid, number, false)).collect()).digest
    }

    /// Golden: a link of version 1 stays readable, and its outcome stays the same while the engine does.
    /// `UPDATE_EXPECTED=1` makes the link anew, for the next build.
    #[test]
    fn the_link_gives_the_digest_that_it_names() {
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            let scenario = made_anew();
            let link = SharedScenario { digest: digest(&scenario), scenario }.to_link().unwrap();
            std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/src/example/lab.link"), link).unwrap();
            return;
        }
        let lab = SharedScenario::from_link(LINK).unwrap();
        assert!(LINK.len() < 6_000, "{} characters leave no room for edits", LINK.len());
        assert_eq!(digest(&lab.scenario), lab.digest, "outcomes have changed: increment ENGINE and make the link anew");
    }

    #[test]
    fn pseudonyms_change_no_outcome() {
        let lab = SharedScenario::from_link(LINK).unwrap();
        let hidden = prepared(&lab.scenario, Privacy::Pseudonyms);
        assert_ne!(hidden.tenants, lab.scenario.tenants);
        assert_eq!(digest(&hidden), lab.digest);
    }
}
