use proptest::prelude::*;

use super::*;
use crate::control_plane::CapacityPool;
use crate::pricing::{DatedRate, PriceBook, TypePrice, UnitRates};
use crate::request::{Flavor, IndexedRequest, Operation, ResourceClass, Tenant};
use crate::scenario::{Autoscaling, Billing, Demand, Fleet, Modules, PlacementPolicy};
use crate::scenario::{ENGINE, Edit};
use crate::units::{Currency, Duration, Instant, Rate, Resources, Window};

fn price(name: &str) -> TypePrice {
    let prices = vec![DatedRate { from: Instant::default(), rate: Rate::from_nanos(3_072_000_000) }];
    TypePrice { name: name.to_owned(), shape: None, prices }
}

/// One request an hour for a day by one of two tenants.
fn example() -> SharedScenario {
    let start = Instant::from_micros(1_793_491_200_000_000);
    let request = |i: u32| IndexedRequest {
        terms: None,
        at: start + Duration::from_seconds(3_600 * i64::from(i)),
        operation: Operation::Create,
        tenant: crate::units::TenantIndex(i % 2),
        resource: crate::units::ResourceIndex(i),
        flavor: crate::units::FlavorIndex(0),
        batch: None,
        lifetime: None,
        draw_key: u64::from(i),
    };
    let tenant = |name: &str| Tenant {
        name: name.to_owned(),
        quota: Some(Resources::compute(64_000, 65_536)),
        labels: [("team".to_owned(), "rockets".to_owned())].into(),
    };
    let scenario = Scenario {
        terms: Vec::new(),
        name: "secret launch".to_owned(),
        engine: ENGINE,
        seed: 7,
        runs: 3,
        window: Window { start, end: start + Duration::DAY },
        bin: Duration::from_minutes(5),
        time_zone: "UTC".to_owned(),
        tenants: vec![tenant("acme"), tenant("zeta")],
        flavors: vec![Flavor {
            name: "m5.large".to_owned(),
            class: ResourceClass::Compute,
            requested: Resources::compute(2_000, 8_192),
        }],
        fleet: Fleet::default(),
        placement: PlacementPolicy::BestFit,
        autoscaling: Autoscaling::default(),
        billing: Billing::Fleet,
        modules: Modules::default(),
        price_book: PriceBook::new(
            Currency::USD,
            vec![price("m5.16xlarge"), price("x1.32xlarge")],
            UnitRates::default(),
        ),
        demand: Demand::Requests((0..24).map(request).collect()),
        start: crate::control_plane::State::default(),
        edits: vec![Edit::ScaleDemand { tenant: None, percent: 150 }],
    };
    SharedScenario { scenario, digest: Digest([0xA5; 32]) }
}

#[test]
fn what_goes_in_comes_out() {
    let shared = example();
    let link = shared.to_link().unwrap();
    assert!(link.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_'), "{link}");
    assert_eq!(SharedScenario::from_link(&link).unwrap(), shared);
    assert_eq!(SharedScenario::from_link(&format!(" {}\n{}=", &link[..20], &link[20..])).unwrap(), shared);
    assert_eq!(SharedScenario::from_bytes(&shared.to_bytes(), &Limits::FILE).unwrap(), shared);
}

/// Edits that came later are encoded behind those that links have already.
#[test]
fn edits_of_recommendations_travel() {
    use crate::control_plane::Failures;
    use crate::request::Module;
    use crate::scenario::Spot;
    use crate::units::{Dimension, FlavorIndex, NodeGroupIndex, PoolIndex, TenantIndex};
    let mut shared = example();
    let node_group = NodeGroupIndex(0);
    let failures = Failures { per_million: 10, retries: 2, back_off: Duration::from_seconds(1) };
    shared.scenario.edits = vec![
        Edit::OverCommit { node_group, percent: [(Dimension::Vcpu, 150)].into() },
        Edit::ScaleDown { empty_for: Duration::from_minutes(2) },
        Edit::SpotBeyond { node_group, on_demand: 3, spot: Spot::new(40, None) },
        Edit::Requested { tenant: TenantIndex(1), flavor: FlavorIndex(0), requested: Resources::compute(1_000, 1_024) },
        Edit::ServiceTimes { module: Module::Scheduler, percent: 50 },
        Edit::Failures { module: Module::Quota, failures: Some(failures) },
        Edit::PoolCapacity { pool: PoolIndex(0), capacity: Resources::ZERO.with(Dimension::Storage, 1_024) },
        Edit::PoolOverCommit { pool: PoolIndex(0), percent: [(Dimension::Storage, 200)].into() },
    ];
    assert_eq!(SharedScenario::from_link(&shared.to_link().unwrap()).unwrap(), shared);
    let json = serde_json::to_string(&shared.scenario.edits).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Edit>>(&json).unwrap(), shared.scenario.edits, "{json}");
}

