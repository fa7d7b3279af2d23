//! `report`: what it costs, by whatever it is asked for; one file a report, and `compared` for those that compare.

mod allocation;
mod bill;
mod budgets;
mod compared;
mod recommendations;
mod variance;

use super::{CliError, Global};

/// Say what it costs, by whatever it is asked for
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    report: Report,
}

/// Every report's `Args` has `run(&self, &Global) -> Result<(), CliError>`.
#[derive(Debug, clap::Subcommand)]
enum Report {
    Allocation(Box<allocation::Args>),
    Bill(bill::Args),
    Budgets(Box<budgets::Args>),
    Recommendations(Box<recommendations::Args>),
    Variance(Box<variance::Args>),
}

impl Args {
    /// Runs the report.
    ///
    /// # Errors
    /// Those of the report.
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        match &self.report {
            Report::Allocation(args) => args.run(global),
            Report::Bill(args) => args.run(global),
            Report::Budgets(args) => args.run(global),
            Report::Recommendations(args) => args.run(global),
            Report::Variance(args) => args.run(global),
        }
    }
}
