//! Records as CloudTrail writes them, with fewer fields.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::request::{Catalogue, Operation, Request, RequestLog, RequestLogBuilder, ResourceClass};
use crate::trace::events::with_another_value;
use crate::trace::mapping::read_mapping;
use crate::units::{Dimension, Instant, Resources};

/// A call at `at` of 2026-11-01.
fn record(at: &str, name: &str, parameters: Value, response: Value) -> Value {
    let source = if name.contains("LoadBalancer") { "elasticloadbalancing" } else { "ec2" };
    json!({
        "eventVersion": "1.10", "eventTime": format!("2026-11-01T{at}Z"), "eventSource": format!("{source}.amazonaws.com"),
        "eventName": name, "awsRegion": "eu-central-1", "eventID": format!("{name}-{at}"), "readOnly": false,
        "eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": "111122223333", "eventCategory": "Management",
        "userIdentity": {"type": "AssumedRole", "accountId": "444455556666"},
        "requestParameters": parameters, "responseElements": response,
    })
}

/// A call that makes instances, tagged with their team.
fn run(at: &str, ids: &[&str], kind: &str) -> Value {
    let instance = |id: &&str| {
        let zone = json!({"availabilityZone": "eu-central-1a", "tenancy": "default"});
        json!({"instanceId": id, "instanceType": kind, "placement": zone, "tagSet": {"items": [{"key": "name", "value": id}]}})
    };
    let instances: Vec<Value> = ids.iter().map(instance).collect();
    let tags = json!({"items": [{"resourceType": "instance", "tags": [{"key": "team", "value": "web"}]},
                                {"resourceType": "volume", "tags": [{"key": "team", "value": "disks"}]}]});
    let parameters = json!({"instanceType": kind, "tagSpecificationSet": tags});
    record(at, "RunInstances", parameters, json!({"reservationId": "r-1", "instancesSet": {"items": instances}}))
}

fn change(at: &str, name: &str, id: &str, before: &str) -> Value {
    let item = json!({"instanceId": id, "previousState": {"code": 0, "name": before}});
    let asked = json!({"instancesSet": {"items": [{"instanceId": id}]}});
    record(at, name, asked, json!({"instancesSet": {"items": [item]}}))
}

fn settled(records: &[Value], tenants: TrailTenants<'_>) -> Events {
    let mut changes = TrailChanges::default();
    changes.read(&json!({ "Records": records }).to_string()).unwrap();
    changes.settle(BTreeMap::new(), tenants)
}

fn of(records: &[Value]) -> Vec<Request> {
    let events = settled(records, TrailTenants::default());
    assert_eq!(events.refused, []);
    events.requests.into_iter().map(|told| told.record).collect()
}

fn log(requests: &[Request]) -> RequestLog {
    // What a t3.large has, by AWS's page of instance types: 2 vCPU and 8 GiB; an m5.xlarge has 4 and 16.
    let flavors = [("t3.large", 2_000, 8_192), ("m5.xlarge", 4_000, 16_384)];
    let flavors = flavors.map(|(name, vcpu, memory)| (name.to_owned(), Resources::compute(vcpu, memory)));
    let catalogue = Catalogue { flavors: BTreeMap::from(flavors), ..Catalogue::default() };
    let mut builder = RequestLogBuilder::new(catalogue);
    for (request, line) in requests.iter().zip(1..) {
        builder.push(line, request.clone()).unwrap();
    }
    builder.finish().unwrap()
}

fn at(time: &str) -> Instant {
    format!("2026-11-01T{time}Z").parse().unwrap()
}