#[test]
fn a_wrong_link_says_what_is_wrong() {
    let link = example().to_link().unwrap();
    let bytes = example().to_bytes();
    let check = |text: &str, part: &str| {
        let message = SharedScenario::from_link(text).unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    };
    check("", "empty");
    check(&link[..link.len() - 8], "cut short");
    check(&link[..30], "cut short");
    check(&link.replace(&link[100..101], "ä"), "does not belong there");
    check(&"A".repeat(MAX_LINK_CHARACTERS + 1), "8001 characters, above the limit of 8000");
    check(&format!("{link}AAAA"), "checksum");
    let altered = |at: usize, value: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = value;
        URL_SAFE_NO_PAD.encode(bytes)
    };
    check(&altered(60, !bytes[60]), "checksum");
    check(&altered(10, !bytes[10]), "checksum");
    check(&URL_SAFE_NO_PAD.encode("# Readme"), "that is no scenario; expected one that the Lab saved");
    check(&altered(0, 9), "format version 9; this page reads versions up to 8");
}

/// Golden: a link of version 1, made for engine 1.
#[test]
fn a_link_of_version_1_is_read_as_it_was_meant() {
    let old = SharedScenario::from_link(include_str!("v1.link")).unwrap();
    let Demand::Forecast(model) = &old.scenario.demand else { panic!("it has a forecast") };
    assert_eq!((model.attachments.sets.len(), model.newcomers.slots, model.tags.rows.len()), (0, 0, 0));
    assert_eq!(old.scenario.engine, 1);
    assert!(old.scenario.modules.0.iter().all(|module| module.queue_limit.is_none() && module.failures.is_none()));
    let today = Scenario { engine: ENGINE, ..old.scenario.clone() };
    let scenario = crate::scenario::ValidScenario::new(today).unwrap();
    assert!(crate::simulation::run(&scenario, 0, false).requests > 0);
    // It travels on as a link of today.
    let link = old.to_link().unwrap();
    assert_eq!(SharedScenario::from_link(&link).unwrap(), old);
}

/// Golden: a link of version 2, made for engine 2: the lab's scenario as it was then, which is that of today.
#[test]
fn a_link_of_version_2_is_read_as_it_was_meant() {
    let old = SharedScenario::from_link(include_str!("v2.link")).unwrap();
    assert_eq!(old.scenario.engine, 2);
    assert_eq!(Scenario { engine: ENGINE, ..old.scenario.clone() }, crate::example::lab_scenario());
    let link = old.to_link().unwrap();
    assert_eq!(SharedScenario::from_link(&link).unwrap(), old);
}

/// Golden: links of versions 3 and 4, made for engine 3: the lab's scenario as it was then, which is that of today.
#[test]
fn links_of_versions_3_and_4_are_read_as_they_were_meant() {
    for text in [include_str!("v3.link"), include_str!("v4.link")] {
        let old = SharedScenario::from_link(text).unwrap();
        assert_eq!(old.scenario.engine, 3);
        assert_eq!(Scenario { engine: ENGINE, ..old.scenario.clone() }, crate::example::lab_scenario());
        let link = old.to_link().unwrap();
        assert_eq!(SharedScenario::from_link(&link).unwrap(), old);
    }
}

