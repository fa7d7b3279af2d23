//! The HTTP API against its own description: schemathesis asks every route for what the document allows, and for what it does
//! not.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;
use crate::{process, run, setup};

/// No answer of 500 and above, and none that is other than the document says.
const CHECKS: &str = "not_a_server_error,response_schema_conformance,content_type_conformance,status_code_conformance";

/// How many seconds the demo has for its first forecast, without which some routes answer 503.
const SECONDS: u32 = 600;

/// The demo's folder, beside what is built.
const DATA: &str = "proof-api";

/// What schemathesis has to be told, in its own language.
const HOOKS: &str = include_str!("api_hooks.py");

/// Builds the service, starts the demo, and has every route asked.
pub(super) fn run(workspace: &Workspace) -> Result<ExitCode> {
    let schemathesis = setup::schemathesis(workspace)?;
    run::build_backend(workspace)?;
    let demo = Demo::start(workspace)?;
    let folder = workspace.release.with_file_name(DATA);
    let hooks = folder.join("hooks.py");
    std::fs::write(&hooks, HOOKS).with_context(|| format!("cannot write {}", hooks.display()))?;
    let mut command = workspace.command(schemathesis);
    // It leaves a folder of its own behind.
    command.current_dir(folder).env("SCHEMATHESIS_HOOKS", hooks);
    command.args(["run", &format!("{}/openapi.json", demo.address), "--checks", CHECKS]);
    command.args(["--phases", "examples,coverage,fuzzing", "--max-examples", "50", "--continue-on-failure"]);
    process::run(command.arg("--generation-deterministic"))?;
    Ok(ExitCode::SUCCESS)
}

/// The demo on a free port; ended when it is dropped.
struct Demo {
    child: Child,
    address: String,
}

impl Demo {
    fn start(workspace: &Workspace) -> Result<Self> {
        let mut command = Command::new(workspace.shadowplane());
        command.args([
            "serve",
            "--demo",
            "--speed",
            "1",
            "--recommend",
            "on-order",
            "--listen",
            "127.0.0.1:0",
            "--data",
        ]);
        command.arg(workspace.release.with_file_name(DATA));
        // Without it, no remote write is taken.
        command.arg("--prometheus-mapping").arg(workspace.root.join("deploy/prometheus/mapping.toml"));
        let mut child = command.stdout(Stdio::piped()).spawn().context("the demo does not start")?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("the demo has no output")?).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening on ").unwrap_or_default().to_owned();
        let demo = Self { child, address };
        for _ in 0..SECONDS {
            if demo.get("/v1/forecasts?horizon=1d").is_ok_and(|answer| answer.contains("\"ready\"")) {
                return Ok(demo);
            }
            std::thread::sleep(Duration::from_secs(1));
        }
        bail!("the demo has no forecast after {SECONDS} s")
    }

    fn get(&self, path: &str) -> std::io::Result<String> {
        let authority = self.address.trim_start_matches("http://");
        let mut stream = TcpStream::connect(authority)?;
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