/// Two instances from 08:00; one is stopped from 10:00 to 11:00, becomes larger in between, and is gone at 12:00; the other
/// is gone at 09:00. By hand: i-1 holds 2 vCPU for 2 h and 4 vCPU for 1 h, 8 vCPU-hours; i-2 2 vCPU for 1 h, 2 vCPU-hours.
#[test]
fn an_instance_holds_what_it_has_while_it_runs() {
    let retype = json!({"instanceId": "i-1", "instanceType": {"value": "m5.xlarge"}});
    let records = [
        run("08:00:00", &["i-1", "i-2"], "t3.large"),
        change("09:00:00", "TerminateInstances", "i-2", "running"),
        change("10:00:00", "StopInstances", "i-1", "running"),
        record("10:30:00", "ModifyInstanceAttribute", retype, json!({"_return": true})),
        change("11:00:00", "StartInstances", "i-1", "stopped"),
        change("12:00:00", "TerminateInstances", "i-1", "running"),
    ];
    let requests = of(&records);
    let log = log(&requests);
    let hours = |life: &crate::request::Life| {
        let vcpu = log.flavors[life.flavor.usize()].requested[Dimension::Vcpu] / 1_000;
        let length = life.deleted.unwrap() - life.created;
        (life.name.to_string(), i64::from(vcpu) * length.micros() / 3_600_000_000)
    };
    let held: Vec<(String, i64)> = log.lives.iter().map(hours).collect();
    assert_eq!(held, [("i-1".to_owned(), 4), ("i-2".to_owned(), 2), ("i-1".to_owned(), 4)]);
    // The instance that stands still is told another type: nothing lives that is resized.
    assert_eq!(log.orphans, 1);
    let first = &requests[0];
    assert_eq!((first.id.as_str(), first.tenant.as_str()), ("aws/i-1/RunInstances-08:00:00", "111122223333"));
    assert_eq!((first.zone.as_deref(), first.batch.as_deref()), (Some("eu-central-1a"), Some("r-1")));
    let labels = [("name", "i-1"), ("team", "web")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(first.labels, BTreeMap::from(labels.clone()));
    let again = requests.iter().find(|request| request.at == at("11:00:00")).unwrap();
    assert_eq!((again.flavor.as_deref(), &again.labels), (Some("m5.xlarge"), &BTreeMap::from(labels)));
    // Records come in any order, and a record of two trails is one.
    let mut shuffled: Vec<Value> = records.iter().rev().cloned().collect();
    shuffled.push(records[0].clone());
    let events = settled(&shuffled, TrailTenants::default());
    assert_eq!(
        events.requests.iter().map(|told| &told.record).collect::<Vec<_>>(),
        requests.iter().collect::<Vec<_>>()
    );
    assert_eq!(events.ignored, BTreeMap::from([(Reason::Duplicate, 1)]));
    // What is made and gone within the second that CloudTrail tells was made first.
    let brief =
        of(&[change("08:00:00", "TerminateInstances", "i-9", "pending"), run("08:00:00", &["i-9"], "t3.large")]);
    assert_eq!(
        brief.iter().map(|request| request.operation).collect::<Vec<_>>(),
        [Operation::Create, Operation::Delete]
    );
}

#[test]
fn volumes_and_balancers_are_read_as_they_are_written() {
    let volume = json!({"volumeId": "vol-1", "size": "100", "iops": 3000, "volumeType": "gp3", "availabilityZone": "eu-central-1a",
                        "tagSet": {"items": [{"key": "team", "value": "db"}]}});
    let modified = |size: u64| {
        json!({"ModifyVolumeResponse": {"volumeModification": {"volumeId": "vol-1", "originalSize": 100, "originalIops": 3000,
               "targetSize": size, "targetIops": 3000}}})
    };
    let arn = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/web/50dc6c495c0c9188";
    let made = json!({"loadBalancers": [{"loadBalancerArn": arn, "loadBalancerName": "web", "type": "application"}]});
    let requests = of(&[
        record("08:00:00", "CreateVolume", json!({"size": "100"}), volume),
        record("08:30:00", "ModifyVolume", json!({}), modified(100)),
        record("09:00:00", "ModifyVolume", json!({}), modified(150)),
        record("09:30:00", "DeleteVolume", json!({"volumeId": "vol-1"}), json!({"_return": true})),
        record(
            "10:00:00",
            "CreateLoadBalancer",
            json!({"name": "web", "tags": [{"key": "team", "value": "web"}]}),
            made,
        ),
        record("10:10:00", "CreateLoadBalancer", json!({"loadBalancerName": "old"}), json!({"dNSName": "old.elb"})),
        record("11:00:00", "DeleteLoadBalancer", json!({"loadBalancerArn": arn}), Value::Null),
        record("11:10:00", "DeleteLoadBalancer", json!({"loadBalancerName": "old"}), Value::Null),
    ]);
    let shown: Vec<String> =
        requests.iter().map(|request| format!("{} {}", request.operation.as_str(), request.resource)).collect();
    let (web, old) = (arn, "loadbalancer/eu-central-1/old");
    let expected = [
        "create vol-1".to_owned(),
        "resize vol-1".to_owned(),
        "delete vol-1".to_owned(),
        format!("create {web}"),
        format!("create {old}"),
        format!("delete {web}"),
        format!("delete {old}"),
    ];
    assert_eq!(shown, expected);
    let storage = |gib: u32| Some(Resources::ZERO.with(Dimension::Storage, gib * 1_024).with(Dimension::Iops, 3_000));
    assert_eq!((requests[0].requested, requests[1].requested), (storage(100), storage(150)));
    assert_eq!(requests[0].labels["aws/volume-type"], "gp3");
    assert_eq!((requests[3].class, &requests[3].labels["team"]), (ResourceClass::Network, &"web".to_owned()));
    assert_eq!(requests[3].requested, Some(Resources::ZERO.with(Dimension::Addresses, 1)));
    assert_eq!(log(&requests).orphans, 0);
}

#[test]
fn tenants_are_accounts_or_what_tags_and_rules_say() {
    let records = [run("08:00:00", &["i-1"], "t3.large"), change("09:00:00", "TerminateInstances", "i-1", "running")];
    let check = |tenants: TrailTenants<'_>, expected: &str| {
        let events = settled(&records, tenants);
        let found: Vec<&str> = events.requests.iter().map(|told| told.record.tenant.as_str()).collect();
        assert_eq!(found, [expected, expected]);
    };
    let mapping =
        read_mapping("[[rule]]\ntenant = \"shop\"\naccount = \"111122223333\"\nlabels = { team = \"web\" }\n").unwrap();
    check(TrailTenants::default(), "111122223333");
    check(TrailTenants { mapping: None, tag: Some("team") }, "web");
    check(TrailTenants { mapping: None, tag: Some("cost-center") }, "111122223333");
    check(TrailTenants { mapping: Some(&mapping), tag: Some("team") }, "shop");
    // What was made before these records is known from elsewhere.
    let mut changes = TrailChanges::default();
    changes.read(&json!(records[1]).to_string()).unwrap();
    assert_eq!(changes.resources(), BTreeSet::from(["aws/i-1/".to_owned()]));
    let created = settled(&records[..1], TrailTenants { mapping: None, tag: Some("team") });
    let known = created.requests.into_iter().map(|told| told.record).collect();
    let ended = changes.settle(BTreeMap::from([("aws/i-1/".to_owned(), known)]), TrailTenants::default());
    assert_eq!(ended.requests[0].record.tenant, "web");
}

