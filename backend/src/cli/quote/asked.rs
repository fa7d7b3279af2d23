//! What is to be quoted, from files of any kind.

use serde_json::{Map, Value};
use shared::input::InputError;
use shared::quote::{QuoteBase, read_order};
use shared::request::Request;
use shared::trace::kubernetes_state::{ClusterState, Said, read_manifest};
use shared::trace::mapping::Mapping;
use shared::trace::terraform_plan::{TerraformContext, TerraformPlan, read_plan};

use crate::cli::CliError;
use crate::input;
use crate::output::{counted, some};

/// What was read so far.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) requests: Vec<Request>,
    /// What of the files is not quoted, and why.
    pub(super) left_out: Vec<(String, String)>,
    pub(super) notices: Vec<String>,
}

/// What a file holds.
enum Content {
    Plan(String),
    Manifest(Vec<Value>),
    Requests(Vec<Map<String, Value>>),
}

impl Asked {
    /// Reads a file, and adds what it asks for.
    ///
    /// # Errors
    /// When it is none of the kinds that are known, or something in it is wrong.
    pub(super) fn read(
        &mut self,
        path: &str,
        base: &QuoteBase,
        tenant: Option<&str>,
        mapping: Option<&Mapping>,
    ) -> Result<(), CliError> {
        let text = input::read_text(path)?;
        let name = input::name(path);
        match content(text).map_err(CliError::in_file(name))? {
            Content::Plan(text) => {
                let tenant = tenant.ok_or_else(|| {
                    let message = "a Terraform plan does not say who pays; name the tenant with --tenant";
                    CliError::Usage(format!("{name}: {message}"))
                })?;
                let lives = |tenant: &str, name: &str| base.knows(tenant, name);
                let context = TerraformContext { at: base.at(), tenant, mapping, lives: &lives };
                let TerraformPlan { requests, left_out } =
                    read_plan(&text, &context).map_err(CliError::in_file(name))?;
                self.requests.extend(requests);
                self.left_out.extend(left_out);
            }
            Content::Manifest(objects) => {
                let ClusterState { requests, said, .. } =
                    read_manifest(objects, base.at(), mapping).map_err(CliError::in_file(name))?;
                self.requests.extend(requests);
                self.say(said);
            }
            Content::Requests(mut objects) => {
                if let Some(tenant) = tenant {
                    objects.iter_mut().for_each(|object| {
                        object.entry("tenant").or_insert_with(|| tenant.into());
                    });
                }
                self.requests.extend(read_order(objects, base.at()).map_err(CliError::in_file(name))?);
            }
        }
        Ok(())
    }

    /// What of a manifest is quoted otherwise than it is written, or not at all.
    fn say(&mut self, said: Said) {
        for (kind, count) in said.kinds_unknown {
            let why = match kind.as_str() {
                "DaemonSet" => "it makes a pod on every node, and how many there will be is not known",
                "CronJob" => "it makes pods when its time comes; quote its Job",
                _ => "it asks for nothing that is paid for",
            };
            self.left_out.push((format!("{kind} ({count})"), why.to_owned()));
        }
        let without = said.pods_without_requests;
        if !without.is_empty() {
            let why = format!("asking for nothing: {}", some(without.iter().map(String::as_str)));
            self.left_out.push((counted(without.len() as u64, "pod"), why));
        }
        if said.services_inside > 0 {
            let services = counted(said.services_inside, "service");
            self.left_out.push((services, "it has no address outside, and costs nothing".to_owned()));
        }
        for (resource, pods) in said.resources_unknown {
            self.notices
                .push(format!("`{resource}` has no price and no place here: {} ask for it", counted(pods, "pod")));
        }
        if said.pods_with_rules > 0 {
            let pods = counted(said.pods_with_rules, "pod");
            self.notices.push(format!("not carried over: node selectors, preferences or spread constraints of {pods}"));
        }
        for (class, pods) in said.priority_classes_unknown {
            let pods = counted(pods, "pod");
            self.notices.push(format!("priority class `{class}` is not in the manifest: {pods} taken for 0"));
        }
    }
}

/// Tells kinds of files apart by what is in them.
fn content(text: String) -> Result<Content, InputError> {
    const EXPECTED: &str = "expected a Kubernetes manifest, a Terraform plan of `terraform show -json`, or requests, as \
                            {\"tenant\":\"web\",\"flavor\":\"m5.large\"}";
    let documents = documents(&text)?;
    let has = |field: &str| documents.iter().any(|document| document.get(field).is_some());
    if has("format_version") {
        return Ok(Content::Plan(text));
    }
    if has("kind") {
        return Ok(Content::Manifest(documents));
    }
    let mut objects = Vec::new();
    for document in documents {
        match document {
            Value::Null => {}
            Value::Object(object) => objects.push(object),
            Value::Array(list) => {
                for (item, place) in list.into_iter().zip(1..) {
                    let Value::Object(object) = item else {
                        return Err(InputError::line(place, format!("is no object; {EXPECTED}")));
                    };
                    objects.push(object);
                }
            }
            _ => return Err(InputError::whole(format!("holds no object; {EXPECTED}"))),
        }
    }
    if objects.is_empty() {
        Err(InputError::whole(format!("is empty; {EXPECTED}")))
    } else {
        Ok(Content::Requests(objects))
    }
}

/// JSON documents behind each other, or YAML documents, of which JSON is a kind.
fn documents(text: &str) -> Result<Vec<Value>, InputError> {
    let json: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(text).into_iter().collect();
    let Err(error) = json else { return Ok(json.unwrap_or_default()) };
    if text.trim_start().starts_with(['{', '[']) {
        return Err(InputError::line(error.line() as u64, format!("is no JSON: {error}")));
    }
    serde_saphyr::from_multiple(text).map_err(|error| {
        let line = error.location().map_or(0, |location| location.line());
        let said = error.to_string();
        let message = said.lines().next().unwrap_or_default().trim_start_matches("error: ");
        let message = message.split_once(": ").map_or(message, |(_, message)| message);
        InputError::line(line as u64, format!("is no YAML: {message}"))
    })
}
