//! What each tenant holds, and how much it may hold.

use crate::request::Tenant;
use crate::units::{DIMENSIONS, Dimension, Resources, TenantIndex};

/// Amounts held by tenant, beside their limits.
#[derive(Clone, Debug)]
pub(super) struct Quotas {
    held: Vec<[u64; DIMENSIONS]>,
    limits: Vec<Option<Resources>>,
}

impl Quotas {
    pub(super) fn new(tenants: &[Tenant]) -> Self {
        Self { held: vec![[0; DIMENSIONS]; tenants.len()], limits: tenants.iter().map(|tenant| tenant.quota).collect() }
    }

    /// Exchanges `old` for `new` if the tenant's quota allows it; says whether it did.
    ///
    /// A dimension that does not grow is not held against the tenant, so that shrinking is always allowed.
    pub(super) fn exchange(&mut self, tenant: TenantIndex, old: Resources, new: Resources) -> bool {
        let held = &mut self.held[tenant.usize()];
        let after: [u64; DIMENSIONS] = core::array::from_fn(|i| {
            let dimension = Dimension::ALL[i];
            held[i] - u64::from(old[dimension]) + u64::from(new[dimension])
        });
        let allowed = self.limits[tenant.usize()].is_none_or(|limit| {
            (0..DIMENSIONS).all(|i| after[i] <= held[i] || after[i] <= u64::from(limit.to_array()[i]))
        });
        if allowed {
            *held = after;
        }
        allowed
    }

    /// Counts what a tenant holds whatever its quota says: it was let in before.
    pub(super) fn restore(&mut self, tenant: TenantIndex, amount: Resources) {
        for (held, amount) in self.held[tenant.usize()].iter_mut().zip(amount.to_array()) {
            *held += u64::from(amount);
        }
    }
}
