//! What the reports of the closed days say line by line: of everything, of each group, and of what is nobody's.

use shared::allocation::{AllocationRow, Cause, CauseAmount, GroupBy, Grouping, RowKind};
use shared::api::{ReportList, WindowReport};
use shared::units::{Currency, Instant, Money};

use super::sums;
use crate::format;

/// A line: the rows of one name, a day each.
pub(super) struct Line<'a> {
    pub(super) kind: RowKind,
    /// Empty where the kind says all.
    pub(super) name: &'a str,
    /// The days that have such a row.
    days: Vec<(&'a WindowReport, &'a AllocationRow)>,
}

/// How the reports have rows for what is grouped; none where they have none for that.
pub(super) fn reported_by(by: &GroupBy) -> Option<Grouping> {
    match by {
        GroupBy::Tenant => Some(Grouping::Tenant),
        GroupBy::Module => Some(Grouping::Module),
        GroupBy::Flavor => Some(Grouping::Flavor),
        GroupBy::Class => Some(Grouping::Class),
        GroupBy::NodeGroup | GroupBy::Zone | GroupBy::Cluster | GroupBy::Label(_) | GroupBy::Labels => None,
    }
}

impl<'a> Line<'a> {
    /// All together.
    pub(super) fn everything(reports: &'a ReportList) -> Self {
        let days = reports.windows.iter().map(|day| (day, &day.report.total)).collect();
        Self { kind: RowKind::Total, name: "", days }
    }

    /// Everything, then a line each of what the reports have a row of.
    pub(super) fn all(reports: &'a ReportList) -> Vec<Self> {
        let mut keys: Vec<(RowKind, &str)> = Vec::new();
        for row in reports.windows.iter().flat_map(|day| &day.report.rows) {
            if !keys.contains(&(row.kind, row.name.as_str())) {
                keys.push((row.kind, &row.name));
            }
        }
        let lines = keys.into_iter().map(|(kind, name)| Self::of(reports, kind, name));
        [Self::everything(reports)].into_iter().chain(lines).collect()
    }

    /// One group of what the page is grouped by, where the reports have a row of it alone.
    pub(super) fn of_group(reports: &'a ReportList, by: &GroupBy, group: &'a str) -> Option<Self> {
        let kind = match reported_by(by)? {
            Grouping::Tenant => RowKind::Tenant,
            Grouping::Module => RowKind::Module,
            Grouping::Flavor => RowKind::Flavor,
            Grouping::Class => RowKind::Class,
        };
        Some(Self::of(reports, kind, group)).filter(|line| !line.days.is_empty())
    }

    fn of(reports: &'a ReportList, kind: RowKind, name: &'a str) -> Self {
        let of_day = |day: &'a WindowReport| {
            let row = day.report.rows.iter().find(|row| row.kind == kind && row.name == name);
            row.map(|row| (day, row))
        };
        Self { kind, name, days: reports.windows.iter().filter_map(of_day).collect() }
    }

    pub(super) fn called(&self) -> String {
        match self.kind {
            RowKind::Total => "everything".to_owned(),
            kind if self.name.is_empty() => format::words(kind.as_str()),
            _ => self.name.to_owned(),
        }
    }

    /// Whether requests may explain its variance: everyone's do, and a tenant's.
    pub(super) fn is_of_requests(&self) -> bool {
        matches!(self.kind, RowKind::Total | RowKind::Tenant)
    }

    pub(super) fn predicted(&self, currency: Currency) -> Money {
        sums::of_money(self.days.iter().map(|(_, row)| row.predicted.mean), currency)
    }

    pub(super) fn actual(&self, currency: Currency) -> Money {
        sums::of_money(self.days.iter().filter_map(|(_, row)| row.actual), currency)
    }

    /// What a cause makes; none where it was observed on no day.
    pub(super) fn cause(&self, cause: Cause, currency: Currency) -> Option<Money> {
        let amounts: Vec<Money> = self.causes().filter(|of| of.cause == cause).filter_map(|of| of.amount).collect();
        (!amounts.is_empty()).then(|| sums::of_money(amounts.into_iter(), currency))
    }

    /// Why a cause was not observed, where one was not.
    pub(super) fn not_observed(&self) -> Option<&'a str> {
        self.causes().find_map(|of| of.not_observed.as_deref())
    }

    /// The day on which most of its variance lies.
    pub(super) fn worst(&self) -> Option<Instant> {
        let sized =
            self.days.iter().filter_map(|(day, row)| Some((row.variance?.amount.abs(), day.report.window.start)));
        sized.filter(|(size, _)| !size.is_zero()).max().map(|(_, start)| start)
    }

    /// Those of everything stand in the report, not in its row.
    fn causes(&self) -> impl Iterator<Item = &'a CauseAmount> {
        let is_total = self.kind == RowKind::Total;
        self.days.iter().flat_map(move |(day, row)| if is_total { &day.report.causes } else { &row.causes })
    }
}
