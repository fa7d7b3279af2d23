//! `diff`: two scenarios beside each other, for a pull request.

mod answer;
mod markdown;
mod side;

use shared::comparison::{CostComparison, GrowthLimit, changes, compare};
use shared::scenario::{Scenario, ValidScenario};
use shared::simulation::Outcome;
use shared::units::Currency;

use self::answer::{Answer, CostsView, SideView};
use self::side::{Ran, Side, Source};
use super::{CliError, Global};
use crate::{ensemble, output};

/// Say what differs between two scenarios, and what that does to cost, latency and refusals, in Markdown
///
/// Both are run with the same number of runs and the same seed, so that every run of one has the draws of that of the
/// other, and differences are those of the scenarios. An outcome of `shadow --json` goes in the place of a scenario; then
/// only means are compared.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// What was: a scenario, JSON or a share link, or an outcome of `shadow --json`
    #[arg(value_name = "A")]
    before: String,
    /// What would be, likewise
    #[arg(value_name = "B")]
    after: String,
    /// How many runs of each [default: as many as A says]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    runs: Option<u32>,
    /// Seeds every draw of both [default: as A says]
    #[arg(long)]
    seed: Option<u64>,
    /// Exit with 1 where B costs more than A by more than so many percent, on average over the runs
    #[arg(long, value_name = "PERCENT")]
    fail_above: Option<GrowthLimit>,
    /// How many threads to use; the outcome does not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

const EXAMPLES: &str = "\
Examples:
  shadowplane shadow --requests requests.ndjson --origin 2026-01-24T00:00:00Z --save-scenario main.json
  shadowplane diff main.json branch.json
  shadowplane diff main.json branch.json --runs 50 --fail-above 5 > comment.md
  shadowplane diff main.json 'https://shadowplane.example/#/lab?s=BTQA…' --json
  git show main:scenario.json | shadowplane diff - scenario.json";

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When an input is wrong, the two cannot be compared, or the cost grows beyond the limit.
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        if self.before == "-" && self.after == "-" {
            let message = "A and B both read stdin (`-`), which is there once; save one as a file";
            return Err(CliError::Usage(message.to_owned()));
        }
        output::progress("reading scenarios");
        let (before, after) = (Source::read("A", &self.before)?, Source::read("B", &self.after)?);
        let (runs, seed) = self.draws(&before, &after)?;
        let mut notices = Vec::new();
        let before = self.side(before, (runs, seed), &mut notices)?;
        let after = self.side(after, (runs, seed), &mut notices)?;
        output::progress_done();
        let currency = common_currency(&before, &after)?;
        if before.view.window != after.view.window {
            notices.push("the windows differ: so does the time that the costs are of".to_owned());
        }
        let paired = before.ran.is_some() && after.ran.is_some();
        if !paired {
            notices.push("an outcome has no scenario and no single runs: only means are compared".to_owned());
        }
        let compared = compare(&before.costs, &after.costs, paired);
        let of_both = before.ran.as_ref().zip(after.ran.as_ref());
        let answer = Answer {
            changes: of_both.map(|(a, b)| changes(a.valid.original(), b.valid.original())),
            cost: CostsView::new(&compared, paired.then_some(runs), currency),
            reproduce: self.command(of_both.map(|_| (runs, seed))),
            a: before.view,
            b: after.view,
            notices,
        };
        if global.json {
            output::print_json(&answer)?
        } else {
            output::print(&markdown::text(&answer))?
        }
        self.hold(&compared, currency)
    }

    /// How many runs of each, and what seeds their draws: as the options say, or the first scenario.
    fn draws(&self, before: &Source, after: &Source) -> Result<(u32, u64), CliError> {
        let Some(scenario) = before.scenario().or(after.scenario()) else {
            let given = [("--runs", self.runs.is_some()), ("--seed", self.seed.is_some())];
            return match given.into_iter().find(|(_, given)| *given) {
                Some((option, _)) => {
                    Err(CliError::Usage(format!("{option} has no effect on two outcomes, which were run already")))
                }
                None => Ok((0, 0)),
            };
        };
        Ok((self.runs.unwrap_or(scenario.runs), self.seed.unwrap_or(scenario.seed)))
    }

    /// Runs a scenario, or takes an outcome as it is.
    fn side(&self, source: Source, draws: (u32, u64), notices: &mut Vec<String>) -> Result<Side, CliError> {
        let Source { label, name, read } = source;
        let (scenario, saved) = match read {
            side::Read::Outcome(outcome) => return side::of_outcome(label, name, *outcome),
            side::Read::Scenario(saved) => (saved.scenario, saved.digest),
        };
        let (runs, seed) = draws;
        let own = (scenario.runs, scenario.seed);
        // What was asked for is no surprise.
        let surprising = (self.runs.is_none() && own.0 != runs) || (self.seed.is_none() && own.1 != seed);
        if surprising {
            notices.push(format!(
                "{label} says {} and the seed {}; {} and the seed {seed} are taken, as for the other",
                output::counted(u64::from(own.0), "run"),
                own.1,
                output::counted(u64::from(runs), "run"),
            ));
        }
        let valid = ValidScenario::new(Scenario { runs, seed, ..scenario })
            .map_err(|problems| CliError::Data(format!("{name}: {problems}")))?;
        let watch = |done, total| {
            output::progress(&format!("{label}: shadow run {done} of {total}"));
            true
        };
        let threads = self.threads.map_or_else(ensemble::available_threads, usize::from);
        let outcome: Outcome =
            ensemble::run(&valid, threads, false, &watch).ok_or_else(|| CliError::Data("cancelled".to_owned()))?;
        if let Some(other) = saved.filter(|saved| own == draws && *saved != outcome.digest) {
            notices.push(format!("the digest saved with {label} is another: {other}"));
        }
        Ok(Side::new(SideView::of_run(label, name, &valid, &outcome), Ran { valid, outcome }))
    }

    /// The command that comes to the same, with what `shadow` has no part in left out.
    fn command(&self, draws: Option<(u32, u64)>) -> String {
        let quoted = |source: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:".contains(c);
            if source.chars().all(plain) { source.to_owned() } else { format!("'{}'", source.replace('\'', r"'\''")) }
        };
        let draws = draws.map_or_else(String::new, |(runs, seed)| format!(" --runs {runs} --seed {seed}"));
        format!("shadowplane diff {} {}{draws}", quoted(&self.before), quoted(&self.after))
    }

    /// Holds the growth of the cost to the limit.
    fn hold(&self, compared: &CostComparison, currency: Currency) -> Result<(), CliError> {
        let Some(limit) = self.fail_above else { return Ok(()) };
        let (before, after) = (compared.total.before.unwrap_or_default(), compared.total.after.unwrap_or_default());
        if !limit.is_exceeded(before, after) {
            return Ok(());
        }
        let grows = compared.total.growth_percent().map_or_else(String::new, |percent| format!(" by {percent:.2} %"));
        let [before, after] = [before, after].map(|amount| amount.to_money(currency).amount);
        Err(CliError::Data(format!(
            "the cost grows{grows}, from {before} to {after} {currency} on average; --fail-above allows {limit} %"
        )))
    }
}

fn common_currency(before: &Side, after: &Side) -> Result<Currency, CliError> {
    let (a, b) = (before.view.currency, after.view.currency);
    if a != b {
        let message = format!(
            "A is in {a} and B in {b}: what they cost cannot be compared; bring prices of both in one currency"
        );
        return Err(CliError::Data(message));
    }
    Ok(a)
}
