//! What a chart has to be drawn again for: its room, the density of the screen, light or dark.

use gloo::events::EventListener;
use js_sys::Array;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::Closure;
use web_sys::{Element, ResizeObserver, window};
use yew::prelude::*;

use crate::zone::Zone;

/// Around a canvas, in CSS pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Surroundings {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Device pixels per 100 CSS pixels.
    pub(crate) density_percent: u32,
    pub(crate) dark: bool,
    pub(crate) zone: Zone,
}

/// Follows the room that `frame` has; renders again when it changes.
#[hook]
pub(crate) fn use_surroundings(frame: &NodeRef) -> Surroundings {
    let zone = use_context::<Zone>().unwrap_or_default();
    let state = use_state(Surroundings::default);
    let setter = state.setter();
    use_effect_with(frame.clone(), move |frame| {
        let element = frame.cast::<Element>();
        let measure = {
            let element = element.clone();
            move || {
                if let Some(element) = &element {
                    setter.set(measured(element));
                }
            }
        };
        let observed = Closure::<dyn FnMut(Array)>::new({
            let measure = measure.clone();
            move |_| measure()
        });
        let observer = ResizeObserver::new(observed.as_ref().unchecked_ref()).ok();
        if let (Some(observer), Some(element)) = (&observer, &element) {
            observer.observe(element);
        }
        let scheme = dark_query().map(|query| EventListener::new(&query, "change", move |_| measure()));
        move || {
            if let Some(observer) = observer {
                observer.disconnect();
            }
            drop((observed, scheme));
        }
    });
    Surroundings { zone, ..*state }
}

fn measured(element: &Element) -> Surroundings {
    let room = element.get_bounding_client_rect();
    let density = window().map_or(1.0, |window| window.device_pixel_ratio());
    Surroundings {
        width: room.width().round() as u32,
        height: room.height().round() as u32,
        density_percent: (density.clamp(1.0, 4.0) * 100.0).round() as u32,
        dark: dark_query().is_some_and(|query| query.matches()),
        zone: Zone::default(),
    }
}

fn dark_query() -> Option<web_sys::MediaQueryList> {
    window()?.match_media("(prefers-color-scheme: dark)").ok()?
}
