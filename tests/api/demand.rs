//! Creates by tenant, class and flavor: as they were, and as they are forecast.

use serde_json::Value;
use shared::example;
use shared::request::{Operation, Request, ResourceClass};
use shared::units::{Duration, Instant};

use super::server::Server;
use crate::shadowplane::Folder;

fn sum(bins: &Value, of: &str) -> f64 {
    bins.as_array().unwrap().iter().map(|bin| bin[of].as_f64().unwrap()).sum()
}

/// A demo whose clock stands as good as still, at its first forecast.
fn standing(folder: &Folder) -> Server {
    let server = Server::start(folder, &["--demo", "--speed", "1", "--recommend", "on-order"]);
    server.wait_for("/v1/forecasts", |reply| reply.json()["state"] == "ready");
    server
}

/// What is counted is the example's requests, of which there is a list.
#[test]
fn actual_creates_are_counted_by_class_and_flavor() {
    let folder = Folder::new();
    let server = standing(&folder);
    let answer = server.get("/v1/demand").json();
    let start: Instant = answer["start"].as_str().unwrap().parse().unwrap();
    let bins = answer["creates"].as_array().unwrap().len() as i64;
    let end = start + Duration::from_minutes(5) * bins;
    let days = (start - example::START).divide(Duration::DAY)..=(end - example::START).divide(Duration::DAY);
    let creates: Vec<Request> = days
        .flat_map(|day| example::requests(example::SEED, day))
        .filter(|request| request.operation == Operation::Create && (start..end).contains(&request.at))
        .collect();
    let counted = |query: &str| -> u64 {
        let answer = server.get(&format!("/v1/demand?from={start}&to={end}&{query}")).json();
        answer["creates"].as_array().unwrap_or_else(|| panic!("{answer}")).iter().filter_map(Value::as_u64).sum()
    };
    let expected = |is: &dyn Fn(&Request) -> bool| creates.iter().filter(|request| is(request)).count() as u64;
    for class in ResourceClass::ALL {
        assert_eq!(counted(&format!("class={}", class.as_str())), expected(&|of| of.class == class), "{class:?}");
    }
    let flavors = server.get("/v1/status").json()["flavors"].clone();
    let flavors: Vec<String> = serde_json::from_value(flavors).unwrap();
    assert!(flavors.len() > 1, "{flavors:?}");
    for flavor in &flavors {
        let is = |of: &Request| of.flavor.as_ref() == Some(flavor);
        assert_eq!(counted(&format!("flavor={flavor}")), expected(&is), "{flavor}");
    }
    let both = format!("tenant=shop&flavor={}", flavors[0]);
    let is = |of: &Request| of.tenant == "shop" && of.flavor.as_ref() == Some(&flavors[0]);
    assert_eq!(counted(&both), expected(&is));
    let wrong = server.get("/v1/demand?class=gpu").json();
    assert_eq!((&wrong["status"], &wrong["field"]), (&400.into(), &"class".into()), "{wrong}");
}

/// A flavor has no series of its own, and neither has a tenant's class: they are counted in the streams.
#[test]
fn what_has_no_series_of_its_own_is_forecast_by_the_predicted_streams() {
    let folder = Folder::new();
    let server = standing(&folder);
    let forecast = |query: &str| server.get(&format!("/v1/forecasts?horizon=1d&{query}")).json();
    assert!(forecast("")["runs"].is_null(), "everything has a series of its own");
    let by_class: Vec<Value> =
        ["compute", "storage", "network"].map(|class| forecast(&format!("class={class}"))).into();
    assert!(by_class.iter().all(|of| of["state"] == "ready"), "{by_class:?}");
    let flavors: Vec<String> = serde_json::from_value(server.get("/v1/status").json()["flavors"].clone()).unwrap();
    let of = forecast(&format!("flavor={}", flavors[0]));
    assert_eq!((&of["runs"], &of["flavor"]), (&20.into(), &flavors[0].as_str().into()), "{of}");
    assert_eq!(of["bins"].as_array().unwrap().len(), 288);
    // Each create is of one flavor, and of one class: the means of a tenant's come to the same either way.
    let means = |queries: &mut dyn Iterator<Item = String>| -> f64 {
        queries.map(|query| sum(&forecast(&format!("tenant=shop&{query}"))["bins"], "mean")).sum()
    };
    let flavors = means(&mut flavors.iter().map(|flavor| format!("flavor={flavor}")));
    let classes = means(&mut ResourceClass::ALL.iter().map(|class| format!("class={}", class.as_str())));
    assert!(flavors > 1.0 && (flavors - classes).abs() < 1e-6, "{flavors} by flavor, {classes} by class");
}
