//! Files of every kind, together and beside what is wrong with them.

use super::*;
use crate::control_plane::Billing;
use crate::features::Features;
use crate::forecast::{Continue, ModelFile, ModelName, SelectionConfig};
use crate::request::write_line;
use crate::scenario::{Demand, Scenario, ValidScenario};
use crate::shadow::Known;
use crate::simulation::{RunOptions, check, simulate_to_fork};
use crate::units::{Dimension, Duration};
use crate::{example, trace};

/// What kubectl prints of the made-up cluster of `tests/scenarios/kubernetes`.
const STATE: &str = include_str!("../../../tests/scenarios/kubernetes/state.json");

const REQUESTS: &str = "at,tenant,vcpu,memory_gib,lifetime_s\n\
                        2026-03-02T00:00:00Z,acme,2,8,3600\n2026-03-02T01:00:00Z,shop,1,4,7200\n";

fn named(files: &[(&str, &str)]) -> Vec<NamedText> {
    files.iter().map(|(name, text)| NamedText { name: (*name).to_owned(), text: (*text).to_owned() }).collect()
}

fn read(files: &[(&str, &str)]) -> Files {
    let (seen, read) = Files::read(named(files));
    read.unwrap_or_else(|| panic!("{seen:?}"))
}

/// What is said of each file.
fn said(files: &[(&str, &str)]) -> Vec<Result<String, String>> {
    Files::read(named(files)).0.into_iter().map(|seen| seen.found).collect()
}

fn built(files: &Files, question: &Question) -> Built {
    files.scenario(question, Duration::from_minutes(5)).unwrap()
}

const AS_IT_IS: Question = Question::AsItIs { horizon: Duration::DAY };

/// The scenario runs, and its plans break no rule.
fn runs(scenario: &Scenario) {
    let valid = ValidScenario::new(scenario.clone()).unwrap();
    let requests = valid.requests(0);
    let end = simulate_to_fork(&valid, &requests, RunOptions { keep_plans: true, ..RunOptions::default() });
    assert_eq!(check(valid.scenario(), &requests, &end.outcome.plans, &end.fleet), []);
}

