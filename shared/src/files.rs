//! Files that somebody has, told apart by what is in them, and the scenario that they make together.
//!
//! ```text
//! texts ─► kinds ─► parts ─► base ─┬─► the requests as they are ─┬─► scenario
//!                                  └─► forecast ─► stream ───────┘
//! ```
//!
//! It is what the command line does with a file for each option, for where there is none: a page that files are dropped on.

mod base;
mod kind;
mod scenario;
#[cfg(test)]
mod tests;

pub use kind::FileKind;
pub use scenario::{Built, Learning, Question};

use crate::input::InputProblems;
use crate::pricing::{ExchangeRates, PriceFile, read_price_file};
use crate::request::{Catalogue, Observation, RequestLog, RequestLogBuilder, read_observations, read_requests};
use crate::trace::csv::{self, Kind, Times};
use crate::trace::inventory::{InventoryNode, read_inventory};
use crate::trace::kubernetes_state::{ClusterState, read_state};
use crate::trace::pools::{PoolRow, read_pools};
use crate::trace::priority_classes::read_priority_classes;
use crate::trace::quotas::{TenantQuota, read_quotas};

/// A file as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedText {
    /// Its name.
    pub name: String,
    /// All of it.
    pub text: String,
}

/// What was made of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its name.
    pub name: String,
    /// What it is, where that could be told.
    pub kind: Option<FileKind>,
    /// What it holds, in words; or what is wrong with it, a line a problem.
    pub found: Result<String, String>,
}

/// Everything that the files say.
#[derive(Clone, Debug, Default)]
pub struct Files {
    cluster: Option<ClusterState>,
    /// Requests as NDJSON, by the names of their files.
    requests: Vec<NamedText>,
    observations: Vec<Observation>,
    inventory: Vec<InventoryNode>,
    prices: Option<PriceFile>,
    quotas: Vec<TenantQuota>,
    pools: Vec<PoolRow>,
    priority_classes: std::collections::BTreeMap<String, i32>,
}

impl Files {
    /// Reads files of any kind that is known; what became of each, in their order, and what they say together where nothing
    /// is wrong with any.
    pub fn read(files: Vec<NamedText>) -> (Vec<Seen>, Option<Self>) {
        let mut read = Self::default();
        let mut seen: Vec<Seen> = Vec::with_capacity(files.len());
        for NamedText { name, text } in files {
            let kind = FileKind::of(&text);
            let twice = kind.as_ref().ok().filter(|kind| !kind.may_stand_beside_its_like()).and_then(|&kind| {
                let other = seen.iter().find(|other| other.kind == Some(kind))?;
                Some(format!("{} is {} too; take one of the two out", other.name, kind.describe()))
            });
            let found = match (&kind, twice) {
                (_, Some(twice)) => Err(twice),
                (Err(unknown), None) => Err(unknown.to_string()),
                (&Ok(kind), None) => read.take(kind, &name, text).map_err(|problems| problems.to_string()),
            };
            seen.push(Seen { name, kind: kind.ok(), found });
        }
        read.check_machines(&mut seen);
        if seen.iter().all(|file| file.found.is_ok()) {
            read.check_requests(&mut seen);
        }
        let is_right = seen.iter().all(|file| file.found.is_ok());
        (seen, is_right.then_some(read))
    }

    /// Takes in a file of a kind; what it holds, in words.
    fn take(&mut self, kind: FileKind, name: &str, text: String) -> Result<String, InputProblems> {
        let count = |count: usize, singular: &str, plural: &str| {
            if count == 1 { format!("1 {singular}") } else { format!("{count} {plural}") }
        };
        Ok(match kind {
            FileKind::ClusterState => {
                let state = read_state(&text, None)?;
                let words = [
                    count(state.nodes.len(), "node", "nodes"),
                    count(state.requests.len(), "live resource", "live resources"),
                    count(state.quotas.len(), "quota", "quotas"),
                ];
                self.cluster = Some(state);
                words.join(", ")
            }
            FileKind::Requests => {
                // They are read once what their flavors stand for is known.
                self.requests.push(NamedText { name: name.to_owned(), text });
                String::new()
            }
            FileKind::RequestTable => {
                let imported = csv::import(&text, &as_ours(Kind::Requests), |_| Ok(()))?;
                self.requests.push(NamedText { name: name.to_owned(), text: imported.lines.iter().collect() });
                String::new()
            }
            FileKind::Observations => {
                let observations = read_observations(&text)?;
                let words = count(observations.len(), "observation", "observations");
                self.observations.extend(observations.into_iter().map(|(_, observation)| observation));
                words
            }
            FileKind::Inventory => {
                self.inventory = read_inventory(&text)?;
                count(self.inventory.len(), "machine", "machines")
            }
            FileKind::Prices => {
                let prices = read_price_file(&text, &ExchangeRates::default())?;
                let words = count(prices.book.types.len(), "instance type", "instance types");
                let words = format!("{words}, in {}", prices.book.currency);
                self.prices = Some(prices);
                words
            }
            FileKind::Quotas => {
                self.quotas = read_quotas(&text)?;
                count(self.quotas.len(), "tenant", "tenants")
            }
            FileKind::Pools => {
                self.pools = read_pools(&text)?;
                count(self.pools.len(), "pool", "pools")
            }
            FileKind::PriorityClasses => {
                self.priority_classes = read_priority_classes(&text)?;
                count(self.priority_classes.len(), "priority class", "priority classes")
            }
        })
    }

