//! The cases that cost accountants ask about, with amounts by hand; and that nothing is ever lost.

mod actual;
mod compared;
mod statement;

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::allocation::Status;
use crate::cases;
use crate::trace::charge::{
    Charge, ChargeCategory, ChargeFrequency, ChargeSource, ChargedCommitment, CommitmentStatus, Unowned,
};
use crate::trace::mapping::read_mapping;
use crate::units::{Amount, Currency, Duration, Instant, LedgerUnits, Window};

/// The demo's scenario, to be changed.
fn example() -> crate::scenario::Scenario {
    crate::example::scenario()
}

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

/// An hour of use on 2 March, on the invoice of March, stated on 3 April.
fn charge(billed: &str) -> Charge {
    let window = |start: &str, end: &str| Window { start: at(start), end: at(end) };
    Charge {
        period: window("2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z"),
        billing_period: window("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"),
        stated: at("2026-04-03T00:00:00Z"),
        billed: billed.parse().unwrap(),
        effective: billed.parse().unwrap(),
        list: None,
        contracted: None,
        currency: Currency::USD,
        category: ChargeCategory::Usage,
        correction: false,
        frequency: Some(ChargeFrequency::UsageBased),
        source: ChargeSource::Focus,
        unowned: None,
        tenant: None,
        class: None,
        provider: "AWS".to_owned(),
        billing_account: Some("1".to_owned()),
        sub_account: Some("web".to_owned()),
        sub_account_name: None,
        namespace: None,
        service: None,
        service_category: None,
        sku: None,
        resource: Some("vm".to_owned()),
        resource_name: None,
        resource_type: None,
        region: None,
        zone: None,
        commitment: None,
        quantity: None,
        unit: None,
        tags: [].into(),
        description: None,
    }
}

fn stated(charge: Charge, stated: &str) -> Charge {
    Charge { stated: at(stated), ..charge }
}

fn by(charges: Vec<Charge>, by: &[BillKey], mapping: Option<&str>) -> BillReport {
    let mapping = mapping.map(|text| read_mapping(text).unwrap());
    let bill = Bill::new(charges).unwrap();
    let rates = ExchangeRates::default();
    report(&bill, &BillConfig { mapping: mapping.as_ref(), by, currency: None, rates: &rates }).unwrap()
}

/// The rows as `key … amount`.
fn rows(report: &BillReport) -> Vec<String> {
    let rows = report.bills.iter().flat_map(|bill| &bill.rows);
    rows.map(|row| format!("{} {}", row.keys.join(" "), row.billed.amount.normalize())).collect()
}

#[test]
fn the_latest_statement_of_a_billing_period_stands_and_both_are_listed() {
    let early = stated(charge("10"), "2026-03-20T00:00:00Z");
    let report = by(vec![charge("12.5"), early.clone(), early], &[BillKey::Tenant], None);
    assert_eq!(rows(&report), ["web 12.5"]);
    let listed: Vec<(String, Status, bool)> = report
        .statements
        .iter()
        .map(|of| (of.totals[0].billed.to_string(), of.status, of.replaced.is_some()))
        .collect();
    // The first was made before the end of March.
    assert_eq!(listed, [("20".to_owned(), Status::Provisional, true), ("12.5".to_owned(), Status::Final, false)]);
    assert_eq!(report.status, Status::Final);
}

#[test]
fn a_later_statement_of_one_account_leaves_the_others_as_they_are() {
    let other = Charge { billing_account: Some("2".to_owned()), ..charge("7") };
    let report = by(vec![charge("10"), other, stated(charge("11"), "2026-05-01T00:00:00Z")], &[BillKey::Tenant], None);
    assert_eq!(rows(&report), ["web 18"]);
}

#[test]
fn a_correction_on_a_later_invoice_counts_beside_what_it_corrects() {
    let april = Window { start: at("2026-04-01T00:00:00Z"), end: at("2026-05-01T00:00:00Z") };
    let correction = Charge { billing_period: april, correction: true, ..charge("-4") };
    let report = by(vec![charge("10"), correction], &[BillKey::Day], None);
    // It lies on the day that it corrects.
    assert_eq!(rows(&report), ["2026-03-02 6"]);
    let corrections: Vec<u64> = report.statements.iter().map(|statement| statement.corrections).collect();
    assert_eq!((corrections, report.bills[0].negative), (vec![0, 1], 1));
}

