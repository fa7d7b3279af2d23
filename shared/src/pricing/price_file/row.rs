//! One row of a price file, wherever it is written.

use std::collections::BTreeMap;

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

use super::HOURS_PER_MONTH;
use crate::input::InputError;
use crate::pricing::{DatedRate, Owned, TypePrice};
use crate::units::{Currency, Dimension, Instant, Rate, Resources};

/// Everything that a row may say.
pub(super) const COLUMNS: [&str; 17] = [
    "instance_type",
    "price_per_hour",
    "currency",
    "from",
    Dimension::Vcpu.field(),
    Dimension::Memory.field(),
    Dimension::Gpu.field(),
    Dimension::Storage.field(),
    Dimension::Network.field(),
    Dimension::LocalDisk.field(),
    Dimension::Iops.field(),
    Dimension::Addresses.field(),
    OWNED[0],
    OWNED[1],
    OWNED[2],
    OWNED[3],
    OWNED[4],
];

const OWNED: [&str; 5] = ["purchase_price", "term_months", "power_kw", "price_per_kwh", "overhead_percent"];
const NO_PRICE: &str = "is empty; expected a price per hour, or the purchase price and the term in months";

/// Where a row stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In a table.
    Line(u64),
    /// In a document: such as `prices[3]`.
    Path(String),
}

/// What a row says, by column; nothing is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PriceRow {
    pub(super) place: Place,
    pub(super) cells: BTreeMap<&'static str, String>,
    /// Whether a price per hour could stand in it.
    pub(super) is_priced: bool,
}

/// What a row means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Price {
    pub(super) name: String,
    shape: Option<Resources>,
    pub(super) currency: Currency,
    /// None where it holds since ever.
    pub(super) from: Option<Instant>,
    pub(super) rate: Rate,
    /// What of it an owned machine costs to run: power and its overhead.
    pub(super) running: Option<Rate>,
}

impl Price {
    /// That it is of hardware that was bought, where it is.
    pub(super) fn owned(&self) -> Option<Owned> {
        let (running, all) = (i128::from(self.running?.nanos()), i128::from(self.rate.nanos()).max(1));
        let running_percent = u32::try_from((running * 100 + all / 2) / all).unwrap_or(100);
        Some(Owned { instance_type: self.name.clone(), running_percent })
    }
}

impl PriceRow {
    /// What the row says, in `usual` currency where it names none.
    ///
    /// # Errors
    /// With every problem.
    pub(super) fn price(&self, usual: Option<Currency>) -> Result<Price, Vec<InputError>> {
        match (self.name(), self.currency(usual), self.from(), self.shape(), self.rate()) {
            (Ok(name), Ok(currency), Ok(from), Ok(shape), Ok((rate, running))) => {
                Ok(Price { name, shape, currency, from, rate, running })
            }
            (name, currency, from, shape, rate) => {
                let problems = [name.err(), currency.err(), from.err(), shape.err(), rate.err()];
                Err(problems.into_iter().flatten().collect())
            }
        }
    }

    /// Adds what the row says to the prices by name.
    pub(super) fn add(
        &self,
        types: &mut BTreeMap<String, TypePrice>,
        price: Price,
        rate: Rate,
    ) -> Result<(), InputError> {
        let Price { name, shape, from, .. } = price;
        let dated = DatedRate { from: from.unwrap_or_default(), rate };
        let entry =
            types.entry(name.clone()).or_insert_with(|| TypePrice { name: name.clone(), shape, prices: Vec::new() });
        match (entry.shape, shape) {
            (Some(earlier), Some(shape)) if earlier != shape => {
                let message =
                    format!("`{name}` has {shape}, but {earlier} {}; expected one shape a type", self.above());
                return Err(self.wrong("vcpu", message));
            }
            (earlier, shape) => entry.shape = earlier.or(shape),
        }
        match entry.prices.binary_search_by_key(&dated.from, |earlier| earlier.from) {
            Err(position) => {
                entry.prices.insert(position, dated);
                Ok(())
            }
            Ok(_) => {
                let message =
                    format!("`{name}` has two prices from the same instant; expected each to begin at its own `from`");
                Err(self.wrong("instance_type", message))
            }
        }
    }

    /// What is wrong with one of its fields.
    pub(super) fn wrong(&self, field: &str, message: impl Into<String>) -> InputError {
        match &self.place {
            Place::Line(line) => InputError::field(*line, field, message),
            Place::Path(path) => InputError::field(0, format!("{path}.{field}"), message),
        }
    }

