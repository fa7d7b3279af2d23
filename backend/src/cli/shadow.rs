//! `shadow`: what will it cost, and, where that is known, why did it cost something else.

mod actual;
mod advice;
mod answer;
mod as_they_are;
mod checked;
mod notices;
mod plans;
mod table;
mod what_if;

use std::time::Instant as Clock;

use shared::allocation::{
    ActualCost, AllocationReport, Basis, Grouping, PredictionAccuracy, ReportContext, Status, allocate,
};
use shared::api::{OutcomeView, SavedScenario};
use shared::bill::BilledWindow;
use shared::pricing::{CommitmentOffer, read_offers};
use shared::recommendation::{Recommendation, attach};
use shared::request::{IndexedRequest, RequestLog};
use shared::scenario::{Scenario, ValidScenario};
use shared::shadow::Known;
use shared::simulation::{Fork, Outcome, RunOptions, simulate};
use shared::stream::StreamSettings;
use shared::units::{Duration, Instant};
use shared::variance::{Actual, NotObserved, decompose, explain};

use self::actual::{ActualArgs, ActualBill};
use self::advice::Advice;
use self::answer::{Answer, EditView, Variance, WithOrigin};
pub(super) use self::as_they_are::{AsTheyAre, Inputs};
use self::notices::{newcomers, notices, reaches};
use self::plans::Named;
use self::what_if::WhatIfArgs;
use super::assumptions::AssumptionArgs;
use super::demand::{DemandArgs, selection};
use super::start::{Start, StartArgs, StartView};
use super::{CliError, Global};
use crate::{ensemble, input, output};

/// Run a shadow of the control plane, and say what it costs
///
/// With --origin, the requests before it are learnt from, the horizon after it is predicted and run, and where the log
/// goes on, what really happened is set against it, cause by cause. Without --origin the requests are run as they are.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, override_usage = USAGE)]
pub(super) struct Args {
    #[command(flatten)]
    demand: Option<DemandArgs>,
    /// A scenario, JSON, instead of requests and assumptions
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["requests", "origin", "model", "history", "sensors", "usage", "events", "bin", "time_zone", "tenants_max"]
    )]
    scenario: Option<String>,
    /// How far to predict from the origin: a multiple of the bin [default: 1d]
    #[arg(long, allow_hyphen_values = true)]
    horizon: Option<Duration>,
    #[command(flatten)]
    assumptions: AssumptionArgs,
    #[command(flatten)]
    start: StartArgs,
    #[command(flatten)]
    what_if: WhatIfArgs,
    #[command(flatten)]
    actual: ActualArgs,
    /// How many threads to use; the outcome does not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// Say what to change: each candidate is replayed on the same predicted streams, which takes as long as the
    /// shadow itself, about a dozen times
    #[arg(long)]
    recommend: bool,
    /// Commitments that could be bought, CSV `name,term_months,currency` with `instance_type,price_per_hour[,upfront]` for
    /// machines, or `price_percent[,families]` for spend: the amount that the predicted hours use is tried, too
    #[arg(long, value_name = "FILE", requires = "recommend")]
    commitment_offers: Option<String>,
    /// Have the plans of every run checked by code that is not the simulator's: nothing over-committed, no quota passed,
    /// nothing before it was asked for or after its release. Runs every run once more
    #[arg(long)]
    check: bool,
    /// Write the plans of the first run, NDJSON: resource, tenant, class, flavor, requested, arrived, state, reason,
    /// node, node_group, ready, released, price_per_hour, currency
    #[arg(long, value_name = "FILE")]
    plans: Option<String>,
    /// Write the scenario that was run, JSON: `shadow --scenario` runs it again
    #[arg(long, value_name = "FILE")]
    save_scenario: Option<String>,
}

const USAGE: &str = "\
shadowplane shadow --requests <FILE> [--origin <INSTANT>] [OPTIONS]
       shadowplane shadow --scenario <FILE> [OPTIONS]";

