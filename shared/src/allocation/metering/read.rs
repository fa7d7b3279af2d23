//! Metering records from CSV.

mod commitments;

use std::collections::BTreeMap;

use foldhash::fast::FixedState;
use indexmap::IndexMap;

use super::values::{labels, quick_rate};
use super::write::COLUMNS;
use super::{
    MeteredCommitment, MeteredCover, MeteredFlavor, MeteredGroup, MeteredModule, MeteredNode, MeteredUse, Metering,
};
use crate::cost::NodeState;
use crate::features::TimeZone;
use crate::input::{InputError, Row, Table};
use crate::request::{Module, Names, ResourceClass, Tenant};
use crate::units::{Currency, FlavorIndex, Instant, NodeGroupIndex, Rate, TenantIndex, Window};

/// Reads a file of metering records, as [`write_metering`](super::write_metering) writes it.
///
/// # Errors
/// At the first wrong line: an unknown kind of record, a value that is none, a stretch that ends before it begins or
/// reaches out of the window, or no window before the first stretch.
pub fn read_metering(text: &str) -> Result<Metering, InputError> {
    let mut reading = Reading::default();
    let header = COLUMNS.join(",");
    let rest = text.strip_prefix(header.as_str()).and_then(|rest| rest.strip_prefix('\n'));
    match rest.filter(|rest| !rest.contains(['"', '\r'])) {
        Some(rest) => read_plain(rest, &mut reading)?,
        None => read_table(text, &mut reading)?,
    }
    reading.finish()
}

/// Reads lines of values in the usual order without any quotes: a million of them in a moment.
fn read_plain(rest: &str, reading: &mut Reading) -> Result<(), InputError> {
    for (line, text) in (2..).zip(rest.lines()) {
        if text.is_empty() {
            continue;
        }
        let mut values = [""; COLUMNS.len()];
        let mut found = 0;
        for value in text.split(',') {
            if let Some(place) = values.get_mut(found) {
                *place = value;
            }
            found += 1;
        }
        if found != values.len() {
            let message = format!("the line has {found} values; expected {}, one for each column", values.len());
            return Err(InputError::line(line, message));
        }
        reading.take(line, &values)?;
    }
    Ok(())
}

/// Reads columns in any order, with quotes.
fn read_table(text: &str, reading: &mut Reading) -> Result<(), InputError> {
    let mut table = Table::open(text, None)?;
    table.expect_only(&COLUMNS)?;
    let mut positions = [None; COLUMNS.len()];
    for (position, name) in positions.iter_mut().zip(COLUMNS) {
        *position = match name {
            // Files of earlier versions have none.
            "cluster" => table.find(name),
            _ => Some(table.column(name)?),
        };
    }
    let mut row = Row::default();
    while table.next(&mut row)? {
        reading.take(row.line, &positions.map(|position| row.optional(position).unwrap_or_default()))?;
    }
    Ok(())
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    settings: Option<(Window, TimeZone, Currency, BTreeMap<String, String>)>,
    tenants: Names,
    tenant_labels: BTreeMap<u32, BTreeMap<String, String>>,
    flavors: [Names; ResourceClass::ALL.len()],
    /// By class, the index of each of its flavors.
    flavor_indices: [Vec<FlavorIndex>; ResourceClass::ALL.len()],
    flavor_names: Vec<MeteredFlavor>,
    groups: Names,
    /// Zone and cluster of each group.
    group_places: Vec<Place>,
    /// What nodes of a group cost in percent of their list price, where that is said.
    group_percents: BTreeMap<u32, u32>,
    zones: Names,
    clusters: Names,
    /// Rows of label sets by their text.
    labels: IndexMap<Box<str>, BTreeMap<String, String>, FixedState>,
    uses: Vec<MeteredUse>,
    nodes: Vec<MeteredNode>,
    modules: Vec<MeteredModule>,
    commitments: Vec<MeteredCommitment>,
    covered: Vec<MeteredCover>,
}

/// Zone and cluster.
type Place = (Option<u32>, Option<u32>);

type Values<'a> = [&'a str; COLUMNS.len()];

