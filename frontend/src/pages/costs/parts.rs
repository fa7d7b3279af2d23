//! What the total is made of.

use shared::allocation::{AmountsView, Basis, StatementView};
use shared::units::Money;
use yew::prelude::*;

use crate::charts::Tone;
use crate::components::{Card, known_by};
use crate::format;
use crate::zone::Zone;

/// In the order of [`AmountsView::PARTS`].
const MEANINGS: [&str; 6] = [
    "what resources cost",
    "node time that nobody requested",
    "workers of the modules",
    "nodes that boot or drain",
    "what commitments took off",
    "what commitments cost for nothing",
];

/// Every part, and the total that they add up to.
pub(super) fn parts(shown: &StatementView, basis: Basis, zone: Zone) -> Html {
    let amounts = &shown.total;
    let largest = amounts.parts().iter().map(|money| money.to_f64().abs()).fold(f64::MIN_POSITIVE, f64::max);
    let rows = amounts.parts().into_iter().enumerate().map(|(place, money)| row(place, &money, largest));
    let window = format!("{} – {}", format::instant(shown.window.start, zone), format::instant(shown.window.end, zone));
    let content = html! {
        <table class="bars" data-testid="parts">
            <thead>
                <tr>
                    <th scope="col">{ "part" }</th>
                    <th scope="col" class="bar-cell"><span class="hidden">{ "as bars" }</span></th>
                    <th scope="col" class="number">{ "cost" }</th>
                </tr>
            </thead>
            <tbody>{ for rows }</tbody>
            <tfoot>
                <tr>
                    <th scope="row">{ "total" }</th>
                    <td class="bar-cell"></td>
                    <td class="number" data-testid="total">{ format::money(&amounts.total) }</td>
                </tr>
            </tfoot>
        </table>
    };
    let note = format!("{window}. {}.", known_by(basis));
    Card { title: "What it is made of", note, ..Card::default() }.around(content)
}

fn row(place: usize, money: &Money, largest: f64) -> Html {
    let name = AmountsView::PARTS[place];
    let style = format!("width:{:.2}%", money.to_f64().abs() / largest * 100.0);
    html! {
        <tr>
            <th scope="row"><abbr title={MEANINGS[place]}>{ name }</abbr></th>
            <td class="bar-cell" aria-hidden="true">
                <div class="track"><i class={classes!("bar", Tone::Group(place).class())} {style}></i></div>
            </td>
            <td class="number" data-testid={format!("part-{name}")}>{ format::money(money) }</td>
        </tr>
    }
}
