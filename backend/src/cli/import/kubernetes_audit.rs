//! `shadowplane import kubernetes-audit`.

use shared::trace::kubernetes_audit::{AuditChanges, Extent, KnownPods};

use super::super::{CliError, Global};
use super::{foreign_events, mapping};

/// Import what a Kubernetes API server has done, from its audit log (audit.k8s.io/v1)
///
/// Pods, claims of volumes and services of the type LoadBalancer become requests, called as `import kubernetes-state` calls
/// them; what makes pods is their label `kubernetes/owner`, and `kubernetes/revision` tells those before a rollout from
/// those after it. Nodes of pods, and when they were ready, are observations. A pod ends when it has succeeded or failed, or
/// is gone. All files together are taken for all that happened in their time.
///
/// deploy/kubernetes/audit-policy.yaml has the API server log what is needed. An event that is wrong is refused by itself.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  shadowplane import kubernetes-audit /var/log/kubernetes/audit*.log --observations seen.ndjson -o requests.ndjson
  zstdcat audit.log.zst | shadowplane import kubernetes-audit - --mapping mapping.toml > requests.ndjson
  shadowplane import kubernetes-state state.json -o state/          what ran when the log begins
  shadowplane shadow --requests requests.ndjson --start state/requests.ndjson --inventory state/inventory.csv")]
pub(super) struct Args {
    /// Audit logs, one event a line, or EventLists as webhooks get them, compressed or not; `-` is stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// Rules from namespaces and labels to tenants
    #[arg(long, value_name = "FILE")]
    mapping: Option<String>,
    /// Where to write the observations; nowhere unless given
    #[arg(long, value_name = "FILE")]
    observations: Option<String>,
    /// Where to write the requests; stdout unless given
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,
}

impl Args {
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        let mapping = mapping(self.mapping.as_deref())?;
        let mut changes = AuditChanges::default();
        let refused = foreign_events::each_file(&self.files, |text| {
            let before = changes.refused().len();
            changes.read(text, mapping.as_ref())?;
            Ok(changes.refused()[before..].to_vec())
        })?;
        let events = changes.settle(&KnownPods::default(), Extent::Whole);
        let to =
            foreign_events::Outputs { requests: self.output.as_deref(), observations: self.observations.as_deref() };
        foreign_events::write(global, to, &events, refused, &self.files)
    }
}
