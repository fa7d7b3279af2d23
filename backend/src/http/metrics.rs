//! `GET /metrics`: what a monitoring system wants to know, in OpenMetrics 1.0.

mod plain_text;
mod stream;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;

use actix_web::http::header::{self, HeaderMap};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use shared::allocation::{AllocationReport, Grouping};
use shared::api::{BudgetList, JobKind, JobState, MoneyBand, OutcomeView, WindowReport};
use shared::simulation::Refusal;
use shared::units::{Duration, Instant, Money, Window};

use super::{App, Problem};
use crate::config::ServiceRole;
use crate::prometheus::Outcome;
use crate::shadowing::{OUTLOOK, Snapshot, forecast_key};
use crate::store::{Collection, read_documents_of};

const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The older format of Prometheus.
const PLAIN_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How many days a report may be old before it is said no more: what has long stopped is no news.
const REPORT_DAYS: i64 = 7;

/// So many of the newest jobs are looked through for those that wait or run.
const JOBS: usize = 1_000;

type Labels = Vec<(&'static str, String)>;
type Number = Gauge<f64, AtomicU64>;
type Counts = Vec<(Labels, u64)>;

pub(super) async fn metrics(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let mut told = Told::default();
    if let Some(log) = &app.log {
        told.stream(log);
    }
    if app.role == ServiceRole::Ingest {
        return said(&told, &request);
    }
    let snapshot = app.board.snapshot();
    told.service(&app, &snapshot).await?;
    told.notify(&app).await?;
    told.predictions(&app, &snapshot).await?;
    told.reports(&app, &snapshot).await?;
    if let Some(document) = app.store.get(Collection::Budgets, OUTLOOK.to_owned()).await? {
        told.budgets(&document.read()?);
    }
    said(&told, &request)
}

/// The answer, in the format that is asked for.
fn said(told: &Told, request: &HttpRequest) -> Result<HttpResponse, Problem> {
    let mut text = String::new();
    encode(&mut text, &told.registry).map_err(|_| Problem::broken())?;
    if wants_plain_text(request.headers()) {
        return Ok(HttpResponse::Ok().content_type(PLAIN_TEXT).body(plain_text::from_openmetrics(&text)));
    }
    Ok(HttpResponse::Ok().content_type(CONTENT_TYPE).body(text))
}

/// Whether a client asks for the older format, and not for OpenMetrics.
fn wants_plain_text(headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT).and_then(|accepts| accepts.to_str().ok()).unwrap_or_default();
    accepts.contains("text/plain") && !accepts.contains("application/openmetrics-text")
}

/// What is told at one scrape: it is read from the store each time, so that there is nothing to keep in step with it.
struct Told {
    registry: Registry,
}

impl Default for Told {
    fn default() -> Self {
        Self { registry: Registry::with_prefix("shadowplane") }
    }
}

impl Told {
    fn number(&mut self, name: &str, help: &str, value: f64) {
        self.family(name, help, None, [(Labels::new(), value)]);
    }

    fn family(&mut self, name: &str, help: &str, unit: Option<Unit>, values: impl IntoIterator<Item = (Labels, f64)>) {
        let family = Family::<Labels, Number>::default();
        for (labels, value) in values {
            family.get_or_create(&labels).set(value);
        }
        match unit {
            None => self.registry.register(name, help, family),
            Some(unit) => self.registry.register_with_unit(name, help, unit, family),
        }
    }

    fn counters(&mut self, name: &str, help: &str, counts: Counts) {
        let family = Family::<Labels, Counter>::default();
        for (labels, count) in counts {
            family.get_or_create(&labels).inc_by(count);
        }
        self.registry.register(name, help, family);
    }

