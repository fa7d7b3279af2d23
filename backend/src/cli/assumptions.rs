//! What a shadow assumes of its control plane, as options of several commands.

mod files;

pub(super) use files::{check_alone, described_otherwise, late_prices};
use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use shared::control_plane::{Autoscaling, Billing, CapacityPool, Fleet, PlacementPolicy};
use shared::pricing::{CommitmentDiscount, Owned, PriceFile, builtin, read_commitments};
use shared::request::{Catalogue, Tenant};
use shared::scenario::Scenario;
use shared::trace::csv::Kind;
use shared::trace::inventory::{InventoryNode, read_inventory};
use shared::trace::pools::read_pools;
use shared::trace::priority_classes::read_priority_classes;
use shared::trace::quotas::{TenantQuota, read_quotas};
use shared::units::{Currency, Duration};

use super::demand::read_table;
use super::error::{CliError, Problems};
use super::fleet_file::read_fleet;
use super::price_file::read_price_book;
use crate::input;

/// How many predicted streams are run where nobody says.
const RUNS: u32 = 20;
/// How many may be run.
const RUNS_MAX: i64 = 10_000;
/// What seeds the draws where nobody says.
const SEED: u64 = 1;

/// Fleet, prices, policies, seed; what is not given has a documented default.
#[derive(Clone, Debug, Default, clap::Args, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct AssumptionArgs {
    /// The machines that there are, CSV `node,vcpu,memory_gib,gpu,instance_type,zone,cluster`; else m5.16xlarge, up to
    /// 5,000
    #[arg(long, value_name = "FILE")]
    inventory: Option<String>,
    /// The fleet, JSON as in a scenario: `node_groups` with how they grow, are bought and fail, `outages`, `pools`,
    /// `autoscaling`
    #[arg(long, value_name = "FILE", conflicts_with = "inventory")]
    fleet: Option<String>,
    /// What zones have beside nodes for volumes, load balancers and addresses, CSV
    /// `pool,zone[,storage_gib,iops,network_mbps,addresses,…]`; else, and of what no pool has, as much as is asked for
    #[arg(long, value_name = "FILE")]
    pools: Option<String>,
    /// The most that each tenant may hold at once, CSV `tenant[,vcpu,memory_gib,gpu,…]`; what is empty is not limited
    #[arg(long, value_name = "FILE")]
    quotas: Option<String>,
    /// Names that `scheduling.priority` of requests may be, CSV `name,priority`
    #[arg(long, value_name = "FILE")]
    priority_classes: Option<String>,
    /// Prices, CSV `instance_type,price_per_hour,currency[,vcpu,memory_gib,…]`, or TOML or JSON with a list `prices` of
    /// these fields; else built-in list prices
    #[arg(long, value_name = "FILE")]
    prices: Option<String>,
    /// Exchange rates for what is in another currency than the prices: date,from,to,rate
    #[arg(long, value_name = "FILE")]
    exchange_rates: Option<String>,
    /// What was promised for a term and is cheaper for it, CSV `name,price_per_hour,term_months,from,currency` with
    /// `instance_type,count[,upfront]` for machines, or `price_percent[,families]` for spend
    #[arg(long, value_name = "FILE")]
    commitments: Option<String>,
    /// How a node is chosen [default: first-fit]
    #[arg(long, value_enum)]
    policy: Option<Policy>,
    /// Whether nodes are paid, and tenants share them, or each resource has a price [default: fleet]
    #[arg(long, value_enum)]
    billing: Option<BillingArg>,
    /// How many predicted streams to run [default: 20]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=RUNS_MAX))]
    #[serde(deserialize_with = "runs")]
    runs: Option<u32>,
    /// Seeds every draw; the same seed gives the same outcome [default: 1]
    #[arg(long)]
    seed: Option<u64>,
}

/// How a node is chosen among those that fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Deserialize)]
enum Policy {
    /// The oldest
    #[default]
    #[value(name = "first-fit")]
    #[serde(rename = "first-fit")]
    First,
    /// The one that is left with the least
    #[value(name = "best-fit")]
    #[serde(rename = "best-fit")]
    Best,
    /// The one that is left with the most
    #[value(name = "worst-fit")]
    #[serde(rename = "worst-fit")]
    Worst,
    /// The one whose free shares have the largest dot product with what is asked for
    #[value(name = "dot-product")]
    #[serde(rename = "dot-product")]
    DotProduct,
    /// The one with the largest part free afterwards, in whole percent, as kube-scheduler's LeastAllocated
    #[value(name = "least-allocated")]
    #[serde(rename = "least-allocated")]
    LeastAllocated,
    /// The one with the largest part taken afterwards, in whole percent, as kube-scheduler's MostAllocated
    #[value(name = "most-allocated")]
    #[serde(rename = "most-allocated")]
    MostAllocated,
    /// The one whose GPUs become the least useless for what is asked for: fragmentation gradient descent
    #[value(name = "fragmentation-aware")]
    #[serde(rename = "fragmentation-aware")]
    FragmentationAware,
}