    fn is_wrong<E: core::fmt::Display>(&self, field: &'static str) -> impl FnOnce(E) -> InputError {
        move |error| self.wrong(field, error.to_string())
    }

    /// Where earlier rows are.
    pub(super) fn above(&self) -> &'static str {
        match self.place {
            Place::Line(_) => "on a line above",
            Place::Path(_) => "in a row above",
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.cells.get(name).map(String::as_str)
    }

    fn name(&self) -> Result<String, InputError> {
        let name = self.get("instance_type").map(str::to_owned);
        name.ok_or_else(|| self.wrong("instance_type", "is empty; expected a name"))
    }

    fn currency(&self, usual: Option<Currency>) -> Result<Currency, InputError> {
        match (self.get("currency"), usual) {
            (None, Some(usual)) => Ok(usual),
            (text, _) => text.unwrap_or_default().parse().map_err(self.is_wrong("currency")),
        }
    }

    /// None where the row does not say, which is the beginning of time.
    fn from(&self) -> Result<Option<Instant>, InputError> {
        self.get("from").map(|text| text.parse().map_err(self.is_wrong("from"))).transpose()
    }

    fn shape(&self) -> Result<Option<Resources>, InputError> {
        let mut shape = Resources::ZERO;
        for dimension in Dimension::ALL {
            if let Some(text) = self.get(dimension.field()) {
                shape[dimension] = dimension.parse(text).map_err(self.is_wrong(dimension.field()))?;
            }
        }
        Ok(Some(shape).filter(|shape| !shape.is_zero()))
    }

    /// The price of an hour, and what of it an owned machine costs to run.
    fn rate(&self) -> Result<(Rate, Option<Rate>), InputError> {
        let owned = OWNED.iter().any(|column| self.get(column).is_some());
        match self.get("price_per_hour") {
            Some(_) if owned => {
                let message = "is given, and so are costs of owned hardware; expected one or the other";
                Err(self.wrong("price_per_hour", message))
            }
            Some(text) => Ok((text.parse().map_err(self.is_wrong("price_per_hour"))?, None)),
            None if !owned && self.is_priced => Err(self.wrong("price_per_hour", NO_PRICE)),
            None => self.owned_rate().map(|(rate, running)| (rate, Some(running))),
        }
    }

    /// The price of an hour, and what of it is spent on running.
    fn owned_rate(&self) -> Result<(Rate, Rate), InputError> {
        let amount = |column: &'static str, default: Option<Decimal>| {
            let Some(text) = self.get(column) else {
                return default.ok_or_else(|| self.wrong(column, NO_PRICE));
            };
            let amount = text.parse::<Decimal>().ok().filter(|amount| !amount.is_sign_negative() || amount.is_zero());
            amount.ok_or_else(|| self.wrong(column, format!("is `{text}`; expected a number from 0")))
        };
        let [purchase, months] = [amount(OWNED[0], None)?, amount(OWNED[1], None)?];
        let [power, kwh, overhead] = [2, 3, 4].map(|i| amount(OWNED[i], Some(Decimal::ZERO)));
        if months.is_zero() {
            return Err(self.wrong(OWNED[1], "is 0; expected the months of use"));
        }
        let (power, kwh, overhead) = (power?, kwh?, overhead?);
        let hourly = |purchase| {
            hourly(purchase, months, power, kwh, overhead)
                .ok_or_else(|| self.wrong(OWNED[0], "gives an hourly rate beyond 9,000,000,000; expected less"))
        };
        Ok((hourly(purchase)?, hourly(Decimal::ZERO)?))
    }
}

/// The formula of [`read_price_file`](super::read_price_file); none where it overflows.
fn hourly(purchase: Decimal, months: Decimal, power: Decimal, kwh: Decimal, overhead: Decimal) -> Option<Rate> {
    let depreciation = purchase.checked_div(months.checked_mul(HOURS_PER_MONTH.into())?)?;
    let running = depreciation.checked_add(power.checked_mul(kwh)?)?;
    let factor = Decimal::ONE.checked_add(overhead.checked_div(Decimal::ONE_HUNDRED)?)?;
    let nanos = running.checked_mul(factor)?.checked_mul(Decimal::from(1_000_000_000))?;
    let nanos = nanos.round_dp_with_strategy(0, RoundingStrategy::MidpointNearestEven).to_i64()?;
    Some(Rate::from_nanos(nanos))
}
