//! The simulation worker's module, compiled once by the page.

use std::cell::OnceCell;

use js_sys::{Promise, WebAssembly};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::thread::Thread;

/// What loads the worker, which waits for the module.
const LOADER: &str = "./simulation_worker_loader.js";
/// The module.
const MODULE: &str = "./simulation_worker_bg.wasm";

thread_local! {
    static COMPILED: OnceCell<Option<Promise>> = const { OnceCell::new() };
}

/// Starts a simulation worker, as [`Thread::start`] does.
///
/// All workers share what the browser compiled, and the optimised code that the first of them had it make. Where the page
/// cannot compile it, as on hosts that send no type for `.wasm` files, each worker does for itself.
pub(super) fn start(heard: impl FnMut(JsValue) + 'static, failed: impl FnMut(String) + 'static) -> Option<Thread> {
    let thread = Thread::start(LOADER, heard, failed)?;
    let poster = thread.poster();
    let compiling = COMPILED.with(|compiled| compiled.get_or_init(compile).clone());
    spawn_local(async move {
        let module = match compiling {
            Some(compiling) => JsFuture::from(compiling).await.unwrap_or(JsValue::UNDEFINED),
            None => JsValue::UNDEFINED,
        };
        poster(&module);
    });
    Some(thread)
}

fn compile() -> Option<Promise> {
    Some(WebAssembly::compile_streaming(&web_sys::window()?.fetch_with_str(MODULE)))
}
