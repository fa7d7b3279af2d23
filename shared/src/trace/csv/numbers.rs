//! Numbers as foreign files write them.

use std::borrow::Cow;

use rust_decimal::Decimal;

use crate::input::{InputError, Row};
use crate::units::Dimension;

/// Whether a column of ours holds numbers.
pub(super) fn is_number(name: &str) -> bool {
    const OTHERS: [&str; 8] = [
        "value",
        "lifetime_s",
        "price_per_hour",
        "purchase_price",
        "term_months",
        "power_kw",
        "price_per_kwh",
        "overhead_percent",
    ];
    OTHERS.contains(&name) || name.ends_with("_ms") || Dimension::ALL.iter().any(|dimension| dimension.field() == name)
}

/// A number with the point that ours have; what has both a comma and a point is left as it is, and refused later.
pub(super) fn with_point(text: &str) -> Cow<'_, str> {
    let commas = text.bytes().filter(|&byte| byte == b',').count();
    if commas == 1 && !text.contains('.') { Cow::Owned(text.replace(',', ".")) } else { Cow::Borrowed(text) }
}

/// What to do about a comma in a number.
pub(super) fn advice(text: &str, decimal_comma: bool) -> &'static str {
    match (text.contains(','), decimal_comma) {
        (false, _) => "",
        (true, false) => {
            "; where its comma is the decimal point give --decimal-comma, where it parts thousands export without it"
        }
        (true, true) => "; what parts thousands is not read: export without it",
    }
}

pub(super) fn decimal(text: &str) -> Option<Decimal> {
    text.parse().ok().or_else(|| Decimal::from_scientific(text).ok())
}

/// To our unit, half to even.
pub(super) fn rounded(number: Decimal, dimension: Dimension) -> Decimal {
    let per = Decimal::from(dimension.per_written_unit());
    number.checked_mul(per).map_or(number, |units| units.round() / per)
}

pub(super) fn no_number(row: &Row, name: &str, text: &str) -> InputError {
    InputError::field(row.line, name, format!("`{text}` is no number; expected one such as 0.5"))
}
