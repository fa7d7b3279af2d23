//! Problems of the modules: workers, service times, limits, failures.

use super::Found;
use super::settings::expect_wait;
use crate::control_plane::{Failures, ServiceOf, ServiceTime};
use crate::request::Module;
use crate::scenario::Scenario;
use crate::units::Duration;

/// Most exceptions of a module's service time, and most bins of a measured one.
const MAX_SERVICES: usize = 100;
const MAX_SERVICE_BINS: usize = 10_000;
/// Ten attempts a request; beyond that hardly anything would ever get through.
const MAX_FAILURES_PER_MILLION: u32 = 900_000;
const MAX_RETRIES: u32 = 1_000;

pub(super) fn check(scenario: &Scenario, found: &mut Found) {
    for module in Module::ALL {
        let settings = &scenario.modules[module];
        let path = |field: &str| format!("modules[{}] ({}).{field}", module as usize, module.as_str());
        let workers = (1..=1_000_000).contains(&settings.workers);
        found.expect(workers, path("workers"), || format!("is {}; expected 1 to 1,000,000", settings.workers));
        // What it does was carried out already.
        let may_refuse = module != Module::Metering || settings.queue_limit.is_none();
        found.expect(may_refuse, path("queue_limit"), || {
            "is for a module that turns nobody away; expected none".to_owned()
        });
        let services = settings.services.len();
        found.expect(services <= MAX_SERVICES, path("services"), || {
            format!("are {services}; expected at most {MAX_SERVICES}")
        });
        for (i, of) in settings.services.iter().enumerate() {
            let hides = |other: &ServiceOf| {
                (other.operation.is_none() || other.operation == of.operation)
                    && (other.class.is_none() || other.class == of.class)
            };
            let hidden = settings.services[..i].iter().position(hides);
            found.expect(hidden.is_none(), path(&format!("services[{i}]")), || {
                let by = hidden.unwrap_or_default();
                format!(
                    "is for nothing that services[{by}] is not for; expected what is for less before what is for more"
                )
            });
        }
        for (field, service) in settings.service_times() {
            check_service(service, &path(&field), found);
        }
        if let Some(failures) = settings.failures {
            check_failures(failures, &path("failures"), found);
        }
    }
}

fn check_service(service: &ServiceTime, path: &str, found: &mut Found) {
    match service {
        ServiceTime::Constant(time) => expect_wait(*time, format!("{path}.constant"), found),
        ServiceTime::Exponential(time) => expect_wait(*time, format!("{path}.exponential"), found),
        ServiceTime::Lognormal { median, sigma_milli } => {
            expect_wait(*median, format!("{path}.lognormal.median"), found);
            found.expect(*sigma_milli <= 5_000, format!("{path}.lognormal.sigma_milli"), || {
                format!("is {sigma_milli}; expected at most 5,000")
            });
        }
        ServiceTime::Histogram(bins) => {
            let some = (1..=MAX_SERVICE_BINS).contains(&bins.len());
            found.expect(some, format!("{path}.histogram"), || {
                format!("has {} bins; expected 1 to {MAX_SERVICE_BINS}", bins.len())
            });
            let counted = bins.iter().any(|bin| bin.count > 0);
            found.expect(counted || !some, format!("{path}.histogram"), || {
                "counts nothing: each count is 0; expected one above".to_owned()
            });
            let ordered = bins.is_sorted_by(|a, b| a.up_to <= b.up_to);
            found.expect(ordered, format!("{path}.histogram"), || "is not in order of up_to".to_owned());
            for bin in [bins.first(), bins.last()].into_iter().flatten() {
                expect_wait(bin.up_to, format!("{path}.histogram"), found);
            }
        }
    }
}

pub(super) fn check_failures(failures: Failures, path: &str, found: &mut Found) {
    let Failures { per_million, retries, back_off } = failures;
    found.expect(per_million <= MAX_FAILURES_PER_MILLION, format!("{path}.per_million"), || {
        format!("is {per_million}; expected at most {MAX_FAILURES_PER_MILLION}")
    });
    found.expect(retries <= MAX_RETRIES, format!("{path}.retries"), || {
        format!("is {retries}; expected at most {MAX_RETRIES}")
    });
    // Without a wait a module that takes no time would try forever in one instant.
    let waits = back_off > Duration::ZERO;
    found.expect(waits, format!("{path}.back_off"), || format!("is {back_off}; expected more than nothing"));
    expect_wait(back_off, format!("{path}.back_off"), found);
}
