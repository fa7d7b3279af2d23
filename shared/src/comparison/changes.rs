//! What differs between two scenarios, field by field.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::request::Module;
use crate::scenario::{Demand, Edit, Scenario};

/// One field that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its path, with names where there are some: `fleet.node_groups[general].max`.
    pub field: String,
    /// What it is in the first; none where it is not there.
    pub before: Option<String>,
    /// What it is in the second; none where it is not there.
    pub after: Option<String>,
}

/// By what the rows of a list are told apart, where all have one that no other has.
const KEYS: [&str; 2] = ["name", "from"];

/// Every difference between two scenarios that were checked, but for their names, seeds and numbers of runs.
///
/// What is asked for and what was there at the start are compared as a whole, edits in words.
///
/// # Panics
/// When an edit names what is not there, which validation refuses.
pub fn changes(before: &Scenario, after: &Scenario) -> Vec<Change> {
    let mut found = Vec::new();
    walk("", &fields(before), &fields(after), &mut found);
    if before.demand != after.demand {
        let (first, second) = (asked_for(&before.demand), asked_for(&after.demand));
        let second = if first == second { format!("{second}, others") } else { second };
        found.push(change("demand", Some(first), Some(second)));
    }
    if before.start != after.start {
        let there = |scenario: &Scenario| {
            let (live, nodes) = (scenario.start.live.len(), scenario.start.nodes.len());
            format!("{live} live resources, {nodes} nodes")
        };
        let (first, second) = (there(before), there(after));
        let second = if first == second { format!("{second}, others") } else { second };
        found.push(change("start", Some(first), Some(second)));
    }
    found.extend(edits(before, after));
    found
}

/// All that is compared field by field, as it is written.
fn fields(scenario: &Scenario) -> Value {
    // Every field is named, so that a new one cannot be forgotten.
    let Scenario {
        name: _,
        engine,
        seed: _,
        runs: _,
        window,
        bin,
        time_zone,
        tenants,
        flavors,
        terms,
        fleet,
        placement,
        autoscaling,
        billing,
        modules,
        price_book,
        demand: _,
        start: _,
        edits: _,
    } = scenario;
    let modules: Map<String, Value> =
        Module::ALL.into_iter().map(|module| (module.as_str().to_owned(), json!(modules[module]))).collect();
    json!({
        "engine": engine, "window": window, "bin": bin, "time_zone": time_zone, "tenants": tenants, "flavors": flavors,
        "terms": terms, "fleet": fleet, "placement": placement, "autoscaling": autoscaling, "billing": billing,
        "modules": modules, "price_book": price_book,
    })
}

fn walk(path: &str, before: &Value, after: &Value, found: &mut Vec<Change>) {
    match (before, after) {
        _ if before == after => {}
        (Value::Object(before), Value::Object(after)) => {
            let new = after.keys().filter(|name| !before.contains_key(*name));
            for name in before.keys().chain(new) {
                let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                walk(&inner, before.get(name).unwrap_or(&Value::Null), after.get(name).unwrap_or(&Value::Null), found);
            }
        }
        (Value::Array(before), Value::Array(after)) => walk_rows(path, before, after, found),
        _ => found.push(change(path, text(before), text(after))),
    }
}

/// Rows with a name are compared with those of their name, others with those in their place.
fn walk_rows(path: &str, before: &[Value], after: &[Value], found: &mut Vec<Change>) {
    let key = KEYS.into_iter().find(|key| is_key(key, before) && is_key(key, after));
    let names = |rows: &[Value]| -> Vec<String> {
        let name = |(i, row): (usize, &Value)| {
            key.and_then(|key| row[key].as_str()).map_or_else(|| i.to_string(), str::to_owned)
        };
        rows.iter().enumerate().map(name).collect()
    };
    let (first, second) = (names(before), names(after));
    let row = |names: &[String], rows: &[Value], name: &str| -> Value {
        names.iter().position(|other| other == name).map_or(Value::Null, |at| rows[at].clone())
    };
    let new = second.iter().filter(|name| !first.contains(name));
    for name in first.iter().chain(new) {
        walk(&format!("{path}[{name}]"), &row(&first, before, name), &row(&second, after, name), found);
    }
    let of_both = |names: &[String], others: &[String]| -> Vec<String> {
        names.iter().filter(|name| others.contains(name)).cloned().collect()
    };
    let (order, other) = (of_both(&first, &second), of_both(&second, &first));
    if order != other {
        let field = format!("order of {path}");
        found.push(change(&field, Some(order.join(", ")), Some(other.join(", "))));
    }
}

