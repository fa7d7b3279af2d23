//! A proposal as other tools take it: to read, copy or save. Nothing is ever applied.

use gloo::file::ObjectUrl;
use shared::api::{ExportedFile, RecommendationExport, paths};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::plain;
use crate::api_client::{ApiError, get};
use crate::clipboard::copy;
use crate::components::{Tidings, say};
use crate::format;
use crate::saved_file::save;

/// Names for the API and for people.
const TOOLS: [(&str, &str); 2] = [("karpenter", "Karpenter NodePool"), ("kubectl", "kubectl patch")];

#[derive(Properties, PartialEq)]
pub(super) struct ExportsProps {
    pub(super) id: String,
    pub(super) change: String,
}

/// A button a tool, and what came of the last one.
#[component]
pub(super) fn Exports(props: &ExportsProps) -> Html {
    let answer = use_state(|| None::<Result<RecommendationExport, ApiError>>);
    let button = |(tool, name): (&'static str, &'static str)| {
        let (id, answer) = (props.id.clone(), answer.setter());
        let onclick = Callback::from(move |_: MouseEvent| {
            let (path, answer) = (paths::RECOMMENDATION_EXPORT.replace("{id}", &id), answer.clone());
            spawn_local(async move { answer.set(Some(get(&path, &[("tool", tool.to_owned())]).await)) });
        });
        html! {
            <button type="button" {onclick} data-testid={format!("export-{tool}")}
                aria-label={format!("{name}: {}", plain(&props.change))}>{ name }</button>
        }
    };
    let shown = match &*answer {
        None => Html::default(),
        Some(Err(error)) => say(Tidings::Error, &error.message()),
        Some(Ok(RecommendationExport { files, left_out })) => html! {
            <>
                { for files.iter().map(|file| html! { <Exported key={file.name.clone()} file={file.clone()} /> }) }
                { for left_out.iter().map(|why| say(Tidings::Info, &format!("Left out: {}", format::sentence(&plain(why))))) }
            </>
        },
    };
    html! {
        <details data-testid="exports">
            <summary aria-label={format!("Export: {}", plain(&props.change))}>{ "Export" }</summary>
            <p class="note">{ "Files to read, fill in and apply by yourself; nothing is applied from here." }</p>
            <div class="actions">{ for TOOLS.map(button) }</div>
            { shown }
        </details>
    }
}

#[derive(Properties, PartialEq)]
struct ExportedProps {
    file: ExportedFile,
}

#[component]
fn Exported(props: &ExportedProps) -> Html {
    let ExportedFile { name, content } = &props.file;
    let copied = use_state(|| None::<bool>);
    // What is saved can be had for as long as it is shown.
    let saved = use_state(|| None::<ObjectUrl>);
    let on_copy = {
        let (content, copied) = (content.clone(), copied.setter());
        Callback::from(move |_: MouseEvent| {
            let (content, copied) = (content.clone(), copied.clone());
            spawn_local(async move { copied.set(Some(copy(&content).await)) });
        })
    };
    let on_save = {
        let (file, saved) = (props.file.clone(), saved.setter());
        Callback::from(move |_: MouseEvent| saved.set(save(&file.name, "text/plain", &file.content)))
    };
    let said = match *copied {
        None => Html::default(),
        Some(true) => say(Tidings::Good, "Copied to the clipboard."),
        Some(false) => say(Tidings::Warning, "This browser does not let the page copy; select the text and copy it."),
    };
    html! {
        <figure class="file">
            <figcaption class="actions">
                <code>{ name }</code>
                <button type="button" onclick={on_copy} data-testid="copy-export" aria-label={format!("Copy {name}")}>{ "Copy" }</button>
                <button type="button" onclick={on_save} data-testid="save-export" aria-label={format!("Save {name}")}>{ "Save" }</button>
            </figcaption>
            <pre tabindex="0" aria-label={name.clone()} data-testid="export">{ content }</pre>
            { said }
        </figure>
    }
}
