//! Chains that hold, chains that were tampered with, and scores counted by hand.

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::allocation::{Basis, RowKind};
use crate::cost::{AccountCost, CommitmentCost, CostBreakdown};
use crate::request::{Flavor, MODULES, ResourceClass, Tenant};
use crate::units::{Currency, Duration, FlavorIndex, Instant, LedgerUnits, Money, Resources, TenantIndex, Window};

fn day(number: i64) -> Window {
    let start = Instant::from_micros(0) + Duration::DAY * number;
    Window { start, end: start + Duration::DAY }
}

fn usd(amount: i64) -> Money {
    Money { amount: amount.into(), currency: "USD".parse().unwrap() }
}

/// A forecast of the total whose quantile at each level is the level: 5, 10, 25, 50, 75, 90, 95.
fn forecast(number: i64, mean: i64) -> Record {
    let quantiles = LEVELS.map(|level| QuantileAmount { percent: level as u8, amount: usd(level as i64) }).into();
    let series = vec![SeriesForecast { kind: RowKind::Total, name: String::new(), mean: usd(mean), quantiles }];
    let window = day(number);
    Record::Forecast(ForecastRecord {
        window,
        origin: window.start,
        horizon: Duration::DAY,
        recorded: window.start,
        model: "ensemble".to_owned(),
        digest: Digest([1; 32]),
        runs: 20,
        series,
    })
}

fn actual(number: i64, amount: i64) -> Record {
    let series = vec![AmountOf { kind: RowKind::Total, name: String::new(), amount: usd(amount) }];
    let window = day(number);
    Record::Actual(ActualRecord { window, recorded: window.end, basis: Basis::Metered, series })
}

fn chain(records: &[Record]) -> Vec<Entry> {
    let mut head = ZERO;
    let entry = |record: &Record| {
        let entry = Entry::after(head, serde_json::to_string(record).unwrap());
        head = entry.head();
        entry
    };
    records.iter().map(entry).collect()
}

fn two_days() -> Vec<Record> {
    vec![forecast(0, 50), forecast(1, 50), actual(0, 60), actual(1, 97)]
}

#[test]
fn a_chain_holds_and_gives_its_records_back() {
    let entries = chain(&two_days());
    let (head, records) = verify(&entries).unwrap();
    assert_eq!((head, records), (entries[3].head(), two_days()));
    assert_eq!(verify(&[]), Ok((ZERO, Vec::new())));
}

#[test]
fn a_link_is_the_hash_of_what_stands_before_and_of_its_text() {
    let entry = Entry::after(ZERO, "{}".to_owned());
    let text = "0".repeat(64) + "{}";
    assert_eq!(entry.hash.0, *blake3::hash(text.as_bytes()).as_bytes());
}

#[test]
fn the_first_broken_link_is_named() {
    let good = chain(&two_days());
    let check = |change: &dyn Fn(&mut Vec<Entry>), message: &str| {
        let mut entries = good.clone();
        change(&mut entries);
        let broken = verify(&entries).unwrap_err().to_string();
        assert!(broken.contains(message), "expected `{message}` in: {broken}");
    };
    check(&|entries| entries[1].record = entries[1].record.replace("ensemble", "lstm"), "entry 2 says its hash is");
    check(&|entries| drop(entries.remove(1)), "entry 3 stands where entry 2 was expected");
    check(&|entries| entries.swap(0, 1), "entry 2 stands where entry 1 was expected");
    // Changed and hashed anew, it no longer is what the next one follows.
    let forge = |entries: &mut Vec<Entry>| {
        let record = entries[1].record.replace("ensemble", "lstm");
        entries[1] = Entry::after(entries[0].head(), record);
    };
    check(&forge, "entry 3 follows");
    let unknown = chain(&two_days()[..1]);
    let mut entries = unknown.clone();
    entries.push(Entry::after(unknown[0].head(), "{}".to_owned()));
    assert!(verify(&entries).unwrap_err().to_string().contains("entry 2 holds no record"));
    assert_eq!(verify(&chain(&[actual(0, 1)])), Err(BrokenChain::WithoutForecast { sequence: 1 }));
}

