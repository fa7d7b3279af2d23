//! How fast a service takes in what is sent to it, durably, beside what the pieces that it is built on do alone: a bare handler of
//! actix that reads a body and says ok, and inserts into SQLite with the same keys. `cargo xtask bench http` runs it; the
//! argument is how many millions of requests are sent.

#![expect(clippy::print_stdout, reason = "figures for `cargo xtask bench http`")]

#[path = "http/peers.rs"]
mod peers;
#[path = "http/requests.rs"]
mod requests;
#[path = "http/samples.rs"]
mod samples;
#[path = "http/service.rs"]
mod service;

use anyhow::Result;

use self::service::Service;

fn main() -> Result<()> {
    // Cargo adds `--bench`.
    let millions = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(1);
    let ok = peers::bare_handler(requests::some_bodies())?;
    println!("ok_requests_per_s {ok:.0}");
    let raw = peers::raw_inserts(requests::rows())?;
    println!("raw_requests_per_s {raw:.0}");
    let service = Service::start("requests", &[])?;
    let ours = requests::send(&service, millions)?;
    println!("ingest_requests_per_s {ours:.0}\ningest_to_raw {:.3}\ningest_to_ok {:.3}", ours / raw, ours / ok);
    println!("ingest_peak_mib {:.0}", service.peak_mib()?);
    println!("restart_s {:.2}", service.restarted()?);
    samples::send()
}
