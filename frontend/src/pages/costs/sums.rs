//! Amounts added up, exactly.

use shared::allocation::AmountsView;
use shared::units::{Currency, Money};

/// All of these together.
pub(super) fn of_money(amounts: impl Iterator<Item = Money>, currency: Currency) -> Money {
    let nothing = Money { amount: Default::default(), currency };
    amounts.fold(nothing, |sum, money| Money { amount: sum.amount + money.amount, ..sum })
}

/// The difference of two amounts of one currency.
pub(super) fn difference(from: Money, minus: Money) -> Money {
    Money { amount: from.amount - minus.amount, ..from }
}

/// All of these together, part by part.
pub(super) fn of_amounts<'a>(all: impl Iterator<Item = &'a AmountsView> + Clone, currency: Currency) -> AmountsView {
    let part = |place: usize| of_money(all.clone().map(|amounts| amounts.parts()[place]), currency);
    AmountsView::of_parts(core::array::from_fn(part), all.clone().map(|amounts| amounts.resource_hours).sum())
}
