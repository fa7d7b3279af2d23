//! The Helm chart, as far as it can be checked without Helm.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;
use shared::api::paths;

use crate::shadowplane::Folder;

fn chart() -> PathBuf {
    tests::root().join("deploy/helm/shadowplane")
}

fn yaml(file: &str) -> Value {
    serde_saphyr::from_str(&std::fs::read_to_string(chart().join(file)).unwrap()).unwrap()
}

/// The templates by name.
fn templates() -> Vec<(String, String)> {
    let files = std::fs::read_dir(chart().join("templates")).unwrap();
    let read = |file: std::io::Result<std::fs::DirEntry>| {
        let file = file.unwrap();
        (file.file_name().into_string().unwrap(), std::fs::read_to_string(file.path()).unwrap())
    };
    files.map(read).collect()
}

/// What stands after each `mark` of a text, as long as its letters are those of a name.
fn names<'t>(text: &'t str, mark: &str) -> Vec<&'t str> {
    let of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '.' || letter == '-';
    let rests = text.match_indices(mark).map(|(at, _)| &text[at + mark.len()..]);
    rests.map(|rest| &rest[..rest.find(|letter| !of_name(letter)).unwrap_or(rest.len())]).collect()
}

#[test]
fn every_value_is_there_and_is_used() {
    let values = yaml("values.yaml");
    let mut used = BTreeSet::new();
    for (file, text) in templates() {
        for name in names(&text, ".Values.") {
            let found = name.split('.').try_fold(&values, |value, part| value.get(part));
            assert!(found.is_some(), "{file} names .Values.{name}, which values.yaml does not have");
            used.insert(name.split('.').next().unwrap().to_owned());
        }
    }
    let known: BTreeSet<String> = values.as_object().unwrap().keys().cloned().collect();
    assert_eq!(used, known, "a value that nothing reads");
}

#[test]
fn every_template_closes_what_it_opens() {
    let helpers: BTreeSet<String> = templates()
        .iter()
        .flat_map(|(_, text)| names(text, "define \"").into_iter().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    for (file, text) in templates() {
        let actions: Vec<&str> = text.match_indices("{{").map(|(at, _)| &text[at + 2..]).collect();
        let actions: Vec<&str> = actions
            .into_iter()
            .map(|rest| rest[..rest.find("}}").expect("an action ends")].trim_matches(['-', ' ']))
            .collect();
        let first = |action: &&&str, words: &[&str]| words.contains(&action.split(' ').next().unwrap());
        let opened = actions.iter().filter(|action| first(action, &["if", "with", "range", "define"])).count();
        assert_eq!(opened, actions.iter().filter(|action| **action == "end").count(), "{file}");
        for name in names(&text, "include \"") {
            assert!(helpers.contains(name), "{file} includes {name}");
        }
    }
}

#[test]
fn the_program_knows_every_option_and_every_path() {
    let folder = Folder::new();
    let (_, text) = templates().into_iter().find(|(file, _)| file == "statefulset.yaml").unwrap();
    let help = ["serve --help", "keys create --help"].map(|line| folder.run(line.split(' ')).success()).concat();
    let options: Vec<&str> = names(&text, "--").into_iter().filter(|name| !name.is_empty()).collect();
    assert!(options.contains(&"key-file") && options.contains(&"listen"), "{options:?}");
    for option in options {
        assert!(help.contains(&format!("--{option}")), "--{option} is none of the program's");
    }
    let probes: BTreeSet<&str> = names(&text, "path: /").into_iter().collect();
    assert_eq!(probes, [&paths::LIVE[1..], &paths::READY[1..]].into());
    let monitor = templates().into_iter().find(|(file, _)| file == "servicemonitor.yaml").unwrap().1;
    assert!(monitor.contains(&format!("path: {}\n", paths::METRICS)));
    assert_eq!(yaml("Chart.yaml")["appVersion"], env!("CARGO_PKG_VERSION"));
    // What the values say is what the program takes.
    folder.write("service.toml", yaml("values.yaml")["config"].as_str().unwrap());
    folder.run(["serve", "--check-config", "--config", "service.toml"]).success();
}

/// The chart's Secret is given at every start of the pod.
#[test]
fn a_key_of_a_file_is_made_once() {
    let folder = Folder::new();
    let secret = "a".repeat(43);
    folder.write("key", format!("sp_0123456789ab_{secret}\n"));
    let create = ["keys", "create", "--role", "admin", "--name", "first", "--key-file", "key"];
    assert_eq!(folder.run(create).success(), "the key 0123456789ab is made: good\n");
    assert_eq!(folder.run(create).success(), "the key 0123456789ab is there already: good\n");
    folder.run(["keys", "revoke", "0123456789ab"]).success();
    let again = folder.run(create).success();
    assert!(again.starts_with("the key 0123456789ab is there already: revoked "), "{again}");
    folder.write("key", format!("sp_0123456789ab_{}", "b".repeat(43)));
    folder.run(create).assert_failed(2, &["--key-file", "has the id of another key, 0123456789ab"]);
    folder.write("key", "secret");
    folder.run(create).assert_failed(2, &["--key-file", "holds no key; expected `sp_`"]);
}
