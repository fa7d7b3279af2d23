//! More at once than can be written as fast.

use std::sync::atomic::{AtomicU32, Ordering};

use super::server::Server;
use crate::shadowplane::Folder;

/// What bodies may hold together, and each.
const TOGETHER: usize = 8 << 20;
const EACH: usize = 2 << 20;
const SENDERS: u32 = 24;
const SENDERS_OF_BILLS: u32 = 8;
const BUSY: &str = "urn:shadowplane:problem:busy";
/// What the service may come to: what it is without bodies, and some ten times as much as they hold.
const RESIDENT_KIB_MAX: u64 = 256 << 10;

fn body(sender: u32, round: u32) -> Vec<u8> {
    let mut text = String::new();
    let mut number = 0;
    while text.len() < EACH - 512 {
        text += &format!(
            r#"{{"id":"r-{sender}-{round}-{number}","at":"2026-01-01T00:00:00Z","tenant":"acme","op":"create","class":"compute","resource":"vm-{sender}-{round}-{number}","requested":{{"vcpu":2}}}}"#
        );
        text.push('\n');
        number += 1;
    }
    text.into_bytes()
}

/// A bill of an account of its own.
fn bill(sender: u32) -> Vec<u8> {
    let mut text =
        "BilledCost,BillingAccountId,BillingAccountName,BillingCurrency,BillingPeriodEnd,BillingPeriodStart,\
                    ChargeCategory,ChargeClass,ChargeDescription,ChargePeriodEnd,ChargePeriodStart,ContractedCost,\
                    EffectiveCost,InvoiceIssuerName,ListCost,PricingQuantity,PricingUnit,ProviderName,PublisherName,\
                    ResourceId,ServiceCategory,ServiceName,SubAccountId\n"
            .to_owned();
    let line = format!(
        "1,{sender},Sun,USD,2026-04-01T00:00:00Z,2026-03-01T00:00:00Z,Usage,,,2026-03-03T00:00:00Z,2026-03-02T00:00:00Z,\
         1,1,Sun,1,1,Hours,Sun,Sun,,Compute,VM,shop\n"
    );
    while text.len() < EACH - 512 {
        text += &line;
    }
    text.into_bytes()
}

/// Bills are let in as all else is that goes into the store.
#[test]
fn senders_of_bills_come_again_too() {
    let folder = Folder::new();
    let (together, each) = (TOGETHER.to_string(), EACH.to_string());
    let server = Server::start(&folder, &["--ingest-bytes", &together, "--body-bytes", &each]);
    let busy = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for sender in 0..SENDERS_OF_BILLS {
            let (server, busy) = (&server, &busy);
            scope.spawn(move || {
                let bill = bill(sender);
                loop {
                    let reply = server.post("/v1/bills?stated=2026-04-03T00:00:00Z", "text/csv", &bill);
                    if reply.status == 200 {
                        return;
                    }
                    assert_eq!((reply.status, &reply.json()["type"]), (429, &BUSY.into()), "{}", reply.body);
                    busy.fetch_add(1, Ordering::Relaxed);
                    std::thread::sleep(std::time::Duration::from_millis(300));
                }
            });
        }
    });
    assert!(busy.load(Ordering::Relaxed) > 0, "{SENDERS_OF_BILLS} bills of {EACH} bytes at once have to be too many");
    let statements = server.get("/v1/bills").json()["statements"].as_array().unwrap().len();
    assert_eq!(statements, SENDERS_OF_BILLS as usize, "what was answered is there");
}

#[test]
fn senders_come_again_rather_than_fill_the_memory() {
    let folder = Folder::new();
    let (together, each) = (TOGETHER.to_string(), EACH.to_string());
    let server = Server::start(&folder, &["--ingest-bytes", &together, "--body-bytes", &each]);
    let (busy, taken) = (AtomicU32::new(0), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for sender in 0..SENDERS {
            let (server, busy, taken) = (&server, &busy, &taken);
            scope.spawn(move || {
                let body = body(sender, 0);
                loop {
                    let reply = server.post("/v1/requests", "application/x-ndjson", &body);
                    if reply.status == 200 {
                        taken.fetch_add(reply.json()["accepted"].as_u64().unwrap() as u32, Ordering::Relaxed);
                        return;
                    }
                    assert_eq!(reply.status, 429, "{}", reply.body);
                    assert!(reply.headers.contains("retry-after: \"1\""), "{}", reply.headers);
                    assert_eq!(reply.json()["type"], BUSY);
                    busy.fetch_add(1, Ordering::Relaxed);
                    std::thread::sleep(std::time::Duration::from_millis(300));
                }
            });
        }
    });
    assert!(busy.load(Ordering::Relaxed) > 0, "{SENDERS} bodies of {EACH} bytes at once have to be too many");
    assert_eq!(
        server.get("/v1/status").json()["requests"],
        taken.load(Ordering::Relaxed),
        "what was answered is there"
    );
    // Only Linux tells.
    if let Some(resident) = server.resident_kib() {
        assert!(resident < RESIDENT_KIB_MAX, "{resident} KiB");
    }
}
