//! Looking on while a run goes its way.

use crate::control_plane::{ControlPlane, Effect, Scheduled};
use crate::request::IndexedRequest;
use crate::units::Instant;

/// Somebody who sees every step of a run and changes nothing.
pub trait Watch {
    /// A request is about to arrive.
    fn arrives(&mut self, _: &IndexedRequest) {}

    /// A transition is about to happen.
    fn before(&mut self, _: &ControlPlane<'_>, _: &Scheduled) {}

    /// A bin of the timeline ends, before whatever happens at that instant.
    fn bin_ends(&mut self, _: &ControlPlane<'_>, _: Instant) {}

    /// What a transition or an arrival came to.
    fn after(&mut self, _: &ControlPlane<'_>, _: Instant, _: &[Effect]) {}
}

/// Nobody looks on.
impl Watch for () {}
