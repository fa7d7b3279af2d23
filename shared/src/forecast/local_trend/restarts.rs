//! When a level begins anew.

/// So many counts in a row that are far from the level, on the same side, make a new one.
const RUN: u32 = 3;

/// Far is so many times the mean distance of late: more than three standard deviations of normal noise.
const FAR: f64 = 4.0;

/// How fast the mean distance follows, and the part of the mean change from count to count that it never falls below.
const DISTANCE: (f64, f64) = (0.05, 0.1);

/// What tells noise from a new level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch {
    /// The least distance that is one.
    least: f64,
    /// The mean distance of late.
    distance: f64,
    /// Counts in a row that are far off on the same side: how many, which side, and their sum.
    run: (u32, bool, f64),
    /// Counts since the level began.
    since: u32,
}

impl Watch {
    pub(super) fn new(counts: &[f64]) -> Self {
        let change: f64 = counts.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum();
        let least = DISTANCE.1 * change / counts.len().max(2) as f64;
        Self { least, distance: least, run: (0, false, 0.0), since: 0 }
    }

    /// The level that a count begins by being the last of a run.
    pub(super) fn begins(&mut self, count: f64, error: f64) -> Option<f64> {
        let far = FAR * self.distance.max(self.least);
        let above = error > 0.0;
        let (length, side, sum) = self.run;
        self.run = match error.abs() > far {
            true if length > 0 && side == above => (length + 1, side, sum + count),
            true => (1, above, count),
            false => (0, above, 0.0),
        };
        self.distance += DISTANCE.0 * (error.abs().min(far) - self.distance);
        self.since += 1;
        let (length, _, sum) = self.run;
        (length == RUN).then(|| {
            (self.since, self.run) = (RUN, (0, above, 0.0));
            sum / f64::from(RUN)
        })
    }

    /// Counts since the level began.
    pub(super) fn since(&self) -> u32 {
        self.since
    }
}
