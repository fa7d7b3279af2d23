//! The prices that hold between two price changes: of nodes, of their parts, of flavors.

use crate::control_plane::{Billing, Fleet};
use crate::pricing::{DirectRate, PriceBook};
use crate::request::{Flavor, ResourceClass};
use crate::units::{DIMENSIONS, Dimension, FlavorIndex, Instant, NodeGroupIndex, Rate, Resources};

/// Everything that is charged by the hour, from one instant to the next price change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rates {
    /// What a node costs, by group; free where resources are paid by themselves.
    pub node: Vec<Rate>,
    /// What a flavor costs on a node where nobody asks for more than there is, by group, then flavor.
    shares: Vec<Vec<Rate>>,
    /// What the parts of a node cost, by group.
    parts: Vec<[i128; DIMENSIONS]>,
    /// What a flavor costs without a node.
    direct: Vec<Rate>,
    /// How much of that is for what it sends.
    egress: Vec<Rate>,
}

impl Rates {
    /// The rates at `at`, where of each tiered unit so many tiers were passed; an instance type without a price costs what
    /// its parts cost, a spot node its part of that, rounded down.
    ///
    /// What is paid as a share of a node pays for no egress beside it.
    pub fn new(
        book: &PriceBook,
        billing: Billing,
        fleet: &Fleet,
        flavors: &[Flavor],
        (at, passed): (Instant, &[u32]),
    ) -> Self {
        let priced: Vec<DirectRate> =
            flavors.iter().map(|flavor| book.direct(flavor, book.rate(&flavor.name, at), passed)).collect();
        let direct: Vec<Rate> = priced.iter().map(DirectRate::total).collect();
        let egress = priced.iter().map(|priced| priced.egress).collect();
        let node: Vec<Rate> = fleet
            .node_groups
            .iter()
            .map(|group| match billing {
                Billing::Fleet => {
                    let full = book.rate(&group.instance_type, at).unwrap_or_else(|| book.units.price(group.capacity));
                    let percent = i128::from(group.purchase.price_percent());
                    Rate::from_nanos((i128::from(full.nanos()) * percent / 100) as i64)
                }
                Billing::PerResource => Rate::ZERO,
            })
            .collect();
        let shares = fleet.node_groups.iter().zip(&node).map(|(group, &rate)| match billing {
            Billing::Fleet => flavors
                .iter()
                .map(|flavor| match flavor.class {
                    ResourceClass::Compute => node_shares(book, rate, group.capacity, &[flavor.requested])[0],
                    ResourceClass::Storage | ResourceClass::Network => Rate::ZERO,
                })
                .collect(),
            Billing::PerResource => direct.clone(),
        });
        let parts =
            fleet.node_groups.iter().zip(&node).map(|(group, &rate)| parts(book, rate, group.capacity)).collect();
        Self { shares: shares.collect(), parts, node, direct, egress }
    }

    /// What each resident of a node of a group costs, however much they ask for together.
    pub fn of_residents(
        &self,
        group: NodeGroupIndex,
        capacity: Resources,
        residents: &[(Resources, u32)],
    ) -> Vec<Rate> {
        shares(&self.parts[group.usize()], capacity, residents)
    }

    /// What a flavor costs without a node, but for what it sends.
    pub(super) fn of_resource(&self, flavor: usize) -> Rate {
        Rate::from_nanos(self.direct[flavor].nanos() - self.egress[flavor].nanos())
    }

    /// What one resource of `flavor` costs, on a node of a group or without one.
    #[inline]
    pub fn of(&self, flavor: FlavorIndex, node_group: Option<NodeGroupIndex>) -> Rate {
        match node_group {
            Some(group) => self.shares[group.usize()][flavor.usize()],
            None => self.direct[flavor.usize()],
        }
    }
}

