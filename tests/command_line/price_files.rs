//! Prices in several forms and currencies, as a user brings them.

use serde_json::Value;

use super::{answer, example_requests};
use crate::shadowplane::Folder;

const CSV: &str = "instance_type,price_per_hour,currency,vcpu,memory_gib,from\n\
                   big,2.5,EUR,64,256,2026-01-01T00:00:00Z\n";

const TOML: &str = "currency = \"EUR\"\n\n[[prices]]\ninstance_type = \"big\"\nprice_per_hour = 2.5\n\
                    vcpu = 64\nmemory_gib = 256\nfrom = 2026-01-01T00:00:00Z\n";

const JSON: &str = r#"{"prices":[{"instance_type":"big","price_per_hour":"2.5","currency":"EUR","vcpu":64,
    "memory_gib":256,"from":"2026-01-01T00:00:00Z"}]}"#;

fn with_machines() -> Folder {
    let folder = Folder::new();
    example_requests(&folder, 0..1);
    let rows: String = (0..40).map(|i| format!("n-{i},64,256,big\n")).collect();
    folder.write("nodes.csv", format!("node,vcpu,memory_gib,instance_type\n{rows}"));
    folder
}

const FILES: [&str; 4] = ["--requests", "requests.ndjson", "--inventory", "nodes.csv"];

fn shadow(folder: &Folder, more: &[&str]) -> Value {
    answer(folder, &[&["shadow", "--runs", "1", "--json"], &FILES[..], more].concat())
}

#[test]
fn toml_and_json_price_as_csv_does() {
    let folder = with_machines();
    for (file, content) in [("prices.csv", CSV), ("prices.toml", TOML), ("prices.json", JSON)] {
        folder.write(file, content);
    }
    let [csv, toml, json] =
        ["prices.csv", "prices.toml", "prices.json"].map(|file| shadow(&folder, &["--prices", file]));
    assert_eq!(csv["cost"]["mean"]["currency"], "EUR");
    for other in [&toml, &json] {
        assert_eq!((&other["cost"], &other["digest"]), (&csv["cost"], &csv["digest"]));
    }
    let said = |file: &str| folder.run([&["check-data"], &FILES[..], &["--prices", file]].concat()).success();
    let (of_csv, of_toml) = (said("prices.csv"), said("prices.toml"));
    assert_eq!(of_csv.replace("prices.csv", "F"), of_toml.replace("prices.toml", "F"));
}

#[test]
fn every_problem_of_prices_is_listed() {
    let folder = with_machines();
    folder.write("prices.toml", TOML.replace("2.5", "\"x\"").replace("64", "-1") + "\n[unit]\n");
    let run = folder.run([&["shadow"], &FILES[..], &["--prices", "prices.toml"]].concat());
    run.assert_failed(
        1,
        &[
            "error: prices.toml: 3 problems\n",
            "\n  field `unit`: is unknown",
            "`prices[0].vcpu`",
            "[0].price_per_hour`",
        ],
    );
    folder.write("prices.toml", TOML.replace("EUR", "euro"));
    let run = folder.run([&["check-data"], &FILES[..], &["--prices", "prices.toml"]].concat());
    run.assert_failed(1, &["error: prices.toml: field `currency`: `euro` is not a currency; write an ISO 4217 code"]);
}

#[test]
fn prices_in_another_currency_are_converted_by_dated_rates_which_is_said() {
    let folder = with_machines();
    let both = CSV.replace("big,", "other,1,USD,,,\nbig,");
    folder.write("prices.csv", &both);
    folder.write("rates.csv", "date,from,to,rate\n2025-12-01,EUR,USD,1.0832\n2026-02-01,EUR,USD,2\n");
    let refused = folder.run([&["shadow"], &FILES[..], &["--prices", "prices.csv"]].concat());
    refused.assert_failed(1, &["prices.csv: line 3: field `currency`: is EUR, but prices on a line above are in USD"]);

    let converted = shadow(&folder, &["--prices", "prices.csv", "--exchange-rates", "rates.csv"]);
    let notice = "1 price in EUR is converted to USD at 2 exchange rates, each from its date on: from 1.0832 since \
                  2025-12-01T00:00:00Z to 2 since 2026-02-01T00:00:00Z";
    assert!(converted["notices"].as_array().unwrap().contains(&Value::from(notice)), "{}", converted["notices"]);
    // 2.5 × 1.0832 = 2.708, and 2.5 × 2 = 5.
    let dollars = both.replace("2.5,EUR", "2.708,USD") + "big,5,USD,64,256,2026-02-01T00:00:00Z\n";
    folder.write("dollars.csv", dollars);
    let dollars = shadow(&folder, &["--prices", "dollars.csv"]);
    assert_eq!(converted["digest"], dollars["digest"]);
    assert_eq!(converted["cost"], dollars["cost"]);

    let check = [&["check-data"], &FILES[..], &["--prices", "prices.csv", "--exchange-rates", "rates.csv"]].concat();
    assert!(folder.run(check).success().contains(notice));
    folder.write("prices.csv", both.replace("2026-01-01T00:00:00Z", "2025-11-30T00:00:00Z"));
    let early =
        folder.run([&["shadow"], &FILES[..], &["--prices", "prices.csv", "--exchange-rates", "rates.csv"]].concat());
    early.assert_failed(1, &["prices.csv: line 3: field `currency`: no rate from EUR to USD at or before 2025-11-30"]);
}

