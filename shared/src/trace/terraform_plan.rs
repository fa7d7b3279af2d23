//! What Terraform plans to do, as `terraform show -json` prints it.
//!
//! Machines ask for the flavor that their type names, their block devices and volumes for storage, load balancers and
//! addresses for an address each. What changes is found by the id that Terraform knows it by, or by its address in the
//! configuration, whichever lives.

mod kinds;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use self::kinds::Asked;
pub(super) use self::kinds::gibibytes;
use super::mapping::Mapping;
use crate::input::{InputError, parse_json_object};
use crate::request::{Operation, Request};
use crate::units::{Duration, Instant};

/// A plan in our terms.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TerraformPlan {
    /// What it asks for, in the order of the plan.
    pub requests: Vec<Request>,
    /// What it changes that is not quoted, by its address, and why.
    pub left_out: Vec<(String, String)>,
}

/// Whose the resources of a plan are, and who lives.
pub struct TerraformContext<'a> {
    /// When it is carried out.
    pub at: Instant,
    /// Who pays where no rule of the mapping says otherwise.
    pub tenant: &'a str,
    /// Rules from tags and labels to tenants.
    pub mapping: Option<&'a Mapping>,
    /// Whether a resource of a tenant lives.
    pub lives: &'a dyn Fn(&str, &str) -> bool,
}

#[derive(Debug, Deserialize)]
struct Plan {
    format_version: String,
    #[serde(default)]
    resource_changes: Vec<ResourceChange>,
}

#[derive(Debug, Deserialize)]
struct ResourceChange {
    address: String,
    #[serde(default)]
    mode: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    change: Change,
}

#[derive(Debug, Deserialize)]
struct Change {
    actions: Vec<Action>,
    #[serde(default)]
    before: Option<Map<String, Value>>,
    #[serde(default)]
    after: Option<Map<String, Value>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Action {
    NoOp,
    Read,
    Create,
    Update,
    Delete,
    Forget,
}

/// How long after one half of a replacement the other one is asked for: the first has to be done, and how long that takes
/// is not known beforehand.
const REPLACED_AFTER: Duration = Duration::from_minutes(1);

/// Reads a plan of format 1.
///
/// # Errors
/// With what is no such plan.
pub fn read_plan(text: &str, context: &TerraformContext<'_>) -> Result<TerraformPlan, InputError> {
    const EXPECTED: &str = "expected what `terraform show -json plan.out` prints";
    let plan: Plan = parse_json_object(text)
        .map_err(|error| InputError { message: format!("{}; {EXPECTED}", error.message), ..error })?;
    if plan.format_version.split('.').next() != Some("1") {
        let message = format!("is `{}`; plans of format 1 are read", plan.format_version);
        return Err(InputError::field(0, "format_version", message));
    }
    let mut read = TerraformPlan::default();
    for change in plan.resource_changes.iter().filter(|change| change.mode.as_deref() != Some("data")) {
        read.take(change, context);
    }
    Ok(read)
}

impl TerraformPlan {
    fn take(&mut self, changed: &ResourceChange, context: &TerraformContext<'_>) {
        let ResourceChange { address, kind, change, .. } = changed;
        let does = |action: Action| change.actions.contains(&action);
        if !(does(Action::Create) || does(Action::Delete) || does(Action::Update)) {
            return;
        }
        if let Some(reason) = kinds::not_quoted(kind) {
            self.left_out.push((address.clone(), reason.to_owned()));
            return;
        }
        let read = |values: &Option<Map<String, Value>>| match values {
            None => Ok(Vec::new()),
            Some(values) => kinds::asked(kind, values),
        };
        let (before, after) = match (read(&change.before), read(&change.after)) {
            (Ok(before), Ok(after)) => (before, after),
            (Err((field, message)), _) | (_, Err((field, message))) => {
                self.left_out.push((address.clone(), format!("`{field}` {message}")));
                return;
            }
        };
        if before.is_empty() && after.is_empty() {
            self.left_out.push((address.clone(), format!("nothing is known of what `{kind}` costs")));
            return;
        }
        let tenant = tenant(change, context);
        if does(Action::Update) {
            self.update(changed, &tenant, (&before, &after), context);
            return;
        }
        // One takes the place of the other in this order, each when the one before it is done.
        let places = change.actions.iter().position(|action| *action == Action::Create);
        let first_at = context.at;
        let next_at = context.at + REPLACED_AFTER;
        let (create_at, delete_at) = match (places, does(Action::Delete)) {
            (Some(0), true) => (first_at, next_at),
            (Some(_), true) => (next_at, first_at),
            _ => (first_at, first_at),
        };
        if does(Action::Delete) {
            self.delete(changed, &tenant, &before, (context, delete_at));
        }
        if does(Action::Create) {
            for asked in &after {
                let mut create = create(changed, &tenant, asked, create_at);
                // What is replaced has its name until it is gone.
                if create_at < delete_at && (context.lives)(&tenant, &create.resource) {
                    create.resource.push_str("/next");
                }
                self.requests.push(create);
            }
        }
    }

