//! `serve --replay`: what was recorded, as a world for the loop.

use std::fmt::Write;
use std::sync::Arc;

use shared::features::read_sensors;
use shared::input::{InputError, InputProblems};
use shared::request::{Catalogue, RequestLogBuilder, parse_requests, read_observations};
use shared::trace::csv::Kind;

use crate::cli::CliError;
use crate::cli::demand::read_table;
use crate::config::{ReplayConfig, ReplayedWorld};
use crate::input;
use crate::output::counted;
use crate::replay::ReplaySummary;
use crate::shadowing::{GivenEvent, Recording};

/// What to replay, and how fast.
#[derive(Clone, Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("replayed").args(["demo", "replay"])))]
pub(super) struct ReplayArgs {
    /// Replay the example workload on a virtual clock, in a database of its own that begins afresh at every start
    #[arg(long)]
    pub(super) demo: bool,
    /// Replay these requests, NDJSON, on a virtual clock that waits for whatever is due, in a database of its own
    /// (replay.sqlite) that begins afresh at every start
    #[arg(long, value_name = "FILE")]
    pub(super) replay: Option<String>,
    /// Sensor readings beside the requests of --replay, CSV `at,sensor,scope,value`
    #[arg(long, value_name = "FILE", requires = "replay", conflicts_with = "demo")]
    sensors: Option<String>,
    /// Events that are known ahead, as CSV `name,start,end[,tenant][,repeat]` or a calendar
    #[arg(long, value_name = "FILE", requires = "replay", conflicts_with = "demo")]
    events: Option<String>,
    /// Seconds of the virtual clock per second, at most: it waits for hours to close and trainings to end
    #[arg(long, requires = "replayed", default_value_t = 2_400.0, value_name = "N")]
    pub(super) speed: f64,
    /// End with the requests of --replay, and print what came of it; else the service stays
    #[arg(long, requires = "replay", conflicts_with = "demo")]
    replay_exit: bool,
    /// Go on where the last --replay of the same files was when it was stopped or killed; else it begins afresh
    #[arg(long, requires = "replay", conflicts_with = "demo")]
    replay_resume: bool,
}

impl ReplayArgs {
    /// What is to be replayed, with what was observed of it; nothing where no file is.
    ///
    /// # Errors
    /// At the first wrong line, with its file, and when there is no request.
    pub(super) fn config(
        &self,
        catalogue: &Catalogue,
        observations: Option<&str>,
    ) -> Result<Option<ReplayConfig>, CliError> {
        let Some(path) = &self.replay else { return Ok(None) };
        let recording = self.recording(path, catalogue, observations)?;
        let Some((start, end)) = recording.begins().zip(recording.ends()) else {
            let message = "holds no request; write one NDJSON line a request, or see `shadowplane import`";
            return Err(CliError::in_file(input::name(path))(InputError::whole(message.to_owned())));
        };
        let world = ReplayedWorld::Recorded(Arc::new(recording));
        Ok(Some(ReplayConfig {
            speed: self.speed,
            start,
            end: Some(end),
            exit: self.replay_exit,
            resume: self.replay_resume,
            world,
        }))
    }

    fn recording(&self, path: &str, catalogue: &Catalogue, observations: Option<&str>) -> Result<Recording, CliError> {
        let wrong = || CliError::in_file(input::name(path));
        let mut builder = RequestLogBuilder::new(catalogue.clone());
        let text = input::read_text(path)?;
        let pushed = parse_requests(&text).map(|request| {
            let (line, request) = request?;
            Ok(builder.push(line, request.clone())?.then_some(request))
        });
        let pushed = InputProblems::collect(pushed).map_err(CliError::all_in_file(input::name(path)))?;
        let requests = pushed.into_iter().flatten().collect();
        builder.finish().map_err(wrong())?;
        let observations = match observations {
            None => Vec::new(),
            Some(path) => {
                read_observations(&input::read_text(path)?).map_err(CliError::all_in_file(input::name(path)))?
            }
        };
        let observations = observations.into_iter().map(|(_, observation)| observation).collect();
        let readings = read_table(self.sensors.as_deref(), Kind::Sensors, read_sensors)?.unwrap_or_default();
        let events = match &self.events {
            None => Vec::new(),
            Some(path) => GivenEvent::read(&input::read_text(path)?).map_err(CliError::in_file(input::name(path)))?,
        };
        Ok(Recording::new(requests, observations, readings, events))
    }
}

/// What came of a replay, for people.
pub(super) fn text(summary: &ReplaySummary) -> String {
    let mut text = String::new();
    if let Some(window) = summary.window {
        let _ =
            writeln!(text, "replayed {} from {} to {}", counted(summary.requests, "request"), window.start, window.end);
    }
    let _ = writeln!(
        text,
        "  {}, {}: {} and {}",
        counted(summary.forecasts as u64, "forecast"),
        counted(summary.decisions as u64, "decision"),
        counted(summary.trainings as u64, "training"),
        counted(summary.promotions as u64, "promotion"),
    );
    if let Some(reason) = &summary.not_ready {
        let _ = writeln!(text, "  no forecast: {reason}");
    }
    if let Some(model) = &summary.model {
        let _ =
            writeln!(text, "  model   {}, version {}, fitted until {}", model.name, model.version, model.fitted_until);
    }
    let _ = writeln!(text, "  ledger  {}, head {}", counted_entries(summary.ledger.entries), summary.ledger.hash);
    let _ = writeln!(text, "  digest  {}", summary.digest);
    text
}

fn counted_entries(entries: u64) -> String {
    if entries == 1 { "1 entry".to_owned() } else { format!("{entries} entries") }
}
