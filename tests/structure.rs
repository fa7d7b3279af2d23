//! The folders are the architecture: which module may import which, and what no file may hold.

use std::fs;
use std::path::{Path, PathBuf};

use tests::root;

/// The modules of `shared` in the order of the flow; `lib.rs` has those of them that exist.
const FLOW: [&str; 26] = [
    "units",
    "random",
    "input",
    "request",
    "trace",
    "features",
    "forecast",
    "stream",
    "pricing",
    "control_plane",
    "scenario",
    "cost",
    "simulation",
    "shadow",
    "files",
    "allocation",
    "bill",
    "variance",
    "recommendation",
    "comparison",
    "explanation",
    "quote",
    "feedback",
    "link",
    "api",
    "example",
];

/// Folders of output, which are no part of the source.
const OUTPUT: [&str; 4] = ["target", "dist", "data", ".git"];

#[test]
fn modules_stand_in_the_order_of_the_flow() {
    let modules = modules();
    let places: Vec<_> = modules
        .iter()
        .map(|module| {
            FLOW.iter().position(|name| name == module).unwrap_or_else(|| panic!("`{module}` has no place in FLOW"))
        })
        .collect();
    assert!(places.is_sorted(), "shared/src/lib.rs lists {modules:?}, which is not the order of {FLOW:?}");
}

#[test]
fn modules_import_only_from_above() {
    let modules = modules();
    let mut wrong = Vec::new();
    for file in files(&root().join("shared/src")) {
        let path = module_path(&file);
        let Some(place) = modules.iter().position(|module| Some(module) == path.first()) else { continue };
        let source = fs::read_to_string(&file).unwrap();
        let tests_from = first_test_line(&file, &source);
        for (line, name) in imports(&source, path.len()) {
            // The example workload is built on everything, and is there for every test.
            let example = name == "example" && line >= tests_from;
            if !example && modules.iter().position(|module| *module == name).is_some_and(|imported| imported > place) {
                wrong.push(format!("{}:{line} imports {name}, which is below {}", file.display(), path[0]));
            }
        }
    }
    assert!(wrong.is_empty(), "imports that point down the list of shared/src/lib.rs:\n{}", wrong.join("\n"));
}

#[test]
fn imports_are_found_in_every_form() {
    let source = "
use crate::units::Instant;
use crate::{
    pricing::{self, PriceBook},
    scenario, // crate::nothing
};
use super::super::stream::StreamModel;
use super::sibling;
/// As crate::documentation says.
fn f() -> crate::cost::Ledger {}
";
    let found: Vec<_> = imports(source, 2).into_iter().map(|(line, name)| format!("{line} {name}")).collect();
    assert_eq!(found, ["2 units", "3 pricing", "3 scenario", "7 stream", "10 cost"]);
}

#[test]
fn crates_depend_on_shared_and_on_nothing_beside() {
    for (package, allowed) in [
        ("shared", &[][..]),
        ("xtask", &[]),
        ("backend", &["shared"]),
        ("frontend", &["shared"]),
        ("tests", &["shared", "backend"]),
    ] {
        let manifest = fs::read_to_string(root().join(package).join("Cargo.toml")).unwrap();
        for other in ["shared", "backend", "frontend", "tests", "xtask"] {
            let depends = manifest.lines().any(|line| {
                let name = line.split(['=', '.', ' ']).next();
                name == Some(other) && line.contains('{')
            });
            assert!(!depends || allowed.contains(&other), "{package} must not depend on {other}");
        }
    }
}

#[test]
fn no_file_holds_what_does_not_belong() {
    // Written in two parts, so that this file does not hold them either.
    let forbidden = [
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/Us", "ers/"),
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("to", "do!("),
        concat!("allow(dead", "_code"),
    ];
    let mut wrong = Vec::new();
    for file in files(root()) {
        // What is not text has nothing to read in it.
        let Ok(text) = String::from_utf8(fs::read(&file).unwrap()) else { continue };
        for (number, line) in text.lines().enumerate() {
            for word in forbidden.iter().filter(|word| line.contains(**word)) {
                wrong.push(format!("{}:{} holds `{word}`", file.display(), number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_is_named_after_nothing() {
    let vague = ["utils", "util", "common", "helpers", "helper", "misc", "types", "mod"];
    for file in files(root()).into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs")) {
        let relative = file.strip_prefix(root()).unwrap();
        let named = relative.with_extension("");
        let vague = named.iter().find(|part| vague.iter().any(|name| part == name));
        assert_eq!(vague, None, "{}: name it after what is in it", relative.display());
    }
}

/// The modules that `lib.rs` declares, in its order.
fn modules() -> Vec<String> {
    let source = fs::read_to_string(root().join("shared/src/lib.rs")).unwrap();
    let declared = source.lines().filter_map(|line| line.strip_prefix("pub mod ").or(line.strip_prefix("mod ")));
    declared.filter_map(|rest| rest.strip_suffix(';')).map(str::to_owned).collect()
}

/// The module of a file in `shared/src`: `forecast/lstm.rs` is `["forecast", "lstm"]`.
fn module_path(file: &Path) -> Vec<String> {
    let relative = file.strip_prefix(root().join("shared/src")).unwrap().with_extension("");
    relative.iter().map(|part| part.to_string_lossy().into_owned()).collect()
}

/// The line from which on a file holds tests only.
fn first_test_line(file: &Path, source: &str) -> usize {
    if file.file_stem().is_some_and(|name| name == "tests") {
        return 0;
    }
    source.lines().position(|line| line == "#[cfg(test)]").map_or(usize::MAX, |at| at + 1)
}

/// The top-level modules that a source names, with the line of each, through `crate::` or up through its parents.
fn imports(source: &str, depth: usize) -> Vec<(usize, String)> {
    let code: String =
        source.lines().map(|line| line.split("//").next().unwrap_or_default().to_owned() + "\n").collect();
    let parents = format!("\nuse {}", "super::".repeat(depth));
    let mut found = Vec::new();
    for start in ["crate::", parents.as_str()] {
        for (at, _) in code.match_indices(start) {
            let line = code[..at + start.len()].lines().count();
            found.extend(first_names(&code[at + start.len()..]).into_iter().map(|name| (line, name)));
        }
    }
    found.sort();
    found
}

/// The first name of a path, or of each path in the braces it begins with.
fn first_names(path: &str) -> Vec<String> {
    let identifier = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(group) = path.strip_prefix('{') else { return vec![identifier(path)] };
    let mut names = Vec::new();
    let (mut nesting, mut begins) = (0, true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => nesting += 1,
            '}' if nesting == 0 => break,
            '}' => nesting -= 1,
            ',' if nesting == 0 => begins = true,
            c if begins && c.is_alphanumeric() => {
                names.push(identifier(&group[at..]));
                begins = false;
            }
            _ => {}
        }
    }
    names
}

/// Every file of the source at or below a folder, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let output = path.parent() == Some(root()) && OUTPUT.iter().any(|name| path.ends_with(name));
        if path.is_dir() && !output {
            found.extend(files(&path));
        } else if path.is_file() && !output {
            found.push(path);
        }
    }
    found.sort();
    found
}