/// 730 GiB make a GiB-month an hour: four hours at 0.01 for each GiB, four at half of that, two at a tenth. 1,000 Mbps of
/// which half are sent are 209.547… GiB an hour, at 0.1 each.
#[test]
fn units_have_tiers_and_traffic_has_a_price() {
    let folder = Folder::new();
    let line = |id: &str, at: &str, op: &str, class: &str, requested: &str| {
        format!(
            r#"{{"id":"{id}-{op}","at":"2026-01-05T{at}:00Z","tenant":"t","op":"{op}","class":"{class}","resource":"{id}"{requested}}}"#
        ) + "\n"
    };
    let [volume, balancer] = [r#","requested":{"storage_gib":730}"#, r#","requested":{"network_mbps":1000}"#];
    folder.write(
        "requests.ndjson",
        [
            line("v", "00:00", "create", "storage", volume),
            line("lb", "00:00", "create", "network", balancer),
            line("v", "10:00", "delete", "storage", ""),
            line("lb", "10:00", "delete", "network", ""),
        ]
        .concat(),
    );
    let prices = "currency = \"EUR\"\nprices = [{ instance_type = \"m5.16xlarge\", price_per_hour = 3 }]\n\
                  units = { vcpu = 1, memory_gib = 1, gpu = 1, storage_gib = \"0.01\" }\n\
                  egress = { price_per_gib = \"0.1\", sent_percent = 50 }\n\
                  tiers = [{ unit = \"storage_gib\", above = 4, price = \"0.005\" },\n\
                           { unit = \"storage_gib\", above = 8, price = \"0.001\" }]\n";
    folder.write("prices.toml", prices);
    let metered = || -> Vec<(String, f64, String)> {
        folder
            .run(["shadow", "--requests", "requests.ndjson", "--prices", "prices.toml", "--metering", "metering.csv"])
            .success();
        let text = folder.read("metering.csv");
        let uses = text.lines().map(|line| line.split(',').collect::<Vec<_>>()).filter(|row| row[0] == "use");
        let hours = |text: &str| text.parse::<shared::units::Instant>().unwrap().micros() as f64 / 3.6e9;
        uses.map(|row| (row[1].to_owned(), hours(row[10]) - hours(row[9]), row[11].to_owned())).collect()
    };
    let found = metered();
    let of = |name: &str| found.iter().filter(|(of, ..)| of == name).collect::<Vec<_>>();
    let volume = of("v");
    assert_eq!(volume.iter().map(|(.., price)| price.as_str()).collect::<Vec<_>>(), ["7.3", "3.65", "0.73"]);
    assert!(volume[..2].iter().all(|(_, hours, _)| (hours - 4.0).abs() < 1e-6), "{volume:?}");
    let balancer = of("lb");
    assert_eq!((balancer.len(), balancer[0].2.as_str()), (1, "20.954757928"));

    // Three and a half had been used before.
    folder.write("prices.toml", format!("{prices}used_this_month = {{ storage_gib = 3.5 }}\n"));
    let found = metered();
    assert!((found.iter().find(|(of, ..)| of == "v").unwrap().1 - 0.5).abs() < 1e-6, "{found:?}");

    folder.write("prices.toml", prices.replace("above = 8", "above = 4"));
    folder.run(["shadow", "--requests", "requests.ndjson", "--prices", "prices.toml"]).assert_failed(
        1,
        &["prices.toml: field `tiers[1].above`: `storage_gib` has two tiers above 4; expected each once"],
    );
}

#[test]
fn a_price_that_begins_after_its_use_is_said_before_anything_runs() {
    let folder = with_machines();
    folder.write("prices.csv", CSV);
    let check = || folder.run([&["check-data"], &FILES[..], &["--prices", "prices.csv"]].concat()).success();
    let early = check();
    assert!(!early.contains("late prices"), "{early}");
    folder.write("prices.csv", CSV.replace("2026-01-01", "2036-01-01"));
    let late = check();
    assert!(late.contains("- late prices: 1 price in use begin to hold after the first request"), "{late}");
    assert!(late.contains("that of `big` holds from 2036-01-01T00:00:00Z"), "{late}");
}
