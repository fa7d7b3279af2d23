//! The forecast ledger, as somebody checks it who was sent a file.

use super::answer;
use crate::shadowplane::Folder;

/// Two links that another implementation of BLAKE3 made: Python, with the package blake3.
const LEDGER: &str = include_str!("ledger.ndjson");

#[test]
fn a_chain_that_another_program_made_holds() {
    let folder = Folder::new();
    folder.write("ledger.ndjson", LEDGER);
    let verify = ["ledger", "verify", "--file", "ledger.ndjson"];
    let last = LEDGER.lines().last().unwrap();
    let last: serde_json::Value = serde_json::from_str(last).unwrap();
    let head = last["hash"].as_str().unwrap();
    let text = folder.run(verify).success();
    assert_eq!(text, format!("1 forecast and 1 actual cost in an unbroken chain\nhead 2 {head}\n"));
    folder.run([&verify[..], &["--head", head]].concat()).success();
    let checked = answer(&folder, &[&verify[..], &["--json"]].concat());
    assert_eq!((&checked["entries"], &checked["hash"]), (&2.into(), &head.into()));
    let read = folder.run_with_stdin(["ledger", "verify", "--file", "-"], LEDGER.as_bytes()).success();
    assert_eq!(read, text);

    let card = answer(&folder, &["ledger", "scorecard", "--file", "ledger.ndjson", "--json"]);
    // 100 predicted, 125 came: off by a fifth of what came, too low, and within the 90 % that 80 … 130 claims to hold.
    let row = &card["rows"][0];
    assert_eq!((&row["kind"], &row["wape"], &row["bias"]), (&"total".into(), &0.2.into(), &(-0.2).into()));
    let achieved: Vec<_> =
        row["intervals"].as_array().unwrap().iter().map(|score| &score["achieved_percent"]).collect();
    assert_eq!(achieved, [&0.0, &0.0, &100.0]);
    let table = folder.run(["ledger", "scorecard", "--file", "ledger.ndjson"]).success();
    assert!(table.starts_with("1 window forecast, 1 judged, 0 written down too late to be\n"), "{table}");
    assert!(table.contains("  simulated        USD         1d          1      0.200     -0.200"), "{table}");
}

#[test]
fn a_changed_or_shortened_chain_is_refused() {
    let folder = Folder::new();
    folder.write("changed.ndjson", LEDGER.replacen("100", "120", 1));
    let verify = |file: &str| folder.run(["ledger", "verify", "--file", file]);
    verify("changed.ndjson").assert_failed(1, &["changed.ndjson: entry 1 says its hash is", "it was changed"]);
    let lines: Vec<&str> = LEDGER.lines().collect();
    folder.write("late.ndjson", lines[1]);
    verify("late.ndjson").assert_failed(1, &["late.ndjson: entry 2 stands where entry 1 was expected"]);
    // Without its end a chain is still one; only the head that somebody kept tells.
    folder.write("short.ndjson", lines[0]);
    verify("short.ndjson").success();
    let last: serde_json::Value = serde_json::from_str(lines[1]).unwrap();
    let kept = ["ledger", "verify", "--file", "short.ndjson", "--head", last["hash"].as_str().unwrap()];
    folder.run(kept).assert_failed(1, &["short.ndjson: no entry has the hash", "cut off"]);
    folder.write("other.ndjson", "{\"sequence\":1}\n");
    verify("other.ndjson").assert_failed(1, &["other.ndjson: line 1", "missing field `previous`", "`ledger export`"]);
    folder.run(["ledger", "verify"]).assert_failed(2, &["--data", "--file"]);
    folder.run(["ledger", "verify", "--data", "."]).assert_failed(1, &["shadowplane.sqlite: there is no such file"]);
    folder.run(["ledger", "verify", "--file", "short.ndjson", "--head", "ff"]).assert_failed(2, &["64 hexadecimal"]);
}
