//! Quantities as Kubernetes writes them: exact decimals with a suffix.
//!
//! The rules are those of <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>: a number
//! (`1`, `1.5`, `.5`, `5.`), then a binary suffix (`Ki` … `Ei`), a decimal one (`n`, `u`, `m`, none, `k` … `E`), or an
//! exponent (`e3`, `E3`), and nothing else: no blank, no `K`, no `GB`.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

use crate::units::Dimension;

/// An amount of cores, bytes or pieces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Quantity(pub(super) Decimal);

/// To which side what is finer than our units goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rounding {
    /// What is asked for: there has to be room for all of it.
    Up,
    /// What there is, and what is allowed: not more than that.
    Down,
}

const BINARY: [(&str, u32); 6] = [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];

const DECIMAL: [(&str, i32); 10] =
    [("", 0), ("n", -9), ("u", -6), ("m", -3), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];

const EXPECTED: &str = "expected a quantity of Kubernetes, such as 2, 500m, 1.5Gi or 1e3";

impl Quantity {
    pub(super) const ZERO: Self = Self(Decimal::ZERO);

    /// Reads a quantity.
    ///
    /// # Errors
    /// What is wrong and what was expected.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let no_quantity = || format!("is `{text}`; {EXPECTED}");
        let end = text.find(|c: char| !matches!(c, '0'..='9' | '.' | '+' | '-')).unwrap_or(text.len());
        let (number, suffix) = text.split_at(end);
        let digits = number.strip_prefix(['+', '-']).unwrap_or(number);
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
            && digits.bytes().filter(|&byte| byte == b'.').count() <= 1
            && digits.bytes().any(|byte| byte.is_ascii_digit());
        if !is_number {
            return Err(no_quantity());
        }
        let number: Decimal = format!("0{}", digits.trim_end_matches('.')).parse().map_err(|_| no_quantity())?;
        if text.starts_with('-') && !number.is_zero() {
            return Err(format!("is `{text}`; expected a quantity that is not negative"));
        }
        let factor = factor(suffix).ok_or_else(no_quantity)?;
        let too_large = || format!("is `{text}`; expected a smaller quantity");
        let value = match factor {
            Factor::Two(bits) => number.checked_mul(Decimal::from(1_u64 << bits)),
            Factor::Ten(exponent @ ..=-1) => {
                let divisor =
                    10_i128.checked_pow(exponent.unsigned_abs()).map(|power| Decimal::from_i128_with_scale(power, 0));
                divisor.and_then(|divisor| number.checked_div(divisor))
            }
            Factor::Ten(exponent) => {
                let power = 10_i128.checked_pow(exponent.unsigned_abs()).filter(|&power| power < 1 << 90);
                power.and_then(|power| number.checked_mul(Decimal::from_i128_with_scale(power, 0)))
            }
        };
        value.map(Self).ok_or_else(too_large)
    }

    pub(super) fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// Our units of a dimension, and whether the quantity was finer than they are.
    ///
    /// # Errors
    /// When it is larger than what we can hold.
    pub(super) fn in_units(self, dimension: Dimension, rounding: Rounding) -> Result<(u32, bool), String> {
        let units = match dimension {
            Dimension::Vcpu | Dimension::Gpu => self.0.checked_mul(Decimal::ONE_THOUSAND),
            Dimension::Memory | Dimension::Storage | Dimension::LocalDisk => {
                self.0.checked_div(Decimal::from(1_u64 << 20))
            }
            Dimension::Network | Dimension::Iops | Dimension::Addresses => Some(self.0),
        };
        let whole = units.map(|units| match rounding {
            Rounding::Up => units.ceil(),
            Rounding::Down => units.floor(),
        });
        let count = whole.and_then(|whole| whole.to_u32()).filter(|&count| count < u32::MAX);
        let count = count.ok_or_else(|| {
            let limit = (u32::MAX - 1) / dimension.per_written_unit();
            format!("is `{}`; expected at most {limit} {}", self.0.normalize(), dimension.field())
        })?;
        Ok((count, whole != units))
    }
}

/// What a suffix stands for.
enum Factor {
    Two(u32),
    Ten(i32),
}

