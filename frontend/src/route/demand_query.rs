//! What the address says of the page of demand, so that a link shows the same.

use js_sys::encode_uri_component;
use shared::request::ResourceClass;
use shared::units::Duration;

use super::{ForecastSource, parameter};

/// The horizons to choose from.
pub(crate) const HORIZONS: [Duration; 3] = [Duration::HOUR, Duration::from_minutes(6 * 60), Duration::DAY];

/// What the page of demand shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DemandView {
    /// What the service counts and forecasts.
    Service(DemandQuery),
    /// Models that are trained in the browser.
    Bench(ForecastSource),
}

/// Whose creates, of what, and how far ahead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DemandQuery {
    /// How far the forecast reaches.
    pub(crate) horizon: Duration,
    /// Everyone's where none.
    pub(crate) tenant: Option<String>,
    /// Of all classes where none.
    pub(crate) class: Option<ResourceClass>,
    /// Of all flavors where none.
    pub(crate) flavor: Option<String>,
}

impl Default for DemandQuery {
    fn default() -> Self {
        Self { horizon: Duration::DAY, tenant: None, class: None, flavor: None }
    }
}

impl DemandView {
    /// What stands behind the `?`, or what is wrong with it.
    pub(super) fn parse(query: &str) -> Result<Self, String> {
        match parameter(query, "data").as_deref() {
            Some("example") => Ok(Self::Bench(ForecastSource::Example)),
            Some("service") => Ok(Self::Bench(ForecastSource::Current)),
            Some(other) => Err(format!("The address has `data={other}`; expected example or service.")),
            None => DemandQuery::parse(query).map(Self::Service),
        }
    }
}

impl DemandQuery {
    fn parse(query: &str) -> Result<Self, String> {
        let horizon = match parameter(query, "horizon") {
            None => Self::default().horizon,
            Some(text) => text.parse().map_err(|error| format!("The address has a wrong `horizon`: {error}."))?,
        };
        let class = match parameter(query, "class") {
            None => None,
            Some(name) => Some(
                class_named(&name)
                    .ok_or_else(|| format!("The address has `class={name}`; expected compute, storage or network."))?,
            ),
        };
        Ok(Self { horizon, tenant: parameter(query, "tenant"), class, flavor: parameter(query, "flavor") })
    }

    /// The address of the same.
    pub(crate) fn address(&self) -> String {
        let named = [
            ("tenant", self.tenant.clone()),
            ("class", self.class.map(|class| class.as_str().to_owned())),
            ("flavor", self.flavor.clone()),
        ];
        let named = named.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let parts = [("horizon", self.horizon.to_string())].into_iter().chain(named);
        let parts = parts.map(|(name, value)| format!("{name}={}", String::from(encode_uri_component(&value))));
        format!("#/demand?{}", parts.collect::<Vec<_>>().join("&"))
    }

    /// What the API is asked for.
    pub(crate) fn asked(&self) -> Vec<(&'static str, String)> {
        let tenant = self.tenant.iter().map(|tenant| ("tenant", tenant.clone()));
        let class = self.class.iter().map(|class| ("class", class.as_str().to_owned()));
        let flavor = self.flavor.iter().map(|flavor| ("flavor", flavor.clone()));
        tenant.chain(class).chain(flavor).collect()
    }
}

/// The class of this name.
pub(crate) fn class_named(name: &str) -> Option<ResourceClass> {
    ResourceClass::ALL.into_iter().find(|class| class.as_str() == name)
}