const EXAMPLES: &str = "\
Examples:
  shadowplane shadow --requests requests.ndjson --origin 2026-01-24T00:00:00Z --horizon 1d
  shadowplane shadow --requests dev.ndjson --history train.ndjson --origin 2026-01-24T00:00:00Z --json
  shadowplane shadow --requests requests.ndjson --inventory nodes.csv --prices prices.csv --policy best-fit
  shadowplane shadow --requests requests.ndjson --origin 2026-01-24T00:00:00Z --recommend
  shadowplane shadow --requests tomorrow.ndjson --inventory state/inventory.csv --quotas state/quotas.csv \\
      --start state/requests.ndjson --observations state/observations.ndjson
  shadowplane shadow --requests requests.ndjson --origin 2026-01-24T00:00:00Z --commitments held.csv \\
      --recommend --commitment-offers offers.csv
  shadowplane predict --requests requests.ndjson --horizon 1d | shadowplane shadow --requests -
  shadowplane shadow --requests requests.ndjson --fleet fleet.json --origin 2026-01-24T00:00:00Z \
      --predictive-scaling 90
  shadowplane shadow --scenario scenario.json --edits what-if.json --threads 4
  shadowplane shadow --requests requests.ndjson --origin 2026-03-02T00:00:00Z --billing per-resource \
      --prices prices.csv --actual bill.ndjson --mapping mapping.toml";

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When an input is wrong, or what is asked for cannot be predicted or run.
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        let started = Clock::now();
        if let Some(option) = self.without_use() {
            return Err(CliError::Usage(option));
        }
        for (option, file) in [("--plans", &self.plans), ("--save-scenario", &self.save_scenario)] {
            if file.as_deref() == Some("-") {
                let message = format!("{option} - would mix with the answer, which goes to stdout; name a file");
                return Err(CliError::Usage(message));
            }
        }
        let outputs = self.plans.as_deref().zip(self.save_scenario.as_deref());
        if let Some((plans, _)) = outputs.filter(|(plans, scenario)| output::is_same(plans, scenario)) {
            let message = format!("--plans and --save-scenario both name {plans}; name two files");
            return Err(CliError::Usage(message));
        }
        let mut answer = match (&self.scenario, &self.demand) {
            (Some(path), _) => self.run_scenario(path)?,
            (None, Some(demand)) => self.run_requests(demand)?,
            (None, None) => return Err(CliError::Usage("shadow needs --requests or --scenario".to_owned())),
        };
        output::progress_done();
        answer.wall_s = started.elapsed().as_secs_f64();
        if global.json { output::print_json(&answer) } else { output::print(&table::text(&answer)) }
    }

    /// What is wrong with an option that would have no effect.
    fn without_use(&self) -> Option<String> {
        let horizon = self.horizon.map(|_| "--horizon");
        if self.scenario.is_some() {
            let option = self.assumptions.given().or(self.start.given()).or(horizon)?;
            return Some(format!(
                "{option} has no effect with --scenario, which says everything itself; change it there"
            ));
        }
        let demand = self.demand.as_ref().filter(|demand| demand.origin().is_none())?;
        if let Some(option) = self.start.given().filter(|_| !self.start.says_who_lives()) {
            return Some(format!(
                "{option} has no effect without --start or --origin: nothing lives when the requests begin; name what does"
            ));
        }
        let option = demand.given_for_forecasts().or(horizon)?;
        Some(format!(
            "{option} has no effect without --origin: nothing is predicted, the requests are run as they are; name the \
             origin"
        ))
    }

    fn horizon(&self) -> Duration {
        self.horizon.unwrap_or(Duration::DAY)
    }

    fn run_scenario(&self, path: &str) -> Result<Answer, CliError> {
        let SavedScenario { scenario, digest } = read_scenario(path)?;
        let valid = ValidScenario::new(self.what_if.edit(scenario)?)
            .map_err(|problems| CliError::Data(format!("{}: {problems}", input::name(path))))?;
        let (mut answer, outcome, _) = self.answer(&valid, Vec::new(), &Named::default())?;
        if let Some(saved) = digest.filter(|saved| *saved != outcome.digest && !self.what_if.edits()) {
            answer.notices.push(format!("the digest saved with the scenario is another: {saved}"));
        }
        Ok(answer)
    }

    fn run_requests(&self, args: &DemandArgs) -> Result<Answer, CliError> {
        let inputs = Inputs::read(args, &self.assumptions, &self.start)?;
        if let Some(origin) = args.origin() {
            return self.predict(args, inputs, origin);
        }
        let AsTheyAre { scenario, names, said, view, .. } = inputs.as_they_are();
        let valid = ValidScenario::new(self.what_if.edit(scenario)?).map_err(data)?;
        let (answer, ..) = self.answer(&valid, said, &names)?;
        Ok(Answer { start: view, ..answer })
    }

    fn predict(&self, args: &DemandArgs, inputs: Inputs, origin: Instant) -> Result<Answer, CliError> {
        let Inputs { base, demand, start: living, nodes } = &inputs;
        let bill = self.actual.read()?;
        let comparable = bill.as_ref().map(|_| ActualBill::comparable(base));
        let base = comparable.as_ref().unwrap_or(base);
        let warning = args.check_origin(demand, origin)?;
        warning.iter().for_each(|warning| output::warn(warning));
        let known = demand.known(origin);
        let features = args.features(demand, &known);
        let past = features.all();
        let config = selection(vec![self.horizon()], self.assumptions.seed());
        let (model, selection) = args.fit(&past, &config)?;
        let settings = StreamSettings::default();
        let prediction = known.predict(&past, &model, self.horizon(), &settings).map_err(data)?;
        output::progress("running the primary up to the origin");
        let fork = known.primary(base, None).map_err(data)?.fork;
        let (fork, nodes, view) = self.begun(living, &known, base, fork, nodes.clone());
        let model = prediction.forecast.model;
        let predicted = known.predicted(base, &fork, prediction.stream, self.horizon());
        let fleet = self.what_if.fleet(&predicted, self.threads())?;
        let predicted = Scenario { fleet: fleet.clone(), ..predicted };
        let base = &Scenario { fleet, ..base.clone() };
        let valid = ValidScenario::new(self.what_if.edit(predicted)?).map_err(data)?;
        let mut said = view.as_ref().map(|view| view.notices.clone()).unwrap_or_default();
        said.extend(notices(demand, base));
        said.extend(warning);
        said.extend(newcomers(valid.original()));
        if base.fleet.node_groups.iter().all(|group| group.min == group.max) {
            said.push(
                "the fleet is fixed: demand moves who pays for it and how much is idle, not the total".to_owned(),
            );
        }
        let live = known.names_of(&fork.lives).map(str::to_owned).collect();
        let (mut answer, outcome, advice) = self.answer(&valid, said, &Named { resources: live, nodes })?;
        let mut with_origin = WithOrigin::new(origin, self.horizon(), model, selection, &answer.outcome);
        if self.what_if.edits() {
            let notice = "the edits make it another shadow than that of what happens: there is no variance to explain";
            answer.notices.push(notice.to_owned());
        } else if reaches(&demand.log, origin + self.horizon(), args.bin()) {
            let bill = bill.as_ref().map(|bill| (bill, &demand.log));
            let (report, said) = self.compare((&known, base, bill), &fork, &valid, &outcome, &mut with_origin)?;
            attach(report, &advice, valid.scenario());
            answer.notices.extend(said);
        } else if bill.is_some() {
            let message = "the log ends before the window does: there are no requests to explain the bill with; bring the \
                           requests of all of it, or a shorter --horizon";
            return Err(CliError::Data(message.to_owned()));
        } else {
            let notice = "the log ends before the window does: there is no actual cost of all of it to compare with";
            answer.notices.push(notice.to_owned());
        }
        answer.prediction = Some(with_origin);
        answer.start = view;
        Ok(answer)
    }

    /// The fork of the primary with what is known to live at its instant, and the names of its nodes.
    fn begun(
        &self,
        living: &Start,
        known: &Known<'_>,
        base: &Scenario,
        fork: Fork,
        nodes: Vec<Vec<String>>,
    ) -> (Fork, Vec<Vec<String>>, Option<StartView>) {
        if self.start.given().is_none() {
            return (fork, nodes, None);
        }
        let (fork, mut view) = living.begin(known, base, fork, &nodes);
        (fork, std::mem::take(&mut view.names), Some(view))
    }

    /// Runs what really happened, and explains the difference; with a bill, between the prediction and what it says. What to
    /// know about the bill comes with it.
    fn compare<'a>(
        &self,
        (known, base, bill): (&Known<'_>, &Scenario, Option<(&ActualBill, &RequestLog)>),
        fork: &Fork,
        predicted: &ValidScenario,
        outcome: &Outcome,
        answer: &'a mut WithOrigin,
    ) -> Result<(&'a mut AllocationReport, Vec<String>), CliError> {
        output::progress("running what really happened");
        let actual = ValidScenario::new(known.actual(base, fork, self.horizon())).map_err(data)?;
        let requests: Vec<IndexedRequest> = actual.requests(0);
        let happened = simulate(&actual, &requests, RunOptions::default());
        let wider = ValidScenario::new(known.with_newcomers(predicted.original())).map_err(data)?;
        let billed = bill.map(|(bill, log)| bill.window(wider.scenario(), log)).transpose()?;
        let (billed, said) = billed.map_or((None, Vec::new()), |(billed, said)| (Some(billed), said));
        let simulated = ActualCost { breakdown: &happened.cost, basis: Basis::Simulated, status: Status::Final };
        let cost = billed.as_ref().map_or(simulated, BilledWindow::actual);
        let price_book = billed.as_ref().and_then(|billed| billed.price_book.as_ref());
        let seen = Actual { requests: &requests, fleet: Err(NotObserved::NoPlacements), price_book, cost };
        let mut steps = 0;
        let decomposition = decompose(&wider, outcome, &seen, |replay| {
            steps += 1;
            let watch = |done, total| {
                output::progress(&format!("explaining the variance: step {steps}, run {done} of {total}"));
                true
            };
            let runs = ensemble::in_parallel(replay.runs(), self.threads(), &watch, |run| replay.run(run));
            runs.map(Outcome::collect).ok_or_else(cancelled)
        })?;
        let scenario = wider.scenario();
        let context = ReportContext {
            tenants: &scenario.tenants,
            flavors: &scenario.flavors,
            currency: scenario.price_book.currency,
            window: scenario.window,
            horizon: self.horizon(),
            grouping: Grouping::Tenant,
        };
        let mut accuracy = PredictionAccuracy::new(cost.basis);
        accuracy.update(decomposition.predicted, decomposition.actual);
        let costs: Vec<_> = outcome.runs.iter().map(|run| &run.cost).collect();
        let mut report = allocate(&context, &costs, Some(cost), Some(&accuracy));
        explain(&mut report, &decomposition, &scenario.tenants);
        answer.actual = Some(OutcomeView::new(scenario, &Outcome::collect(vec![happened])));
        answer.prediction_accuracy = accuracy.value;
        answer.variance = Some(Variance::new(&report, &decomposition));
        Ok((answer.report.insert(report), said))
    }

    /// The commitments that could be bought, in the currency of the prices.
    fn offers(&self, valid: &ValidScenario) -> Result<Vec<CommitmentOffer>, CliError> {
        let Some(path) = &self.commitment_offers else { return Ok(Vec::new()) };
        let read = read_offers(&input::read_text(path)?, valid.scenario().price_book.currency);
        read.map_err(CliError::in_file(input::name(path)))
    }

    /// The outcome of a scenario, with what was asked for beside it.
    fn answer(
        &self,
        valid: &ValidScenario,
        notices: Vec<String>,
        names: &Named,
    ) -> Result<(Answer, Outcome, Vec<Recommendation>), CliError> {
        if let Some(path) = &self.save_scenario {
            let json = serde_json::to_string_pretty(valid.original()).map_err(anyhow::Error::from)?;
            output::write(Some(path), &(json + "\n"))?;
        }
        let offers = self.offers(valid)?;
        let watch = |done, total| {
            output::progress(&format!("shadow run {done} of {total}"));
            true
        };
        let outcome = ensemble::run(valid, self.threads(), false, &watch).ok_or_else(cancelled)?;
        if let Some(path) = &self.plans {
            plans::write(path, valid, names)?;
        }
        let checked = if self.check { Some(checked::check_plans(valid, self.threads())?) } else { None };
        let found = if self.recommend { advice::advise(valid, &outcome, &offers, self.threads())? } else { Vec::new() };
        let advice = found.iter().map(|recommendation| Advice::new(recommendation, valid.scenario())).collect();
        let view = OutcomeView::new(valid.scenario(), &outcome);
        let recommendations = self.recommend.then_some(advice);
        let answer = Answer {
            wall_s: 0.0,
            outcome: view,
            notices,
            edits: EditView::all(valid.original()),
            start: None,
            checked,
            recommendations,
            prediction: None,
        };
        Ok((answer, outcome, found))
    }

    fn threads(&self) -> usize {
        self.threads.map_or_else(ensemble::available_threads, usize::from)
    }
}

pub(super) fn read_scenario(path: &str) -> Result<SavedScenario, CliError> {
    SavedScenario::from_json(&input::read_text(path)?).map_err(CliError::in_file(input::name(path)))
}

fn data(error: impl std::fmt::Display) -> CliError {
    CliError::Data(error.to_string())
}

fn cancelled() -> CliError {
    CliError::Data("cancelled".to_owned())
}
