//! The Web Worker that reads files and makes scenarios of them.

fn main() {
    frontend::serve_files();
}