impl From<Policy> for PlacementPolicy {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::First => Self::FirstFit,
            Policy::Best => Self::BestFit,
            Policy::Worst => Self::WorstFit,
            Policy::DotProduct => Self::DotProduct,
            Policy::LeastAllocated => Self::LeastAllocated,
            Policy::MostAllocated => Self::MostAllocated,
            Policy::FragmentationAware => Self::FragmentationAware,
        }
    }
}

/// What is paid for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum BillingArg {
    /// Nodes: private clouds and clusters
    #[default]
    Fleet,
    /// Each resource: public clouds
    PerResource,
}

/// What is assumed, as the files say it.
pub(super) struct Assumed {
    /// The machines that there are; none where no inventory says so.
    pub(super) machines: Vec<InventoryNode>,
    /// The tenants with a quota, no demand, no window yet; on these machines, or on the default fleet where there are none.
    pub(super) base: Scenario,
    /// What names in requests stand for: the shapes that prices and machines name, and priority classes.
    pub(super) catalogue: Catalogue,
    /// Machines that were bought.
    pub(super) owned: Vec<Owned>,
    /// What to know about the prices.
    pub(super) notices: Vec<String>,
}

impl AssumptionArgs {
    /// The machines that there are; none where no inventory says so.
    ///
    /// # Errors
    /// When the inventory is wrong.
    fn machines(&self) -> Result<Vec<InventoryNode>, CliError> {
        Ok(read_table(self.inventory.as_deref(), Kind::Inventory, read_inventory)?.unwrap_or_default())
    }

    /// Whether a file has the whole fleet.
    pub(super) fn names_fleet(&self) -> bool {
        self.fleet.is_some()
    }

    /// The quotas of tenants; none where no file says so.
    ///
    /// # Errors
    /// When the file is wrong.
    fn tenant_quotas(&self) -> Result<Vec<TenantQuota>, CliError> {
        Ok(read_table(self.quotas.as_deref(), Kind::Quotas, read_quotas)?.unwrap_or_default())
    }

    /// The file of exchange rates, where there is one.
    pub(super) fn exchange_rates(&self) -> Option<&str> {
        self.exchange_rates.as_deref()
    }

    /// What the files say.
    ///
    /// # Errors
    /// With all that is wrong in any of them.
    pub(super) fn read(&self, bin: Duration, time_zone: &str) -> Result<Assumed, CliError> {
        let mut problems = Problems::default();
        let machines = problems.hear(self.machines());
        let prices = problems.hear(self.price_file());
        let commitments = prices.as_ref().and_then(|prices| problems.hear(self.commitments(prices.book.currency)));
        let fleet = problems.hear(self.scaled_fleet(machines.as_deref().unwrap_or_default()));
        let pools = problems.hear(self.capacity_pools());
        let quotas = problems.hear(self.tenant_quotas());
        let priority_classes = problems.hear(self.named_priorities());
        problems.none()?;
        let (Some(mut prices), Some((mut fleet, autoscaling))) = (prices, fleet) else {
            unreachable!("each was read or told of")
        };
        prices.book.commitments.extend(commitments.unwrap_or_default());
        if let Some(pools) = pools.flatten() {
            if !fleet.pools.is_empty() {
                let message =
                    "--pools is given, and the file given with --fleet has pools too; expected one of the two";
                return Err(CliError::Usage(message.to_owned()));
            }
            fleet.pools = pools;
        }
        let mut notices = core::mem::take(&mut prices.notices);
        if self.commitments.is_some() && self.billing.unwrap_or_default() == BillingArg::Fleet {
            notices.extend(covering_nothing(&prices.book.commitments, &fleet));
        }
        let owned = core::mem::take(&mut prices.owned);
        let base = Scenario {
            seed: self.seed(),
            runs: self.runs(),
            bin,
            time_zone: time_zone.to_owned(),
            tenants: quotas.unwrap_or_default().into_iter().map(limited).collect(),
            placement: self.policy.unwrap_or_default().into(),
            autoscaling,
            billing: match self.billing.unwrap_or_default() {
                BillingArg::Fleet => Billing::Fleet,
                BillingArg::PerResource => Billing::PerResource,
            },
            ..Scenario::on(fleet, prices)
        };
        let mut catalogue = base.catalogue();
        catalogue.priority_classes = priority_classes.unwrap_or_default();
        Ok(Assumed { machines: machines.unwrap_or_default(), base, catalogue, owned, notices })
    }

