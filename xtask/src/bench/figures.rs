//! Figures that a benchmark prints, a line `name value` each, and the targets that they are held to.

use anyhow::{Context, Result};

/// What a figure has to be.
#[derive(Clone, Copy)]
pub(super) enum Target {
    /// At least so much.
    AtLeast(f64),
    /// At most so much.
    AtMost(f64),
    /// Whatever it is: it stands there to compare with.
    None,
}

/// What is shown of a figure, its name in the output, and its target.
pub(super) type Row = (&'static str, &'static str, Target);

impl Target {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
            Self::None => true,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtLeast(least) => format!("≥ {least}"),
            Self::AtMost(most) => format!("≤ {most}"),
            Self::None => String::new(),
        }
    }
}

/// Prints a table of what was answered; says whether every target is met.
pub(super) fn judge(rows: &[Row], answer: &str) -> Result<bool> {
    let mut met = true;
    for &(what, name, target) in rows {
        let value = figure(answer, name)?;
        println!("{what:<52}{value:>14}  {}{}", target.text(), if target.is_met(value) { "" } else { "  missed" });
        met &= target.is_met(value);
    }
    Ok(met)
}

/// The last figure of that name.
pub(super) fn figure(answer: &str, name: &str) -> Result<f64> {
    let lines = answer.lines().filter_map(|line| line.split_once(' '));
    let value = lines.filter(|(found, _)| *found == name).map(|(_, value)| value).next_back();
    value.and_then(|value| value.parse().ok()).with_context(|| format!("no figure `{name}` in: {answer}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_and_held_against_their_targets() {
        let answer = "table_nll 0.6108\ntable_requests_per_s 2155265\n";
        assert_eq!(figure(answer, "table_nll").unwrap(), 0.6108);
        assert!(figure(answer, "nll").is_err());
        assert!(Target::AtLeast(1e6).is_met(2e6) && !Target::AtLeast(1e6).is_met(9e5));
        assert!(Target::AtMost(0.64).is_met(0.61) && !Target::AtMost(0.64).is_met(0.65));
        let judge = |most| judge(&[("nats a token", "table_nll", Target::AtMost(most))], answer).unwrap();
        assert!(judge(0.64) && !judge(0.6));
    }
}
