//! The service's API, as far as the pages read it.

use gloo::net::http::{Request, RequestBuilder, Response};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use shared::api::ProblemDocument;
use wasm_bindgen::JsCast as _;
use web_sys::{AbortSignal, ReadableStreamDefaultReader};

use crate::{key, live};

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ApiError {
    /// Nobody answers.
    Unreachable,
    /// The page is served as plain files: what answers is not the service.
    NoService,
    /// The service says what is wrong.
    Problem(ProblemDocument),
    /// Not what the API promises.
    Unreadable(String),
}

impl ApiError {
    /// A sentence for people.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Unreachable => "The service does not answer. Is `shadowplane serve` still running?".to_owned(),
            Self::NoService => "This page is served without the Shadowplane service.".to_owned(),
            Self::Problem(problem) => format!("{}: {}", problem.title, problem.detail),
            Self::Unreadable(why) => {
                format!("The service's answer cannot be read ({why}). Reload the page after an update.")
            }
        }
    }

    /// Whether there is nothing to answer with yet, which will pass by itself.
    pub(crate) fn is_not_ready(&self) -> bool {
        matches!(self, Self::Problem(problem) if problem.status == 503)
    }

    /// Whether it needs a key that was not given, or another one.
    pub(crate) fn is_refused(&self) -> bool {
        self.is_forbidden() || matches!(self, Self::Problem(problem) if problem.status == 401)
    }

    /// Whether the key that was given may not.
    pub(crate) fn is_forbidden(&self) -> bool {
        matches!(self, Self::Problem(problem) if problem.status == 403)
    }

    /// The service's words on a field of what was asked that is wrong, or whose values are kept no longer.
    pub(crate) fn about(&self, field: &str) -> Option<&str> {
        match self {
            Self::Problem(problem) if problem.field.as_deref() == Some(field) => Some(&problem.detail),
            _ => None,
        }
    }

    /// Whether what was asked for is not there (yet), rather than broken.
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Self::Problem(problem) if problem.status == 404)
    }
}

/// Reads a file, such as CSV.
pub(crate) async fn get_text(path: &str, query: &[(&str, String)]) -> Result<String, ApiError> {
    let query = query.iter().map(|(name, value)| (*name, value.as_str()));
    let response =
        with_key(Request::get(&relative(path))).query(query).send().await.map_err(|_| ApiError::Unreachable)?;
    if response.ok() {
        return response.text().await.map_err(|error| ApiError::Unreadable(error.to_string()));
    }
    read::<()>(response).await.map(|()| String::new())
}

/// Reads `path` (from `shared::api::paths`) with query parameters.
pub(crate) async fn get<T: DeserializeOwned>(path: &str, query: &[(&str, String)]) -> Result<T, ApiError> {
    let query = query.iter().map(|(name, value)| (*name, value.as_str()));
    let response =
        with_key(Request::get(&relative(path))).query(query).send().await.map_err(|_| ApiError::Unreachable)?;
    read(response).await
}

/// Posts `body` to `path`.
pub(crate) async fn post<T: DeserializeOwned>(path: &str, body: &impl Serialize) -> Result<T, ApiError> {
    let request =
        with_key(Request::post(&relative(path))).json(body).map_err(|error| ApiError::Unreadable(error.to_string()))?;
    changed(request.send().await).await
}

/// Puts nothing to `path`: that there is something there says it all.
pub(crate) async fn put<T: DeserializeOwned>(path: &str) -> Result<T, ApiError> {
    changed(with_key(Request::put(&relative(path))).send().await).await
}

/// Deletes what is at `path`.
pub(crate) async fn delete<T: DeserializeOwned>(path: &str) -> Result<T, ApiError> {
    changed(with_key(Request::delete(&relative(path))).send().await).await
}

/// The same, whatever is answered.
pub(crate) async fn delete_any(path: &str) -> Result<(), ApiError> {
    delete::<IgnoredAny>(path).await.map(drop)
}

/// Asks to be told of events, and gives what reads their stream.
pub(crate) async fn open_events(
    path: &str,
    abort: Option<&AbortSignal>,
) -> Result<ReadableStreamDefaultReader, ApiError> {
    let request = with_key(Request::get(&relative(path))).header("Accept", "text/event-stream").abort_signal(abort);
    let response = request.send().await.map_err(|_| ApiError::Unreachable)?;
    let kind = response.headers().get("content-type").unwrap_or_default();
    if !response.ok() || !kind.contains("event-stream") {
        read::<IgnoredAny>(response).await?;
        return Err(ApiError::NoService);
    }
    let stream = response.body().ok_or_else(|| ApiError::Unreadable("it has no body".to_owned()))?;
    Ok(stream.get_reader().unchecked_into())
}

/// Puts `body` to `path`.
pub(crate) async fn put_json<T: DeserializeOwned>(path: &str, body: &impl Serialize) -> Result<T, ApiError> {
    let request =
        with_key(Request::put(&relative(path))).json(body).map_err(|error| ApiError::Unreadable(error.to_string()))?;
    changed(request.send().await).await
}

/// The same request, with the key where one was given.
fn with_key(request: RequestBuilder) -> RequestBuilder {
    match key::remembered() {
        Some(key) => request.header("Authorization", &format!("Bearer {key}")),
        None => request,
    }
}

/// The service may stand behind a proxy under any path: the page's own.
fn relative(path: &str) -> String {
    format!(".{path}")
}

/// The address of the same for whoever does not ask from this page.
pub(crate) fn absolute(path: &str) -> String {
    let location = gloo::utils::window().location();
    let [origin, page] = [location.origin(), location.pathname()].map(Result::unwrap_or_default);
    let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
    format!("{origin}{folder}{path}")
}

/// The answer to what may have changed something, which whoever shows it asks for anew.
async fn changed<T: DeserializeOwned>(answer: Result<Response, gloo::net::Error>) -> Result<T, ApiError> {
    let read = read(answer.map_err(|_| ApiError::Unreachable)?).await;
    if read.is_ok() {
        live::ring_all();
    }
    read
}

async fn read<T: DeserializeOwned>(response: Response) -> Result<T, ApiError> {
    let kind = response.headers().get("content-type").unwrap_or_default();
    if !kind.contains("json") {
        return Err(ApiError::NoService);
    }
    if response.ok() {
        response.json().await.map_err(|error| ApiError::Unreadable(error.to_string()))
    } else {
        if response.status() == 401 {
            key::want();
        }
        let problem = response.json().await.map_err(|error| ApiError::Unreadable(error.to_string()))?;
        Err(ApiError::Problem(problem))
    }
}
