//! A plan as `terraform show -json` prints it, cut to the fields that are read.

use serde_json::{Value, json};

use super::*;
use crate::request::ResourceClass;
use crate::units::Dimension;

fn read(changes: Value) -> Result<TerraformPlan, InputError> {
    let plan = json!({"format_version": "1.2", "terraform_version": "1.9.0", "resource_changes": changes});
    let context = TerraformContext {
        at: Instant::from_micros(0),
        tenant: "web",
        mapping: None,
        lives: &|tenant, name| tenant == "web" && ["i-0a", "aws_ebs_volume.data"].contains(&name),
    };
    read_plan(&plan.to_string(), &context)
}

fn change(kind: &str, actions: &[&str], before: Value, after: Value) -> Value {
    json!({
        "address": format!("{kind}.data"), "mode": "managed", "type": kind, "name": "data",
        "change": {"actions": actions, "before": before, "after": after, "after_unknown": {"id": true}}
    })
}

#[test]
fn a_machine_comes_with_its_volumes_in_its_zone_and_with_its_tags() {
    let after = json!({
        "instance_type": "m5.large", "availability_zone": "eu-1a", "tags": {"team": "pay"},
        "root_block_device": [{"volume_size": 20}], "ebs_block_device": [{"volume_size": 100}, {"volume_size": null}]
    });
    let plan = read(json!([change("aws_instance", &["create"], Value::Null, after)])).unwrap();
    let said: Vec<_> = plan.requests.iter().map(|r| (r.resource.as_str(), r.class, r.flavor.as_deref())).collect();
    let (compute, storage) = (ResourceClass::Compute, ResourceClass::Storage);
    let expected = [
        ("aws_instance.data", compute, Some("m5.large")),
        ("aws_instance.data/root_block_device-0", storage, None),
        ("aws_instance.data/ebs_block_device-0", storage, None),
    ];
    assert_eq!(said, expected);
    // 100 GiB in MiB.
    assert_eq!(plan.requests[2].requested.unwrap()[Dimension::Storage], 102_400);
    assert!(plan.requests.iter().all(|r| r.zone.as_deref() == Some("eu-1a") && r.labels["team"] == "pay"));
    assert!(plan.requests.iter().all(|r| r.tenant == "web" && r.validate(1).is_ok()));
}

#[test]
fn what_lives_is_changed_by_its_id_or_its_address() {
    let machine = |kind: &str| json!({"id": "i-0a", "instance_type": kind});
    let volume = |gib: u32| json!({"id": "vol-1", "size": gib});
    let plan = read(json!([
        change("aws_instance", &["update"], machine("m5.large"), machine("m5.xlarge")),
        change("aws_ebs_volume", &["delete"], volume(10), Value::Null),
    ]))
    .unwrap();
    let said: Vec<_> = plan.requests.iter().map(|r| (r.operation, r.resource.as_str(), r.flavor.as_deref())).collect();
    let (resize, delete) = (Operation::Resize, Operation::Delete);
    assert_eq!(said, [(resize, "i-0a", Some("m5.xlarge")), (delete, "aws_ebs_volume.data", None)]);
    assert!(plan.requests.iter().all(|request| request.validate(1).is_ok()));
}

/// A machine that is replaced, and one whose tags alone change, of which the primary knows neither.
#[test]
fn what_the_primary_does_not_know_is_not_given_back() {
    let old = json!({"id": "i-0b", "instance_type": "m5.large"});
    let plan =
        read(json!([change("aws_instance", &["delete", "create"], old.clone(), json!({"instance_type": "c5.large"}))]));
    let plan = plan.unwrap();
    assert_eq!(plan.requests.len(), 1);
    assert!(plan.left_out[0].1.contains("nothing of web lives by its id or by this address"), "{:?}", plan.left_out);
    let plan = read(json!([change("aws_instance", &["update"], old.clone(), old)])).unwrap();
    assert_eq!(plan, TerraformPlan::default());
}

