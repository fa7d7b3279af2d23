//! From one amount to another, step by step: a table first, bars second, so that it reads well without seeing them.

use shared::units::Money;
use yew::prelude::*;

use crate::format;

/// What leads from the first amount to the last.
#[derive(Clone, PartialEq)]
pub(crate) struct Step {
    /// What it is.
    pub(crate) name: String,
    /// How much; none where it was not observed.
    pub(crate) amount: Option<Money>,
}

/// The first amount, the steps, and the last amount that they lead to.
pub(crate) fn steps(first: (&str, &Money), steps: &[Step], last: (&str, &Money)) -> Html {
    let mut so_far = first.1.to_f64();
    let spans: Vec<(f64, f64)> = steps
        .iter()
        .map(|step| {
            let from = so_far;
            so_far += step.amount.as_ref().map_or(0.0, Money::to_f64);
            (from, so_far)
        })
        .collect();
    let ends = spans.iter().flat_map(|&(from, to)| [from, to]).chain([first.1.to_f64(), last.1.to_f64()]);
    let (low, high) = ends.fold((f64::MAX, f64::MIN), |(low, high), end| (low.min(end), high.max(end)));
    // The steps would be too small to see beside the amounts themselves.
    let axis = Axis { low: (low - (high - low) / 4.0).max(0.0).min(low), high: high + (high - low) / 20.0 };
    let whole = |(name, amount): (&str, &Money), tone: &'static str| {
        let bar = axis.bar(axis.low, amount.to_f64(), tone);
        row(name, bar, Html::default(), html! { format::money(amount) })
    };
    let mut reached = *first.1;
    let rows = steps.iter().zip(&spans).map(|(step, &(from, to))| {
        let tone = if to < from { "tone-second" } else { "tone-predicted" };
        match &step.amount {
            Some(amount) => {
                reached = Money { amount: reached.amount + amount.amount, ..reached };
                let text = html! { format::signed_money(amount) };
                row(
                    &step.name,
                    axis.bar(from, to, tone),
                    text,
                    html! { <span class="quiet">{ format::money(&reached) }</span> },
                )
            }
            None => row(
                &step.name,
                Html::default(),
                html! { <span class="quiet">{ "not observed" }</span> },
                Html::default(),
            ),
        }
    });
    html! {
        <>
            <table class="bars steps" data-testid="steps">
                <thead>
                    <tr>
                        <th scope="col">{ "from … to" }</th>
                        <th scope="col" class="bar-cell"><span class="hidden">{ "as bars" }</span></th>
                        <th scope="col" class="number">{ "change" }</th>
                        <th scope="col" class="number">{ "cost" }</th>
                    </tr>
                </thead>
                <tbody>
                    { whole(first, "tone-predicted") }
                    { for rows }
                    { whole(last, "tone-actual") }
                </tbody>
            </table>
            if axis.low > 0.0 {
                <p class="note bar-note">{ format!("Bars begin at {}.", format::amount(axis.low, first.1.currency.as_str())) }</p>
            }
        </>
    }
}

/// The amounts at both ends of the bars' room.
struct Axis {
    low: f64,
    high: f64,
}

impl Axis {
    fn bar(&self, from: f64, to: f64, tone: &'static str) -> Html {
        let percent = |value: f64| (value - self.low) / (self.high - self.low).max(f64::MIN_POSITIVE) * 100.0;
        let (left, right) = (percent(from.min(to)), percent(from.max(to)));
        let style = format!("left:{left:.2}%;width:{:.2}%", right - left);
        html! { <i class={classes!("bar", tone)} {style}></i> }
    }
}

fn row(name: &str, bar: Html, change: Html, cost: Html) -> Html {
    html! {
        <tr>
            <th scope="row">{ name }</th>
            <td class="bar-cell" aria-hidden="true"><div class="track">{ bar }</div></td>
            <td class="number">{ change }</td>
            <td class="number">{ cost }</td>
        </tr>
    }
}
