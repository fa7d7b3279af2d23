//! Versions in Cargo.lock.

/// The version of a package in the text of a Cargo.lock; none when it is not in there.
pub(crate) fn version<'a>(lockfile: &'a str, package: &str) -> Option<&'a str> {
    lockfile.split("[[package]]").find_map(|entry| {
        let name = value(entry, "name")?;
        (name == package).then(|| value(entry, "version"))?
    })
}

fn value<'a>(entry: &'a str, key: &str) -> Option<&'a str> {
    entry.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"'))
}

#[cfg(test)]
mod tests {
    use super::version;

    const LOCKFILE: &str = r#"version = 4

[[package]]
name = "wasm-bindgen-futures"
version = "0.4.80"
dependencies = [
 "wasm-bindgen",
]

[[package]]
name = "wasm-bindgen"
version = "0.2.130"
source = "registry+https://github.com/rust-lang/crates.io-index"
"#;

    #[test]
    fn the_version_is_that_of_exactly_this_package() {
        assert_eq!(version(LOCKFILE, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(version(LOCKFILE, "wasm-bindgen-futures"), Some("0.4.80"));
    }

    #[test]
    fn a_package_that_only_begins_alike_is_not_found() {
        assert_eq!(version(LOCKFILE, "wasm"), None);
    }

    #[test]
    fn windows_line_ends_are_read_too() {
        assert_eq!(version(&LOCKFILE.replace('\n', "\r\n"), "wasm-bindgen"), Some("0.2.130"));
    }
}
