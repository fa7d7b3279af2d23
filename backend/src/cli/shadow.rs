//! `shadow`: what will it cost, and, where that is known, why did it cost something else.

mod actual;
mod advice;
mod anomalous;
mod answer;
mod as_they_are;
mod billed;
mod bisected;
mod checked;
mod foreseen;
mod metering;
mod notices;
mod past;
mod plans;
mod prepare;
mod table;
mod what_if;

use std::time::{Duration, Instant as Clock};

use shared::allocation::{
    ActualCost, AllocationReport, Basis, Grouping, PredictionAccuracy, ReportContext, Status, allocate,
};
use shared::api::{AdviceView, OutcomeView};
use shared::bill::BilledWindow;
use shared::feedback::{AnomalyCase, PastErrors, anomalies};
use shared::pricing::Owned;
use shared::recommendation::{Recommendation, Sources, Usage, attach};
use shared::request::RequestLog;
use shared::scenario::{Scenario, ValidScenario};
use shared::shadow::Known;
use shared::simulation::{Fork, Outcome};
use shared::variance::{Actual, Decomposition, NotObserved, PartNames, decompose, explain};

use self::actual::{ActualArgs, ActualBill};
pub(super) use self::advice::{advise, offers, write_advice};
use self::answer::{Answer, Variance, WithOrigin};
pub(super) use self::as_they_are::{AsTheyAre, Inputs};
use self::billed::{BillView, add_those_not_on_bill};
use self::bisected::{BisectArgs, Compared};
pub(super) use self::foreseen::Foreseen;
pub(super) use self::metering::{Metered, metered, stands_for};
pub(super) use self::notices::{notices, reaches};
pub(super) use self::past::Before;
use self::plans::Named;
pub(super) use self::prepare::{Predicted, Prepared, RunArgs};
use super::queue_options::QueueOptions;
use super::{CliError, Global};
use crate::ensemble::RunBy;
use crate::hindsight::{Happened, happened};
use crate::{ensemble, output};

