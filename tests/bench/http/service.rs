//! A service in a folder of its own; both are gone when it is dropped.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use ureq::Agent;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) struct Service {
    child: Child,
    folder: PathBuf,
    pub(crate) address: String,
    pub(crate) agent: Agent,
}

impl Service {
    /// One that is called so, in an empty folder with these files.
    pub(crate) fn start(name: &str, files: &[(&str, &str)]) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("shadowplane-bench-http-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        for (file, text) in files {
            std::fs::write(folder.join(file), text)?;
        }
        let (child, address) = begin(&folder)?;
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build();
        Ok(Self { child, folder, address, agent: config.into() })
    }

    /// The most memory that it has had. Only Linux tells.
    pub(crate) fn peak_mib(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        Ok(line.context("the system tells no peak")?.parse::<f64>()? / 1_024.0)
    }

    /// Kills it, and says how many seconds another one takes until it answers from what is stored.
    pub(crate) fn restarted(mut self) -> Result<f64> {
        self.child.kill()?;
        self.child.wait()?;
        let begun = Instant::now();
        let (child, address) = begin(&self.folder)?;
        (self.child, self.address) = (child, address);
        self.agent.get(format!("{}/v1/status", self.address)).call()?;
        Ok(begun.elapsed().as_secs_f64())
    }
}

fn begin(folder: &Path) -> Result<(Child, String)> {
    let mut command = Command::new(tests::shadowplane());
    command.args(["serve", "--no-keys", "--listen", "127.0.0.1:0", "--recommend", "on-order", "--data"]).arg(folder);
    let mapping = folder.join("mapping.toml");
    if mapping.is_file() {
        command.arg("--prometheus-mapping").arg(mapping);
    }
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("it has an output")?).lines();
    let first = lines.next().context("the service says where it listens")??;
    let address = first.strip_prefix("listening on ").context("the service says where it listens")?.to_owned();
    // Keeps the pipe open, or the service could not print its next line.
    std::thread::spawn(move || lines.for_each(drop));
    Ok((child, address))
}

impl Drop for Service {
    fn drop(&mut self) {
        // What cannot be ended or removed is for whoever runs this to see.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
