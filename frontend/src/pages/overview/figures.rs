//! The figures that matter, in one row.

use shared::allocation::AllocationReport;
use shared::api::Status;
use yew::prelude::*;

use super::Snapshot;
use crate::components::figure;
use crate::format;
use crate::zone::Zone;

/// Accuracy, the last closed window, the model, the log.
pub(super) fn figures(snapshot: &Snapshot, zone: Zone) -> Html {
    let reports = snapshot.reports.as_ref().ok();
    let windows = reports.map_or(0, |reports| reports.windows.len());
    let last = reports.and_then(|reports| reports.windows.last()).map(|window| &window.report);
    let accuracy =
        reports.and_then(|reports| reports.prediction_accuracy).map_or_else(|| "–".to_owned(), format::percent);
    let status = &snapshot.status;
    html! {
        <div class="figures">
            { figure("Prediction accuracy", accuracy, accuracy_note(windows), "accuracy") }
            { last_window(last, zone) }
            { model(status, zone) }
            { figure("Requests in the log", format::count(status.requests), log_note(status, zone), "requests") }
        </div>
    }
}

fn accuracy_note(windows: usize) -> String {
    match windows {
        0 => "known when the first window closes".to_owned(),
        1 => "after 1 closed window, α = 0.1".to_owned(),
        _ => format!("after {windows} closed windows, α = 0.1"),
    }
}

fn last_window(report: Option<&AllocationReport>, zone: Zone) -> Html {
    let Some(report) = report else {
        return figure("Last closed window", "–".to_owned(), "none has closed yet".to_owned(), "actual");
    };
    // Its middle is the same day in any time zone that somebody is likely to be in.
    let middle = (report.window.start.micros() + report.window.end.micros()) / 2;
    let label = format!("Actual cost, {}", format::day(middle, zone));
    let predicted = &report.total.predicted;
    let range = format::range(&predicted.p10, &predicted.p90);
    let note = format!("predicted {} ({range})", format::money(&predicted.mean));
    let actual = report.total.actual.as_ref().map_or_else(|| "–".to_owned(), format::money);
    figure(&label, actual, note, "actual")
}

fn model(status: &Status, zone: Zone) -> Html {
    let (value, note) = match (&status.model, &status.not_ready) {
        (Some(model), _) => (
            format!("{} v{}", format::words(&model.name), model.version),
            format!("fitted until {}", format::instant(model.fitted_until, zone)),
        ),
        (None, Some(why)) => ("–".to_owned(), why.message.clone()),
        (None, None) => ("–".to_owned(), "none yet".to_owned()),
    };
    figure("Model in use", value, note, "model")
}

fn log_note(status: &Status, zone: Zone) -> String {
    match status.last_request {
        Some(last) => format!("the last one at {}", format::instant(last, zone)),
        None => "none yet".to_owned(),
    }
}
