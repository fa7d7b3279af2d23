//! The time zone that instants are shown in.

use gloo::storage::{LocalStorage, Storage as _};
use js_sys::Date;
use serde::{Deserialize, Serialize};
use shared::units::Instant;
use wasm_bindgen::JsValue;

const KEY: &str = "shadowplane.zone";

/// UTC, or what the browser's clock is set to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Zone {
    /// Coordinated universal time.
    #[default]
    Utc,
    /// The browser's time zone.
    Local,
}

/// An instant as a calendar shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: u32,
    /// From 1.
    pub(crate) month: u32,
    pub(crate) day: u32,
    pub(crate) hour: u32,
    pub(crate) minute: u32,
}

impl Zone {
    /// What was chosen last time.
    pub(crate) fn remembered() -> Self {
        LocalStorage::get(KEY).unwrap_or_default()
    }

    /// Remembers the choice; a browser that stores nothing forgets it.
    pub(crate) fn remember(self) {
        let _ = LocalStorage::set(KEY, self);
    }

    /// Its name on axes.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Utc => "UTC",
            Self::Local => "local time",
        }
    }

    /// The calendar's view of an instant.
    pub(crate) fn civil(self, micros: i64) -> Civil {
        let date = Date::new(&JsValue::from_f64((micros / 1_000) as f64));
        let (year, month, day) = match self {
            Self::Utc => (date.get_utc_full_year(), date.get_utc_month(), date.get_utc_date()),
            Self::Local => (date.get_full_year(), date.get_month(), date.get_date()),
        };
        let (hour, minute) = match self {
            Self::Utc => (date.get_utc_hours(), date.get_utc_minutes()),
            Self::Local => (date.get_hours(), date.get_minutes()),
        };
        Civil { year, month: month + 1, day, hour, minute }
    }

    /// What a field for date and time shows for an instant.
    pub(crate) fn field(self, at: Instant) -> String {
        let Civil { year, month, day, hour, minute } = self.civil(at.micros());
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}")
    }

    /// The instant that such a field says; none where it is not filled in.
    pub(crate) fn of_field(self, text: &str) -> Option<Instant> {
        match self {
            Self::Utc => {
                let seconds = if text.len() > "2026-01-01T00:00".len() { "" } else { ":00" };
                format!("{text}{seconds}Z").parse().ok()
            }
            Self::Local => {
                let ms = Date::new(&JsValue::from_str(text)).get_time();
                ms.is_finite().then(|| Instant::from_micros(ms as i64 * 1_000))
            }
        }
    }

    /// From UTC to this zone at an instant, in microseconds.
    pub(crate) fn offset(self, micros: i64) -> i64 {
        match self {
            Self::Utc => 0,
            Self::Local => {
                let date = Date::new(&JsValue::from_f64((micros / 1_000) as f64));
                -(date.get_timezone_offset() * 60e6) as i64
            }
        }
    }
}