#[test]
fn statements_that_do_not_restate_each_other_are_refused() {
    let next_day = |charge: Charge| {
        let period = Window { start: charge.period.start + Duration::DAY, end: charge.period.end + Duration::DAY };
        Charge { period, ..charge }
    };
    let parts = vec![charge("1"), stated(next_day(charge("1")), "2026-04-04T00:00:00Z")];
    assert_eq!(
        Bill::new(parts).unwrap_err().to_string(),
        "the statements of AWS for 2026-03-01T00:00:00Z to 2026-04-01T00:00:00Z made at 2026-04-03T00:00:00Z and at \
         2026-04-04T00:00:00Z share no day, so that the later one does not restate the earlier one; parts of one statement \
         are imported with the same --stated"
    );
    let mixed = vec![charge("1"), Charge { source: ChargeSource::OpenCost, ..charge("1") }];
    assert_eq!(Bill::new(mixed).unwrap_err(), BillError::MixedBases);
    let mut longer = charge("1");
    longer.billing_period.end = at("2026-05-01T00:00:00Z");
    assert!(matches!(Bill::new(vec![charge("1"), longer]).unwrap_err(), BillError::Overlap { .. }));
}

#[test]
fn what_nobody_pays_is_listed_with_its_reason() {
    let rules = "[[rule]]\ntenant = \"shop\"\nlabels = { team = \"web\" }\n";
    let of = |billed: &str, category| Charge { category, resource: None, ..charge(billed) };
    let tagged = |team: &str| Charge { tags: [("team".to_owned(), team.to_owned())].into(), ..charge("1") };
    let unused = ChargedCommitment { id: "c".to_owned(), status: Some(CommitmentStatus::Unused), kind: None };
    let charges = vec![
        tagged("web"),
        tagged("ops"),
        charge("2"),
        of("0.19", ChargeCategory::Tax),
        of("-3", ChargeCategory::Credit),
        of("0.01", ChargeCategory::Adjustment),
        of("100", ChargeCategory::Purchase),
        Charge { commitment: Some(unused), ..charge("5") },
        Charge { unowned: Some(Unowned::Idle), ..charge("6") },
    ];
    let report = by(charges, &[BillKey::Tenant], Some(rules));
    let reasons: Vec<String> = report.bills[0]
        .unallocated
        .iter()
        .map(|row| format!("{} {}", row.reason, row.billed.amount.normalize()))
        .collect();
    assert_eq!(
        reasons,
        [
            "idle 6",
            "tax 0.19",
            "unused commitment 5",
            "purchase 100",
            "credit of no resource -3",
            "adjustment of no resource 0.01",
            "label missing 2",
            "no rule matches 1",
        ]
    );
    // 1 + 1 + 2 + 0.19 − 3 + 0.01 + 100 + 5 + 6 = 112.2, of which 1 is the shop's.
    let bill = &report.bills[0];
    assert_eq!(
        (bill.billed.amount.normalize().to_string(), bill.allocated.amount.normalize().to_string()),
        ("112.2".into(), "1".into())
    );
    assert_eq!(rows(&report)[0], "shop 1");
}

#[test]
fn without_a_mapping_accounts_and_namespaces_are_the_tenants() {
    let of_namespace =
        Charge { namespace: Some("team".to_owned()), unowned: Some(Unowned::Unallocated), ..charge("2") };
    let nobody = Charge { sub_account: None, ..charge("3") };
    let report = by(vec![charge("1"), of_namespace, nobody], &[BillKey::Tenant], None);
    assert_eq!(rows(&report), ["team 2", "web 1", "unallocated: no account 3"]);
    // Once an import has mapped some, the others are nobody's.
    let mapped = Charge { tenant: Some("shop".to_owned()), ..charge("4") };
    let report = by(vec![charge("1"), mapped], &[BillKey::Tenant], None);
    assert_eq!(rows(&report), ["shop 4", "unallocated: no rule matches 1"]);
}

#[test]
fn charges_of_several_days_are_spread_and_those_made_once_are_not() {
    let days = Window { start: at("2026-03-02T12:00:00Z"), end: at("2026-03-04T00:00:00Z") };
    let usage = Charge { period: days, ..charge("3") };
    let once = Charge { frequency: Some(ChargeFrequency::OneTime), ..usage.clone() };
    // A half day of one and a half, then a whole one.
    assert_eq!(rows(&by(vec![usage], &[BillKey::Day], None)), ["2026-03-02 1", "2026-03-03 2"]);
    assert_eq!(rows(&by(vec![once], &[BillKey::Day], None)), ["2026-03-02 3"]);
}

#[test]
fn currencies_stay_apart_unless_rates_are_given() {
    let euros = Charge { currency: "EUR".parse().unwrap(), ..charge("10") };
    let report_in = |currency, rates: &ExchangeRates| {
        let bill = Bill::new(vec![charge("1"), euros.clone()]).unwrap();
        report(&bill, &BillConfig { mapping: None, by: &[BillKey::Tenant], currency, rates })
    };
    let apart = report_in(None, &ExchangeRates::default()).unwrap();
    let currencies: Vec<String> = apart.bills.iter().map(|bill| bill.billed.to_string()).collect();
    assert_eq!(currencies, ["10.000000 EUR", "1.000000 USD"]);
    let error = report_in(Some(Currency::USD), &ExchangeRates::default()).unwrap_err();
    assert_eq!(error, ExchangeError::NoRate { from: euros.currency, to: Currency::USD, at: euros.period.start });
    let rates = read_exchange_rates("date,from,to,rate\n2026-03-01,EUR,USD,1.25\n").unwrap();
    let together = report_in(Some(Currency::USD), &rates).unwrap();
    // 1 + 10 × 1.25.
    assert_eq!(together.bills[0].billed.to_string(), "13.500000 USD");
    assert_eq!(together.exchanged[0].billed.to_string(), "10.000000 EUR");
}

