//! Rows that are drawn by weight.

/// The row at `position` within the sum of all weights; none from there on.
pub(super) fn at<T, W: Copy + Into<u64>>(rows: &[(T, W)], position: u64) -> Option<&T> {
    let mut left = position;
    let (row, _) = rows.iter().find(|(_, weight)| {
        let weight = (*weight).into();
        let found = left < weight;
        left = left.saturating_sub(weight);
        found
    })?;
    Some(row)
}

/// The sum of all weights.
pub(super) fn total<T, W: Copy + Into<u64>>(rows: &[(T, W)]) -> u64 {
    rows.iter().map(|(_, weight)| (*weight).into()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_has_as_much_room_as_its_weight() {
        let rows = [('a', 2_u32), ('b', 0), ('c', 1)];
        assert_eq!(total(&rows), 3);
        assert_eq!([0, 1, 2, 3].map(|position| at(&rows, position).copied()), [Some('a'), Some('a'), Some('c'), None]);
    }
}
