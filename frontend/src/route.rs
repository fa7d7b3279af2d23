//! Which page the address asks for: hash routes, since the page is also served as plain files under any path.

mod costs_query;
mod demand_query;

use js_sys::decode_uri_component;
use wasm_bindgen::JsValue;
use web_sys::window;

pub(crate) use costs_query::CostsQuery;
pub(crate) use demand_query::{DemandQuery, DemandView, HORIZONS, class_named};

/// A page, with what its address says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// What was, what is predicted.
    Overview,
    /// What a window cost, or what is wrong with what the address says of it.
    Costs(Result<CostsQuery, String>),
    /// What is worth changing.
    Recommendations,
    /// What forecasts are made with, and how good they are.
    Models,
    /// What came and what is forecast, or what is wrong with what the address says of it.
    Demand(Result<DemandView, String>),
    /// Scenarios in the browser.
    Lab(LabSource),
    /// Keys, webhooks, known events.
    Settings,
    /// No such page.
    Unknown(String),
}

/// Where the Lab's scenario comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LabSource {
    /// The service's, or the example where there is no service.
    Current,
    /// The built-in example.
    Example,
    /// Files that the reader has.
    Files,
    /// A share link's text.
    Link(String),
    /// Saved in the service under this content hash.
    Saved(String),
    /// The service's, and beside it the same with what is recommended under this id.
    Recommended(String),
}

/// Where the counts to forecast come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ForecastSource {
    /// The service's, or the example where there is no service.
    Current,
    /// The built-in example.
    Example,
}

impl Route {
    /// What the address bar says now.
    pub(crate) fn current() -> Self {
        Self::parse(&window().and_then(|window| window.location().hash().ok()).unwrap_or_default())
    }

    fn parse(hash: &str) -> Self {
        let (path, query) = hash.trim_start_matches('#').split_once('?').unwrap_or((hash.trim_start_matches('#'), ""));
        match path {
            "" | "/" => Self::Overview,
            "/costs" => Self::Costs(CostsQuery::parse(query)),
            "/recommendations" => Self::Recommendations,
            "/models" => Self::Models,
            "/settings" => Self::Settings,
            // What the page was called before stands in links.
            "/demand" | "/forecast" => Self::Demand(DemandView::parse(query)),
            "/lab" => Self::Lab(LabSource::parse(query)),
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// Whether both are the same page, whatever their parameters.
    pub(crate) fn same_page(&self, other: &Self) -> bool {
        core::mem::discriminant(self) == core::mem::discriminant(other)
    }
}

impl LabSource {
    fn parse(query: &str) -> Self {
        let value = |name: &str| parameter(query, name);
        if let Some(link) = value("s") {
            Self::Link(link)
        } else if let Some(hash) = value("h") {
            Self::Saved(hash)
        } else if let Some(id) = value("try") {
            Self::Recommended(id)
        } else {
            match value("scenario").as_deref() {
                Some("example") => Self::Example,
                Some("files") => Self::Files,
                _ => Self::Current,
            }
        }
    }
}

/// Shows another address, which the reader can come back from.
pub(crate) fn go(address: &str) {
    if let Some(window) = window() {
        // Only what is no address at all would fail.
        let _ = window.location().set_hash(address);
    }
}

/// Shows another address in the place of the present one, which says less.
pub(crate) fn stand_at(address: &str) {
    if let Some(window) = window() {
        // Only what is no address at all would fail.
        let _ = window.location().replace(address);
    }
}

/// What the address says behind the hash under `name`.
pub(crate) fn hash_parameter(name: &str) -> Option<String> {
    let hash = window()?.location().hash().ok()?;
    parameter(hash.split_once('?')?.1, name)
}

/// Has the address say `value` behind the hash under `name`, or nothing, as if it always had: nobody is told, and the
/// reader comes back to where they were before.
pub(crate) fn set_hash_parameter(name: &str, value: Option<&str>) {
    let Some(window) = window() else { return };
    let hash = window.location().hash().unwrap_or_default();
    let (path, query) = hash.split_once('?').unwrap_or((hash.as_str(), ""));
    let others = query.split('&').filter(|pair| !pair.is_empty() && pair.split('=').next() != Some(name));
    let said = value.map(|value| format!("{name}={value}"));
    let query = others.map(str::to_owned).chain(said).collect::<Vec<_>>().join("&");
    stay_at(&if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") });
}

/// Has the address bar say `address` without anybody being told.
pub(crate) fn stay_at(address: &str) {
    if let Some(history) = window().and_then(|window| window.history().ok()) {
        // Browsers refuse more than some hundred changes in half a minute; the next one is taken again.
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(address));
    }
}

/// How many workers the address asks for: `?workers=1..8`, before or behind the hash.
pub(crate) fn workers_wanted() -> Option<usize> {
    let location = window()?.location();
    let (search, hash) = (location.search().unwrap_or_default(), location.hash().unwrap_or_default());
    let behind = hash.split_once('?').map_or("", |(_, query)| query);
    parameter(search.trim_start_matches('?'), "workers")
        .or_else(|| parameter(behind, "workers"))
        .and_then(|text| text.parse().ok())
        .filter(|workers| (1..=8).contains(workers))
}

fn parameter(query: &str, name: &str) -> Option<String> {
    query
        .split('&')
        .find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name))
        // What is no such encoding stands as it is.
        .map(|(_, value)| decode_uri_component(value).map_or_else(|_| value.to_owned(), String::from))
}
