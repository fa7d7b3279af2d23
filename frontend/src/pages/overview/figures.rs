//! The figures that matter, in one row.

use shared::allocation::{AllocationReport, MoneyBand};
use shared::api::Status;
use shared::units::{Duration, Instant, Money};
use yew::prelude::*;

use super::{Snapshot, View};
use crate::components::{figure, known_by};
use crate::format;
use crate::zone::Zone;

/// Spend and what is predicted, accuracy, the last closed window, the model, the log.
pub(super) fn figures(snapshot: &Snapshot, view: &View, zone: Zone) -> Html {
    let reports = snapshot.reports.as_ref().ok();
    let windows = reports.map_or(0, |reports| reports.windows.len());
    let last = reports.and_then(|reports| reports.windows.last()).map(|window| &window.report);
    let accuracy =
        reports.and_then(|reports| reports.prediction_accuracy).map_or_else(|| "–".to_owned(), format::percent);
    let status = &snapshot.status;
    html! {
        <div class="figures six">
            { spend(snapshot, view.horizon) }
            { predicted(snapshot, view.horizon) }
            { figure("Prediction accuracy", accuracy, accuracy_note(windows), "accuracy") }
            { last_window(last, zone) }
            { model(status, zone) }
            { figure("Requests in the log", format::count(status.requests), log_note(status, zone), "requests") }
        </div>
    }
}

/// What was spent over as long a time as is forecast.
fn spend(snapshot: &Snapshot, horizon: Duration) -> Html {
    let label = format!("Spend, last {}", format::span(horizon));
    let Ok(costs) = snapshot.costs.as_deref() else { return figure(&label, "–".to_owned(), String::new(), "spend") };
    let known: Vec<(Instant, f64)> =
        costs.bins.iter().filter_map(|bin| Some((bin.at, bin.actual.as_ref()?.to_f64()))).collect();
    let Some(&(last, _)) = known.last() else {
        return figure(&label, "–".to_owned(), "no cost yet".to_owned(), "spend");
    };
    let end = last + costs.bin;
    let spent: f64 = known.iter().filter(|(at, _)| *at >= end - horizon).map(|(_, amount)| amount).sum();
    figure(&label, format::amount(spent, &costs.currency), known_by(costs.basis).to_owned(), "spend")
}

/// The means add up; levels do not, and are said as what they are.
fn predicted(snapshot: &Snapshot, horizon: Duration) -> Html {
    let label = format!("Predicted, next {}", format::span(horizon));
    let none = |why: &str| figure(&label, "–".to_owned(), why.to_owned(), "predicted");
    let Ok(costs) = snapshot.costs.as_deref() else { return none("") };
    let from = snapshot.status.now.floor(costs.bin);
    let ahead = costs.bins.iter().filter(|bin| bin.at >= from && bin.at < from + horizon);
    let ahead: Vec<_> = ahead.filter_map(|bin| bin.predicted.as_ref()).collect();
    let bins = horizon.divide(costs.bin).max(1) as usize;
    if ahead.is_empty() {
        return none("known with the first forecast");
    }
    let sum = |of: fn(&MoneyBand) -> &Money| ahead.iter().map(|band| of(band).to_f64()).sum::<f64>();
    let amount = |sum: f64| format::amount(sum, &costs.currency);
    let [low, high] = [sum(|band| &band.p10), sum(|band| &band.p90)].map(amount);
    let each = format::span(costs.bin);
    let band = format!("{low} – {high} were every {each} at its 10 or 90 % level");
    let note = if ahead.len() < bins { format!("{band}; {} of {bins} forecast", ahead.len()) } else { band };
    figure(&label, amount(sum(|band| &band.mean)), note, "predicted")
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
