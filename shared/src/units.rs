//! Time, money, resources and typed ids: the quantities that everything else is made of.

mod amount;
mod ids;
mod money;
mod number;
mod resources;
mod rfc3339;
mod text_or_number;
mod time;

pub use amount::Amount;
pub use ids::{BatchIndex, FlavorIndex, NodeGroupIndex, NodeIndex, PoolIndex, ResourceIndex, TenantIndex, TermsIndex};
pub use money::{
    Currency, LEDGER_UNITS_PER_NANO, LedgerUnits, Money, MoneyError, Rate, apportion, apportion_to, rounded_parts,
};
pub(crate) use number::optional_number;
pub use resources::{DIMENSIONS, Dimension, MAX_DEVICES, Resources, ResourcesError};
pub use time::{Duration, Instant, TimeError, Window};
