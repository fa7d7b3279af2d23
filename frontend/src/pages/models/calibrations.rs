//! What the shadow goes by in the place of what is assumed, since it was observed.

use shared::api::CalibrationList;
use shared::control_plane::ServiceTime;
use shared::feedback::{BootCalibration, CalibrationVerdict, OverCommitCalibration, ServiceCalibration};
use shared::units::Duration;
use yew::prelude::*;

use crate::api_client::ApiError;
use crate::components::{Card, Tidings, say};
use crate::format;
use crate::zone::Zone;

/// One thing that was calibrated, in words.
struct Row {
    what: String,
    assumed: String,
    fitted: Option<String>,
    errors: Option<String>,
    verdict: CalibrationVerdict,
}

/// What was adopted, line by line, and how much else was looked at.
pub(super) fn calibrations(list: &Result<CalibrationList, ApiError>, zone: Zone) -> Html {
    let (note, content) = match list {
        Err(error) => (String::new(), say(Tidings::Error, &error.message())),
        Ok(list) => (since(list, zone), table(list)),
    };
    Card { title: "Calibration", note, class: "full", ..Card::default() }.around(content)
}

/// How much of what is assumed goes by what was observed, in a sentence; nothing where nothing was looked at.
pub(in crate::pages) fn in_use(list: &CalibrationList) -> Option<String> {
    let of = &list.calibrations;
    let boots = of.boot_times.iter().map(|of| of.verdict);
    let shares = of.over_commit.iter().map(|of| of.verdict);
    let all: Vec<CalibrationVerdict> =
        boots.chain(shares).chain(of.service_times.iter().map(|of| of.verdict)).collect();
    let adopted = all.iter().filter(|verdict| **verdict == CalibrationVerdict::Adopted).count();
    let assumed = format::counted(all.len() as u64, "assumption");
    (!all.is_empty()).then(|| format!("{adopted} of {assumed} of the shadow go by what was observed."))
}

fn since(list: &CalibrationList, zone: Zone) -> String {
    list.until.map_or_else(String::new, |until| {
        format!(
            "Observed until {}: in use where it is less wrong of what it was not fitted to",
            format::instant(until, zone)
        )
    })
}

fn table(list: &CalibrationList) -> Html {
    let of = &list.calibrations;
    let rows = of.boot_times.iter().map(boot).chain(of.over_commit.iter().map(over_commit));
    let (adopted, others): (Vec<Row>, Vec<Row>) =
        rows.chain(of.service_times.iter().map(service)).partition(|row| row.verdict == CalibrationVerdict::Adopted);
    let not_observed =
        list.not_observed.iter().map(|left| html! { <p class="note">{ format::sentence(&left.reason) }</p> });
    html! {
        <>
            if let Some(why) = &list.not_ready {
                { say(Tidings::Info, &format::sentence(&why.message)) }
            }
            if !adopted.is_empty() {
                <div class="scroll" tabindex="0" role="region" aria-label="What is calibrated">
                    <table class="plain" data-testid="calibrations">
                        <thead>
                            <tr>
                                <th scope="col">{ "in use" }</th>
                                <th scope="col" class="number">{ "assumed" }</th>
                                <th scope="col" class="number">{ "observed" }</th>
                                <th scope="col" class="number">{ "error" }</th>
                            </tr>
                        </thead>
                        <tbody>{ for adopted.iter().map(line) }</tbody>
                    </table>
                </div>
            }
            if !others.is_empty() {
                <p class="note">{ as_assumed(&others) }</p>
            }
            if list.not_ready.is_none() {
                { for not_observed }
            }
        </>
    }
}

fn line(row: &Row) -> Html {
    html! {
        <tr>
            <th scope="row">{ &row.what }</th>
            <td class="number">{ &row.assumed }</td>
            <td class="number">{ row.fitted.clone().unwrap_or_default() }</td>
            <td class="number wraps">{ row.errors.clone().unwrap_or_default() }</td>
        </tr>
    }
}

/// How many are as they are assumed, and why.
fn as_assumed(rows: &[Row]) -> String {
    let reasons = [
        (CalibrationVerdict::NoBetter, "nothing observed says otherwise"),
        (CalibrationVerdict::TooFew, "too little was observed"),
        (CalibrationVerdict::FailuresWithin, "attempts fail, and their times are within"),
    ];
    let counted = reasons.into_iter().filter_map(|(verdict, why)| {
        let count = rows.iter().filter(|row| row.verdict == verdict).count();
        (count > 0).then(|| format!("{count}, since {why}"))
    });
    format!("As assumed: {}.", counted.collect::<Vec<_>>().join("; "))
}

fn boot(of: &BootCalibration) -> Row {
    let seconds = |time: Duration| format::milliseconds(Some(time.seconds() * 1e3));
    Row {
        what: format!("boot of {}", of.node_group),
        assumed: seconds(of.assumed),
        fitted: of.fitted.map(seconds),
        errors: change(of.error_before.map(seconds), of.error_after.map(seconds)),
        verdict: of.verdict,
    }
}

fn over_commit(of: &OverCommitCalibration) -> Row {
    let percent = |value: u32| format!("{value} %");
    Row {
        what: format!("{} of {}", format::dimension(of.dimension), of.node_group),
        assumed: percent(of.assumed_percent),
        fitted: of.fitted_percent.map(percent),
        errors: change(of.error_before.map(format::percent), of.error_after.map(format::percent)),
        verdict: of.verdict,
    }
}

fn service(of: &ServiceCalibration) -> Row {
    let mean = |service: &ServiceTime| format::milliseconds(Some(service.mean_micros() / 1e3));
    Row {
        what: format!("{}, {}", of.module.as_str(), of.class.as_str()),
        assumed: mean(&of.assumed),
        fitted: of.fitted.as_ref().map(mean),
        errors: change(of.error_before.map(format::percent), of.error_after.map(format::percent)),
        verdict: of.verdict,
    }
}

/// Where there is too little room for both, the line ends between them.
fn change(before: Option<String>, after: Option<String>) -> Option<String> {
    let unbroken = |figure: String| figure.replace(' ', "\u{a0}");
    Some(format!("{}\u{a0}→ {}", unbroken(before?), unbroken(after?)))
}
