//! Egress: traffic that leaves, which is paid by the GiB.

use serde::{Deserialize, Serialize};

use crate::units::Rate;

/// What traffic that leaves costs, and how much of it there is: requests ask for bandwidth, not for GiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Egress {
    /// The price of a GiB.
    pub price_per_gib: Rate,
    /// How much of the bandwidth that is requested sends on average, in percent.
    pub sent_percent: u32,
}

/// Mbps × percent × microseconds of a GiB: 1 Mbps is a bit in a microsecond, and a GiB has 2³³ bits.
pub(super) const PERCENT_MICROS_PER_GIB: i128 = 100 << 33;

/// Microseconds of an hour.
pub(super) const HOUR_MICROS: i128 = 3_600_000_000;

impl Egress {
    /// What bandwidth of so many Mbps costs an hour where a GiB costs `price`, rounded down to a nano-unit: at 100 %,
    /// 0.419 GiB an hour for each Mbps.
    pub fn hourly(&self, mbps: u32, price: Rate) -> Rate {
        let sent = i128::from(mbps) * i128::from(self.sent_percent) * HOUR_MICROS;
        let nanos = i128::from(price.nanos()) * sent / PERCENT_MICROS_PER_GIB;
        Rate::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1,000 Mbps are 10⁹ ÷ 8 × 3,600 = 450 × 10⁹ bytes an hour, 419.095… GiB; a tenth of them at 0.09 is 3.77185… .
    #[test]
    fn bandwidth_is_paid_by_what_it_sends() {
        let egress = Egress { price_per_gib: "0.09".parse().unwrap(), sent_percent: 10 };
        assert_eq!(egress.hourly(1_000, egress.price_per_gib).to_string(), "3.771856427");
        assert_eq!(Egress::default().hourly(1_000, Rate::ZERO), Rate::ZERO);
    }
}
