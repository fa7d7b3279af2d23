//! A running service, and a client for it.

use std::fmt::Debug;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::shadowplane::Folder;

/// How long anything may take before the test has failed.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often a service is killed; `cargo xtask proof loop` and `proof ingest` set more.
pub(crate) fn kills() -> u32 {
    setting("SHADOWPLANE_KILLS", 5)
}

/// How much of something; what a test does without a proof is the second.
pub(crate) fn setting<T: FromStr<Err: Debug>>(variable: &str, otherwise: T) -> T {
    std::env::var(variable).map_or(otherwise, |set| set.parse().unwrap())
}

/// The service; killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    agent: ureq::Agent,
}

/// What the service said.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) location: Option<String>,
    /// Every header, one a line.
    pub(crate) headers: String,
    pub(crate) body: String,
}

impl Server {
    /// One that asks for no keys.
    pub(crate) fn start(folder: &Folder, arguments: &[&str]) -> Self {
        Self::start_with_keys(folder, &[&["--no-keys"], arguments].concat())
    }

    /// One that asks for keys, of which the folder has to have one.
    pub(crate) fn start_with_keys(folder: &Folder, arguments: &[&str]) -> Self {
        let mut command = Command::new(tests::shadowplane());
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&folder.path).args(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().expect("the service says where it listens").unwrap();
        let address = first.strip_prefix("listening on ").unwrap_or_else(|| panic!("{first}")).to_owned();
        // Keeps the pipe open, or the service could not print its next line.
        std::thread::spawn(move || lines.for_each(drop));
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build();
        Self { child, address, agent: config.into() }
    }

    /// Asks with these headers.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.address));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        // Methods that have no body are not to be sent one.
        if matches!(method, "GET" | "HEAD" | "DELETE") {
            return self.agent.run(request.body(()).unwrap()).unwrap().into();
        }
        self.agent.run(request.body(body).unwrap()).unwrap().into()
    }

    /// Asks with a key.
    pub(crate) fn ask_with(&self, key: &str, method: &str, path: &str, body: &str) -> Reply {
        let (bearer, kind) = (format!("Bearer {key}"), "application/json");
        self.ask(method, path, &[("Authorization", &bearer), ("Content-Type", kind)], body.as_bytes())
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.agent.get(format!("{}{path}", self.address)).call().unwrap().into()
    }

    pub(crate) fn head(&self, path: &str) -> Reply {
        self.agent.head(format!("{}{path}", self.address)).call().unwrap().into()
    }

    pub(crate) fn delete(&self, path: &str) -> Reply {
        self.agent.delete(format!("{}{path}", self.address)).call().unwrap().into()
    }

    pub(crate) fn put(&self, path: &str) -> Reply {
        self.agent.put(format!("{}{path}", self.address)).send_empty().unwrap().into()
    }

    pub(crate) fn post(&self, path: &str, content_type: &str, body: &[u8]) -> Reply {
        self.try_post(path, content_type, body).unwrap()
    }

    /// As a browser posts from a page of `origin`.
    pub(crate) fn post_from(&self, origin: &str, path: &str, content_type: &str, body: &[u8]) -> Reply {
        let request = self.agent.post(format!("{}{path}", self.address)).header("Content-Type", content_type);
        request.header("Origin", origin).send(body).unwrap().into()
    }

    /// Fails where the service is killed in the meantime.
    pub(crate) fn try_post(&self, path: &str, content_type: &str, body: &[u8]) -> Result<Reply, ureq::Error> {
        let request = self.agent.post(format!("{}{path}", self.address)).header("Content-Type", content_type);
        let mut response = request.send(body)?;
        let text = response.body_mut().read_to_string()?;
        Ok(Reply::new(&response, text))
    }

    /// Asks until the answer is as wanted.
    pub(crate) fn wait_for(&self, path: &str, wanted: impl Fn(&Reply) -> bool) -> Reply {
        let begun = Instant::now();
        loop {
            let reply = self.get(path);
            if wanted(&reply) {
                return reply;
            }
            assert!(begun.elapsed() < PATIENCE, "{path} never was as wanted; last: {} {}", reply.status, reply.body);
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// The id of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The most memory that it has had, where the system tells.
    pub(crate) fn resident_kib(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).ok()?;
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok())
    }

    /// Waits until it has ended by itself; its status, where it has one.
    pub(crate) fn wait(mut self, patience: Duration) -> Option<i32> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(begun.elapsed() < patience, "it does not end");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends it without a chance to tidy up.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Reply {
    fn new(response: &ureq::http::Response<ureq::Body>, body: String) -> Self {
        let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        Self {
            status: response.status().as_u16(),
            content_type: header("content-type").unwrap_or_default(),
            location: header("location"),
            headers: response.headers().iter().map(|(name, value)| format!("{name}: {value:?}\n")).collect(),
            body,
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

impl From<ureq::http::Response<ureq::Body>> for Reply {
    fn from(mut response: ureq::http::Response<ureq::Body>) -> Self {
        let body = response.body_mut().with_config().limit(100 << 20).read_to_string().unwrap();
        Self::new(&response, body)
    }
}
