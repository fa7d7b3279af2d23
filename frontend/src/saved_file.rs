//! A file that the reader saves: what a page shows, as other programs read it.

use gloo::file::{Blob, ObjectUrl};
use gloo::utils::document;
use wasm_bindgen::JsCast as _;
use web_sys::HtmlElement;

/// Has the browser save `text` under `name`; the file can be had for as long as what is returned is kept.
pub(crate) fn save(name: &str, kind: &str, text: &str) -> Option<ObjectUrl> {
    let file = ObjectUrl::from(Blob::new_with_options(text, Some(kind)));
    save_address(name, &file)?;
    Some(file)
}

/// Has the browser save what is at an address under `name`.
pub(crate) fn save_address(name: &str, address: &str) -> Option<()> {
    let link = document().create_element("a").ok()?;
    link.set_attribute("href", address).ok()?;
    link.set_attribute("download", name).ok()?;
    link.dyn_into::<HtmlElement>().ok()?.click();
    Some(())
}
