//! Bills: from FOCUS and OpenCost to what each tenant pays, as a user runs it.

mod prediction;

use serde_json::Value;

use crate::shadowplane::Folder;

const HEADER: &str = "BilledCost,BillingAccountId,BillingAccountName,BillingCurrency,BillingPeriodEnd,BillingPeriodStart,\
     ChargeCategory,ChargeClass,ChargeDescription,ChargePeriodEnd,ChargePeriodStart,ContractedCost,EffectiveCost,\
     InvoiceIssuerName,ListCost,PricingQuantity,PricingUnit,ProviderName,PublisherName,ResourceId,ServiceCategory,\
     ServiceName,SubAccountId,Tags\n";

/// A line of March's bill: its cost and currency, category, day, resource, account and tags.
fn line(cost: &str, category: &str, day: u32, resource: &str, account: &str, tags: &str) -> String {
    let (amount, currency) = cost.split_once(' ').expect("an amount and its currency");
    format!(
        "{amount},1,Sun,{currency},2026-04-01 00:00:00,2026-03-01 00:00:00,{category},,,2026-03-{:02} 00:00:00,\
         2026-03-{day:02} 00:00:00,{amount},{amount},AWS,{amount},1,Hours,AWS,AWS,{resource},Compute,EC2,{account},{tags}\n",
        day + 1
    )
}