    /// Says which machines have no price, at the file that names them.
    fn check_machines(&self, seen: &mut [Seen]) {
        if !self.inventory.is_empty() && self.cluster.as_ref().is_some_and(|state| !state.nodes.is_empty()) {
            let message = "the cluster's state has machines too; take one of the two out".to_owned();
            refuse(seen, FileKind::Inventory, message);
        }
        let has_prices_wrong = seen.iter().any(|file| file.kind == Some(FileKind::Prices) && file.found.is_err());
        let (base, machines) = (self.base(), self.machines());
        let mut unpriced: Vec<String> =
            base.fleet.node_groups.iter().map(|group| group.instance_type.clone()).collect();
        unpriced.retain(|name| base.price_book.get(name).is_none());
        unpriced.dedup();
        if unpriced.is_empty() || has_prices_wrong {
            return;
        }
        let problems: Vec<String> = unpriced.iter().map(|name| base.price_book.no_price_of(name)).collect();
        let from = if machines.is_empty() {
            FileKind::Prices
        } else if self.inventory.is_empty() {
            FileKind::ClusterState
        } else {
            FileKind::Inventory
        };
        let hint = if machines.is_empty() {
            "the machine that is assumed where no file names others: bring an inventory, or a price for it"
        } else {
            "bring a file of prices with a row for each"
        };
        refuse(seen, from, format!("{}; {hint}", problems.join("; ")));
    }

    /// Reads the requests, which says what is wrong with them and what they hold.
    fn check_requests(&self, seen: &mut [Seen]) {
        let catalogue = self.catalogue();
        for requests in &self.requests {
            let read = read_log(&requests.text, &catalogue);
            let Some(file) = seen.iter_mut().find(|file| file.name == requests.name) else { continue };
            file.found = read.map_err(|problems| problems.to_string()).and_then(|log| {
                let (Some(first), Some(last)) = (log.first(), log.last()) else {
                    return Err("holds no request; expected at least one".to_owned());
                };
                let (requests, tenants) = (log.requests.len(), log.tenants.len());
                Ok(format!("{requests} requests of {tenants} tenants, from {first} to {last}"))
            });
        }
    }

    /// The machines that there are; none where no file says so.
    fn machines(&self) -> &[InventoryNode] {
        match &self.cluster {
            Some(state) if self.inventory.is_empty() => &state.nodes,
            _ => &self.inventory,
        }
    }

    /// Whether there are requests.
    pub fn has_requests(&self) -> bool {
        !self.requests.is_empty()
    }

    /// The requests as one log; none where there are none.
    pub fn requests_as_ndjson(&self) -> Option<String> {
        let lines: String = self.requests.iter().flat_map(|file| [file.text.trim_end(), "\n"]).collect();
        (!lines.is_empty()).then_some(lines)
    }

    /// Whether there is anything to run: requests, or who lives.
    pub fn has_anything_to_run(&self) -> bool {
        self.has_requests() || self.cluster.as_ref().is_some_and(|state| !state.requests.is_empty())
    }
}

/// Reads a log by itself.
fn read_log(text: &str, catalogue: &Catalogue) -> Result<RequestLog, InputProblems> {
    let mut builder = RequestLogBuilder::new(catalogue.clone());
    read_requests(text, &mut builder)?;
    Ok(builder.finish()?)
}

/// A table whose columns have our names, with instants in UTC where they say no zone.
fn as_ours(kind: Kind) -> csv::Config {
    let times = Times::new("UTC", None, None).expect("every place has UTC");
    let (columns, empty) = (Vec::new(), Vec::new());
    csv::Config { kind, columns, delimiter: None, times, decimal_comma: false, empty }
}

/// Says what is wrong with the file of a kind.
fn refuse(seen: &mut [Seen], kind: FileKind, message: String) {
    if let Some(file) = seen.iter_mut().find(|file| file.kind == Some(kind) && file.found.is_ok()) {
        file.found = Err(message);
    }
}
