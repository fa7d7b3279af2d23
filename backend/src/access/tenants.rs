//! What of something that was noticed is of one tenant alone.

use shared::allocation::RowKind;
use shared::feedback::{CostAnomaly, FirstInvolved};

/// The tenant whose series an anomaly is; none for series of all together.
pub(crate) fn tenant_of(anomaly: &CostAnomaly) -> Option<&str> {
    (anomaly.kind == RowKind::Tenant).then_some(anomaly.name.as_str())
}

/// An anomaly of a tenant's series, naming nobody else.
pub(crate) fn without_others(mut anomaly: CostAnomaly) -> CostAnomaly {
    let own = match &anomaly.first {
        FirstInvolved::Request { tenant, .. } => *tenant == anomaly.name,
        FirstInvolved::Price { .. } => true,
        FirstInvolved::Nothing { .. } => false,
    };
    if !own {
        anomaly.first = FirstInvolved::Nothing { reason: "no request of the tenant".to_owned() };
    }
    anomaly.tenant = Some(anomaly.name.clone());
    anomaly
}
