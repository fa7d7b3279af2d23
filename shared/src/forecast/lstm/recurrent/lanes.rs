//! Eight columns side by side, and the functions of them that the gates need.
//!
//! Plain loops over eight numbers: the compiler makes one or two registers of them. Each column is computed on its own,
//! in the order that is written, so that every machine and every browser gets the same bits.

/// Columns that are computed side by side.
pub(super) const LANES: usize = 8;

/// Eight numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(32))]
pub(super) struct Lanes(pub(super) [f32; LANES]);

/// Four times eight numbers: of one block of units, what belongs to input gate, forget gate, output gate and candidate.
pub(super) type Gates = [Lanes; 4];

/// Nothing in any gate.
pub(super) const NO_GATES: Gates = [Lanes::ZERO; 4];

/// Beyond this, on either side, the exponential is as it is there: e^87 and e^−87 are still far from the limits of f32.
const EXPONENT_MAX: f32 = 87.0;
/// Added and taken away again it rounds to the nearest whole number, which then stands in the lowest bits: 1.5 · 2²³.
const ROUNDING: f32 = 12_582_912.0;
/// ln 2 in two parts, of which the first has few bits, so that whole multiples of it are exact (Cody and Waite 1980).
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;
/// (e^r − 1 − r) / r² for |r| ≤ ln 2 / 2, from the highest power down; minimax, from Cephes' `expf` (Moshier 1992).
const POLYNOMIAL: [f32; 6] = [1.987_569_2e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 5e-1];

impl Lanes {
    /// Nothing in any.
    pub(super) const ZERO: Self = Self([0.0; LANES]);

    /// The same number in all.
    #[inline(always)]
    pub(super) fn splat(value: f32) -> Self {
        Self([value; LANES])
    }

    #[inline(always)]
    fn map(mut self, function: impl Fn(f32) -> f32) -> Self {
        for value in &mut self.0 {
            *value = function(*value);
        }
        self
    }

    #[inline(always)]
    fn zip(mut self, other: Self, function: impl Fn(f32, f32) -> f32) -> Self {
        for i in 0..LANES {
            self.0[i] = function(self.0[i], other.0[i]);
        }
        self
    }

    #[inline(always)]
    pub(super) fn plus(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    #[inline(always)]
    pub(super) fn times(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }

    /// 1 − self.
    #[cfg(feature = "train")]
    #[inline(always)]
    pub(super) fn rest(self) -> Self {
        self.map(|a| 1.0 - a)
    }

    /// e to this power, at most 1e-7 of it too much or too little, between e^−87 and e^87.
    #[inline(always)]
    pub(super) fn exp(self) -> Self {
        let x = self.map(|x| if x > EXPONENT_MAX { EXPONENT_MAX } else { x });
        let x = x.map(|x| if x < -EXPONENT_MAX { -EXPONENT_MAX } else { x });
        // x = n ln 2 + r.
        let rounded = x.map(|x| x * core::f32::consts::LOG2_E + ROUNDING);
        let n = rounded.map(|z| z - ROUNDING);
        let r = x.zip(n, |x, n| x - n * LN_2_HIGH).zip(n, |x, n| x - n * LN_2_LOW);
        let mut p = Self::splat(POLYNOMIAL[0]);
        for &coefficient in &POLYNOMIAL[1..] {
            p = p.times(r).map(|p| p + coefficient);
        }
        let p = p.times(r.times(r)).plus(r).map(|p| p + 1.0);
        // Times 2^n: n is added to the exponent, which begins at bit 23; the bits of `ROUNDING` itself leave on the left.
        p.zip(rounded, |p, z| f32::from_bits(p.to_bits().wrapping_add(z.to_bits() << 23)))
    }

    /// 1 / (1 + e^−x), at most 1.2e-7 too much or too little.
    #[inline(always)]
    pub(super) fn sigmoid(self) -> Self {
        self.map(|x| -x).exp().map(|e| 1.0 / (1.0 + e))
    }

    /// 2 σ(2x) − 1, at most 2.4e-7 too much or too little.
    #[inline(always)]
    pub(super) fn tanh(self) -> Self {
        self.map(|x| 2.0 * x).sigmoid().map(|s| 2.0 * s - 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest difference from an exact function on a fine grid from −87 to 87.
    fn error(ours: fn(Lanes) -> Lanes, exact: fn(f64) -> f64, relative: bool) -> f64 {
        let mut worst = 0.0_f64;
        for n in -400_000..400_000 {
            let x = n as f32 * (87.0 / 400_000.0);
            let exact = exact(f64::from(x));
            let miss = (f64::from(ours(Lanes::splat(x)).0[3]) - exact).abs();
            worst = worst.max(if relative { miss / exact } else { miss });
        }
        worst
    }

    #[test]
    fn errors_stay_within_what_is_said() {
        let sigmoid = |x: f64| 1.0 / (1.0 + libm::exp(-x));
        let errors = [
            (error(Lanes::exp, libm::exp, true), 1e-7),
            (error(Lanes::sigmoid, sigmoid, false), 1.2e-7),
            (error(Lanes::tanh, libm::tanh, false), 2.4e-7),
        ];
        for (error, said) in errors {
            assert!(error <= said && error > said / 4.0, "{error:e} where {said:e} is said");
        }
    }

    #[test]
    fn ends_and_middle_are_exact() {
        let at = |function: fn(Lanes) -> Lanes, x: f32| function(Lanes::splat(x)).0[0];
        assert_eq!(at(Lanes::exp, 0.0), 1.0);
        assert_eq!(at(Lanes::sigmoid, 0.0), 0.5);
        assert_eq!(at(Lanes::tanh, 0.0), 0.0);
        for x in [40.0, 1e30, f32::MAX, f32::INFINITY] {
            assert_eq!((at(Lanes::tanh, x), at(Lanes::tanh, -x), at(Lanes::sigmoid, x)), (1.0, -1.0, 1.0));
            assert!(at(Lanes::sigmoid, -x) < 1e-17);
        }
        assert_eq!(at(Lanes::exp, f32::INFINITY), at(Lanes::exp, 87.0));
    }
}