/// The kinds of records.
const RECORDS: &str = "window, tenant, node_group, use, node, module, commitment, covered";

/// Positions of [`COLUMNS`].
const RECORD: usize = 0;
const NAME: usize = 1;
const TENANT: usize = 2;
const CLASS: usize = 3;
const FLAVOR: usize = 4;
const NODE_GROUP: usize = 5;
const ZONE: usize = 6;
const STATE: usize = 8;
const START: usize = 9;
const END: usize = 10;
const PRICE: usize = 11;
const LABELS: usize = 12;
const CLUSTER: usize = 13;

impl Reading {
    fn take(&mut self, line: u64, values: &Values<'_>) -> Result<(), InputError> {
        match values[RECORD] {
            "use" => self.take_use(line, values),
            "node" => self.take_node(line, values),
            "module" => self.take_module(line, values),
            "node_group" => self.take_group(line, values),
            "commitment" => self.take_commitment(line, values),
            "covered" => self.take_covered(line, values),
            "tenant" => {
                let tenant = self.tenants.intern(some(line, values, NAME)?);
                self.tenant_labels.insert(tenant, labels_of(line, values)?);
                Ok(())
            }
            "window" => self.take_window(line, values),
            other => {
                let message = format!("`{other}` is no kind of record; expected one of {RECORDS}");
                Err(wrong(line, RECORD, message))
            }
        }
    }

    fn take_window(&mut self, line: u64, values: &Values<'_>) -> Result<(), InputError> {
        if self.settings.is_some() {
            return Err(wrong(line, RECORD, "is the second window; expected one, before all stretches".to_owned()));
        }
        let zone: TimeZone = parse(line, NAME, values[NAME])?;
        let currency: Currency = parse(line, STATE, values[STATE])?;
        let window = Window { start: parse(line, START, values[START])?, end: parse(line, END, values[END])? };
        if window.start >= window.end {
            let message = format!("{} is not after the start, {}; expected a window", window.end, window.start);
            return Err(wrong(line, END, message));
        }
        let source = labels_of(line, values)?;
        self.settings = Some((window, zone, currency, source));
        Ok(())
    }

    fn take_use(&mut self, line: u64, values: &Values<'_>) -> Result<(), InputError> {
        let (from, until, rate) = self.stretch(line, values)?;
        let tenant = TenantIndex(self.tenants.intern(some(line, values, TENANT)?));
        let flavor = self.flavor(line, values)?;
        let zone = (!values[ZONE].is_empty()).then(|| self.zones.intern(values[ZONE]));
        let node_group = (!values[NODE_GROUP].is_empty()).then(|| self.group(values, zone));
        let labels = self.label_row(line, values[LABELS])?;
        self.uses.push(MeteredUse { tenant, flavor, node_group, zone, labels, from, until, rate });
        Ok(())
    }

    /// The flavor of a row, known or new.
    fn flavor(&mut self, line: u64, values: &Values<'_>) -> Result<FlavorIndex, InputError> {
        let class: ResourceClass =
            ResourceClass::ALL.into_iter().find(|class| class.as_str() == values[CLASS]).ok_or_else(|| {
                let message = format!("`{}` is no class; expected compute, storage or network", values[CLASS]);
                wrong(line, CLASS, message)
            })?;
        let name = some(line, values, FLAVOR)?;
        let of_class = self.flavors[class as usize].intern(name) as usize;
        if of_class == self.flavor_indices[class as usize].len() {
            self.flavor_indices[class as usize].push(FlavorIndex::from_usize(self.flavor_names.len()));
            self.flavor_names.push(MeteredFlavor { name: name.to_owned(), class });
        }
        Ok(self.flavor_indices[class as usize][of_class])
    }

    fn take_node(&mut self, line: u64, values: &Values<'_>) -> Result<(), InputError> {
        let (from, until, rate) = self.stretch(line, values)?;
        let zone = (!values[ZONE].is_empty()).then(|| self.zones.intern(values[ZONE]));
        some(line, values, NODE_GROUP)?;
        let node_group = self.group(values, zone);
        let state = NodeState::ALL.into_iter().find(|state| state.as_str() == values[STATE]).ok_or_else(|| {
            let message = format!("`{}` is no state; expected booting, serving or draining", values[STATE]);
            wrong(line, STATE, message)
        })?;
        self.nodes.push(MeteredNode { node_group, state, from, until, rate });
        Ok(())
    }

