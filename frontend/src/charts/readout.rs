//! A chart in words: for the tooltip, and for people who do not see the canvas.

use shared::units::{Instant, Window};
use yew::AttrValue;

use super::{Chart, Tone};
use crate::format;
use crate::zone::Zone;

/// What all series say about one bin.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Readout {
    /// Start of the bin.
    pub(super) at: Instant,
    /// Name, colour and value of each series that has one there.
    pub(super) rows: Vec<(AttrValue, Tone, String)>,
}

/// What the chart says at `part` of its width, from 0 to 1.
pub(super) fn read(chart: &Chart, part: f64) -> Option<Readout> {
    let (start, end) = chart.range()?;
    let at = start + ((end - start) as f64 * part.clamp(0.0, 1.0)) as i64;
    let holds = |bin: Instant| (bin.micros()..bin.micros() + chart.bin.micros()).contains(&at);
    let lines = chart.lines.iter().filter_map(|line| {
        let &(bin, value) = line.points.iter().find(|point| holds(point.0))?;
        Some((bin, (line.name.clone(), line.tone, chart.unit.format(value))))
    });
    let bands = chart.bands.iter().filter_map(|band| {
        let &(bin, low, high) = band.points.iter().find(|point| holds(point.0))?;
        let text = format!("{} – {}", chart.unit.format(low), chart.unit.format(high));
        Some((bin, (band.name.clone(), band.tone, text)))
    });
    // As they stand on top of each other.
    let layers = chart.layers.iter().rev().filter_map(|layer| {
        let holds = |step: Window| (step.start.micros()..step.end.micros()).contains(&at);
        let &(step, amount) = layer.points.iter().find(|point| holds(point.0))?;
        Some((step.start, (layer.name.clone(), layer.tone, chart.unit.format(amount))))
    });
    let rows: Vec<_> = lines.chain(bands).chain(layers).collect();
    Some(Readout { at: rows.first()?.0, rows: rows.into_iter().map(|(_, row)| row).collect() })
}

/// One sentence per series.
pub(super) fn summary(chart: &Chart, zone: Zone) -> String {
    let Some((start, end)) = chart.range() else { return "No data yet.".to_owned() };
    let (start, end) = (Instant::from_micros(start), Instant::from_micros(end));
    let mut text = format!(
        "{} from {} to {} ({}).",
        chart.axis,
        format::instant(start, zone),
        format::instant(end, zone),
        zone.label()
    );
    for line in chart.lines.iter().filter(|line| !line.points.is_empty()) {
        let values = || line.points.iter().map(|point| point.1);
        let (low, high) = (values().fold(f64::MAX, f64::min), values().fold(f64::MIN, f64::max));
        let last = values().next_back().unwrap_or_default();
        let [low, high, last] = [low, high, last].map(|value| chart.unit.format(value));
        text.push_str(&format!(" {}: between {low} and {high}, {last} at the end.", line.name));
    }
    for band in chart.bands.iter().filter(|band| !band.points.is_empty()) {
        let low = band.points.iter().map(|point| point.1).fold(f64::MAX, f64::min);
        let high = band.points.iter().map(|point| point.2).fold(f64::MIN, f64::max);
        let [low, high] = [low, high].map(|value| chart.unit.format(value));
        text.push_str(&format!(" {}: within {low} and {high}.", band.name));
    }
    for layer in &chart.layers {
        let amounts = || layer.points.iter().map(|point| point.1);
        let [sum, high] = [amounts().sum(), amounts().fold(0.0, f64::max)].map(|value| chart.unit.format(value));
        text.push_str(&format!(" {}: {sum} in all, {high} at most.", layer.name));
    }
    text
}