fn bill() -> String {
    [
        HEADER.to_owned(),
        line("10.5 USD", "Usage", 2, "vm-1", "prod", r#""{""team"": ""web""}""#),
        line("4.5 USD", "Usage", 3, "vm-2", "prod", ""),
        line("2.85 USD", "Tax", 2, "", "", ""),
        line("-1 USD", "Credit", 3, "", "", ""),
    ]
    .concat()
}

const RULES: &str = "[[rule]]\ntenant = \"shop\"\nlabels = { team = \"web\" }\n";

fn import(folder: &Folder, content: &str, stated: &str, to: &str) {
    folder.write("focus.csv", content);
    folder.run(["import", "focus", "focus.csv", "--stated", stated, "-o", to]).success();
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("--json prints JSON")
}

#[test]
fn a_bill_is_split_by_tenant_and_what_nobody_pays_has_its_reason() {
    let folder = Folder::new();
    import(&folder, &bill(), "2026-04-03T00:00:00Z", "bill.ndjson");
    folder.write("mapping.toml", RULES);
    let with_mapping = ["report", "bill", "--bill", "bill.ndjson", "--mapping", "mapping.toml"];
    let table = folder.run(with_mapping).success();
    for part in [
        "USD from 2026-03-02T00:00:00Z to 2026-03-04T00:00:00Z; billed, final",
        "allocated 10.500000, unallocated 6.350000",
        "tax: 2.850000 in 1 charge",
        "credit of no resource: -1.000000 in 1 charge",
        "label missing: 4.500000 in 1 charge",
        "stated 2026-04-03T00:00:00Z, final: 16.85 USD in 4 charges",
    ] {
        assert!(table.contains(part), "expected `{part}` in:\n{table}");
    }
    let by_day = folder.run(with_mapping.iter().chain(&["--by", "day,tenant", "--format", "csv"])).success();
    assert_eq!(
        by_day,
        "day,tenant,charges,billed,effective,currency\n\
         2026-03-02,shop,1,10.500000,10.500000,USD\n\
         2026-03-02,unallocated: tax,1,2.850000,2.850000,USD\n\
         2026-03-03,unallocated: credit of no resource,1,-1.000000,-1.000000,USD\n\
         2026-03-03,unallocated: label missing,1,4.500000,4.500000,USD\n"
    );
    let report = json(&folder.run(with_mapping.iter().chain(&["--json"])).success());
    // 10.5 + 4.5 + 2.85 − 1.
    assert_eq!(report["bills"][0]["billed"]["amount"], "16.850000");
    assert_eq!(report["bills"][0]["rows"][0]["keys"][0], "shop");
}

#[test]
fn a_restated_bill_replaces_the_earlier_statement_and_both_are_said() {
    let folder = Folder::new();
    import(&folder, &bill(), "2026-03-31T00:00:00Z", "first.ndjson");
    import(&folder, &bill().replace("10.5,", "11.5,"), "2026-04-03T00:00:00Z", "second.ndjson");
    // One file that both were appended to gives the same as the two.
    folder.write("both.ndjson", [folder.read("second.ndjson"), folder.read("first.ndjson")].concat());
    let two = folder.run(["report", "bill", "--bill", "first.ndjson", "--bill", "second.ndjson"]).success();
    assert_eq!(folder.run(["report", "bill", "--bill", "both.ndjson"]).success(), two);
    assert!(two.contains("16.85 USD in 4 charges; replaced by that of 2026-04-03T00:00:00Z"), "{two}");
    assert!(two.contains("final: 17.85 USD in 4 charges\n"), "{two}");
    // What the later one has no day for is gone, and said.
    import(
        &folder,
        &[HEADER, &line("11.5 USD", "Usage", 2, "vm-1", "prod", "")].concat(),
        "2026-04-05T00:00:00Z",
        "part.ndjson",
    );
    let part = folder.run(["report", "bill", "--bill", "second.ndjson", "--bill", "part.ndjson"]).success();
    assert!(part.contains("replaced by that of 2026-04-05T00:00:00Z, which has no charge for 1 day of it"), "{part}");
    let check = folder.run(["check-data", "--bill", "both.ndjson"]).success();
    assert!(check.contains("restated: replaced by a later statement: 16.85 USD of 2026-03-01T00:00:00Z"), "{check}");
}

#[test]
fn nothing_is_converted_without_a_rate() {
    let folder = Folder::new();
    let euros = bill().replace("4.5,1,Sun,USD", "4.5,1,Sun,EUR");
    import(&folder, &euros, "2026-04-03T00:00:00Z", "bill.ndjson");
    let report = ["report", "bill", "--bill", "bill.ndjson", "--currency", "USD"];
    folder.run(report).assert_failed(
        1,
        &["no rate from EUR to USD at or before 2026-03-03T00:00:00Z; give one with --exchange-rates FILE, a table with the"],
    );
    folder.write("rates.csv", "date,from,to,rate\n2026-03-01,EUR,USD,1.1\n2026-03-04,EUR,USD,9\n");
    let table = folder.run(report.iter().chain(&["--exchange-rates", "rates.csv"])).success();
    // 10.5 + 4.5 × 1.1 + 2.85 − 1.
    assert!(table.contains("17.300000"), "{table}");
    assert!(table.contains("converted: 4.500000 EUR to USD at 1.1, by rates of 2026-03-01T00:00:00Z"), "{table}");
}

#[test]
fn lines_that_equal_each_other_are_said_with_their_numbers() {
    let folder = Folder::new();
    let twice = [bill(), line("4.5 USD", "Usage", 3, "vm-2", "prod", "")].concat();
    folder.write("focus.csv", &twice);
    let counted = folder.run(["import", "focus", "focus.csv", "-o", "bill.ndjson"]);
    assert!(
        counted.stderr.contains("lines 6 (as 3), billing 4.5 USD; counted, as the invoice does"),
        "{}",
        counted.stderr
    );
    assert!(counted.stderr.contains("billed 21.35 USD"), "{}", counted.stderr);
    let dropped = folder.run(["import", "focus", "focus.csv", "--equal-lines", "drop", "-o", "bill.ndjson", "--json"]);
    assert_eq!(json(&dropped.success())["totals"][0]["billed"], "16.85");
}

#[test]
fn check_data_says_how_much_money_has_an_owner_and_what_lies_beyond_the_requests() {
    let folder = Folder::new();
    import(&folder, &bill(), "2026-03-31T00:00:00Z", "bill.ndjson");
    folder.write("mapping.toml", RULES);
    let request = |id: &str, at: &str, op: &str, shape: &str| {
        format!(
            "{{\"id\":\"{id}\",\"at\":\"{at}\",\"tenant\":\"shop\",\"op\":\"{op}\",\"class\":\"compute\",\"resource\":\"vm-2\"{shape}}}\n"
        )
    };
    folder.write(
        "requests.ndjson",
        [
            request("1", "2026-03-03T06:00:00Z", "create", ",\"flavor\":\"m5.large\""),
            request("2", "2026-03-03T18:00:00Z", "delete", ""),
        ]
        .concat(),
    );
    let arguments =
        ["check-data", "--bill", "bill.ndjson", "--mapping", "mapping.toml", "--requests", "requests.ndjson"];
    let text = folder.run(arguments).success();
    for part in [
        "unallocated: 6.350000 of 16.850000 USD billed is no tenant's: tax 2.850000, credit of no resource -1.000000",
        "charges before the requests: 13.350000 USD in 2 charges ended before the first request",
        "provisional: a billing period was not over",
    ] {
        assert!(text.contains(part), "expected `{part}` in:\n{text}");
    }
    let report = json(&folder.run(arguments.iter().chain(&["--json"])).success());
    assert_eq!(report["bills"][0]["allocated"]["amount"], "10.500000");
    assert_eq!(report["bills"][0]["categories"][0]["keys"][0], "usage");
}

#[test]
fn what_opencost_says_is_metered_and_its_idle_cost_is_nobodys() {
    let folder = Folder::new();
    let of = |name: &str, properties: &str, cost: &str| {
        format!(
            "\"{name}\":{{\"name\":\"{name}\",\"properties\":{properties},\
             \"window\":{{\"start\":\"2026-03-01T00:00:00Z\",\"end\":\"2026-03-02T00:00:00Z\"}},\
             \"start\":\"2026-03-01T00:00:00Z\",\"end\":\"2026-03-02T00:00:00Z\",\"cpuCost\":{cost},\"totalCost\":{cost}}}"
        )
    };
    let web = of("web", "{\"cluster\":\"one\",\"namespace\":\"web\"}", "1.25");
    let idle = of("__idle__", "{\"cluster\":\"one\"}", "0.75");
    let answer = format!("{{\"code\":200,\"data\":[{{{web},{idle}}}]}}");
    let lines = folder
        .run_with_stdin(["import", "opencost", "-", "--stated", "2026-03-02T01:00:00Z"], answer.as_bytes())
        .success();
    folder.write("costs.ndjson", lines);
    let table = folder.run(["report", "bill", "--bill", "costs.ndjson"]).success();
    assert!(table.contains("; metered, final"), "{table}");
    assert!(table.contains("allocated 1.250000, unallocated 0.750000\n  idle: 0.750000 in 1 charge"), "{table}");

    // The same twice: there is no option that leaves one out. A bill alone has nothing to price.
    let twice = format!("{{\"code\":200,\"data\":[{{{web}}},{{{web}}}]}}");
    folder.write("twice.json", twice);
    let said = folder.run(["import", "opencost", "twice.json", "-o", "twice.ndjson"]).stderr;
    assert!(said.contains("lines 2 (as 1), billing 1.25 USD; counted\n"), "{said}");
    let alone = folder.run(["check-data", "--bill", "costs.ndjson"]).success();
    assert!(!alone.contains("price"), "{alone}");
}

#[test]
fn a_rule_without_charges_and_charges_of_another_time_are_said() {
    let folder = Folder::new();
    let late = line("4.5 USD", "Usage", 3, "vm-2", "prod", "").replace("2026-03-0", "2026-05-0");
    let late = late.replace("2026-05-01 00:00:00,Usage", "2026-03-01 00:00:00,Usage");
    folder.write("focus.csv", [bill(), late].concat());
    let nobody = "[[rule]]\ntenant = \"nobody\"\naccount = \"other\"\n";
    folder.write("mapping.toml", [RULES, nobody].concat());
    let import = ["import", "focus", "focus.csv", "--mapping", "mapping.toml", "-o", "bill.ndjson"];
    let said = folder.run(import).stderr;
    assert!(said.contains("no charge has its tenant by rule[1] of nobody\n"), "{said}");
    assert!(said.contains("1 charge of other time than their billing period"), "{said}");
    folder.write("focus.csv", bill());
    folder.write("mapping.toml", RULES);
    let said = folder.run(import).stderr;
    assert!(!said.contains("no charge has") && !said.contains("of other time"), "{said}");
}

#[test]
fn what_is_wrong_with_a_bill_is_named_and_nothing_is_written() {
    let folder = Folder::new();
    let check = |content: &str, parts: &[&str]| {
        folder.write("focus.csv", content);
        let answer = folder.run(["import", "focus", "focus.csv", "-o", "out"]);
        assert_eq!((answer.status, answer.stdout.as_str()), (1, ""), "{}", answer.stderr);
        for part in parts {
            assert!(answer.stderr.contains(part), "expected `{part}` in: {}", answer.stderr);
        }
        assert!(!folder.files().contains(&"out".to_owned()));
    };
    check(&bill().replace("ListCost", "List"), &["focus.csv: line 1: field `ListCost`: is no column"]);
    check(&bill().replace("4.5,1,", "4;5,1,"), &["focus.csv: line 3: field `BilledCost`: `4;5` is not an amount"]);
    check(HEADER, &["focus.csv: holds no charges"]);
    folder.write("bill.csv", bill());
    folder.run(["report", "bill", "--bill", "bill.csv"]).assert_failed(1, &["bill.csv: line 1", "import focus"]);
    folder.run(["report", "bill", "--bill", "bill.csv", "--by", "colour"]).assert_failed(2, &["expected tenant, day"]);
}

#[test]
fn the_specifications_sample_reads_whole() {
    let Some(file) = tests::real_data("focus/focus_sample_1.0.csv") else { return };
    let folder = Folder::new();
    let file = file.to_str().expect("a UTF-8 path");
    let answer =
        folder.run(["import", "focus", file, "--stated", "2024-10-03T00:00:00Z", "--json", "-o", "bill.ndjson"]);
    let summary = json(&answer.success());
    assert_eq!((summary["charges"].as_u64(), summary["format"].as_str()), (Some(1_000), Some("FOCUS 1.0")));
    // Sums of the columns, by the decimal module of Python.
    assert_eq!(summary["totals"][0]["billed"], "20.52022672899");
    assert_eq!(summary["totals"][0]["effective"], "14.97651418586");
    assert_eq!(summary["lacking"]["ContractedCost"], 7);
    let report = json(&folder.run(["report", "bill", "--bill", "bill.ndjson", "--by", "category", "--json"]).success());
    let charges = |category: &str| {
        let rows = report["bills"][0]["rows"].as_array().expect("rows");
        rows.iter().find(|row| row["keys"][0] == category).and_then(|row| row["charges"].as_u64())
    };
    // Counted in the file: 997 of use, 2 adjustments, 1 credit.
    assert_eq!([charges("usage"), charges("adjustment"), charges("credit")], [Some(997), Some(2), Some(1)]);
    assert_eq!(report["bills"][0]["billed"]["amount"], "20.520227");
}
