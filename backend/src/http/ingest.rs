//! `POST /v1/requests` and `POST /v1/observations`.

use std::collections::BTreeSet;
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Payload};
use shared::api::{IngestAnswer, LineAnswer, LineCode, LineOutcome};
use shared::input::InputError;
use shared::request::{Catalogue, Observation, Operation, Priority, Request, RequestLogBuilder, ResourceClass};
use shared::scenario::{Demand, Scenario, ValidScenario};
use shared::units::{Resources, Window};

use super::plausible::{Plausible, Refused};
use super::{Answer, App, Problem, appending, body};
use crate::access::{Scope, id_is_of};
use crate::config::ShadowingConfig;
use crate::store::{Appended, StoreError};

pub(super) async fn requests(
    app: Data<App>,
    scope: Scope,
    request: HttpRequest,
    payload: Payload,
) -> Answer<IngestAnswer> {
    let bytes = body::admitted(&app, &request, payload).await?;
    let records = body::records::<Request>(&bytes)?;
    let mut answers = Answers::default();
    let known = Plausible::now(&app);
    let mut shapes = Shapes::new(&app.config);
    let ids = Ids::new(&app, &scope).await?;
    for (line, record) in records {
        let checked = record.map_err(Refused::from).and_then(|request| {
            ids.check(line, &request)?;
            let request = check(line, request, &app.config.catalogue, &known)?;
            shapes.check(line, &request)?;
            Ok(request)
        });
        answers.take(line, checked, |request| request.id.clone());
    }
    let appended = appending::requests(&app, core::mem::take(&mut answers.valid)).await?;
    answers.finish(appended, "id", "was a different request; ids are unique")
}

pub(super) async fn observations(
    app: Data<App>,
    scope: Scope,
    request: HttpRequest,
    payload: Payload,
) -> Answer<IngestAnswer> {
    let bytes = body::admitted(&app, &request, payload).await?;
    let records = body::records::<Observation>(&bytes)?;
    let mut answers = Answers::default();
    for (line, record) in records {
        let mut checked = record.and_then(|observation| match observation.request.is_empty() {
            true => Err(InputError::field(line, "request", "is empty; expected the id of a request")),
            false => Ok(observation),
        });
        if let (Some(tenants), Ok(observation)) = (scope.tenants(), &checked) {
            let about = app.store.request(observation.request.clone()).await?;
            if !about.is_some_and(|request| tenants.contains(&request.tenant)) {
                // The same of an id that there is not and of another tenant's.
                let message = format!("is none of a request of {} that has come in", scope.named());
                checked = Err(InputError::field(line, "request", message));
            }
        }
        answers.take(line, checked, |observation| observation.request.clone());
    }
    let batch = core::mem::take(&mut answers.valid);
    let appended = appending::observations(&app, batch).await?;
    answers.finish(appended, "request", "contradicts an earlier observation")
}

/// A request as it is stored, where it can be.
pub(super) fn check(
    line: u64,
    mut request: Request,
    catalogue: &Catalogue,
    known: &Plausible,
) -> Result<Request, Refused> {
    request.validate(line)?;
    if request.id.starts_with("p-") {
        return Err(InputError::field(line, "id", "ids that start with `p-` are those of predicted requests").into());
    }
    known.check(line, request.at)?;
    let named_only = request.operation != Operation::Delete && request.requested.is_none();
    if let Some(flavor) = request.flavor.as_deref().filter(|flavor| named_only && catalogue.get(flavor).is_none()) {
        let message = format!("`{flavor}` is unknown; add `requested` with its amounts, or name it in --prices");
        return Err(InputError::field(line, "flavor", message).into());
    }
    // What is stored keeps the number that its class stands for now.
    if let Some(scheduling) = &mut request.scheduling {
        let number = catalogue.priority(&scheduling.priority).map_err(|name| {
            let message = format!("`{name}` is no priority class that is known; expected a number, or one that is");
            InputError::field(line, "scheduling.priority", message)
        })?;
        scheduling.priority = Priority::Number(number);
    }
    Ok(request)
}

/// Whose ids are whose, so that whoever is limited to some tenants learns of no id of others: theirs begin with the name of
/// the tenant and `/`, and nobody else's do.
struct Ids<'a> {
    scope: &'a Scope,
    /// Tenants that have a key of their own, or had one.
    kept_for: Arc<BTreeSet<String>>,
    /// Those of the caller whose ids others have from before there was a key.
    taken: BTreeSet<String>,
}

impl<'a> Ids<'a> {
    async fn new(app: &App, scope: &'a Scope) -> Result<Self, Problem> {
        let kept_for = app.keys.tenants_with_keys().await?;
        let mut taken = BTreeSet::new();
        for tenant in scope.tenants().into_iter().flatten() {
            if app.store.others_have_ids_of(tenant.clone()).await? {
                taken.insert(tenant.clone());
            }
        }
        Ok(Self { scope, kept_for, taken })
    }

