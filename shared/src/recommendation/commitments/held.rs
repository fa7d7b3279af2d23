//! What the commitments that are held leave of each hour's use.

use super::{Hour, HourlyUse};
use crate::pricing::{CommitmentDiscount, Coverage};
use crate::units::{Duration, Window};

/// The use that is paid at its price beside the commitments that are `held`: machines are drawn down first, then spend,
/// each only while it holds.
pub(super) fn beside(held: &[CommitmentDiscount], mut usage: HourlyUse) -> HourlyUse {
    let machines = |commitment: &&CommitmentDiscount| matches!(commitment.covers, Coverage::Machines { .. });
    held.iter().filter(machines).for_each(|commitment| draw_down(commitment, &mut usage));
    held.iter().filter(|commitment| !machines(commitment)).for_each(|commitment| draw_down(commitment, &mut usage));
    usage
}

fn draw_down(commitment: &CommitmentDiscount, HourlyUse(lines): &mut HourlyUse) {
    let hours = lines.iter().map(|(_, hours)| hours.len()).max().unwrap_or(0);
    for i in 0..hours {
        // What is left of the commitment in this hour; lines that it covers share it.
        let mut left = None;
        for (_, hours) in lines.iter_mut().filter(|(name, _)| commitment.covers.covers(name)) {
            let hour = &mut hours[i];
            let price = i128::from(hour.rate.nanos());
            let left = left.get_or_insert_with(|| covered(commitment, hour));
            let (used, of_it) = match commitment.covers {
                Coverage::Machines { .. } => (hour.micros.min(*left), 1),
                Coverage::Spend { .. } => (left.checked_div(price).map_or(0, |most| hour.micros.min(most)), price),
            };
            hour.micros -= used;
            *left -= used * of_it;
        }
    }
}

/// Machines × microseconds, or use at its price in nano-units × microseconds, that a commitment covers in an hour.
fn covered(commitment: &CommitmentDiscount, hour: &Hour) -> i128 {
    let end = hour.from + Duration::from_micros(i64::try_from(hour.length).unwrap_or(i64::MAX));
    let micros = i128::from(commitment.micros_in(Window { start: hour.from, end }));
    match commitment.covers {
        Coverage::Machines { count, .. } => i128::from(count) * micros,
        Coverage::Spend { rate, price_percent, .. } => {
            i128::from(rate.nanos()) * micros * 100 / i128::from(price_percent.max(1))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Instant, Rate};

    const LENGTH: i128 = 3_600_000_000;

    /// Two hours of four `m5.large` and one of two `c5.large`, at 100 and 50 nano-units an hour.
    fn usage() -> HourlyUse {
        let hour = |i: i64, machines: i128, nanos: i64| Hour {
            from: Instant::from_micros(0) + Duration::HOUR * i,
            rate: Rate::from_nanos(nanos),
            micros: machines * LENGTH,
            length: LENGTH,
        };
        HourlyUse(vec![
            ("m5.large".to_owned(), vec![hour(0, 4, 100), hour(1, 4, 100)]),
            ("c5.large".to_owned(), vec![hour(0, 2, 50), hour(1, 0, 50)]),
        ])
    }

    fn held(covers: Coverage, from: i64, until: i64) -> CommitmentDiscount {
        let at = |hours: i64| Instant::from_micros(0) + Duration::HOUR * hours;
        CommitmentDiscount { name: "held".to_owned(), covers, from: at(from), until: at(until) }
    }

    /// Machines that are left, by line and hour.
    fn left(commitments: &[CommitmentDiscount]) -> Vec<Vec<f64>> {
        let HourlyUse(lines) = beside(commitments, usage());
        let machines = |hour: &Hour| hour.micros as f64 / LENGTH as f64;
        lines.iter().map(|(_, hours)| hours.iter().map(machines).collect()).collect()
    }

    #[test]
    fn what_has_expired_covers_nothing() {
        let three = Coverage::Machines { instance_type: "m5.large".to_owned(), count: 3, rate: Rate::from_nanos(60) };
        assert_eq!(left(&[held(three.clone(), -9, 0)]), [vec![4.0, 4.0], vec![2.0, 0.0]]);
        assert_eq!(left(&[held(three.clone(), 1, 9)]), [vec![4.0, 1.0], vec![2.0, 0.0]]);
        assert_eq!(left(&[held(three, 0, 9)]), [vec![1.0, 1.0], vec![2.0, 0.0]]);
    }

    /// 300 nano-units an hour at 60 % of the price are 500 of use: four machines at 100, and two at 50.
    #[test]
    fn spend_covers_use_at_its_price_after_machines() {
        let spend =
            |nanos: i64| Coverage::Spend { rate: Rate::from_nanos(nanos), price_percent: 60, families: Vec::new() };
        assert_eq!(left(&[held(spend(300), 0, 9)]), [vec![0.0, 0.0], vec![0.0, 0.0]]);
        // 150 at 60 % are 250: two machines and a half.
        assert_eq!(left(&[held(spend(150), 0, 9)]), [vec![1.5, 1.5], vec![2.0, 0.0]]);
        let one = Coverage::Machines { instance_type: "m5.large".to_owned(), count: 3, rate: Rate::from_nanos(60) };
        assert_eq!(left(&[held(spend(90), 0, 9), held(one, 0, 9)]), [vec![0.0, 0.0], vec![1.0, 0.0]]);
    }
}
