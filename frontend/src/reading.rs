//! What the worker does that reads files: it unpacks them, says what they are, and makes a scenario of them.

use shared::files::{Built, Files, Learning, NamedText, Question, Seen};
use shared::forecast::ModelFile;
use shared::units::Duration;

use crate::opened_file::unpacked;
use crate::worker::{FileSeen, FilesOrder, FilesSaid, Made, Make, ReadFiles, What, serve_orders};

/// The step of the scenario, and of the counts that are learnt from.
pub(crate) const BIN: Duration = Duration::from_minutes(5);

/// Serves orders until the page terminates the worker.
///
/// # Panics
/// Outside of a Web Worker.
pub fn serve_files() {
    serve_orders::<ReadFiles>(|order, _| answer(order));
}

fn answer(order: FilesOrder) -> Result<FilesSaid, String> {
    let FilesOrder { files, make } = order;
    let texts: Vec<(String, Result<String, String>)> =
        files.into_iter().map(|(name, content)| (name, text(content))).collect();
    let readable = texts.iter().filter_map(|(name, text)| {
        let (name, text) = (name.clone(), text.as_ref().ok()?.clone());
        Some(NamedText { name, text })
    });
    let (read, all) = Files::read(readable.collect());
    let mut read = read.into_iter();
    let seen: Vec<FileSeen> = texts
        .into_iter()
        .filter_map(|(name, text)| match text {
            Ok(_) => read.next().map(|Seen { name, kind, found }| FileSeen { name, kind, found }),
            Err(wrong) => Some(FileSeen { name, kind: None, found: Err(wrong) }),
        })
        .collect();
    let all = all.filter(|_| seen.iter().all(|file| file.found.is_ok()));
    let is_enough = all.as_ref().is_some_and(Files::has_anything_to_run);
    let requests = all.as_ref().and_then(Files::requests_as_ndjson).map(String::into_bytes);
    let made = match (make, all) {
        (Some(make), Some(files)) => Some(made(&files, make)?),
        (Some(_), None) => return Err("a file is wrong, or there is none".to_owned()),
        (None, _) => None,
    };
    Ok(FilesSaid { seen, is_enough, requests, made })
}

fn text(content: Vec<u8>) -> Result<String, String> {
    let content = unpacked(content)?;
    String::from_utf8(content)
        .map_err(|error| format!("byte {} is no text; expected text", error.utf8_error().valid_up_to() + 1))
}

fn made(files: &Files, Make { horizon, what }: Make) -> Result<Made, String> {
    let question = match what {
        What::AsItIs => Question::AsItIs { horizon },
        What::Yesterday => Question::Predicted { horizon, learning: Learning::SeasonalNaive },
        What::Fitted(file) => {
            let file = ModelFile::from_bytes(&file).map_err(|error| error.to_string())?;
            Question::Predicted { horizon, learning: Learning::Fitted(Box::new(file)) }
        }
    };
    let Built { scenario, mut notices, model } = files.scenario(&question, BIN)?;
    if let Some(model) = model {
        notices.insert(0, format!("Predicted by {}.", model.name.as_str().replace('_', " ")));
    }
    Ok(Made { scenario, notices })
}
