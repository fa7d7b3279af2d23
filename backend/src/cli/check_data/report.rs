//! What was found, for people and for programs.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;
use serde_json::Number;
use shared::bill::Gaps;
use shared::units::Instant;

use super::bill::Coverage;
use crate::output;

/// Everything that `check-data` says.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    pub(super) inputs: Vec<Input>,
    /// What a bill comes to, by currency.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) bills: Vec<Coverage>,
    /// Where the bill charges no use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bill_gaps: Option<Gaps>,
    pub(super) findings: Vec<Finding>,
    /// What holds because no file says otherwise.
    pub(super) assumptions: Vec<String>,
}

/// One file.
#[derive(Debug, Serialize)]
pub(super) struct Input {
    pub(super) kind: &'static str,
    pub(super) file: String,
    pub(super) rows: u64,
    pub(super) from: Option<Instant>,
    pub(super) to: Option<Instant>,
    /// Further figures by name.
    pub(super) counts: BTreeMap<&'static str, Number>,
}

/// Figures that count something.
pub(super) fn counts<const N: usize>(figures: [(&'static str, u64); N]) -> BTreeMap<&'static str, Number> {
    figures.map(|(name, count)| (name, Number::from(count))).into()
}

/// Something to know before an answer is believed.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    pub(super) kind: &'static str,
    pub(super) found: String,
    /// The answers that suffer.
    pub(super) spoils: &'static str,
}

impl Report {
    pub(super) fn find(&mut self, kind: &'static str, found: String, spoils: &'static str) {
        self.findings.push(Finding { kind, found, spoils });
    }

    pub(super) fn assume(&mut self, assumption: String) {
        self.assumptions.push(assumption);
    }

    pub(super) fn to_text(&self) -> String {
        self.text().expect("a string takes everything")
    }

    fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        writeln!(text, "{:<13}{:>10}  {:<21}{:<21}file", "input", "rows", "from", "to")?;
        let instant = |at: Option<Instant>| at.map_or_else(|| "-".to_owned(), |at| at.to_string());
        for input in &self.inputs {
            let (from, to) = (instant(input.from.map(whole_seconds)), instant(input.to.map(whole_seconds)));
            writeln!(text, "{:<13}{:>10}  {from:<21}{to:<21}{}", input.kind, input.rows, input.file)?;
            let counts: Vec<String> = input
                .counts
                .iter()
                .map(|(name, count)| match (name.strip_suffix('s'), count.as_u64()) {
                    (Some(one), Some(count)) => output::counted(count, one),
                    _ => format!("{count} {name}"),
                })
                .collect();
            if !counts.is_empty() {
                writeln!(text, "{:<13}{:>10}  {}", "", "", counts.join(", "))?;
            }
        }
        self.bills.iter().try_for_each(|bill| bill.write(&mut text))?;
        writeln!(text, "\n{}", output::counted(self.findings.len() as u64, "finding"))?;
        for finding in &self.findings {
            writeln!(text, "- {}: {}\n  spoils: {}", finding.kind, finding.found, finding.spoils)?;
        }
        for assumption in &self.assumptions {
            writeln!(text, "assumed: {assumption}")?;
        }
        Ok(text)
    }
}

fn whole_seconds(at: Instant) -> Instant {
    at.floor(shared::units::Duration::from_seconds(1))
}
