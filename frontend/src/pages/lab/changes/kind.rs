//! The kinds of changes, what has to be said of each, and the edits that they become.

use core::fmt::Display;
use core::str::FromStr;
use std::collections::BTreeMap;

use shared::pricing::{CommitmentDiscount, Coverage};
use shared::scenario::{Burst, Edit, Outage, Scenario};
use shared::trace::quotas::unlimited;
use shared::units::{Dimension, Duration, FlavorIndex, Instant, NodeGroupIndex, PoolIndex, Resources, TenantIndex};

/// What can be added to the list of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Burst,
    Shift,
    Flavor,
    Removal,
    Quota,
    Price,
    ZoneOutage,
    NodeFailures,
    FewestNodes,
    InstanceType,
    Commitment,
    Pool,
}

/// One thing that has to be said.
pub(super) struct Field {
    pub(super) id: &'static str,
    pub(super) label: &'static str,
    pub(super) input: Input,
}

/// How it is said.
pub(super) enum Input {
    /// By a choice: what it stands for, and its name.
    Choice(Vec<(String, String)>),
    /// By text, with what it is at first.
    Text(String),
}

/// What was said, by field.
pub(super) type Said = BTreeMap<&'static str, String>;

impl Kind {
    pub(super) const ALL: [Self; 12] = [
        Self::Burst,
        Self::Shift,
        Self::Flavor,
        Self::Removal,
        Self::Quota,
        Self::Price,
        Self::ZoneOutage,
        Self::NodeFailures,
        Self::FewestNodes,
        Self::InstanceType,
        Self::Commitment,
        Self::Pool,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Burst => "a burst of creates",
            Self::Shift => "demand earlier or later",
            Self::Flavor => "demand for a flavor",
            Self::Removal => "a tenant that leaves",
            Self::Quota => "a quota",
            Self::Price => "a price",
            Self::ZoneOutage => "the loss of a zone",
            Self::NodeFailures => "nodes that fail",
            Self::FewestNodes => "fewest nodes",
            Self::InstanceType => "another instance type",
            Self::Commitment => "a commitment",
            Self::Pool => "the capacity of a pool",
        }
    }

    /// Why there is nothing to choose from in `scenario`; none where there is.
    pub(super) fn missing(self, scenario: &Scenario) -> Option<&'static str> {
        match self {
            Self::ZoneOutage if zones(scenario).is_empty() => {
                Some("No node group and no pool of this scenario is in a zone.")
            }
            Self::Pool if scenario.fleet.pools.is_empty() => Some("The fleet of this scenario has no pools."),
            Self::Price if priced(scenario).is_empty() => Some("The price book of this scenario names no type."),
            Self::InstanceType if shaped(scenario).is_empty() => {
                Some("The price book of this scenario says the shape of no instance type.")
            }
            _ => None,
        }
    }

    pub(super) fn fields(self, scenario: &Scenario) -> Vec<Field> {
        let tenants = || numbered(scenario.tenants.iter().map(|tenant| tenant.name.as_str()));
        let flavors = || numbered(scenario.flavors.iter().map(|flavor| flavor.name.as_str()));
        let groups = || numbered(scenario.fleet.node_groups.iter().map(|group| group.name.as_str()));
        let same = |names: Vec<String>| names.into_iter().map(|name| (name.clone(), name)).collect::<Vec<_>>();
        match self {
            Self::Burst => vec![
                choice("tenant", "Tenant", tenants()),
                choice("flavor", "Flavor", flavors()),
                text("count", "How many", "100"),
                text("from", "After the start", "1h"),
                text("over", "Spread over", "10m"),
                text("lifetime", "Each lives (empty: on)", "1h"),
            ],
            Self::Shift => {
                let everyone = vec![(String::new(), "everyone".to_owned())];
                vec![
                    choice("tenant", "Tenant", [everyone, tenants()].concat()),
                    text("minutes", "Later by minutes (−: earlier)", "60"),
                ]
            }
            Self::Flavor => vec![choice("flavor", "Flavor", flavors()), text("percent", "Demand, %", "150")],
            Self::Removal => vec![choice("tenant", "Tenant", tenants())],
            Self::Quota => vec![
                choice("tenant", "Tenant", tenants()),
                text("vcpu", "vCPU (empty: no limit)", ""),
                text("memory_gib", "Memory, GiB (empty: no limit)", ""),
                text("gpu", "GPU (empty: no limit)", ""),
            ],
            Self::Price => {
                vec![choice("name", "Price of", same(priced(scenario))), text("percent", "New price, % of now", "120")]
            }
            Self::ZoneOutage => vec![
                choice("zone", "Zone", same(zones(scenario))),
                text("from", "After the start", "1h"),
                text("over", "For", "1h"),
            ],
            Self::NodeFailures => {
                vec![
                    choice("group", "Nodes of", groups()),
                    text("mean", "Fail after, on average (empty: never)", "30d"),
                ]
            }
            Self::FewestNodes => vec![choice("group", "Nodes of", groups()), text("count", "At least", "1")],
            Self::InstanceType => {
                vec![choice("group", "Nodes of", groups()), choice("name", "Are", same(shaped(scenario)))]
            }
            Self::Commitment => vec![
                text("rate", "Paid an hour, used or not", "1"),
                text("percent", "Use costs, % of its price", "70"),
                text("families", "Families (empty: all)", ""),
            ],
            Self::Pool => {
                let pools = numbered(scenario.fleet.pools.iter().map(|pool| pool.name.as_str()));
                vec![choice("pool", "Pool", pools), text("percent", "New capacity, % of now", "120")]
            }
        }
    }

    /// The edit that `said` stands for beside those that are `kept`, or what is wrong with it.
    pub(super) fn edit(self, scenario: &Scenario, kept: &[Edit], said: &Said) -> Result<Edit, String> {
        let field = |id: &str| said.get(id).map_or("", |text| text.trim());
        let position = |id: &str| field(id).parse::<u32>().map_err(|_| "nothing is chosen".to_owned());
        let tenant = || position("tenant").map(TenantIndex);
        let flavor = || position("flavor").map(FlavorIndex);
        let node_group = || position("group").map(NodeGroupIndex);
        let percent = || whole("percent", field("percent"));
        let after_start = || -> Result<Instant, String> {
            let after: Duration = read("after the start", field("from"))?;
            Ok(scenario.window.start + after)
        };
        Ok(match self {
            Self::Burst => Edit::Burst(Burst {
                tenant: tenant()?,
                flavor: flavor()?,
                at: after_start()?,
                over: read("spread over", field("over"))?,
                count: whole("how many", field("count"))?,
                lifetime: optional("each lives", field("lifetime"))?,
            }),
            Self::Shift => Edit::Shift {
                tenant: if field("tenant").is_empty() { None } else { Some(tenant()?) },
                by_minutes: read("minutes", &field("minutes").replace('−', "-"))?,
            },
            Self::Flavor => Edit::ScaleFlavor { flavor: flavor()?, percent: percent()? },
            Self::Removal => Edit::RemoveTenant { tenant: tenant()? },
            Self::Quota => {
                let mut quota = unlimited();
                for dimension in [Dimension::Vcpu, Dimension::Memory, Dimension::Gpu] {
                    let text = field(dimension.field());
                    if !text.is_empty() {
                        let amount = dimension.parse(text).map_err(|error| error.to_string())?;
                        quota = quota.with(dimension, amount);
                    }
                }
                Edit::Quota { tenant: tenant()?, quota: Some(quota).filter(|quota| *quota != unlimited()) }
            }
            Self::Price => Edit::Price { name: field("name").to_owned(), percent: percent()? },
            Self::ZoneOutage => {
                let (from, length): (Instant, Duration) = (after_start()?, read("for", field("over"))?);
                Edit::ZoneOutage(Outage { zone: field("zone").to_owned(), from, until: from + length })
            }
            Self::NodeFailures => {
                Edit::NodeFailures { node_group: node_group()?, fails_after: optional("fail after", field("mean"))? }
            }
            Self::FewestNodes => Edit::MinNodes { node_group: node_group()?, min: whole("at least", field("count"))? },
            Self::InstanceType => {
                Edit::InstanceType { node_group: node_group()?, instance_type: field("name").to_owned() }
            }
            Self::Pool => {
                let pool = position("pool")?;
                let has = scenario.fleet.pools.get(pool as usize).map(|pool| pool.capacity).unwrap_or_default();
                let percent = u64::from(percent()?);
                let amount = |of| u32::try_from(u64::from(has[of]) * percent / 100).unwrap_or(u32::MAX);
                let pool = PoolIndex(u16::try_from(pool).map_err(|_| "there is no such pool".to_owned())?);
                Edit::PoolCapacity { pool, capacity: Resources::from_array(Dimension::ALL.map(amount)) }
            }
            Self::Commitment => {
                let families = field("families").split([',', ' ']).filter(|name| !name.is_empty());
                let covers = Coverage::Spend {
                    rate: read("paid an hour", field("rate"))?,
                    price_percent: percent()?,
                    families: families.map(str::to_owned).collect(),
                };
                let promised = promised(scenario, kept);
                let name = format!("tried-{}", promised.len() + 1);
                let added =
                    CommitmentDiscount { name, covers, from: scenario.window.start, until: scenario.window.end };
                Edit::Commitments { commitments: [promised, vec![added]].concat() }
            }
        })
    }
}

