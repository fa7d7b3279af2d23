//! What the service works on, and worked on lately.

use shared::api::{Job, JobKind, JobState};
use yew::prelude::*;

use crate::api_client::ApiError;
use crate::components::{Card, JobProgress, Tidings, say};
use crate::format;
use crate::zone::Zone;

/// Jobs under way with a way to end them, and those before.
pub(super) fn jobs(jobs: &Result<Vec<Job>, ApiError>, zone: Zone) -> Html {
    let content = match jobs {
        Err(error) => say(Tidings::Error, &error.message()),
        Ok(jobs) if jobs.is_empty() => say(
            Tidings::Info,
            "No job yet: trainings, searches, shadow runs, explanations and bisections are listed here.",
        ),
        Ok(jobs) => {
            // What is trained has its line beside the models.
            let under_way = jobs.iter().filter(|job| !job.state.is_final() && job.kind != JobKind::Retraining);
            html! {
                <>
                    { for under_way.map(|job| html! { <JobProgress key={job.id.clone()} job={job.clone()} /> }) }
                    <div class="scroll" tabindex="0" role="region" aria-label="Jobs, all figures">
                        <table class="plain" data-testid="jobs">
                            <thead>
                                <tr>
                                    <th scope="col">{ "job" }</th>
                                    <th scope="col">{ "what" }</th>
                                    <th scope="col">{ "state" }</th>
                                    <th scope="col">{ "asked for" }</th>
                                    <th scope="col" class="number">{ "took" }</th>
                                </tr>
                            </thead>
                            <tbody>{ for jobs.iter().map(|job| row(job, zone)) }</tbody>
                        </table>
                    </div>
                </>
            }
        }
    };
    let note = "Times are of the machine's clock".to_owned();
    Card { title: "Jobs", note, class: "full", ..Card::default() }.around(content)
}

fn row(job: &Job, zone: Zone) -> Html {
    let took = job.started_at.zip(job.finished_at).map(|(from, to)| (to - from).seconds() * 1e3);
    let class = if job.state == JobState::Failed { "badge strong" } else { "badge" };
    html! {
        <tr>
            <th scope="row">{ &job.id }</th>
            <td>{ format::words(job.kind.as_str()) }</td>
            <td>
                <span {class}>{ job.state.as_str() }</span>
                if let Some(failure) = &job.failure {
                    <p class="note">{ failure }</p>
                }
            </td>
            <td>{ format::instant(job.queued_at, zone) }</td>
            <td class="number">{ format::milliseconds(took) }</td>
        </tr>
    }
}
