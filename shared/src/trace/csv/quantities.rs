//! Amounts and lengths of time that bring a unit of their own.

use jiff::SpanRelativeTo;
use rust_decimal::Decimal;

use super::numbers::decimal;
use crate::units::Dimension;

/// Suffixes of Kubernetes quantities, and what people write for the same: <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>.
const BYTES: [(&str, u64); 13] = [
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("k", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
    ("B", 1),
];

/// A thousand to some and 1,024 to others.
const AMBIGUOUS: [(&str, char); 4] = [("KB", 'K'), ("MB", 'M'), ("GB", 'G'), ("TB", 'T')];

/// Our units for an amount with a suffix, rounded half to even; none where it has no suffix that its dimension knows.
///
/// # Errors
/// When the suffix has two meanings, or the amount is too large.
pub(super) fn amount(dimension: Dimension, text: &str) -> Option<Result<u32, String>> {
    let (number, suffix) = parted(text)?;
    let wrong = |message: String| Some(Err(message));
    let bytes = |bytes: u64| (Decimal::from(bytes), Decimal::from(1_u64 << 20));
    let (times, by) = match dimension {
        Dimension::Vcpu | Dimension::Gpu if suffix == "m" => (Decimal::ONE, Decimal::ONE),
        Dimension::Memory | Dimension::Storage | Dimension::LocalDisk => {
            if let Some((_, letter)) = AMBIGUOUS.iter().find(|(name, _)| name.eq_ignore_ascii_case(suffix)) {
                let (binary, metric) = (format!("{number}{letter}i"), format!("{number}{letter}"));
                let metric = metric.replace('K', "k");
                return wrong(format!(
                    "is `{text}`, which is {binary} to some and {metric} to others; write one of these"
                ));
            }
            bytes(BYTES.iter().find(|(name, _)| *name == suffix)?.1)
        }
        Dimension::Network if suffix.eq_ignore_ascii_case("mbps") => (Decimal::ONE, Decimal::ONE),
        Dimension::Network if suffix.eq_ignore_ascii_case("gbps") => (Decimal::ONE_THOUSAND, Decimal::ONE),
        _ => return None,
    };
    if number.is_sign_negative() && !number.is_zero() {
        return wrong(format!("is `{text}`; expected {}, and not negative", dimension.expected()));
    }
    let units = number.checked_mul(times).map(|product| (product / by).round());
    let units = units.and_then(|units| u32::try_from(units).ok());
    units.map_or_else(|| wrong(format!("is `{text}`; expected a smaller amount")), |units| Some(Ok(units)))
}

/// Whether a text is a number with something behind it.
pub(super) fn has_unit(text: &str) -> bool {
    parted(text).is_some()
}

/// Seconds of a length of time such as `1:30:00`, `2-12:00:00` (days first), `90m`, `1h 30m` or `PT1H30M`; a day has 24
/// hours.
pub(super) fn seconds(text: &str) -> Option<Decimal> {
    let with_days = match text.split_once('-') {
        Some((days, clock)) if clock.contains(':') && days.parse::<u32>().is_ok() => format!("{days}d {clock}"),
        _ => text.to_owned(),
    };
    let span: jiff::Span = with_days.parse().ok()?;
    let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    Some(Decimal::from_i128_with_scale(length.as_nanos(), 9).normalize())
}

/// A number, and letters behind it.
fn parted(text: &str) -> Option<(Decimal, &str)> {
    let text = text.trim();
    let at = text.rfind(|c: char| !c.is_ascii_alphabetic())? + 1;
    let suffix = text.get(at..).filter(|suffix| !suffix.is_empty())?;
    Some((decimal(text[..at].trim_end())?, suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_of_kubernetes_are_read_exactly_or_rounded() {
        let read = |dimension, text| amount(dimension, text).unwrap();
        assert_eq!(read(Dimension::Vcpu, "250m"), Ok(250));
        assert_eq!(read(Dimension::Memory, "256Mi"), Ok(256));
        assert_eq!(read(Dimension::Memory, "1.5 GiB"), Ok(1_536));
        assert_eq!(read(Dimension::Storage, "2Ti"), Ok(2 << 20));
        // 8·10⁹ / 2²⁰ = 7,629.39.
        assert_eq!(read(Dimension::Memory, "8G"), Ok(7_629));
        assert_eq!(read(Dimension::Network, "10Gbps"), Ok(10_000));
        let wrong = |text| read(Dimension::Memory, text).unwrap_err();
        assert!(wrong("8 GB").contains("8Gi to some and 8G to others"), "{}", wrong("8 GB"));
        assert!(wrong("-1Gi").contains("not negative"));
        assert!(wrong("9999999Ti").contains("smaller"));
        for (dimension, text) in [(Dimension::Vcpu, "2"), (Dimension::Vcpu, "2Mi"), (Dimension::Memory, "much")] {
            assert_eq!(amount(dimension, text), None, "{text}");
        }
    }

    #[test]
    fn lengths_of_time_are_read_as_people_write_them() {
        let check = |text: &str, expected: i64| assert_eq!(seconds(text), Some(Decimal::from(expected)), "{text}");
        check("1:30:00", 5_400);
        check("00:00:07", 7);
        check("2-12:00:00", 216_000);
        check("90m", 5_400);
        check("1h 30m", 5_400);
        check("PT1H30M", 5_400);
        check("3 days", 259_200);
        assert_eq!(seconds("1:30:00.5"), Some(Decimal::new(54_005, 1)));
        assert_eq!(seconds("90"), None);
        assert_eq!(seconds("soon"), None);
    }
}
