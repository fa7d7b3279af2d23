//! The clipboard, where the browser lets the page write to it.

use js_sys::Reflect;
use wasm_bindgen_futures::JsFuture;
use web_sys::window;

/// Copies a text; whether it could. Only secure contexts have a clipboard, and it may refuse.
pub(crate) async fn copy(text: &str) -> bool {
    let Some(window) = window() else { return false };
    let navigator = window.navigator();
    let there = Reflect::get(&navigator, &"clipboard".into()).is_ok_and(|clipboard| clipboard.is_object());
    there && JsFuture::from(navigator.clipboard().write_text(text)).await.is_ok()
}
