//! Colours from the style sheet, so that there is one place for light and dark.

use plotters::style::RGBColor;
use web_sys::{HtmlCanvasElement, window};

use super::{GROUPS, Tone};

/// The colours that a chart draws with.
pub(super) struct Palette {
    /// Labels.
    pub(super) muted: RGBColor,
    /// Behind the chart.
    pub(super) card: RGBColor,
    /// Grid lines and axes.
    pub(super) grid: RGBColor,
    actual: RGBColor,
    predicted: RGBColor,
    second: RGBColor,
    groups: [RGBColor; GROUPS],
    rest: RGBColor,
}

impl Palette {
    /// The style sheet's colours as they hold for `canvas` now.
    pub(super) fn of(canvas: &HtmlCanvasElement) -> Self {
        let style = window().and_then(|window| window.get_computed_style(canvas).ok().flatten());
        let colour = |name: &str| {
            let text = style.as_ref().and_then(|style| style.get_property_value(name).ok()).unwrap_or_default();
            parse(text.trim()).unwrap_or(RGBColor(128, 128, 128))
        };
        Self {
            muted: colour("--muted"),
            card: colour("--card"),
            grid: colour("--grid"),
            actual: colour("--actual"),
            predicted: colour("--predicted"),
            second: colour("--second"),
            groups: core::array::from_fn(|group| colour(&format!("--group-{group}"))),
            rest: colour("--rest"),
        }
    }

    /// The colour of a tone.
    pub(super) fn tone(&self, tone: Tone) -> RGBColor {
        match tone {
            Tone::Actual => self.actual,
            Tone::Predicted => self.predicted,
            Tone::Second => self.second,
            Tone::Group(group) => self.groups.get(group).copied().unwrap_or(self.rest),
        }
    }
}

/// `#rrggbb`.
fn parse(text: &str) -> Option<RGBColor> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let rgb = u32::from_str_radix(digits, 16).ok()?;
    let [_, red, green, blue] = rgb.to_be_bytes();
    Some(RGBColor(red, green, blue))
}
