//! Whether something has to be built again: a hash of what goes in and of what came out.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::{Context, Result};

/// A hash of the files at or below some paths, by path and content; a path that is not there counts as empty.
pub(crate) fn hash(root: &Path, paths: &[&str]) -> Result<u64> {
    let mut files = BTreeSet::new();
    for path in paths {
        collect(&root.join(path), &mut files).with_context(|| format!("cannot list {path}"))?;
    }
    let mut hasher = DefaultHasher::new();
    for file in files {
        let content = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        file.strip_prefix(root).unwrap_or(&file).hash(&mut hasher);
        content.hash(&mut hasher);
    }
    Ok(hasher.finish())
}

/// Adds the file, or every file below the folder.
fn collect(path: &Path, files: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            collect(&entry?.path(), files)?;
        }
    } else if path.is_file() {
        files.insert(path.to_path_buf());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own for each test, removed again afterwards.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("shadowplane-xtask-{}-{name}", std::process::id()));
            fs::create_dir_all(path.join("source/inner")).unwrap();
            fs::write(path.join("source/a"), "1").unwrap();
            fs::write(path.join("source/inner/b"), "2").unwrap();
            Self(path)
        }

        fn hash(&self) -> u64 {
            hash(&self.0, &["source", "single"]).unwrap()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn a_file_that_is_written_again_with_the_same_content_changes_nothing() {
        let folder = Folder::new("same");
        let before = folder.hash();
        fs::write(folder.0.join("source/a"), "1").unwrap();
        fs::write(folder.0.join("outside"), "x").unwrap();
        assert_eq!(folder.hash(), before);
    }

    #[test]
    fn a_changed_an_added_a_renamed_and_a_removed_file_are_seen() {
        let folder = Folder::new("changed");
        let mut seen = vec![folder.hash()];
        fs::write(folder.0.join("source/inner/b"), "3").unwrap();
        seen.push(folder.hash());
        fs::write(folder.0.join("single"), "").unwrap();
        seen.push(folder.hash());
        fs::rename(folder.0.join("source/a"), folder.0.join("source/c")).unwrap();
        seen.push(folder.hash());
        fs::remove_file(folder.0.join("source/c")).unwrap();
        seen.push(folder.hash());
        let distinct: BTreeSet<_> = seen.iter().collect();
        assert_eq!(distinct.len(), seen.len(), "{seen:?}");
    }

    #[test]
    fn content_does_not_move_between_files_unseen() {
        let folder = Folder::new("moved");
        let before = folder.hash();
        fs::write(folder.0.join("source/a"), "2").unwrap();
        fs::write(folder.0.join("source/inner/b"), "1").unwrap();
        assert_ne!(folder.hash(), before);
    }
}
