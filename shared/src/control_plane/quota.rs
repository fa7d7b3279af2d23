//! What each tenant holds, and how much it may hold.

use super::pages::Pages;
use crate::request::Tenant;
use crate::units::{DIMENSIONS, Resources, TenantIndex};

/// Amounts held by tenant, beside their limits.
#[derive(Clone, Debug)]
pub(super) struct Quotas<'a> {
    held: Pages<Held>,
    tenants: &'a [Tenant],
}

/// What one tenant holds.
pub(super) type Held = [u64; DIMENSIONS];

impl<'a> Quotas<'a> {
    pub(super) fn new(tenants: &'a [Tenant]) -> Self {
        Self::saved(tenants.iter().map(|_| [0; DIMENSIONS]).collect(), tenants)
    }

    pub(super) fn saved(held: Pages<Held>, tenants: &'a [Tenant]) -> Self {
        Self { held, tenants }
    }

    pub(super) fn save(&self) -> &Pages<Held> {
        &self.held
    }

    pub(super) fn share(&mut self) {
        self.held.share();
    }

    /// What a tenant holds beside `amount`; at most the largest amounts that there are.
    pub(super) fn held_without(&self, tenant: TenantIndex, amount: Resources) -> Resources {
        let (held, amount) = (self.held.get(tenant.usize()), amount.to_array());
        let rest = |i: usize| u32::try_from(held[i] - u64::from(amount[i])).unwrap_or(u32::MAX);
        Resources::from_array(core::array::from_fn(rest))
    }

    /// Exchanges `old` for `new` if the tenant's quota allows it; says whether it did.
    ///
    /// A dimension that does not grow is not held against the tenant, so that shrinking is always allowed.
    #[inline]
    pub(super) fn exchange(&mut self, tenant: TenantIndex, old: Resources, new: Resources) -> bool {
        let held = self.held.get_mut(tenant.usize());
        let (old, new) = (old.to_array(), new.to_array());
        let after: Held = core::array::from_fn(|i| held[i] - u64::from(old[i]) + u64::from(new[i]));
        let allowed = self.tenants[tenant.usize()].quota.is_none_or(|limit| {
            let limit = limit.to_array();
            (0..DIMENSIONS).all(|i| after[i] <= held[i] || after[i] <= u64::from(limit[i]))
        });
        if allowed {
            *held = after;
        }
        allowed
    }

    /// Counts what a tenant holds whatever its quota says: it was let in before.
    pub(super) fn restore(&mut self, tenant: TenantIndex, amount: Resources) {
        for (held, amount) in self.held.get_mut(tenant.usize()).iter_mut().zip(amount.to_array()) {
            *held += u64::from(amount);
        }
    }
}
