//! Charges in ledger units: parts of the rows of a statement, cut where commitments cover them, and the commitments.

use std::collections::BTreeMap;

use super::paid::Paid;
use super::{CLASS, FLAVOR, MODULE, NODE_GROUP};
use crate::allocation::Metering;
use crate::allocation::metering::CoveredLine;
use crate::allocation::statement::distribute::part_of;
use crate::allocation::statement::{NO_GROUP, Statement, StatementRow};
use crate::request::ResourceClass;
use crate::units::{LedgerUnits, NodeGroupIndex};

/// What is charged for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Workload,
    Idle,
    Shared,
    Overhead,
    /// What was promised for a slice, used or not.
    Purchase,
    /// What of it nobody used.
    Unused,
}

/// A charge in one slice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Charge<'a> {
    pub(super) slice: u32,
    /// Whose; nobody's where a commitment itself is charged.
    pub(super) row: Option<&'a StatementRow>,
    pub(super) part: Part,
    /// The commitment that it is of, or that covers it, and how much of that.
    pub(super) commitment: Option<(usize, Quantity)>,
    pub(super) billed: LedgerUnits,
    pub(super) effective: LedgerUnits,
    pub(super) contracted: LedgerUnits,
    pub(super) list: LedgerUnits,
    /// Resources, nodes or machines × microseconds.
    pub(super) micros: i128,
}

/// How much of a commitment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantity {
    /// Machines × microseconds.
    Micros(i128),
    Money(LedgerUnits),
}

/// What a commitment covers of a line in a slice.
#[derive(Clone, Copy, Debug, Default)]
struct Cover {
    list: i128,
    used: i128,
    micros: i128,
}

/// By slice and line, what each commitment covers.
type Covers = BTreeMap<(u32, CoveredLine), BTreeMap<usize, Cover>>;

impl Part {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Workload => "workload",
            Self::Idle => "idle",
            Self::Shared => "shared",
            Self::Overhead => "overhead",
            Self::Purchase => "purchase",
            Self::Unused => "unused",
        }
    }
}

/// All charges of a statement, whose billed and effective costs each add up to its total.
///
/// What a commitment covers of a node group, or of a flavor, is shared by all who pay for it in the slice, in proportion to
/// what they pay: which node it was nobody knows.
pub(super) fn charges<'a>(statement: &'a Statement, metering: &'a Metering) -> Vec<Charge<'a>> {
    let covers = covers(statement, metering);
    let paid = Paid::new(statement, metering);
    let lines = Lines::new(statement, metering, &covers);
    let mut costs: BTreeMap<(u32, CoveredLine), i128> = BTreeMap::new();
    let parts = || statement.rows.iter().flat_map(|row| parts(row).map(move |(part, cost)| (row, part, cost)));
    for (row, part, cost) in parts() {
        if let Some(line) = lines.of(row, part) {
            *costs.entry((row.slice, line)).or_default() += cost.0;
        }
    }
    let mut charges = Vec::new();
    let mut served: BTreeMap<(u32, CoveredLine), i128> = BTreeMap::new();
    for (row, part, cost) in parts().filter(|(row, part, cost)| {
        *cost != LedgerUnits::ZERO || *part == Part::Workload && row.amounts.resource_micros > 0
    }) {
        let micros = match part {
            Part::Workload => row.amounts.resource_micros,
            _ => paid.micros(row, part, cost),
        };
        let mut whole = Charge::usage(row, part, cost, micros, paid.list(row, cost));
        let line = lines.of(row, part).map(|line| (row.slice, line));
        if let Some((line, covers)) = line.and_then(|line| Some((line, covers.get(&line)?))) {
            let before = served.entry(line).or_default();
            let span = (*before, *before + cost.0);
            *before = span.1;
            let covered = covers.iter().map(|(&commitment, cover)| {
                let quantity = |quantity| (commitment, quantity);
                let part = cover.part(span, costs[&line]);
                let of = match metering.commitments[commitment].machines {
                    Some(_) => quantity(Quantity::Micros(part.micros)),
                    None => quantity(Quantity::Money(LedgerUnits(part.used))),
                };
                (part, of)
            });
            let cut = covered.filter(|(part, _)| part.list > 0).map(|(part, of)| whole.cut(part, of, (micros, cost)));
            charges.extend(cut);
        }
        if whole.billed != LedgerUnits::ZERO || cost == LedgerUnits::ZERO {
            charges.push(whole);
        }
    }
    charges.extend(of_commitments(statement, metering, &charges));
    charges
}

/// What a row pays for, but for commitments, which have charges of their own.
fn parts(row: &StatementRow) -> [(Part, LedgerUnits); 4] {
    let amounts = &row.amounts;
    [
        (Part::Workload, amounts.workload),
        (Part::Idle, amounts.idle),
        (Part::Shared, amounts.shared),
        (Part::Overhead, amounts.overhead),
    ]
}

impl<'a> Charge<'a> {
    fn usage(row: &'a StatementRow, part: Part, cost: LedgerUnits, micros: i128, list: LedgerUnits) -> Self {
        Self {
            slice: row.slice,
            row: Some(row),
            part,
            commitment: None,
            billed: cost,
            effective: cost,
            contracted: cost,
            list,
            micros,
        }
    }

