//! Who ends sooner: by how many were created together, by the time of day and by the weekday of the creation.

use super::hazards::Lived;
use super::survival::Survival;
use super::{Lifetimes, Paces};
use crate::units::{Duration, Instant};

/// So many ends at a pace of 1 are added to those of each kind: few say little.
const PRIOR_ENDS: f64 = 20.0;

/// What a pace may depend on, in the order in which it is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Covariate {
    Size,
    Quarter,
    Weekday,
}

const COVARIATES: [Covariate; 3] = [Covariate::Size, Covariate::Quarter, Covariate::Weekday];

/// Paces that are worth it: each is kept only where it makes what was seen after a cut likelier, fitted on what was seen
/// before. The cut is where the last quarter of the time begins, three days at most.
///
/// A pace is the factor by which everyone's hazard of that kind is larger: its ends over the cumulative hazard that it
/// lived through, both with so many ends more at a pace of 1 (the maximum likelihood of proportional hazards whose base is
/// known, which is that of a Poisson rate). `model` makes hazards from lives.
pub(super) fn paces(lives: &[Lived], model: impl Fn(&[Lived]) -> Lifetimes) -> Paces {
    let first = lives.iter().map(|life| life.created).min().unwrap_or(Instant::from_micros(0));
    let end = lives.iter().map(|life| life.created + life.age).max().unwrap_or(first);
    let cut = end + Duration::from_micros((end - first).micros() / 4).min(Duration::DAY * 3) * -1;
    let early: Vec<Lived> = lives.iter().filter(|life| life.created < cut).map(|life| before(life, cut)).collect();
    let late: Vec<(Lived, Duration)> = lives
        .iter()
        .filter(|life| life.created + life.age > cut)
        .map(|life| (*life, (cut - life.created).max(Duration::ZERO)))
        .collect();
    let (trial, whole) = (Survival::new(&model(&early)), Survival::new(&model(lives)));
    let from_birth = |lives: &[Lived]| lives.iter().map(|life| (*life, Duration::ZERO)).collect::<Vec<_>>();
    let (early, all) = (from_birth(&early), from_birth(lives));
    let (mut tried, mut kept) = (Paces::default(), Paces::default());
    for covariate in COVARIATES {
        let factors = fit(covariate, &early, &trial, &tried);
        // A nat for each factor: by chance alone some would look better than nothing.
        if gain(covariate, &factors, &late, &trial, &tried) > factors.len() as f64 {
            *covariate.of(&mut tried) = factors;
            *covariate.of(&mut kept) = fit(covariate, &all, &whole, &kept);
        }
    }
    kept
}

/// A life as it was known at a cut.
fn before(life: &Lived, cut: Instant) -> Lived {
    let known = cut - life.created;
    Lived { age: life.age.min(known), ended: life.ended && life.age < known, ..*life }
}

/// Ends, and the cumulative hazard lived through from an age on, by kind.
fn ends_and_exposure(
    covariate: Covariate,
    lives: &[(Lived, Duration)],
    survival: &Survival,
    others: &Paces,
) -> Vec<(f64, f64)> {
    let mut sums = vec![(0.0, 0.0); covariate.kinds()];
    for (life, from) in lives {
        let whose = (life.tenant, life.flavor);
        let hazard = survival.cumulative(whose, life.age) - survival.cumulative(whose, *from);
        let (ends, exposure) = &mut sums[covariate.kind(life)];
        *ends += if life.ended { 1.0 } else { 0.0 };
        *exposure += hazard * others.of(Some(life.size), life.created);
    }
    sums
}

/// The factors of each kind, in thousandths.
fn fit(covariate: Covariate, lives: &[(Lived, Duration)], survival: &Survival, others: &Paces) -> Vec<u32> {
    let sums = ends_and_exposure(covariate, lives, survival, others).into_iter();
    let factor = |(ends, exposure): (f64, f64)| (ends + PRIOR_ENDS) / (exposure + PRIOR_ENDS);
    sums.map(|sums| (factor(sums).clamp(0.01, 100.0) * 1_000.0 + 0.5) as u32).collect()
}

