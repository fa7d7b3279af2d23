//! Prices and labels as values of a file of metering records.

use std::collections::BTreeMap;

use crate::units::Rate;

/// A plain decimal of at most eight digits before and nine behind the point, which needs no decimal arithmetic.
pub(super) fn quick_rate(text: &str) -> Option<Rate> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() || whole.len() > 8 || fraction.len() > 9 || text.ends_with('.') {
        return None;
    }
    let digits = |part: &str| {
        part.bytes().try_fold(0_i64, |value, d| d.is_ascii_digit().then(|| value * 10 + i64::from(d - b'0')))
    };
    let scale = 10_i64.pow(9 - fraction.len() as u32);
    Some(Rate::from_nanos(digits(whole)? * 1_000_000_000 + digits(fraction)? * scale))
}

/// Labels of one value; none where a part has no `=`.
pub(super) fn labels(text: &str) -> Option<BTreeMap<String, String>> {
    let mut labels = BTreeMap::new();
    let (mut key, mut part, mut chars) = (None, String::new(), text.chars());
    if text.is_empty() {
        return Some(labels);
    }
    loop {
        match chars.next() {
            Some('\\') => part.push(chars.next()?),
            Some('=') if key.is_none() => key = Some(core::mem::take(&mut part)),
            Some(c @ (';' | '=')) if c == '=' || key.is_none() => return None,
            Some(';') | None => {
                labels.insert(key.take()?, core::mem::take(&mut part));
                if chars.as_str().is_empty() {
                    return Some(labels);
                }
            }
            Some(c) => part.push(c),
        }
    }
}

/// Labels in one value.
pub(super) fn labels_text(labels: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    for (key, value) in labels {
        if !text.is_empty() {
            text.push(';');
        }
        escape(key, &mut text);
        text.push('=');
        escape(value, &mut text);
    }
    text
}

fn escape(part: &str, text: &mut String) {
    for c in part.chars() {
        if matches!(c, '\\' | ';' | '=') {
            text.push('\\');
        }
        text.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_read_alike_in_both_ways() {
        for text in ["0", "0.096", "12345678.000000001", "1.", ".5", "1e3", "0.0000000001", "123456789", "+1", ""] {
            if let Some(rate) = quick_rate(text) {
                assert_eq!(Ok(rate), text.parse(), "{text}");
            }
        }
        assert_eq!(quick_rate("0.096"), Some(Rate::from_nanos(96_000_000)));
    }

    proptest::proptest! {
        #[test]
        fn labels_are_read_as_they_were_written(
            set in proptest::collection::btree_map("[a-c=;\\\\]{0,4}", "[a-c=;\\\\]{0,4}", 0..4),
        ) {
            proptest::prop_assert_eq!(labels(&labels_text(&set)), Some(set));
        }
    }
}
