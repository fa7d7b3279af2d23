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
    let notice = "1 price in EUR is converted to USD at 1.0832, the exchange rate since 2025-12-01T00:00:00Z";
    assert!(converted["notices"].as_array().unwrap().contains(&Value::from(notice)), "{}", converted["notices"]);
    // 2.5 × 1.0832 = 2.708.
    folder.write("dollars.csv", both.replace("2.5,EUR", "2.708,USD"));
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
