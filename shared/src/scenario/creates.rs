//! How many creates the streams of a scenario have, bin by bin: a forecast of whatever has no series of its own.

use super::ValidScenario;
use crate::forecast::{BinForecast, LEVELS, quantile};
use crate::request::{IndexedRequest, Operation};
use crate::units::Duration;

impl ValidScenario {
    /// The quantiles over the runs, and the mean, of the creates that `is_counted`, in each of the first `bins` bins of the
    /// window. Quantiles are those of Hyndman and Fan, type 7: of 20 runs, 5 and 95 % are near the least and the most.
    pub fn forecast_creates(
        &self,
        bin: Duration,
        bins: usize,
        is_counted: impl Fn(&IndexedRequest) -> bool,
    ) -> Vec<BinForecast> {
        let (start, runs) = (self.original().window.start, self.original().runs);
        let mut counts = vec![Vec::with_capacity(runs as usize); bins];
        for run in 0..runs {
            let mut of_run = vec![0.0; bins];
            for request in self.requests(run).iter().filter(|request| request.operation == Operation::Create) {
                let place = usize::try_from((request.at - start).divide(bin)).ok().filter(|place| *place < bins);
                if let Some(place) = place.filter(|_| is_counted(request)) {
                    of_run[place] += 1.0;
                }
            }
            counts.iter_mut().zip(of_run).for_each(|(counts, count)| counts.push(count));
        }
        let over_runs = |mut counts: Vec<f64>| {
            counts.sort_unstable_by(f64::total_cmp);
            let mean = counts.iter().sum::<f64>() / counts.len().max(1) as f64;
            BinForecast::new(LEVELS.map(|level| quantile(&counts, level)), mean)
        };
        counts.into_iter().map(over_runs).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::lab_scenario;
    use crate::scenario::Scenario;

    /// Means add up over flavors, however their quantiles do not: each create is of one flavor.
    #[test]
    fn means_of_all_flavors_are_the_mean_of_all() {
        let valid = ValidScenario::new(Scenario { runs: 4, ..lab_scenario() }).unwrap();
        let (bin, bins) = (Duration::HOUR, 24);
        let all = valid.forecast_creates(bin, bins, |_| true);
        let flavors = 0..valid.scenario().flavors.len();
        let each = flavors.map(|flavor| valid.forecast_creates(bin, bins, |of| of.flavor.usize() == flavor));
        let sums =
            each.fold(vec![0.0; bins], |sums, of| sums.iter().zip(of).map(|(sum, of)| sum + of.mean()).collect());
        let total: f64 = sums.iter().sum();
        assert!(total > 0.0 && all.iter().zip(sums).all(|(all, sum)| (all.mean() - sum).abs() < 1e-9));
    }

    /// One run has one count a bin, which is every quantile of it.
    #[test]
    fn quantiles_of_one_run_are_its_counts() {
        let valid = ValidScenario::new(Scenario { runs: 1, ..lab_scenario() }).unwrap();
        let window = valid.scenario().window;
        let first = window.start + Duration::HOUR;
        let creates = valid.requests(0).into_iter().filter(|of| of.operation == Operation::Create && of.at < first);
        let count = creates.count() as f64;
        let bins = valid.forecast_creates(Duration::HOUR, 1, |_| true);
        assert_eq!((bins[0].quantiles(), bins[0].mean()), (&[count; LEVELS.len()], count));
    }
}
