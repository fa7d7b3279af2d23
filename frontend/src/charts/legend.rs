//! What the colours stand for, and a way to take series out.

use yew::prelude::*;

use super::view::View;
use super::{Chart, Stroke};

/// A button a series: what is not pressed is not drawn.
pub(super) fn legend(chart: &Chart, view: &UseStateHandle<View>) -> Html {
    let item = |name: &AttrValue, kind: Classes, style: Option<String>| {
        let onclick = {
            let (view, name) = (view.clone(), name.clone());
            Callback::from(move |_: MouseEvent| view.set(view.toggled(&name)))
        };
        let is_shown = !view.hidden.contains(name);
        html! {
            <li>
                <button type="button" aria-pressed={is_shown.to_string()} {onclick} title={if is_shown { "Hide" } else { "Show" }}>
                    <i class={kind} {style}></i>{ name }
                </button>
            </li>
        }
    };
    let lines = chart.lines.iter().filter(|line| !line.points.is_empty()).map(|line| {
        let kind = if line.stroke == Stroke::Dashed { "key dashed" } else { "key" };
        item(&line.name, classes!(kind, line.tone.class()), None)
    });
    let bands = chart.bands.iter().filter(|band| !band.points.is_empty()).map(|band| {
        let style = format!("opacity:{}", (band.opacity * 1.6).min(1.0));
        item(&band.name, classes!("key", "area", band.tone.class()), Some(style))
    });
    let layers = chart.layers.iter().map(|layer| item(&layer.name, classes!("key", "area", layer.tone.class()), None));
    html! {
        <figcaption class="legend">
            <span class="axis">{ &chart.axis }</span>
            <ul>{ for lines }{ for bands }{ for layers }</ul>
        </figcaption>
    }
}
