//! By what cost is split.

use core::fmt;
use core::str::FromStr;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::split::Account;
use super::{GROUPINGS_MAX, Key, NO_GROUP};
use crate::allocation::metering::{CoveredLine, Metering};
use crate::request::{Module, Names, ResourceClass};
use crate::units::{NodeGroupIndex, TenantIndex};

/// One way to group cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum GroupBy {
    /// Who pays.
    Tenant,
    /// The module of the control plane: only shared cost has one.
    Module,
    /// The flavor.
    Flavor,
    /// The class of resource.
    Class,
    /// The group of the node.
    NodeGroup,
    /// The zone of the node, or the one that was asked for.
    Zone,
    /// The cluster of the node.
    Cluster,
    /// The value of a label: the request's own, or its tenant's.
    Label(String),
    /// All labels together, as JSON: those of the request, and those of its tenant that it does not have itself. Charges of
    /// FOCUS go by them; there is no name to ask for them by.
    Labels,
}

impl FromStr for GroupBy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "tenant" => Ok(Self::Tenant),
            "module" => Ok(Self::Module),
            "flavor" => Ok(Self::Flavor),
            "class" => Ok(Self::Class),
            "node_group" => Ok(Self::NodeGroup),
            "zone" => Ok(Self::Zone),
            "cluster" => Ok(Self::Cluster),
            _ => match text.strip_prefix("label:").filter(|label| !label.is_empty()) {
                Some(label) => Ok(Self::Label(label.to_owned())),
                None => Err(format!(
                    "`{text}` is no grouping; expected tenant, module, flavor, class, node_group, zone, cluster or \
                     label:KEY"
                )),
            },
        }
    }
}

impl fmt::Display for GroupBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tenant => f.write_str("tenant"),
            Self::Module => f.write_str("module"),
            Self::Flavor => f.write_str("flavor"),
            Self::Class => f.write_str("class"),
            Self::NodeGroup => f.write_str("node_group"),
            Self::Zone => f.write_str("zone"),
            Self::Cluster => f.write_str("cluster"),
            Self::Label(label) => write!(f, "label:{label}"),
            Self::Labels => f.write_str("labels"),
        }
    }
}

impl TryFrom<String> for GroupBy {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<GroupBy> for String {
    fn from(by: GroupBy) -> Self {
        by.to_string()
    }
}

/// The groups of every grouping, and which of them each cost is of.
pub(super) struct Groups<'m> {
    metering: &'m Metering,
    by: Vec<Grouped>,
}

/// One grouping with what it needs to find a group.
enum Grouped {
    Tenant,
    Module,
    /// Group by flavor; flavors of one name are one group.
    Flavor(Names, Vec<u32>),
    Class,
    NodeGroup,
    Zone,
    Cluster,
    /// Values; the value of each label set and of each tenant.
    Label(Names, Vec<u32>, Vec<u32>),
    /// All labels together: as JSON, and which they are by tenant and label set.
    Labels(Names, BTreeMap<(u32, u32), u32>),
    /// The label set itself, by its row.
    LabelSet,
}

impl<'m> Groups<'m> {
    /// All that anything can be grouped by, as far as one does not follow from the other: tenant, module, flavor, node
    /// group, zone and label set, in this order.
    pub(super) fn finest(metering: &'m Metering) -> Self {
        let mut groups = Self::new(
            metering,
            &[GroupBy::Tenant, GroupBy::Module, GroupBy::Flavor, GroupBy::NodeGroup, GroupBy::Zone],
        );
        groups.by.push(Grouped::LabelSet);
        groups
    }