    /// Takes out what a commitment covers: nothing is billed for it, as the commitment is. `whole` is what the charge was
    /// before anything was taken out.
    fn cut(&mut self, part: Cover, of: (usize, Quantity), whole: (i128, LedgerUnits)) -> Self {
        let (list, micros) = (LedgerUnits(part.list), part_of(whole.0, part.list.min(whole.1.0), whole.1.0));
        for cost in [&mut self.billed, &mut self.effective, &mut self.contracted, &mut self.list] {
            *cost = *cost - list;
        }
        self.micros -= micros;
        Self {
            commitment: Some(of),
            billed: LedgerUnits::ZERO,
            effective: LedgerUnits(part.used),
            contracted: list,
            list,
            micros,
            ..*self
        }
    }
}

impl Cover {
    /// What goes to costs from `before` to `until` of a line that costs `all`.
    fn part(&self, (before, until): (i128, i128), all: i128) -> Self {
        let of = |amount: i128| {
            if all == 0 { 0 } else { part_of(amount, until, all) - part_of(amount, before, all) }
        };
        Self { list: of(self.list), used: of(self.used), micros: of(self.micros) }
    }
}

/// Where rows may be covered.
struct Lines {
    /// By the number of a flavor's name, its line, where resources have prices of their own.
    flavors: BTreeMap<u32, CoveredLine>,
}

impl Lines {
    fn new(statement: &Statement, metering: &Metering, covers: &Covers) -> Self {
        let number = |flavor: usize| {
            let name = &metering.flavors[flavor].name;
            statement.names[FLAVOR].iter().position(|other| other == name).unwrap_or_default() as u32
        };
        let flavors = covers.keys().filter_map(|(_, line)| match line {
            CoveredLine::Flavor(flavor) => Some((number(flavor.usize()), *line)),
            CoveredLine::NodeGroup(_) => None,
        });
        Self { flavors: flavors.collect() }
    }

    /// The line that a part of a row is on.
    fn of(&self, row: &StatementRow, part: Part) -> Option<CoveredLine> {
        let is_machine = row.key[CLASS] == ResourceClass::Compute as u32;
        match part {
            Part::Workload if is_machine && self.flavors.contains_key(&row.key[FLAVOR]) => {
                self.flavors.get(&row.key[FLAVOR]).copied()
            }
            Part::Workload | Part::Idle | Part::Overhead => {
                let group = Some(row.key[NODE_GROUP]).filter(|group| *group != NO_GROUP);
                group.map(|group| CoveredLine::NodeGroup(NodeGroupIndex(group)))
            }
            Part::Shared | Part::Purchase | Part::Unused => None,
        }
    }
}

fn covers(statement: &Statement, metering: &Metering) -> Covers {
    let mut covers = Covers::new();
    for cover in &metering.covered {
        let slice = statement.slices.partition_point(|slice| slice.end <= cover.from);
        if statement.slices.get(slice).is_some_and(|slice| slice.start <= cover.from) {
            let of = covers.entry((slice as u32, cover.line)).or_default();
            let sum = of.entry(cover.commitment as usize).or_default();
            sum.list += cover.list_cost().0;
            sum.used += cover.used().0;
            sum.micros += i128::from(cover.micros);
        }
    }
    covers
}

/// By slice and commitment, what it was bought for, and what of it nobody used.
fn of_commitments<'a>(statement: &Statement, metering: &Metering, covered: &[Charge<'_>]) -> Vec<Charge<'a>> {
    let mut used: BTreeMap<(u32, usize), (i128, i128)> = BTreeMap::new();
    for charge in covered {
        let Some((commitment, quantity)) = charge.commitment else { continue };
        let (cost, micros) = used.entry((charge.slice, commitment)).or_default();
        *cost += charge.effective.0;
        *micros += if let Quantity::Micros(micros) = quantity { micros } else { 0 };
    }
    let mut charges = Vec::new();
    for (slice, window) in (0..).zip(&statement.slices) {
        for (position, commitment) in metering.commitments.iter().enumerate() {
            let held = i128::from(commitment.micros_in(*window));
            let promised = commitment.cost_per_hour() * held;
            let (used, micros) = used.get(&(slice, position)).copied().unwrap_or_default();
            let charge = |part, cost: i128, micros: i128| {
                let (cost, is_bought) = (LedgerUnits(cost), part == Part::Purchase);
                let quantity = match commitment.machines {
                    Some(_) => Quantity::Micros(micros),
                    None => Quantity::Money(cost),
                };
                let if_bought = if is_bought { cost } else { LedgerUnits::ZERO };
                Charge {
                    slice,
                    row: None,
                    part,
                    commitment: Some((position, quantity)),
                    billed: if_bought,
                    effective: if is_bought { LedgerUnits::ZERO } else { cost },
                    contracted: if_bought,
                    list: if_bought,
                    micros,
                }
            };
            let bought = held * i128::from(commitment.machines.unwrap_or(1));
            let unused = match commitment.machines {
                Some(_) => bought - micros,
                None if promised > 0 => part_of(held, promised - used, promised),
                None => 0,
            };
            let both = [(Part::Purchase, promised, bought), (Part::Unused, promised - used, unused)];
            charges.extend(
                both.into_iter().filter(|(_, cost, _)| *cost > 0).map(|(part, cost, of)| charge(part, cost, of)),
            );
        }
    }
    charges
}

/// The module of a row's shared cost.
pub(super) fn module_of(row: &StatementRow) -> Option<usize> {
    Some(row.key[MODULE]).filter(|module| *module != NO_GROUP).map(|module| module as usize)
}
