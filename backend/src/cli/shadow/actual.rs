//! A bill in place of a simulated actual cost.

use shared::allocation::{Basis, Status};
use shared::bill::{ActualContext, Bill, BilledWindow, CoveredHours, Credits, ExchangeRates, LeftOut, TenantCredits};
use shared::control_plane::Billing;
use shared::request::RequestLog;
use shared::scenario::Scenario;
use shared::trace::mapping::Mapping;
use shared::units::{Currency, LedgerUnits, Rate, Window};

use super::data;
use crate::cli::CliError;
use crate::cli::bill_file::{read_bill, read_rates};
use crate::cli::import::mapping;
use crate::output;

/// Options of what it really cost.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct ActualArgs {
    /// Charges of a bill, as `import focus` and `import opencost` write them: what they say that the window cost, after
    /// discounts, is held against the prediction. May be given more than once
    #[arg(long, value_name = "FILE", requires = "origin", conflicts_with = "edits")]
    actual: Vec<String>,
    /// Rules from accounts, namespaces and tags of the bill to tenants
    #[arg(long, value_name = "FILE", requires = "actual")]
    mapping: Option<String>,
}

/// A bill, and what is needed to read it.
#[derive(Debug)]
pub(super) struct ActualBill {
    bill: Bill,
    mapping: Option<Mapping>,
    rates: ExchangeRates,
}

impl ActualArgs {
    /// The bill, where one is given; `rates` is the file of exchange rates to the currency of the prices.
    ///
    /// # Errors
    /// When a file cannot be read, or its charges make no bill.
    pub(super) fn read(&self, rates: Option<&str>) -> Result<Option<ActualBill>, CliError> {
        if self.actual.is_empty() {
            return Ok(None);
        }
        Ok(Some(ActualBill {
            bill: read_bill(&self.actual)?,
            mapping: mapping(self.mapping.as_deref())?,
            rates: read_rates(rates)?,
        }))
    }
}

impl ActualBill {
    /// The scenario without the cost of modules, which no bill names.
    pub(super) fn comparable(mut base: Scenario) -> Scenario {
        base.modules.0.iter_mut().for_each(|module| module.rate = Rate::ZERO);
        base
    }

    /// What of all that was imported does not count, or may count twice.
    fn doubts(&self) -> impl Iterator<Item = String> {
        let replaced = self.bill.statements.iter().filter(|statement| statement.replaced.is_some()).count() as u64;
        let standing = self.bill.statements.iter().filter(|statement| statement.replaced.is_none());
        let equal: u64 = standing.map(|statement| statement.equal).sum();
        let replaced = (replaced > 0).then(|| {
            let statements = output::counted(replaced, "statement");
            format!("{statements} of the bill replaced by later ones; `report bill` lists them")
        });
        let equal = (equal > 0).then(|| {
            let charges = output::counted(equal, "charge");
            format!("{charges} of the bill like another one in every field, perhaps imported twice")
        });
        replaced.into_iter().chain(equal)
    }

    /// What the bill says of the window of a scenario, and what to know about it.
    ///
    /// # Errors
    /// When a rate of exchange is missing, or nothing in the bill is of the window.
    pub(super) fn window(
        &self,
        scenario: &Scenario,
        log: &RequestLog,
    ) -> Result<(BilledWindow, Vec<String>), CliError> {
        let context = ActualContext { scenario, log, mapping: self.mapping.as_ref(), rates: &self.rates };
        let billed = BilledWindow::new(&self.bill, &context).map_err(data)?;
        let window = scenario.window;
        if !billed.is_charged {
            return Err(CliError::Data(format!(
                "the bill has no charge from {} to {}; bring the bill of that time",
                window.start, window.end
            )));
        }
        let currency = scenario.price_book.currency;
        let money = |of: LedgerUnits| of.to_money(currency);
        let compared = billed.breakdown.workload() + billed.breakdown.idle;
        let mut said = vec![format!(
            "actual cost is that of the bill, {} after discounts and before credits, {} of it for resources that the \
             requests name; it names no modules, whose cost is left out",
            money(compared),
            money(billed.matched)
        )];
        said.extend(not_covered(&billed.covered));
        said.extend(not_on_bill(&billed, scenario));
        said.extend(credited(&billed, currency));
        if billed.negative > 0 {
            let charges = output::counted(billed.negative, "charge");
            said.push(format!(
                "{charges} of the bill below zero, which are no credits and count as what was used does"
            ));
        }
        if self.bill.status() == Status::Provisional {
            said.push("the bill is provisional: it was made before its period was over, and may change".to_owned());
        }
        if billed.converted > 0 {
            let charges = output::counted(billed.converted, "charge");
            said.push(format!(
                "{charges} of the bill converted to {} by --exchange-rates",
                scenario.price_book.currency
            ));
        }
        said.extend(self.doubts());
        if !billed.left_out.is_empty() {
            let names: Vec<String> = billed
                .left_out
                .iter()
                .map(|(why, &of)| match why {
                    LeftOut::Unallocated(reason) => format!("{reason} {}", money(of)),
                    LeftOut::UnknownTenant(tenant) => format!("tenant {tenant} without requests {}", money(of)),
                })
                .collect();
            let total: LedgerUnits = billed.left_out.values().copied().sum();
            let names = output::some(names.iter().map(String::as_str));
            said.push(format!("not compared, {} of the bill in the window: {names}", money(total)));
        }
        if billed.basis == Basis::Billed && scenario.billing == Billing::Fleet {
            said.push(
                "a bill has no idle: what of nodes nobody requested is in the charges of the accounts that pay for them, so \
                 that idle is held against 0; the total is what compares"
                    .to_owned(),
            );
        }
        if billed.price_book.is_none() && scenario.billing == Billing::Fleet {
            said.push(
                "nodes are paid, so that the bill tells no price of a flavor; --billing per-resource compares prices"
                    .to_owned(),
            );
        }
        Ok((billed, said))
    }
}

/// Which part of the window the bill is of, where it is not of all of it.
fn not_covered(covered: &CoveredHours) -> Option<String> {
    let windows: Vec<String> =
        covered.windows.iter().map(|Window { start, end }| format!("{start} to {end}")).collect();
    let hours = output::counted(covered.of_hours, "hour");
    let message = format!(
        "the bill covers {} of the {hours} of the window, so that it is provisional and what it lacks is residual: {}",
        covered.hours,
        output::some(windows.iter().map(String::as_str))
    );
    (!covered.is_whole()).then_some(message)
}

/// Who is not compared, as the bill does not name them.
fn not_on_bill(billed: &BilledWindow, scenario: &Scenario) -> Option<String> {
    let names = billed.not_on_bill.iter().map(|tenant| scenario.tenants[tenant.usize()].name.as_str());
    let count = output::counted(billed.not_on_bill.len() as u64, "tenant");
    let message = format!(
        "{count} with requests and no line on the bill, whose actual cost is not known and who are not compared: {}",
        output::some(names)
    );
    (!billed.not_on_bill.is_empty()).then_some(message)
}

fn credited(billed: &BilledWindow, currency: Currency) -> Option<String> {
    let credits = Credits::new(&billed.credits, currency)?;
    let tenant =
        |of: &TenantCredits| format!("{} {} in {}", of.tenant, of.amount, output::counted(of.charges, "charge"));
    let tenants: Vec<String> = credits.tenants.iter().map(tenant).collect();
    Some(format!(
        "credits of {} in {} of the bill, apart from what is compared: {}",
        credits.amount,
        output::counted(credits.charges, "charge"),
        output::some(tenants.iter().map(String::as_str))
    ))
}
