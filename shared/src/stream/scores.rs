//! How likely a stream model found what then happened: the figures of "Generating Complex, Realistic Cloud Workloads
//! using Recurrent Neural Networks" (Bergsma et al., SOSP 2021), as its code defines them.

mod arrivals;
mod flavors;
mod lifetimes;

pub use arrivals::{ArrivalScores, poisson, score_arrivals};
pub use flavors::{FlavorModelName, FlavorScores, TokenScores, score_flavors};
pub use lifetimes::{LifetimeModelName, LifetimeScores, PointScores, score_lifetimes};
