//! Backups of a service that runs, and what comes of them.

use std::process::{Child, Command, Stdio};
use std::time::{Duration as StdDuration, Instant};

use serde_json::Value;

use crate::shadowplane::Folder;

const REPLAY: [&str; 13] = [
    "serve",
    "--replay",
    "requests.ndjson",
    "--replay-exit",
    "--replay-resume",
    "--runs",
    "2",
    "--speed",
    "1e12",
    "--listen",
    "127.0.0.1:0",
    "--json",
    "--data",
];

fn begin(folder: &Folder, data: &str) -> Child {
    let mut command = Command::new(tests::shadowplane());
    command.args(REPLAY).arg(data).current_dir(&folder.path).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

fn ended(folder: &Folder, data: &str) -> Value {
    let text = folder.run(REPLAY.into_iter().chain([data])).success();
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}

/// A replay goes on from a backup that was made while it ran, and comes to the same digest of every decision, forecast,
/// report and cost.
#[test]
fn a_backup_of_what_runs_goes_on_to_the_same_end() {
    let folder = Folder::new();
    folder.write_example(3);
    let begun = Instant::now();
    let expected = ended(&folder, "whole");
    let took = begun.elapsed();
    let mut child = begin(&folder, "first");
    std::thread::sleep((took / 2).max(StdDuration::from_millis(300)));
    let backed_up = folder.run(["backup", "--data", "first", "--to", "backup.sqlite", "--json"]).success();
    let backed_up: Value = serde_json::from_str(&backed_up).unwrap();
    assert_eq!((&backed_up["to"], backed_up["bytes"].as_u64() > Some(4_096)), (&"backup.sqlite".into(), true));
    child.kill().unwrap();
    child.wait().unwrap();
    // In a folder of its own, and in the place of what goes on in the meantime, with what a kill leaves beside it.
    folder.run(["restore", "--from", "backup.sqlite", "--data", "second/replay.sqlite"]).success();
    assert_eq!(ended(&folder, "second"), expected);
    folder.run(["restore", "--from", "backup.sqlite", "--data", "first/replay.sqlite", "--replace"]).success();
    assert_eq!(ended(&folder, "first"), expected);
}

#[test]
fn what_cannot_be_backed_up_or_restored_is_said() {
    let folder = Folder::new();
    folder.write_example(1);
    folder.run(["backup", "--data", "none", "--to", "b.sqlite"]).assert_failed(1, &["none", "there is no such file"]);
    ended(&folder, "data");
    folder.run(["backup", "--to", "b.sqlite"]).success();
    folder.run(["backup", "--to", "b.sqlite"]).assert_failed(1, &["b.sqlite", "there is a file already"]);
    folder.run(["backup", "--to", "none/b.sqlite"]).assert_failed(1, &["unable to open database file"]);
    let restore = |from: &str, more: &[&str]| {
        folder.run(["restore", "--from", from, "--data", "data/replay.sqlite"].iter().chain(more))
    };
    restore("b.sqlite", &[]).assert_failed(1, &["there is a file already", "--replace"]);
    restore("requests.ndjson", &["--replace"]).assert_failed(1, &["requests.ndjson", "not a database"]);
    // Half of a backup is none, and what is there stays.
    let whole = std::fs::read(folder.path.join("b.sqlite")).unwrap();
    folder.write("half.sqlite", &whole[..whole.len() / 8192 * 4096]);
    restore("half.sqlite", &["--replace"]).assert_failed(1, &["half.sqlite"]);
    folder.run(["ledger", "verify", "--data", "data"]).success();
    let mut child = begin(&folder, "data");
    let in_use = || {
        let answer = restore("b.sqlite", &["--replace"]);
        answer.status == 1 && answer.stderr.contains("is in use by another shadowplane")
    };
    // It ends by itself soon.
    let claimed = (0..200).any(|_| in_use() || child.try_wait().unwrap().is_some());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(claimed);
}
