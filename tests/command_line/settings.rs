//! Where the settings of the service come from.

use std::process::Command;

use serde_json::Value;

use crate::shadowplane::Folder;

const FILE: &str = "listen = \"127.0.0.1:7001\"\nbody-bytes = 7\nhorizon = [\"1h\", \"1d\"]\n\
    [assumptions]\nruns = 9\n[triggers]\ncool-down = \"3d\"\n";

/// The command line holds over the environment, that over the file, and that over the default.
#[test]
fn every_setting_says_who_gave_it() {
    let folder = Folder::new();
    folder.write("service.toml", FILE);
    let mut command = Command::new(tests::shadowplane());
    command.current_dir(&folder.path).env("SHADOWPLANE_LISTEN", "127.0.0.1:7002").env("SHADOWPLANE_BODY_BYTES", "8");
    command.args(["config", "--json", "--config", "service.toml", "--body-bytes", "9", "--demo"]);
    let output = command.output().unwrap();
    let settings: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    let found = |name: &str| {
        let of_name: Vec<&Value> =
            settings.as_array().unwrap().iter().filter(|setting| setting["name"] == name).collect();
        let [setting] = of_name[..] else { panic!("{name}: {settings}") };
        (setting["value"].as_str().map(str::to_owned), setting["source"].clone())
    };
    let check = |name: &str, value: &str, source: Value| {
        assert_eq!(found(name), (Some(value.to_owned()), source), "{name}");
    };
    let (file, environment) =
        (serde_json::json!({"file": "service.toml"}), |name| serde_json::json!({"environment": name}));
    check("body-bytes", "9", "command_line".into());
    check("demo", "true", "command_line".into());
    check("listen", "127.0.0.1:7002", environment("SHADOWPLANE_LISTEN"));
    check("runs", "9", file.clone());
    check("horizon", "1h,1d", file.clone());
    check("triggers.cool-down", "3d", file);
    check("data", "data", "default".into());
    check("keep-requests", "30d", "default".into());
    check("speed", "2400", "default".into());
    assert_eq!(found("tls-cert"), (None, "default".into()));
    let text = folder.run(["config", "--config", "service.toml"]).success();
    let line = text.lines().find(|line| line.starts_with("listen ")).unwrap();
    assert!(line.contains("127.0.0.1:7001") && line.ends_with("file, service.toml"), "{line}");
    folder.write("wrong.toml", "listem = 1\n");
    folder.run(["config", "--config", "wrong.toml"]).assert_failed(1, &["wrong.toml: line 1", "listem"]);
}

/// What would stop the service stops the check, which listens to nothing and writes nothing.
#[test]
fn settings_are_checked_without_a_service() {
    let folder = Folder::new();
    let check = |arguments: &[&str]| folder.run(["serve", "--check-config"].iter().chain(arguments));
    assert!(check(&[]).success().contains("good"));
    folder.write("service.toml", "[assumptions]\nprices = \"none.csv\"\n");
    check(&["--config", "service.toml"]).assert_failed(1, &["none.csv"]);
    check(&["--dashboard", "none"]).assert_failed(1, &["none", "cargo xtask run"]);
    check(&["--listen", "0.0.0.0:1", "--no-keys"]).assert_failed(2, &["--no-keys=anywhere"]);
    check(&["--keep-requests", "3d"]).assert_failed(2, &["--keep-requests is 3d; expected 9d at least, or forever"]);
    check(&["--keep-requests", "36h"]).assert_failed(2, &["--keep-requests is 36h; expected whole days"]);
    check(&["--keep-requests", "20d", "--late-window", "21d"])
        .assert_failed(2, &["expected 21d at least", "--late-window"]);
    check(&["--keep-requests", "60d", "--keep-bins", "30d"]).assert_failed(2, &["--keep-bins is 30d"]);
    check(&["--keep-requests", "a while"]).assert_failed(2, &["or forever"]);
    check(&["--demo", "--keep-requests", "30d"]).assert_failed(2, &["no effect on a replay"]);
    check(&["--horizon", "31d", "--keep-requests", "forever", "--keep-audit", "forever"]).success();
    check(&["--tls-cert", "a", "--tls-key", "b"]).assert_failed(1, &["--tls-cert a"]);
    assert_eq!(folder.files(), ["service.toml"]);
}
