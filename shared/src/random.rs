//! Random draws as pure functions: of a seed, a run, a purpose, an entity and the number of the draw.
//!
//! Nothing is advanced and nothing is shared, so a draw does not depend on which others were made before it. Removing
//! one tenant leaves everyone else's draws as they were, and any number of threads gives the same ones.
//!
//! ```
//! use shared::random::{Draws, Purpose};
//!
//! let draws = Draws::new(1, 0, Purpose::Lifetime, 42);
//! let (age, rank) = (draws.exponential(0), draws.below(1, 10));
//! assert_eq!((age, rank), (draws.exponential(0), draws.below(1, 10)));
//! ```

mod normal;
mod student;

pub use normal::{normal_cdf, normal_quantile};
pub use student::student_t_within;

/// What a draw is for. The numbers enter every draw and never change; a new purpose gets a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u64)]
pub enum Purpose {
    /// Import: the instant of a batch within its bin.
    ImportInstant = 1,
    /// Import: a lifetime within its bin.
    ImportLifetime = 2,
    /// Import: the synthetic tenant of a batch.
    ImportTenant = 3,
    /// Predicted stream: how many batches arrive in a bin.
    Arrivals = 10,
    /// Predicted stream: what a batch holds.
    Template = 11,
    /// Predicted stream: the instant of a batch within its bin.
    ArrivalInstant = 12,
    /// Predicted stream: how long a resource lives.
    Lifetime = 13,
    /// Predicted stream: how long a resource that lives at the origin goes on living.
    RemainingLifetime = 14,
    /// Predicted stream: when a resource is resized, and to what.
    Resize = 15,
    /// Predicted stream: which volumes and addresses come with a machine, and whether they go with it.
    Attached = 16,
    /// Predicted stream: when tenants appear that nobody has seen, and what they ask for.
    Newcomer = 17,
    /// Predicted stream: zone and labels of a resource.
    Tags = 18,
    /// Simulation: how long a module works on a request.
    ServiceTime = 20,
    /// Simulation: how long a node takes to boot.
    Boot = 21,
    /// Simulation: whether a module fails.
    Failure = 22,
    /// Simulation: when a node is taken back or fails.
    NodeLoss = 23,
    /// Edits and variance: which requests are left out or doubled.
    Thinning = 30,
    /// Training: initial weights, order of examples.
    Training = 40,
    /// The example workload.
    Example = 50,
    /// Scores: which windows a resample holds.
    Bootstrap = 60,
}

/// The draws of one entity for one purpose: a stream that is read at any position.
///
/// The stream is SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014) with
/// its finaliser's constants from Stafford's variant 13; where it starts is a chain of the same finaliser over the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draws {
    start: u64,
}

/// The draws of every entity for one purpose in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrawFamily {
    start: u64,
}

impl DrawFamily {
    /// The draws for `purpose` in one run.
    pub fn new(seed: u64, run: u32, purpose: Purpose) -> Self {
        Self { start: [seed, u64::from(run), purpose as u64].into_iter().fold(0, absorb) }
    }

    /// Those of the entity `key`.
    #[inline]
    pub fn of(self, key: u64) -> Draws {
        Draws { start: absorb(self.start, key) }
    }
}

/// 2^64 ÷ golden ratio, odd: the step of SplitMix64.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Draws {
    /// The draws for `purpose` of the entity `key` (an index into the unedited scenario) in one run.
    pub fn new(seed: u64, run: u32, purpose: Purpose, key: u64) -> Self {
        DrawFamily::new(seed, run, purpose).of(key)
    }

    /// 64 random bits: draw number `n`.
    #[inline]
    pub fn bits(self, n: u64) -> u64 {
        mix(self.start.wrapping_add(n.wrapping_add(1).wrapping_mul(STEP)))
    }

    /// Uniform in [0, 1), in steps of 2^-53.
    #[inline]
    pub fn uniform(self, n: u64) -> f64 {
        (self.bits(n) >> 11) as f64 / TWO_POW_53
    }

    /// Uniform among the integers below `bound`; 0 when `bound` is 0.
    ///
    /// The high word of a product (Lemire 2019) without rejection: no integer is favoured by more than `bound` ÷ 2^64.
    #[inline]
    pub fn below(self, n: u64, bound: u64) -> u64 {
        ((u128::from(self.bits(n)) * u128::from(bound)) >> 64) as u64
    }

    /// Exponential with mean 1, by inversion.
    #[inline]
    pub fn exponential(self, n: u64) -> f64 {
        -libm::log1p(-self.uniform(n))
    }

    /// Standard normal, by inversion: the draw rises with [`Draws::uniform`] of the same number.
    #[inline]
    pub fn normal(self, n: u64) -> f64 {
        normal_quantile(((self.bits(n) >> 11) as f64 + 0.5) / TWO_POW_53)
    }
}

const TWO_POW_53: f64 = 9_007_199_254_740_992.0;

/// A key for an entity that is named by several numbers, such as an item of a batch.
pub fn key(parts: &[u64]) -> u64 {
    parts.iter().copied().fold(0, absorb)
}