/// Run a shadow of the control plane, and say what it costs
///
/// With --origin, the requests before it are learnt from, the horizon after it is predicted and run, and where the log
/// goes on, what really happened is set against it, cause by cause. Without --origin the requests are run as they are.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, override_usage = USAGE)]
pub(super) struct Args {
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    actual: ActualArgs,
    #[command(flatten)]
    bisect: BisectArgs,
    #[command(flatten)]
    queue: QueueOptions,
    /// Say what to change: each candidate is replayed on the same predicted streams, which takes as long as the
    /// shadow itself, 20 to 30 times for one node group and at most 68 times. With --usage, requested amounts are tried, too
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
    /// Write who used what from when to when in the first run, and what was paid for nodes and modules, CSV: `report
    /// allocation --metering` reads it
    #[arg(long, value_name = "FILE")]
    metering: Option<String>,
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
  shadowplane shadow --requests requests.ndjson --origin 2026-01-24T00:00:00Z --bisect 90
  shadowplane shadow --requests requests.ndjson --inventory nodes.csv --prices prices.csv --policy best-fit
  shadowplane shadow --requests requests.ndjson --origin 2026-01-24T00:00:00Z --recommend
  shadowplane shadow --requests requests.ndjson --metering metering.csv
  shadowplane shadow --requests tomorrow.ndjson --inventory state/inventory.csv --quotas state/quotas.csv \\
      --start state/requests.ndjson --observations state/observations.ndjson
  shadowplane shadow --requests requests.ndjson --origin 2026-01-24T00:00:00Z --commitments held.csv \\
      --recommend --commitment-offers offers.csv
  shadowplane predict --requests requests.ndjson --horizon 1d | shadowplane shadow --requests -
  shadowplane shadow --requests requests.ndjson --fleet fleet.json --origin 2026-01-24T00:00:00Z \
      --predictive-scaling 90
  shadowplane shadow --scenario scenario.json --edits what-if.json --threads 4
  shadowplane shadow --scenario scenario.json --nats nats://mq.example:4222     run by `shadowplane worker`s
  shadowplane shadow --requests requests.ndjson --origin 2026-03-02T00:00:00Z --billing per-resource \
      --prices prices.csv --actual bill.ndjson --mapping mapping.toml";

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When an input is wrong, or what is asked for cannot be predicted or run.
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        let started = Clock::now();
        self.check_outputs()?;
        if self.run.has_usage_alone() && self.metering.is_none() {
            let message = "--usage has no effect without --origin or --metering: nothing is predicted, and who pays for \
                           use beyond what was requested stands in what is metered; name an origin or a file";
            return Err(CliError::Usage(message.to_owned()));
        }
        let queue = self.queue.open(output::warn)?;
        let by = queue.as_ref().map_or_else(|| RunBy::Threads(self.run.threads()), RunBy::Workers);
        let bill = self.actual.read(self.run.exchange_rates())?;
        let comparable = |base| if bill.is_some() { ActualBill::comparable(base) } else { base };
        let prepared = self.run.prepare("shadow", comparable)?;
        let mut answer = self.answer_to(prepared, bill.as_ref(), by)?;
        output::progress_done();
        answer.wall_s = started.elapsed().as_secs_f64();
        if global.json { output::print_json(&answer) } else { output::print(&table::text(&answer)) }
    }

    /// Refuses files of answers that would mix with others.
    fn check_outputs(&self) -> Result<(), CliError> {
        let outputs =
            [("--plans", &self.plans), ("--metering", &self.metering), ("--save-scenario", &self.save_scenario)];
        let named: Vec<(&str, &str)> =
            outputs.into_iter().filter_map(|(option, file)| Some((option, file.as_deref()?))).collect();
        for (position, (option, file)) in named.iter().enumerate() {
            if *file == "-" {
                let message = format!("{option} - would mix with the answer, which goes to stdout; name a file");
                return Err(CliError::Usage(message));
            }
            if let Some((other, same)) = named[..position].iter().find(|(_, other)| output::is_same(other, file)) {
                let message = format!("{other} and {option} both name {same}; name two files");
                return Err(CliError::Usage(message));
            }
        }
        Ok(())
    }

    fn answer_to(&self, prepared: Prepared, bill: Option<&ActualBill>, by: RunBy<'_>) -> Result<Answer, CliError> {
        let used = if self.recommend { prepared.used() } else { Vec::new() };
        let Prepared { valid, notices, names, start, demand, owned, saved, predicted } = prepared;
        let before = Before::of((demand.as_ref(), predicted.as_ref()), start.as_ref(), self.run.edits());
        let (mut answer, outcome, advice) = self.answer(&valid, notices, (&names, &used, &owned, before), by)?;
        answer.start = start;
        if let Some(saved) = saved.filter(|saved| *saved != outcome.digest && !self.run.edits()) {
            answer.notices.push(format!("the digest saved with the scenario is another: {saved}"));
        }
        let Some((predicted, demand)) = predicted.zip(demand) else { return Ok(answer) };
        let Predicted { origin, model, selection, fork, base } = predicted;
        let horizon = self.run.horizon();
        let mut with_origin = WithOrigin::new(origin, horizon, model, selection, &answer.outcome);
        if self.run.edits() {
            let notice = "the edits make it another shadow than that of what happens: there is no variance to explain";
            answer.notices.push(notice.to_owned());
        } else if reaches(&demand.log, origin + horizon, base.bin) {
            let known = demand.known(origin);
            let bill = bill.map(|bill| (bill, &demand.log));
            let (report, said) = self.compare((&known, &base, bill), &fork, &valid, &outcome, &mut with_origin)?;
            let of = valid.scenario();
            let currency = of.price_book.currency;
            attach(report, advice.iter().map(|advice| (&*advice.edits, advice.sentence(of, currency))), of);
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
        Ok(answer)
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
        let Happened { requests, run: happened } = happened(known, base, fork, self.run.horizon()).map_err(data)?;
        let wider = ValidScenario::new(known.with_newcomers(predicted.original())).map_err(data)?;
        let billed = bill.map(|(bill, log)| bill.window(wider.scenario(), log)).transpose()?;
        let (billed, said) = billed.map_or((None, Vec::new()), |(billed, said)| (Some(billed), said));
        let simulated = ActualCost { breakdown: &happened.cost, basis: Basis::Simulated, status: Status::Final };
        let cost = billed.as_ref().map_or(simulated, BilledWindow::actual);
        let price_book = billed.as_ref().and_then(|billed| billed.price_book.as_ref());
        let seen = Actual { requests: &requests, fleet: Err(NotObserved::NoPlacements), price_book, cost };
        // Of whom the bill has no line, nothing is known that a prediction could be held against.
        let comparable = |outcome| match &billed {
            Some(billed) => billed.comparable(outcome),
            None => outcome,
        };
        let of_bill = billed.as_ref().map(|billed| billed.comparable(outcome.clone()));
        let compared = of_bill.as_ref().unwrap_or(outcome);
        let mut steps = 0;
        let decomposition = decompose(&wider, compared, &seen, |replay| {
            steps += 1;
            let watch = |done, total| {
                output::progress(&format!("explaining the variance: step {steps}, run {done} of {total}"));
                true
            };
            let runs = ensemble::in_parallel(replay.runs(), self.run.threads(), &watch, |run| replay.run(run));
            runs.map(|runs| comparable(Outcome::collect(runs))).ok_or_else(cancelled)
        })?;
        let scenario = wider.scenario();
        let mut accuracy = PredictionAccuracy::new(cost.basis);
        accuracy.update(decomposition.predicted, decomposition.actual);
        let context = self.report_context(scenario);
        let mut report = report(&context, compared, cost, &accuracy, &decomposition);
        if let Some(billed) = &billed {
            answer.bill = BillView::new(billed, &report, &context);
            add_those_not_on_bill(&mut report, billed, outcome, &context);
        }
        answer.anomalies = Some(anomalies(&AnomalyCase {
            scenario: &wider,
            predicted: compared,
            actual: &requests,
            ids: &known.create_ids_in(scenario.window, &fork.lives),
            cost,
            prices: price_book,
            decomposition: &decomposition,
            past: &PastErrors::default(),
        }));
        answer.actual = Some(OutcomeView::new(scenario, &Outcome::collect(vec![happened])));
        answer.prediction_accuracy = accuracy.value;
        answer.variance = Some(Variance::new(&report, &decomposition));
        answer.bisect = self.bisect.run(&Compared {
            known,
            fork,
            scenario: &wider,
            predicted: outcome,
            actual: &requests,
            decomposition: &decomposition,
        })?;
        Ok((answer.report.insert(report), said))
    }

    fn report_context<'a>(&self, scenario: &'a Scenario) -> ReportContext<'a> {
        ReportContext {
            tenants: &scenario.tenants,
            flavors: &scenario.flavors,
            currency: scenario.price_book.currency,
            window: scenario.window,
            horizon: self.run.horizon(),
            grouping: Grouping::Tenant,
        }
    }

    /// The outcome of a scenario, with what was asked for beside it.
    fn answer(
        &self,
        valid: &ValidScenario,
        mut notices: Vec<String>,
        (names, used, owned, before): (&Named, &[Usage], &[Owned], Option<Before<'_>>),
        by: RunBy<'_>,
    ) -> Result<(Answer, Outcome, Vec<Recommendation>), CliError> {
        if let Some(path) = &self.save_scenario {
            let json = serde_json::to_string_pretty(valid.original()).map_err(anyhow::Error::from)?;
            output::write(Some(path), &(json + "\n"))?;
        }
        let offers = offers(self.commitment_offers.as_deref(), valid.scenario())?;
        let watch = |done, total| {
            output::progress(&format!("shadow run {done} of {total}"));
            true
        };
        let outcome = by.run(valid, &watch)?.ok_or_else(cancelled)?;
        if let Some(path) = &self.plans {
            plans::write(path, valid, names)?;
        }
        if let Some(path) = &self.metering {
            notices.extend(metering::write(path, valid, names)?);
        }
        let checked = if self.check { Some(checked::check_plans(valid, self.run.threads())?) } else { None };
        let sources = Sources { offers: &offers, used, owned, past: None };
        let advise = || advise(valid, &outcome, &sources, before.as_ref(), by);
        let advice = if self.recommend { Some(advise()?) } else { None };
        let answer = Answer {
            notices,
            checked,
            advice: advice.as_ref().map(|advice| AdviceView::new(advice, valid.scenario())),
            ..Answer::of(valid, &outcome, Duration::ZERO)
        };
        Ok((answer, outcome, advice.map_or_else(Vec::new, |advice| advice.recommendations)))
    }
}

/// Actual against predicted cost by tenant, with the causes of the difference.
fn report(
    context: &ReportContext<'_>,
    outcome: &Outcome,
    cost: ActualCost<'_>,
    accuracy: &PredictionAccuracy,
    decomposition: &Decomposition,
) -> AllocationReport {
    let costs: Vec<_> = outcome.runs.iter().map(|run| &run.cost).collect();
    let mut report = allocate(context, &costs, Some(cost), Some(accuracy));
    explain(&mut report, decomposition, PartNames { tenants: context.tenants, flavors: context.flavors });
    report
}

/// Prints what a scenario yielded, and nothing of what else could be asked.
pub(super) fn print_outcome(
    global: &Global,
    valid: &ValidScenario,
    outcome: &Outcome,
    took: Duration,
) -> Result<(), CliError> {
    let answer = Answer::of(valid, outcome, took);
    if global.json { output::print_json(&answer) } else { output::print(&table::text(&answer)) }
}

fn data(error: impl std::fmt::Display) -> CliError {
    CliError::Data(error.to_string())
}

fn cancelled() -> CliError {
    CliError::Data("cancelled".to_owned())
}
