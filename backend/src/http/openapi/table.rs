//! What is said of every route.

use shared::api::{
    AcceptedRecommendation, AnomalyList, AuditPage, BillAnswer, BilledReportList, BisectionOrder, BisectionRun,
    BudgetList, CalibrationList, CostSeries, DecisionPage, DemandSeries, DismissalOrder, DismissedRecommendation,
    EventView, ExplanationOrder, ExplanationRun, FailurePage, ForecastAnswer, ForeignEventsAnswer, IngestAnswer, Job,
    JobPage, KeyOrder, KeyRotation, KeyView, LedgerPage, ModelList, NewKey, NewWebhook, Notification, NotificationPage,
    PredictedValue, QuoteOrder, QuoteView, RecommendationExport, RecommendationList, ReportList, SavedScenario,
    ScenarioLink, ShadowRun, ShadowRunOrder, StatementAnswer, Status, TenantAnomalyList, TenantReportList,
    TenantStatus, VarianceList, WebhookOrder, WebhookView, paths,
};
use shared::bill::BillReport;
use shared::features::{KnownEvent, SensorReading};
use shared::feedback::ledger::Scorecard;
use shared::feedback::{CorrectedPrediction, Decision};
use shared::request::{Observation, Request};
use utoipa::openapi::HttpMethod;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use super::schemas::Schemas;
use super::{Answer, Route};

/// What is said of every route that takes records.
macro_rules! adds {
    ($what:literal) => {
        concat!(
            "Adds ",
            $what,
            "; says what became of each line: 200 where at least one was taken or was there already, 400 with the same \
             `lines` where every one was refused and nothing was taken"
        )
    };
}

/// And of those that go through the stream, where there is one.
macro_rules! streamed {
    ($what:literal) => {
        concat!(
            adds!($what),
            ". Of a service with `--log nats`, or of the role `ingest`, `accepted` says that the stream of the log has it; what \
             the log has already, in the same words or others, is found when it is folded, and `stream` of the status counts it"
        )
    };
}

const ADDS_REQUESTS: &str = streamed!("requests to the log");
const ADDS_OBSERVATIONS: &str = streamed!("observations to the log");
const ADDS_READINGS: &str = adds!("sensor readings, as CSV too");
const ADDS_SAMPLES: &str = "Adds what a mapping makes of samples that a Prometheus sends by remote write 1.0; 400 where some \
                            can never be accepted, and the rest is stored";
const ADDS_AUDIT: &str = "Adds what audit events of a Kubernetes API server (audit.k8s.io/v1) say; always 200 where the body \
                          can be read, with the events that are refused";
const ADDS_TRAIL: &str = "Adds what records of AWS CloudTrail say, from files, lines or EventBridge; always 200 where the body \
                          can be read, with the records that are refused";
const QUOTES: &str =
    "What requests would cost, where they would go and when they would be ready; nothing of it is kept";
const BISECTS: &str = "Has the few requests found that the variance of a closed day comes from, by replaying it without suspects; \
                       410 where the day is kept no longer";
const STATES_METRICS: &str = "What a window cost, and what a unit of each metric of the body, `at,metric,value`, cost; the \
                              parameters are those of the statement without metrics";
const ACCEPTS: &str = "Accepts what is recommended; 200 where it was accepted before";
const DISMISSES: &str = "Dismisses what is recommended, with the reason; 200 where it was dismissed before";
const SEARCHES: &str = "Searches what is predicted from now on; answers the search that is under way, where one is";
const ROLLS_BACK: &str = "Makes the champion before the present one champion again";
const ROTATES: &str = "Gives a key a new secret, which is shown this once; the one before goes on for a while";
const TAKES_BILL: &str = "Takes a bill, FOCUS 1.0 to 1.2 as CSV or OpenCost's allocations as JSON: `?stated` is when it was \
                          made (now unless said), `?currency` that of OpenCost's prices, `?equal_lines` count or drop. The same \
                          again changes nothing; a later statement of a billing period takes the place of the earlier one";