#[inline]
fn absorb(state: u64, word: u64) -> u64 {
    mix(state.wrapping_add(STEP) ^ mix(word.wrapping_add(STEP)))
}

/// Stafford's variant 13 of the 64-bit finaliser: a bijection in which every bit of the input flips each bit of the
/// output about half of the time.
#[inline]
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The 99.9 % quantile of chi-square with 255 degrees of freedom, by Wilson and Hilferty:
    /// 255 (1 − 2/(9·255) + 3.0902 √(2/(9·255)))³ = 330.5.
    const CRITICAL_255: f64 = 330.5;
    const DRAWS: u64 = 1 << 16;

    /// Chi-square of 256 equally likely cells.
    fn chi_square(cells: impl Iterator<Item = usize>) -> f64 {
        let mut counts = [0_f64; 256];
        for cell in cells {
            counts[cell] += 1.0;
        }
        let expected = counts.iter().sum::<f64>() / 256.0;
        counts.iter().map(|count| (count - expected) * (count - expected) / expected).sum()
    }

    fn check_uniform(what: &str, cells: impl Iterator<Item = usize>) {
        let statistic = chi_square(cells);
        assert!(statistic < CRITICAL_255, "{what}: {statistic}");
    }

    #[test]
    fn draws_are_uniform_along_every_part_of_the_key() {
        let draws = |seed, run, key| Draws::new(seed, run, Purpose::Lifetime, key);
        let cell = |uniform: f64| (uniform * 256.0) as usize;
        check_uniform("number", (0..DRAWS).map(|n| cell(draws(1, 0, 0).uniform(n))));
        check_uniform("key", (0..DRAWS).map(|key| cell(draws(1, 0, key).uniform(0))));
        check_uniform("run", (0..DRAWS).map(|run| cell(draws(1, run as u32, 0).uniform(0))));
        check_uniform("seed", (0..DRAWS).map(|seed| cell(draws(seed, 0, 0).uniform(0))));
        check_uniform("low bits", (0..DRAWS).map(|key| (draws(1, 0, key).bits(0) & 0xff) as usize));
    }

    #[test]
    fn neighbours_are_independent() {
        let nibble = |draws: Draws, n| (draws.bits(n) >> 60) as usize;
        let pair = |a: usize, b: usize| a * 16 + b;
        let draws = |run, purpose, key| Draws::new(7, run, purpose, key);
        let of = |key| draws(0, Purpose::Boot, key);
        check_uniform("keys", (0..DRAWS).map(|k| pair(nibble(of(k), 0), nibble(of(k + 1), 0))));
        check_uniform("numbers", (0..DRAWS).map(|k| pair(nibble(of(k), 0), nibble(of(k), 1))));
        check_uniform("runs", (0..DRAWS).map(|k| pair(nibble(of(k), 0), nibble(draws(1, Purpose::Boot, k), 0))));
        check_uniform(
            "purposes",
            (0..DRAWS).map(|k| pair(nibble(of(k), 0), nibble(draws(0, Purpose::Template, k), 0))),
        );
    }

    #[test]
    fn the_words_of_a_key_do_not_commute() {
        assert_ne!(Draws::new(1, 2, Purpose::Boot, 3), Draws::new(2, 1, Purpose::Boot, 3));
        assert_ne!(key(&[1, 2]), key(&[2, 1]));
        assert_ne!(key(&[1]), key(&[1, 0]));
    }

    #[test]
    fn exponentials_and_normals_have_their_moments() {
        let draws = Draws::new(3, 0, Purpose::ServiceTime, 9);
        let n = 1 << 16;
        let mean = |f: &dyn Fn(u64) -> f64| (0..n).map(f).sum::<f64>() / n as f64;
        // Standard errors: 1/256 of the means, √2/256 of the normal's second moment; four of them.
        assert!((mean(&|i| draws.exponential(i)) - 1.0).abs() < 4.0 / 256.0);
        assert!(mean(&|i| draws.normal(i)).abs() < 4.0 / 256.0);
        assert!((mean(&|i| draws.normal(i) * draws.normal(i)) - 1.0).abs() < 4.0 * 1.4143 / 256.0);
    }

    #[test]
    fn integers_stay_below_their_bound() {
        let draws = Draws::new(3, 0, Purpose::Boot, 9);
        assert!((0..10_000).all(|n| draws.below(n, 7) < 7));
        assert_eq!(draws.below(0, 0), 0);
        assert_eq!(draws.below(0, 1), 0);
    }

    #[test]
    fn the_stream_is_splitmix64() {
        // The reference implementation's first outputs for the seed 0.
        let draws = Draws { start: 0 };
        assert_eq!(draws.bits(0), 0xe220_a839_7b1d_cdaf);
        assert_eq!(draws.bits(1), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn draws_never_change() {
        // From the definition, worked out in Python: a change here changes every outcome and every digest.
        let draws = Draws::new(1, 2, Purpose::Lifetime, 3);
        assert_eq!([draws.bits(0), draws.bits(1)], [0xafd0_b0d5_d63b_5ea3, 0xed4c_dbb3_4a81_a655]);
    }
}
