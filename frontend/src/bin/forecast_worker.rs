//! The Web Worker that trains and serves forecasts.

fn main() {
    frontend::serve_forecasts();
}