#[test]
fn kinds_are_told_by_what_is_in_a_file() {
    let check = |text: &str, expected: FileKind| assert_eq!(FileKind::of(text), Ok(expected), "{text}");
    check(STATE, FileKind::ClusterState);
    check("\u{feff}{\"kind\":\"Pod\"}\n{\"kind\":\"Pod\"}", FileKind::ClusterState);
    check("\n{\"id\":\"a\",\"op\":\"create\"}\n{\"id\":\"b\"", FileKind::Requests);
    check("{\"request\":\"a\",\"node\":\"n\"}", FileKind::Observations);
    check(REQUESTS, FileKind::RequestTable);
    check("node,vcpu,memory_gib,instance_type\n", FileKind::Inventory);
    check("# ours\ninstance_type;price_per_hour;currency\n", FileKind::Prices);
    check("currency = \"EUR\"\n[[prices]]\n", FileKind::Prices);
    check("[[prices]]\n", FileKind::Prices);
    check("[{\"instance_type\":\"a\"}]", FileKind::Prices);
    check("{\"prices\":[]}", FileKind::Prices);
    check("tenant,vcpu\n", FileKind::Quotas);
    check("pool,zone,storage_gib\n", FileKind::Pools);
    check("name,priority\n", FileKind::PriorityClasses);
    let refused = |text: &str, part: &str| {
        let error = FileKind::of(text).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    refused("  \n", "is empty");
    refused("timestamp,value\n", "page Demand");
    refused("a,b\n1,2\n", "(`a`, `b`)");
    refused("{\"window\":1,\"demand\":2}", "is a scenario");
    refused("{\"window\":1}", "not known");
    refused("{\"op\":", "line 1: is no JSON");
}

/// The cluster's own README says 3 nodes with 11.76 vCPU; what it runs stands on the nodes that it was seen on.
#[test]
fn the_state_of_a_cluster_runs_on_by_itself() {
    let state = trace::kubernetes_state::read_state(STATE, None).unwrap();
    let files =
        read(&[("state.json", STATE), ("prices.csv", include_str!("../../../tests/scenarios/kubernetes/prices.csv"))]);
    assert!(!files.has_requests() && files.has_anything_to_run());
    let Built { scenario, notices, model } = built(&files, &AS_IT_IS);
    assert_eq!((scenario.demand.clone(), model), (Demand::Requests(Vec::new()), None));
    assert_eq!(scenario.start.nodes.len(), state.nodes.len());
    assert_eq!(scenario.start.live.len(), state.requests.len());
    assert_eq!(scenario.window.length(), Duration::DAY);
    assert!(notices[0].contains("Nobody comes or goes"), "{notices:?}");
    let vcpu: u32 = scenario.fleet.node_groups.iter().map(|group| group.capacity[Dimension::Vcpu] * group.max).sum();
    assert_eq!(vcpu, 11_760);
    runs(&scenario);
    let nothing_to_learn = Question::Predicted { horizon: Duration::HOUR, learning: Learning::SeasonalNaive };
    let error = files.scenario(&nothing_to_learn, Duration::from_minutes(5)).unwrap_err();
    assert!(error.contains("no requests to learn from"), "{error}");
}

#[test]
fn requests_of_a_table_run_from_the_first_to_the_last() {
    let inventory = "node,vcpu,memory_gib,instance_type\nrack-1,4,16,r740\n";
    let prices =
        "currency = \"EUR\"\nmodules = { scheduler = 0.5 }\n[[prices]]\ninstance_type = \"r740\"\nprice_per_hour = 2\n";
    let quotas = "tenant,vcpu\nacme,1\n";
    let files = read(&[("r.csv", REQUESTS), ("n.csv", inventory), ("p.toml", prices), ("q.csv", quotas)]);
    let Built { scenario, notices, .. } = built(&files, &AS_IT_IS);
    assert_eq!(scenario.billing, Billing::Fleet);
    assert_eq!(scenario.price_book.currency.as_str(), "EUR");
    assert_eq!(scenario.modules[crate::request::Module::Scheduler].rate.to_string(), "0.5");
    // From the first create to the bin of the last delete, three hours later.
    assert_eq!(scenario.window.length(), Duration::HOUR * 3 + Duration::from_minutes(5));
    assert_eq!(scenario.start.nodes.len(), 1, "the machine of an inventory is there");
    assert_eq!(notices, [""; 0]);
    assert_eq!(scenario.tenants.iter().filter(|tenant| tenant.quota.is_some()).count(), 1);
    runs(&scenario);
}

/// Three days of the example, of which the next hour is predicted as the same hour of the day before.
#[test]
fn requests_of_days_are_predicted_from() {
    let mut text = String::new();
    (0..3).flat_map(|day| example::requests(example::SEED, day)).for_each(|request| write_line(&mut text, &request));
    // Machines that hold its flavors, GPUs among them.
    let rows = (0..70).map(|i| match i {
        0..60 => format!("node-{i},16,64,,m5.4xlarge\n"),
        _ => format!("node-{i},16,64,1,g4dn.4xlarge\n"),
    });
    let inventory = format!("node,vcpu,memory_gib,gpu,instance_type\n{}", rows.collect::<String>());
    let files = read(&[("requests.ndjson", &text), ("nodes.csv", &inventory)]);
    let question = Question::Predicted { horizon: Duration::HOUR, learning: Learning::SeasonalNaive };
    let Built { scenario, model, .. } = built(&files, &question);
    assert_eq!(model.unwrap().name.as_str(), "seasonal_naive");
    assert!(matches!(scenario.demand, Demand::Forecast(_)), "a stream is sampled for each run");
    assert_eq!(scenario.window.length(), Duration::HOUR);
    assert!(!scenario.start.live.is_empty(), "it goes on from who lives at the end of the log");
    runs(&scenario);
    // The same fitted elsewhere predicts the same.
    let log = read_log(&text, &files.catalogue()).unwrap();
    let known = Known::new(&log, None, scenario.window.start);
    let mut config = SelectionConfig::new(vec![Duration::HOUR]);
    config.models = vec![ModelName::SeasonalNaive];
    let features = Features::new(known.series(Duration::from_minutes(5), 100));
    let tenants: Vec<String> = known.tenant_names().iter().map(str::to_owned).collect();
    let file = ModelFile::fit(&features.all(), tenants, &config, &mut |_| Continue::Yes).unwrap();
    let learning = Learning::Fitted(Box::new(file));
    assert_eq!(built(&files, &Question::Predicted { horizon: Duration::HOUR, learning }).scenario, scenario);
    let short: String = text.lines().take(3).collect::<Vec<_>>().join("\n");
    let files = read(&[("requests.ndjson", &short)]);
    let error = files.scenario(&question, Duration::from_minutes(5)).unwrap_err();
    assert!(error.contains("bring a longer history"), "{error}");
}

#[test]
fn what_is_wrong_is_said_of_the_file_that_is_to_blame() {
    let inventory = "node,vcpu,memory_gib,instance_type\nrack-1,4,16,r740\n";
    let found = said(&[("n.csv", inventory), ("r.csv", "at,tenant,vcpu\nyesterday,acme,2\n")]);
    assert!(found[0].as_ref().unwrap_err().contains("`r740` has no price"), "{found:?}");
    assert!(found[1].as_ref().unwrap_err().contains("line 2"), "{found:?}");
    let found = said(&[("a.csv", inventory), ("b.csv", inventory)]);
    assert!(found[1].as_ref().unwrap_err().contains("a.csv is an inventory too"), "{found:?}");
    let found = said(&[("p.csv", "instance_type,price_per_hour,currency\nmine,1,USD\n"), ("r.csv", REQUESTS)]);
    assert!(found[0].as_ref().unwrap_err().contains("`m5.16xlarge` has no price"), "{found:?}");
    assert!(found[1].is_ok());
    // A flavor that neither prices nor machines name.
    let request = r#"{"id":"a","at":"2026-03-02T00:00:00Z","tenant":"t","op":"create","class":"compute","resource":"a","flavor":"odd"}"#;
    let found = said(&[("r.ndjson", request)]);
    assert!(found[0].as_ref().unwrap_err().contains("`odd`"), "{found:?}");
    let files = read(&[("q.csv", "tenant,vcpu\nacme,1\n")]);
    let error = files.scenario(&AS_IT_IS, Duration::from_minutes(5)).unwrap_err();
    assert!(error.contains("none of the files has requests"), "{error}");
    let forever = r#"{"id":"a","at":"2026-03-02T00:00:00Z","tenant":"t","op":"create","class":"compute","resource":"a","requested":{"vcpu":1}}"#;
    let error = read(&[("r.ndjson", forever)]).scenario(&AS_IT_IS, Duration::from_minutes(5));
    assert!(error.unwrap_err().contains("no request deletes anything"));
}

/// Texts that begin as files of ours do, and go on as they like.
fn odd_text() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let begins = prop::sample::select(vec![
        "",
        "{\"kind\":\"List\",\"items\":[",
        "{\"op\":\"create\",",
        "{\"request\":\"a\",",
        "at,tenant,vcpu\n2026-03-02T00:00:00Z,",
        "node,vcpu,memory_gib,instance_type\nn,4,",
        "instance_type,price_per_hour,currency\nm5.large,",
        "currency = \"EUR\"\n[[prices]]\n",
        "tenant,vcpu\na,",
        "pool,zone,storage_gib\np,a,",
        "name,priority\nhigh,",
    ]);
    (begins, "\\PC{0,60}").prop_map(|(begins, rest)| format!("{begins}{rest}"))
}

proptest::proptest! {
    #![proptest_config(crate::cases(1_000))]

    /// Whatever is dropped, each file is answered, in order, and what is wrong has words.
    #[test]
    fn every_file_is_answered(texts in proptest::collection::vec(odd_text(), 1..4)) {
        let given: Vec<NamedText> =
            texts.into_iter().enumerate().map(|(i, text)| NamedText { name: format!("f{i}"), text }).collect();
        let (seen, read) = Files::read(given.clone());
        let names = |names: Vec<&String>| names.into_iter().cloned().collect::<Vec<_>>();
        proptest::prop_assert_eq!(
            names(seen.iter().map(|file| &file.name).collect()),
            names(given.iter().map(|file| &file.name).collect())
        );
        proptest::prop_assert_eq!(read.is_some(), seen.iter().all(|file| file.found.is_ok()));
        proptest::prop_assert!(seen.iter().all(|file| file.found.as_ref().err().is_none_or(|why| !why.is_empty())));
        if let Some(files) = read {
            // It is made, or refused in words.
            let made = files.scenario(&AS_IT_IS, Duration::from_minutes(5));
            proptest::prop_assert!(made.err().is_none_or(|why| !why.is_empty()));
        }
    }
}
