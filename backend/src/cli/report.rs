//! `shadowplane report`: what it costs, by who causes it.

mod bill;

use super::{CliError, Global};

/// Say what it costs, by who causes it
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    of: Of,
}

#[derive(Debug, clap::Subcommand)]
enum Of {
    Bill(bill::Args),
}

impl Args {
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        match &self.of {
            Of::Bill(args) => args.run(global),
        }
    }
}
