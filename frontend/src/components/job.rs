//! Work of the service that takes longer than an answer: how far it came, and a way to end it.

use shared::api::{Job, JobKind, JobState, paths};
use yew::prelude::*;

use super::{Asked, on_click};
use crate::api_client::{ApiError, delete_any};
use crate::format;

#[derive(Properties, PartialEq)]
pub(crate) struct JobProgressProps {
    /// The job, as it was last.
    pub(crate) job: Job,
}

/// A line about a job, with a button to cancel it while it has not ended; of one that was cancelled here, only that.
#[component]
pub(crate) fn JobProgress(props: &JobProgressProps) -> Html {
    let asked = use_state(|| Asked::Nothing);
    let job = &props.job;
    let cancel = {
        let path = path(job);
        on_click(asked.setter(), move || cancel(path.clone()))
    };
    let name = name(job.kind);
    // What is known of it may be from before that.
    if matches!(*asked, Asked::Answered(Ok(_))) {
        return html! { <div class="job" data-testid="job">{ asked.said("job-answer") }</div> };
    }
    html! {
        <div class="job" data-testid="job">
            <div class="actions">
                <span class="note" role="status">{ how_far(job) }</span>
                if !job.state.is_final() {
                    if job.progress.total > 0 {
                        <progress max={job.progress.total.to_string()} value={job.progress.done.to_string()}
                            aria-label={format!("Steps of the {name} done")}></progress>
                    }
                    <button type="button" onclick={cancel} disabled={*asked == Asked::UnderWay} data-testid="cancel-job"
                        aria-label={format!("Cancel the {name} {}", job.id)}>{ "Cancel" }</button>
                }
            </div>
            { asked.said("job-answer") }
        </div>
    }
}

/// What a kind of job is called.
pub(crate) fn name(kind: JobKind) -> &'static str {
    match kind {
        JobKind::ShadowRun => "shadow run",
        JobKind::Retraining => "training",
        JobKind::Explanation => "explanation",
        JobKind::Bisection => "bisection",
        JobKind::Recommendation => "search",
        JobKind::SavingCheck => "check of what was saved",
        JobKind::Trimming => "giving up of what is old",
    }
}

/// How far it came, in a sentence.
pub(crate) fn how_far(job: &Job) -> String {
    let name = format!("The {} {}", name(job.kind), job.id);
    match (job.state, &job.failure) {
        (JobState::Queued, Some(failure)) => format!("{name} failed and is tried again: {failure}."),
        (JobState::Queued, None) => format!("{name} waits for its turn."),
        (JobState::Running, _) if job.progress.total == 0 => format!("{name} has begun."),
        (JobState::Running, _) => {
            let [done, total] = [job.progress.done, job.progress.total].map(format::count);
            format!("{name} is at step {done} of {total}.")
        }
        (JobState::Failed, Some(failure)) => format!("{name} failed: {failure}."),
        (JobState::Failed, None) => format!("{name} failed."),
        (JobState::Succeeded, _) => format!("{name} is done."),
        (JobState::Cancelled, _) => format!("{name} was cancelled."),
    }
}

fn path(job: &Job) -> String {
    let path = match job.kind {
        JobKind::ShadowRun => paths::SHADOW_RUN,
        JobKind::Explanation => paths::EXPLANATION,
        JobKind::Bisection => paths::BISECTION,
        JobKind::Retraining | JobKind::Recommendation | JobKind::SavingCheck | JobKind::Trimming => paths::JOB,
    };
    path.replace("{id}", &job.id)
}

async fn cancel(path: String) -> Result<String, ApiError> {
    delete_any(&path).await?;
    Ok("Cancelled. Nothing of it is kept.".to_owned())
}
