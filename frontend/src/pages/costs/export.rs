//! What is shown as a file, for a spreadsheet, a program, or whoever reads FOCUS.

use gloo::file::ObjectUrl;
use shared::allocation::StatementView;
use shared::api::paths;
use shared::input::write_table;
use shared::units::Window;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::answers::{between, policies};
use crate::api_client::{ApiError, get_text};
use crate::components::{Asked, Card, Tidings, say};
use crate::route::CostsQuery;
use crate::saved_file::save;

#[derive(Properties, PartialEq)]
pub(super) struct ExportProps {
    pub(super) shown: StatementView,
    pub(super) query: CostsQuery,
    pub(super) window: Window,
}

#[component]
pub(super) fn Export(props: &ExportProps) -> Html {
    let file = use_state(|| None::<ObjectUrl>);
    let asked = use_state(|| Asked::Nothing);
    let disabled = *asked == Asked::UnderWay;
    let button = |format: Format| {
        let (file, asked) = (file.setter(), asked.setter());
        let (shown, query, window) = (props.shown.clone(), props.query.clone(), props.window);
        let onclick = Callback::from(move |_: MouseEvent| {
            let (file, asked, shown, query) = (file.clone(), asked.clone(), shown.clone(), query.clone());
            asked.set(Asked::UnderWay);
            spawn_local(async move {
                let text = format.text(&shown, &query, window).await;
                let saved = text.map(|text| {
                    let name = format.file_name(window);
                    file.set(save(&name, format.kind(), &text));
                    format!("Saved as {name}.")
                });
                asked.set(Asked::Answered(saved));
            });
        });
        html! { <button type="button" {onclick} {disabled} data-testid={format.testid()}>{ format.name() }</button> }
    };
    let content = html! {
        <>
            <div class="actions">{ for Format::ALL.map(button) }</div>
            { asked.said("export-answer") }
            if props.query.of.is_some() {
                { say(Tidings::Info, "FOCUS has all of the window: its charges have columns of their own.") }
            }
        </>
    };
    let note = "CSV and JSON have what is shown, to the last decimal; FOCUS 1.2 has its charges".to_owned();
    Card { title: "Take it along", note, class: "full", ..Card::default() }.around(content)
}

#[derive(Clone, Copy)]
enum Format {
    Csv,
    Json,
    Focus,
}

impl Format {
    const ALL: [Self; 3] = [Self::Csv, Self::Json, Self::Focus];

    fn name(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Json => "JSON",
            Self::Focus => "FOCUS",
        }
    }

    fn testid(self) -> &'static str {
        match self {
            Self::Csv => "export-csv",
            Self::Json => "export-json",
            Self::Focus => "export-focus",
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Csv | Self::Focus => "text/csv",
            Self::Json => "application/json",
        }
    }

    fn file_name(self, Window { start, end }: Window) -> String {
        // Colons are no part of file names everywhere.
        let [from, to] = [start, end].map(|at| at.to_string().replace(':', ""));
        match self {
            Self::Csv => format!("costs-{from}-{to}.csv"),
            Self::Json => format!("costs-{from}-{to}.json"),
            Self::Focus => format!("focus-{from}-{to}.csv"),
        }
    }

    async fn text(self, shown: &StatementView, query: &CostsQuery, window: Window) -> Result<String, ApiError> {
        match self {
            Self::Csv => Ok(write_table(shown.table())),
            Self::Json => serde_json::to_string_pretty(shown).map_err(|error| ApiError::Unreadable(error.to_string())),
            Self::Focus => {
                let asked: Vec<_> = between(window).into_iter().chain(policies(query)).collect();
                get_text(paths::FOCUS, &asked).await
            }
        }
    }
}
