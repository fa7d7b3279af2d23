//! Which page the address asks for: hash routes, since the page is also served as plain files under any path.

use web_sys::window;

/// A page, with what its address says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// What was, what is predicted.
    Overview,
    /// Forecasts in the browser.
    Forecast(ForecastSource),
    /// Scenarios in the browser.
    Lab(LabSource),
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
    /// A share link's text.
    Link(String),
    /// Saved in the service under this content hash.
    Saved(String),
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
            "/forecast" if parameter(query, "data").as_deref() == Some("example") => {
                Self::Forecast(ForecastSource::Example)
            }
            "/forecast" => Self::Forecast(ForecastSource::Current),
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
        } else if value("scenario").as_deref() == Some("example") {
            Self::Example
        } else {
            Self::Current
        }
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
        .map(|(_, value)| value.to_owned())
}
