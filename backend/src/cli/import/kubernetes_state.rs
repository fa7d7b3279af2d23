//! `shadowplane import kubernetes-state`.

mod report;

use clap::builder::NonEmptyStringValueParser;
use serde::Serialize;
use shared::request::write_line;
use shared::trace::kubernetes_state::{ClusterState, Said, read_state};
use shared::trace::{inventory, priority_classes, quotas};

use super::super::{CliError, Global};
use super::mapping;
use crate::{input, output};

/// Import what a Kubernetes cluster has and runs: machines, quotas, live resources, and where they are
///
/// Writes into the folder given with -o: inventory.csv (the nodes, with what pods may use of them), quotas.csv (of
/// tenants, from ResourceQuotas), priority-classes.csv (from PriorityClasses), requests.ndjson (a create a live pod, claim
/// and load balancer) and observations.ndjson (nodes of pods, and when they were ready). What the dump has nothing of is not written, and said.
///
/// Tenants are namespaces, unless --mapping says otherwise. A pod asks for the most of what its containers need together
/// and what it needs to start, and its overhead; GPUs are nvidia.com/gpu and amd.com/gpu. Requests are rounded up to
/// 0.001 vCPU and 1 MiB, capacities and quotas down. Pods that have ended hold nothing; pods that ask for nothing are
/// counted and left out. A pod without a number of priority has that of its class. What made a resource is its label
/// `kubernetes/owner`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  kubectl get nodes,pods,pvc,services,resourcequotas,priorityclasses -A -o json > state.json
  shadowplane import kubernetes-state state.json -o state/
  kubectl get nodes,pods -A -o json | shadowplane import kubernetes-state - --mapping mapping.toml -o state/
  kubectl --context east get nodes,pods -A -o json | shadowplane import kubernetes-state - --cluster east -o east/
  shadowplane shadow --requests tomorrow.ndjson --inventory state/inventory.csv --quotas state/quotas.csv \\
      --start state/requests.ndjson --observations state/observations.ndjson")]
pub(super) struct Args {
    /// What kubectl printed, JSON: lists, single objects, or several of them; `-` is stdin
    file: String,
    /// Rules from namespaces and labels to tenants
    #[arg(long, value_name = "FILE")]
    mapping: Option<String>,
    /// What the cluster is called: the `cluster` of its nodes, by which reports group
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    cluster: Option<String>,
    /// The folder to write to; one of an earlier import is replaced as a whole
    #[arg(short, long, value_name = "DIR")]
    output: String,
}

/// What was imported, and what to know about it.
#[derive(Serialize)]
struct Summary<'a> {
    nodes: usize,
    quotas: usize,
    priority_classes: usize,
    requests: usize,
    observations: usize,
    #[serde(flatten)]
    said: &'a Said,
    lacks: Vec<&'static str>,
}

impl Args {
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        let mapping = mapping(self.mapping.as_deref())?;
        let text = input::read_text(&self.file)?;
        let mut state = read_state(&text, mapping.as_ref()).map_err(CliError::all_in_file(input::name(&self.file)))?;
        state.nodes.iter_mut().for_each(|node| node.cluster.clone_from(&self.cluster));
        drop(text);
        let files = files(&state);
        let written: Vec<(&str, &str)> = files.iter().map(|(name, content)| (*name, content.as_str())).collect();
        output::write_folder(&self.output, &NAMES, &written)?;
        let lacks = report::lacks(&state);
        if global.json {
            let ClusterState { nodes, quotas, priority_classes, requests, observations, said, .. } = &state;
            return output::print_json(&Summary {
                nodes: nodes.len(),
                quotas: quotas.len(),
                priority_classes: priority_classes.len(),
                requests: requests.len(),
                observations: observations.len(),
                said,
                lacks,
            });
        }
        eprint!("{}", report::text(&state, &lacks, &self.output));
        Ok(())
    }
}

const INVENTORY: &str = "inventory.csv";
const QUOTAS: &str = "quotas.csv";
const PRIORITY_CLASSES: &str = "priority-classes.csv";
const REQUESTS: &str = "requests.ndjson";
const OBSERVATIONS: &str = "observations.ndjson";

/// The files of such a folder.
const NAMES: [&str; 5] = [INVENTORY, QUOTAS, PRIORITY_CLASSES, REQUESTS, OBSERVATIONS];

/// The files that the state has something for.
fn files(state: &ClusterState) -> Vec<(&'static str, String)> {
    let lines = |write: &dyn Fn(&mut String)| {
        let mut text = String::new();
        write(&mut text);
        text
    };
    let requests = lines(&|text| state.requests.iter().for_each(|request| write_line(text, request)));
    let observations = lines(&|text| state.observations.iter().for_each(|observation| write_line(text, observation)));
    let all = [
        (INVENTORY, state.nodes.is_empty(), inventory::write_inventory(&state.nodes)),
        (QUOTAS, state.quotas.is_empty(), quotas::write_quotas(&state.quotas)),
        (
            PRIORITY_CLASSES,
            state.priority_classes.is_empty(),
            priority_classes::write_priority_classes(&state.priority_classes),
        ),
        (REQUESTS, state.requests.is_empty(), requests),
        (OBSERVATIONS, state.observations.is_empty(), observations),
    ];
    all.into_iter().filter(|(_, empty, _)| !empty).map(|(name, _, content)| (name, content)).collect()
}
