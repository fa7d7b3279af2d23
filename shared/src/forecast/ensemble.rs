//! Several models together.

mod combine;
mod ratios;

use std::collections::BTreeMap;

use self::combine::combine;
use self::ratios::Ratios;
use super::model::season_bins;
use super::{BinForecast, FittedModel, LEVELS, ModelId, ModelName, NotReady, Predict, RecentMean, pinball};
use crate::features::{Past, SeriesKey};

/// Fitted models, and how wrong each was in a backtest.
///
/// A forecast lies, level by level, a quarter of the way from the weighted mean to the weighted median of the members'
/// quantiles, so that one member that repeats a burst drags the others less far along. Weights are per series and range of
/// leads. A member's falls with a power of how many times the least pinball loss of any it has had: four fifths of that from
/// what it would have said over the last day, the last quarter of an hour included, so that after a change of level those
/// that follow it take over at once; the rest from the backtest. From half a day on, those that learn from weeks count twice.
///
/// For some series and ranges one member answers alone: a selection found that it does better than all together. It does
/// so for as long as its weight among all is at least an equal share, so that after a change of level that it does not
/// follow the others are asked again.
#[derive(Clone, Debug)]
pub struct Ensemble {
    /// Ends of the ranges of leads, in bins, increasing.
    pub(super) horizons: Vec<usize>,
    pub(super) members: Vec<FittedModel>,
    /// Pinball losses of the backtest by horizon, then by member.
    pub(super) losses: BTreeMap<SeriesKey, Vec<Vec<Option<f64>>>>,
    /// By range of leads, the member that answers alone.
    pub(super) alone: BTreeMap<SeriesKey, Vec<Option<usize>>>,
}

/// How much the backtest counts beside all of the last day. On the data before the first origin of the benchmark's twelve
/// series, errors at an hour and at a day were 5 and 4 % less than where both count for as much.
const BACKTEST: f64 = 0.25;

/// How much more those count that learn from weeks, at leads of half a day and more. On the same data errors of requests at a
/// day were 0.7 % less, of no series more; those of machines stayed.
const OF_WEEKS: f64 = 2.0;

/// From how many parts of a day before the origin members are judged.
const RECENT_PARTS: [usize; 7] = [96, 48, 24, 8, 4, 2, 1];

/// What a member answered from each of several origins.
type Said = Vec<Result<Vec<BinForecast>, NotReady>>;

/// Losses by horizon and then by member, where it answered.
type Losses = Vec<Vec<Option<f64>>>;

impl Ensemble {
    /// Members whose losses in a backtest are not known: the last day alone decides.
    pub(super) fn new(horizons: Vec<usize>, members: Vec<FittedModel>) -> Self {
        Self { horizons, members, losses: BTreeMap::new(), alone: BTreeMap::new() }
    }

    /// The same with what a backtest said, by horizon and then by member.
    pub(super) fn with_losses(self, losses: BTreeMap<SeriesKey, Losses>) -> Self {
        Self { losses, ..self }
    }

    /// The same with members that answer alone, by range of leads.
    pub(super) fn with_alone(self, alone: BTreeMap<SeriesKey, Vec<Option<usize>>>) -> Self {
        Self { alone, ..self }
    }

    /// The same with more members, of which no backtest is known.
    pub(super) fn joined_by(mut self, late: Vec<FittedModel>) -> Self {
        for range in self.losses.values_mut().flatten() {
            range.extend(late.iter().map(|_| None));
        }
        self.members.extend(late);
        self
    }

    /// The members.
    pub fn members(&self) -> &[FittedModel] {
        &self.members
    }

    /// Replaces each member by what `fit` makes of it.
    pub(super) fn refitted<E>(self, mut fit: impl FnMut(FittedModel) -> Result<FittedModel, E>) -> Result<Self, E> {
        let members = self.members.into_iter().map(&mut fit).collect::<Result<_, E>>()?;
        Ok(Self { members, ..self })
    }

    /// Weights of the members by range of leads, which add up to 1, as known at the origin of `past`.
    pub(super) fn weights_at(&self, past: &Past, series: usize) -> Vec<Vec<f64>> {
        let asked = self.asked(past);
        let said: Vec<_> = self.members.iter().map(|member| member.predict_earlier(past, series, &asked)).collect();
        let recent = self.recent(past, series, &asked, &said);
        self.weights_among(past, series, (&asked, &recent), &vec![true; self.members.len()])
    }

    /// Which range a lead lies in; the last one goes on.
    fn range(&self, lead: usize) -> usize {
        self.horizons.partition_point(|&end| end <= lead).min(self.horizons.len() - 1)
    }

