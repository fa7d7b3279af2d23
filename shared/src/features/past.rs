//! Features of a whole history, and their cut at an origin.

use super::{Calendar, KnownEvent, SensorBin, SensorReading, SensorSeries, SeriesKey, SeriesSet, TimeZone};
use crate::request::Names;
use crate::units::{Duration, Instant, TenantIndex, Window};

/// Everything that forecasts are made from, over the bins of a history.
#[derive(Clone, Debug)]
pub struct Features {
    /// Counts per bin.
    pub series: SeriesSet,
    /// What calendar features follow.
    pub zone: TimeZone,
    events: Vec<EventTimes>,
    sensors: Vec<SensorSeries>,
}

/// When the known events of one name move one tenant, or everyone.
#[derive(Clone, Debug)]
struct EventTimes {
    name: String,
    tenant: Option<TenantIndex>,
    /// Those that happen once, in order and merged where they overlap.
    once: Vec<Window>,
    repeating: Vec<KnownEvent>,
}

/// Features as they were known at an origin: the end of one of their bins.
///
/// Counts and sensors end there. The calendar and known events do not.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    features: &'a Features,
    bins: usize,
}

impl Features {
    /// Counts alone, in UTC.
    pub fn new(series: SeriesSet) -> Self {
        Self { series, zone: TimeZone::UTC, events: Vec::new(), sensors: Vec::new() }
    }

    /// The same with calendar features in another time zone.
    pub fn in_zone(self, zone: TimeZone) -> Self {
        Self { zone, ..self }
    }

    /// The same with known events; one of a tenant that `tenants` does not name moves nothing.
    pub fn with_events(mut self, events: &[KnownEvent], tenants: &Names) -> Self {
        for event in events {
            let tenant = match event.tenant.as_ref().map(|name| tenants.get(name).map(TenantIndex)) {
                Some(None) => continue,
                known => known.flatten(),
            };
            let same = |times: &EventTimes| times.name == event.name && times.tenant == tenant;
            let position = self.events.iter().position(same).unwrap_or_else(|| {
                self.events.push(EventTimes {
                    name: event.name.clone(),
                    tenant,
                    once: Vec::new(),
                    repeating: Vec::new(),
                });
                self.events.len() - 1
            });
            let times = &mut self.events[position];
            match event.repeat {
                None => times.once.push(event.window),
                Some(_) => times.repeating.push(event.clone()),
            }
        }
        self.events.iter_mut().for_each(EventTimes::sort);
        self
    }

    /// The same with sensors; readings after the last bin are left out.
    pub fn with_sensors(mut self, readings: &[SensorReading]) -> Self {
        let SeriesSet { start, bin, .. } = self.series;
        self.sensors = SensorSeries::join(readings, start, bin, self.series.bins());
        self
    }

    /// Everything up to the end of the last bin.
    pub fn all(&self) -> Past<'_> {
        Past { features: self, bins: self.series.bins() }
    }

    /// What was known after the first `bins` bins.
    ///
    /// # Panics
    /// When there are fewer.
    pub fn first(&self, bins: usize) -> Past<'_> {
        self.all().first(bins)
    }
}

impl EventTimes {
    /// Puts what happens once in order, and makes one of what overlaps or touches.
    fn sort(&mut self) {
        self.once.sort_unstable_by_key(|window| (window.start, window.end));
        self.once.dedup_by(|later, earlier| {
            let joined = later.start <= earlier.end;
            if joined {
                earlier.end = earlier.end.max(later.end);
            }
            joined
        });
    }

    fn touches(&self, window: Window) -> bool {
        let next = self.once.partition_point(|once| once.end <= window.start);
        self.once.get(next).is_some_and(|once| once.start < window.end)
            || self.repeating.iter().any(|event| event.touches(window))
    }
}

impl<'a> Past<'a> {
    /// The same cut earlier, after the first `bins` bins.
    ///
    /// # Panics
    /// When `bins` lies after this cut.
    pub fn first(&self, bins: usize) -> Self {
        assert!(bins <= self.bins, "the past is only ever cut earlier");
        Self { bins, ..*self }
    }

    /// How many bins are known.
    pub fn bins(&self) -> usize {
        self.bins
    }

    /// The end of the last known bin.
    pub fn origin(&self) -> Instant {
        self.features.series.start + self.bin() * self.bins as i64
    }

    /// Start of the first bin.
    pub fn start(&self) -> Instant {
        self.features.series.start
    }

    /// Length of a bin.
    pub fn bin(&self) -> Duration {
        self.features.series.bin
    }

    /// How many series there are.
    pub fn series(&self) -> usize {
        self.features.series.series.len()
    }

    /// What a series counts.
    pub fn key(&self, series: usize) -> SeriesKey {
        self.features.series.series[series].key
    }

    /// The known counts of a series.
    pub fn counts(&self, series: usize) -> &'a [f64] {
        &self.features.series.series[series].counts[..self.bins]
    }

    /// The calendar of the known bins and of `horizon_bins` more.
    pub fn calendar(&self, horizon_bins: usize) -> Calendar {
        Calendar::new(&self.features.zone, self.start(), self.bin(), self.bins + horizon_bins)
    }

    /// The names of the known events, in order, each once.
    pub fn event_names(&self) -> Vec<&'a str> {
        let mut names: Vec<&str> = self.features.events.iter().map(|times| times.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Whether an event of this name moves a series in a bin, which may lie after the origin.
    pub fn event(&self, name: &str, series: usize, position: usize) -> bool {
        let start = self.start() + self.bin() * position as i64;
        let window = Window { start, end: start + self.bin() };
        let tenant = self.key(series).tenant();
        let mut events = self.features.events.iter().filter(|times| times.name == name);
        events.any(|times| (times.tenant.is_none() || times.tenant == tenant) && times.touches(window))
    }

    /// The names of the sensors with readings before the origin, in order.
    pub fn sensor_names(&self) -> Vec<&'a str> {
        let known = |sensor: &&SensorSeries| sensor.bins[..self.bins].iter().any(|bin| bin.value.is_some());
        self.features.sensors.iter().filter(known).map(|sensor| sensor.sensor.as_str()).collect()
    }

    /// The known bins of a sensor; none where it has no readings.
    pub fn sensor(&self, name: &str) -> Option<&'a [SensorBin]> {
        let sensor = self.features.sensors.iter().find(|sensor| sensor.sensor == name)?;
        Some(&sensor.bins[..self.bins])
    }
}
