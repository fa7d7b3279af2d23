//! The stages of the control plane: workers, service times, prices.

use core::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

use crate::request::{MODULES, Module};
use crate::units::{Duration, Rate};

/// Settings of every module, in the order in which a request passes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Modules(pub [ModuleSettings; MODULES]);

/// One stage: first come, first served, by a number of equal workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModuleSettings {
    /// How many requests it works on at once.
    pub workers: u32,
    /// How long it works on one.
    pub service: ServiceTime,
    /// What one worker costs.
    pub rate: Rate,
}

/// The distribution of a service time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ServiceTime {
    /// Always the same.
    Constant(Duration),
    /// Exponential with this mean.
    Exponential(Duration),
    /// Lognormal with this median and a standard deviation of the logarithm in thousandths.
    Lognormal {
        /// The median.
        median: Duration,
        /// Standard deviation of the logarithm, in thousandths.
        sigma_milli: u32,
    },
}

impl Index<Module> for Modules {
    type Output = ModuleSettings;
    fn index(&self, module: Module) -> &ModuleSettings {
        &self.0[module as usize]
    }
}

impl IndexMut<Module> for Modules {
    fn index_mut(&mut self, module: Module) -> &mut ModuleSettings {
        &mut self.0[module as usize]
    }
}
