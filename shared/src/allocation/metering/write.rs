//! Metering records as CSV.

use core::fmt::Write;
use std::collections::BTreeMap;

use super::values::labels_text;
use super::{CoveredLine, MeteredGroup, Metering};
use crate::cost::MeteringRecords;
use crate::units::{Instant, NodeGroupIndex, NodeIndex, Rate, ResourceIndex};

/// The columns of a file of metering records, in the order in which they are written.
pub(super) const COLUMNS: [&str; 14] = [
    "record",
    "name",
    "tenant",
    "class",
    "flavor",
    "node_group",
    "zone",
    "node",
    "state",
    "start",
    "end",
    "price_per_hour",
    "labels",
    "cluster",
];

/// Names that records have only numbers for.
pub struct MeteringNames<'a> {
    /// Of a resource.
    pub resource: &'a dyn Fn(ResourceIndex) -> String,
    /// Of a node of a group.
    pub node: &'a dyn Fn(NodeGroupIndex, NodeIndex) -> String,
}

/// Hands the lines of a file of metering records to `line`, one after the other, each with its line break.
///
/// A `window` row says what is covered, with the time zone as its name, the currency as its state and the source as labels;
/// `tenant` rows bear the labels of tenants, `node_group` rows what nodes of a group cost in percent of their list price
/// where that is not all of it; then one row a stretch of a `use` (a resource), a `node` or a `module`. A `commitment` has
/// its price an hour, of one machine where it is of `machines`, whose number is a label; `covered` rows what it covered in an
/// hour, at the price under it, with the list price and the resources × microseconds as labels. Instants are RFC 3339,
/// prices in units of the currency an hour, labels `key=value` with `;` between them and `\` before what would end one.
///
/// # Errors
/// Those of `line`.
pub fn write_metering<E>(
    metering: &Metering,
    records: &MeteringRecords,
    names: &MeteringNames<'_>,
    mut line: impl FnMut(&str) -> Result<(), E>,
) -> Result<(), E> {
    let mut row = RowText::default();
    line(row.of(COLUMNS))?;
    let window = metering.window;
    let zone = String::from(metering.time_zone.clone());
    let [start, end] = [window.start, window.end].map(|at: Instant| at.to_string());
    let currency = metering.currency.as_str();
    let source = labels_text(&metering.source);
    line(row.of(["window", &zone, "", "", "", "", "", "", currency, &start, &end, "", &source, ""]))?;
    for tenant in metering.tenants.iter().filter(|tenant| !tenant.labels.is_empty()) {
        let labels = labels_text(&tenant.labels);
        line(row.of(["tenant", &tenant.name, "", "", "", "", "", "", "", "", "", "", &labels, ""]))?;
    }
    for group in metering.node_groups.iter().filter(|group| group.price_percent != 100) {
        let zone = group.zone.map_or("", |zone| metering.zones.name(zone));
        let cluster = group.cluster.map_or("", |cluster| metering.clusters.name(cluster));
        let percent = format!("price_percent={}", group.price_percent);
        line(row.of(["node_group", "", "", "", "", &group.name, zone, "", "", "", "", "", &percent, cluster]))?;
    }
    let label_sets: Vec<String> = metering.label_sets.iter().map(labels_text).collect();
    let zone_of = |zone: Option<u32>| zone.map_or("", |zone| metering.zones.name(zone));
    let cluster_of = |group: &MeteredGroup| group.cluster.map_or("", |cluster| metering.clusters.name(cluster));
    let group_of = |group: NodeGroupIndex| &metering.node_groups[group.usize()];
    for (used, record) in metering.uses.iter().zip(&records.uses) {
        let flavor = &metering.flavors[used.flavor.usize()];
        let node = used.node_group.zip(record.node).map(|(group, node)| (names.node)(group, node)).unwrap_or_default();
        let [start, end, rate] = span(used.from, used.until, used.rate);
        line(row.of([
            "use",
            &(names.resource)(record.resource),
            &metering.tenants[used.tenant.usize()].name,
            flavor.class.as_str(),
            &flavor.name,
            used.node_group.map_or("", |group| &group_of(group).name),
            zone_of(used.zone),
            &node,
            "",
            &start,
            &end,
            &rate,
            &label_sets[used.labels as usize],
            used.node_group.map_or("", |group| cluster_of(group_of(group))),
        ]))?;
    }
    for (node, record) in metering.nodes.iter().zip(&records.nodes) {
        let (group, name) = (group_of(node.node_group), (names.node)(node.node_group, record.node));
        let [start, end, rate] = span(node.from, node.until, node.rate);
        let state = node.state.as_str();
        line(row.of([
            "node",
            &name,
            "",
            "",
            "",
            &group.name,
            zone_of(group.zone),
            &name,
            state,
            &start,
            &end,
            &rate,
            "",
            cluster_of(group),
        ]))?;
    }
    for module in &metering.modules {
        let [start, end, rate] = span(module.from, module.until, module.rate);
        line(row.of(["module", module.module.as_str(), "", "", "", "", "", "", "", &start, &end, &rate, "", ""]))?;
    }
    write_commitments(metering, &mut row, &mut line)
}

fn write_commitments<E>(
    metering: &Metering,
    row: &mut RowText,
    line: &mut impl FnMut(&str) -> Result<(), E>,
) -> Result<(), E> {
    for commitment in metering.commitments.iter().filter(|commitment| commitment.from < commitment.until) {
        let [start, end, rate] = span(commitment.from, commitment.until, commitment.rate);
        let machines = commitment.machines.map_or(String::new(), |count| format!("machines={count}"));
        line(row.of(["commitment", &commitment.name, "", "", "", "", "", "", "", &start, &end, &rate, &machines, ""]))?;
    }
    for cover in &metering.covered {
        let [start, end, rate] = span(cover.from, cover.until, cover.rate);
        let labels = [("list_price_per_hour", cover.list.to_string()), ("micros", cover.micros.to_string())];
        let labels: BTreeMap<String, String> = labels.map(|(key, value)| (key.to_owned(), value)).into();
        let (mut class, mut flavor, mut group) = ("", "", "");
        match cover.line {
            CoveredLine::NodeGroup(index) => group = &metering.node_groups[index.usize()].name,
            CoveredLine::Flavor(index) => {
                let metered = &metering.flavors[index.usize()];
                (class, flavor) = (metered.class.as_str(), &metered.name);
            }
        }
        let name = &metering.commitments[cover.commitment as usize].name;
        let labels = labels_text(&labels);
        line(row.of(["covered", name, "", class, flavor, group, "", "", "", &start, &end, &rate, &labels, ""]))?;
    }
    Ok(())
}

fn span(from: Instant, until: Instant, rate: Rate) -> [String; 3] {
    [from.to_string(), until.to_string(), rate.to_string()]
}

/// The text of one row, whose memory is used again.
#[derive(Default)]
struct RowText(String);

impl RowText {
    fn of(&mut self, values: [&str; COLUMNS.len()]) -> &str {
        self.0.clear();
        for (position, value) in values.into_iter().enumerate() {
            if position > 0 {
                self.0.push(',');
            }
            if value.contains(['"', ',', '\n', '\r']) || value != value.trim() {
                write!(self.0, "\"{}\"", value.replace('"', "\"\"")).expect("a text takes everything");
            } else {
                self.0.push_str(value);
            }
        }
        self.0.push('\n');
        &self.0
    }
}
