//! Charts over time, drawn by plotters on a canvas, each with its text alternative.

mod ahead;
mod drawing;
mod palette;
mod readout;
mod surroundings;
mod time_axis;
mod time_chart;

use shared::units::{Duration, Instant};

pub(crate) use ahead::ahead_chart;
pub(crate) use time_chart::TimeChart;

use crate::format;

/// What a chart shows; all series share one axis of time and one of values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Chart {
    /// Filled between two values, below the lines.
    pub(crate) bands: Vec<Band>,
    /// One value at a time.
    pub(crate) lines: Vec<Line>,
    /// The clock's now.
    pub(crate) now: Option<Instant>,
    /// Length of a step of the series.
    pub(crate) bin: Duration,
    /// What the values are, for the axis: `creates per 5 min`.
    pub(crate) axis: String,
    /// How values are written.
    pub(crate) unit: Unit,
}

/// A range of values over time; gaps are bins without one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Band {
    /// What the legend says, the level included.
    pub(crate) name: &'static str,
    /// Its colour.
    pub(crate) tone: Tone,
    /// From 0 to 1.
    pub(crate) opacity: f64,
    /// Start of the bin, lower and upper value.
    pub(crate) points: Vec<(Instant, f64, f64)>,
}

/// A value over time; gaps are bins without one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    /// What the legend says.
    pub(crate) name: &'static str,
    /// Its colour.
    pub(crate) tone: Tone,
    /// How it is drawn.
    pub(crate) stroke: Stroke,
    /// Start of the bin and value.
    pub(crate) points: Vec<(Instant, f64)>,
}

/// What a colour stands for, the same in every chart and table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// What was.
    Actual,
    /// What is predicted.
    Predicted,
    /// A second quantity.
    Second,
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stroke {
    /// From bin to bin.
    Solid,
    /// From bin to bin, broken.
    Dashed,
    /// Level over each bin: for amounts per bin.
    Steps,
}

/// How values are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Plain numbers.
    Number,
    /// Amounts of this currency.
    Money(String),
}

impl Unit {
    /// The value with its unit.
    pub(crate) fn format(&self, value: f64) -> String {
        match self {
            Self::Number => format::number(value),
            Self::Money(currency) => format::amount(value, currency),
        }
    }
}

impl Tone {
    /// The CSS class that legends and bars carry.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Actual => "tone-actual",
            Self::Predicted => "tone-predicted",
            Self::Second => "tone-second",
        }
    }
}

impl Chart {
    /// First and last instant of all series; none of an empty chart.
    fn range(&self) -> Option<(i64, i64)> {
        let lines = self.lines.iter().flat_map(|line| line.points.iter().map(|point| point.0));
        let bands = self.bands.iter().flat_map(|band| band.points.iter().map(|point| point.0));
        let (first, last) = lines.chain(bands).fold(None, |range: Option<(Instant, Instant)>, at| {
            Some(range.map_or((at, at), |(first, last)| (first.min(at), last.max(at))))
        })?;
        Some((first.micros(), last.micros() + self.bin.micros()))
    }

    /// The largest value, and room above it.
    fn ceiling(&self) -> f64 {
        let lines = self.lines.iter().flat_map(|line| line.points.iter().map(|point| point.1));
        let bands = self.bands.iter().flat_map(|band| band.points.iter().map(|point| point.2));
        let highest = lines.chain(bands).fold(0.0, f64::max);
        if highest > 0.0 { highest * 1.08 } else { 1.0 }
    }
}
