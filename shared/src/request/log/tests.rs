use super::*;
use crate::input::InputProblems;
use crate::request::read_requests;

fn log(lines: &[&str]) -> Result<RequestLog, InputError> {
    let mut builder = RequestLogBuilder::new(Catalogue::default());
    read_requests(&lines.join("\n"), &mut builder).map_err(InputProblems::first)?;
    builder.finish()
}

fn create(id: &str, at: &str, resource: &str) -> String {
    format!(
        r#"{{"id":"{id}","at":"{at}","tenant":"acme","op":"create","class":"compute","resource":"{resource}","requested":{{"vcpu":2,"memory_gib":8}}}}"#
    )
}

fn delete(id: &str, at: &str, resource: &str) -> String {
    format!(r#"{{"id":"{id}","at":"{at}","tenant":"acme","op":"delete","class":"compute","resource":"{resource}"}}"#)
}

#[test]
fn lives_follow_creates_and_deletes_in_order_of_time() {
    let (a, b) = (create("1", "2026-01-01T00:00:00Z", "vm"), create("3", "2026-01-01T02:00:00Z", "vm"));
    let end = delete("2", "2026-01-01T01:00:00Z", "vm");
    let log = log(&[&b, &end, &a, &a]).unwrap();
    assert_eq!(log.lives.len(), 2);
    assert_eq!(log.lives[0].deleted, Some("2026-01-01T01:00:00Z".parse().unwrap()));
    assert_eq!(log.lives[1].deleted, None);
    assert_eq!(log.duplicates, 1);
}

#[test]
fn what_is_wrong_is_named_with_line_and_field() {
    let check = |lines: &[&str], line: u64, field: &str, part: &str| {
        let error = log(lines).unwrap_err();
        assert_eq!((error.line, error.field.as_deref()), (line, Some(field)), "{error}");
        assert!(error.message.contains(part), "{error}");
    };
    let first = create("1", "2026-01-01T00:00:00Z", "vm");
    check(&[&first, &create("1", "2026-01-01T00:00:01Z", "vm-2")], 2, "id", "line 1");
    check(&[&first, &create("2", "2026-01-01T00:00:01Z", "vm")], 2, "resource", "while it lives");
    check(&[&first.replace("T00:00:00Z", "")], 1, "at", "2026-11-01T00:05:00Z");
    check(&[&first.replace("vcpu\":2", "vcpu\":-2")], 1, "requested.vcpu", "not negative");
    check(&[&first.replace("\"class\"", "\"clas\"")], 1, "clas", "is unknown");
    check(
        &[&first.replace("\"requested\":{\"vcpu\":2,\"memory_gib\":8}", "\"flavor\":\"huge\"")],
        1,
        "flavor",
        "`huge`",
    );
}

#[test]
fn ends_of_unknown_resources_are_counted() {
    let log = log(&[&delete("1", "2026-01-01T00:00:00Z", "vm")]).unwrap();
    assert_eq!((log.orphans, log.requests.len()), (1, 0));
}

#[test]
fn the_past_is_numbered_alike_whatever_comes_later() {
    let early = create("1", "2026-01-01T00:00:00Z", "vm");
    let late = create("0", "2026-01-02T00:00:00Z", "vm-2").replace("acme", "zeta");
    let with = log(&[&late, &early]).unwrap();
    let without = log(&[&early]).unwrap();
    let cut = "2026-01-01T12:00:00Z".parse().unwrap();
    assert!(with.before(cut).requests().eq(without.before(cut).requests()));
    assert!(with.before(cut).lives().eq(without.before(cut).lives()));
}
