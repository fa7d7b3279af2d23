//! Rows of a file of metering records about commitment discounts and list prices.

use super::{
    CLASS, END, FLAVOR, LABELS, NAME, NODE_GROUP, Reading, START, Values, ZONE, labels_of, parse, some, wrong,
};
use crate::allocation::metering::{CoveredLine, MeteredCommitment, MeteredCover};
use crate::input::InputError;
use crate::units::Rate;

impl Reading {
    /// What nodes of a group cost in percent of their list price.
    pub(super) fn take_group(&mut self, line: u64, values: &Values<'_>) -> Result<(), InputError> {
        some(line, values, NODE_GROUP)?;
        let zone = (!values[ZONE].is_empty()).then(|| self.zones.intern(values[ZONE]));
        let group = self.group(values, zone);
        let percent: u32 = label(line, values, "price_percent", "a percentage from 0 to 100")?;
        if percent > 100 {
            return Err(wrong(line, LABELS, format!("has price_percent={percent}; expected 0 to 100")));
        }
        self.group_percents.insert(group.0, percent);
        Ok(())
    }

    pub(super) fn take_commitment(&mut self, line: u64, values: &Values<'_>) -> Result<(), InputError> {
        let (from, until, rate) = self.stretch(line, values)?;
        let name = some(line, values, NAME)?.to_owned();
        if self.commitments.iter().any(|commitment| commitment.name == name) {
            return Err(wrong(line, NAME, format!("`{name}` is there twice; expected one row for each commitment")));
        }
        let machines = match values[LABELS] {
            "" => None,
            _ => Some(label(line, values, "machines", "a whole number")?),
        };
        self.commitments.push(MeteredCommitment { name, machines, from, until, rate });
        Ok(())
    }

    pub(super) fn take_covered(&mut self, line: u64, values: &Values<'_>) -> Result<(), InputError> {
        let (from, until, rate) = self.stretch(line, values)?;
        let name = some(line, values, NAME)?;
        let commitment = self.commitments.iter().position(|commitment| commitment.name == name).ok_or_else(|| {
            wrong(line, NAME, format!("no commitment above is called `{name}`; expected its row before what it covers"))
        })?;
        let MeteredCommitment { from: first, until: last, .. } = self.commitments[commitment];
        if from < first || until > last {
            let field = if from < first { START } else { END };
            return Err(wrong(line, field, format!("`{name}` holds {first} … {last}; expected a stretch in it")));
        }
        let covered = if values[NODE_GROUP].is_empty() {
            some(line, values, CLASS)?;
            some(line, values, FLAVOR)?;
            CoveredLine::Flavor(self.flavor(line, values)?)
        } else {
            CoveredLine::NodeGroup(self.group(values, None))
        };
        let list: Rate = label(line, values, "list_price_per_hour", "a price")?;
        let micros: i64 = label(line, values, "micros", "resources × microseconds")?;
        if micros < 0 {
            return Err(wrong(line, LABELS, format!("has micros={micros}; expected 0 or more")));
        }
        let commitment = commitment as u32;
        self.covered.push(MeteredCover { commitment, line: covered, from, until, micros, list, rate });
        Ok(())
    }
}

/// The value of a label that has to be there.
fn label<T: core::str::FromStr<Err: core::fmt::Display>>(
    line: u64,
    values: &Values<'_>,
    key: &str,
    expected: &str,
) -> Result<T, InputError> {
    let labels = labels_of(line, values)?;
    let text = labels.get(key).ok_or_else(|| wrong(line, LABELS, format!("has no `{key}`; expected {expected}")))?;
    parse(line, LABELS, text)
}