fn factor(suffix: &str) -> Option<Factor> {
    if let Some(&(_, bits)) = BINARY.iter().find(|(name, _)| *name == suffix) {
        return Some(Factor::Two(bits));
    }
    if let Some(&(_, exponent)) = DECIMAL.iter().find(|(name, _)| *name == suffix) {
        return Some(Factor::Ten(exponent));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?;
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| exponent.parse().ok()).flatten().map(Factor::Ten)
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;
        impl Visitor<'_> for Written {
            type Value = Quantity;

            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("a quantity of Kubernetes, as \"500m\" or 2")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Quantity, E> {
                Quantity::parse(text).map_err(E::custom)
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Quantity, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Quantity, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Quantity, E> {
                self.visit_str(&number.to_string())
            }
        }
        deserializer.deserialize_any(Written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>
    #[test]
    fn quantities_are_exact() {
        let check = |text: &str, expected: &str| {
            assert_eq!(
                Quantity::parse(text).map(|quantity| quantity.0.normalize().to_string()),
                Ok(expected.to_owned()),
                "{text}"
            );
        };
        // "No matter which of the three exponent forms is used, no quantity may represent a number greater than 2^63-1 in
        // magnitude, nor may it have more than 3 decimal places" is what the server makes of it; the grammar allows more.
        check("100m", "0.1");
        check("1.5", "1.5");
        check(".5", "0.5");
        check("5.", "5");
        check("+3", "3");
        check("0", "0");
        check("-0", "0");
        check("1e3", "1000");
        check("12E2", "1200");
        check("1e-3", "0.001");
        check("5n", "0.000000005");
        check("7u", "0.000007");
        // "Ki | Mi | Gi | Ti | Pi | Ei", powers of 1024; "m | "" | k | M | G | T | P | E", powers of 1000.
        check("2Gi", "2147483648");
        check("0.5Ki", "512");
        check("1Ei", "1152921504606846976");
        check("1500M", "1500000000");
        check("1k", "1000");
        check("1E", "1000000000000000000");
        check("128974848", "128974848");
        // "128974848, 129e6, 129M, 128974848000m, 123Mi" of the page on resource units are roughly the same.
        check("129e6", "129000000");
        check("128974848000m", "128974848");
        check("123Mi", "128974848");
    }

    #[test]
    fn what_is_no_quantity_says_so() {
        let check = |text: &str, part: &str| {
            let error = Quantity::parse(text).unwrap_err();
            assert!(error.starts_with(&format!("is `{text}`; expected ")) && error.contains(part), "{error}");
        };
        for text in
            ["", "much", "1 Gi", "1GB", "1K", "1gi", "1.2.3", "1-2", "--1", "Mi", ".", "1e", "1e1.5", "1mm", "٣"]
        {
            check(text, "such as 2, 500m, 1.5Gi or 1e3");
        }
        check("-1Gi", "not negative");
        check("1e99", "smaller");
    }

    #[test]
    fn requests_are_rounded_up_and_capacities_down() {
        let check = |text: &str, dimension: Dimension, up: (u32, bool), down: (u32, bool)| {
            let quantity = Quantity::parse(text).unwrap();
            assert_eq!(quantity.in_units(dimension, Rounding::Up), Ok(up), "{text}");
            assert_eq!(quantity.in_units(dimension, Rounding::Down), Ok(down), "{text}");
        };
        check("100m", Dimension::Vcpu, (100, false), (100, false));
        // 0.0005 cores are half of a milli-vCPU.
        check("500u", Dimension::Vcpu, (1, true), (0, true));
        check("2Gi", Dimension::Memory, (2_048, false), (2_048, false));
        // 1,500,000,000 ÷ 2²⁰ = 1,430.51…
        check("1500M", Dimension::Memory, (1_431, true), (1_430, true));
        // A byte more than a MiB, and a thousandth of a byte more.
        check("1048577", Dimension::Memory, (2, true), (1, true));
        check("1048576001m", Dimension::Memory, (2, true), (1, true));
        check("1", Dimension::Gpu, (1_000, false), (1_000, false));
        let error = Quantity::parse("1E").unwrap().in_units(Dimension::Memory, Rounding::Up).unwrap_err();
        assert!(error.contains("expected at most 4194303 memory_gib"), "{error}");
    }
}