    fn price_file(&self) -> Result<PriceFile, CliError> {
        match &self.prices {
            Some(path) => read_price_book(path, self.exchange_rates()),
            None => Ok(PriceFile::of(builtin())),
        }
    }

    fn commitments(&self, currency: Currency) -> Result<Vec<CommitmentDiscount>, CliError> {
        let Some(path) = &self.commitments else { return Ok(Vec::new()) };
        read_commitments(&input::read_text(path)?, currency).map_err(CliError::all_in_file(input::name(path)))
    }

    fn scaled_fleet(&self, machines: &[InventoryNode]) -> Result<(Fleet, Autoscaling), CliError> {
        match &self.fleet {
            Some(path) => read_fleet(path),
            None if machines.is_empty() => Ok((Fleet::default(), Autoscaling::default())),
            None => Ok((Fleet::from_inventory(machines), Autoscaling::default())),
        }
    }

    /// The pools of the file that was given.
    fn capacity_pools(&self) -> Result<Option<Vec<CapacityPool>>, CliError> {
        let rows = read_table(self.pools.as_deref(), Kind::Pools, read_pools)?;
        Ok(rows.map(|rows| rows.into_iter().map(CapacityPool::from).collect()))
    }

    fn named_priorities(&self) -> Result<BTreeMap<String, i32>, CliError> {
        let Some(path) = &self.priority_classes else { return Ok(BTreeMap::new()) };
        read_priority_classes(&input::read_text(path)?).map_err(CliError::all_in_file(input::name(path)))
    }

    /// How many predicted streams are run.
    pub(super) fn runs(&self) -> u32 {
        self.runs.unwrap_or(RUNS)
    }

    /// The seed.
    pub(super) fn seed(&self) -> u64 {
        self.seed.unwrap_or(SEED)
    }

    /// The same, with what `file` says where these say nothing.
    pub(super) fn or(self, file: Self) -> Self {
        Self {
            inventory: self.inventory.or(file.inventory),
            fleet: self.fleet.or(file.fleet),
            pools: self.pools.or(file.pools),
            quotas: self.quotas.or(file.quotas),
            priority_classes: self.priority_classes.or(file.priority_classes),
            prices: self.prices.or(file.prices),
            exchange_rates: self.exchange_rates.or(file.exchange_rates),
            commitments: self.commitments.or(file.commitments),
            policy: self.policy.or(file.policy),
            billing: self.billing.or(file.billing),
            runs: self.runs.or(file.runs),
            seed: self.seed.or(file.seed),
        }
    }

    /// The first option that was given, for those who have no use for any.
    pub(super) fn given(&self) -> Option<&'static str> {
        let given = [
            ("--inventory", self.inventory.is_some()),
            ("--fleet", self.fleet.is_some()),
            ("--pools", self.pools.is_some()),
            ("--quotas", self.quotas.is_some()),
            ("--priority-classes", self.priority_classes.is_some()),
            ("--prices", self.prices.is_some()),
            ("--exchange-rates", self.exchange_rates.is_some()),
            ("--commitments", self.commitments.is_some()),
            ("--policy", self.policy.is_some()),
            ("--billing", self.billing.is_some()),
            ("--runs", self.runs.is_some()),
            ("--seed", self.seed.is_some()),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(option, _)| option)
    }
}

/// What to know about commitments that no node group draws on.
fn covering_nothing(commitments: &[CommitmentDiscount], fleet: &Fleet) -> impl Iterator<Item = String> {
    let is_drawn =
        |of: &&CommitmentDiscount| fleet.node_groups.iter().any(|group| of.covers.covers(&group.instance_type));
    commitments.iter().filter(move |of| !is_drawn(of)).map(|of| {
        format!("commitment `{}` covers no node group: it is paid, and nothing becomes cheaper by it", of.name)
    })
}

fn limited(quota: TenantQuota) -> Tenant {
    Tenant { name: quota.tenant, quota: Some(quota.limit), ..Tenant::default() }
}

fn runs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let runs = Option::<u32>::deserialize(deserializer)?;
    match runs.filter(|&runs| !(1..=RUNS_MAX).contains(&i64::from(runs))) {
        Some(wrong) => Err(D::Error::custom(format!("is {wrong}; expected 1 to {RUNS_MAX}"))),
        None => Ok(runs),
    }
}