    fn take_module(&mut self, line: u64, values: &Values<'_>) -> Result<(), InputError> {
        let (from, until, rate) = self.stretch(line, values)?;
        let module = Module::ALL.into_iter().find(|module| module.as_str() == values[NAME]).ok_or_else(|| {
            let names = Module::ALL.map(Module::as_str).join(", ");
            wrong(line, NAME, format!("`{}` is no module; expected one of {names}", values[NAME]))
        })?;
        self.modules.push(MeteredModule { module, from, until, rate });
        Ok(())
    }

    fn stretch(&self, line: u64, values: &Values<'_>) -> Result<(Instant, Instant, Rate), InputError> {
        let Some((window, ..)) = &self.settings else {
            return Err(wrong(line, RECORD, "stands before the window; expected a row `window` first".to_owned()));
        };
        let (from, until): (Instant, Instant) = (parse(line, START, values[START])?, parse(line, END, values[END])?);
        if from >= until {
            return Err(wrong(line, END, format!("{until} is not after the start, {from}; expected a later instant")));
        }
        if from < window.start || until > window.end {
            let field = if from < window.start { START } else { END };
            let message =
                format!("is outside of the window, {} … {}; expected a stretch in it", window.start, window.end);
            return Err(wrong(line, field, message));
        }
        let rate = match quick_rate(values[PRICE]) {
            Some(rate) => rate,
            None => parse(line, PRICE, values[PRICE])?,
        };
        Ok((from, until, rate))
    }

    fn group(&mut self, values: &Values<'_>, zone: Option<u32>) -> NodeGroupIndex {
        let group = self.groups.intern(values[NODE_GROUP]);
        if group as usize == self.group_places.len() {
            let cluster = (!values[CLUSTER].is_empty()).then(|| self.clusters.intern(values[CLUSTER]));
            self.group_places.push((zone, cluster));
        }
        NodeGroupIndex(group)
    }

    fn label_row(&mut self, line: u64, text: &str) -> Result<u32, InputError> {
        if text.is_empty() {
            return Ok(0);
        }
        if let Some(row) = self.labels.get_index_of(text) {
            return Ok(row as u32 + 1);
        }
        let set = labels(text).ok_or_else(|| wrong_labels(line, text))?;
        Ok(self.labels.insert_full(text.into(), set).0 as u32 + 1)
    }

    fn finish(mut self) -> Result<Metering, InputError> {
        let Some((window, time_zone, currency, source)) = self.settings else {
            return Err(InputError::whole("has no row `window`; expected one that says what is covered"));
        };
        let tenant = |(index, name): (u32, &str)| Tenant {
            name: name.to_owned(),
            quota: None,
            labels: self.tenant_labels.remove(&index).unwrap_or_default(),
        };
        let percents = &self.group_percents;
        let group = |(index, (name, (zone, cluster))): (u32, (&str, Place))| MeteredGroup {
            name: name.to_owned(),
            zone,
            cluster,
            price_percent: percents.get(&index).copied().unwrap_or(100),
        };
        Ok(Metering {
            window,
            time_zone,
            currency,
            source,
            tenants: (0..).zip(self.tenants.iter()).map(tenant).collect(),
            flavors: self.flavor_names,
            node_groups: (0..).zip(self.groups.iter().zip(self.group_places)).map(group).collect(),
            zones: self.zones,
            clusters: self.clusters,
            label_sets: core::iter::once(BTreeMap::new()).chain(self.labels.into_values()).collect(),
            uses: self.uses,
            nodes: self.nodes,
            modules: self.modules,
            commitments: self.commitments,
            covered: self.covered,
        })
    }
}

fn parse<T: core::str::FromStr<Err: core::fmt::Display>>(
    line: u64,
    column: usize,
    text: &str,
) -> Result<T, InputError> {
    text.parse().map_err(|error: T::Err| wrong(line, column, error.to_string()))
}

