//! Answers of OpenCost, and what is wrong with some.

use super::*;
use crate::trace::charge::read_charges;
use crate::trace::mapping::read_mapping;

const WINDOW: &str = r#""window":{"start":"2026-03-01T00:00:00Z","end":"2026-03-02T00:00:00Z"},
    "start":"2026-03-01T06:00:00Z","end":"2026-03-01T18:00:00Z""#;

fn answer(allocations: &str) -> String {
    format!("{{\"code\":200,\"data\":[{{{allocations}}},null]}}")
}

fn allocation(name: &str, properties: &str, costs: &str) -> String {
    format!("\"{name}\":{{\"name\":\"{name}\",\"properties\":{{{properties}}},{WINDOW},{costs}}}")
}

fn read(text: &str, mapping: Option<&Mapping>) -> Result<Vec<Charge>, InputError> {
    let config = OpenCostConfig { stated: "2026-03-02T01:00:00Z".parse().unwrap(), currency: Currency::USD, mapping };
    read_opencost(text, &config).map(|bill| read_charges(&bill.lines.iter().collect::<String>()).unwrap())
}

#[test]
fn each_part_of_the_cost_is_a_charge_and_they_add_up_to_the_total() {
    let costs = r#""cpuCost":1.00004,"cpuCostAdjustment":-0.5,"ramCost":0.25,"pvCost":0.125,"networkCost":null,
        "cpuCoreHours":24,"totalCost":0.87505"#;
    let properties = r#""cluster":"one","namespace":"web","pod":"web-0","labels":{"team":"a"},"namespaceLabels":{"team":"b","env":"prod"}"#;
    let charges = read(&answer(&allocation("web/web-0", properties, costs)), None).unwrap();
    let parts: Vec<(String, String)> =
        charges.iter().map(|charge| (charge.service.clone().unwrap(), charge.billed.to_string())).collect();
    // 0.50004 + 0.25 + 0.125 = 0.87504; the 0.00001 that rounding left over goes to the largest.
    let expected = [("cpu", "0.50005"), ("ram", "0.25"), ("pv", "0.125")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(parts, expected);
    assert_eq!(charges[0].quantity.unwrap().to_string(), "24");
    assert_eq!(charges[2].class, Some(ResourceClass::Storage));
    assert_eq!((charges[0].tags["team"].as_str(), charges[0].tags["env"].as_str()), ("a", "prod"));
    assert_eq!(charges[0].period.start, "2026-03-01T06:00:00Z".parse().unwrap());
    assert_eq!(charges[0].billing_period.start, "2026-03-01T00:00:00Z".parse().unwrap());
}

#[test]
fn marks_of_opencost_are_kinds_and_not_names() {
    let costs = r#""cpuCost":1,"totalCost":1"#;
    let of = |name: &str, properties: &str| allocation(name, properties, costs);
    let text = answer(
        &[
            of("__idle__", r#""cluster":"one""#),
            of("one/__unmounted__", r#""cluster":"one","namespace":"__unmounted__""#),
            of("__unallocated__", ""),
            of("web/__unallocated__", r#""namespace":"web""#),
        ]
        .join(","),
    );
    let charges = read(&text, None).unwrap();
    let kinds: Vec<(Option<Unowned>, Option<&str>)> =
        charges.iter().map(|charge| (charge.unowned, charge.namespace.as_deref())).collect();
    // In the order of their names.
    assert_eq!(
        kinds,
        [
            (Some(Unowned::Idle), None),
            (Some(Unowned::Unallocated), None),
            (Some(Unowned::Unmounted), None),
            (Some(Unowned::Unallocated), Some("web")),
        ]
    );
}

#[test]
fn namespaces_labels_and_clusters_are_mapped() {
    let mapping = read_mapping("[[rule]]\ntenant = \"shop\"\nnamespace = \"web\"\naccount = \"one\"\n").unwrap();
    let of = |cluster: &str| {
        allocation(cluster, &format!(r#""cluster":"{cluster}","namespace":"web""#), r#""cpuCost":1,"totalCost":1"#)
    };
    let charges = read(&answer(&[of("one"), of("two")].join(",")), Some(&mapping)).unwrap();
    let tenants: Vec<Option<&str>> = charges.iter().map(|charge| charge.tenant.as_deref()).collect();
    assert_eq!(tenants, [Some("shop"), None]);
}

#[test]
fn what_is_wrong_is_named() {
    let check = |text: &str, message: &str| assert_eq!(read(text, None).unwrap_err().to_string(), message);
    check(
        r#"{"code":400,"message":"bad window"}"#,
        "field `code`: is 400, an error of OpenCost (bad window); ask for the window again",
    );
    check(r#"{"code":200}"#, "field `data`: is missing; expected the allocations");
    check(r#"{"code":200,"data":[{}]}"#, "holds no charges; expected at least one");
    check(
        &answer(&allocation("web", "", r#""cpuCost":1,"totalCost":1.5"#)),
        "field `data[0].web.totalCost`: is 1.5, but its parts come to 1; expected them to add up to within 0.0001",
    );
    assert!(read("[]", None).unwrap_err().to_string().contains("is a list; expected one JSON object"));
    let wrong = answer(&allocation("web", "", r#""cpuCost":"1""#));
    assert!(read(&wrong, None).unwrap_err().to_string().contains("cpuCost`: is \"1\"; expected a number"), "{wrong}");
}