/// What is promised already: an edit of commitments says all that there are.
fn promised(scenario: &Scenario, kept: &[Edit]) -> Vec<CommitmentDiscount> {
    let edited = kept.iter().rev().find_map(|edit| match edit {
        Edit::Commitments { commitments } => Some(commitments.clone()),
        _ => None,
    });
    edited.unwrap_or_else(|| scenario.price_book.commitments.clone())
}

fn zones(scenario: &Scenario) -> Vec<String> {
    let of_groups = scenario.fleet.node_groups.iter().filter_map(|group| group.zone.clone());
    let of_pools = scenario.fleet.pools.iter().filter_map(|pool| pool.zone.clone());
    let mut zones: Vec<String> = of_groups.chain(of_pools).collect();
    zones.sort();
    zones.dedup();
    zones
}

fn priced(scenario: &Scenario) -> Vec<String> {
    scenario.price_book.types.iter().map(|price| price.name.clone()).collect()
}

fn shaped(scenario: &Scenario) -> Vec<String> {
    scenario.price_book.types.iter().filter(|price| price.shape.is_some()).map(|price| price.name.clone()).collect()
}

fn numbered<'a>(names: impl Iterator<Item = &'a str>) -> Vec<(String, String)> {
    names.enumerate().map(|(position, name)| (position.to_string(), name.to_owned())).collect()
}

fn choice(id: &'static str, label: &'static str, options: Vec<(String, String)>) -> Field {
    Field { id, label, input: Input::Choice(options) }
}

fn text(id: &'static str, label: &'static str, at_first: &str) -> Field {
    Field { id, label, input: Input::Text(at_first.to_owned()) }
}

fn whole(what: &str, text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("{what} is `{text}`; expected a whole number"))
}

fn read<T: FromStr<Err: Display>>(what: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|error| format!("{what}: {error}"))
}

fn optional(what: &str, text: &str) -> Result<Option<Duration>, String> {
    if text.is_empty() { Ok(None) } else { read(what, text).map(Some) }
}