/// What each resident of a node costs: `Σ floor(part's rate × requested ÷ max(capacity, Σ requested))` over the parts.
///
/// A node's rate is split over its parts by keeping the ratios of the book's unit rates (OpenCost); what rounding and
/// free capacity leave is idle, so the shares never exceed the node's rate.
pub fn node_shares(book: &PriceBook, rate: Rate, capacity: Resources, residents: &[Resources]) -> Vec<Rate> {
    let residents: Vec<(Resources, u32)> = residents.iter().map(|&amount| (amount, 1)).collect();
    shares(&parts(book, rate, capacity), capacity, &residents)
}

/// A node's rate split over its parts.
fn parts(book: &PriceBook, rate: Rate, capacity: Resources) -> [i128; DIMENSIONS] {
    let worth = |dimension: Dimension| {
        let per = i128::from(dimension.per_written_unit());
        i128::from(book.units.of(dimension).nanos()) * i128::from(capacity[dimension]) * (1_024_000 / per)
    };
    let all: i128 = Dimension::ALL.into_iter().map(worth).sum();
    Dimension::ALL.map(|dimension| (i128::from(rate.nanos()) * worth(dimension)).checked_div(all).unwrap_or(0))
}

/// What one of each kind of residents costs, of which there are so many.
fn shares(parts: &[i128; DIMENSIONS], capacity: Resources, residents: &[(Resources, u32)]) -> Vec<Rate> {
    let mut shares = vec![0_i128; residents.len()];
    for (dimension, &part) in Dimension::ALL.into_iter().zip(parts).filter(|(_, part)| **part > 0) {
        let requested: i128 =
            residents.iter().map(|(amount, count)| i128::from(amount[dimension]) * i128::from(*count)).sum();
        let divisor = requested.max(i128::from(capacity[dimension]));
        for (share, (amount, _)) in shares.iter_mut().zip(residents) {
            *share += part * i128::from(amount[dimension]) / divisor;
        }
    }
    shares.into_iter().map(|nanos| Rate::from_nanos(nanos as i64)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pricing::{DatedRate, TypePrice, UnitRates};
    use crate::units::Currency;

    fn book() -> PriceBook {
        // 1 vCPU costs as much as 8 GiB.
        let units = UnitRates { vcpu: Rate::from_nanos(8), memory_gib: Rate::from_nanos(1), ..UnitRates::default() };
        let price = DatedRate { from: Instant::from_micros(0), rate: Rate::from_nanos(1_000) };
        let node = TypePrice { name: "node".to_owned(), shape: None, prices: vec![price] };
        PriceBook::new(Currency::USD, vec![node], units)
    }

    #[test]
    fn a_node_is_split_by_the_worth_of_its_parts() {
        // 4 vCPU × 8 = 32 and 32 GiB × 1 = 32: half the price each. 1 vCPU is 1/4 of 500, 16 GiB are 1/2 of 500.
        let shares = node_shares(
            &book(),
            Rate::from_nanos(1_000),
            Resources::compute(4_000, 32 * 1_024),
            &[Resources::compute(1_000, 16 * 1_024)],
        );
        assert_eq!(shares, [Rate::from_nanos(125 + 250)]);
    }

    #[test]
    fn an_over_committed_node_is_shared_by_what_was_requested() {
        // 8 vCPU asked of 4: each of two halves the vCPU part; memory is asked in full once.
        let half = Resources::compute(4_000, 16 * 1_024);
        let shares =
            node_shares(&book(), Rate::from_nanos(1_000), Resources::compute(4_000, 32 * 1_024), &[half, half]);
        assert_eq!(shares, [Rate::from_nanos(250 + 250); 2]);
    }

    proptest::proptest! {
        #[test]
        fn residents_never_pay_more_than_the_node(
            rate in 0_i64..10_000_000_000,
            amounts in proptest::collection::vec((1_u32..64_000, 1_u32..262_144), 1..20),
        ) {
            let residents: Vec<Resources> = amounts.into_iter().map(|(v, m)| Resources::compute(v, m)).collect();
            let shares = node_shares(&book(), Rate::from_nanos(rate), Resources::compute(64_000, 262_144), &residents);
            proptest::prop_assert!(shares.iter().map(|share| share.nanos()).sum::<i64>() <= rate);
        }
    }
}
