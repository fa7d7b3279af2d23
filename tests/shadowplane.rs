//! Running the `shadowplane` command as a user does.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use shared::example;
use shared::request::write_line;
use shared::units::{Duration, Window};

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Answer {
    /// What the command printed; it has to have succeeded.
    pub(crate) fn success(self) -> String {
        assert_eq!(self.status, 0, "{}", self.stderr);
        self.stdout
    }

    /// The command has to have failed with this status, printed nothing, and said each of `parts`.
    pub(crate) fn assert_failed(&self, status: i32, parts: &[&str]) {
        assert_eq!((self.status, self.stdout.as_str()), (status, ""), "{}", self.stderr);
        for part in parts {
            assert!(self.stderr.contains(part), "expected `{part}` in: {}", self.stderr);
        }
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
    }
}

/// An empty folder that is removed at the end; commands run in it.
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
}

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("shadowplane-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("the folder for temporary files can be written to");
        Self { path }
    }

    pub(crate) fn write(&self, file: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path.join(file), content).expect("a temporary file can be written");
    }

    /// Writes `requests.ndjson`: so many days of the example and an hour, without what does not fit the default fleet, which
    /// has no GPUs.
    pub(crate) fn write_example(&self, days: i64) {
        let window = Window { start: example::START, end: example::START + Duration::DAY * days + Duration::HOUR };
        let mut text = String::new();
        for request in example::requests_between(example::SEED, window) {
            if request.flavor.as_deref() != Some("gpu") {
                write_line(&mut text, &request);
            }
        }
        self.write("requests.ndjson", text);
    }

    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path.join(file)).expect("the command has written the file")
    }

    /// The names of the files in it, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.path).expect("the folder is there");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// Runs `shadowplane` here.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Answer {
        self.run_with_stdin(arguments, b"")
    }

    /// Runs `shadowplane` here, with `stdin` to read.
    pub(crate) fn run_with_stdin<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
        stdin: &[u8],
    ) -> Answer {
        let mut child = Command::new(tests::shadowplane())
            .args(arguments)
            .current_dir(&self.path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("shadowplane starts");
        let mut pipe = child.stdin.take().expect("stdin is a pipe");
        // A command that refuses its arguments reads nothing: its answer is what counts.
        let _ = pipe.write_all(stdin);
        drop(pipe);
        let output = child.wait_with_output().expect("shadowplane ends");
        Answer {
            status: output.status.code().expect("shadowplane is not killed"),
            stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder that stays behind harms nothing.
        let _ = fs::remove_dir_all(&self.path);
    }
}