    pub(super) fn new(metering: &'m Metering, by: &[GroupBy]) -> Self {
        let grouped = by.iter().map(|by| match by {
            GroupBy::Tenant => Grouped::Tenant,
            GroupBy::Module => Grouped::Module,
            GroupBy::Flavor => {
                let mut names = Names::default();
                let of = metering.flavors.iter().map(|flavor| names.intern(&flavor.name)).collect();
                Grouped::Flavor(names, of)
            }
            GroupBy::Class => Grouped::Class,
            GroupBy::NodeGroup => Grouped::NodeGroup,
            GroupBy::Zone => Grouped::Zone,
            GroupBy::Cluster => Grouped::Cluster,
            GroupBy::Label(label) => {
                let mut values = Names::default();
                let mut value = |value: Option<&String>| value.map_or(NO_GROUP, |value| values.intern(value));
                let tenants = metering.tenants.iter().map(|tenant| value(tenant.labels.get(label))).collect();
                let sets = metering.label_sets.iter().map(|set| value(set.get(label))).collect();
                Grouped::Label(values, sets, tenants)
            }
            GroupBy::Labels => {
                let (mut names, mut of) = (Names::default(), BTreeMap::new());
                let used = metering.uses.iter().map(|used| (used.tenant.0, used.labels));
                // What is no use of a tenant's has their own labels.
                let own = (0..metering.tenants.len() as u32).map(|tenant| (tenant, 0));
                for (tenant, set) in used.chain(own) {
                    of.entry((tenant, set)).or_insert_with(|| labels(&mut names, metering, tenant, set));
                }
                Grouped::Labels(names, of)
            }
        });
        Self { metering, by: grouped.collect() }
    }

    /// The groups of an account.
    pub(super) fn of(&self, account: &Account) -> Key {
        self.key(|by| match by {
            Grouped::Tenant => account.tenant.0,
            Grouped::Module => NO_GROUP,
            Grouped::Flavor(_, groups) => groups[account.flavor.usize()],
            Grouped::Class => self.metering.flavors[account.flavor.usize()].class as u32,
            Grouped::NodeGroup => account.node_group.map_or(NO_GROUP, |group| group.0),
            Grouped::Zone => account.zone.unwrap_or(NO_GROUP),
            Grouped::Cluster => account.node_group.map_or(NO_GROUP, |group| self.cluster(group)),
            Grouped::Label(_, sets, tenants) => match sets[account.labels as usize] {
                NO_GROUP => tenants[account.tenant.usize()],
                value => value,
            },
            Grouped::Labels(_, of) => of[&(account.tenant.0, account.labels)],
            Grouped::LabelSet => account.labels,
        })
    }

    /// How many keys there can be at most; none where that is more than a number can hold.
    pub(super) fn keys(&self) -> Option<usize> {
        self.by.iter().try_fold(1_usize, |keys, by| keys.checked_mul(self.groups_of(by) + 1))
    }

    /// The number of a key among all keys that there can be.
    pub(super) fn number_of(&self, key: &Key) -> usize {
        self.by.iter().zip(key).fold(0, |number, (by, &group)| {
            let groups = self.groups_of(by);
            number * (groups + 1) + (group as usize).min(groups)
        })
    }

    /// The key of a number.
    pub(super) fn key_of(&self, mut number: usize) -> Key {
        let mut key = [NO_GROUP; GROUPINGS_MAX];
        for (group, by) in key.iter_mut().zip(&self.by).rev() {
            let groups = self.groups_of(by);
            let place = number % (groups + 1);
            number /= groups + 1;
            if place < groups {
                *group = place as u32;
            }
        }
        key
    }

    /// How many groups a grouping has.
    fn groups_of(&self, by: &Grouped) -> usize {
        match by {
            Grouped::Tenant => self.metering.tenants.len(),
            Grouped::Module => Module::ALL.len(),
            Grouped::Class => ResourceClass::ALL.len(),
            Grouped::NodeGroup => self.metering.node_groups.len(),
            Grouped::Zone => self.metering.zones.len(),
            Grouped::Cluster => self.metering.clusters.len(),
            Grouped::Flavor(names, _) | Grouped::Label(names, ..) | Grouped::Labels(names, _) => names.len(),
            Grouped::LabelSet => self.metering.label_sets.len(),
        }
    }

