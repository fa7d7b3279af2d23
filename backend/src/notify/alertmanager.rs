//! Telling an Alertmanager what lasts: at once, again and again as long as it does, and when it is over. Source: the API of
//! Alertmanager, version 2, `POST /alerts`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration as StdDuration, Instant as StdInstant};

use serde::Serialize;
use shared::units::{Duration, Instant};

use super::Outgoing;
use super::alerts::Alert;
use super::config::Links;
use crate::jobs::wall_clock;

/// How often what lasts is told again.
const AGAIN: StdDuration = StdDuration::from_secs(30);

/// After so long without hearing of it, an Alertmanager takes an alert for over: whoever tells it may have been killed.
const LASTS: Duration = Duration::from_minutes(3);

/// How long it is waited after the first failure; twice as long each time.
const BACK_OFF: StdDuration = StdDuration::from_secs(1);

/// The longest that it is waited.
const BACK_OFF_MAX: StdDuration = StdDuration::from_secs(60);

/// What is over, and could not be told for so long, is told no more: it has ended there by itself.
const OVER_TOLD: Duration = Duration::from_minutes(15);

/// An Alertmanager, and how it went with it.
#[derive(Debug)]
pub(crate) struct Peer {
    /// Its address.
    pub(crate) url: String,
    sent: AtomicU64,
    failures: AtomicU64,
}

impl Peer {
    pub(super) fn new(url: &str) -> Self {
        Self { url: url.to_owned(), sent: AtomicU64::new(0), failures: AtomicU64::new(0) }
    }

    /// How many alerts it took, those that were told again included.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// How often it took nothing.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }
}

/// Tells one Alertmanager whatever is heard, until nobody says anything any more.
pub(super) fn tell(peer: &Peer, outgoing: &Outgoing, links: &Links, heard: &Receiver<Vec<Alert>>) {
    let url = format!("{}/api/v2/alerts", peer.url);
    let mut held = Held::default();
    let mut failed: u32 = 0;
    let mut due = StdInstant::now();
    loop {
        match heard.recv_timeout(due.saturating_duration_since(StdInstant::now())) {
            Ok(alerts) => {
                // One that takes nothing is not asked more often because there is more to tell.
                if held.update(alerts, wall_clock()) && failed == 0 {
                    due = StdInstant::now();
                }
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {}
        }
        due = StdInstant::now() + AGAIN;
        if held.0.is_empty() {
            continue;
        }
        let posted = serde_json::to_string(&held.posted(links, wall_clock())).map_err(|error| error.to_string());
        match posted.and_then(|body| outgoing.post(&url, &[], &body).map_err(|error| error.to_string())) {
            Ok(()) => {
                if failed > 0 {
                    tracing::info!(alertmanager = peer.url, "alerts are taken again");
                }
                failed = 0;
                peer.sent.fetch_add(held.0.len() as u64, Ordering::Relaxed);
                held.told();
            }
            Err(error) => {
                failed += 1;
                peer.failures.fetch_add(1, Ordering::Relaxed);
                let wait = BACK_OFF.saturating_mul(1 << (failed - 1).min(10)).min(BACK_OFF_MAX);
                tracing::warn!(alertmanager = peer.url, error, again_in = ?wait, "alerts are not taken");
                due = StdInstant::now() + wait;
            }
        }
    }
}

type Labels = BTreeMap<&'static str, String>;

/// What an Alertmanager is told, by the labels that it knows alerts by.
#[derive(Debug, Default)]
struct Held(BTreeMap<Labels, HeldAlert>);

#[derive(Debug)]
struct HeldAlert {
    alert: Alert,
    since: Instant,
    /// When it was over; until that is told.
    over: Option<Instant>,
}

/// As the API has it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PostedAlert<'a> {
    labels: &'a Labels,
    annotations: BTreeMap<&'static str, String>,
    starts_at: Instant,
    ends_at: Instant,
    #[serde(rename = "generatorURL")]
    generator_url: String,
}

