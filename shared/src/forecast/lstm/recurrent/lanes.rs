//! Sixteen columns side by side, and the functions of them that the gates need.
//!
//! Plain loops over sixteen numbers: the compiler makes one, two or four registers of them. Each column is computed on its
//! own, in the order that is written, so that every machine and every browser gets the same bits. There are no closures:
//! one that is not inlined would be compiled for no more than what every processor has.

/// Columns that are computed side by side.
pub(super) const LANES: usize = 16;

/// Sixteen numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(super) struct Lanes(pub(super) [f32; LANES]);

/// Four times sixteen: of one block of units, what belongs to input gate, forget gate, output gate and candidate.
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
    pub(super) fn plus(mut self, other: Self) -> Self {
        for i in 0..LANES {
            self.0[i] += other.0[i];
        }
        self
    }

    #[inline(always)]
    pub(super) fn times(mut self, other: Self) -> Self {
        for i in 0..LANES {
            self.0[i] *= other.0[i];
        }
        self
    }

    /// 1 − self.
    #[cfg(feature = "train")]
    #[inline(always)]
    pub(super) fn rest(mut self) -> Self {
        for value in &mut self.0 {
            *value = 1.0 - *value;
        }
        self
    }

    /// [`sigmoid`] of each.
    #[inline(always)]
    pub(super) fn sigmoid(mut self) -> Self {
        for value in &mut self.0 {
            *value = sigmoid(*value);
        }
        self
    }

    /// [`tanh`] of each.
    #[inline(always)]
    pub(super) fn tanh(mut self) -> Self {
        for value in &mut self.0 {
            *value = tanh(*value);
        }
        self
    }
}

/// e to this power, at most 1e-7 of it too much or too little, between e^−87 and e^87.
#[inline(always)]
fn exp(x: f32) -> f32 {
    let x = if x > EXPONENT_MAX { EXPONENT_MAX } else { x };
    let x = if x < -EXPONENT_MAX { -EXPONENT_MAX } else { x };
    // x = n ln 2 + r.
    let rounded = x * core::f32::consts::LOG2_E + ROUNDING;
    let n = rounded - ROUNDING;
    let r = x - n * LN_2_HIGH - n * LN_2_LOW;
    let mut p = POLYNOMIAL[0];
    for coefficient in &POLYNOMIAL[1..] {
        p = p * r + coefficient;
    }
    let p = p * (r * r) + r + 1.0;
    // Times 2^n: n is added to the exponent, which begins at bit 23; the bits of `ROUNDING` itself leave on the left.
    f32::from_bits(p.to_bits().wrapping_add(rounded.to_bits() << 23))
}

/// 1 / (1 + e^−x), at most 1.2e-7 too much or too little.
#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// 2 σ(2x) − 1, at most 2.4e-7 too much or too little.
#[inline(always)]
fn tanh(x: f32) -> f32 {
    2.0 * sigmoid(2.0 * x) - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest difference from an exact function on a fine grid from −87 to 87.
    fn error(ours: fn(f32) -> f32, exact: fn(f64) -> f64, relative: bool) -> f64 {
        let mut worst = 0.0_f64;
        for n in -400_000..400_000 {
            let x = n as f32 * (87.0 / 400_000.0);
            let exact = exact(f64::from(x));
            let miss = (f64::from(ours(x)) - exact).abs();
            worst = worst.max(if relative { miss / exact } else { miss });
        }
        worst
    }

    #[test]
    fn errors_stay_within_what_is_said() {
        let exact = |x: f64| 1.0 / (1.0 + libm::exp(-x));
        let errors = [
            (error(exp, libm::exp, true), 1e-7),
            (error(sigmoid, exact, false), 1.2e-7),
            (error(tanh, libm::tanh, false), 2.4e-7),
        ];
        for (error, said) in errors {
            assert!(error <= said && error > said / 4.0, "{error:e} where {said:e} is said");
        }
    }

    #[test]
    fn ends_and_middle_are_exact() {
        assert_eq!((exp(0.0), sigmoid(0.0), tanh(0.0)), (1.0, 0.5, 0.0));
        for x in [40.0, 1e30, f32::MAX, f32::INFINITY] {
            assert_eq!((tanh(x), tanh(-x), sigmoid(x)), (1.0, -1.0, 1.0));
            assert!(sigmoid(-x) < 1e-17);
        }
        assert_eq!(exp(f32::INFINITY), exp(87.0));
    }
}