fn is_key(key: &str, rows: &[Value]) -> bool {
    let mut seen: Vec<Option<&str>> = rows.iter().map(|row| row.get(key).and_then(Value::as_str)).collect();
    seen.sort_unstable();
    seen.iter().all(Option::is_some) && seen.windows(2).all(|pair| pair[0] != pair[1])
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn change(field: &str, before: Option<String>, after: Option<String>) -> Change {
    Change { field: field.to_owned(), before, after }
}

fn asked_for(demand: &Demand) -> String {
    match demand {
        Demand::Requests(requests) => format!("{} requests", requests.len()),
        Demand::Forecast(_) => "a forecast".to_owned(),
    }
}

/// The edits that only one of the two has, in words; or that both have them in another order.
fn edits(before: &Scenario, after: &Scenario) -> Vec<Change> {
    let [words_before, words_after] = [before, after].map(|scenario| scenario.edits_in_words(&scenario.edits));
    let mut rest: Vec<(&Edit, &String)> = after.edits.iter().zip(&words_after).collect();
    let mut found = Vec::new();
    for (edit, words) in before.edits.iter().zip(&words_before) {
        match rest.iter().position(|(other, _)| *other == edit) {
            Some(at) => drop(rest.remove(at)),
            None => found.push(change("edits", Some(words.clone()), None)),
        }
    }
    found.extend(rest.into_iter().map(|(_, words)| change("edits", None, Some(words.clone()))));
    if found.is_empty() && before.edits != after.edits {
        let in_order = |words: Vec<String>| Some(words.join(", then "));
        found.push(change("order of edits", in_order(words_before), in_order(words_after)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control_plane::PlacementPolicy;
    use crate::example::lab_scenario;
    use crate::units::{Rate, TenantIndex};

    fn said(change: impl FnOnce(&mut Scenario)) -> Vec<String> {
        let before = lab_scenario();
        let mut after = before.clone();
        change(&mut after);
        let word = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let line = |change: Change| format!("{}: {} → {}", change.field, word(change.before), word(change.after));
        changes(&before, &after).into_iter().map(line).collect()
    }

    #[test]
    fn a_field_is_named_by_the_names_on_the_way_to_it() {
        assert_eq!(said(|_| {}), Vec::<String>::new());
        assert_eq!(
            said(|scenario| {
                scenario.name = "another".to_owned();
                scenario.seed += 1;
                scenario.runs += 1;
            }),
            Vec::<String>::new()
        );
        let scenario = lab_scenario();
        let group = &scenario.fleet.node_groups[0];
        let (name, max) = (group.name.clone(), group.max);
        assert_eq!(
            said(|scenario| scenario.fleet.node_groups[0].max += 1),
            [format!("fleet.node_groups[{name}].max: {max} → {}", max + 1)]
        );
        let workers = scenario.modules[Module::Scheduler].workers;
        assert_eq!(
            said(|scenario| scenario.modules.0[Module::Scheduler as usize].workers += 2),
            [format!("modules.scheduler.workers: {workers} → {}", workers + 2)]
        );
        let entry = &scenario.price_book.types[0];
        let (name, dated) = (entry.name.clone(), entry.prices[0]);
        assert_eq!(
            said(|scenario| scenario.price_book.types[0].prices[0].rate = Rate::from_nanos(5_000_000_000)),
            [format!("price_book.types[{name}].prices[{}].rate: {} → 5", dated.from, dated.rate)]
        );
    }

    #[test]
    fn rows_that_come_go_and_change_places_are_named() {
        let tenants: Vec<String> = lab_scenario().tenants.into_iter().map(|tenant| tenant.name).collect();
        let swapped = said(|scenario| scenario.tenants.swap(0, 1));
        assert_eq!(swapped.len(), 1, "{swapped:?}");
        assert!(swapped[0].starts_with(&format!("order of tenants: {}, {}", tenants[0], tenants[1])), "{swapped:?}");
        let gone = said(|scenario| drop(scenario.tenants.pop()));
        let last = tenants.last().unwrap();
        assert!(gone.len() == 1 && gone[0].starts_with(&format!("tenants[{last}]: {{")), "{gone:?}");
        assert!(gone[0].ends_with("→ -"), "{gone:?}");
    }

    #[test]
    fn edits_are_said_in_words_and_demand_as_a_whole() {
        let double = Edit::ScaleDemand { tenant: None, percent: 200 };
        let place = Edit::Placement { policy: PlacementPolicy::BestFit };
        assert_eq!(said(|scenario| scenario.edits.push(double.clone())), ["edits: - → 200 % of the demand"]);
        let [mut one, mut other] = [lab_scenario(), lab_scenario()];
        one.edits = vec![double.clone(), place.clone()];
        other.edits = vec![place, double];
        let found = changes(&one, &other);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].before.as_deref(), Some("200 % of the demand, then place by best_fit"));
        let other = said(|scenario| scenario.demand = Demand::Requests(Vec::new()));
        assert!(other.len() == 1 && other[0].ends_with(" → 0 requests"), "{other:?}");
        let quota = Edit::Quota { tenant: TenantIndex(0), quota: None };
        assert!(said(|scenario| scenario.edits.push(quota.clone()))[0].starts_with("edits: - → no quota for `"));
    }
}
