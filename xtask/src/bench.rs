//! `cargo xtask bench`: figures of ours beside those of a peer, in one run.

mod cluster;
mod features;
mod figures;
mod forecast;
mod http;
mod lstm;
mod postgres;
mod report;
mod simulation;
mod stream;
mod wasm;
mod workers;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};

use crate::workspace::Workspace;

pub(crate) const DETAILS: &str = "\
lstm      milliseconds of a training step and of an inference, ours and torch's, and their ratio: 32 sequences of 96
          steps, 16 inputs, hidden 64, one thread each, in turns; then a default training on 100 series of a month of
          5-minute bins, and a forecast of a day for them
forecast  how wrong forecasts are, ours and those of seasonal naive, one-day median, statsforecast's AutoETS and MSTL,
          augurs' ETS and MSTL, LightGBM and a torch LSTM, from the same 20 origins: requests of Azure VM V1, their five
          biggest flavors, and the six series of NAB, from DATA (../shared/data unless given); the first time takes
          half an hour, and what the peers said is kept below target/ for the next
features  what known events and sensors are worth, on demand that they move
cluster   requests a second that are acknowledged through NATS JetStream, of one server and of three, and folded into
          PostgreSQL, beside a bare publish of the same bytes; how many a second a core does of each role
http      requests and samples a second that a service stores, from four senders on the same machine, beside a bare handler and
          inserts by hand with the same keys; its memory, and how long it takes to answer after a kill. The argument is how
          many millions of requests are sent (1 unless given)
postgres  requests a second that are stored on a PostgreSQL server, in batches of 1,000 and 10,000, beside a bare COPY of the
          same rows into the same table
report    seconds of `report allocation` from a file of a million metering records of 1,000 tenants in 30 days, beside its
          limit of one second; milliseconds of a statement of them once they are in memory, and seconds to find amounts of
          offered commitments for the hours of 90 days
stream    requests a second that are sampled, and how likely what came was, of the table of a forecast and of the direct
          model: on Azure VM V1 from DATA (../shared/data unless given), one thread
simulation
          requests a second through the control plane beside a bare skeleton of it, nexosim and SimPy; how much slower a
          request is among 50,000 nodes than among 500; bytes of a live resource, and milliseconds of a fork: one thread,
          about two minutes
wasm      a forecast of a day for 100 series, a step of training, the requests a second that are sampled of a day of Azure
          VM V1 from DATA (../shared/data unless given), and those that go through the control plane, natively and in
          headless Chromium
workers   runs a second of an ensemble, by one worker and by two, each a process with one thread, which take it from a
          nats-server, beside threads of one process: all on this machine, so that two need two processors

Python's packages are installed by pip into an environment of their own below target/; nothing of yours changes. Where the
index of torch's own CPU builds cannot be reached, PyPI's build for graphics cards comes instead, which takes 5 GB.";

/// One benchmark with at most so many arguments.
struct Bench {
    name: &'static str,
    arguments_max: usize,
    run: fn(&mut Workspace, &[String]) -> Result<ExitCode>,
}

const ALL: [Bench; 11] = [
    Bench { name: "lstm", arguments_max: 0, run: lstm::run },
    Bench { name: "forecast", arguments_max: 1, run: forecast::run },
    Bench { name: "features", arguments_max: 0, run: features::run },
    Bench { name: "cluster", arguments_max: 0, run: cluster::run },
    Bench { name: "http", arguments_max: 1, run: http::run },
    Bench { name: "postgres", arguments_max: 0, run: postgres::run },
    Bench { name: "report", arguments_max: 0, run: report::run },
    Bench { name: "simulation", arguments_max: 0, run: simulation::run },
    Bench { name: "stream", arguments_max: 1, run: stream::run },
    Bench { name: "wasm", arguments_max: 1, run: wasm::run },
    Bench { name: "workers", arguments_max: 0, run: workers::run },
];

/// Says which there are, where the first argument is none of them.
pub(crate) fn check(arguments: &[String]) -> Result<(), String> {
    let names = || ALL.map(|bench| bench.name).join(", ");
    let Some((name, rest)) = arguments.split_first() else { return Err(format!("say which: {}", names())) };
    match ALL.iter().find(|bench| bench.name == name) {
        None => Err(format!("there is no benchmark `{name}`, only {}", names())),
        Some(bench) => rest.get(bench.arguments_max).map_or(Ok(()), |one| Err(format!("unexpected argument `{one}`"))),
    }
}

/// Runs the one that the first argument names.
pub(crate) fn run(workspace: &mut Workspace, arguments: &[String]) -> Result<ExitCode> {
    let named = arguments.split_first().and_then(|(name, rest)| Some((ALL.iter().find(|one| one.name == name)?, rest)));
    let (bench, rest) = named.ok_or_else(|| anyhow::anyhow!("no such benchmark"))?;
    (bench.run)(workspace, rest)
}

/// The folder of Azure VM V1 in DATA, the first argument of the benchmark `name`.
fn azure_vm(workspace: &Workspace, name: &str, arguments: &[String]) -> Result<PathBuf> {
    let data = arguments.first().map_or_else(|| workspace.root.join("../shared/data"), PathBuf::from);
    let trace = data.join("azure-vm-v1");
    ensure!(
        trace.is_dir(),
        "{} has no folder azure-vm-v1; say where it is: cargo xtask bench {name} DATA",
        data.display()
    );
    trace.canonicalize().with_context(|| format!("cannot find {}", trace.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_benchmarks_that_exist_are_run() {
        let check = |line: &str| check(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        assert!(check("lstm").is_ok() && check("forecast").is_ok() && check("forecast data").is_ok());
        for wrong in ["", "gpu", "lstm gpu", "forecast data more"] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
    }
}
