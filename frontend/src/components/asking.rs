//! A button that asks the service for something, and what came of it.

use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::{Tidings, notice};
use crate::api_client::ApiError;

/// What came of the last click: nothing yet, under way, or an answer.
#[derive(Clone, PartialEq)]
pub(crate) enum Asked {
    /// Nobody clicked.
    Nothing,
    /// The service has not answered yet.
    UnderWay,
    /// What came of it, in a sentence.
    Answered(Result<String, ApiError>),
}

impl Asked {
    /// The answer, where there is one.
    pub(crate) fn said(&self, testid: &'static str) -> Html {
        match self {
            Self::Answered(Ok(said)) => notice(Tidings::Good, testid, Html::from(said.clone())),
            Self::Answered(Err(error)) => notice(Tidings::Error, testid, Html::from(error.message())),
            Self::Nothing | Self::UnderWay => Html::default(),
        }
    }
}

/// Asks, and keeps the answer.
pub(crate) fn on_click<F>(asked: UseStateSetter<Asked>, ask: impl Fn() -> F + 'static) -> Callback<MouseEvent>
where
    F: Future<Output = Result<String, ApiError>> + 'static,
{
    Callback::from(move |_| {
        let asked = asked.clone();
        asked.set(Asked::UnderWay);
        let answer = ask();
        spawn_local(async move { asked.set(Asked::Answered(answer.await)) });
    })
}
