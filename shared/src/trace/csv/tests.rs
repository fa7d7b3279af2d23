//! Exports nobody has seen before.

use super::{import as import_and_check, *};
use crate::input::InputProblems;
use crate::request::{Catalogue, RequestLog, RequestLogBuilder, read_requests};
use crate::trace::inventory::read_inventory;

/// `nova` servers as a cloud team might export them; made up.
const OPENSTACK: &str = "ID;Project;Created;Deleted;Memory_MiB;VCPUs;Flavor\n\
    s-1;shop;2026-03-01 08:00:00;None;3072;2;m1.odd\n\
    s-2;lab;2026-03-01 07:30:00;2026-03-01 09:00:00;512;1;m1.tiny\n";

fn import(text: &str, config: &Config) -> Result<Imported, InputError> {
    import_and_check(text, config, |text| match config.kind {
        Kind::Inventory => read_inventory(text).map(drop).map_err(InputProblems::first),
        _ => Ok(()),
    })
}

fn config(kind: Kind, columns: &[&str]) -> Config {
    let pair = |text: &&str| {
        let (name, source) = text.split_once('=').unwrap();
        (name.to_owned(), source.parse().unwrap())
    };
    let columns = columns.iter().map(pair).collect();
    Config {
        kind,
        columns,
        delimiter: None,
        times: Times::new("UTC", None, None).unwrap(),
        decimal_comma: false,
        empty: Vec::new(),
    }
}

fn text(imported: &Imported) -> String {
    imported.lines.iter().collect()
}

fn log(text: &str) -> RequestLog {
    let mut builder = RequestLogBuilder::new(Catalogue::default());
    read_requests(text, &mut builder).unwrap();
    builder.finish().unwrap()
}

const SERVERS: [&str; 7] = [
    "id=ID",
    "tenant=Project",
    "at=Created",
    "end=Deleted",
    "memory_gib=Memory_MiB/1024",
    "vcpu=VCPUs",
    "flavor=Flavor",
];

#[test]
fn servers_become_creates_and_deletes_in_order_of_time() {
    let imported = import(OPENSTACK, &config(Kind::Requests, &SERVERS)).unwrap();
    let expected = r#"{"id":"s-2","at":"2026-03-01T07:30:00Z","tenant":"lab","op":"create","class":"compute","resource":"s-2","flavor":"m1.tiny","requested":{"vcpu":1,"memory_gib":0.5}}
{"id":"s-1","at":"2026-03-01T08:00:00Z","tenant":"shop","op":"create","class":"compute","resource":"s-1","flavor":"m1.odd","requested":{"vcpu":2,"memory_gib":3}}
{"id":"s-2-delete","at":"2026-03-01T09:00:00Z","tenant":"lab","op":"delete","class":"compute","resource":"s-2"}
"#;
    assert_eq!(text(&imported), expected);
    assert_eq!((imported.rows, log(expected).lives.len()), (2, 2));
}

