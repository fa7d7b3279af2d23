//! A button that reads files.

use gloo::file::File;
use gloo::file::callbacks::{FileReader, read_as_bytes};
use web_sys::{FileList, HtmlInputElement};
use yew::prelude::*;

/// The name of a file and its bytes, or why it cannot be read.
pub(crate) type Opened = (String, Result<Vec<u8>, String>);

#[derive(Properties, PartialEq)]
pub(crate) struct OpenFileProps {
    /// What the button says.
    pub(crate) label: AttrValue,
    /// Which files are offered first.
    pub(crate) accept: AttrValue,
    pub(crate) testid: AttrValue,
    /// Whether several may be chosen at once.
    #[prop_or_default]
    pub(crate) multiple: bool,
    /// Hears of each.
    pub(crate) on_file: Callback<Opened>,
}

/// The button.
#[component]
pub(crate) fn OpenFile(props: &OpenFileProps) -> Html {
    let readers = use_state(Vec::new);
    let onchange = {
        let (on_file, readers) = (props.on_file.clone(), readers.setter());
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            readers.set(input.files().map(|files| read_each(&files, &on_file)).unwrap_or_default());
            input.set_value("");
        })
    };
    html! {
        <label class="button">
            { &props.label }
            <input type="file" class="hidden" accept={props.accept.clone()} multiple={props.multiple} {onchange}
                data-testid={props.testid.clone()} />
        </label>
    }
}

/// Reads files, for as long as what it gives is kept.
pub(crate) fn read_each(files: &FileList, on_file: &Callback<Opened>) -> Vec<FileReader> {
    let read = |position: u32| {
        let file = File::from(files.get(position)?);
        let (on_file, name) = (on_file.clone(), file.name());
        Some(read_as_bytes(&file, move |bytes| {
            let bytes = bytes.map_err(|error| format!("{name} cannot be read: {error}"));
            on_file.emit((name.clone(), bytes));
        }))
    };
    (0..files.length()).filter_map(read).collect()
}
