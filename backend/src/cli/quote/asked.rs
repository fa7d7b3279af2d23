//! What is to be quoted, from files of any kind.

use serde_json::{Map, Value};
use shared::input::InputError;
use shared::quote::{QuoteBase, read_order};
use shared::request::{Operation, Request};
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
                let lives = |tenant: &str, name: &str| base.requested_of(tenant, name).is_some();
                let context = TerraformContext { at: base.at(), tenant, mapping, lives: &lives };
                let TerraformPlan { requests, left_out } =
                    read_plan(&text, &context).map_err(CliError::in_file(name))?;
                self.requests.extend(requests);
                self.left_out.extend(left_out);
            }
            Content::Manifest(objects) => {
                let state = read_manifest(objects, base.at(), mapping).map_err(CliError::in_file(name))?;
                self.take(state, base);
            }
            Content::Requests(mut objects) => {
                if let Some(tenant) = tenant {
                    objects.iter_mut().for_each(|object| {
                        object.entry("tenant").or_insert_with(|| tenant.into());
                    });
                }
                let first = self.requests.len();
                let ordered = read_order(objects, base.at(), first).map_err(CliError::in_file(name))?;
                self.requests.extend(ordered.requests);
            }
        }
        Ok(())
    }

    /// Takes what a manifest asks for; what lives under the same name is resized, or stays as it is.
    fn take(&mut self, state: ClusterState, base: &QuoteBase) {
        let ClusterState { requests, said, quotas, .. } = state;
        let mut unchanged = 0_u64;
        for request in requests {
            match base.requested_of(&request.tenant, &request.resource) {
                None => self.requests.push(request),
                old if old == request.requested => unchanged += 1,
                Some(_) => {
                    let operation = Operation::Resize;
                    self.requests.push(Request { operation, scheduling: None, lifetime: None, ..request });
                }
            }
        }
        if unchanged > 0 {
            self.left_out.push((counted(unchanged, "object"), "lives already, as it is asked for".to_owned()));
        }
        if said.objects.contains_key("Pod") {
            let message = "pods count as new unless one of the same name lives: which of a Deployment's take the place of \
                           others is not known, and pods of Jobs are taken to stay";
            self.notices.push(message.to_owned());
        }
        if !quotas.is_empty() {
            let why = "it is not applied; name quotas with --quotas".to_owned();
            self.left_out.push((counted(quotas.len() as u64, "quota"), why));
        }
        self.say(said);
    }

    /// What of a manifest is quoted otherwise than it is written, or not at all.
    fn say(&mut self, said: Said) {
        for (kind, count) in said.kinds_unknown {
            let why = match kind.as_str() {
                "DaemonSet" => "it makes a pod on every node, and how many there will be is not known",
                "CronJob" => "it makes pods when its time comes; quote its Job",
                "HorizontalPodAutoscaler" => "how many pods it makes is decided later",
                "ConfigMap" | "Secret" | "Namespace" | "ServiceAccount" => "it costs nothing",
                _ => "nothing is known of what it makes or costs",
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
    let documents: Vec<Value> = documents(&text)?.into_iter().flat_map(items).collect();
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
            _ => return Err(InputError::whole(format!("holds no object; {EXPECTED}"))),
        }
    }
    if objects.is_empty() {
        Err(InputError::whole(format!("is empty; {EXPECTED}")))
    } else {
        Ok(Content::Requests(objects))
    }
}

/// A list stands for what is in it.
fn items(document: Value) -> Vec<Value> {
    match document {
        Value::Array(list) => list,
        other => vec![other],
    }
}

/// The most documents and values of a file in YAML: far beyond what people apply at once.
const DOCUMENTS_MAX: usize = 20_000;
const NODES_MAX: usize = 2_000_000;

/// JSON documents behind each other, or YAML documents, of which JSON is a kind.
fn documents(text: &str) -> Result<Vec<Value>, InputError> {
    let json: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(text).into_iter().collect();
    let Err(error) = json else { return Ok(json.unwrap_or_default()) };
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_documents: DOCUMENTS_MAX, max_nodes: NODES_MAX, max_events: NODES_MAX * 2 },
    };
    serde_saphyr::from_multiple_with_options(text, options).map_err(|no_yaml| {
        if text.trim_start().starts_with(['{', '[']) {
            return InputError::line(error.line() as u64, format!("is no JSON: {error}"));
        }
        let line = no_yaml.location().map_or(0, |location| location.line());
        let said = no_yaml.to_string();
        let message = said.lines().next().unwrap_or_default().trim_start_matches("error: ");
        let message = message.split_once(": ").map_or(message, |(_, message)| message);
        if said.contains("budget") {
            let limits = format!("{DOCUMENTS_MAX} documents and {NODES_MAX} values");
            return InputError::whole(format!("is larger than is read, which is {limits} at most; quote it in parts"));
        }
        InputError::line(line, format!("is no YAML: {message}"))
    })
}
