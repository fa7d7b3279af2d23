//! The pages.

mod forecast;
mod lab;
mod overview;

pub(crate) use forecast::Forecast;
pub(crate) use lab::Lab;
pub(crate) use overview::Overview;
