//! A file that the reader saves: what a page shows, as other programs read it.

use gloo::file::{Blob, ObjectUrl};
use gloo::utils::document;
use wasm_bindgen::JsCast as _;
use web_sys::HtmlElement;

/// Has the browser save `text` under `name`; the file can be had for as long as what is returned is kept.
pub(crate) fn save(name: &str, kind: &str, text: &str) -> Option<ObjectUrl> {
    let file = ObjectUrl::from(Blob::new_with_options(text, Some(kind)));
    let link = document().create_element("a").ok()?;
    link.set_attribute("href", &file).ok()?;
    link.set_attribute("download", name).ok()?;
    link.dyn_into::<HtmlElement>().ok()?.click();
    Some(file)
}
