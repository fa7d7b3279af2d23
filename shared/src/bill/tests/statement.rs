//! A statement as charges of FOCUS, read as a bill: of the version that they are written in, each of its own, with all labels.

use std::collections::BTreeMap;

use super::*;
use crate::allocation::{
    FocusSettings, IdlePolicy, MeteredFlavor, MeteredGroup, MeteredModule, MeteredNode, MeteredUse, Metering,
    Resolution, SharedPolicy, StatementSettings, focus_groupings, focus_rows,
};
use crate::cost::NodeState;
use crate::features::TimeZone;
use crate::input::write_table;
use crate::request::{Module, Names, ResourceClass, Tenant};
use crate::trace::charge::{WhenEqual, read_charges};
use crate::trace::focus::{FocusConfig, FocusVersion, read_focus};
use crate::units::{FlavorIndex, NodeGroupIndex, Rate, TenantIndex};

/// Two hours of two nodes of 2 an hour and of seven modules of 0.01, in which tenants of team `own` use something of 0.30 for
/// an hour five times, two of them with the label of team `web`.
fn metering() -> Metering {
    let window = Window { start: at("2026-03-02T10:00:00Z"), end: at("2026-03-02T12:00:00Z") };
    let Window { start: from, end: until } = window;
    let label = |value: &str| BTreeMap::from([("team".to_owned(), value.to_owned())]);
    let tenant = |name: &str| Tenant { name: name.to_owned(), labels: label("own"), ..Tenant::default() };
    let rate = |millis: i64| Rate::from_nanos(millis * 1_000_000);
    let used = |(tenant, labels)| MeteredUse {
        tenant: TenantIndex(tenant),
        flavor: FlavorIndex(0),
        node_group: Some(NodeGroupIndex(0)),
        zone: None,
        labels,
        from,
        until: from + Duration::HOUR,
        rate: rate(300),
    };
    let node = MeteredNode { node_group: NodeGroupIndex(0), state: NodeState::Serving, from, until, rate: rate(2_000) };
    Metering {
        window,
        time_zone: TimeZone::UTC,
        currency: Currency::USD,
        source: BTreeMap::new(),
        tenants: vec![tenant("a"), tenant("b")],
        flavors: vec![MeteredFlavor { name: "s".to_owned(), class: ResourceClass::Compute }],
        node_groups: vec![MeteredGroup { name: "general".to_owned(), zone: None, cluster: None, price_percent: 100 }],
        zones: Names::default(),
        clusters: Names::default(),
        // The same set twice, as one of the log and one that was drawn may be.
        label_sets: vec![BTreeMap::new(), label("web"), label("web"), label("own")],
        uses: [(0, 1), (0, 2), (0, 3), (0, 0), (1, 0)].map(used).to_vec(),
        nodes: vec![node, node],
        modules: Module::ALL.map(|module| MeteredModule { module, from, until, rate: rate(10) }).to_vec(),
        commitments: Vec::new(),
        covered: Vec::new(),
    }
}

#[test]
fn a_statement_is_the_same_as_a_bill() {
    let metering = metering();
    let settings = StatementSettings {
        window: metering.window,
        resolution: Resolution::Day,
        by: focus_groupings(),
        idle: IdlePolicy::Keep,
        shared: SharedPolicy::Keep,
    };
    let statement = crate::allocation::Statement::new(&metering, settings).unwrap();
    let rows = focus_rows(&statement, &metering, &FocusSettings { provider: "Our cloud".to_owned() }).unwrap();
    let config = FocusConfig { stated: at("2026-04-03T00:00:00Z"), mapping: None, when_equal: WhenEqual::Count };
    let (imported, version) = read_focus(&write_table(rows.into_iter()), &config).unwrap();
    assert_eq!((version, imported.duplicates.lines.len(), imported.out_of_period), (FocusVersion::V1_2, 0, 0));
    // 2 hours × (2 nodes × 2 + 7 modules × 0.01).
    assert_eq!(imported.totals[0].billed.to_string(), "8.14");
    let lines: String = imported.lines.iter().collect();
    let bill = Bill::new(read_charges(&lines).unwrap()).unwrap();
    assert_eq!(bill.statements[0].equal, 0, "no charge is like another one in every field");
    let of_modules = bill.charges.iter().filter(|charge| charge.resource_type.as_deref() == Some("module"));
    assert_eq!(of_modules.count(), Module::ALL.len());

    let by_team = by(bill.charges, &[BillKey::Label("team".to_owned())], None);
    // 0.30 for three uses of team `own`, its tenants' or their own, and for two of team `web`; the rest of 8.14 has no label.
    assert_eq!(super::rows(&by_team), ["- 6.64", "own 0.9", "web 0.6"]);
}
