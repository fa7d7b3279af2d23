//! Budgets from a file, with every problem of it.

use shared::allocation::Budget;
use shared::units::Currency;

use super::CliError;
use crate::input;

/// Reads budgets in the currency of the prices.
///
/// # Errors
/// With every wrong field of the file, a line each.
pub(super) fn read_budgets(path: &str, currency: Currency) -> Result<Vec<Budget>, CliError> {
    shared::allocation::read_budgets(&input::read_text(path)?, currency).map_err(|mut wrong| {
        let file = input::name(path);
        if wrong.len() == 1 {
            return CliError::Input { file: file.to_owned(), error: wrong.remove(0) };
        }
        let lines: Vec<String> = wrong.iter().map(|error| format!("\n  {error}")).collect();
        CliError::Data(format!("{file}: {} problems:{}", wrong.len(), lines.concat()))
    })
}
