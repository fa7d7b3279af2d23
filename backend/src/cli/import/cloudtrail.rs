//! `shadowplane import cloudtrail`.

use std::collections::BTreeMap;

use shared::trace::cloudtrail::{TrailChanges, TrailTenants};

use super::super::{CliError, Global};
use super::{foreign_events, mapping};

/// Import what AWS CloudTrail recorded: instances, volumes and load balancers
///
/// An instance asks for the flavor that its type names, while it runs: stopping it is a delete, starting it a create. What
/// the flavors have stands in a price file with amounts, as for all requests that name a flavor alone. Volumes ask for GiB
/// and operations per second, a load balancer for an address. Volumes that are made with an instance are in no record.
///
/// Tenants are accounts, unless --tenant-tag or --mapping says otherwise. A record that is wrong is refused by itself.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  aws s3 sync s3://trail/AWSLogs/111122223333/CloudTrail/eu-central-1/2026/11/ trail/
  find trail -name '*.json.gz' -exec zcat {} + | shadowplane import cloudtrail - --tenant-tag team -o requests.ndjson
  shadowplane import cloudtrail trail/*.json.gz --mapping mapping.toml -o requests.ndjson
  cat records.ndjson | shadowplane import cloudtrail - > requests.ndjson")]
pub(super) struct Args {
    /// Files as CloudTrail delivers them, or one record a line, compressed or not; `-` is stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// The tag that names the tenant; the account where a resource has none
    #[arg(long, value_name = "NAME")]
    tenant_tag: Option<String>,
    /// Rules from accounts and tags to tenants
    #[arg(long, value_name = "FILE")]
    mapping: Option<String>,
    /// Where to write; stdout unless given
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,
}

impl Args {
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        let mapping = mapping(self.mapping.as_deref())?;
        let mut changes = TrailChanges::default();
        let refused = foreign_events::each_file(&self.files, |text| {
            let before = changes.refused().len();
            changes.read(text)?;
            Ok(changes.refused()[before..].to_vec())
        })?;
        let tenants = TrailTenants { mapping: mapping.as_ref(), tag: self.tenant_tag.as_deref() };
        let events = changes.settle(BTreeMap::new(), tenants);
        let to = foreign_events::Outputs { requests: self.output.as_deref(), observations: None };
        foreign_events::write(global, to, &events, refused, &self.files)
    }
}
