//! The stages of the control plane: workers, service times, limits, failures, prices.

use core::ops::{Index, IndexMut};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::request::{MODULES, Module, Operation, ResourceClass};
use crate::units::{Duration, Rate};

/// Settings of every module, in the order in which a request passes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Modules(pub [ModuleSettings; MODULES]);

impl<'de> Deserialize<'de> for Modules {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return <[ModuleSettings; MODULES]>::deserialize(deserializer).map(Self);
        }
        let listed = Vec::<ModuleSettings>::deserialize(deserializer)?;
        let modules = <[ModuleSettings; MODULES]>::try_from(listed).map_err(|listed| {
            let names = Module::ALL.map(Module::as_str).join(", ");
            D::Error::custom(format!("has {} elements; expected {MODULES}: {names}", listed.len()))
        })?;
        Ok(Self(modules))
    }
}

/// One stage: first come, first served, by a number of equal workers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModuleSettings {
    /// How many requests it works on at once.
    pub workers: u32,
    /// How long it works on one, unless `services` says otherwise.
    pub service: ServiceTime,
    /// How long it works on requests of one operation or class; of those that match, the first.
    #[serde(default)]
    pub services: Vec<ServiceOf>,
    /// How many requests may wait at once; a create or resize beyond that is refused as `overloaded`. Deletes, and what
    /// was carried out already, wait all the same.
    #[serde(default)]
    pub queue_limit: Option<u32>,
    /// How often it fails, and what happens then.
    #[serde(default)]
    pub failures: Option<Failures>,
    /// What one worker costs.
    pub rate: Rate,
}

/// How long a module works on some of its requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceOf {
    /// Which operation; any where none.
    #[serde(default)]
    pub operation: Option<Operation>,
    /// Of which class of resource; any where none.
    #[serde(default)]
    pub class: Option<ResourceClass>,
    /// The time.
    pub service: ServiceTime,
}

/// The distribution of a service time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
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
    /// As it was measured: bins in order of time, even within each.
    Histogram(Vec<ServiceBin>),
}

impl ServiceTime {
    /// The mean in microseconds; of a lognormal one median × exp(σ² ÷ 2).
    pub fn mean_micros(&self) -> f64 {
        match self {
            Self::Constant(time) | Self::Exponential(time) => time.micros() as f64,
            Self::Lognormal { median, sigma_milli } => {
                let sigma = f64::from(*sigma_milli) / 1e3;
                median.micros() as f64 * libm::exp(sigma * sigma / 2.0)
            }
            Self::Histogram(bins) => {
                let starts = [0].into_iter().chain(bins.iter().map(|bin| bin.up_to.micros()));
                let middles = bins.iter().zip(starts).map(|(bin, from)| (bin.up_to.micros() + from) as f64 / 2.0);
                let count: f64 = bins.iter().map(|bin| f64::from(bin.count)).sum();
                bins.iter().zip(middles).map(|(bin, middle)| f64::from(bin.count) * middle).sum::<f64>()
                    / count.max(1.0)
            }
        }
    }
}

/// One bin of a measured service time; it begins where the one before ends, the first one at nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceBin {
    /// Where it ends.
    pub up_to: Duration,
    /// How many times were measured in it.
    pub count: u32,
}

/// Attempts that fail after they took their time, and are made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Failures {
    /// Failures in a million attempts.
    pub per_million: u32,
    /// How many times a create or resize is tried again before it is refused as `failed`. Deletes, and what was carried
    /// out already, are tried until they succeed.
    pub retries: u32,
    /// From the first failure to the second attempt; it doubles with each attempt, up to 64 times as long.
    pub back_off: Duration,
}

impl ModuleSettings {
    /// One that always works, on whatever comes, in times of one distribution.
    pub const fn new(workers: u32, service: ServiceTime, rate: Rate) -> Self {
        Self { workers, service, services: Vec::new(), queue_limit: None, failures: None, rate }
    }

    /// Every distribution that it has, with the path of its field.
    pub fn service_times(&self) -> impl Iterator<Item = (String, &ServiceTime)> {
        let special = self.services.iter().enumerate().map(|(i, of)| (format!("services[{i}].service"), &of.service));
        core::iter::once(("service".to_owned(), &self.service)).chain(special)
    }
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