#[test]
fn scores_are_those_of_a_hand_calculation() {
    let card = scorecard(&[two_days(), vec![forecast(2, 50)]].concat());
    assert_eq!((card.forecast, card.judged, card.late, card.rows.len()), (3, 2, 0, 1));
    let row = &card.rows[0];
    assert_eq!((row.basis, row.kind, &row.name, row.windows), (Basis::Metered, RowKind::Total, &None, 2));
    // 50 for 60 and 50 for 97: off by 10 + 47 of 157, too low by as much.
    assert!((row.wape.unwrap() - 57.0 / 157.0).abs() < 1e-12);
    assert!((row.bias.unwrap() + 57.0 / 157.0).abs() < 1e-12);
    // Of 60, levels 5 … 50 lie below: .05·55 + .1·50 + .25·35 + .5·10 = 21.5; above: .25·15 + .1·30 + .05·35 = 8.5.
    // Of 97, all lie below: .05·92 + .1·87 + .25·72 + .5·47 + .75·22 + .9·7 + .95·2 = 79.5. (30 + 79.5) ÷ 7 ÷ 157.
    assert!((row.pinball.unwrap() - 109.5 / 7.0 / 157.0).abs() < 1e-12);
    let inside: Vec<_> = row.intervals.iter().map(|score| (score.claimed_percent, score.inside, score.of)).collect();
    // 60 lies between 25 and 75; 97 lies beyond 95.
    assert_eq!(inside, [(50, 1, 2), (80, 1, 2), (90, 1, 2)]);
    assert_eq!(row.intervals[2].achieved_percent, Some(50.0));
}

#[test]
fn what_was_written_down_too_late_is_not_judged() {
    let Record::Forecast(mut late) = forecast(0, 60) else { unreachable!() };
    late.recorded = late.window.end;
    let card = scorecard(&[Record::Forecast(late), actual(0, 60)]);
    assert_eq!((card.forecast, card.judged, card.late, card.rows), (1, 0, 1, Vec::new()));
}

#[test]
fn the_first_forecast_and_the_last_word_on_the_cost_count() {
    let card = scorecard(&[forecast(0, 50), forecast(0, 80), actual(0, 10), actual(0, 100)]);
    assert_eq!((card.rows[0].windows, card.rows[0].wape), (1, Some(0.5)));
}

/// What one run cost: two tenants, idle, overhead, a module, and what a commitment saved.
fn breakdown([first, second, idle, overhead, module, saved]: [i128; 6]) -> CostBreakdown {
    let account =
        |i, workload| AccountCost { tenant: TenantIndex(i), flavor: FlavorIndex(i), workload: LedgerUnits(workload) };
    let mut modules = [LedgerUnits::ZERO; MODULES];
    modules[2] = LedgerUnits(module);
    CostBreakdown {
        accounts: vec![account(0, first), account(1, second)],
        idle: LedgerUnits(idle),
        overhead: LedgerUnits(overhead),
        modules,
        commitments: CommitmentCost { saved: LedgerUnits(saved), ..CommitmentCost::default() },
    }
}

proptest! {
    #![proptest_config(crate::cases(256))]
    #[test]
    fn what_is_written_down_adds_up_to_the_last_decimal(
        runs in proptest::collection::vec(proptest::array::uniform6(0_i128..10_i128.pow(20)), 1..6),
    ) {
        let tenant = |name: &str| Tenant { name: name.to_owned(), ..Tenant::default() };
        let flavor = |class| Flavor { name: String::new(), class, requested: Resources::compute(1, 1) };
        let (tenants, flavors) =
            ([tenant("acme"), tenant("zeta")], [flavor(ResourceClass::Compute), flavor(ResourceClass::Storage)]);
        let runs: Vec<CostBreakdown> = runs.into_iter().map(breakdown).collect();
        let names = (&tenants[..], &flavors[..]);
        let predicted = forecast_series(&runs.iter().collect::<Vec<_>>(), names, Currency::USD);
        let predicted: Vec<_> = predicted.into_iter().map(|series| (series.kind, series.mean.amount)).collect();
        let actual = actual_series(&runs[0], names, Currency::USD);
        let actual: Vec<_> = actual.into_iter().map(|of| (of.kind, of.amount.amount)).collect();
        for column in [predicted, actual] {
            let sum = |of: &dyn Fn(RowKind) -> bool| -> Decimal {
                column.iter().filter(|(kind, _)| of(*kind)).map(|(_, amount)| *amount).sum()
            };
            let parts = sum(&|kind| !matches!(kind, RowKind::Total | RowKind::Class));
            prop_assert_eq!(parts, sum(&|kind| kind == RowKind::Total));
            prop_assert_eq!(sum(&|kind| kind == RowKind::Class), sum(&|kind| kind == RowKind::Tenant));
        }
    }

    #[test]
    fn no_byte_can_be_changed_unseen(at: prop::sample::Index, byte in 0x20_u8..0x7f, entry in 0_usize..4) {
        let mut entries = chain(&two_days());
        let mut record = entries[entry].record.clone().into_bytes();
        let at = at.index(record.len());
        prop_assume!(record[at] != byte);
        record[at] = byte;
        entries[entry].record = String::from_utf8(record).unwrap();
        let named = matches!(verify(&entries), Err(BrokenChain::Hash { sequence, .. }) if sequence == entry as u64 + 1);
        prop_assert!(named);
    }
}
