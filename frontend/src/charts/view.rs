//! What of a chart is shown: the time that was zoomed to, without what was taken out through the legend.

use std::collections::BTreeSet;

use shared::units::{Instant, Window};
use yew::AttrValue;

use super::Chart;

/// Less than this part of the width is a click, not a selection.
const LEAST_PART: f64 = 0.02;

/// What the reader chose to see.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct View {
    /// From and to, in microseconds; all there is where none.
    pub(super) zoom: Option<(i64, i64)>,
    /// Names of series that are not drawn.
    pub(super) hidden: BTreeSet<AttrValue>,
}

impl View {
    /// The part of `chart` that is shown; whole bins.
    pub(super) fn of(&self, chart: &Chart) -> Chart {
        let mut part = chart.clone();
        part.lines.retain(|line| !self.hidden.contains(&line.name));
        part.bands.retain(|band| !self.hidden.contains(&band.name));
        part.layers.retain(|layer| !self.hidden.contains(&layer.name));
        if let Some((from, to)) = self.zoom {
            let bin = chart.bin.micros();
            let is_shown = |at: Instant| at.micros() + bin > from && at.micros() < to;
            let is_step_shown = |step: Window| step.end.micros() > from && step.start.micros() < to;
            part.lines.iter_mut().for_each(|line| line.points.retain(|point| is_shown(point.0)));
            part.bands.iter_mut().for_each(|band| band.points.retain(|point| is_shown(point.0)));
            part.layers.iter_mut().for_each(|layer| layer.points.retain(|point| is_step_shown(point.0)));
        }
        part
    }

    /// Zoomed to what lies between two parts of the width of what is shown, if that is more than a click.
    pub(super) fn zoomed(&self, shown: &Chart, one: f64, other: f64) -> Self {
        let (low, high) = (one.min(other), one.max(other));
        let range = shown.range().filter(|(start, end)| high - low >= LEAST_PART && end - start > shown.bin.micros());
        let Some((start, end)) = range else { return self.clone() };
        let at = |part: f64| start + ((end - start) as f64 * part) as i64;
        Self { zoom: Some((at(low), at(high))), hidden: self.hidden.clone() }
    }

    /// Half of what is shown, around a part of its width.
    pub(super) fn closer(&self, shown: &Chart, around: f64) -> Self {
        let low = (around - 0.25).clamp(0.0, 0.5);
        self.zoomed(shown, low, low + 0.5)
    }

    /// Twice what is shown, as far as `chart` goes; all of it once that is reached.
    pub(super) fn farther(&self, chart: &Chart) -> Self {
        let zoom = self.zoom.zip(chart.range()).and_then(|((from, to), (start, end))| {
            let half = (to - from) / 2;
            let wider = ((from - half).max(start), (to + half).min(end));
            (wider != (start, end)).then_some(wider)
        });
        Self { zoom, hidden: self.hidden.clone() }
    }

    /// All of the time.
    pub(super) fn whole(&self) -> Self {
        Self { zoom: None, hidden: self.hidden.clone() }
    }

    /// With a series taken out, or back in.
    pub(super) fn toggled(&self, name: &AttrValue) -> Self {
        let mut next = self.clone();
        if !next.hidden.remove(name) {
            next.hidden.insert(name.clone());
        }
        next
    }
}
