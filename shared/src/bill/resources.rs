//! Which resource of the requests a charge is of.

use std::collections::BTreeMap;

use crate::request::{Life, RequestLog};
use crate::trace::charge::Charge;
use crate::units::{Duration, Instant, Window};

/// The resources of a log by name.
#[derive(Debug)]
pub struct BilledResources<'a> {
    log: &'a RequestLog,
    by_name: BTreeMap<&'a str, Vec<usize>>,
}

impl<'a> BilledResources<'a> {
    /// All that the log ever created, or knows to have stood there.
    pub fn new(log: &'a RequestLog) -> Self {
        let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, life) in log.lives.iter().enumerate() {
            by_name.entry(&life.name).or_default().push(at);
        }
        Self { log, by_name }
    }

    /// The position of the life that a charge is of: that of a resource called like the charge's, or like the last part of
    /// its path (`arn:…:instance/i-0abc`, `/subscriptions/…/virtualMachines/vm-7`), which lived for the longest of the
    /// charge's period. `tenant` is whose it has to be; where nobody is named, two tenants with such a resource are none.
    pub fn life_of(&self, charge: &Charge, tenant: Option<&str>) -> Option<usize> {
        let path = charge.resource.as_deref();
        let last = path.and_then(|path| path.rsplit(['/', ':']).next());
        let names = [path, last, charge.resource_name.as_deref()];
        names.into_iter().flatten().find_map(|name| self.of_name(name, charge.period, tenant))
    }

    fn of_name(&self, name: &str, period: Window, tenant: Option<&str>) -> Option<usize> {
        let name_of = |life: &Life| self.log.tenants.name(life.tenant.0);
        let lives = self.by_name.get(name)?.iter().map(|&at| (at, &self.log.lives[at]));
        let of_tenant = lives.filter(|(_, life)| tenant.is_none_or(|tenant| name_of(life) == tenant));
        let found: Vec<(usize, &Life)> = of_tenant.filter(|(_, life)| lived(life, period).is_some()).collect();
        let (_, first) = found.first()?;
        if found.iter().any(|(_, life)| life.tenant != first.tenant) {
            return None;
        }
        let longest = found.into_iter().max_by_key(|(at, life)| (lived(life, period), core::cmp::Reverse(*at)));
        longest.map(|(at, _)| at)
    }
}

/// For how long a life and a window are together; none where they never are.
pub(super) fn lived(life: &Life, window: Window) -> Option<Duration> {
    let end = life.deleted.unwrap_or(Instant::from_micros(i64::MAX)).min(window.end);
    let start = life.created.max(window.start);
    (start < end).then(|| end - start)
}
