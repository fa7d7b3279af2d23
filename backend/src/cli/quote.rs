//! `quote`: what requests would cost, where they would go and when they would be ready, for a pull request.

mod asked;
mod markdown;
mod primary;

use shared::api::QuoteView;
use shared::quote::QuoteError;
use shared::units::{Duration, Instant};

use self::asked::Asked;
use self::primary::Primary;
use super::assumptions::AssumptionArgs;
use super::start::StartArgs;
use super::{CliError, Global};
use crate::{input, output};

/// Say what requests would cost, where they would go and when they would be ready, in Markdown; nothing is committed
///
/// The requests are what a Kubernetes manifest creates (YAML or JSON), what a Terraform plan changes (`terraform show
/// -json`), or JSON objects as in a request log, of which only tenant and amounts are needed. They are run on a fork of the
/// primary beside the same run without them; nobody else comes or goes in either. The primary is what the log given with
/// --requests says, or what --start says lives, on the machines of --inventory.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// What to quote: a manifest, a plan, or requests; may be given several times
    #[arg(short, long = "file", value_name = "FILE", required = true)]
    files: Vec<String>,
    /// The primary's requests so far, NDJSON
    #[arg(long, value_name = "FILE")]
    requests: Option<String>,
    #[command(flatten)]
    start: StartArgs,
    #[command(flatten)]
    assumptions: AssumptionArgs,
    /// When the requests are made [default: after the last request of the log; without one, now]
    #[arg(long, value_name = "INSTANT")]
    at: Option<Instant>,
    /// Over how long they are paid for
    #[arg(long = "for", value_name = "LENGTH", allow_hyphen_values = true, default_value = "30d")]
    length: Duration,
    /// Who pays for what names no tenant: a Terraform plan, and requests without `tenant`
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Rules from namespaces, tags and labels to tenants
    #[arg(long, value_name = "FILE")]
    mapping: Option<String>,
    /// Do not look for what would let in those that get nothing, which takes many more runs
    #[arg(long)]
    no_fixes: bool,
    /// Exit with 1 where a request gets nothing, after the quote is written
    #[arg(long)]
    fail_on_refusal: bool,
    /// IANA name of the zone that schedules of the fleet follow
    #[arg(long, default_value = "UTC")]
    time_zone: String,
}

const EXAMPLES: &str = "\
Examples:
  shadowplane quote -f deployment.yaml --requests requests.ndjson --inventory nodes.csv --prices prices.csv
  kubectl get nodes,pods,pvc,services,resourcequotas -A -o json | shadowplane import kubernetes-state - -o state/
  shadowplane quote -f deployment.yaml --start state/requests.ndjson --observations state/observations.ndjson \\
      --inventory state/inventory.csv --quotas state/quotas.csv > comment.md
  terraform show -json plan.out | shadowplane quote -f - --tenant web --billing per-resource --for 7d
  echo '{\"tenant\":\"web\",\"flavor\":\"m5.xlarge\",\"count\":3}' | shadowplane quote -f - --json";

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When an input is wrong, what is asked for cannot be quoted, or a request gets nothing and that is to fail.
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        let mapping = super::import::mapping(self.mapping.as_deref())?;
        let Primary { base, catalogue, notices } =
            Primary::read(self.requests.as_deref(), &self.start, &self.assumptions, self.at, &self.time_zone)?;
        let mut asked = Asked { notices, ..Asked::default() };
        for path in &self.files {
            asked.read(path, &base, self.tenant.as_deref(), mapping.as_ref())?;
        }
        if asked.requests.is_empty() {
            output::progress_done();
            let Asked { left_out, notices, .. } = asked;
            let nothing = markdown::Nothing { requests: [], notices, left_out };
            return if global.json {
                output::print_json(&nothing)
            } else {
                output::print(&markdown::nothing(&nothing))
            };
        }
        output::progress("running with the requests and without them");
        let quoted = base.quote(asked.requests, self.length, &catalogue).map_err(|error| match error {
            QuoteError::Length(_) => CliError::Usage(format!("--for {error}")),
            error => CliError::Data(format!("{}: {error}", self.files_named())),
        })?;
        let watch = &mut |tried| {
            output::progress(&format!("looking for what lets in who gets nothing: {tried} tried"));
            true
        };
        let view = if self.no_fixes {
            QuoteView::without_fixes(quoted)
        } else {
            QuoteView::with_fixes(quoted, watch).map_err(|error| CliError::Data(error.to_string()))?
        };
        output::progress_done();
        let answer = markdown::Answer { view, notices: asked.notices, left_out: asked.left_out };
        if global.json {
            output::print_json(&answer)?
        } else {
            output::print(&markdown::text(&answer))?
        }
        if self.fail_on_refusal { answer.check() } else { Ok(()) }
    }

    fn files_named(&self) -> String {
        let names: Vec<&str> = self.files.iter().map(|path| input::name(path)).collect();
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_length_is_that_of_the_service() {
        assert_eq!("30d".parse::<Duration>().unwrap(), shared::quote::LENGTH);
    }
}
