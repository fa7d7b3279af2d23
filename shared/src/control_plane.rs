//! The virtual control plane: its state, its modules, its decisions.

mod state;

pub use state::{InFlight, LiveResource, Node, State};
