//! The Web Worker that runs shadows.

fn main() {
    frontend::serve();
}
