//! Commitment discounts that may be bought, in amounts that are still to be found.

use super::commitment_file::{Line, read_each};
use crate::input::{InputError, InputProblems};
use crate::units::{Currency, Duration, Rate};

/// What may be promised, and what that would make cheaper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitmentOffer {
    /// What people call it.
    pub name: String,
    /// For how long.
    pub term: Duration,
    /// What it would make cheaper.
    pub offered: Offered,
}

/// What an offer makes cheaper; see [`Coverage`](super::Coverage).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offered {
    /// Machines of an instance type, or of a flavor that has a price of its own.
    Machines {
        /// The type.
        instance_type: String,
        /// What each costs an hour.
        rate: Rate,
    },
    /// Whatever is used.
    Spend {
        /// What use costs under it, in percent of its price.
        price_percent: u32,
        /// The families whose types it covers; every type where there are none.
        families: Vec<String>,
    },
}

const COLUMNS: [&str; 8] =
    ["name", "instance_type", "price_per_hour", "upfront", "term_months", "currency", "price_percent", "families"];

/// Reads `name,term_months,currency` with `instance_type,price_per_hour[,upfront]` for machines, or with
/// `price_percent[,families]` for spend: what [`read_commitments`](super::read_commitments) reads, without amounts.
///
/// # Errors
/// With every wrong line, name that stands on an earlier one, and currency other than `currency`.
pub fn read_offers(text: &str, currency: Currency) -> Result<Vec<CommitmentOffer>, InputProblems> {
    let required = ["name", "term_months", "currency"];
    read_each(text, &required, &COLUMNS, |line| offer(line, currency), |offer| &offer.name)
}

fn offer(line: &Line<'_>, currency: Currency) -> Result<CommitmentOffer, InputError> {
    let (name, hours) = line.name_and_hours(currency)?;
    let offered = if line.is_spend(&["instance_type", "price_per_hour", "upfront"])? {
        Offered::Spend { price_percent: line.price_percent()?, families: line.families() }
    } else {
        Offered::Machines { instance_type: line.instance_type()?, rate: line.machine_rate(hours)? }
    };
    Ok(CommitmentOffer { name, term: Duration::from_seconds(hours * 3_600), offered })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "name,instance_type,price_per_hour,upfront,term_months,currency,price_percent,families\n";

    #[test]
    fn offers_are_commitments_without_amounts() {
        let text = format!("{HEADER}reserved,m5.large,0.02,438,12,USD,,\nplan,,,,36,USD,50,m5\n");
        let offers = read_offers(&text, Currency::USD).unwrap();
        // 438 ÷ (12 × 730 h) = 0.05 an hour, beside 0.02.
        let machines = Offered::Machines { instance_type: "m5.large".to_owned(), rate: "0.07".parse().unwrap() };
        assert_eq!(offers[0].offered, machines);
        assert_eq!(offers[1].offered, Offered::Spend { price_percent: 50, families: vec!["m5".to_owned()] });
        assert_eq!(offers[1].term, Duration::from_seconds(36 * 730 * 3_600));
    }

    #[test]
    fn what_is_wrong_is_named_with_line_and_field() {
        let check = |row: &str, field: &str, part: &str| {
            let InputProblems(problems) = read_offers(&format!("{HEADER}{row}\n"), Currency::USD).unwrap_err();
            let [error] = &problems[..] else { panic!("{problems:?}") };
            assert_eq!((error.line, error.field.as_deref()), (2, Some(field)), "{error}");
            assert!(error.message.contains(part), "{error}");
        };
        check("a,m,,,12,USD,,", "price_per_hour", "is empty");
        check("a,,0.1,,12,USD,50,", "price_per_hour", "and so is `price_percent`");
        check("a,,,,12,EUR,50,", "currency", "prices are in USD");
    }
}