    fn delete(
        &mut self,
        changed: &ResourceChange,
        tenant: &str,
        before: &[Asked],
        (context, at): (&TerraformContext<'_>, Instant),
    ) {
        for asked in before {
            match living(changed, tenant, asked, context) {
                None => self.left_out.push(not_known(changed, asked, tenant)),
                Some(resource) => {
                    let create = create(changed, tenant, asked, at);
                    let id = format!("{}/delete", create.id);
                    self.requests.push(Request { id, resource, ..create.into_delete(at) });
                }
            }
        }
    }

    /// Resizes what has another shape than before.
    fn update(
        &mut self,
        changed: &ResourceChange,
        tenant: &str,
        (before, after): (&[Asked], &[Asked]),
        context: &TerraformContext<'_>,
    ) {
        for asked in after {
            let same = before.iter().find(|before| before.part == asked.part);
            if same == Some(asked) {
                continue;
            }
            if same.is_none() {
                self.requests.push(create(changed, tenant, asked, context.at));
                continue;
            }
            match living(changed, tenant, asked, context) {
                None => self.left_out.push(not_known(changed, asked, tenant)),
                Some(resource) => {
                    let create = create(changed, tenant, asked, context.at);
                    let resize = Operation::Resize;
                    let id = format!("{}/resize", create.id);
                    self.requests.push(Request { id, resource, operation: resize, scheduling: None, ..create });
                }
            }
        }
        let gone = before.iter().filter(|old| after.iter().all(|new| new.part != old.part));
        self.delete(changed, tenant, &gone.cloned().collect::<Vec<_>>(), (context, context.at));
    }
}

/// Who pays: by the tags and labels, or whoever pays for the plan.
fn tenant(change: &Change, context: &TerraformContext<'_>) -> String {
    let values = change.after.as_ref().or(change.before.as_ref());
    let labels = values.map(labels).unwrap_or_default();
    let mapped = context.mapping.and_then(|mapping| mapping.tenant(context.tenant, &labels, context.at));
    mapped.unwrap_or(context.tenant).to_owned()
}

/// The tags (AWS, Azure) and labels (Google) of a resource.
fn labels(values: &Map<String, Value>) -> BTreeMap<String, String> {
    let maps =
        ["tags_all", "tags", "labels", "metadata"].into_iter().filter_map(|field| values.get(field)?.as_object());
    maps.flatten().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

/// What a resource is called: its address, and the part of it that is a volume of its own.
fn name(address: &str, part: Option<&str>) -> String {
    part.map_or_else(|| address.to_owned(), |part| format!("{address}/{part}"))
}

/// The name by which what is changed lives.
fn living(changed: &ResourceChange, tenant: &str, asked: &Asked, context: &TerraformContext<'_>) -> Option<String> {
    let id = changed.change.before.as_ref().and_then(|before| before.get("id")).and_then(Value::as_str);
    let names = id.into_iter().chain([changed.address.as_str()]);
    names.map(|known| name(known, asked.part.as_deref())).find(|name| (context.lives)(tenant, name))
}

fn not_known(changed: &ResourceChange, asked: &Asked, tenant: &str) -> (String, String) {
    let message = format!("nothing of {tenant} lives by its id or by this address that could change or be given back");
    (name(&changed.address, asked.part.as_deref()), message)
}

fn create(changed: &ResourceChange, tenant: &str, asked: &Asked, at: Instant) -> Request {
    let name = name(&changed.address, asked.part.as_deref());
    let values = changed.change.after.as_ref().or(changed.change.before.as_ref());
    Request {
        id: name.clone(),
        at,
        tenant: tenant.to_owned(),
        operation: Operation::Create,
        class: asked.class,
        resource: name,
        flavor: asked.flavor.clone(),
        requested: asked.requested,
        zone: asked.zone.clone(),
        scheduling: None,
        batch: None,
        lifetime: None,
        labels: values.map(labels).unwrap_or_default(),
    }
}