    /// The log, the loop and its jobs.
    async fn service(&mut self, app: &App, snapshot: &Snapshot) -> Result<(), Problem> {
        let summary = app.store.summary().await?;
        let rows =
            [("requests", summary.requests), ("observations", summary.observations), ("readings", summary.readings)];
        let rows = rows.map(|(kind, count)| (vec![("kind", kind.to_owned())], count as f64));
        self.family("log_rows", "Rows of the log, by kind", None, rows);
        self.number(
            "caught_up",
            "Whether the loop has worked through what was there when it began",
            u8::from(snapshot.caught_up).into(),
        );
        let seconds = |span: Duration| span.max(Duration::ZERO).seconds();
        let lag = summary.last.map(|last| (Labels::new(), seconds(snapshot.now - last)));
        self.family("lag", "Since the last request of the log, on the service's clock", Some(Unit::Seconds), lag);
        let behind = snapshot.closes.map_or(0.0, |closes| seconds(app.clock.now() - closes));
        let behind = [(Labels::new(), behind)];
        self.family("behind", "Since a step was due to close that has not", Some(Unit::Seconds), behind);
        let clock = snapshot.clock.and_then(|clock| clock.behind(app.clock.now())).map_or(0.0, seconds);
        let clock = [(Labels::new(), clock)];
        self.family("clock_behind", "How far the clock is behind what it has shown", Some(Unit::Seconds), clock);
        self.number("log_requests_given_up", "Requests that are kept no longer", summary.gone as f64);
        let free = app.store.free_bytes().await? as f64;
        self.number("log_free_bytes", "Bytes of the file that new records take before it grows", free);
        let since = [("requests", summary.requests_from), ("bins", summary.bins_from)];
        let since = since
            .into_iter()
            .filter_map(|(kind, since)| Some((vec![("kind", kind.to_owned())], since?.micros() as f64 / 1e6)));
        self.family("log_kept_from", "Since when records are kept, where others are not", Some(Unit::Seconds), since);
        let skipped = snapshot.skipped.as_ref().map_or(0, |skipped| skipped.count);
        self.number("forecasts_skipped", "Forecasts that were passed over since the service began", skipped as f64);
        self.number("orphans", "Deletes and resizes of resources that the log never created", snapshot.orphans as f64);
        let newest = app.store.jobs(None, JOBS).await?;
        let states = [("queued", JobState::Queued), ("running", JobState::Running)];
        let jobs = JobKind::ALL.into_iter().flat_map(|kind| states.map(|(name, state)| (kind, name, state)));
        let jobs = jobs.map(|(kind, name, state)| {
            let count = newest.iter().filter(|of| of.job.kind == kind && of.job.state == state).count();
            (vec![("kind", kind.as_str().to_owned()), ("state", name.to_owned())], count as f64)
        });
        self.family("jobs", "Jobs that wait or run, by kind", None, jobs);
        if let Some(receiver) = &app.prometheus {
            let (tally, series) = receiver.told().await;
            let samples =
                Outcome::ALL.map(|outcome| (vec![("outcome", outcome.as_str().to_owned())], tally.of(outcome) as f64));
            self.family("remote_write_samples", "Samples of remote write since the start, by outcome", None, samples);
            self.number("remote_write_series", "Series of remote write that are known", series as f64);
        }
        Ok(())
    }

    /// How it goes with those who are told what is noticed.
    async fn notify(&mut self, app: &App) -> Result<(), Problem> {
        let firing = app.outbox.firing().into_iter();
        let firing = firing.map(|(name, count)| (vec![("alert", name.to_owned())], count as f64));
        self.family("alerts", "Alerts that last, by name", None, firing);
        let (mut sent, mut failures) = (Counts::new(), Counts::new());
        for peer in app.outbox.alertmanagers() {
            sent.push((vec![("alertmanager", peer.url.clone())], peer.sent()));
            failures.push((vec![("alertmanager", peer.url.clone())], peer.failures()));
        }
        self.counters("alertmanager_alerts", "Alerts that an Alertmanager took, again and again ones included", sent);
        self.counters("alertmanager_failures", "How often an Alertmanager took nothing", failures);
        let webhooks = app.outbox.store.webhooks().await?;
        let counts = webhooks.iter().flat_map(|hook| {
            let of = |state: &str| vec![("webhook", hook.id.clone()), ("state", state.to_owned())];
            [(of("waiting"), hook.waiting as f64), (of("failed"), hook.failed as f64)]
        });
        self.family("webhook_notifications", "Notifications that a webhook has not taken", None, counts);
        Ok(())
    }

    /// The newest forecast of each horizon.
    async fn predictions(&mut self, app: &App, snapshot: &Snapshot) -> Result<(), Problem> {
        let mut origins = Vec::new();
        let (mut costs, mut totals) = (Vec::new(), Vec::new());
        let (mut nodes, mut refused, mut pending) = (Vec::new(), Vec::new(), Vec::new());
        for (horizon, origin) in snapshot.origins() {
            let of = |more: Labels| -> Labels { [vec![("horizon", horizon.to_string())], more].concat() };
            origins.push((of(Labels::new()), origin.micros() as f64 / 1e6));
            let Some(document) = app.store.get(Collection::Runs, forecast_key(horizon, origin)).await? else {
                continue;
            };
            let view: OutcomeView = document.read()?;
            for (kind, name, band) in parts(&view) {
                let told = statistics(band).map(|(statistic, money)| {
                    (of([money_labels(kind, name, money), vec![statistic]].concat()), money.to_f64())
                });
                costs.extend(told);
            }
            totals.extend(
                statistics(&view.cost).map(|(statistic, money)| (of(vec![currency(money), statistic]), money.to_f64())),
            );
            nodes.push((of(Labels::new()), f64::from(view.peak_nodes)));
            pending.push((of(Labels::new()), view.pending));
            // What never happens is 0, not unknown.
            refused.extend(Refusal::ALL.map(|reason| {
                let count = view.refused.iter().find(|told| told.reason == reason).map_or(0.0, |told| told.count);
                (of(vec![("reason", reason.as_str().to_owned())]), count)
            }));
        }
        self.family("forecast_origin", "When the newest forecast was made", Some(Unit::Seconds), origins);
        self.family("predicted_cost", "What the newest forecast says that the horizon costs, by who pays", None, costs);
        self.family("predicted_total_cost", "What it says that the horizon costs in all", None, totals);
        self.family("predicted_peak_nodes", "Most paid nodes at once in any run of it", None, nodes);
        self.family("predicted_pending", "Creates without a node at its end, per run on average", None, pending);
        self.family("predicted_refused", "Requests that are not let in, per run on average, by reason", None, refused);
        Ok(())
    }

