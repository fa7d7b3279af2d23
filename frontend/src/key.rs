//! The key of the service, where it asks for one: kept for this tab of the browser, and gone with it.

use std::cell::RefCell;

use gloo::storage::{SessionStorage, Storage as _};
use yew::Callback;

const KEY: &str = "shadowplane.key";

thread_local! {
    static ON_WANTED: RefCell<Callback<()>> = RefCell::default();
}

/// The key that was given last.
pub(crate) fn remembered() -> Option<String> {
    SessionStorage::get(KEY).ok()
}

/// Remembers a key; whether the browser does.
pub(crate) fn remember(key: &str) -> bool {
    SessionStorage::set(KEY, key).is_ok()
}

/// Has whoever draws the page know when the service wants a key, or another one.
pub(crate) fn when_wanted(callback: Callback<()>) {
    ON_WANTED.set(callback);
}

/// The service wants one.
pub(crate) fn want() {
    // A copy, since whoever is called may ask for something again.
    let callback = ON_WANTED.with_borrow(Callback::clone);
    callback.emit(());
}
