//! Cards, single figures, and messages: functions, since they have no state of their own.

use shared::allocation::Basis;
use yew::prelude::*;

/// A titled part of a page.
#[derive(Default)]
pub(crate) struct Card<'a> {
    /// The heading.
    pub(crate) title: &'a str,
    /// One line below it.
    pub(crate) note: String,
    /// Controls beside the heading.
    pub(crate) tools: Html,
    /// Places it in the grid: `wide`, `full` or nothing.
    pub(crate) class: &'static str,
}

impl Card<'_> {
    /// The card around `content`.
    pub(crate) fn around(self, content: Html) -> Html {
        html! {
            <section class={classes!("card", self.class)} aria-label={self.title.to_owned()}>
                <header>
                    <div>
                        <h2>{ self.title }</h2>
                        if !self.note.is_empty() {
                            <p class="note">{ self.note }</p>
                        }
                    </div>
                    { self.tools }
                </header>
                { content }
            </section>
        }
    }
}

/// One figure that matters: what it is, its value, and what it has to be read with.
pub(crate) fn figure(label: &str, value: String, note: String, testid: &'static str) -> Html {
    html! {
        <div class="figure">
            <span class="label">{ label }</span>
            <strong data-testid={testid}>{ value }</strong>
            <span class="note">{ note }</span>
        </div>
    }
}

/// A link to the page that has all of what a card shows the beginning of.
pub(crate) fn more(address: &'static str, name: &'static str) -> Html {
    html! { <a class="more" href={address}>{ name }</a> }
}

/// What a message is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tidings {
    /// How things are.
    Info,
    /// All is well.
    Good,
    /// Worth a look.
    Warning,
    /// Something failed.
    Error,
}

/// A message about the state of things; errors are announced.
pub(crate) fn notice(tidings: Tidings, testid: &'static str, content: Html) -> Html {
    let (class, role) = match tidings {
        Tidings::Info => ("notice", "status"),
        Tidings::Good => ("notice good", "status"),
        Tidings::Warning => ("notice warning", "status"),
        Tidings::Error => ("notice error", "alert"),
    };
    html! { <div {class} {role} data-testid={testid}>{ content }</div> }
}

/// A message that is one sentence.
pub(crate) fn say(tidings: Tidings, sentence: &str) -> Html {
    notice(tidings, "notice", html! { sentence })
}

/// Where actual amounts come from, in a sentence.
pub(crate) fn known_by(basis: Basis) -> &'static str {
    match basis {
        Basis::Billed => "Actual amounts are from bills",
        Basis::Metered => "Actual amounts are metered from observed placements",
        Basis::Simulated => "Actual amounts are simulated: fewer than half of the creates have an observed node",
    }
}