/// Golden: links of versions 5 to 7, made for engine 4: the lab's scenario, the later ones under pseudonyms.
#[test]
fn links_of_versions_5_to_7_are_read_as_they_were_meant() {
    let lab = crate::example::lab_scenario();
    let hidden = prepared(&lab, Privacy::Pseudonyms);
    let links =
        [(include_str!("v5.link"), &lab), (include_str!("v6.link"), &hidden), (include_str!("v7.link"), &hidden)];
    for (text, meant) in links {
        let old = SharedScenario::from_link(text).unwrap();
        assert_eq!(old.scenario.engine, 4);
        assert_eq!(&Scenario { engine: ENGINE, ..old.scenario.clone() }, meant);
        let link = old.to_link().unwrap();
        assert_eq!(SharedScenario::from_link(&link).unwrap(), old);
    }
}

#[test]
fn an_altered_digest_is_left_for_the_run_to_find() {
    let mut bytes = example().to_bytes();
    // The digest is 32 bytes from the 13th on.
    bytes[20] ^= 0xff;
    let mut digest = example().digest;
    digest.0[7] ^= 0xff;
    let read = SharedScenario::from_link(&URL_SAFE_NO_PAD.encode(bytes)).unwrap();
    assert_eq!(read, SharedScenario { digest, ..example() });
}

#[test]
fn a_newer_engine_is_named() {
    let mut shared = example();
    shared.scenario.engine = ENGINE + 1;
    let error = SharedScenario::from_link(&shared.to_link().unwrap()).unwrap_err();
    assert_eq!(error, LinkError::NewerEngine { theirs: ENGINE + 1, ours: ENGINE });
}

#[test]
fn a_link_cannot_ask_for_too_much() {
    let check = |change: fn(&mut Scenario), what: &str| {
        let mut shared = example();
        change(&mut shared.scenario);
        match SharedScenario::from_link(&shared.to_link().unwrap()).unwrap_err() {
            LinkError::TooLarge { what: found, .. } => assert_eq!(found, what),
            other => panic!("{other}"),
        }
    };
    check(|s| s.runs = u32::MAX, "runs");
    check(|s| s.terms = vec![crate::request::Terms::default(); 2_001], "terms");
    check(|s| s.window.end = Instant::from_micros(i64::MAX), "bins");
    check(|s| s.bin = Duration::from_micros(1), "bins");
    check(|s| s.bin = Duration::ZERO, "bins");
    check(|s| s.edits.push(Edit::ScaleDemand { tenant: None, percent: u32::MAX }), "requests");
    check(|s| s.fleet.node_groups[0].min = u32::MAX, "nodes that are always on");
    check(|s| s.modules.0[3].workers = u32::MAX, "workers of a module");
    // 3 MiB of the same letter become 3 KB on the way.
    check(|s| s.name = "a".repeat(3 << 20), "bytes");
    check(|s| s.tenants = vec![Tenant::default(); 3_000], "tenants");
}

/// Edits multiply each other: 10,000 % five times is 10¹⁰ times as much, of few runs as of many.
#[test]
fn edits_cannot_ask_for_more_than_a_run_can_hold() {
    let mut scenario = Scenario { runs: 1, ..example().scenario };
    assert_eq!(Limits::FILE.check(&scenario), Ok(()));
    let edit = |percent| Edit::ScaleDemand { tenant: None, percent };
    scenario.edits = vec![edit(10_000); 5];
    assert!(matches!(Limits::FILE.check(&scenario), Err(LinkError::TooLarge { what: "requests", .. })));
    // Between what all runs may come to and what one may.
    let limits = Limits { requests_of_run: 100, ..Limits::FILE };
    scenario.edits.truncate(1);
    assert!(matches!(limits.check(&scenario), Err(LinkError::TooLarge { what: "requests of one run", .. })));
}