const BILL: [(&str, &str); 1] =
    [("by", "tenant, day, service, category, class, account, resource, region, label:NAME, with commas between")];
const ADDS_EVENTS: &str = adds!("known events, as CSV and iCalendar too");
const WINDOW: [(&str, &str); 2] = [("from", "First instant, RFC 3339"), ("to", "First instant after, RFC 3339")];
const CREATES: [(&str, &str); 5] = [WINDOW[0], WINDOW[1], FORECAST[1], FORECAST[2], FORECAST[3]];
const WINDOW_BY: [(&str, &str); 3] = [WINDOW[0], WINDOW[1], ("by", "tenant, module, flavor or class")];
const VARIANCE_BY: [(&str, &str); 3] = [WINDOW[0], WINDOW[1], ("by", STATEMENT[2].1)];
const STATEMENT: [(&str, &str); 7] = [
    ("from", "First instant, RFC 3339; a week before the end unless said"),
    ("to", "First instant after, RFC 3339; the last hour that has closed unless said"),
    ("by", "One or two groupings with a comma between; tenant unless said"),
    ("resolution", "whole, hour, day, week or month; whole unless said"),
    ("idle", "keep, proportional or peak; keep unless said"),
    ("shared", "keep, uniform, proportional or weighted; keep unless said"),
    ("weights", "Of tenants, where shared is weighted: shop:3,lab:1"),
];
const FOCUS: [(&str, &str); 7] = [
    STATEMENT[0],
    STATEMENT[1],
    ("resolution", "hour, day or month; day unless said"),
    STATEMENT[4],
    STATEMENT[5],
    STATEMENT[6],
    ("provider", "Who provides and invoices it all"),
];
const SENSORS: [(&str, &str); 3] = [
    ("from", "First instant, RFC 3339; a day before the end unless said"),
    ("to", "First instant after, RFC 3339; now unless said"),
    ("sensor", "Which; all unless said"),
];
const FORECAST: [(&str, &str); 4] = [
    ("horizon", "How far, such as 1h"),
    ("tenant", "Whose; everyone's where none"),
    ("class", "compute, storage or network; all unless said"),
    ("flavor", "Of which flavor, by its name; of all unless said"),
];
const PREDICTED: [(&str, &str); 3] = [
    ("metric", "creates, cost, live or nodes"),
    ("within", "How far from now, such as 30m; an hour unless said"),
    ("tenant", "Whose creates; everyone's where none"),
];
const HORIZON: [(&str, &str); 1] = [("horizon", "Of windows that long; a day unless said")];
const DECISIONS: [(&str, &str); 3] = [
    ("after", "The `next` of the page before; the newest unless said"),
    ("limit", "How many at most"),
    ("verdict", "retrain, keep_model, promote, keep_champion or roll_back; any unless said"),
];
const JOBS: [(&str, &str); 4] = [
    ("after", "The id of the one before the first; the newest unless said"),
    ("limit", "How many at most"),
    (
        "kind",
        "shadow_run, retraining, explanation, bisection, recommendation, saving_check or trimming; any unless said",
    ),
    ("state", "queued, running, succeeded, failed or cancelled; any unless said"),
];

const PAGE: [(&str, &str); 2] =
    [("after", "The number of the one before the first; 0 unless said"), ("limit", "How many at most")];

const AFTER_ID: [(&str, &str); 2] =
    [("after", "The id of the one before the first; from the beginning unless said"), ("limit", "How many at most")];
const STATUS: &str = "What the service is doing; with `Accept: text/event-stream` whenever that has changed, as Server-Sent \
                      Events";
const NOTIFICATIONS: &str = "What the service noticed in the last month, the oldest first; with `Accept: text/event-stream` \
                             as it happens, as Server-Sent Events, after `Last-Event-ID`";