    fn check(&self, line: u64, request: &Request) -> Result<(), InputError> {
        let Request { id, tenant, .. } = request;
        if let Some(tenants) = self.scope.tenants() {
            if !tenants.contains(tenant) {
                let message = format!("is none of the key's; expected {}", self.scope.named());
                return Err(InputError::field(line, "tenant", message));
            }
            if !self.scope.names(id, tenant) {
                let message = format!("is no id of the tenant's own; expected one that begins with `{tenant}/`");
                return Err(InputError::field(line, "id", message));
            }
            if self.taken.contains(tenant) {
                let message =
                    format!("cannot be told from others': not all ids that begin with `{tenant}/` are its own");
                return Err(InputError::field(line, "id", message));
            }
        }
        // There may be as many keys as tenants: only the one whose name the id has is looked for.
        let named = id.split_once('/').and_then(|(name, _)| self.kept_for.get(name));
        match named.filter(|kept| *kept != tenant && id_is_of(id, kept)) {
            Some(kept) => {
                let message =
                    format!("ids that begin with `{kept}/` are those of that tenant, which has a key of its own");
                Err(InputError::field(line, "id", message))
            }
            None => Ok(()),
        }
    }
}

/// The shapes of a body, each looked at once: one that the assumed machines can never hold, or that has no price, would
/// keep every forecast after it from being run.
pub(super) struct Shapes<'a> {
    config: &'a ShadowingConfig,
    /// Problems by class, flavor and amounts; none where it can be run.
    seen: Vec<(Shape, Option<String>)>,
}

type Shape = (ResourceClass, Option<String>, Option<Resources>);

impl<'a> Shapes<'a> {
    pub(super) fn new(config: &'a ShadowingConfig) -> Self {
        Self { config, seen: Vec::new() }
    }

    pub(super) fn check(&mut self, line: u64, request: &Request) -> Result<(), InputError> {
        if request.operation == Operation::Delete {
            return Ok(());
        }
        let shape = (request.class, request.flavor.clone(), request.requested);
        let position = match self.seen.iter().position(|(seen, _)| *seen == shape) {
            Some(position) => position,
            None => {
                self.seen.push((shape, self.problem(request)));
                self.seen.len() - 1
            }
        };
        let field = if request.requested.is_some() { "requested" } else { "flavor" };
        self.seen[position].1.clone().map_or(Ok(()), |problem| Err(InputError::field(line, field, problem)))
    }

    /// What keeps a scenario of nothing but this request from being run.
    fn problem(&self, request: &Request) -> Option<String> {
        let mut builder = RequestLogBuilder::new(self.config.catalogue.clone());
        let create = Request { operation: Operation::Create, ..request.clone() };
        let log = builder.push(1, create).and_then(|_| builder.finish()).ok()?;
        let assumed = &self.config.assumed;
        let window = Window { start: request.at, end: request.at + assumed.bin };
        let demand = Demand::Requests(Vec::new());
        let probe = Scenario { window, flavors: log.flavors, demand, ..assumed.clone() };
        let problems = ValidScenario::new(probe).err()?;
        Some(problems.0.into_iter().map(|problem| problem.message).collect::<Vec<_>>().join("; "))
    }
}

/// Answers in order of the lines, and what is to be stored.
pub(super) struct Answers<T> {
    lines: Vec<LineAnswer>,
    pub(super) valid: Vec<T>,
}

impl<T> Default for Answers<T> {
    fn default() -> Self {
        Self { lines: Vec::new(), valid: Vec::new() }
    }
}

impl<T> Answers<T> {
    pub(super) fn take(&mut self, line: u64, record: Result<T, impl Into<Refused>>, id: impl Fn(&T) -> String) {
        let (outcome, code) = (LineOutcome::Accepted, None);
        let answer = LineAnswer { line, outcome, id: None, code, field: None, message: None };
        match record.map_err(Into::into) {
            Ok(record) => {
                self.lines.push(LineAnswer { id: Some(id(&record)), ..answer });
                self.valid.push(record);
            }
            Err(Refused { code, error: InputError { field, message, .. } }) => {
                let (outcome, code) = (LineOutcome::Refused, Some(code));
                self.lines.push(LineAnswer { outcome, code, field, message: Some(message), ..answer })
            }
        }
    }

    /// Says something about the line that was taken last.
    pub(super) fn note(&mut self, field: &str, message: String) {
        if let Some(line) = self.lines.last_mut().filter(|line| line.outcome == LineOutcome::Accepted) {
            (line.field, line.message) = (Some(field.to_owned()), Some(message));
        }
    }

    /// What became of every line; a problem where nothing was taken, which a sender that looks at the status alone must
    /// not take for stored.
    pub(super) fn finish(mut self, appended: Vec<Appended>, field: &str, conflict: &str) -> Answer<IngestAnswer> {
        let mut appended = appended.into_iter();
        for line in self.lines.iter_mut().filter(|line| line.outcome == LineOutcome::Accepted) {
            match appended.next() {
                Some(Appended::Accepted) => {}
                Some(Appended::Duplicate) => line.outcome = LineOutcome::Duplicate,
                Some(Appended::Conflict) => {
                    line.outcome = LineOutcome::Refused;
                    line.code = Some(LineCode::Conflict);
                    line.field = Some(field.to_owned());
                    line.message = Some(format!("`{}` {conflict}", line.id.as_deref().unwrap_or_default()));
                }
                None => return Err(StoreError::Closed.into()),
            }
        }
        let count = |outcome| self.lines.iter().filter(|line| line.outcome == outcome).count() as u64;
        let (accepted, duplicates) = (count(LineOutcome::Accepted), count(LineOutcome::Duplicate));
        let refused = count(LineOutcome::Refused);
        let answer = IngestAnswer { accepted, duplicates, refused, lines: self.lines };
        let nothing = refused > 0 && accepted + duplicates == 0;
        if nothing { Err(Problem::nothing_taken(answer)) } else { Ok(Json(answer)) }
    }
}
