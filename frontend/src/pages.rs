//! The pages.

mod costs;
mod demand;
mod lab;
mod models;
mod overview;
mod recommendations;
mod settings;

pub(crate) use costs::Costs;
pub(crate) use demand::Demand;
pub(crate) use lab::Lab;
pub(crate) use models::Models;
pub(crate) use overview::Overview;
pub(crate) use recommendations::Recommendations;
pub(crate) use settings::Settings;
