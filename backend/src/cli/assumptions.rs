//! What a shadow assumes of its control plane, as options of several commands.

use shared::control_plane::{Autoscaling, Billing, Fleet, Modules, PlacementPolicy, State};
use shared::pricing::{PriceBook, builtin, read_prices};
use shared::request::Catalogue;
use shared::scenario::{Demand, ENGINE, Scenario};
use shared::trace::inventory::read_inventory;
use shared::units::{Duration, Instant, Window};

use super::CliError;
use crate::input;

/// Fleet, prices, policies, seed.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct AssumptionArgs {
    /// The machines that there are, CSV `node,vcpu,memory_gib,gpu,instance_type,zone`; else m5.16xlarge, up to 5,000
    #[arg(long, value_name = "FILE")]
    inventory: Option<String>,
    /// Prices, CSV `instance_type,price_per_hour,currency[,vcpu,memory_gib,…]`; else built-in list prices
    #[arg(long, value_name = "FILE")]
    prices: Option<String>,
    /// How a node is chosen
    #[arg(long, value_enum, default_value_t = Policy::First)]
    policy: Policy,
    /// Whether nodes are paid, and tenants share them, or each resource has a price
    #[arg(long, value_enum, default_value_t = BillingArg::Fleet)]
    billing: BillingArg,
    /// How many predicted streams to run
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    runs: u32,
    /// Seeds every draw; the same seed gives the same outcome
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// How a node is chosen among those that fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Policy {
    /// The oldest
    #[value(name = "first-fit")]
    First,
    /// The one that is left with the least
    #[value(name = "best-fit")]
    Best,
    /// The one that is left with the most
    #[value(name = "worst-fit")]
    Worst,
}

/// What is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum BillingArg {
    /// Nodes: private clouds and clusters
    Fleet,
    /// Each resource: public clouds
    PerResource,
}

impl AssumptionArgs {
    /// The base scenario: no tenants, no demand, no window yet.
    ///
    /// # Errors
    /// When a file is wrong.
    pub(super) fn base(&self, bin: Duration, time_zone: &str) -> Result<Scenario, CliError> {
        let price_book = match &self.prices {
            Some(path) => read_prices(&input::read_text(path)?).map_err(CliError::in_file(input::name(path)))?,
            None => builtin(),
        };
        let fleet = match &self.inventory {
            Some(path) => {
                let inventory = read_inventory(&input::read_text(path)?);
                Fleet::from_inventory(&inventory.map_err(CliError::in_file(input::name(path)))?)
            }
            None => Fleet::default(),
        };
        Ok(Scenario {
            name: "shadow".to_owned(),
            engine: ENGINE,
            seed: self.seed,
            runs: self.runs,
            window: Window { start: Instant::default(), end: Instant::default() },
            bin,
            time_zone: time_zone.to_owned(),
            tenants: Vec::new(),
            flavors: Vec::new(),
            fleet,
            placement: match self.policy {
                Policy::First => PlacementPolicy::FirstFit,
                Policy::Best => PlacementPolicy::BestFit,
                Policy::Worst => PlacementPolicy::WorstFit,
            },
            autoscaling: Autoscaling::default(),
            billing: match self.billing {
                BillingArg::Fleet => Billing::Fleet,
                BillingArg::PerResource => Billing::PerResource,
            },
            modules: Modules::default(),
            price_book,
            demand: Demand::Requests(Vec::new()),
            start: State::default(),
            edits: Vec::new(),
        })
    }

    /// The seed.
    pub(super) fn seed(&self) -> u64 {
        self.seed
    }
}

/// The shapes that a price book names, for requests that give a flavor without amounts.
pub(super) fn catalogue(book: &PriceBook) -> Catalogue {
    let shapes = book.types.iter().filter_map(|entry| Some((entry.name.clone(), entry.shape?)));
    Catalogue { flavors: shapes.collect() }
}