#[test]
fn a_long_scenario_becomes_a_file() {
    let mut shared = example();
    // Digits of a linear congruential generator (Numerical Recipes): text that does not compress below 8,000 characters.
    let mut state = 1_u32;
    shared.scenario.name = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'!' + (state >> 24) as u8 % 90)
    })
    .take(10_000)
    .collect();
    assert!(matches!(shared.to_link(), Err(LinkError::TooLong { length: 8_001.., .. })));
    assert_eq!(SharedScenario::from_bytes(&shared.to_bytes(), &Limits::FILE).unwrap(), shared);
}

#[test]
fn names_stay_at_home_unless_they_are_wanted() {
    let mut scenario = example().scenario;
    let outage = |zone: &str| crate::scenario::Outage {
        zone: zone.to_owned(),
        from: scenario.window.start,
        until: scenario.window.end,
    };
    let (now, edited) = (outage("vault"), outage("vault"));
    scenario.fleet.node_groups[0].zone = Some("vault".to_owned());
    scenario.fleet.node_groups[0].cluster = Some("basement".to_owned());
    let zone = Some("vault".to_owned());
    let pool = CapacityPool { name: "titanium".to_owned(), zone, ..CapacityPool::default() };
    scenario.fleet.pools.push(pool);
    scenario.fleet.outages.push(now);
    scenario.edits.push(Edit::ZoneOutage(edited));
    let shown = |privacy| format!("{:?}", prepared(&scenario, privacy));
    for secret in ["acme", "zeta", "secret launch", "rockets", "x1.32xlarge", "vault", "titanium", "basement"] {
        assert!(!shown(Privacy::Pseudonyms).contains(secret), "{secret}");
    }
    for name in ["acme", "zeta", "secret launch", "rockets"] {
        assert!(shown(Privacy::Names).contains(name), "{name}");
    }
    let listed = revealed(&prepared(&scenario, Privacy::Pseudonyms));
    let detail = |what: &str| listed.iter().find(|item| item.what == what).map(|item| item.detail.as_str());
    assert_eq!(detail("tenants"), Some("tenant 1, tenant 2"));
    assert_eq!(detail("demand"), Some("24 requests with their times"));
    assert_eq!(detail("pools"), Some("pool 1 of nothing"));
    assert_eq!(detail("clusters"), Some("cluster 1"));
    assert_eq!(detail("labels"), None);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = SharedScenario::from_bytes(&bytes, &Limits::LINK);
    }

    /// Valid header and checksum around arbitrary contents: what reaches the decompressor and postcard.
    #[test]
    fn no_contents_make_it_panic(contents in proptest::collection::vec(any::<u8>(), 0..400), packed in any::<bool>()) {
        let contents = if packed { miniz_oxide::deflate::compress_to_vec(&contents, 6) } else { contents };
        let _ = SharedScenario::from_bytes(&envelope::sealed(v2::VERSION, ENGINE, Digest([0; 32]), &contents), &Limits::LINK);
    }

    /// A scenario with some of its bytes altered and sealed again: mostly still a scenario, with absurd figures in it.
    #[test]
    fn no_figures_make_it_panic(changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6)) {
        let mut contents = postcard::to_allocvec(&example().scenario).unwrap();
        for (at, value) in changes {
            let at = at.index(contents.len());
            contents[at] = value;
        }
        let contents = miniz_oxide::deflate::compress_to_vec(&contents, 6);
        let _ = SharedScenario::from_bytes(&envelope::sealed(v8::VERSION, ENGINE, Digest([0; 32]), &contents), &Limits::LINK);
    }

    /// The checksum has 32 bits: one altered character is always found, since a burst of up to 6 bits changes the hash;
    /// one of the digest is found by the run.
    #[test]
    fn one_wrong_character_is_found(at in any::<proptest::sample::Index>(), to in "[A-Za-z0-9_-]") {
        let link = example().to_link().unwrap();
        let at = at.index(link.len());
        let altered = format!("{}{to}{}", &link[..at], &link[at + 1..]);
        match SharedScenario::from_link(&altered) {
            Ok(shared) => {
                prop_assert_eq!(shared.digest == example().digest, altered == link);
                prop_assert_eq!(shared.scenario, example().scenario);
            }
            Err(_) => prop_assert_ne!(altered, link),
        }
    }
}
