//! One module as a queue of which theory knows the waits.
//!
//! Means of batches are nearly independent where a batch is long beside the time in which the queue forgets; their spread
//! gives the interval in which the mean of all lies (Law, "Simulation Modeling and Analysis", on batch means).

use std::thread;

use shared::control_plane::{ModuleSettings, ServiceTime};
use shared::random::{Draws, Purpose};
use shared::request::{IndexedRequest, Module};
use shared::scenario::ValidScenario;
use shared::simulation::{Run, RunOptions, simulate_to_fork};
use shared::units::{Duration, Instant, Rate, Resources};

use super::{create, instant_modules, volumes};

/// Student's t with 29 degrees of freedom at 99.5 %: thirty batches, 99 % between both ends.
const T_29: f64 = 2.756;
const BATCHES: u32 = 30;
const SERVICE: Duration = Duration::from_seconds(1);

/// A queue with Poisson arrivals.
#[derive(Clone, Copy, Debug)]
struct Queue {
    workers: u32,
    /// Whether service always takes the same time; exponential where not.
    constant: bool,
    load: f64,
}

impl Queue {
    /// The mean wait in seconds where a service takes one second on average.
    ///
    /// M/M/c: Erlang's C ÷ (c − a) with a = c ρ (for c = 1 that is ρ ÷ (1 − ρ)); M/D/1: half of M/M/1, by Pollaczek and
    /// Khinchine.
    fn mean_wait(self) -> f64 {
        let (workers, offered) = (f64::from(self.workers), f64::from(self.workers) * self.load);
        // Erlang's B by its recursion, then C from B.
        let blocked = (1..=self.workers).fold(1.0, |b, k| offered * b / (f64::from(k) + offered * b));
        let waits = blocked / (1.0 - self.load * (1.0 - blocked));
        let mean = waits / (workers - offered);
        if self.constant { mean / 2.0 } else { mean }
    }

    fn service(self) -> ServiceTime {
        if self.constant { ServiceTime::Constant(SERVICE) } else { ServiceTime::Exponential(SERVICE) }
    }

    /// Seconds from one arrival to the next, on average.
    fn gap(self) -> f64 {
        1.0 / (f64::from(self.workers) * self.load)
    }
}

fn queues() -> Vec<Queue> {
    let kinds = [(1, false), (4, false), (1, true)];
    let with = |load| kinds.map(|(workers, constant)| Queue { workers, constant, load });
    [0.5, 0.8, 0.95].into_iter().flat_map(with).collect()
}

/// A control plane whose gateway is the queue; nobody is let in after it, so that nothing else happens.
fn scenario(queue: Queue, seed: u64, end: Instant) -> ValidScenario {
    let mut modules = instant_modules();
    modules[Module::Gateway] = ModuleSettings::new(queue.workers, queue.service(), Rate::ZERO);
    volumes(modules, Some(Resources::ZERO), seed, end)
}

/// Poisson arrivals, by seed: the requests from number `first` on, the last of which came at `at` seconds.
fn arrivals(queue: Queue, seed: u64, first: u32, count: u32, at: &mut f64) -> Vec<IndexedRequest> {
    let mut next = |i: u32| {
        *at += queue.gap() * Draws::new(seed, 0, Purpose::Example, u64::from(i)).exponential(0);
        create(i, Instant::from_micros((*at * 1e6) as i64))
    };
    (first..first + count).map(&mut next).collect()
}

/// Mean waits, in seconds, of batches of `count` arrivals; one more at the beginning is left out.
fn batch_means(queue: Queue, seed: u64, batches: u32, count: u32) -> Vec<f64> {
    let span = queue.gap() * f64::from(count) * f64::from(batches + 2) * 2.0;
    let valid = scenario(queue, seed, Instant::from_micros((span * 1e6) as i64));
    let mut run = Run::new(&valid, RunOptions::default());
    let (mut at, mut means) = (0.0, Vec::new());
    for batch in 0..=batches {
        let requests = arrivals(queue, seed, batch * count, count, &mut at);
        let before = waits(&run);
        run.play(&requests, Instant::from_micros((at * 1e6) as i64 + 1));
        let after = waits(&run);
        means.push((after.0 - before.0) as f64 / 1e6 / (after.1 - before.1) as f64);
    }
    means.split_off(1)
}