/// Every route, with what it takes and answers.
pub(super) fn table(schemas: &mut Schemas) -> Vec<Route> {
    let mut routes = Vec::new();
    let mut get = |path, summary, query, answer| {
        let (method, status, body) = (HttpMethod::Get, "200", Vec::new());
        routes.push(Route { method, path, summary, query, body, status, answer });
    };
    let json = |schema| Answer::Json(Box::new(schema));
    get(paths::LIVE, "The process runs", &[], Answer::Text("text/plain"));
    get(paths::READY, "The store answers and the loop has caught up", &[], Answer::Text("text/plain"));
    get(
        paths::METRICS,
        "What a monitoring system wants to know, in OpenMetrics",
        &[],
        Answer::Text("application/openmetrics-text"),
    );
    let object = Schema::from(ObjectBuilder::new().build());
    get(paths::OPENAPI, "This document", &[], json(object.into()));
    get(paths::STATUS, STATUS, &[], json(schemas.either::<Status, TenantStatus>()));
    get(paths::DEMAND, "Actual creates per bin", &CREATES, json(schemas.of::<DemandSeries>()));
    get(paths::EVENTS, "Known events and when they happen", &WINDOW, json(schemas.list_of::<EventView>()));
    get(paths::SENSORS, "Means of sensor readings per bin", &SENSORS, json(schemas.list_of::<SensorReading>()));
    get(paths::FORECASTS, "The latest forecast, or why there is none", &FORECAST, json(schemas.of::<ForecastAnswer>()));
    get(
        paths::PREDICTED,
        "One number about what comes next, for what scales by it",
        &PREDICTED,
        json(schemas.of::<PredictedValue>()),
    );
    get(paths::COSTS, "Actual and predicted cost per bin", &WINDOW, json(schemas.of::<CostSeries>()));
    get(
        paths::CORRECTED_COSTS,
        "The predicted cost of the newest window, with and without what was learnt from closed ones",
        &HORIZON,
        json(schemas.of::<CorrectedPrediction>()),
    );
    get(paths::SHADOW_RUNS, "The newest shadow runs", &[], json(schemas.list_of::<ShadowRun>()));
    get(paths::SHADOW_RUN, "One shadow run", &[], json(schemas.of::<ShadowRun>()));
    get(paths::EXPLANATIONS, "The newest explanations", &[], json(schemas.list_of::<ExplanationRun>()));
    get(paths::EXPLANATION, "Why a request got what it got", &[], json(schemas.of::<ExplanationRun>()));
    get(paths::BISECTIONS, "The newest bisections", &[], json(schemas.list_of::<BisectionRun>()));
    get(paths::BISECTION, "Which few requests a variance comes from", &[], json(schemas.of::<BisectionRun>()));
    get(
        paths::ALLOCATION,
        "Reports of closed windows, or why there is none",
        &WINDOW_BY,
        json(schemas.either::<ReportList, TenantReportList>()),
    );
    get(
        paths::VARIANCE,
        "What was predicted and what came of closed days, by one or two of the groupings of a statement",
        &VARIANCE_BY,
        json(schemas.of::<VarianceList>()),
    );
    get(
        paths::STATEMENT,
        "What a window cost, by one or two of tenant, module, flavor, class, node_group, zone, cluster and label:KEY",
        &STATEMENT,
        json(schemas.of::<StatementAnswer>()),
    );
    get(paths::FOCUS, "What a window cost, as charges of FOCUS 1.2", &FOCUS, Answer::Text("text/csv"));
    get(
        paths::RECOMMENDATIONS,
        "What is worth changing by the newest search, what was accepted, and what was dismissed and why",
        &[],
        json(schemas.of::<RecommendationList>()),
    );
    get(
        paths::ACCEPTANCE,
        "What was accepted, and what closed days show of it",
        &[],
        json(schemas.of::<AcceptedRecommendation>()),
    );
    get(
        paths::RECOMMENDATION_EXPORT,
        "Files for a tool that would carry it out; nothing is applied",
        &[("tool", "karpenter (NodePools) or kubectl (patches of NodePools)")],
        json(schemas.of::<RecommendationExport>()),
    );
    get(
        paths::ANOMALIES,
        "What of closed windows was out of its band",
        &WINDOW,
        json(schemas.either::<AnomalyList, TenantAnomalyList>()),
    );
    get(paths::BILLS, "What all bills come to, down to what no tenant pays", &BILL, json(schemas.of::<BillReport>()));
    get(paths::BILLED, "Closed days, predicted and billed", &WINDOW, json(schemas.of::<BilledReportList>()));
    get(paths::BUDGETS, "Budgets, and when they will be passed", &[], json(schemas.of::<BudgetList>()));
    get(paths::CALIBRATIONS, "What of the shadow was calibrated", &[], json(schemas.of::<CalibrationList>()));
    get(paths::LEDGER, "The forecast ledger, link by link", &PAGE, json(schemas.of::<LedgerPage>()));
    get(paths::SCORECARD, "Forecasts of cost against what came", &[], json(schemas.of::<Scorecard>()));
    get(paths::DECISIONS, "Decisions, newest first", &DECISIONS, json(schemas.of::<DecisionPage>()));
    get(paths::MODELS, "Champion and challengers", &[], json(schemas.of::<ModelList>()));
    get(paths::JOBS, "Jobs, newest first", &JOBS, json(schemas.of::<JobPage>()));
    get(paths::JOB, "One job", &[], json(schemas.of::<Job>()));
    get(paths::CURRENT_SCENARIO, "The scenario of the latest shadow run", &[], json(schemas.of::<SavedScenario>()));
    get(paths::SCENARIO, "A saved scenario", &[], json(schemas.of::<SavedScenario>()));
    get(paths::KEYS, "Every key, without its secret", &[], json(schemas.list_of::<KeyView>()));
    get(paths::AUDIT, "Who changed what, in order", &PAGE, json(schemas.of::<AuditPage>()));
    get(paths::NOTIFICATIONS, NOTIFICATIONS, &AFTER_ID, json(schemas.of::<NotificationPage>()));
    get(paths::WEBHOOKS, "Every webhook, without its secret", &[], json(schemas.list_of::<WebhookView>()));
    get(
        paths::WEBHOOK_FAILURES,
        "What a webhook did not take and is not tried again",
        &AFTER_ID,
        json(schemas.of::<FailurePage>()),
    );
    let mut change = |method, path, summary, body, status, answer| {
        routes.push(Route { method, path, summary, query: &[], body, status, answer: Answer::Json(Box::new(answer)) });
    };
    let (post, delete) = (HttpMethod::Post, HttpMethod::Delete);
    let answer = schemas.of::<IngestAnswer>();
    let requests = schemas.records::<Request>();
    change(post.clone(), paths::REQUESTS, ADDS_REQUESTS, requests, "200", answer.clone());
    let observations = schemas.records::<Observation>();
    change(post.clone(), paths::OBSERVATIONS, ADDS_OBSERVATIONS, observations, "200", answer.clone());
    let told = schemas.of::<ForeignEventsAnswer>();
    change(post.clone(), paths::KUBERNETES_AUDIT, ADDS_AUDIT, schemas.foreign(), "200", told.clone());
    change(post.clone(), paths::CLOUDTRAIL, ADDS_TRAIL, schemas.foreign(), "200", told);
    let readings = schemas.records_or::<SensorReading>(&["text/csv"]);
    change(post.clone(), paths::SENSORS, ADDS_READINGS, readings, "200", answer.clone());
    let events = schemas.records_or::<KnownEvent>(&["text/csv", "text/calendar"]);
    change(post.clone(), paths::EVENTS, ADDS_EVENTS, events, "200", answer);
    let taken = schemas.of::<BillAnswer>();
    change(post.clone(), paths::BILLS, TAKES_BILL, schemas.bill(), "200", taken);
    let known = schemas.list_of::<EventView>();
    change(delete.clone(), paths::EVENT, "Forgets a known event", Vec::new(), "200", known);
    let order = schemas.json::<ShadowRunOrder>();
    let run = schemas.of::<ShadowRun>();
    change(post.clone(), paths::SHADOW_RUNS, "Orders a shadow run", order, "202", run.clone());
    change(delete.clone(), paths::SHADOW_RUN, "Cancels a shadow run", Vec::new(), "200", run);
    let order = schemas.json::<ExplanationOrder>();
    let run = schemas.of::<ExplanationRun>();
    change(post.clone(), paths::EXPLANATIONS, "Has a request explained", order, "202", run.clone());
    change(delete.clone(), paths::EXPLANATION, "Cancels an explanation", Vec::new(), "200", run);
    let order = schemas.json::<BisectionOrder>();
    let run = schemas.of::<BisectionRun>();
    change(post.clone(), paths::BISECTIONS, BISECTS, order, "202", run.clone());
    change(delete.clone(), paths::BISECTION, "Cancels a bisection", Vec::new(), "200", run);
    let order = schemas.json::<QuoteOrder>();
    let readings = vec![("text/csv", Schema::from(ObjectBuilder::new().schema_type(Type::String).build()).into())];
    change(post.clone(), paths::STATEMENT, STATES_METRICS, readings, "200", schemas.of::<StatementAnswer>());
    change(post.clone(), paths::QUOTES, QUOTES, order, "200", schemas.of::<QuoteView>());
    change(
        post.clone(),
        paths::RETRAINING,
        "Trains a challenger; answers the training that is under way, where one is",
        Vec::new(),
        "202",
        schemas.of::<Job>(),
    );
    let accepted = schemas.of::<AcceptedRecommendation>();
    change(HttpMethod::Put, paths::ACCEPTANCE, ACCEPTS, Vec::new(), "201", accepted);
    let left = schemas.of::<RecommendationList>();
    change(delete.clone(), paths::ACCEPTANCE, "Withdraws what was accepted", Vec::new(), "200", left.clone());
    let (order, dismissed) = (schemas.json::<DismissalOrder>(), schemas.of::<DismissedRecommendation>());
    change(HttpMethod::Put, paths::DISMISSAL, DISMISSES, order, "201", dismissed);
    change(delete.clone(), paths::DISMISSAL, "Restores what was dismissed", Vec::new(), "200", left);
    change(post.clone(), paths::RECOMMENDATIONS, SEARCHES, Vec::new(), "202", schemas.of::<Job>());
    let rolled_back = schemas.of::<Decision>();
    change(post.clone(), paths::ROLLBACK, ROLLS_BACK, Vec::new(), "200", rolled_back);
    change(delete.clone(), paths::JOB, "Cancels a job", Vec::new(), "200", schemas.of::<Job>());
    let order = schemas.json::<KeyOrder>();
    change(post.clone(), paths::KEYS, "Makes a key, which is shown this once", order, "201", schemas.of::<NewKey>());
    change(delete.clone(), paths::KEY, "Revokes a key", Vec::new(), "200", schemas.of::<KeyView>());
    let rotation = schemas.json::<KeyRotation>();
    change(post.clone(), paths::KEY_ROTATION, ROTATES, rotation, "200", schemas.of::<NewKey>());
    let (order, new) = (schemas.json::<WebhookOrder>(), schemas.of::<NewWebhook>());
    change(post.clone(), paths::WEBHOOKS, "Makes a webhook, whose secret is shown this once", order, "201", new);
    let webhook = schemas.of::<WebhookView>();
    change(delete, paths::WEBHOOK, "Forgets a webhook, with what waits for it", Vec::new(), "200", webhook);
    let sent = schemas.of::<Notification>();
    change(post.clone(), paths::WEBHOOK_TEST, "Sends a webhook a test", Vec::new(), "202", sent.clone());
    change(post.clone(), paths::WEBHOOK_FAILURE, "Sends what was given up again", Vec::new(), "202", sent);
    let saved = schemas.json::<SavedScenario>();
    change(post, paths::SCENARIOS, "Saves a scenario", saved, "201", schemas.of::<ScenarioLink>());
    let text = Schema::from(ObjectBuilder::new().schema_type(Type::String).build());
    routes.push(Route {
        method: HttpMethod::Post,
        path: paths::REMOTE_WRITE,
        summary: ADDS_SAMPLES,
        query: &[],
        body: vec![("application/x-protobuf", text.into())],
        status: "204",
        answer: Answer::Nothing,
    });
    routes
}
