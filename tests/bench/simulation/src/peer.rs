//! The same requests through seven FIFO stages of nexosim's: no placement, no quota, no cost, one thread.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Result, anyhow};
use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::{EventSource, Output};
use nexosim::simulation::{Mailbox, SimInit};
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};
use shared::random::{Draws, Purpose};
use shared::request::Operation;

use crate::workload::{MEDIANS, SEED, WORKERS, Workload};

const ADMISSION: usize = 2;
const PROVISIONER: usize = 5;

/// A request on its way.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Call {
    draw_key: u64,
    is_delete: bool,
}

/// Where requests come from: each schedules the next.
#[derive(Serialize, Deserialize)]
struct Source {
    /// Microseconds from one to the next, and what comes then.
    calls: VecDeque<(u64, Call)>,
    output: Output<Call>,
}

#[Model]
impl Source {
    async fn start(&mut self, (): (), context: &Context<Self>) {
        if let Some(&(gap, _)) = self.calls.front() {
            context.schedule_event(Duration::from_micros(gap), schedulable!(Self::arrive), ()).expect("it is later");
        }
    }

    #[nexosim(schedulable)]
    async fn arrive(&mut self, (): (), context: &Context<Self>) {
        if let Some((_, call)) = self.calls.pop_front() {
            self.output.send(call).await;
        }
        self.start((), context).await;
    }
}

/// One module.
#[derive(Serialize, Deserialize)]
struct Stage {
    number: usize,
    busy: u32,
    waiting: VecDeque<Call>,
    next: Output<Call>,
    /// Where deletes go instead.
    short_cut: Output<Call>,
}

#[Model]
impl Stage {
    fn enter(&mut self, call: Call, context: &Context<Self>) {
        if self.busy < WORKERS[self.number] {
            self.busy += 1;
            self.serve(call, context);
        } else {
            self.waiting.push_back(call);
        }
    }

    fn serve(&self, call: Call, context: &Context<Self>) {
        let draws = Draws::new(SEED, 0, Purpose::ServiceTime, call.draw_key);
        let number = if call.is_delete { Operation::Delete } else { Operation::Create } as u64 * 7 + self.number as u64;
        let service = (MEDIANS[self.number] as f64 * libm::exp(0.5 * draws.normal(number))).round();
        let after = Duration::from_micros((service as u64).max(1));
        context.schedule_event(after, schedulable!(Self::leave), call).expect("it is later");
    }

    #[nexosim(schedulable)]
    async fn leave(&mut self, call: Call, context: &Context<Self>) {
        match self.waiting.pop_front() {
            Some(waiting) => self.serve(waiting, context),
            None => self.busy -= 1,
        }
        if self.number == ADMISSION && call.is_delete {
            self.short_cut.send(call).await;
        } else {
            self.next.send(call).await;
        }
    }
}

/// Simulates the first `count` requests.
pub(crate) fn run(workload: &Workload, count: usize) -> Result<()> {
    let mut last = workload.valid.scenario().window.start;
    let calls = workload.requests.iter().take(count).map(|request| {
        let gap = (request.at - last).micros().max(1) as u64;
        last = request.at.max(last);
        (gap, Call { draw_key: request.draw_key, is_delete: request.operation == Operation::Delete })
    });
    let mut source = Source { calls: calls.collect(), output: Output::default() };
    let mailboxes: Vec<Mailbox<Stage>> = (0..7).map(|_| Mailbox::new()).collect();
    let mut stages: Vec<Stage> = (0..7)
        .map(|number| Stage {
            number,
            busy: 0,
            waiting: VecDeque::new(),
            next: Output::default(),
            short_cut: Output::default(),
        })
        .collect();
    source.output.connect(Stage::enter, &mailboxes[0]);
    for number in 0..6 {
        stages[number].next.connect(Stage::enter, &mailboxes[number + 1]);
    }
    stages[ADMISSION].short_cut.connect(Stage::enter, &mailboxes[PROVISIONER]);
    let source_box = Mailbox::new();
    let mut bench = SimInit::with_num_threads(1);
    let begin = EventSource::new().connect(Source::start, &source_box).register(&mut bench);
    bench = bench.add_model(source, source_box, "source");
    for (stage, mailbox) in stages.into_iter().zip(mailboxes) {
        let name = format!("stage {}", stage.number);
        bench = bench.add_model(stage, mailbox, &name);
    }
    let mut simulation = bench.init(MonotonicTime::EPOCH).map_err(|error| anyhow!("nexosim: {error}"))?;
    simulation.process_event(&begin, ()).map_err(|error| anyhow!("nexosim: {error}"))?;
    simulation.run().map_err(|error| anyhow!("nexosim: {error}"))
}
