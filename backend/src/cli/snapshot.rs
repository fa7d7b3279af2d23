//! `snapshot`: stops the runs of a scenario on their way, and goes on with them elsewhere or later.

use std::time::Instant as Clock;

use shared::scenario::ValidScenario;
use shared::simulation::{Outcome, Snapshot, Stopped};
use shared::units::Instant;

use super::shadow::{self, AsTheyAre};
use super::source::{Source, SourceArgs};
use super::{CliError, Global};
use crate::{ensemble, input, output};

/// Stop a control plane on its way, and go on with it later
///
/// A snapshot holds a scenario and the whole state of each of its runs at one instant: what is queued in each module, who
/// lives where, what was paid. What goes on from it comes to the same outcome, digest included, as what never stopped.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Take(Box<TakeArgs>),
    Resume(ResumeArgs),
}

const EXAMPLES: &str = "\
Examples:
  shadowplane snapshot take --scenario day.json --at 2026-01-24T12:00:00Z --to noon.snapshot
  shadowplane snapshot resume noon.snapshot
  shadowplane snapshot resume noon.snapshot --at 2026-01-24T18:00:00Z --to evening.snapshot
  shadowplane snapshot take --requests requests.ndjson --inventory nodes.csv --at 2026-01-24T12:00:00Z --to noon.snapshot";

/// Run a scenario up to an instant, and write all that there is then
#[derive(Debug, clap::Args)]
struct TakeArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Where the runs stop, inside of the window
    #[arg(long, value_name = "INSTANT")]
    at: Instant,
    /// Where the snapshot goes
    #[arg(long, value_name = "FILE")]
    to: String,
    /// How many threads run [default: as many as there are cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

/// Go on with a snapshot: to the end of its window, and say what it costs, or to a later instant
#[derive(Debug, clap::Args)]
struct ResumeArgs {
    /// What `snapshot take` wrote
    #[arg(value_name = "FILE")]
    snapshot: String,
    /// Where the runs stop again; at the end of the window unless it is given
    #[arg(long, value_name = "INSTANT", requires = "to")]
    at: Option<Instant>,
    /// Where the next snapshot goes
    #[arg(long, value_name = "FILE", requires = "at")]
    to: Option<String>,
    /// How many threads run [default: as many as there are cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When an input is wrong, or the instant is not one at which its runs can stop.
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        match &self.command {
            Command::Take(args) => args.run(global),
            Command::Resume(args) => args.run(global),
        }
    }
}

impl TakeArgs {
    fn run(&self, global: &Global) -> Result<(), CliError> {
        let (file, source) = self.source.read("snapshot take")?;
        let scenario = match source {
            Source::Scenario(scenario) => *scenario,
            Source::Log(inputs) => {
                let AsTheyAre { scenario, said, .. } = inputs.as_they_are();
                said.iter().for_each(|said| output::note(said));
                scenario
            }
        };
        let valid = ValidScenario::new(scenario)
            .map_err(|problems| CliError::Data(format!("{}: {problems}", input::name(file))))?;
        expect_inside(&valid, self.at)?;
        let runs = in_parallel(&valid, self.threads, |run| Snapshot::take(&valid, run, self.at))?;
        write(global, &self.to, &Snapshot::new(&valid, self.at, runs), &valid)
    }
}

impl ResumeArgs {
    fn run(&self, global: &Global) -> Result<(), CliError> {
        let started = Clock::now();
        let named = |error: &dyn std::fmt::Display| CliError::Data(format!("{}: {error}", input::name(&self.snapshot)));
        let snapshot = Snapshot::from_bytes(&input::read_bytes(&self.snapshot)?).map_err(|error| named(&error))?;
        let before = snapshot.at();
        let stopped = snapshot.open().map_err(|error| named(&error))?;
        if let (Some(at), Some(to)) = (self.at, &self.to) {
            expect_inside(stopped.valid(), at)?;
            if at < before {
                let message = format!("--at is {at}, and the snapshot is of {before}; name a later instant");
                return Err(CliError::Usage(message));
            }
            let runs = in_parallel(stopped.valid(), self.threads, |run| stopped.take(run, at))?;
            return write(global, to, &Snapshot::new(stopped.valid(), at, runs), stopped.valid());
        }
        let outcome = self.finished(&stopped)?;
        shadow::print_outcome(global, stopped.valid(), &outcome, started.elapsed())
    }

    fn finished(&self, stopped: &Stopped) -> Result<Outcome, CliError> {
        in_parallel(stopped.valid(), self.threads, |run| stopped.finish(run)).map(Outcome::collect)
    }
}

fn expect_inside(valid: &ValidScenario, at: Instant) -> Result<(), CliError> {
    let window = valid.scenario().window;
    if window.contains(at) {
        return Ok(());
    }
    let (start, end) = (window.start, window.end);
    Err(CliError::Usage(format!(
        "--at is {at}; the runs begin at {start} and end before {end}: name an instant between"
    )))
}

fn in_parallel<T: Send>(
    valid: &ValidScenario,
    threads: Option<u16>,
    work: impl Fn(u32) -> T + Sync,
) -> Result<Vec<T>, CliError> {
    let threads = threads.map_or_else(ensemble::available_threads, usize::from);
    let watch = |done, total| {
        output::progress(&format!("run {done} of {total}"));
        true
    };
    let answers = ensemble::in_parallel(valid.scenario().runs, threads, &watch, work);
    output::progress_done();
    answers.ok_or_else(|| CliError::Data("cancelled".to_owned()))
}

fn write(global: &Global, to: &str, snapshot: &Snapshot, valid: &ValidScenario) -> Result<(), CliError> {
    let bytes = snapshot.to_bytes();
    output::write_lines(Some(to), |out| out.write_all(&bytes))?;
    let (at, runs) = (snapshot.at(), valid.scenario().runs);
    if to == "-" {
        return Ok(());
    }
    if global.json {
        let (file, bytes) = (to, bytes.len());
        return output::print_json(&serde_json::json!({ "file": file, "at": at, "runs": runs, "bytes": bytes }));
    }
    let runs = output::counted(u64::from(runs), "run");
    output::print(&format!("{runs} at {at} in {to}; `shadowplane snapshot resume {to}` goes on\n"))
}
