//! Quantiles of Student's t distribution.

use core::f64::consts::{FRAC_2_PI, FRAC_PI_2};

/// The width of an interval of the angle is halved so often, which is beyond what a double tells apart.
const HALVINGS: u32 = 60;

/// The value that a variable of Student's t distribution with `degrees` of freedom is within, on either side of zero, with
/// the chance `within`, from 0 up to but not 1.
///
/// Source: the finite series for whole degrees of freedom, Abramowitz and Stegun, "Handbook of Mathematical Functions"
/// (1964), 26.7.3 and 26.7.4, inverted by halving.
///
/// # Panics
/// When there is no degree of freedom.
pub fn student_t_within(within: f64, degrees: u32) -> f64 {
    assert!(degrees > 0, "a degree of freedom at least");
    let (mut low, mut high) = (0.0, FRAC_PI_2);
    for _ in 0..HALVINGS {
        let middle = (low + high) / 2.0;
        *(if chance_within(middle, degrees) < within { &mut low } else { &mut high }) = middle;
    }
    libm::sqrt(f64::from(degrees)) * libm::tan((low + high) / 2.0)
}

/// The chance of being within √`degrees` · tan `angle`.
fn chance_within(angle: f64, degrees: u32) -> f64 {
    let (sine, cosine) = (libm::sin(angle), libm::cos(angle));
    let is_odd = degrees % 2 == 1;
    if degrees == 1 {
        return FRAC_2_PI * angle;
    }
    // The powers of the cosine begin with 1 where the degrees are odd, and with 0 where they are even.
    let (mut term, mut power) = if is_odd { (cosine, 1) } else { (1.0, 0) };
    let mut sum = term;
    while power + 2 < degrees - 1 {
        term *= cosine * cosine * f64::from(power + 1) / f64::from(power + 2);
        power += 2;
        sum += term;
    }
    if is_odd { FRAC_2_PI * (angle + sine * sum) } else { sine * sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        // Abramowitz and Stegun, table 26.10, in the column A = 0.99; 95 % of 1 and 2 degrees have closed forms.
        let table = [
            (1, 63.657),
            (2, 9.925),
            (3, 5.841),
            (4, 4.604),
            (5, 4.032),
            (9, 3.250),
            (10, 3.169),
            (19, 2.861),
            (20, 2.845),
            (60, 2.660),
            (120, 2.617),
        ];
        for (degrees, expected) in table {
            let found = student_t_within(0.99, degrees);
            assert!((found - expected).abs() < 6e-4, "{degrees}: {found}, not {expected}");
        }
        // tan(0.95 π/2), and 0.95 · √(2 / (1 − 0.95²)).
        assert!((student_t_within(0.95, 1) - 12.706_204_736).abs() < 1e-6);
        assert!((student_t_within(0.95, 2) - 4.302_652_729_7).abs() < 1e-9);
        // With many degrees it is the normal distribution: t ≈ z + (z³ + z) / 4n, ibid. 26.7.5.
        let z = crate::random::normal_quantile(0.995);
        let expected = z + (z * z * z + z) / (4.0 * 9_999.0);
        assert!((student_t_within(0.99, 9_999) - expected).abs() < 1e-6);
    }
}