impl Held {
    /// Takes over what lasts; whether there is something to tell at once.
    fn update(&mut self, alerts: Vec<Alert>, now: Instant) -> bool {
        let mut changed = false;
        let mut lasting: BTreeMap<_, Alert> = alerts.into_iter().map(|alert| (alert.identity(), alert)).collect();
        for (labels, held) in &mut self.0 {
            match lasting.remove(labels) {
                Some(alert) if held.over.is_none() => held.alert = alert,
                // It began anew before it was told that it had ended.
                Some(alert) => (*held, changed) = (HeldAlert { alert, since: now, over: None }, true),
                None if held.over.is_none() => (held.over, changed) = (Some(now), true),
                None => {}
            }
        }
        self.0.retain(|_, held| held.over.is_none_or(|over| now - over < OVER_TOLD));
        changed |= !lasting.is_empty();
        self.0.extend(lasting.into_iter().map(|(labels, alert)| (labels, HeldAlert { alert, since: now, over: None })));
        changed
    }

    fn posted(&self, links: &Links, now: Instant) -> Vec<PostedAlert<'_>> {
        let posted = |(labels, held)| {
            let HeldAlert { alert, since, over }: &HeldAlert = held;
            PostedAlert {
                labels,
                annotations: [("summary", alert.summary.clone()), ("page", links.page(alert.path))].into(),
                starts_at: *since,
                ends_at: over.unwrap_or(now + LASTS),
                generator_url: links.api(alert.path),
            }
        };
        self.0.iter().map(posted).collect()
    }

    /// What is over has been told.
    fn told(&mut self) {
        self.0.retain(|_, held| held.over.is_none());
    }
}

#[cfg(test)]
mod tests {
    use super::super::alerts::Severity;
    use super::*;

    fn alert(tenant: &str) -> Alert {
        Alert {
            name: "ShadowplaneCostAnomaly",
            severity: Severity::Warning,
            labels: BTreeMap::from([("tenant", tenant.to_owned())]),
            summary: "it cost more".to_owned(),
            path: "/v1/anomalies",
        }
    }

    fn at(seconds: i64) -> Instant {
        Instant::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn what_lasts_is_told_until_it_is_over_and_that_once() {
        let mut held = Held::default();
        let links = Links { external_url: Some("https://shadow.example".to_owned()), dashboard: false };
        assert!(held.update(vec![alert("acme")], at(10)) && !held.update(vec![alert("acme")], at(20)));
        let told = |held: &Held, now| serde_json::to_value(held.posted(&links, at(now))).unwrap();
        // Since 10 s, and it lasts for three minutes from 30 s on.
        let expected = serde_json::json!([{
            "labels": {"alertname": "ShadowplaneCostAnomaly", "severity": "warning", "tenant": "acme"},
            "annotations": {"summary": "it cost more", "page": "https://shadow.example/v1/anomalies"},
            "startsAt": "1970-01-01T00:00:10Z",
            "endsAt": "1970-01-01T00:03:30Z",
            "generatorURL": "https://shadow.example/v1/anomalies",
        }]);
        assert_eq!(told(&held, 30), expected);
        held.told();
        assert!(held.update(Vec::new(), at(40)), "its end is news");
        assert_eq!(told(&held, 50)[0]["endsAt"], "1970-01-01T00:00:40Z");
        held.told();
        assert!(held.0.is_empty() && !held.update(Vec::new(), at(60)));
    }

    #[test]
    fn an_end_that_nobody_took_is_told_until_it_is_stale_and_forgotten_where_it_began_anew() {
        let mut held = Held::default();
        held.update(vec![alert("acme"), alert("globex")], at(0));
        held.update(Vec::new(), at(10));
        assert!(held.update(vec![alert("acme")], at(20)));
        let since = |held: &Held| held.0.values().map(|held| (held.since, held.over)).collect::<Vec<_>>();
        assert_eq!(since(&held), [(at(20), None), (at(0), Some(at(10)))]);
        held.update(vec![alert("acme")], at(10 + 15 * 60));
        assert_eq!(since(&held), [(at(20), None)]);
    }
}
