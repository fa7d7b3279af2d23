//! Inventories: which machines there are.

use std::collections::BTreeSet;

use crate::input::{InputError, InputProblems, Row, Table, write_table};
use crate::units::{Dimension, Resources};

/// What a node has of its own.
const ON_NODES: [Dimension; 5] =
    [Dimension::Vcpu, Dimension::Memory, Dimension::Gpu, Dimension::LocalDisk, Dimension::Network];

/// One machine of an inventory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InventoryNode {
    /// The line of the inventory that it stands on, counted from 1.
    pub line: u64,
    /// Its name, unique in the inventory.
    pub name: String,
    /// What it has.
    pub capacity: Resources,
    /// What its price goes by.
    pub instance_type: String,
    /// Where it is, if that is known.
    pub zone: Option<String>,
    /// The cluster that it is of, if that is known.
    pub cluster: Option<String>,
}

/// Reads `node,vcpu,memory_gib,gpu,local_disk_gib,network_mbps,instance_type,zone,cluster`; `gpu`, `local_disk_gib`,
/// `network_mbps`, `zone` and `cluster` may be absent or empty.
///
/// # Errors
/// With every wrong line; a name that stands there twice is one.
pub fn read_inventory(text: &str) -> Result<Vec<InventoryNode>, InputProblems> {
    let mut table = Table::open(text, None)?;
    let amounts = ON_NODES.map(Dimension::field);
    table.expect_only(&[&["node", "instance_type", "zone", "cluster"], &amounts[..]].concat())?;
    for required in ["vcpu", "memory_gib"] {
        table.column(required)?;
    }
    let (name, instance_type) = (table.column("node")?, table.column("instance_type")?);
    let (zone, cluster) = (table.find("zone"), table.find("cluster"));
    let columns = amounts.map(|name| table.find(name));
    let (mut nodes, mut wrong, mut names, mut row) = (Vec::new(), Vec::new(), BTreeSet::new(), Row::default());
    while table.next_of(&mut row, &mut wrong) {
        for (column, field) in [(name, "node"), (instance_type, "instance_type")] {
            if row.get(column).is_empty() {
                wrong.push(InputError::field(row.line, field, "is empty; expected a name"));
            }
        }
        if !row.get(name).is_empty() && !names.insert(row.get(name).to_owned()) {
            let message = format!("`{}` stands in the file twice; expected each node once", row.get(name));
            wrong.push(InputError::field(row.line, "node", message));
        }
        nodes.push(InventoryNode {
            line: row.line,
            name: row.get(name).to_owned(),
            capacity: capacity(&row, columns, &mut wrong),
            instance_type: row.get(instance_type).to_owned(),
            zone: row.optional(zone).map(str::to_owned),
            cluster: row.optional(cluster).map(str::to_owned),
        });
    }
    if wrong.is_empty() && nodes.is_empty() {
        wrong.push(InputError::whole("has a header and no rows; expected nodes"));
    }
    if wrong.is_empty() { Ok(nodes) } else { Err(InputProblems(wrong)) }
}

/// What a node has, with what is wrong about it.
fn capacity(row: &Row, columns: [Option<usize>; ON_NODES.len()], wrong: &mut Vec<InputError>) -> Resources {
    let mut capacity = Resources::ZERO;
    for (dimension, column) in ON_NODES.into_iter().zip(columns) {
        let text = row.optional(column);
        let needed = matches!(dimension, Dimension::Vcpu | Dimension::Memory);
        let message = match dimension.parse(text.unwrap_or("0")) {
            Err(error) => Some(error.to_string()),
            Ok(0) if needed => {
                Some(format!("is {}; expected what the node has", if text.is_none() { "empty" } else { "0" }))
            }
            Ok(amount) => {
                capacity[dimension] = amount;
                None
            }
        };
        wrong.extend(message.map(|message| InputError::field(row.line, dimension.field(), message)));
    }
    wrong.extend(capacity.problem_of_gpus_owned().map(|problem| InputError::field(row.line, "gpu", problem)));
    capacity
}

/// An inventory as [`read_inventory`] reads it.
///
/// # Panics
/// When a name cannot be written, which any text can.
pub fn write_inventory(nodes: &[InventoryNode]) -> String {
    let amounts: Vec<Dimension> = ON_NODES
        .into_iter()
        .filter(|&of| {
            matches!(of, Dimension::Vcpu | Dimension::Memory) || nodes.iter().any(|node| node.capacity[of] > 0)
        })
        .collect();
    let is_clustered = nodes.iter().any(|node| node.cluster.is_some());
    let row_of = |name: String, amounts: Vec<String>, places: [String; 3]| {
        let places = places.into_iter().take(if is_clustered { 3 } else { 2 });
        core::iter::once(name).chain(amounts).chain(places).collect()
    };
    let fields = amounts.iter().map(|of| of.field().to_owned()).collect();
    let header = row_of("node".to_owned(), fields, ["instance_type", "zone", "cluster"].map(str::to_owned));
    let row = |node: &InventoryNode| {
        let amounts = amounts.iter().map(|of| of.write(node.capacity[*of])).collect();
        let [zone, cluster] = [&node.zone, &node.cluster].map(|place| place.clone().unwrap_or_default());
        row_of(node.name.clone(), amounts, [node.instance_type.clone(), zone, cluster])
    };
    write_table(core::iter::once(header).chain(nodes.iter().map(row)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_may_stand_in_any_order() {
        let nodes =
            read_inventory("instance_type;zone;node;memory_gib;vcpu\nr640;a;n-1;384;96\nr640;;n-2;384;96\n").unwrap();
        assert_eq!(nodes.len(), 2);
        assert_eq!(nodes[0].capacity, Resources::compute(96_000, 384 * 1_024));
        assert_eq!((nodes[0].zone.as_deref(), nodes[1].zone.as_deref()), (Some("a"), None));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let text = "node,vcpu,memory_gib,gpu,local_disk_gib,instance_type,zone\nn-1,3.92,15.267578125,0,0,m5,a\n\"n,2\",96,384,8,70.5,g,\n";
        assert_eq!(write_inventory(&read_inventory(text).unwrap()), text);
        let text = "node,vcpu,memory_gib,instance_type,zone,cluster\nn-1,4,16,m5,a,east\nn-2,4,16,m5,,\n";
        assert_eq!(write_inventory(&read_inventory(text).unwrap()), text);
    }

    #[test]
    fn what_is_wrong_is_named_with_line_and_field() {
        let check = |rows: &str, line: u64, field: &str, part: &str| {
            let read = read_inventory(&format!("node,vcpu,memory_gib,gpu,instance_type,zone\n{rows}"));
            let error = read.unwrap_err().first();
            assert_eq!((error.line, error.field.as_deref()), (line, Some(field)), "{error}");
            assert!(error.message.contains(part), "{error}");
        };
        check("n,two,4,,t,\n", 2, "vcpu", "`two`");
        check("n,2,0.3,,t,\n", 2, "memory_gib", "1 MiB");
        check("n,2,4,,,\n", 2, "instance_type", "empty");
        check("n,2,4,,t,\nn,2,4,,t,\n", 3, "node", "twice");
        check("n,0,4,,t,\n", 2, "vcpu", "is 0");
        check("n,2,,,t,\n", 2, "memory_gib", "is empty; expected what the node has");
    }
}
