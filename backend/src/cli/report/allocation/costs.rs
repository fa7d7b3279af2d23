//! What a report of allocation is of: what was metered, read or run, and what was predicted for it.

use shared::allocation::{Basis, Metering, Statement, VarianceStatement, read_metering};

use super::super::compared::{Missing, compare, known_after};
use super::weights::Sharing;
use super::{Args, Format};
use crate::cli::CliError;
use crate::cli::shadow::{Metered, Prepared, metered, stands_for};
use crate::{ensemble, input, output};

/// What a report is of.
pub(super) struct Costs {
    pub(super) metering: Metering,
    /// What to know about it.
    pub(super) notices: Vec<String>,
    /// How it was predicted, where that and what came of it are known.
    pub(super) found: Option<VarianceStatement>,
}

/// The level of the run that is taken where none is said.
const MEDIAN: f64 = 0.5;

impl Args {
    /// What was metered, read or run, and what was predicted for it.
    ///
    /// # Errors
    /// When an input is wrong, or cannot be run or stated.
    pub(super) fn costs(&self, format: Format, sharing: &Sharing<'_>) -> Result<Costs, CliError> {
        if let Some(path) = &self.metering {
            output::progress("reading what was metered");
            let metering = read(path)?;
            let found = self.against_files(format, sharing, &metering)?;
            return Ok(Costs { metering, notices: Vec::new(), found });
        }
        if !self.run.is_given() {
            return Err(CliError::Usage("report allocation needs --metering, --requests or --scenario".to_owned()));
        }
        let prepared = self.run.prepare("report allocation", |base| base)?;
        let Prepared { valid, names, .. } = &prepared;
        let watch = |done, total| {
            output::progress(&format!("shadow run {done} of {total}"));
            true
        };
        let outcome = ensemble::run(valid, self.run.threads(), false, &watch)
            .ok_or_else(|| CliError::Data("cancelled".to_owned()))?;
        let run = stands_for(&outcome, self.quantile.unwrap_or(MEDIAN));
        let Metered { metering, notice, .. } =
            metered(valid, run, names, (outcome.runs.len() > 1).then_some(self.quantile.unwrap_or(MEDIAN)));
        let mut notices = prepared.notices.clone();
        notices.extend(notice);
        let found = match known_after(&prepared, &self.run) {
            Ok(known) if format.has_variance() => {
                let state = |of: &Metering| self.statement(format, sharing, (of, metering.window));
                let sides = compare(&prepared, known, &self.run, &state)?;
                Some(VarianceStatement::new(&sides.runs, &sides.actual, Basis::Simulated, &[]))
            }
            Err(Missing::Requests) => {
                let notice = "the log ends before the window does, so there is no variance yet";
                notices.push(notice.to_owned());
                None
            }
            Ok(_) | Err(Missing::Origin) => None,
        };
        Ok(Costs { metering, notices, found })
    }

    /// What was metered beside what files predicted for it; none where there are no such files.
    fn against_files(
        &self,
        format: Format,
        sharing: &Sharing<'_>,
        metering: &Metering,
    ) -> Result<Option<VarianceStatement>, CliError> {
        let predicted = self.predicted.iter().map(|path| {
            let predicted = read(path)?;
            if predicted.currency != metering.currency {
                let (file, other, currency) = (input::name(path), predicted.currency, metering.currency);
                let message =
                    format!("{file}: is in {other}, and what was metered in {currency}; expected one currency");
                return Err(CliError::Data(message));
            }
            self.statement(format, sharing, (&predicted, metering.window)).map_err(|error| match error {
                CliError::Data(message) => CliError::Data(format!("{}: {message}", input::name(path))),
                other => other,
            })
        });
        let predicted: Vec<Statement> = predicted.collect::<Result<_, _>>()?;
        if predicted.is_empty() {
            return Ok(None);
        }
        let actual = self.statement(format, sharing, (metering, metering.window))?;
        Ok(Some(VarianceStatement::new(&predicted, &actual, Basis::Metered, &[])))
    }
}

/// What was metered, from a file.
fn read(path: &str) -> Result<Metering, CliError> {
    read_metering(&input::read_text(path)?).map_err(CliError::in_file(input::name(path)))
}