#[test]
fn relative_seconds_lifetimes_labels_and_generated_names() {
    let file = "duration,cpu_milli,submit,user,team\n90.5,1500,10,ann,web\n,250,0,bob,\n";
    let columns = [
        "at=submit",
        "lifetime_s=duration",
        "vcpu=cpu_milli*0.001",
        "tenant=user",
        "label.team=team",
        "class='compute'",
    ];
    let mut config = config(Kind::Requests, &columns);
    config.times = Times::new("UTC", Some("2026-01-01T00:00:00Z".parse().unwrap()), None).unwrap();
    let imported = text(&import(file, &config).unwrap());
    let lines: Vec<&str> = imported.lines().collect();
    assert!(lines[0].contains(r#""at":"2026-01-01T00:00:00Z","tenant":"bob""#), "{}", lines[0]);
    assert!(lines[1].contains(r#""requested":{"vcpu":1.5},"lifetime_s":90.5,"labels":{"team":"web"}"#), "{}", lines[1]);
    assert!(lines[2].contains(r#""id":"r-0000001-delete","at":"2026-01-01T00:01:40.5Z""#), "{}", lines[2]);
}

#[test]
fn cells_with_units_need_no_arithmetic() {
    let file = "at,tenant,cpu,mem,ran\n2026-03-01 08:00:00,lab,250m,256Mi,1:30:00\n";
    let read = |memory: &str| {
        import(file, &config(Kind::Requests, &["vcpu=cpu", &format!("memory_gib={memory}"), "lifetime_s=ran"]))
    };
    let imported = text(&read("mem").unwrap());
    assert!(imported.contains(r#""requested":{"vcpu":0.25,"memory_gib":0.25},"lifetime_s":5400"#), "{imported}");
    let error = read("mem/1024").unwrap_err().to_string();
    assert!(error.contains("`256Mi` has a unit") && error.contains("--column memory_gib=mem"), "{error}");
}

#[test]
fn quotients_are_exact_or_rounded_to_our_unit() {
    let amount = |column: &str, value: &str| {
        let file = format!("node,instance_type,vcpu,amount\nn,t,1,{value}\n");
        let imported = import(&file, &config(Kind::Inventory, &[&format!("memory_gib={column}")]));
        imported.map(|imported| read_inventory(&text(&imported)).unwrap()[0].capacity.to_array()[1])
    };
    assert_eq!(amount("amount/1024", "1000").unwrap(), 1_000);
    // 1,000,000 kB ÷ 1,048,576 kB a GiB = 976.5625 MiB, to the nearest.
    assert_eq!(amount("amount/1048576", "1000000").unwrap(), 977);
    assert!(amount("amount*0.001", "1000.1").unwrap_err().message.contains("1 MiB"));
}

#[test]
fn tables_keep_the_lines_of_the_file_for_their_reader() {
    let file = "type,usd\n\nbig,2\nsmall,3\n";
    let columns = ["instance_type=type", "price_per_hour=usd/1000", "currency='USD'"];
    let imported = import(file, &config(Kind::Prices, &columns)).unwrap();
    assert_eq!(text(&imported), "instance_type,currency,price_per_hour\nbig,USD,0.002\nsmall,USD,0.003\n");
    let twice = |_: &str| Err(InputError::field(3, "currency", "is another"));
    let error = import_and_check(file, &config(Kind::Prices, &columns), twice).unwrap_err();
    assert_eq!(error.to_string(), "line 4: field `currency`: is another (from the constant 'USD')");
}

#[test]
fn observations_and_sensors_and_usage() {
    let observed = "req,ok,host,sched\nr-1,true,n-3,12.5\nr-2,False,,\n";
    let columns = ["request=req", "admitted=ok", "node=host", "scheduler_ms=sched"];
    let imported = text(&import(observed, &config(Kind::Observations, &columns)).unwrap());
    let observations = crate::request::read_observations(&imported).unwrap();
    assert_eq!((observations[0].1.admitted, observations[1].1.admitted), (Some(true), Some(false)));
    assert_eq!(observations[0].1.module_ms.values().copied().collect::<Vec<_>>(), [12.5]);

    let load = "when,load\n1793534400,0.5\n";
    let columns = ["at=when", "value=load", "sensor='cpu_load'"];
    let imported = text(&import(load, &config(Kind::Sensors, &columns)).unwrap());
    assert_eq!(imported, "at,sensor,value,scope\n2026-11-01T12:00:00Z,cpu_load,0.5,\n");

    let used = "when,resource,memory_mib\n1793534400,vm,512\n";
    let imported = text(&import(used, &config(Kind::Usage, &["at=when", "memory_gib=memory_mib/1024"])).unwrap());
    assert_eq!(imported, "at,resource,memory_gib\n2026-11-01T12:00:00Z,vm,0.5\n");
}

#[test]
fn what_is_wrong_is_named_with_line_column_and_value() {
    let check = |edit: (&str, &str), columns: &[&str], line: u64, field: &str, part: &str| {
        let error = import(&OPENSTACK.replace(edit.0, edit.1), &config(Kind::Requests, columns)).unwrap_err();
        assert_eq!((error.line, error.field.as_deref()), (line, Some(field)), "{error}");
        assert!(error.message.contains(part), "{error}");
    };
    check(("", ""), &SERVERS[1..2], 1, "at", "--column at=SOURCE");
    check(("", ""), &["at=Start"], 1, "Start", "`Created`");
    check((";512;", ";half;"), &SERVERS, 3, "memory_gib", "`half` is no number");
    check((";2;m1", ";2.0005;m1"), &SERVERS, 2, "vcpu", "multiple of 0.001");
    check(("09:00", "07:00"), &SERVERS, 3, "end", "before it was created");
    check(("2026-03-01 08:00:00", "yesterday"), &SERVERS, 2, "at", "`yesterday`");
    check(("s-2;", "s-1;"), &SERVERS, 3, "id", "line 2");
    check(("shop", ""), &SERVERS, 2, "tenant", "is empty");
    check(("", ""), &[&SERVERS[..], &["op='start'"]].concat(), 2, "op", "`start`");
    check(("", ""), &[&SERVERS[..], &["class='gpu'"]].concat(), 2, "class", "`gpu`");
}

#[test]
fn what_stands_for_nothing_is_said() {
    let file =
        "id,tenant,at,end,vcpu,zone\n1,a,2026-01-01T00:00:00Z,Unknown,1,NA\n2,a,2026-01-01T00:00:00Z,Unknown,NA,b\n";
    let mut config = config(Kind::Requests, &[]);
    assert_eq!(import(file, &config).unwrap_err().field.as_deref(), Some("end"));
    config.empty = vec!["Unknown".to_owned(), "NA".to_owned()];
    // The second request has neither amounts nor a flavor then.
    let error = import(file, &config).unwrap_err();
    assert_eq!((error.line, error.field.as_deref()), (3, Some("requested")), "{error}");
    let imported = text(&import(&file.replace("NA,b", "2,b"), &config).unwrap());
    assert_eq!(imported.lines().count(), 2, "no end, no delete: {imported}");
    assert!(!imported.contains("NA") && imported.contains(r#""zone":"b""#), "{imported}");
}

#[test]
fn a_value_that_is_too_fine_is_told_how_to_round() {
    let import_as = |source: &str, value: &str| {
        let file = format!("node,instance_type,vcpu,amount\nn,t,1,{value}\n");
        let imported = import(&file, &config(Kind::Inventory, &[&format!("memory_gib={source}")]));
        imported.map(|imported| read_inventory(&text(&imported)).unwrap()[0].capacity.to_array()[1])
    };
    let check = |source: &str, value: &str, divided: &str, mib: u32| {
        let error = import_as(source, value).unwrap_err();
        let advice = format!("divide: --column \"memory_gib={divided}\"");
        assert!(error.message.contains(&advice), "{error}");
        assert_eq!(import_as(divided, value).unwrap(), mib, "the advice works");
    };
    // 1.7 GiB are 1,740.8 MiB; 1,000.1 × 0.001 GiB are 1,024.1024 MiB.
    check("amount", "1.7", "amount/1", 1_741);
    check("amount*0.001", "1000.1", "amount/1000", 1_024);
}

#[test]
fn what_is_wrong_names_column_and_cell_of_the_file() {
    let message = |kind, file: &str, columns: &[&str]| import(file, &config(kind, columns)).unwrap_err().to_string();
    let servers = OPENSTACK.replace(";512;", ";half;");
    let found = message(Kind::Requests, &servers, &SERVERS);
    assert!(found.starts_with("line 3: field `memory_gib`: "), "{found}");
    assert!(found.ends_with("(from column `Memory_MiB`, where it is `half`)"), "{found}");
    let nodes = "host,type,cores,mem\nn-1,r640,many,384\n";
    let found = message(Kind::Inventory, nodes, &["node=host", "instance_type=type", "vcpu=cores", "memory_gib=mem"]);
    assert!(found.starts_with("line 2: field `vcpu`: "), "{found}");
    assert!(found.ends_with("(from column `cores`, where it is `many`)"), "{found}");
    // Found only when the whole is read as what it becomes.
    let nodes = "host,type,cores,mem\nn-1,r640,8,384\nn-1,r640,8,384\n";
    let found = message(Kind::Inventory, nodes, &["node=host", "instance_type=type", "vcpu=cores", "memory_gib=mem"]);
    assert!(found.starts_with("line 3: field `node`: "), "{found}");
    assert!(found.ends_with("(from column `host`, where it is `n-1`)"), "{found}");
}

#[test]
fn decimal_commas_are_read_where_they_are_said() {
    let file = "Typ;Preis;vCPU\nklein;0,125;1,5\n";
    let columns = ["instance_type=Typ", "price_per_hour=Preis", "vcpu=vCPU", "currency='EUR'"];
    let mut config = config(Kind::Prices, &columns);
    let error = import(file, &config).unwrap_err();
    assert_eq!((error.line, error.field.as_deref()), (2, Some("vcpu")), "{error}");
    assert!(error.message.contains("give --decimal-comma"), "{error}");
    config.decimal_comma = true;
    let expected = "instance_type,currency,price_per_hour,vcpu\nklein,EUR,0.125,1.5\n";
    assert_eq!(text(&import(file, &config).unwrap()), expected);
    // With a point beside it a comma may stand for thousands: neither is guessed.
    let error = import("Typ;Preis;vCPU\nklein;1;1.000,5\n", &config).unwrap_err();
    assert!(error.message.contains("export without it"), "{error}");
}

#[test]
fn local_times_that_the_clocks_pass_twice_are_counted() {
    // On 2026-10-25 at 3:00 the clocks of Berlin go back to 2:00: 2:30 is 0:30 and 1:30 UTC.
    let file = "id,tenant,at,vcpu\n1,a,2026-10-25 01:30:00,1\n2,a,2026-10-25 02:30:00,1\n3,a,2026-10-25 03:30:00,1\n";
    let mut config = config(Kind::Requests, &[]);
    config.times = Times::new("Europe/Berlin", None, None).unwrap();
    let imported = import(file, &config).unwrap();
    assert_eq!(imported.ambiguous, 1);
    assert!(text(&imported).contains(r#""id":"2","at":"2026-10-25T00:30:00Z""#));
}