#[test]
fn what_is_not_quoted_is_said() {
    let nothing = || json!({});
    let plan = read(json!([
        change("aws_autoscaling_group", &["create"], Value::Null, nothing()),
        change("aws_iam_role", &["create"], Value::Null, nothing()),
        change("aws_instance", &["no-op"], nothing(), nothing()),
        {"address": "data.aws_ami.a", "mode": "data", "type": "aws_ami", "change": {"actions": ["read"]}},
    ]));
    let plan = plan.unwrap();
    assert_eq!(plan.requests, []);
    let said: Vec<&str> = plan.left_out.iter().map(|(address, _)| address.as_str()).collect();
    assert_eq!(said, ["aws_autoscaling_group.data", "aws_iam_role.data"]);
}

#[test]
fn kinds_of_other_providers_are_known() {
    let create = |kind: &str, after: Value| change(kind, &["create"], Value::Null, after);
    let plan = read(json!([
        create("google_compute_instance", json!({"machine_type": "e2-medium", "zone": "a", "labels": {"k": "v"}})),
        create("azurerm_linux_virtual_machine", json!({"size": "Standard_D2s_v5", "os_disk": [{"disk_size_gb": 30}]})),
        create("openstack_compute_instance_v2", json!({"flavor_name": "m1.small"})),
        create("google_compute_disk", json!({"size": 7})),
        create("aws_lb", json!({})),
    ]))
    .unwrap();
    let flavors: Vec<_> = plan.requests.iter().filter_map(|request| request.flavor.as_deref()).collect();
    assert_eq!(flavors, ["e2-medium", "Standard_D2s_v5", "m1.small"]);
    assert_eq!(plan.requests.len(), 6);
    assert_eq!(plan.requests[5].requested.unwrap()[Dimension::Addresses], 1);
}

/// What is created before the other one is gone has a name of its own, and whatever comes second comes a minute later.
#[test]
fn a_replacement_keeps_its_order() {
    let read_as = |actions: &[&str]| {
        let values = json!({"size": 10});
        let plan = read(json!([change("aws_ebs_volume", actions, values.clone(), values)])).unwrap();
        plan.requests.iter().map(|r| (r.operation, r.at.micros() / 1_000_000, r.resource.clone())).collect::<Vec<_>>()
    };
    let name = "aws_ebs_volume.data".to_owned();
    let (create, delete) = (Operation::Create, Operation::Delete);
    assert_eq!(read_as(&["delete", "create"]), [(delete, 0, name.clone()), (create, 60, name.clone())]);
    assert_eq!(read_as(&["create", "delete"]), [(delete, 60, name.clone()), (create, 0, format!("{name}/next"))]);
}

#[test]
fn what_is_not_known_beforehand_is_left_out() {
    let check = |kind: &str, after: Value, expected: &str| {
        let plan = read(json!([change(kind, &["create"], Value::Null, after)])).unwrap();
        assert!(plan.requests.is_empty() && plan.left_out[0].1.contains(expected), "{:?}", plan.left_out);
    };
    check("aws_instance", json!({"instance_type": null}), "`instance_type` is not known before it is applied");
    check("aws_ebs_volume", json!({"iops": 3}), "`size` is not known before it is applied");
    check("aws_ebs_volume", json!({"size": "ten"}), "expected a whole number of GiB");
    check("aws_ebs_volume", json!({"size": 4_194_304}), "from 1 to 4194303");
}

#[test]
fn what_is_wrong_is_named() {
    let check = |found: Result<TerraformPlan, InputError>, expected: &str| {
        let said = found.unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
    };
    check(read(json!({})), "resource_changes");
    let context = TerraformContext { at: Instant::default(), tenant: "web", mapping: None, lives: &|_, _| false };
    check(read_plan(r#"{"format_version":"2.0"}"#, &context), "plans of format 1 are read");
    check(read_plan("{}", &context), "terraform show -json");
}
