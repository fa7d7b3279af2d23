//! What predicted requests look like.

use std::collections::BTreeMap;

use shared::request::{Operation, Request, ResourceClass, write_line};
use shared::units::{Dimension, Duration, Resources};

use super::{day, example_requests};
use crate::shadowplane::Folder;

/// With each machine of the example a disk that comes 2 s later and goes with it, in zone a or b as its batch says.
fn with_disks(folder: &Folder) {
    let mut text = String::new();
    for line in example_requests(folder, 0..4).lines() {
        let machine: Request = serde_json::from_str(line).unwrap();
        // `vm-`, the tenant, and the bin, whose last digit decides.
        let zone = if machine.resource.as_bytes()[10].is_multiple_of(2) { "a" } else { "b" };
        let create = machine.operation == Operation::Create;
        let disk = Request {
            id: format!("disk-{}", machine.id),
            at: machine.at + Duration::from_seconds(2),
            class: ResourceClass::Storage,
            resource: format!("disk-{}", machine.resource),
            flavor: create.then(|| "disk".to_owned()),
            requested: create.then(|| Resources::ZERO.with(Dimension::Storage, 10_240)),
            zone: create.then(|| zone.to_owned()),
            ..machine.clone()
        };
        for request in [Request { zone: create.then(|| zone.to_owned()), ..machine }, disk] {
            write_line(&mut text, &request);
        }
    }
    folder.write("requests.ndjson", &text);
}

#[test]
fn predicted_requests_have_volumes_zones_and_labels_and_run_in_a_shadow() {
    let folder = Folder::new();
    with_disks(&folder);
    let origin = day(3);
    let predict = ["predict", "--requests", "requests.ndjson", "--model", "seasonal-naive", "--origin", &origin];
    let predicted = folder.run(predict).success();
    let records: Vec<Request> = predicted.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let creates = |class: ResourceClass| {
        let of = move |request: &&Request| (request.operation, request.class) == (Operation::Create, class);
        records.iter().filter(of)
    };
    let (machines, disks) = (creates(ResourceClass::Compute).count(), creates(ResourceClass::Storage).count());
    assert!(machines > 300, "{machines}");
    // Each machine has a disk, but for those whose disk would come after the window.
    assert!(disks <= machines && disks + 5 > machines, "{disks} disks of {machines} machines");
    let zones: BTreeMap<&str, usize> = creates(ResourceClass::Compute).fold(BTreeMap::new(), |mut zones, create| {
        *zones.entry(create.zone.as_deref().unwrap()).or_default() += 1;
        zones
    });
    assert!(zones.len() == 2 && zones.values().all(|&count| count * 5 > machines), "{zones:?}");
    let machine_of = |disk: &Request| {
        creates(ResourceClass::Compute)
            .find(|machine| machine.batch == disk.batch && machine.at + Duration::from_seconds(2) == disk.at)
            .cloned()
    };
    for disk in creates(ResourceClass::Storage) {
        let machine = machine_of(disk).unwrap_or_else(|| panic!("{disk:?} comes with no machine"));
        assert_eq!((&disk.tenant, &disk.labels), (&machine.tenant, &machine.labels));
        assert!(disk.labels.contains_key("team") && disk.zone.is_some());
    }
    folder.write("predicted.ndjson", &predicted);
    folder.run(["shadow", "--requests", "predicted.ndjson", "--runs", "1"]).success();
}