/// A value that has to be there.
fn some<'a>(line: u64, values: &Values<'a>, column: usize) -> Result<&'a str, InputError> {
    if values[column].is_empty() {
        return Err(wrong(line, column, "is empty; expected a name".to_owned()));
    }
    Ok(values[column])
}

fn wrong(line: u64, column: usize, message: String) -> InputError {
    InputError::field(line, COLUMNS[column], message)
}

fn labels_of(line: u64, values: &Values<'_>) -> Result<BTreeMap<String, String>, InputError> {
    labels(values[LABELS]).ok_or_else(|| wrong_labels(line, values[LABELS]))
}

fn wrong_labels(line: u64, text: &str) -> InputError {
    wrong(line, LABELS, format!("`{text}` are no labels; expected key=value with `;` between them"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "record,name,tenant,class,flavor,node_group,zone,node,state,start,end,price_per_hour,labels,cluster\n";
    const WINDOW: &str = "window,UTC,,,,,,,USD,2026-01-01T00:00:00Z,2026-01-02T00:00:00Z,,,\n";

    fn error(rows: &str) -> String {
        read_metering(&format!("{HEADER}{rows}")).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn what_is_wrong_is_named() {
        let used = |class: &str, start: &str, end: &str, price: &str| {
            error(&format!(
                "{WINDOW}use,vm,acme,{class},s,general,,n,,2026-01-01T{start}:00Z,2026-01-01T{end}:00Z,{price},,\n"
            ))
        };
        let cases = [
            (
                used("cpu", "01:00", "02:00", "1"),
                "line 3: field `class`: `cpu` is no class; expected compute, storage or network",
            ),
            (
                used("compute", "02:00", "02:00", "1"),
                "line 3: field `end`: 2026-01-01T02:00:00Z is not after the start, 2026-01-01T02:00:00Z; expected a later \
                 instant",
            ),
            (
                used("compute", "01:00", "02:00", "-1"),
                "line 3: field `price_per_hour`: `-1` is a negative price; credits belong into the bill, not into the price \
                 book",
            ),
            (
                error("use,vm,,,,,,,,,,,,\n"),
                "line 2: field `record`: stands before the window; expected a row `window` first",
            ),
            (error(""), "has no row `window`; expected one that says what is covered"),
            (
                error(&format!("{WINDOW}vm,,,,,,,,,,,,,\n")),
                "line 3: field `record`: `vm` is no kind of record; expected one of window, tenant, node_group, use, \
                 node, module, commitment, covered",
            ),
            (error(&format!("{WINDOW}use,vm\n")), "line 3: the line has 2 values; expected 14, one for each column"),
            (
                error(&format!("{WINDOW}tenant,acme,,,,,,,,,,,team,\n")),
                "line 3: field `labels`: `team` are no labels; expected key=value with `;` between them",
            ),
        ];
        for (found, expected) in cases {
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn quotes_and_another_order_of_columns_change_nothing() {
        let used = "use,vm,acme,compute,s,general,a,n,,2026-01-01T01:00:00Z,2026-01-01T02:00:00.5Z,0.25,team=web\\;1;x=,east\n";
        let plain = read_metering(&format!("{HEADER}{WINDOW}{used}")).unwrap();
        let quoted = read_metering(&format!("{HEADER}{WINDOW}{}", used.replace("acme", "\"acme\""))).unwrap();
        assert_eq!(plain.uses, quoted.uses);
        let labels = &plain.label_sets[plain.uses[0].labels as usize];
        assert_eq!(
            labels.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect::<Vec<_>>(),
            [("team", "web;1"), ("x", "")]
        );
        assert_eq!(plain.uses[0].rate, Rate::from_nanos(250_000_000));
        assert_eq!(plain.clusters.name(plain.node_groups[0].cluster.unwrap()), "east");
        let earlier = |text: &str| text.replace(",cluster\n", "\n").replace(",,,\n", ",,\n").replace(",east\n", "\n");
        let without = read_metering(&earlier(&format!("{HEADER}{WINDOW}{used}"))).unwrap();
        assert_eq!((without.uses, without.node_groups[0].cluster), (plain.uses, None));
    }
}
