//! Made-up rows of the trace's form, and what has to hold for any.

use proptest::prelude::*;

use super::*;
use crate::request::{RequestLog, RequestLogBuilder, read_requests, write_line};

const FLAVORS: &str = "flavor,vcpu,mem_gib\na,1,0.75\nd,16,112\n";
const BINS: &str = "bin,min_s,max_s\n0,0,0\n1,300,300\n2,3900,7200\n";

fn config(tenants: u32) -> Config {
    Config { epoch: "2026-01-01T00:00:00Z".parse().unwrap(), tenants, seed: 1 }
}

fn read(text: &str, with_lifetimes: bool) -> Result<Trace, InputError> {
    let (flavors, bins) = (read_flavors(FLAVORS).unwrap(), read_lifetime_bins(BINS).unwrap());
    Trace::read(text, &flavors, with_lifetimes.then_some(&bins), config(40))
}

fn log(trace: &Trace) -> RequestLog {
    let mut text = String::new();
    trace.requests().for_each(|request| write_line(&mut text, &request));
    let mut builder = RequestLogBuilder::new(Catalogue::default());
    read_requests(&text, &mut builder).unwrap();
    builder.finish().unwrap()
}

#[test]
fn a_batch_has_one_instant_in_its_bin_and_one_tenant() {
    let requests: Vec<Request> =
        read("t_s,batch,flavor\n300,0,a\n300,0,d\n300,1,a\n", false).unwrap().requests().collect();
    let of = |batch: &str| -> Vec<&Request> {
        requests.iter().filter(|request| request.batch.as_deref() == Some(batch)).collect()
    };
    let [first, second] = of("b-300-0")[..] else { panic!("two members") };
    assert_eq!((first.at, &first.tenant), (second.at, &second.tenant));
    assert_eq!(second.requested, Some(Resources::compute(16_000, 112 * 1_024)));
    assert_ne!(first.at, of("b-300-1")[0].at);
    let bin = config(1).epoch + Duration::from_seconds(300);
    assert!(requests.iter().all(|request| request.at.floor(BIN) == bin && request.tenant.len() == "tenant-07".len()));
}

#[test]
fn a_life_ends_in_its_bin_unless_it_is_censored_or_leaves_the_data() {
    // The data end at 9,300 s: 300 + (300 … 600) + (0 … 300) s lie inside, 9,000 + 3,900 s do not.
    let text = "t_s,batch,flavor,lifetime_bin,censored\n300,0,a,1,0\n300,1,a,1,1\n9000,2,d,2,0\n";
    let trace = read(text, true).unwrap();
    let lives = log(&trace).lives;
    let age = |i: usize| lives[i].deleted.map(|deleted| deleted - lives[i].created);
    let ended: Vec<Duration> = (0..3).filter_map(age).collect();
    assert_eq!((ended.len(), trace.deletes()), (1, 1));
    assert!(ended[0] >= Duration::from_seconds(300) && ended[0] < Duration::from_seconds(600));
    assert_eq!(lives.iter().filter_map(|life| life.announced).collect::<Vec<_>>(), ended);
}

#[test]
fn a_part_of_the_trace_gets_the_same_draws() {
    let whole = read("t_s,batch,flavor\n300,0,a\n600,0,a\n600,1,d\n", false).unwrap();
    let part = read("t_s,batch,flavor\n600,1,d\n", false).unwrap();
    let at = |trace: &Trace| trace.requests().find(|r| r.flavor.as_deref() == Some("d")).map(|r| (r.at, r.tenant));
    assert_eq!(at(&whole), at(&part));
}

#[test]
fn what_is_wrong_is_named_with_line_and_field() {
    let check = |text: &str, lifetimes: bool, line: u64, field: &str, part: &str| {
        let error = read(text, lifetimes).unwrap_err();
        assert_eq!((error.line, error.field.as_deref()), (line, Some(field)), "{error}");
        assert!(error.message.contains(part), "{error}");
    };
    check("t_s,batch,flavor\n300,0,z\n", false, 2, "flavor", "--flavors");
    check("t_s,batch,flavor\n300,0,a\n-1,0,a\n", false, 3, "t_s", "`-1`");
    check("t_s,flavor\n", false, 1, "batch", "no column");
    check("t_s,batch,flavor,lifetime_bin,censored\n", false, 1, "lifetime_bin", "--lifetimes");
    check("t_s,batch,flavor\n300,0,a\n", true, 1, "lifetime_bin", "no column");
    check("t_s,batch,flavor,lifetime_bin,censored\n300,0,a,9,0\n", true, 2, "lifetime_bin", "9 is unknown");
    check("t_s,batch,flavor,lifetime_bin,censored\n300,0,a,1,x\n", true, 2, "censored", "0 or 1");
    assert!(read("t_s,batch,flavor\n", false).unwrap_err().message.contains("no rows"));
    assert!(read_flavors("flavor,vcpu,mem_gib\na,1,0.3\n").unwrap_err().message.contains("1 MiB"));
    assert!(read_lifetime_bins("bin,min_s,max_s\n0,300,0\n").unwrap_err().message.contains("below"));
}

proptest! {
    #[test]
    fn the_import_is_always_a_valid_log(
        rows in proptest::collection::vec((0_u64..20, 0_u64..4, any::<bool>(), 0_u64..3, any::<bool>()), 1..60)
    ) {
        let mut text = "t_s,batch,flavor,lifetime_bin,censored\n".to_owned();
        for (bin, batch, large, lifetime, censored) in &rows {
            let flavor = if *large { "d" } else { "a" };
            text.push_str(&format!("{},{batch},{flavor},{lifetime},{}\n", bin * 300, u8::from(*censored)));
        }
        let trace = read(&text, true).unwrap();
        let ids: Vec<String> = trace.requests().map(|request| request.id).collect();
        prop_assert!(ids.is_sorted());
        let log = log(&trace);
        prop_assert_eq!((log.lives.len(), log.orphans, log.duplicates), (rows.len(), 0, 0));
        prop_assert_eq!(log.requests.len(), trace.creates() + trace.deletes());
        prop_assert!(log.lives.iter().all(|life| life.deleted.is_none_or(|deleted| deleted >= life.created)));
        prop_assert!(trace.requests().map(|request| request.at).is_sorted());
    }
}
