//! What stands side by side: the scenario as it came, then its variants; their names, their colours, their places.

use std::rc::Rc;

use shared::link::Variants;
use shared::scenario::Scenario;
use yew::prelude::*;

use crate::charts::{GROUPS, Tone};

/// The scenarios to run.
pub(super) fn columns(base: &Scenario, variants: &Variants) -> Rc<Vec<Rc<Scenario>>> {
    Rc::new(variants.columns(base).into_iter().map(Rc::new).collect())
}

/// Whether two scenarios of one bench are the same: they have all else in common.
pub(super) fn are_same(one: &Scenario, other: &Scenario) -> bool {
    (one.runs, one.seed, &one.edits) == (other.runs, other.seed, &other.edits)
}

/// What a column is called.
pub(super) fn title(variants: &Variants, column: usize) -> String {
    let variant = column.checked_sub(1).and_then(|variant| variants.all.get(variant));
    variant.map_or_else(|| "as it came".to_owned(), |variant| variant.name.clone())
}

/// The colour of a column.
pub(super) fn tone(column: usize) -> Tone {
    Tone::Group(column.checked_sub(1).unwrap_or(GROUPS))
}

/// Where a variant stands among `columns` of them; the scenario as it came where it stands alone.
pub(super) fn column_of(variant: Option<usize>, columns: usize) -> usize {
    variant.map_or(0, |variant| variant + 1).min(columns.saturating_sub(1))
}

/// A column's name with its colour.
pub(super) fn heading(variants: &Variants, column: usize) -> Html {
    html! { <><i class={classes!("key", "area", tone(column).class())}></i>{ title(variants, column) }</> }
}
