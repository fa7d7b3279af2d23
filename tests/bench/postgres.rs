//! How fast requests are stored on a PostgreSQL server, durably and each once, beside a bare COPY of the same rows into the same
//! table, which looks for no duplicates and counts nothing. `cargo xtask bench postgres` runs it.

#![expect(clippy::print_stdout, reason = "figures for `cargo xtask bench postgres`")]

use std::time::Instant;

use anyhow::{Error, Result};
use backend::store::{PostgresAddress, PostgresStore, Store};
use shared::request::Request;
use tests::postgres::Postgres;
use tokio_postgres::NoTls;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::Type;

/// So many rows are stored of each kind.
const ROWS: usize = 200_000;

fn main() -> Result<()> {
    let server = Postgres::new().map_err(Error::msg)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for batch in [1_000, 10_000] {
        let url = server.database();
        let (ours, raw) =
            runtime.block_on(async { Ok::<_, Error>((stored(&url, batch).await?, copied(&url, batch).await?)) })?;
        println!("store_{batch}_per_s {ours:.0}\ncopy_{batch}_per_s {raw:.0}\nstore_to_copy_{batch} {:.3}", ours / raw);
    }
    Ok(())
}

/// Requests of one hour, whose ids begin with a word and come in no order.
fn requests(word: &str) -> Result<Vec<Request>> {
    let request = |number: usize| {
        let (minute, second) = (number / 60 % 60, number % 60);
        // 7,919 is prime, so that each number comes once.
        let id = number * 7_919 % ROWS;
        let line = format!(
            r#"{{"id":"{word}-{id:08}","at":"2026-11-01T00:{minute:02}:{second:02}Z","tenant":"tenant-{}","op":"create","class":"compute","resource":"vm-{id}","flavor":"m5.large","zone":"a","labels":{{"team":"web"}}}}"#,
            number % 100
        );
        Ok(serde_json::from_str(&line)?)
    };
    (0..ROWS).map(request).collect()
}

/// Requests a second.
async fn stored(url: &str, batch: usize) -> Result<f64> {
    let store = PostgresStore::open(&PostgresAddress::new(url, None, None)?).await?;
    let batches: Vec<Vec<Request>> = requests("ours")?.chunks(batch).map(<[Request]>::to_vec).collect();
    let begun = Instant::now();
    for batch in batches {
        store.append_requests(batch).await?;
    }
    Ok(ROWS as f64 / begun.elapsed().as_secs_f64())
}

/// Rows a second, each batch in a transaction.
async fn copied(url: &str, batch: usize) -> Result<f64> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let connection = tokio::spawn(connection);
    let requests = requests("raw")?;
    let begun = Instant::now();
    for batch in requests.chunks(batch) {
        let columns = "COPY requests (at, id, tenant, op, class, flavor, body) FROM STDIN (FORMAT binary)";
        let types = [Type::INT8, Type::TEXT, Type::TEXT, Type::TEXT, Type::TEXT, Type::TEXT, Type::TEXT];
        let mut writer = Box::pin(BinaryCopyInWriter::new(client.copy_in(columns).await?, &types));
        for request in batch {
            let body = serde_json::to_string(request)?;
            let (operation, class) = (request.operation.as_str(), request.class.as_str());
            let (at, flavor) = (request.at.micros(), &request.flavor);
            writer.as_mut().write(&[&at, &request.id, &request.tenant, &operation, &class, flavor, &body]).await?;
        }
        writer.as_mut().finish().await?;
    }
    let took = begun.elapsed().as_secs_f64();
    drop(client);
    connection.await??;
    Ok(ROWS as f64 / took)
}
