//! Runs that stop on their way and go on later.

use serde_json::Value;

use super::answer;
use super::explain::with_scenario;

/// The outcome without the time that it took.
fn untimed(mut answer: Value) -> Value {
    answer.as_object_mut().expect("an answer is an object").remove("wall_s");
    answer
}

#[test]
fn what_goes_on_from_a_snapshot_is_what_never_stopped() {
    let folder = with_scenario("retries");
    let once = untimed(answer(&folder, &["shadow", "--scenario", "scenario.json", "--json"]));
    let noon = ["--at", "2026-03-02T00:05:10Z", "--to", "first.snapshot"];
    let said = folder.run([&["snapshot", "take", "--scenario", "scenario.json"][..], &noon].concat()).success();
    assert_eq!(
        said,
        "3 runs at 2026-03-02T00:05:10Z in first.snapshot; `shadowplane snapshot resume first.snapshot` goes on\n"
    );
    let resumed = |file: &str| untimed(answer(&folder, &["snapshot", "resume", file, "--json"]));
    assert_eq!(resumed("first.snapshot"), once);
    let later = ["--at", "2026-03-02T01:00:00Z", "--to", "second.snapshot", "--json"];
    let said = answer(&folder, &[&["snapshot", "resume", "first.snapshot"][..], &later].concat());
    assert_eq!((&said["at"], &said["runs"]), (&"2026-03-02T01:00:00Z".into(), &3.into()));
    assert_eq!(resumed("second.snapshot"), once);
}

#[test]
fn what_no_snapshot_can_be_taken_of_or_read_from_says_why() {
    let folder = with_scenario("retries");
    let take = |at: &'static str| ["snapshot", "take", "--scenario", "scenario.json", "--to", "s", "--at", at];
    let late = "the runs begin at 2026-03-02T00:00:00Z and end before 2026-03-02T04:00:00Z";
    folder.run(take("2026-03-02T04:00:00Z")).assert_failed(2, &[late]);
    folder.run(take("2026-03-02T02:00:00Z")).success();
    let back = ["snapshot", "resume", "s", "--at", "2026-03-02T01:00:00Z", "--to", "t"];
    folder.run(back).assert_failed(2, &["the snapshot is of 2026-03-02T02:00:00Z; name a later instant"]);
    folder.run(["snapshot", "resume", "scenario.json"]).assert_failed(1, &["scenario.json: this is no snapshot"]);
    let bytes = std::fs::read(folder.path.join("s")).unwrap();
    folder.write("cut", &bytes[..bytes.len() / 2]);
    folder.run(["snapshot", "resume", "cut"]).assert_failed(1, &["cut: the snapshot is damaged"]);
}
