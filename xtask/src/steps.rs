//! The steps of a long command and how long each took.

use std::time::{Duration, Instant};

use anyhow::Result;

/// The steps so far, in order.
#[derive(Default)]
pub(crate) struct Steps(Vec<(&'static str, Duration)>);

impl Steps {
    /// Announces a step, does it, and notes its duration even when it fails.
    pub(crate) fn time<T>(&mut self, name: &'static str, step: impl FnOnce() -> Result<T>) -> Result<T> {
        println!("── {name}");
        let start = Instant::now();
        let result = step();
        self.0.push((name, start.elapsed()));
        result
    }

    /// Prints a line for each step and the total.
    pub(crate) fn print(&self) {
        println!();
        for (name, duration) in &self.0 {
            println!("{} {name}", format_duration(*duration));
        }
        println!("{} in all", format_duration(self.0.iter().map(|(_, duration)| *duration).sum()));
    }
}

/// Minutes and seconds, right-aligned so that the lines of a list stand below each other.
fn format_duration(duration: Duration) -> String {
    let tenths = (duration.as_millis() + 50) / 100;
    format!("{:>3} min {:>2}.{} s", tenths / 600, tenths / 10 % 60, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_minutes_and_rounded_seconds() {
        // 125.96 s = 2 min 5.96 s, rounded to tenths; 59.96 s rounds up to a whole minute.
        assert_eq!(format_duration(Duration::from_millis(125_960)), "  2 min  6.0 s");
        assert_eq!(format_duration(Duration::from_millis(59_960)), "  1 min  0.0 s");
        assert_eq!(format_duration(Duration::from_millis(40)), "  0 min  0.0 s");
    }

    #[test]
    fn a_step_that_fails_is_timed_and_its_error_passed_on() {
        let mut steps = Steps::default();
        assert!(steps.time("fails", || -> Result<()> { anyhow::bail!("no") }).is_err());
        assert_eq!(steps.0.len(), 1);
    }
}
