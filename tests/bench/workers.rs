//! How fast an ensemble is run by one worker and by two, each a process with one thread, beside threads of one process.
//! `cargo xtask bench workers` runs it.

#![expect(clippy::print_stdout, reason = "figures for `cargo xtask bench workers`")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use backend::ensemble::RunBy;
use backend::queue::{NatsAddress, Queue};
use shared::example;
use shared::scenario::{Edit, Scenario, ValidScenario};
use tests::nats::Nats;

/// Runs of the ensemble.
const RUNS: u32 = 128;

/// By how much the demand of the example's day is raised, so that a run is one of tens of thousands of requests.
const PERCENT: u32 = 2_000;

/// So often each is measured; the best counts, since others use the machine too.
const TIMES: u64 = 3;

/// Ends with its handle.
struct Worker(Child);

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn main() -> Result<()> {
    let nats = Nats::new(1).context("there is no nats-server")?;
    let queue = Queue::new(NatsAddress::new(&nats.url(), None, None)?, 1, |text| println!("{text}"))?;
    let mut seeds = 0..;
    let mut best = |by: RunBy<'_>| -> Result<f64> {
        let mut best = f64::MAX;
        // Other seeds are other questions: none has its answer yet.
        for seed in seeds.by_ref().take(TIMES as usize) {
            let edits = vec![Edit::ScaleDemand { tenant: None, percent: PERCENT }];
            let valid = ValidScenario::new(Scenario { runs: RUNS, seed, edits, ..example::lab_scenario() })?;
            let begun = Instant::now();
            let outcome = by.run(&valid, &|_, _| true)?.context("nobody cancels it")?;
            ensure!(outcome.runs.len() == RUNS as usize, "runs are missing");
            best = best.min(begun.elapsed().as_secs_f64());
        }
        Ok(f64::from(RUNS) / best)
    };
    let threads = [best(RunBy::Threads(1))?, best(RunBy::Threads(2))?];
    let mut workers = vec![worker(&nats)?];
    let one = best(RunBy::Workers(&queue))?;
    workers.push(worker(&nats)?);
    let two = best(RunBy::Workers(&queue))?;
    println!("thread_1_runs_per_s {:.1}\nthread_2_runs_per_s {:.1}", threads[0], threads[1]);
    println!("worker_1_runs_per_s {one:.1}\nworker_2_runs_per_s {two:.1}");
    println!("threads_2_to_1 {:.3}\nworkers_2_to_1 {:.3}", threads[1] / threads[0], two / one);
    Ok(())
}

fn worker(nats: &Nats) -> Result<Worker> {
    let mut command = Command::new(tests::shadowplane());
    command.args(["worker", "--threads", "1", "--nats", &nats.url()]);
    let mut worker = Worker(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?);
    let said = worker.0.stdout.take().context("its output is a pipe")?;
    BufReader::new(said).lines().next().context("the worker did not begin")??;
    Ok(worker)
}
