//! Service times of modules.
//!
//! Times in modules are observed of creates, and hold the wait before the service, and attempts that failed. So a service
//! time is fitted only to creates that found a free worker, as far as other observed creates tell, and not where attempts
//! fail; deletes and resizes keep what is assumed of them.

mod distance;
mod fit;
mod idle;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use self::distance::distance;
use self::fit::lognormal;
use self::idle::{ObservedCreate, observed_creates, times_of_idle};
use super::{CalibrationVerdict, earlier_and_held_out};
use crate::control_plane::{ModuleSettings, Modules, ServiceOf, ServiceTime};
use crate::request::{Module, Operation, Received, RequestLog, ResourceClass};
use crate::units::{Duration, Instant};

/// Fewer service times than this are not fitted to.
pub const SERVICE_TIMES_MIN: usize = 30;

/// How a module's service time of creates of one class was calibrated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceCalibration {
    /// Which module.
    pub module: Module,
    /// Which operation: times in modules are only observed of creates.
    pub operation: Operation,
    /// Of which class of resource.
    pub class: ResourceClass,
    /// How many times in the module were observed.
    pub observations: u64,
    /// How many of them are service alone: their creates found a free worker.
    pub without_wait: u64,
    /// On how many of these the errors are measured; the fit is made on those before them.
    pub held_out: u64,
    /// What is assumed.
    pub assumed: ServiceTime,
    /// What was fitted; none where nothing could be.
    pub fitted: Option<ServiceTime>,
    /// How far the assumed distribution is from the times that were held out: the largest difference of the two shares
    /// that are below any time (Kolmogorov and Smirnov), 0 to 1.
    pub error_before: Option<f64>,
    /// The same of the fitted distribution.
    pub error_after: Option<f64>,
    /// Whether it is used, or why not.
    pub verdict: CalibrationVerdict,
}

/// Calibrates what is assumed of the modules to what had been received by `end` of the creates before it: an entry for
/// each module and class of which a time was observed.
pub(super) fn calibrate_services(
    assumed: &Modules,
    log: &RequestLog,
    received: &[Received],
    end: Instant,
) -> Vec<ServiceCalibration> {
    let creates = observed_creates(log, received, end);
    Module::ALL.into_iter().flat_map(|module| calibrate_module(module, &assumed[module], &creates)).collect()
}

/// What is assumed of the modules, with the adopted fits before it. Only what was observed changes.
pub(super) fn calibrated_modules(assumed: &Modules, calibrations: &[ServiceCalibration]) -> Modules {
    let mut modules = assumed.clone();
    let adopted = calibrations.iter().filter(|of| of.verdict == CalibrationVerdict::Adopted);
    for of in adopted.filter(|of| of.assumed == *assumed_of(&assumed[of.module], of.class)) {
        let Some(service) = of.fitted.clone() else { continue };
        let (operation, class) = (Some(of.operation), Some(of.class));
        let services = &mut modules[of.module].services;
        services.retain(|special| (special.operation, special.class) != (operation, class));
        services.insert(0, ServiceOf { operation, class, service });
    }
    modules
}

fn calibrate_module(
    module: Module,
    settings: &ModuleSettings,
    creates: &[ObservedCreate],
) -> impl Iterator<Item = ServiceCalibration> {
    let idle = times_of_idle(module, settings.workers, creates);
    [ResourceClass::Compute, ResourceClass::Storage, ResourceClass::Network].into_iter().filter_map(move |class| {
        let observed = creates.iter().filter(|create| create.class == class && create.spent(module).is_some());
        let observations = observed.count() as u64;
        let times: Vec<Duration> = idle.iter().filter(|(of, _)| *of == class).map(|(_, time)| *time).collect();
        let case = Case { module, class, settings, observations, times: &times };
        (observations > 0).then(|| case.judged())
    })
}

/// The service times of one module for creates of one class, in order of time.
struct Case<'a> {
    module: Module,
    class: ResourceClass,
    settings: &'a ModuleSettings,
    observations: u64,
    times: &'a [Duration],
}

impl Case<'_> {
    fn judged(&self) -> ServiceCalibration {
        let assumed = assumed_of(self.settings, self.class);
        let unfitted = ServiceCalibration {
            module: self.module,
            operation: Operation::Create,
            class: self.class,
            observations: self.observations,
            without_wait: self.times.len() as u64,
            held_out: 0,
            assumed: assumed.clone(),
            fitted: None,
            error_before: None,
            error_after: None,
            verdict: CalibrationVerdict::TooFew,
        };
        if self.settings.failures.is_some_and(|failures| failures.per_million > 0) {
            return ServiceCalibration { verdict: CalibrationVerdict::FailuresWithin, ..unfitted };
        }
        if self.times.len() < SERVICE_TIMES_MIN {
            return unfitted;
        }
        let (earlier, held_out) = earlier_and_held_out(self.times);
        let fitted = lognormal(earlier);
        let (before, after) = (distance(held_out, assumed), distance(held_out, &fitted));
        ServiceCalibration {
            held_out: held_out.len() as u64,
            fitted: Some(fitted),
            error_before: Some(before),
            error_after: Some(after),
            verdict: CalibrationVerdict::of_errors(before, after),
            ..unfitted
        }
    }
}

/// What is assumed of creates of a class: of the exceptions that match, the first.
fn assumed_of(settings: &ModuleSettings, class: ResourceClass) -> &ServiceTime {
    let matches = |of: &&ServiceOf| {
        of.operation.is_none_or(|operation| operation == Operation::Create) && of.class.is_none_or(|of| of == class)
    };
    settings.services.iter().find(matches).map_or(&settings.service, |of| &of.service)
}
