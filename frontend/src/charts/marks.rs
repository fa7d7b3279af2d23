//! What happens at the times of a chart: a name above, and a shade behind.

use shared::units::Window;
use yew::prelude::*;

use super::Chart;
use super::surroundings::Surroundings;
use super::time_chart::{room, x_of};
use crate::format;

/// Something that has a name and a time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mark {
    /// What it is called.
    pub(crate) name: AttrValue,
    /// When it happens.
    pub(crate) window: Window,
}

/// The names, each a button where its time begins; nothing where none is in sight.
pub(super) fn names(marks: &[Mark], shown: &Chart, around: Surroundings, on_mark: &Callback<usize>) -> Html {
    let mut seen: Vec<(usize, f64, f64)> = marks
        .iter()
        .enumerate()
        .filter_map(|(place, mark)| {
            let (from, to) = parts(mark.window, shown)?;
            Some((place, from, to))
        })
        .collect();
    if seen.is_empty() {
        return Html::default();
    }
    seen.sort_by(|one, other| one.1.total_cmp(&other.1));
    let ends = seen.iter().skip(1).map(|next| next.1).chain([1.0]).collect::<Vec<f64>>();
    let one = |(&(place, from, _), end): (&(usize, f64, f64), f64)| {
        let Mark { name, window } = &marks[place];
        let [start, until] = [window.start, window.end].map(|at| format::instant(at, around.zone));
        let title = format!("{name}, {start} – {until}");
        let onclick = on_mark.reform(move |_: MouseEvent| place);
        // As wide as there is room before the next one.
        let width = ((end - from) * room(around)).max(24.0);
        let style = format!("left:{}px;max-width:{width}px", x_of(from, around));
        html! { <button type="button" {style} title={title.clone()} aria-label={title} {onclick} data-testid="mark">{ name }</button> }
    };
    html! { <div class="marks" data-testid="marks">{ for seen.iter().zip(ends).map(one) }</div> }
}

/// A shade over the time of each.
pub(super) fn shades(marks: &[Mark], shown: &Chart, around: Surroundings) -> Html {
    let shade = |mark: &Mark| {
        let (from, to) = parts(mark.window, shown)?;
        let width = ((to - from) * room(around)).max(2.0);
        let style = format!("left:{}px;width:{width}px", x_of(from, around));
        Some(html! { <div class="shade" {style}></div> })
    };
    html! { <>{ for marks.iter().filter_map(shade) }</> }
}

/// From where to where in the width of what is shown; none of what is out of sight.
fn parts(window: Window, shown: &Chart) -> Option<(f64, f64)> {
    let (start, end) = shown.range()?;
    let part = |micros: i64| (micros - start) as f64 / (end - start).max(1) as f64;
    let (from, to) = (part(window.start.micros()), part(window.end.micros()));
    (to > 0.0 && from < 1.0).then(|| (from.max(0.0), to.min(1.0)))
}
