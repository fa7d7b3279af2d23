//! Which lives make up what is beyond the predicted, or short of it.

use std::collections::BTreeMap;

use crate::units::{BatchIndex, FlavorIndex, ResourceIndex, TenantIndex};

/// Whose creates of which flavor, in which hour of the window.
pub(super) type Cell = (TenantIndex, FlavorIndex, i64);

/// A life that was created in the window, and what it is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Life {
    pub(super) resource: ResourceIndex,
    pub(super) batch: Option<BatchIndex>,
    pub(super) worth: i128,
}

/// By how much something differs from the predicted mean, and the lives that may make it up.
#[derive(Clone, Debug, Default)]
pub(super) struct Excess {
    pub(super) beyond: i128,
    pub(super) lives: Vec<Life>,
}

/// The largest lives of each cell until they make up what it is beyond the predicted by, to the nearest life.
///
/// Where demand is sparse the mean of an hour is a part of a life only. So what is left of an hour is carried on to the
/// next ones of the same tenant and flavor; what is left of all of them is made up by further lives of theirs, what is left
/// of the flavors by lives of the tenant, and in the end by lives of anybody: always of those of which something is left.
pub(super) fn chosen(cells: BTreeMap<Cell, Excess>) -> Vec<(i128, ResourceIndex)> {
    let mut chosen = Vec::new();
    let (mut of_flavor, mut of_tenant, mut of_all) = (Excess::default(), Excess::default(), Excess::default());
    let mut cells = cells.into_iter().peekable();
    while let Some(((tenant, flavor, _), mut hour)) = cells.next() {
        hour.beyond = hour.beyond.max(0) + core::mem::take(&mut of_flavor.beyond);
        hour.take_largest(&mut chosen);
        of_flavor.add(hour);
        let next = cells.peek().map(|((tenant, flavor, _), _)| (*tenant, *flavor));
        if next != Some((tenant, flavor)) {
            of_flavor.pass_on(&mut of_tenant, &mut chosen);
        }
        if next.is_none_or(|next| next.0 != tenant) {
            of_tenant.pass_on(&mut of_all, &mut chosen);
        }
    }
    of_all.take_largest(&mut chosen);
    chosen
}

impl Excess {
    /// Takes the largest lives, of those that came as a batch the largest batch first; the others stay.
    fn take_largest(&mut self, chosen: &mut Vec<(i128, ResourceIndex)>) {
        let mut batches: BTreeMap<_, i128> = BTreeMap::new();
        for life in &self.lives {
            *batches.entry(life.batch).or_default() += life.worth;
        }
        let batch = |life: &Life| life.batch.map_or(0, |_| batches[&life.batch]);
        self.lives.sort_by_key(|life| core::cmp::Reverse((batch(life), life.worth)));
        let left = &mut self.beyond;
        self.lives.retain(|life| {
            let is_taken = life.worth > 0 && 2 * *left >= life.worth;
            if is_taken {
                chosen.push((life.worth.min(*left), life.resource));
                *left -= life.worth;
            }
            !is_taken
        });
    }

    fn add(&mut self, mut other: Self) {
        self.beyond += other.beyond;
        self.lives.append(&mut other.lives);
    }

    /// Takes what lives of its own make up, and leaves the rest to a larger group.
    fn pass_on(&mut self, to: &mut Self, chosen: &mut Vec<(i128, ResourceIndex)>) {
        let mut own = core::mem::take(self);
        own.take_largest(chosen);
        if own.beyond > 0 {
            to.add(own);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tenant, flavor and hour: by what it is beyond the predicted, and the worth of each life.
    type Given<'a> = ((u32, u32, i64), i128, &'a [i128]);

    fn check(cells: &[Given<'_>], expected: &[usize]) {
        let mut number = 0;
        let mut by_cell = BTreeMap::new();
        for &((tenant, flavor, hour), beyond, worths) in cells {
            let life = |&worth| {
                number += 1;
                Life { resource: ResourceIndex(number - 1), batch: None, worth }
            };
            let lives = worths.iter().map(life).collect();
            by_cell.insert((TenantIndex(tenant), FlavorIndex(flavor), hour), Excess { beyond, lives });
        }
        let mut found: Vec<usize> = chosen(by_cell).into_iter().map(|(_, resource)| resource.usize()).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{cells:?}");
    }

    #[test]
    fn an_hour_has_its_own_lives() {
        // Two of 100 are beyond: two of three lives, the largest, and none of the hour after.
        check(&[((0, 0, 0), 200, &[100, 90, 110]), ((0, 0, 1), 0, &[100])], &[0, 2]);
        // What an hour is short of is no other hour's.
        check(&[((0, 0, 0), -300, &[]), ((0, 0, 1), 100, &[100])], &[0]);
    }

    #[test]
    fn parts_of_a_life_add_up_over_the_hours() {
        // 30 % of a life are short in each of four hours: 30 + 30 + 30 make up one of 100 in the third, 10 + 10 no other.
        let hours: Vec<_> = (0..4).map(|hour| ((0, 0, hour), 30, &[100][..])).collect();
        // After two hours 60 are left, which are nearer to a life than to none; 30 + 30 − 40 are not.
        check(&hours, &[1]);
        // The run has its lives before the hours in which more was short: four times 50 are two of 100.
        check(&[((0, 0, 0), 50, &[100, 100, 100]), ((0, 0, 1), 50, &[]), ((0, 0, 2), 100, &[])], &[0, 1]);
    }

    #[test]
    fn parts_of_a_life_add_up_over_flavors_and_tenants() {
        // 40 of a life of 100 in each of three flavors: 120 are one life.
        let flavors: Vec<_> = (0..3).map(|flavor| ((0, flavor, 0), 40, &[100][..])).collect();
        check(&flavors, &[0]);
        // The same of tenants; who has what was predicted has no part in it, though it is larger.
        check(&[((0, 0, 0), 40, &[100]), ((1, 0, 0), 0, &[120]), ((2, 0, 0), 40, &[100])], &[0]);
    }
}
