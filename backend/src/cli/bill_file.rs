//! The files that a bill is in, and what goes with them.

use shared::bill::{Bill, ExchangeRates, read_exchange_rates};
use shared::trace::charge::{Charge, read_charges};

use super::CliError;
use crate::input;

/// Reads charges of ours, and lets the latest statement of each billing period stand.
pub(super) fn read_bill(files: &[String]) -> Result<Bill, CliError> {
    let mut charges: Vec<Charge> = Vec::new();
    for (position, file) in files.iter().enumerate() {
        if files[..position].contains(file) {
            return Err(CliError::Usage(format!(
                "--bill names {} twice; its charges would count twice",
                input::name(file)
            )));
        }
        let text = input::read_text(file)?;
        charges.extend(read_charges(&text).map_err(CliError::in_file(input::name(file)))?);
    }
    let names: Vec<&str> = files.iter().map(|file| input::name(file)).collect();
    Bill::new(charges).map_err(|error| CliError::Data(format!("{}: {error}", names.join(", "))))
}

/// Reads a file of exchange rates, if one is given.
pub(super) fn read_rates(file: Option<&str>) -> Result<ExchangeRates, CliError> {
    let Some(file) = file else { return Ok(ExchangeRates::default()) };
    read_exchange_rates(&input::read_text(file)?).map_err(CliError::all_in_file(input::name(file)))
}
