//! `cargo xtask proof`: what is checked briefly in every test, at length.

mod api;

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;
use crate::{process, run, setup};

pub(crate) const DETAILS: &str = "\
queueing    mean waits of M/M/1, M/M/4 and M/D/1 at loads of 0.5, 0.8 and 0.95, each within 1 % of theory; takes minutes
simulation  the invariants of runs on 10,000 random scenarios each: determinism, capacity, conservation, isolation,
            save and restore, Little's law, and the index of nodes against a scan
money       on 10,000 random cases each: cost is conserved however it is told, variances add up, bills lose nothing; takes
            a quarter of an hour
scenarios   changed scenario files for an hour (`scenarios SECONDS` for another time): each has its problems named, or
            runs and breaks no rule
network     every text that may arrive over the network, changed for ten minutes a parser (`network SECONDS` for another time):
            it is read or refused, and nothing panics
ingest      requests are sent while the service is killed 100 times: whatever was acknowledged is there, once; a full disk, one
            that cannot be written, and a damaged file are told, and lose nothing
cluster     requests are sent through two processes while 50 times one is killed: one of them, the one that folds, the server
            that leads the stream, or PostgreSQL; whatever was acknowledged is there, once; and what becomes of ensembles
            whose workers or servers are killed
hostile     10,000 idle and 10,000 slow clients, a body of a GiB, packed GiBs of zeros, lists in lists, 100,000 tenants: others
            are served meanwhile, in less than 512 MiB, or a GiB with the tenants
loop        the loop of the service, killed 50 times at random moments, comes to the same decisions, models, reports and
            ledger as without a kill; and thirty days in which nothing changes, a tenant asks for three times as much,
            one is new, prices rise, or no data comes: what it notices, when, and what it trains for
api         every route of the demo against /openapi.json, by schemathesis, which it installs into an environment of its own:
            no answer of 500 and above, none that is other than it is described";

/// Random scenarios of each invariant.
const CASES: &str = "10000";

/// Kills of the loop, of processes of a cluster, and of a service that takes requests in.
const KILLS: &str = "50";
const INGEST_KILLS: &str = "100";

/// Says which there are, where the argument is none of them.
pub(crate) fn check(arguments: &[String]) -> Result<(), String> {
    match arguments {
        [one]
            if ["queueing", "simulation", "money", "scenarios", "network", "ingest", "cluster", "hostile", "loop", "api"]
                .contains(&one.as_str()) =>
        {
            Ok(())
        }
        [one, seconds] if ["scenarios", "network"].contains(&one.as_str()) && seconds.parse::<u32>().is_ok() => Ok(()),
        _ => {
            Err("say which: queueing, simulation, money, scenarios [SECONDS], network [SECONDS], ingest, cluster, hostile, loop or api".to_owned())
        }
    }
}