    /// Weights by range of leads and then by member.
    fn weights_among(
        &self,
        past: &Past,
        series: usize,
        (asked, recent): (&[(usize, usize)], &[Losses]),
        answering: &[bool],
    ) -> Vec<Vec<f64>> {
        let mut ratios = vec![Ratios::new(self.members.len()); self.horizons.len()];
        for (range, ratios) in ratios.iter_mut().enumerate() {
            let backtest = self.losses.get(&past.key(series)).map(|losses| &losses[range]);
            let all = recent.iter().map(|losses| &losses[range]);
            let scale = typical(all.clone().chain(backtest).map(|losses| mean(losses.iter().flatten().copied())));
            // What has seen little of a range says little about it.
            let seen = |back: usize| libm::sqrt((back as f64 / self.horizons[range] as f64).min(1.0));
            let total: f64 = asked.iter().map(|&(back, _)| seen(back)).sum();
            for (losses, &(back, _)) in all.zip(asked) {
                ratios.add(losses, answering, scale, seen(back) / total);
            }
            backtest.into_iter().for_each(|losses| ratios.add(losses, answering, scale, BACKTEST));
        }
        let season = season_bins(past.bin());
        let short = season / 24;
        for range in 0..self.horizons.len().saturating_sub(1) {
            // A few bins say little by themselves.
            if self.horizons[range] < short {
                let longer = ratios[range + 1].clone();
                ratios[range].merge(&longer);
            }
        }
        let alone = self.alone.get(&past.key(series));
        let equal_share = 1.0 / answering.iter().filter(|&&answers| answers).count() as f64;
        let weights = |(range, ratios): (usize, &Ratios)| {
            let weights = ratios.weights(&self.prior(range, season, answering));
            let member = alone.and_then(|alone| alone[range]);
            match member.filter(|&member| weights[member] >= equal_share) {
                Some(alone) => (0..weights.len()).map(|member| f64::from(u8::from(member == alone))).collect(),
                None => weights,
            }
        };
        ratios.iter().enumerate().map(weights).collect()
    }

    /// How much each member counts in a range before anything is known of it; nothing where it does not answer.
    fn prior(&self, range: usize, season: usize, answering: &[bool]) -> Vec<f64> {
        let far = 2 * self.horizons[range] >= season;
        let of_weeks = |member: &FittedModel| {
            matches!(member, FittedModel::HourMean(_) | FittedModel::BoostedTrees(_) | FittedModel::Lstm(_))
        };
        let one = |(member, &answers): (&FittedModel, &bool)| match answers {
            true if far && of_weeks(member) => OF_WEEKS,
            true => 1.0,
            false => 0.0,
        };
        self.members.iter().zip(answering).map(one).collect()
    }

    /// Several origins of the last day, as bins back, and how many bins from each on have come and matter.
    fn asked(&self, past: &Past) -> Vec<(usize, usize)> {
        let season = season_bins(past.bin());
        let longest = self.horizons[self.horizons.len() - 1];
        let mut before: Vec<usize> = RECENT_PARTS.iter().map(|part| (season / part).max(1)).collect();
        before.dedup();
        before.into_iter().filter(|&back| back < past.bins()).map(|back| (back, back.min(longest))).collect()
    }

    /// The pinball loss of what each member said from each of these origins.
    fn recent(&self, past: &Past, series: usize, asked: &[(usize, usize)], said: &[Said]) -> Vec<Losses> {
        let from = |(origin, &(back, _)): (usize, &(usize, usize))| {
            let actual = &past.counts(series)[past.bins() - back..];
            let over = |&horizon: &usize| {
                let loss = |said: &Said| {
                    let bins = said[origin].as_ref().ok()?.iter().zip(actual).take(horizon);
                    Some(mean(bins.map(|(bin, &actual)| loss(bin, actual))))
                };
                said.iter().map(loss).collect()
            };
            self.horizons.iter().map(over).collect()
        };
        asked.iter().enumerate().map(from).collect()
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    sum / f64::from(count.max(1))
}

/// The geometric mean of what is above zero: one burst does not move it far.
fn typical(losses: impl Iterator<Item = f64>) -> f64 {
    let logs = losses.filter(|&loss| loss > 0.0).map(libm::log);
    let (sum, count) = logs.fold((0.0, 0_u32), |(sum, count), log| (sum + log, count + 1));
    if count == 0 { 0.0 } else { libm::exp(sum / f64::from(count)) }
}

/// Mean pinball loss over the levels.
fn loss(bin: &BinForecast, actual: f64) -> f64 {
    let losses = LEVELS.iter().zip(bin.quantiles()).map(|(&level, &quantile)| pinball(level, quantile, actual));
    losses.sum::<f64>() / LEVELS.len() as f64
}

impl Predict for Ensemble {
    fn id(&self, bins: usize) -> ModelId {
        match &self.members[..] {
            [only] => only.id(bins),
            [] => RecentMean.id(bins),
            _ => ModelId { name: ModelName::Ensemble, version: 5 },
        }
    }

    fn predict_series(&self, past: &Past, series: usize, bins: usize) -> Result<Vec<BinForecast>, NotReady> {
        if let [only] = &self.members[..] {
            return only.predict_series(past, series, bins);
        }
        let mut asked = self.asked(past);
        asked.push((0, bins));
        let mut earlier: Vec<Said> =
            self.members.iter().map(|member| member.predict_earlier(past, series, &asked)).collect();
        asked.pop();
        let said: Said = earlier.iter_mut().filter_map(Vec::pop).collect();
        let answering: Vec<bool> = said.iter().map(Result::is_ok).collect();
        if !answering.contains(&true) {
            return match said.into_iter().find_map(Result::err) {
                Some(reason) => Err(reason),
                None => RecentMean.predict_series(past, series, bins),
            };
        }
        let recent = self.recent(past, series, &asked, &earlier);
        let weights = self.weights_among(past, series, (&asked, &recent), &answering);
        let one = |lead: usize| {
            let answers = weights[self.range(lead)].iter().zip(&said);
            let parts: Vec<(f64, &BinForecast)> =
                answers.filter_map(|(&weight, said)| Some((weight, &said.as_ref().ok()?[lead]))).collect();
            combine(&parts)
        };
        Ok((0..bins).map(one).collect())
    }
}
