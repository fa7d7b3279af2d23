//! Price files of the command line.

use shared::input::InputProblems;
use shared::pricing::{PriceFile, read_price_file};
use shared::trace::csv::Kind;

use super::CliError;
use super::bill_file::read_rates;
use crate::input;

/// Reads prices, CSV, TOML or JSON; those in another currency by the exchange rates of the file `rates`, where there is one.
///
/// # Errors
/// When a file is wrong: with every problem of the prices.
pub(super) fn read_price_book(file: &str, rates: Option<&str>) -> Result<PriceFile, CliError> {
    let rates = read_rates(rates)?;
    read_price_file(&input::read_text(file)?, &rates).map_err(|problems| {
        let name = input::name(file);
        match <[_; 1]>::try_from(problems.0) {
            Ok([only]) => CliError::in_table(name, Kind::Prices)(only),
            Err(several) => CliError::all_in_file(name)(InputProblems(several)),
        }
    })
}
