//! Requests in batches of a thousand, from several senders at once.

use std::fmt::Write as _;
use std::time::{Instant as Stopwatch, SystemTime, UNIX_EPOCH};

use anyhow::{Result, ensure};
use shared::units::{Duration, Instant};

use crate::service::Service;

pub(crate) const BATCH: u64 = 1_000;
pub(crate) const SENDERS: u64 = 4;
const TENANTS: u64 = 1_000;
/// Over so long they are spread: a month.
const SPREAD: Duration = Duration::from_seconds(30 * 86_400);
/// So many are inserted by hand, and so many bodies are sent to the bare handler.
const ROWS: u64 = 300_000;
const BODIES: u64 = 300;

/// When, and the id, tenant and text of a request.
pub(crate) type Row = (i64, String, String, String);

/// The request of that number of `all`.
fn row(number: u64, all: u64, start: Instant) -> Row {
    let at = start + Duration::from_micros((SPREAD.micros() as u64 / all * number) as i64);
    let (id, tenant) = (format!("r-{number:09}"), format!("t{}", number * 7_919 % TENANTS));
    let text = format!(
        r#"{{"id":"{id}","at":"{at}","tenant":"{tenant}","op":"create","class":"compute","resource":"vm-{number}","flavor":"m5.large"}}"#
    );
    (at.micros(), id, tenant, text)
}

fn start() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Instant::from_micros(since.as_micros() as i64).floor(Duration::HOUR) - SPREAD
}

/// What is inserted by hand.
pub(crate) fn rows() -> Vec<Row> {
    let start = start();
    (0..ROWS).map(|number| row(number, ROWS, start)).collect()
}

/// The body of that number of `all`.
fn body(number: u64, all: u64, start: Instant) -> String {
    let mut text = String::new();
    for place in 0..BATCH {
        // Writing to a text does not fail.
        let _ = writeln!(text, "{}", row(number * BATCH + place, all * BATCH, start).3);
    }
    text
}

/// What is sent to the bare handler.
pub(crate) fn some_bodies() -> Vec<String> {
    let start = start();
    (0..BODIES).map(|number| body(number, BODIES, start)).collect()
}

/// Sends so many millions; how many were stored a second.
pub(crate) fn send(service: &Service, millions: u64) -> Result<f64> {
    let bodies = millions * 1_000_000 / BATCH;
    let start = start();
    let mut seconds = 0.0;
    // Made ahead of the clock, a part at a time.
    let numbers: Vec<u64> = (0..bodies).collect();
    for part in numbers.chunks(500) {
        let made: Vec<String> = part.iter().map(|&number| body(number, bodies, start)).collect();
        let begun = Stopwatch::now();
        std::thread::scope(|scope| -> Result<()> {
            let made = &made;
            let senders = (0..SENDERS as usize).map(|sender| {
                scope.spawn(move || {
                    made.iter().skip(sender).step_by(SENDERS as usize).try_for_each(|body| post(service, body))
                })
            });
            let senders: Vec<_> = senders.collect();
            senders
                .into_iter()
                .try_for_each(|sender| sender.join().unwrap_or_else(|_| anyhow::bail!("a sender panicked")))
        })?;
        seconds += begun.elapsed().as_secs_f64();
    }
    Ok((bodies * BATCH) as f64 / seconds)
}

fn post(service: &Service, body: &str) -> Result<()> {
    loop {
        let mut reply = service.agent.post(format!("{}/v1/requests", service.address)).send(body)?;
        let text = reply.body_mut().read_to_string()?;
        if reply.status() != 429 {
            ensure!(reply.status() == 200 && text.contains("\"refused\":0"), "{}: {text:.300}", reply.status());
            return Ok(());
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}