/// What comes again when all of it is known comes to the same requests.
#[test]
fn a_batch_that_is_sent_again_says_the_same() {
    let records = [
        run("08:00:00", &["i-1"], "t3.large"),
        change("10:00:00", "StopInstances", "i-1", "running"),
        change("11:00:00", "StartInstances", "i-1", "stopped"),
    ];
    let tenants = TrailTenants { mapping: None, tag: Some("team") };
    let once: Vec<Request> = settled(&records, tenants).requests.into_iter().map(|told| told.record).collect();
    let mut changes = TrailChanges::default();
    changes.read(&json!(records).to_string()).unwrap();
    let again = changes.settle(BTreeMap::from([("aws/i-1/".to_owned(), once.clone())]), tenants);
    assert_eq!(again.requests.into_iter().map(|told| told.record).collect::<Vec<_>>(), once);
}

#[test]
fn what_says_nothing_is_ignored_with_its_reason() {
    let check = |record: Value, reason: Reason| {
        let events = settled(std::slice::from_ref(&record), TrailTenants::default());
        assert_eq!((&events.ignored, events.requests.len()), (&BTreeMap::from([(reason, 1)]), 0), "{record}");
    };
    let with = |change: Value| {
        let mut record = run("08:00:00", &["i-1"], "t3.large");
        for (field, value) in change.as_object().unwrap() {
            record[field] = value.clone();
        }
        record
    };
    check(with(json!({"errorCode": "Client.InsufficientInstanceCapacity"})), Reason::Failed);
    check(with(json!({"errorCode": "Client.DryRunOperation"})), Reason::DryRun);
    check(with(json!({"requestParameters": {"dryRun": true}})), Reason::DryRun);
    check(with(json!({"readOnly": true, "eventName": "DescribeInstances"})), Reason::Read);
    check(with(json!({"eventName": "AttachVolume"})), Reason::OtherCall);
    check(with(json!({"eventSource": "rds.amazonaws.com"})), Reason::OtherCall);
    check(with(json!({"eventCategory": "Insight"})), Reason::OtherCall);
    check(change("10:00:00", "StopInstances", "i-1", "stopped"), Reason::NothingNew);
    check(change("10:00:00", "TerminateInstances", "i-1", "stopped"), Reason::NothingNew);
    check(change("10:00:00", "StartInstances", "i-1", "running"), Reason::NothingNew);
    check(change("10:00:00", "StartInstances", "i-1", "stopped"), Reason::UnknownResource);
    let stays = json!({"instanceId": "i-1", "disableApiTermination": {"value": true}});
    check(record("10:00:00", "ModifyInstanceAttribute", stays, json!({"_return": true})), Reason::NothingNew);
    check(json!({"detail-type": "EC2 Instance State-change Notification", "detail": {}}), Reason::OtherCall);
}

