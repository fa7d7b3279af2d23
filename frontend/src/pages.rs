//! The pages.

mod lab;
mod overview;

pub(crate) use lab::Lab;
pub(crate) use overview::Overview;
