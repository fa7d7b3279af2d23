//! What the pieces do alone.

use std::net::TcpListener;
use std::time::Instant;

use actix_web::web::{self, Bytes};
use actix_web::{App, HttpServer};
use anyhow::{Result, ensure};
use rusqlite::{Connection, params};
use ureq::Agent;

use crate::requests::{BATCH, Row, SENDERS};

/// Requests a second whose bodies a handler reads, and says ok.
pub(crate) fn bare_handler(bodies: Vec<String>) -> Result<f64> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = format!("http://{}/", listener.local_addr()?);
    let (started, is_started) = std::sync::mpsc::channel();
    let serving = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let app = || {
                let limit = web::PayloadConfig::new(32 << 20);
                App::new().app_data(limit).route("/", web::post().to(async |_: Bytes| "ok"))
            };
            let server = HttpServer::new(app).workers(1).disable_signals().listen(listener)?.run();
            // Whoever waits for it is there.
            let _ = started.send(server.handle());
            server.await
        })
    });
    let handle = is_started.recv()?;
    let agent = Agent::new_with_defaults();
    let begun = Instant::now();
    std::thread::scope(|scope| -> Result<()> {
        let (bodies, agent, address) = (&bodies, &agent, &address);
        let send = move |body: &String| -> Result<()> {
            let mut reply = agent.post(address).send(body.as_str())?;
            ensure!(reply.body_mut().read_to_string()? == "ok", "the bare handler says something else");
            Ok(())
        };
        let senders = (0..SENDERS as usize)
            .map(|sender| scope.spawn(move || bodies.iter().skip(sender).step_by(SENDERS as usize).try_for_each(send)));
        let senders: Vec<_> = senders.collect();
        senders.into_iter().try_for_each(|sender| sender.join().unwrap_or_else(|_| anyhow::bail!("a sender panicked")))
    })?;
    let rate = bodies.len() as f64 * BATCH as f64 / begun.elapsed().as_secs_f64();
    actix_web::rt::System::new().block_on(handle.stop(false));
    ensure!(serving.join().is_ok_and(|served| served.is_ok()), "the bare handler did not end well");
    Ok(rate)
}

/// Requests a second that are inserted in batches, each of which waits for the disk: the table and its index are those of the
/// service.
pub(crate) fn raw_inserts(rows: Vec<Row>) -> Result<f64> {
    let folder = std::env::temp_dir().join(format!("shadowplane-bench-raw-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let mut connection = Connection::open(folder.join("raw.sqlite"))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.execute_batch(
        "CREATE TABLE requests (at INTEGER NOT NULL, id TEXT NOT NULL, tenant TEXT NOT NULL, op TEXT NOT NULL,
                                body TEXT NOT NULL, PRIMARY KEY (at, id)) WITHOUT ROWID;
         CREATE UNIQUE INDEX requests_by_id ON requests (id);",
    )?;
    let begun = Instant::now();
    for batch in rows.chunks(BATCH as usize) {
        let transaction = connection.transaction()?;
        {
            let mut insert = transaction
                .prepare_cached("INSERT INTO requests (at, id, tenant, op, body) VALUES (?1, ?2, ?3, 'create', ?4)")?;
            for (at, id, tenant, body) in batch {
                insert.execute(params![at, id, tenant, body])?;
            }
        }
        transaction.commit()?;
    }
    let rate = rows.len() as f64 / begun.elapsed().as_secs_f64();
    drop(connection);
    std::fs::remove_dir_all(&folder)?;
    Ok(rate)
}
