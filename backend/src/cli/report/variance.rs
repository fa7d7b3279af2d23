//! `report variance`: what was predicted beside what came, by any two of tenant, flavor, label and the like.

mod causes;
mod text;

use shared::allocation::{
    Basis, GroupBy, IdlePolicy, Metering, Resolution, SharedPolicy, Statement, StatementSettings, VarianceStatement,
};

pub(super) use self::text::label;
use super::compared::{Compared, Missing, compare, data, known_after};
use crate::cli::shadow::RunArgs;
use crate::cli::{CliError, Global};
use crate::output;

/// Say what was predicted and what came, by any two of tenant, module, flavor, class, node group, zone, cluster and label
///
/// Predicts from the origin, runs the actual requests after it, and sets the two beside each other: the mean over the runs,
/// what came, the difference, and the accuracy that this makes. With --causes each line is split by cause, by replaying what
/// came step by step. Idle and overhead are the node group's, modules are theirs, and what commitments come to is of what
/// they cover; by groups that they are not of, they are nobody's.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// By what cost is split, at most two of: tenant, module, flavor, class, node_group, zone, cluster, label:KEY [default:
    /// tenant]
    #[arg(long, value_name = "A[,B]", value_delimiter = ',')]
    by: Vec<GroupBy>,
    /// Split every line by cause: volume, mix, timing, placement, price and what is left. Each is replayed in every run, so that
    /// it takes some four times as long; labels are not known in a replay
    #[arg(long)]
    causes: bool,
    /// Into what pieces the horizon is cut, on the local clock: whole, hour, day, week or month
    #[arg(long, default_value = "whole")]
    resolution: Resolution,
    /// What becomes of idle: keep, proportional (to the workload on the node group, hour by hour) or peak (by who used the
    /// node group when most of it was asked for in the hour)
    #[arg(long, value_name = "POLICY", default_value = "keep")]
    idle: IdlePolicy,
    /// What becomes of the modules' cost: keep, uniform (over the tenants of the hour) or proportional (to their workload)
    #[arg(long, value_name = "POLICY", default_value = "keep")]
    shared: SharedPolicy,
    /// How it is written; --json is the same as json
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Write it there, whole or not at all [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For a terminal
    Table,
    /// One document
    Json,
    /// One line a row
    Csv,
}

const EXAMPLES: &str = "\
Examples:
  shadowplane report variance --requests requests.ndjson --origin 2026-03-11T00:00:00Z --by tenant,flavor
  shadowplane report variance --requests requests.ndjson --origin 2026-03-11T00:00:00Z --by class --causes
  shadowplane report variance --requests requests.ndjson --origin 2026-03-11T00:00:00Z --by label:team,zone \\
      --inventory nodes.csv --prices prices.csv --idle proportional --format csv -o variance.csv
  shadowplane report variance --requests requests.ndjson --origin 2026-03-11T00:00:00Z --by module --json";

impl Args {
    /// Runs the report.
    ///
    /// # Errors
    /// When an input is wrong, or what is asked for cannot be predicted or run.
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        let by = groupings(&self.by)?;
        self.check_causes(&by)?;
        let prepared = self.run.prepare("report variance", |base| base)?;
        let known = known_after(&prepared, &self.run).map_err(|missing| match missing {
            Missing::Origin => CliError::Usage(
                "report variance needs --origin: what is predicted from there is held against what came after it"
                    .to_owned(),
            ),
            Missing::Requests => CliError::Data(
                "the log ends before the window does: there is no actual cost of all of it to compare with; bring \
                 the requests of all of it, or a shorter --horizon"
                    .to_owned(),
            ),
        })?;
        let settings = StatementSettings {
            window: prepared.valid.scenario().window,
            resolution: self.resolution,
            by,
            idle: self.idle,
            shared: self.shared.clone(),
        };
        let state = |metering: &Metering| Statement::new(metering, settings.clone()).map_err(data);
        let Compared { wider, runs, actual, requests, outcome } = compare(&prepared, known, &self.run, &state)?;
        let notices = &prepared.notices;
        let steps = if self.causes {
            causes::replayed(&wider, (&requests, &outcome), self.run.threads(), &state)?
        } else {
            Vec::new()
        };
        output::progress_done();
        let found = VarianceStatement::new(&runs, &actual, Basis::Simulated, &steps);
        let content = match self.format {
            _ if global.json => json(&found)?,
            Format::Json => json(&found)?,
            Format::Csv => text::csv(&found),
            Format::Table => text::table(&found, notices),
        };
        if self.format != Format::Table || global.json {
            notices.iter().for_each(|notice| output::warn(notice));
        }
        output::write(self.output.as_deref(), &content)
    }

    /// Refuses causes by what a replay does not know.
    fn check_causes(&self, by: &[GroupBy]) -> Result<(), CliError> {
        match by.iter().find(|by| matches!(by, GroupBy::Label(_))) {
            Some(label) if self.causes => {
                let message = format!(
                    "--causes cannot tell by {label}: a replay makes resources that have no labels; ask \
                                       by tenant, module, flavor, class, node_group, zone or cluster"
                );
                Err(CliError::Usage(message))
            }
            _ => Ok(()),
        }
    }
}

/// One or two groupings, each once; tenants where there is none.
fn groupings(by: &[GroupBy]) -> Result<Vec<GroupBy>, CliError> {
    match by {
        [] => Ok(vec![GroupBy::Tenant]),
        [one, other] if one == other => {
            Err(CliError::Usage(format!("--by names {one} twice; expected each grouping once")))
        }
        [_] | [_, _] => Ok(by.to_vec()),
        more => Err(CliError::Usage(format!("--by names {} groupings; expected one or two", more.len()))),
    }
}

fn json(found: &VarianceStatement) -> Result<String, CliError> {
    Ok(serde_json::to_string_pretty(found).map_err(anyhow::Error::from)? + "\n")
}