#[test]
fn gaps_and_charges_beyond_the_requests_are_found() {
    let on = |start: &str, hours: i64| {
        let start = at(start);
        Charge { period: Window { start, end: start + Duration::HOUR * hours }, ..charge("1") }
    };
    let charges = [on("2026-03-01T22:00:00Z", 2), on("2026-03-03T01:00:00Z", 1), on("2026-03-04T00:00:00Z", 24)];
    let gaps = gaps(&charges).unwrap();
    let day = Window { start: at("2026-03-02T00:00:00Z"), end: at("2026-03-03T00:00:00Z") };
    assert_eq!((gaps.days, gaps.of_days), (vec![day], 4));
    // On 3 March the first hour and those from 2 to 24; in all 2 + 24 + 24 + 24 hours.
    assert_eq!((gaps.hours, gaps.of_hours), (1 + 22, 74));
    assert_eq!(gaps.longest, Some(Window { start: at("2026-03-02T00:00:00Z"), end: at("2026-03-03T01:00:00Z") }));
    let requests = Window { start: at("2026-03-02T00:00:00Z"), end: at("2026-03-03T12:00:00Z") };
    let beyond = &outside(&charges, requests)[&Currency::USD];
    assert_eq!((beyond.charges_before, beyond.charges_after), (1, 1));
    assert_eq!(beyond.before.to_string(), "1.000000 USD");
}

/// Charges of three tenants, any sign, any length of up to ten days, some on earlier statements.
fn any_charge() -> impl Strategy<Value = Charge> {
    let micros = Duration::HOUR.micros();
    (-10_i128.pow(24)..10_i128.pow(24), 0..3_usize, 0..240 * micros, 0..240 * micros, any::<bool>(), 0..4_u8).prop_map(
        |(places, who, start, length, once, kind)| {
            let start = at("2026-03-01T00:00:00Z") + Duration::from_micros(start);
            let billed = Amount(LedgerUnits(places * 36));
            Charge {
                period: Window { start, end: start + Duration::from_micros(length) },
                billed,
                effective: Amount(LedgerUnits(places * 36 / 2)),
                sub_account: [Some("a".to_owned()), Some("b".to_owned()), None][who].clone(),
                frequency: once.then_some(ChargeFrequency::OneTime),
                category: ChargeCategory::ALL[usize::from(kind)],
                ..charge("0")
            }
        },
    )
}

proptest! {
    #![proptest_config(cases(256))]
    #[test]
    fn rows_and_reasons_add_up_to_the_bill_in_every_grouping(charges in prop::collection::vec(any_charge(), 1..30)) {
        let billed: LedgerUnits = charges.iter().map(|charge| charge.billed.0).sum();
        let effective: LedgerUnits = charges.iter().map(|charge| charge.effective.0).sum();
        let rules = "[[rule]]\ntenant = \"x\"\naccount = \"a\"\n";
        for keys in [&[BillKey::Tenant][..], &[BillKey::Day, BillKey::Tenant], &[BillKey::Category], &[BillKey::Service, BillKey::Day]] {
            for mapping in [None, Some(rules)] {
                let report = by(charges.clone(), keys, mapping);
                let bill = &report.bills[0];
                prop_assert_eq!(bill.billed, billed.to_money(Currency::USD));
                let sum = |of: fn(&BillRow) -> Decimal| bill.rows.iter().map(of).sum::<Decimal>();
                prop_assert_eq!(sum(|row| row.billed.amount), bill.billed.amount);
                prop_assert_eq!(sum(|row| row.effective.amount), effective.to_money(Currency::USD).amount);
                let nobody: Decimal = bill.unallocated.iter().map(|row| row.billed.amount).sum();
                prop_assert_eq!(bill.allocated.amount + nobody, bill.billed.amount);
                prop_assert_eq!(bill.not_allocated.amount, nobody);
            }
        }
    }

    #[test]
    fn days_of_a_charge_add_up_exactly(charge in any_charge()) {
        let days = spread(&charge, charge.billed.0, charge.effective.0);
        prop_assert_eq!(days.iter().map(|day| day.1).sum::<LedgerUnits>(), charge.billed.0);
        prop_assert_eq!(days.iter().map(|day| day.2).sum::<LedgerUnits>(), charge.effective.0);
        prop_assert!(days.windows(2).all(|pair| pair[1].0 - pair[0].0 == Duration::DAY));
    }
}