/// Microseconds waited for the gateway so far, and by how many.
fn waits(run: &Run<'_>) -> (u64, u64) {
    let wait = &run.modules()[Module::Gateway as usize].wait;
    (wait.sum_micros(), wait.count())
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// M/M/1, M/M/4 and M/D/1 at loads of 0.5, 0.8 and 0.95: the theoretical mean lies in the 99 % interval of thirty batches.
#[test]
fn mean_waits_are_those_of_theory() {
    for queue in queues() {
        // The queue forgets within some (1 − √ρ)^-2 services: 12, 90 and 1,560.
        let count = if queue.load > 0.9 { 20_000 } else { 3_000 };
        let means = batch_means(queue, 1, BATCHES, count);
        let center = mean(&means);
        let spread = means.iter().map(|mean| (mean - center) * (mean - center)).sum::<f64>();
        let half = T_29 * (spread / f64::from(BATCHES - 1) / f64::from(BATCHES)).sqrt();
        let theory = queue.mean_wait();
        assert!((center - theory).abs() <= half, "{queue:?}: {center:.4} ± {half:.4} s, theory {theory:.4} s");
        assert!(half < theory / 3.0, "{queue:?}: an interval of ± {half:.4} s says nothing of {theory:.4} s");
    }
}

/// The wait of every single request is that of Lindley's recursion, W(n+1) = max(0, W(n) + S(n) − A(n)), on the same
/// draws, to the microsecond.
#[test]
fn waits_are_those_of_lindley_on_the_same_draws() {
    let queue = Queue { workers: 1, constant: false, load: 0.9 };
    let (seed, count, mut at) = (5, 20_000, 0.0);
    let requests = arrivals(queue, seed, 0, count, &mut at);
    let valid = scenario(queue, seed, Instant::from_micros((at * 2e6) as i64));
    let end = simulate_to_fork(&valid, &requests, RunOptions::default());
    let (mut wait, mut service, mut before) = (0, 0, requests[0].at);
    for request in &requests {
        wait = (wait + service - (request.at - before).micros()).max(0);
        before = request.at;
        let draws = Draws::new(seed, 0, Purpose::ServiceTime, request.draw_key);
        service = (SERVICE.micros() as f64 * draws.exponential(0)).round() as i64;
        let spent = end.module_times[request.resource.usize()][Module::Gateway as usize].micros();
        assert_eq!(spent - service, wait, "request {}", request.resource.0);
    }
}

/// How far from theory the means are with so many arrivals that chance alone keeps them within 0.4 % (one standard error,
/// Whitt 1989: 2 ÷ ((1 − ρ) √n)).
#[test]
#[ignore = "takes minutes: cargo xtask proof queueing"]
fn mean_waits_are_within_a_percent_of_theory() {
    let within = thread::scope(|scope| {
        let proofs: Vec<_> = queues().into_iter().map(|queue| scope.spawn(move || long_proof(queue))).collect();
        proofs.into_iter().map(|proof| proof.join().unwrap()).collect::<Vec<bool>>()
    });
    assert!(within.iter().all(|&within| within), "a mean wait is more than 1 % off");
}

#[expect(clippy::print_stdout, reason = "the table of `cargo xtask proof queueing`")]
fn long_proof(queue: Queue) -> bool {
    const REPLICATION: u32 = 1_000_000;
    let wanted = (2.0 / (0.0038 * (1.0 - queue.load))).powi(2);
    let replications = (wanted / f64::from(REPLICATION)).ceil() as u64;
    let mut means = Vec::new();
    for seed in 0..replications {
        means.extend(batch_means(queue, 100 + seed, 10, REPLICATION / 10));
    }
    let (center, theory) = (mean(&means), queue.mean_wait());
    let name = format!("M/{}/{}", if queue.constant { "D" } else { "M" }, queue.workers);
    let off = 100.0 * (center / theory - 1.0);
    println!("{name} at {:<5} {center:>10.5} s, theory {theory:>10.5} s, {off:>+7.3} %", queue.load);
    off.abs() < 1.0
}