#[test]
fn records_come_in_files_lines_and_events_of_eventbridge() {
    let records = [run("08:00:00", &["i-1"], "t3.large"), change("09:00:00", "TerminateInstances", "i-1", "running")];
    let check = |text: String| {
        let mut changes = TrailChanges::default();
        changes.read(&text).unwrap();
        let events = changes.settle(BTreeMap::new(), TrailTenants::default());
        let operations: Vec<Operation> = events.requests.iter().map(|told| told.record.operation).collect();
        assert_eq!((operations, events.events), (vec![Operation::Create, Operation::Delete], 2), "{text}");
    };
    let wrapped =
        |record: &Value| json!({"version": "0", "detail-type": "AWS API Call via CloudTrail", "detail": record});
    check(json!({ "Records": records }).to_string());
    check(records.iter().map(|record| format!("{record}\n")).collect());
    check(json!(records).to_string());
    check(records.iter().map(|record| format!("{}\n", wrapped(record))).collect());
}

#[test]
fn what_is_wrong_is_refused_by_itself_with_its_field() {
    let check = |wrong: Value, field: &str, part: &str| {
        let right = run("07:00:00", &["i-0"], "t3.large");
        let events = settled(&[right, wrong], TrailTenants::default());
        let [refusal] = &events.refused[..] else { panic!("{events:?}") };
        assert_eq!((refusal.event, events.requests.len()), (2, 1));
        assert_eq!(refusal.field.as_deref(), Some(field), "{refusal:?}");
        assert!(refusal.message.contains(part), "{refusal:?}");
    };
    let with = |pointer: &str, value: Value| {
        let mut record = run("08:00:00", &["i-1"], "t3.large");
        *record.pointer_mut(pointer).unwrap() = value;
        record
    };
    check(with("/eventTime", "noon".into()), "eventTime", "`noon`");
    check(with("/eventTime", "9999-01-01T00:00:00Z".into()), "at", "expected an instant between 1970 and 2200");
    check(with("/eventID", 5.into()), "eventID", "is the number 5");
    check(with("/responseElements", Value::Null), "responseElements.instancesSet.items", "is missing");
    let id = "/responseElements/instancesSet/items/0/instanceId";
    check(with(id, Value::Null), "responseElements.instancesSet.items[0].instanceId", "is missing; expected a name");
    let volume =
        |size: Value| record("08:00:00", "CreateVolume", json!({}), json!({"volumeId": "vol-1", "size": size}));
    check(volume("much".into()), "responseElements.size", "is \"much\"; expected a whole number of GiB from 1");
    check(volume(0.into()), "responseElements.size", "is 0; expected a whole number of GiB from 1");
    check(volume(Value::Null), "responseElements.size", "is missing; expected a whole number of GiB");
    let mut nobody = run("08:00:00", &["i-1"], "t3.large");
    nobody.as_object_mut().unwrap().remove("recipientAccountId");
    nobody.as_object_mut().unwrap().remove("userIdentity");
    check(nobody, "recipientAccountId", "expected the account");
    let error = TrailChanges::default().read("{\"Records\":[{}").unwrap_err();
    assert_eq!((error.line, error.message.starts_with("is no JSON: ")), (1, true), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0_usize..4_000, put in any::<u8>()) {
        let mut changes = TrailChanges::default();
        let _ = changes.read(&String::from_utf8_lossy(&bytes));
        // A byte of a good text is another one.
        let records = [run("08:00:00", &["i-1"], "t3.large"), change("09:00:00", "StopInstances", "i-1", "running")];
        let mut text = json!({ "Records": records }).to_string().into_bytes();
        let at = at % text.len();
        text[at] = put;
        let _ = changes.read(&String::from_utf8_lossy(&text));
        changes.settle(BTreeMap::new(), TrailTenants::default());
    }

    /// Whatever a field holds, the record is taken, ignored or refused, and what is taken is a valid request.
    #[test]
    fn no_value_panics(place in 0_usize..1_000, put in 0_usize..9) {
        let volume = json!({"volumeId": "vol-1", "size": "100", "iops": 3000});
        let modified = json!({"volumeModification": {"volumeId": "vol-1", "targetSize": 20, "targetIops": 3000}});
        let records = [
            run("08:00:00", &["i-1"], "t3.large"),
            change("09:00:00", "StopInstances", "i-1", "running"),
            change("10:00:00", "StartInstances", "i-1", "stopped"),
            record("08:00:00", "CreateVolume", json!({}), volume),
            record("08:30:00", "ModifyVolume", json!({}), modified),
            record("10:00:00", "DeleteLoadBalancer", json!({"loadBalancerName": "old"}), Value::Null),
        ];
        let mut changes = TrailChanges::default();
        let _ = changes.read(&with_another_value(&records, place, put));
        for told in changes.settle(BTreeMap::new(), TrailTenants::default()).requests {
            prop_assert!(told.record.validate(1).is_ok(), "{:?}", told.record);
        }
    }
}
