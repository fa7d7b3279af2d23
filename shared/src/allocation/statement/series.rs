//! What accounts come to hour by hour, as running totals: any slice of time is the difference of two of them.

use core::ops::Range;

use super::grid::Grid;
use crate::units::Window;

/// By account, the hours in which it has anything, in order. What it has then stands in [`Totals`] beside it.
#[derive(Debug)]
pub(super) struct Series {
    /// Where the hours of each account begin in `hours`, and where the last ones end.
    starts: Vec<u32>,
    hours: Vec<u32>,
}

/// Running totals over the hours of all accounts, one after the other; the first is nothing.
#[derive(Debug)]
pub(super) struct Totals(Vec<i128>);

/// Which hours each slice of a statement is made of.
pub(super) struct SliceHours {
    /// The hours of the window.
    window: Range<u32>,
    /// By hour of the window, its slice.
    slice: Vec<u32>,
    /// By slice, the first hour after it.
    ends: Vec<u32>,
}

impl Series {
    pub(super) fn new() -> Self {
        Self { starts: vec![0], hours: Vec::new() }
    }

    /// The series of so many accounts where it is known hour by hour who has anything.
    pub(super) fn transposed(accounts: usize, hours: impl Iterator<Item: Iterator<Item = u32>> + Clone) -> Self {
        let mut starts = vec![0_u32; accounts + 1];
        hours.clone().flatten().for_each(|account| starts[account as usize + 1] += 1);
        for account in 0..accounts {
            starts[account + 1] += starts[account];
        }
        let (mut next, mut of) = (starts.clone(), vec![0; starts[accounts] as usize]);
        for (hour, accounts) in (0..).zip(hours) {
            for account in accounts {
                let place = &mut next[account as usize];
                of[*place as usize] = hour;
                *place += 1;
            }
        }
        Self { starts, hours: of }
    }

    /// Adds an hour to the account that is open.
    pub(super) fn push(&mut self, hour: usize) {
        self.hours.push(hour as u32);
    }

    /// Closes the account that is open, and opens the next.
    pub(super) fn close(&mut self) {
        self.starts.push(self.hours.len() as u32);
    }

    /// How many hours all accounts have together.
    pub(super) fn len(&self) -> usize {
        self.hours.len()
    }

    /// Where the hours of an account stand.
    pub(super) fn places(&self, account: usize) -> Range<usize> {
        self.starts[account] as usize..self.starts[account + 1] as usize
    }

    /// The hour at a place.
    pub(super) fn hour(&self, place: usize) -> usize {
        self.hours[place] as usize
    }

    /// Tells of every slice in which an account has anything, and the places of its hours in it.
    #[inline]
    pub(super) fn slices(&self, account: usize, slices: &SliceHours, mut found: impl FnMut(usize, Range<usize>)) {
        let Range { start, end } = self.places(account);
        let of = &self.hours[..end];
        let mut place = start + of[start..].partition_point(|&hour| hour < slices.window.start);
        while place < end && of[place] < slices.window.end {
            let slice = slices.slice[(of[place] - slices.window.start) as usize] as usize;
            let after = first_from(of, place + 1, slices.ends[slice]);
            found(slice, place..after);
            place = after;
        }
    }
}

/// The first place from `from` on whose hour is `bound` or later: by steps that double, as it is near as a rule.
#[inline]
fn first_from(hours: &[u32], from: usize, bound: u32) -> usize {
    let (mut low, mut step) = (from, 1);
    while low + step <= hours.len() && hours[low + step - 1] < bound {
        low += step;
        step *= 2;
    }
    let high = (low + step).min(hours.len());
    low + hours[low..high].partition_point(|&hour| hour < bound)
}

impl Totals {
    /// Of the amounts at each place.
    pub(super) fn of(amounts: impl IntoIterator<Item = i128>) -> Self {
        let mut total = 0;
        let sums = amounts.into_iter().map(|amount| {
            total += amount;
            total
        });
        Self(core::iter::once(0).chain(sums).collect())
    }

    /// What stands at some places together.
    #[inline]
    pub(super) fn sum(&self, places: Range<usize>) -> i128 {
        self.0[places.end] - self.0[places.start]
    }
}

impl SliceHours {
    /// None where a slice begins or ends inside of an hour of `grid`.
    pub(super) fn new(grid: &Grid, slices: &[Window]) -> Option<Self> {
        let hour = |at| grid.bounds.binary_search(&at).ok().map(|hour| hour as u32);
        let first = hour(slices[0].start)?;
        let ends: Vec<u32> = slices.iter().map(|slice| hour(slice.end)).collect::<Option<_>>()?;
        let mut slice = Vec::new();
        let mut start = first;
        for (number, &end) in (0..).zip(&ends) {
            slice.resize(slice.len() + (end - start) as usize, number);
            start = end;
        }
        Some(Self { window: first..start, slice, ends })
    }

    /// Every slice and its hours.
    pub(super) fn each(&self) -> impl Iterator<Item = (usize, Range<usize>)> + '_ {
        let starts = core::iter::once(self.window.start).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| start as usize..end as usize).enumerate()
    }

    /// The slice of each hour of the window.
    pub(super) fn hours(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.window.clone().zip(&self.slice).map(|(hour, &slice)| (hour as usize, slice as usize))
    }

    /// How many slices there are.
    pub(super) fn slices(&self) -> usize {
        self.ends.len()
    }
}
