//! Charts over time, drawn by plotters on a canvas, each with its text alternative.

mod ahead;
mod drawing;
mod legend;
mod marks;
mod palette;
mod readout;
mod saving;
mod surroundings;
mod time_axis;
mod time_chart;
mod view;

use shared::units::{Duration, Instant, Window};
use yew::AttrValue;

pub(crate) use ahead::{ahead_chart, demand_chart};
pub(crate) use marks::Mark;
pub(crate) use surroundings::{Surroundings, use_surroundings};
pub(crate) use time_chart::TimeChart;

use crate::format;

/// What a chart shows; all series share one axis of time and one of values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Chart {
    /// Filled between two values, below the lines.
    pub(crate) bands: Vec<Band>,
    /// One value at a time.
    pub(crate) lines: Vec<Line>,
    /// On top of each other, the first at the bottom.
    pub(crate) layers: Vec<Layer>,
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
    pub(crate) name: AttrValue,
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
    pub(crate) name: AttrValue,
    /// Its colour.
    pub(crate) tone: Tone,
    /// How it is drawn.
    pub(crate) stroke: Stroke,
    /// Start of the bin and value.
    pub(crate) points: Vec<(Instant, f64)>,
}

/// An amount a step, on top of those of the layers before; below zero it is said, and has no height.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layer {
    /// What the legend says.
    pub(crate) name: AttrValue,
    /// Its colour.
    pub(crate) tone: Tone,
    /// The step, which may be shorter or longer than others, and the amount.
    pub(crate) points: Vec<(Window, f64)>,
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
    /// One of several groups, counted from 0; beyond [`GROUPS`] all look the same.
    Group(usize),
}

/// So many groups are told apart by colour.
pub(crate) const GROUPS: usize = 7;

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
    /// Parts of a hundred.
    Percent,
    /// Amounts of this currency.
    Money(String),
}

const GROUP_CLASSES: [&str; GROUPS + 1] = [
    "tone-group-0",
    "tone-group-1",
    "tone-group-2",
    "tone-group-3",
    "tone-group-4",
    "tone-group-5",
    "tone-group-6",
    "tone-rest",
];

impl Unit {
    /// The value with its unit.
    pub(crate) fn format(&self, value: f64) -> String {
        match self {
            Self::Number => format::number(value),
            Self::Percent => format::percent(value / 100.0),
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
            Self::Group(group) => GROUP_CLASSES[group.min(GROUPS)],
        }
    }
}

impl Chart {
    /// First and last instant of all series; none of an empty chart.
    fn range(&self) -> Option<(i64, i64)> {
        match (self.series_range(), self.layers_range()) {
            (Some((start, end)), Some((first, last))) => Some((start.min(first), end.max(last))),
            (series, layers) => series.or(layers),
        }
    }

    fn series_range(&self) -> Option<(i64, i64)> {
        let lines = self.lines.iter().flat_map(|line| line.points.iter().map(|point| point.0));
        let bands = self.bands.iter().flat_map(|band| band.points.iter().map(|point| point.0));
        let (first, last) = lines.chain(bands).fold(None, |range: Option<(Instant, Instant)>, at| {
            Some(range.map_or((at, at), |(first, last)| (first.min(at), last.max(at))))
        })?;
        Some((first.micros(), last.micros() + self.bin.micros()))
    }

    /// From the start of the first step of the layers to the end of the last.
    fn layers_range(&self) -> Option<(i64, i64)> {
        let steps = || self.layers.iter().flat_map(|layer| layer.points.iter().map(|point| point.0));
        let start = steps().map(|step| step.start.micros()).min()?;
        Some((start, steps().map(|step| step.end.micros()).max()?))
    }

    /// How high the layers before one stand at a step.
    fn below(&self, layer: usize, step: Window) -> f64 {
        let points = self.layers[..layer].iter().flat_map(|layer| &layer.points);
        points.filter(|point| point.0.start == step.start).map(|point| point.1.max(0.0)).sum()
    }

    /// The largest value, and room above it.
    fn ceiling(&self) -> f64 {
        let lines = self.lines.iter().flat_map(|line| line.points.iter().map(|point| point.1));
        let bands = self.bands.iter().flat_map(|band| band.points.iter().map(|point| point.2));
        let layers = self.layers.iter().enumerate().flat_map(|(place, layer)| {
            layer.points.iter().map(move |&(step, amount)| self.below(place, step) + amount.max(0.0))
        });
        let highest = lines.chain(bands).chain(layers).fold(0.0, f64::max);
        if highest > 0.0 { highest * 1.08 } else { 1.0 }
    }
}