/// Builds and runs the one that is named.
pub(crate) fn run(workspace: &mut Workspace, arguments: &[String]) -> Result<ExitCode> {
    if let [one, seconds @ ..] = arguments {
        let seconds = seconds.first().map(String::as_str);
        match one.as_str() {
            "scenarios" => return scenarios(workspace, seconds.unwrap_or("3600")),
            "network" => return network(workspace, seconds.unwrap_or("600")),
            _ => {}
        }
    }
    if arguments.first().is_some_and(|one| one == "api") {
        return api::run(workspace);
    }
    // No package is named, so that dependencies are those that everything else is built from.
    let mut command = workspace.cargo(&["test", "--release"]);
    match arguments.first().map(String::as_str) {
        Some("queueing") => {
            command.args(["--test", "integration", "--", "--include-ignored", "--nocapture", "proofs::queueing"])
        }
        Some("simulation") => {
            command.args(["--lib", "--", "simulation::tests", "placement::tests", "pages::tests"]);
            command.env("PROPTEST_CASES", CASES)
        }
        Some("money") => {
            command.args(["--lib", "--", "allocation::", "bill::", "cost::", "pricing::", "variance"]);
            command.env("PROPTEST_CASES", CASES)
        }
        Some("ingest") => {
            run::build_backend(workspace)?;
            command.args([
                "--test",
                "integration",
                "--",
                "--nocapture",
                "nothing_acknowledged",
                "odd_disks",
                "survives_a_kill",
            ]);
            command.env("SHADOWPLANE_KILLS", INGEST_KILLS)
        }
        Some("cluster") => {
            let peers = setup::peers(workspace)?;
            run::build_backend(workspace)?;
            command.args(["--test", "integration", "--", "--nocapture", "--test-threads=1", "cluster::", "workers::"]);
            command.env("SHADOWPLANE_KILLS", KILLS);
            let nats = peers.nats.context("it needs nats-server, which could not be had")?;
            let postgres = peers.postgres.context("it needs PostgreSQL, which could not be had")?;
            command.env("SHADOWPLANE_NATS_SERVER_BIN", nats).env("SHADOWPLANE_POSTGRES_BIN", postgres)
        }
        Some("hostile") => {
            run::build_backend(workspace)?;
            command.args(["--test", "integration", "--", "--nocapture", "--test-threads=1", "api::hostile"]);
            command.env("SHADOWPLANE_HOSTILE_CLIENTS", "10000").env("SHADOWPLANE_HOSTILE_TENANTS", "100000");
            command.env("SHADOWPLANE_HOSTILE_MIB", "1024")
        }
        Some("loop") => {
            run::build_backend(workspace)?;
            process::run(command.args(["--lib", "--", "--include-ignored", "--nocapture", "thirty_days"]))?;
            command = workspace.cargo(&["test", "--release"]);
            command.args(["--test", "integration", "--", "--nocapture", "a_loop_that_is_killed"]);
            command.env("SHADOWPLANE_KILLS", KILLS)
        }
        _ => bail!("no such proof"),
    };
    process::run(&mut command)?;
    Ok(ExitCode::SUCCESS)
}

/// Changes the golden scenarios for so long, from what an earlier run found to be different.
fn scenarios(workspace: &mut Workspace, seconds: &str) -> Result<ExitCode> {
    setup::cargo_fuzz(workspace)?;
    let seeds = workspace.release.with_file_name("fuzz-seeds");
    copy_golden(&workspace.root.join("tests/scenarios"), &seeds)?;
    let mut command = fuzz(workspace, ("scenarios", "fuzz-corpus"), &seeds, seconds)?;
    process::run(&mut command)?;
    Ok(ExitCode::SUCCESS)
}

/// The same with the texts that each parser is given to begin with, one parser after another.
fn network(workspace: &mut Workspace, seconds: &str) -> Result<ExitCode> {
    setup::cargo_fuzz(workspace)?;
    let mut parsers: Vec<_> =
        std::fs::read_dir(workspace.root.join("tests/fuzz/seeds"))?.collect::<std::io::Result<_>>()?;
    parsers.sort_by_key(std::fs::DirEntry::file_name);
    for parser in parsers {
        let name = parser.file_name().to_string_lossy().into_owned();
        let corpus = format!("fuzz-corpus-{name}");
        let mut command = fuzz(workspace, ("network", &corpus), &parser.path(), seconds)?;
        process::run(command.env("SHADOWPLANE_PARSER", name))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Changes what is in `seeds`, and what an earlier run found to be different, for so many seconds.
fn fuzz(workspace: &Workspace, (target, corpus): (&str, &str), seeds: &Path, seconds: &str) -> Result<Command> {
    let found = workspace.release.with_file_name(corpus);
    std::fs::create_dir_all(&found)?;
    // No sanitizer: there is no unsafe code to watch, and none works with a stable Rust.
    let mut command = workspace.cargo(&["fuzz", "run", "--sanitizer", "none", "--target-dir"]);
    command.arg(workspace.release.with_file_name("fuzz")).arg("--fuzz-dir").arg(workspace.root.join("tests/fuzz"));
    command.arg(target).arg(found).arg(seeds).args(["--", "-timeout=20", "-max_len=65536"]);
    command.arg(format!("-max_total_time={seconds}"));
    Ok(command)
}

/// Copies each `input.json` to a file of its own.
fn copy_golden(scenarios: &Path, seeds: &Path) -> Result<()> {
    std::fs::create_dir_all(seeds)?;
    for folder in std::fs::read_dir(scenarios)? {
        let folder = folder?;
        let input = folder.path().join("input.json");
        if input.is_file() {
            std::fs::copy(input, seeds.join(folder.file_name()).with_extension("json"))?;
        }
    }
    Ok(())
}
