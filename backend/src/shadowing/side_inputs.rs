//! What moves demand beside the requests themselves: known events and sensors.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use shared::features::{Features, KnownEvent, SensorReading, TimeZone, read_known_events};
use shared::input::InputError;
use shared::shadow::Known;
use shared::units::{Duration, Instant, Window};

use crate::config::ShadowingConfig;
use crate::known_events::{self, IcsEvent};
use crate::store::{Collection, Store, StoreError, read_documents};

/// Known events and sensor readings of a window.
#[derive(Clone, Debug, Default)]
pub struct SideInputs {
    /// Known events, those that recur as often as they touch it.
    pub events: Vec<KnownEvent>,
    /// Means per bin.
    pub readings: Vec<SensorReading>,
}

/// A known event as it was given: so that what recurs goes on for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GivenEvent {
    /// In our own form.
    Event(KnownEvent),
    /// An event of a calendar: a VCALENDAR of its own, with what replaces occurrences of it.
    Icalendar(String),
}

impl GivenEvent {
    /// An event in our own form, and the key of what it replaces.
    pub fn keyed(event: KnownEvent) -> (String, Self) {
        let name = (&event.name, &event.tenant, event.window.start.micros());
        (key(&format!("{name:?}")), Self::Event(event))
    }

    /// The event, where it was given in our own form.
    pub fn own(&self) -> Option<&KnownEvent> {
        match self {
            Self::Event(event) => Some(event),
            Self::Icalendar(_) => None,
        }
    }

    /// The event of a calendar, and the key of what it replaces: of the same UID.
    pub fn of_calendar(uid: &str, calendar: String) -> (String, Self) {
        (key(uid), Self::Icalendar(calendar))
    }

    /// What a text gives: events as CSV, or a calendar.
    ///
    /// # Errors
    /// At the first wrong place.
    pub fn read(text: &str) -> Result<Vec<(String, Self)>, InputError> {
        if known_events::is_icalendar(text) {
            IcsEvent::read_all(text)?;
            let events = known_events::split(text)?;
            return Ok(events.into_iter().map(|(_, uid, calendar)| Self::of_calendar(&uid, calendar)).collect());
        }
        Ok(read_known_events(text)?.into_iter().map(|(_, event)| Self::keyed(event)).collect())
    }

    /// Its occurrences in a window; times without a zone are local to `zone`.
    ///
    /// # Errors
    /// When it is no event that can happen.
    pub fn occurrences(&self, zone: &TimeZone, window: Window) -> Result<Vec<KnownEvent>, InputError> {
        match self {
            Self::Event(event) => Ok(vec![event.clone()]),
            Self::Icalendar(text) => {
                let numbered = known_events::read(text, zone, window)?;
                Ok(numbered.into_iter().map(|(_, event)| event).collect())
            }
        }
    }

    /// The names, each with the tenant that is moved.
    ///
    /// # Errors
    /// When it is no event that this version reads.
    pub fn names(&self) -> Result<BTreeSet<(String, Option<String>)>, InputError> {
        match self {
            Self::Event(event) => Ok(BTreeSet::from([(event.name.clone(), event.tenant.clone())])),
            Self::Icalendar(text) => IcsEvent::read_all(text)?.iter().map(IcsEvent::named).collect(),
        }
    }
}

impl SideInputs {
    /// What is known at `origin` of the time from `start` until a forecast over `horizon` ends.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn read(
        store: &dyn Store,
        config: &ShadowingConfig,
        start: Instant,
        origin: Instant,
        horizon: Duration,
    ) -> Result<Self, StoreError> {
        let window = Window { start, end: origin + horizon };
        let zone = config.zone();
        let mut events = Vec::new();
        for given in given_events(store).await? {
            let found = given.occurrences(&zone, window);
            events.extend(found.map_err(|error| StoreError::Unreadable(error.to_string()))?);
        }
        let readings = store.mean_readings(Window { start, end: origin }, config.bin).await?;
        Ok(Self { events, readings })
    }

    /// Everything that forecasts are made from: one way for training and serving.
    pub(super) fn features(&self, config: &ShadowingConfig, known: &Known<'_>, tenants_max: usize) -> Features {
        let mut series = known.series(config.bin, tenants_max);
        series.fill(&known.outages());
        Features::new(series)
            .in_zone(config.zone())
            .with_events(&self.events, known.tenant_names())
            .with_sensors(&self.readings)
    }
}

/// A key that a path can hold.
fn key(name: &str) -> String {
    blake3::hash(name.as_bytes()).to_hex()[..16].to_owned()
}

/// Every known event that was given.
async fn given_events(store: &dyn Store) -> Result<Vec<GivenEvent>, StoreError> {
    read_documents(&store.list(Collection::Events, Window::ALWAYS, usize::MAX).await?)
}