    /// The newest day that has closed, against what was predicted for it.
    async fn reports(&mut self, app: &App, snapshot: &Snapshot) -> Result<(), Problem> {
        let days = Window { start: snapshot.now - Duration::DAY * REPORT_DAYS, end: snapshot.now };
        let documents = app.store.list(Collection::Reports, days, usize::MAX).await?;
        let windows: Vec<WindowReport> = read_documents_of(&documents, Grouping::Tenant.as_str())?;
        let Some(AllocationReport { window, rows, prediction_accuracy, .. }) =
            windows.last().map(|window| &window.report)
        else {
            return Ok(());
        };
        let seconds = |at: Instant| at.micros() as f64 / 1e6;
        let start = [(Labels::new(), seconds(window.start))];
        self.family("closed_day_start", "The newest day with a report", Some(Unit::Seconds), start);
        let rows: Vec<_> = rows.iter().map(|row| (row.kind.as_str(), row.name.as_str(), row)).collect();
        let predicted = rows
            .iter()
            .map(|&(kind, name, row)| (money_labels(kind, name, row.predicted.mean), row.predicted.mean.to_f64()));
        self.family("closed_day_predicted_cost", "The mean of what was predicted for it, by who pays", None, predicted);
        let actual = rows.iter().filter_map(|&(kind, name, row)| {
            let actual = row.actual?;
            Some((money_labels(kind, name, actual), actual.to_f64()))
        });
        self.family("closed_day_actual_cost", "What it cost, by who pays", None, actual);
        let accuracy = prediction_accuracy.map(|accuracy| (Labels::new(), accuracy));
        self.family("prediction_accuracy", "How good predictions of cost were up to it, 1 at best", None, accuracy);
        Ok(())
    }

    /// What is told of every budget for the first period that the horizon reaches into.
    fn budgets(&mut self, list: &BudgetList) {
        let mut first: BTreeMap<&str, _> = BTreeMap::new();
        for outlook in &list.budgets {
            first.entry(outlook.budget.as_str()).or_insert(outlook);
        }
        let of = |name: &str| vec![("budget", name.to_owned())];
        let spent = first.iter().map(|(name, outlook)| (of(name), outlook.spent.to_f64() / outlook.amount.to_f64()));
        let (spent, likely): (Vec<_>, Vec<_>) =
            (spent.collect(), first.iter().map(|(name, outlook)| (of(name), outlook.probability)).collect());
        self.family(
            "budget_spent",
            "What was spent of a budget in its period",
            Some(Unit::Other("ratio".to_owned())),
            spent,
        );
        self.family(
            "budget_breach_probability",
            "In which part of the runs more is spent by the horizon",
            None,
            likely,
        );
    }
}

/// Who pays for what of an outcome; they add up to it.
fn parts(view: &OutcomeView) -> impl Iterator<Item = (&'static str, &str, &MoneyBand)> {
    let tenants = view.tenants.iter().map(|band| ("tenant", band.tenant.as_str(), &band.workload));
    let modules = view.modules.iter().map(|module| ("module", module.module.as_str(), &module.cost));
    let commitments = view
        .commitments
        .iter()
        .flat_map(|of| [("commitment_discount", "", &of.discount), ("unused_commitment", "", &of.unused)]);
    tenants.chain([("idle", "", &view.idle), ("overhead", "", &view.overhead)]).chain(modules).chain(commitments)
}

fn statistics(band: &MoneyBand) -> [((&'static str, String), Money); 4] {
    let named = [("mean", band.mean), ("p10", band.p10), ("p50", band.p50), ("p90", band.p90)];
    named.map(|(name, money)| (("statistic", name.to_owned()), money))
}

fn money_labels(kind: &str, name: &str, money: Money) -> Labels {
    vec![("kind", kind.to_owned()), ("name", name.to_owned()), currency(money)]
}

fn currency(money: Money) -> (&'static str, String) {
    ("currency", money.currency.to_string())
}