/// How much more likely the lives are with the factors than without, in nats.
fn gain(
    covariate: Covariate,
    factors: &[u32],
    lives: &[(Lived, Duration)],
    survival: &Survival,
    others: &Paces,
) -> f64 {
    let sums = ends_and_exposure(covariate, lives, survival, others);
    let of = |(&factor, (ends, exposure)): (&u32, (f64, f64))| {
        let factor = f64::from(factor) / 1_000.0;
        ends * libm::log(factor) - (factor - 1.0) * exposure
    };
    factors.iter().zip(sums).map(of).sum()
}

impl Covariate {
    fn kinds(self) -> usize {
        match self {
            Self::Size => Paces::SIZES,
            Self::Quarter => super::QUARTERS,
            Self::Weekday => 7,
        }
    }

    fn kind(self, life: &Lived) -> usize {
        match self {
            Self::Size => Paces::size(life.size),
            Self::Quarter => super::StreamModel::quarter(life.created),
            Self::Weekday => Paces::weekday(life.created),
        }
    }

    fn of(self, paces: &mut Paces) -> &mut Vec<u32> {
        match self {
            Self::Size => &mut paces.by_size_milli,
            Self::Quarter => &mut paces.by_quarter_milli,
            Self::Weekday => &mut paces.by_weekday_milli,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Draws, Purpose};
    use crate::stream::hazards::hazards;
    use crate::units::{FlavorIndex, TenantIndex};

    /// Lives over twelve days, with a mean of an hour over what `pace` says of the size and the hour of their creation.
    fn lives(pace: impl Fn(u32, i64) -> f64) -> Vec<Lived> {
        let end = Instant::from_micros(0) + Duration::DAY * 12;
        let life = |i: u64| {
            let draws = Draws::new(3, 0, Purpose::Example, i);
            let created = Instant::from_micros((draws.uniform(0) * 12.0 * 86_400e6) as i64);
            let size = 1 + draws.below(1, 2) as u32 * 15;
            let hour = created.micros() / 3_600_000_000 % 24;
            let age = Duration::from_micros((draws.exponential(2) * 3_600e6 / pace(size, hour)) as i64);
            let known = end - created;
            Lived {
                tenant: TenantIndex(0),
                flavor: FlavorIndex(0),
                batch: None,
                size,
                created,
                age: age.min(known),
                ended: age < known,
            }
        };
        (0..20_000).map(life).collect()
    }

    fn found(lives: &[Lived]) -> Paces {
        paces(lives, |lives| {
            let (edges, hazards) = hazards(lives, 1, 5);
            Lifetimes::of_hazards(edges, hazards)
        })
    }

    #[test]
    fn a_planted_pace_comes_back() {
        // Large batches end three times as fast: of the base, which is a mean over those alive, the pace of both may be
        // anything, but their ratio is 3 as long as all are alive; later the slow ones are the base. By 10,000 ends each
        // a ratio is known to 1.5 %, and the base that grows slower with age takes a part of it.
        let paces = found(&lives(|size, _| if size > 1 { 3.0 } else { 1.0 }));
        assert!(paces.by_quarter_milli.is_empty() && paces.by_weekday_milli.is_empty(), "{paces:?}");
        let ratio = paces.of(Some(16), Instant::from_micros(0)) / paces.of(Some(1), Instant::from_micros(0));
        assert!((2.0..3.2).contains(&ratio), "{paces:?}");
        // In the afternoon and the evening everything ends twice as fast.
        let paces = found(&lives(|_, hour| if hour >= 12 { 2.0 } else { 1.0 }));
        assert!(paces.by_size_milli.is_empty(), "{paces:?}");
        let at = |hour: i64| Instant::from_micros(0) + Duration::HOUR * hour;
        let ratio = paces.of(None, at(15)) / paces.of(None, at(9));
        assert!((1.5..2.1).contains(&ratio), "{paces:?}");
    }

    #[test]
    fn a_cut_hides_what_comes_after_it() {
        let hour = |hours: i64| Instant::from_micros(0) + Duration::HOUR * hours;
        let life = Lived {
            tenant: TenantIndex(0),
            flavor: FlavorIndex(0),
            batch: None,
            size: 1,
            created: hour(1),
            age: Duration::HOUR * 2,
            ended: true,
        };
        assert_eq!(before(&life, hour(2)), Lived { age: Duration::HOUR, ended: false, ..life });
        assert_eq!(before(&life, hour(4)), life);
    }
}
