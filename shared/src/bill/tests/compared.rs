//! A bill beside a report: who is on both is compared, and who is not is named.

use super::*;
use crate::allocation::{ActualCost, AllocationReport, Basis, Grouping, ReportContext, allocate};
use crate::cost::{AccountCost, CostBreakdown};
use crate::request::{Flavor, ResourceClass, Tenant};
use crate::units::{FlavorIndex, Resources, TenantIndex};

/// The 2nd of March: acme, lab and gone were predicted to cost 10, 5 and 1, and cost 8, 4 and nothing.
fn predicted() -> AllocationReport {
    let tenants = ["acme", "lab", "gone"].map(|name| Tenant { name: name.to_owned(), ..Tenant::default() });
    let flavors =
        [Flavor { name: "small".to_owned(), class: ResourceClass::Compute, requested: Resources::compute(1, 1) }];
    let context = ReportContext {
        tenants: &tenants,
        flavors: &flavors,
        currency: Currency::USD,
        window: day(),
        horizon: Duration::DAY,
        grouping: Grouping::Tenant,
    };
    let cost = |amounts: [&str; 3]| {
        let account = |(tenant, amount): (u32, &str)| AccountCost {
            tenant: TenantIndex(tenant),
            flavor: FlavorIndex(0),
            workload: amount.parse::<Amount>().unwrap().0,
        };
        CostBreakdown { accounts: (0..).zip(amounts).map(account).collect(), ..CostBreakdown::default() }
    };
    let actual = cost(["8", "4", "0"]);
    let actual = ActualCost { breakdown: &actual, basis: Basis::Simulated, status: Status::Final };
    allocate(&context, &[&cost(["10", "5", "1"])], Some(actual), None)
}

fn day() -> Window {
    Window { start: at("2026-03-02T00:00:00Z"), end: at("2026-03-03T00:00:00Z") }
}

fn of(tenant: &str, category: ChargeCategory, billed: &str) -> Charge {
    Charge { sub_account: Some(tenant.to_owned()), category, period: day(), ..charge(billed) }
}

fn told(money: crate::units::Money) -> String {
    money.amount.normalize().to_string()
}

#[test]
fn who_is_not_on_the_bill_was_not_billed_nothing() {
    let bill = vec![
        of("acme", ChargeCategory::Usage, "9"),
        of("acme", ChargeCategory::Credit, "-2"),
        of("zzz", ChargeCategory::Usage, "7"),
        of("zzz", ChargeCategory::Credit, "-3"),
    ];
    let found = beside(&predicted(), &Bill::new(bill).unwrap(), None).unwrap();
    // Gone cost nothing, so that there is nothing to bill.
    let rows: Vec<_> =
        found.rows.iter().map(|row| (row.tenant.as_str(), told(row.predicted), told(row.billed))).collect();
    assert_eq!(rows, [("acme", "10".to_owned(), "9".to_owned()), ("gone", "1".to_owned(), "0".to_owned())]);
    assert_eq!([found.predicted, found.billed, found.variance].map(told), ["11", "9", "-2"]);
    // 1 − 2 ÷ 9.
    assert!((found.prediction_accuracy.unwrap() - 7.0 / 9.0).abs() < 1e-12);
    let missing: Vec<_> = found.not_on_bill.iter().map(|of| (of.tenant.as_str(), told(of.predicted))).collect();
    assert_eq!(missing, [("lab", "5".to_owned())]);
    // 7 − 3.
    let strangers: Vec<_> = found.without_requests.iter().map(|of| (of.tenant.as_str(), told(of.effective))).collect();
    assert_eq!(strangers, [("zzz", "4".to_owned())]);
    let credits = found.credits.unwrap();
    assert_eq!((credits.charges, told(credits.amount), credits.tenants.len()), (1, "-2".to_owned(), 1));
    // All that was predicted is of tenants: 16 less 10, 5 and 1.
    assert_eq!(told(found.not_billed), "0");
    assert_eq!((found.status, found.covered.hours, found.covered.of_hours), (Status::Final, 24, 24));
}

#[test]
fn a_bill_of_half_of_the_day_may_still_change() {
    let morning = Window { end: at("2026-03-02T12:00:00Z"), ..day() };
    let bill = vec![Charge { period: morning, ..of("acme", ChargeCategory::Usage, "9") }];
    let found = beside(&predicted(), &Bill::new(bill).unwrap(), None).unwrap();
    assert_eq!((found.status, found.covered.hours, found.covered.windows), (Status::Provisional, 12, vec![morning]));
}
