//! The search for a small set that passes a test.

/// The shortest beginning of `items` that passes, were the test monotone; none where all of them do not.
///
/// `passes` answers none when it may not be asked any more: then the last beginning that passed is what there is.
///
/// # Errors
/// Those of `passes`.
pub(super) fn prefix<T: Clone, E>(
    items: &[T],
    passes: &mut impl FnMut(&[T]) -> Result<Option<bool>, E>,
) -> Result<Option<Vec<T>>, E> {
    if items.is_empty() || passes(items)? != Some(true) {
        return Ok(None);
    }
    // Nothing at all does not pass; everything does.
    let (mut fails, mut enough) = (0, items.len());
    while enough - fails > 1 {
        let middle = usize::midpoint(fails, enough);
        match passes(&items[..middle])? {
            Some(true) => enough = middle,
            Some(false) => fails = middle,
            None => break,
        }
    }
    Ok(Some(items[..enough].to_vec()))
}

/// A part of `items`, which pass, that passes too and none of whose items can be left out; and whether it was asked of
/// each of them.
///
/// Source: Zeller and Hildebrandt, 2002, *ddmin*: halves and then ever smaller parts, alone and left out.
///
/// # Errors
/// Those of `passes`.
pub(super) fn smallest<T: Clone, E>(
    mut items: Vec<T>,
    passes: &mut impl FnMut(&[T]) -> Result<Option<bool>, E>,
) -> Result<(Vec<T>, bool), E> {
    let mut parts = 2;
    while items.len() > 1 {
        match reduce(&items, parts, passes)? {
            Step::Alone(part) => (items, parts) = (part, 2),
            Step::Without(rest) => (items, parts) = (rest, (parts - 1).max(2)),
            Step::Needed if parts >= items.len() => break,
            Step::Needed => parts = (parts * 2).min(items.len()),
            Step::OutOfTests => return Ok((items, false)),
        }
        parts = parts.min(items.len().max(2));
    }
    Ok((items, true))
}

enum Step<T> {
    Alone(Vec<T>),
    Without(Vec<T>),
    Needed,
    OutOfTests,
}

fn reduce<T: Clone, E>(
    items: &[T],
    parts: usize,
    passes: &mut impl FnMut(&[T]) -> Result<Option<bool>, E>,
) -> Result<Step<T>, E> {
    let range = |part: usize| items.len() * part / parts..items.len() * (part + 1) / parts;
    for part in 0..parts {
        let alone = &items[range(part)];
        match passes(alone)? {
            Some(true) => return Ok(Step::Alone(alone.to_vec())),
            Some(false) => {}
            None => return Ok(Step::OutOfTests),
        }
    }
    // Of two parts, each is what is left without the other.
    for part in (0..parts).filter(|_| parts > 2) {
        let range = range(part);
        let rest = [&items[..range.start], &items[range.end..]].concat();
        match passes(&rest)? {
            Some(true) => return Ok(Step::Without(rest)),
            Some(false) => {}
            None => return Ok(Step::OutOfTests),
        }
    }
    Ok(Step::Needed)
}

#[cfg(test)]
mod tests {
    use core::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    fn asking(needed: &[u32]) -> impl FnMut(&[u32]) -> Result<Option<bool>, Infallible> {
        move |items| Ok(Some(needed.iter().all(|item| items.contains(item))))
    }

    proptest! {
        #![proptest_config(crate::cases(256))]
        #[test]
        fn exactly_what_is_needed_is_left(needed in proptest::collection::btree_set(0_u32..60, 1..8)) {
            let needed: Vec<u32> = needed.into_iter().collect();
            let items: Vec<u32> = (0..60).collect();
            let Ok(beginning) = prefix(&items, &mut asking(&needed));
            let beginning = beginning.unwrap();
            prop_assert_eq!(beginning.last(), needed.last(), "the shortest beginning ends with the last that is needed");
            let Ok((left, is_minimal)) = smallest(beginning, &mut asking(&needed));
            prop_assert_eq!((left, is_minimal), (needed, true));
        }
    }

    #[test]
    fn what_nothing_passes_has_no_beginning() {
        assert_eq!(prefix(&[1, 2, 3], &mut asking(&[7])), Ok(None));
        assert_eq!(prefix(&[], &mut asking(&[])), Ok(None));
    }

    #[test]
    fn tests_that_are_used_up_leave_what_passed_last() {
        let mut left = 3;
        let mut test = |items: &[u32]| -> Result<Option<bool>, Infallible> {
            left -= 1;
            Ok((left >= 0).then(|| items.contains(&0)))
        };
        // Eight pass, four pass, two pass, and nobody may ask again.
        let Ok(beginning) = prefix(&[0, 1, 2, 3, 4, 5, 6, 7], &mut test);
        assert_eq!(beginning, Some(vec![0, 1]));
        assert_eq!(smallest(vec![0, 1], &mut test), Ok((vec![0, 1], false)));
    }
}