    /// The groups of node time that is nobody's.
    pub(super) fn of_node_group(&self, group: NodeGroupIndex) -> Key {
        self.key(|by| match by {
            Grouped::NodeGroup => group.0,
            Grouped::Zone => self.metering.node_groups[group.usize()].zone.unwrap_or(NO_GROUP),
            Grouped::Cluster => self.cluster(group),
            _ => NO_GROUP,
        })
    }

    /// The groups of what a commitment covers: no tenant's, as it depends on what all use together.
    pub(super) fn of_covered(&self, line: CoveredLine) -> Key {
        match line {
            CoveredLine::NodeGroup(group) => self.of_node_group(group),
            CoveredLine::Flavor(flavor) => self.key(|by| match by {
                Grouped::Flavor(_, groups) => groups[flavor.usize()],
                Grouped::Class => self.metering.flavors[flavor.usize()].class as u32,
                _ => NO_GROUP,
            }),
        }
    }

    /// The groups of a module's cost, or of a tenant's share of it.
    pub(super) fn of_module(&self, module: Module, tenant: Option<TenantIndex>) -> Key {
        self.key(|by| match by {
            Grouped::Module => module as u32,
            Grouped::Tenant => tenant.map_or(NO_GROUP, |tenant| tenant.0),
            Grouped::Label(_, _, tenants) => tenant.map_or(NO_GROUP, |tenant| tenants[tenant.usize()]),
            Grouped::Labels(_, of) => tenant.map_or(NO_GROUP, |tenant| of[&(tenant.0, 0)]),
            _ => NO_GROUP,
        })
    }

    /// Whether whose a share of a module is makes a difference.
    pub(super) fn by_tenant(&self) -> bool {
        self.by.iter().any(|by| matches!(by, Grouped::Tenant | Grouped::Label(..) | Grouped::Labels(..)))
    }

    /// Whether modules are told apart.
    pub(super) fn by_module(&self) -> bool {
        self.by.iter().any(|by| matches!(by, Grouped::Module))
    }

    /// By grouping, the names of its groups.
    pub(super) fn names(&self) -> Vec<Vec<String>> {
        let owned = |names: &Names| names.iter().map(str::to_owned).collect();
        let metering = self.metering;
        let names = self.by.iter().map(|by| match by {
            Grouped::Tenant => metering.tenants.iter().map(|tenant| tenant.name.clone()).collect(),
            Grouped::Module => Module::ALL.map(|module| module.as_str().to_owned()).to_vec(),
            Grouped::Class => ResourceClass::ALL.map(|class| class.as_str().to_owned()).to_vec(),
            Grouped::NodeGroup => metering.node_groups.iter().map(|group| group.name.clone()).collect(),
            Grouped::Zone => owned(&metering.zones),
            Grouped::Cluster => owned(&metering.clusters),
            Grouped::Flavor(names, _) | Grouped::Label(names, ..) | Grouped::Labels(names, _) => owned(names),
            Grouped::LabelSet => (0..metering.label_sets.len()).map(|row| row.to_string()).collect(),
        });
        names.collect()
    }

    fn cluster(&self, group: NodeGroupIndex) -> u32 {
        self.metering.node_groups[group.usize()].cluster.unwrap_or(NO_GROUP)
    }

    fn key(&self, of: impl Fn(&Grouped) -> u32) -> Key {
        let mut key = [NO_GROUP; GROUPINGS_MAX];
        key.iter_mut().zip(&self.by).for_each(|(group, by)| *group = of(by));
        key
    }
}

/// The group of the labels that a tenant's resources of a label set have; none where they have none.
fn labels(names: &mut Names, metering: &Metering, tenant: u32, set: u32) -> u32 {
    let mut labels = metering.tenants[tenant as usize].labels.clone();
    labels.extend(metering.label_sets[set as usize].clone());
    if labels.is_empty() {
        return NO_GROUP;
    }
    names.intern(&serde_json::to_string(&labels).expect("text is JSON"))
}
