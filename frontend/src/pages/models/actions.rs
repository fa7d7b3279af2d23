//! A training, or a step back to the model before, asked for by hand.

use shared::api::{Job, paths};
use shared::feedback::Decision;
use yew::prelude::*;

use crate::api_client::{ApiError, post};
use crate::components::{Asked, on_click};
use crate::format;

#[derive(Properties, PartialEq)]
pub(super) struct ModelActionsProps {
    /// A training is queued or running.
    pub(super) is_training: bool,
}

/// Two buttons, and what came of the last one. Rolling back twice has the same model serve as
/// before, so that nobody is asked whether to.
#[component]
pub(super) fn ModelActions(props: &ModelActionsProps) -> Html {
    let asked = use_state(|| Asked::Nothing);
    let is_asking = *asked == Asked::UnderWay;
    let (on_train, on_roll_back) = (on_click(asked.setter(), train), on_click(asked.setter(), roll_back));
    html! {
        <>
            <div class="actions below">
                <button type="button" onclick={on_train} disabled={is_asking || props.is_training} data-testid="train">
                    { "Train now" }
                </button>
                <button type="button" onclick={on_roll_back} disabled={is_asking} data-testid="roll-back">
                    { "Roll back" }
                </button>
            </div>
            { asked.said("model-answer") }
        </>
    }
}

async fn train() -> Result<String, ApiError> {
    let job: Job = post(paths::RETRAINING, &()).await?;
    Ok(format!("The training {} is {}.", job.id, job.state.as_str()))
}

async fn roll_back() -> Result<String, ApiError> {
    let decision: Decision = post(paths::ROLLBACK, &()).await?;
    Ok(format!("Rolled back: {}.", format::words(&decision.reason)))
}
