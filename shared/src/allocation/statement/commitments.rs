//! What commitment discounts take off, and what they cost for nothing.

use super::group_by::Groups;
use super::rows::Rows;
use super::{Amounts, Key, NO_GROUP};
use crate::allocation::Metering;
use crate::units::{LedgerUnits, Window};

/// The key of a cost that is of no group at all.
const NOBODYS: Key = [NO_GROUP; super::GROUPINGS_MAX];

/// Adds them to the rows of some slices, which are in order: the discount to the node group or the flavor that is covered,
/// what is unused to nobody.
pub(super) fn add(metering: &Metering, slices: &[Window], groups: &Groups<'_>, rows: &mut Rows<'_, '_>) {
    let promised = |slice: &Window| {
        let of = metering.commitments.iter();
        of.map(|commitment| commitment.cost_per_hour() * i128::from(commitment.micros_in(*slice))).sum()
    };
    let mut unused: Vec<i128> = slices.iter().map(promised).collect();
    for cover in &metering.covered {
        let mut of = rows.of(groups.of_covered(cover.line));
        let first = slices.partition_point(|slice| slice.end <= cover.from);
        for (slice, window) in slices.iter().enumerate().skip(first).take_while(|(_, slice)| slice.start < cover.until)
        {
            let (start, end) = (cover.covered_until(window.start), cover.covered_until(window.end));
            let (list, used) = (end[0] - start[0], end[1] - start[1]);
            of.add(slice, Amounts { discount: LedgerUnits(used - list), ..Amounts::default() });
            unused[slice] -= used;
        }
    }
    let mut of = rows.of(NOBODYS);
    for (slice, unused) in unused.into_iter().enumerate() {
        of.add(slice, Amounts { unused: LedgerUnits(unused), ..Amounts::default() });
    }
}
