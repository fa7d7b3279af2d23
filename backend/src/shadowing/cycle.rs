//! One hour after the other, or one step of the shortest horizon.

mod asking;
mod closing_hour;
mod memory;
mod predicted_day;
mod predicting;
mod retaining;
#[cfg(test)]
mod tests;
mod windows;
mod write;

pub(crate) use memory::ceiled;
pub(crate) use predicted_day::{DAYS_KEPT, PredictedDay, predicted_day};

use std::collections::BTreeMap;
use std::sync::Arc;

use shared::feedback::Triggers;
use shared::input::InputError;
use shared::request::Received;
use shared::units::{Duration, Instant, Window};

use self::closing_hour::open_day;
use self::predicting::ExpectedHour;
use self::windows::OpenWindow;
use super::closing::{Accuracies, Predicted};
use super::world::World;
use super::{Board, Clock, ClockSeen};
use crate::config::ShadowingConfig;
use crate::store::{BATCH, ObservationKey, Store, StoreError};

/// When no more requests have come in for so long, the first ones are all there.
const QUIET: std::time::Duration = std::time::Duration::from_secs(1);

/// The loop's state between two steps: hours, or parts of them where there is a shorter horizon.
pub struct Cycle {
    store: Arc<dyn Store>,
    board: Arc<Board>,
    clock: Arc<dyn Clock>,
    config: Arc<ShadowingConfig>,
    /// The world that is replayed; the loop only hears of it what it appends to the log.
    world: Option<World>,
    /// What the clock said at the beginning.
    began: Instant,
    /// The end of the step that closes next.
    next: Instant,
    /// Where the log begins that this day is judged by.
    log_start: Instant,
    /// What has been observed since the log begins, and how far that has been read.
    received: Arc<Vec<Received>>,
    received_until: ObservationKey,
    /// What was predicted for the day that is open.
    predicted: Option<Predicted>,
    /// The windows of other horizons that are open.
    open: BTreeMap<Duration, OpenWindow>,
    /// What the newest forecast expects of each hour.
    expected: Vec<ExpectedHour>,
    accuracies: Accuracies,
    /// The times without data in the log, as they were known when the last hour closed.
    outages: Vec<Window>,
    triggers: Triggers,
    /// Whether this day has a decision about the drift of demand.
    drift_decided: bool,
    /// How many requests there were when it was last looked for a first forecast, and since when there are so many.
    arriving: (u64, std::time::Instant),
    /// How many there were when it was last tried.
    tried_with: u64,
    /// How many requests there were when the log was last read.
    taken_in: u64,
    /// By how much the clock was set back, as it was last seen.
    clock_behind: Option<Duration>,
    /// When the primary was last shown between two hours, and how long that took.
    shown: (std::time::Instant, std::time::Duration),
}

/// Why the loop stops.
#[derive(Debug, thiserror::Error)]
pub enum CycleError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is stored is a replay of something else, or with other settings.
    #[error(
        "the last replay was of other files, or with other options; go on with those, or begin afresh without --replay-resume"
    )]
    OtherReplay,
    /// What is stored is no log.
    #[error("the stored log: {0}")]
    Log(#[from] InputError),
}

impl Cycle {
    /// A loop that goes on where it was when it ended, or begins with the clock's present step. A replay gets
    /// its past first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn begin(
        store: Arc<dyn Store>,
        board: Arc<Board>,
        clock: Arc<dyn Clock>,
        config: Arc<ShadowingConfig>,
    ) -> Result<Self, CycleError> {
        let mut world = None;
        let mut next = (clock.now() - config.late).floor(config.horizons.step());
        if let Some(replay) = &config.replay {
            next = replay.start;
            let world = world.insert(World::new(&replay.world));
            if !world.claims(&*store, &config).await? {
                return Err(CycleError::OtherReplay);
            }
            world.advance(&*store, next).await?;
        }
        let mut cycle = Self {
            triggers: Triggers::new(config.triggers),
            drift_decided: false,
            arriving: (0, std::time::Instant::now()),
            tried_with: 0,
            taken_in: 0,
            clock_behind: None,
            shown: (std::time::Instant::now(), std::time::Duration::ZERO),
            accuracies: Accuracies::new(),
            outages: Vec::new(),
            world,
            received: Arc::default(),
            received_until: ObservationKey::default(),
            predicted: None,
            open: BTreeMap::new(),
            expected: Vec::new(),
            log_start: Instant::from_micros(0),
            began: clock.now(),
            next,
            store,
            board,
            clock,
            config,
        };
        cycle.set_log_start(open_day(next));
        cycle.restore().await?;
        Ok(cycle)
    }

    /// Closes the next step if it is over; whether it was.
    ///
    /// # Errors
    /// When the store fails or holds no log.
    pub async fn step(&mut self) -> Result<bool, CycleError> {
        // A clock that waits goes on now that the last step is closed, and what it asked for is done.
        let closes = self.closes();
        self.clock.run_until(self.end().map_or(closes, |end| closes.min(end)));
        let now = self.clock.now();
        self.watch_clock(now);
        let due = closes <= now;
        if due {
            self.close_step(self.next).await?;
            self.next += self.config.horizons.step();
            self.keep().await?;
        } else if self.something_has_come().await? {
            let begun = std::time::Instant::now();
            self.show_primary(self.closed_until()).await?;
            self.shown = (std::time::Instant::now(), begun.elapsed());
        } else if self.requests_have_come().await? {
            // The first forecast need not wait for the next step.
            self.close_step(self.closed_until()).await?;
            self.keep().await?;
        }
        let closes = self.closes();
        self.board.update(|snapshot| {
            snapshot.now = now.min(closes).max(snapshot.now);
            snapshot.closes = Some(closes);
            snapshot.caught_up |= closes > self.began;
        });
        Ok(due)
    }

    /// Notes what the system's clock shows, and tells of one that was set back: until it shows again what it has shown,
    /// nothing closes, so that nothing closes twice.
    fn watch_clock(&mut self, now: Instant) {
        if self.world.is_some() {
            return;
        }
        let before = self.board.snapshot().clock;
        // What has closed was over by this clock, before a restart too.
        let closed = self.closed_until() + self.config.late;
        let seen = ClockSeen { latest: before.map_or(closed, |before| before.latest).max(now) };
        let (was, is) = (self.clock_behind, seen.behind(now));
        match (was, is) {
            (None, Some(behind)) => {
                tracing::warn!(%behind, latest = %seen.latest, "the clock was set back; nothing closes until it is past that");
            }
            (Some(_), None) => tracing::info!(%now, "the clock is past what it had shown before"),
            _ => {}
        }
        self.clock_behind = is;
        self.board.update(|snapshot| snapshot.clock = Some(seen));
    }

    /// The end of the last step that has closed.
    fn closed_until(&self) -> Instant {
        self.next - self.config.horizons.step()
    }

    /// When the next step closes, by the clock.
    pub fn closes(&self) -> Instant {
        self.next + self.config.late
    }

    /// How long the clock takes until the next step closes.
    pub fn until_due(&self) -> std::time::Duration {
        let seconds = (self.closes() - self.clock.now()).seconds() / self.clock.speed();
        std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default()
    }

    /// Whether all that is replayed has happened, and its last step is closed.
    pub fn is_over(&self) -> bool {
        self.end().is_some_and(|end| self.next > end)
    }

    fn end(&self) -> Option<Instant> {
        self.config.replay.as_ref().and_then(|replay| replay.end)
    }

    /// Whether there is no forecast yet, and requests have come in since it was last tried, and no more are coming.
    async fn requests_have_come(&mut self) -> Result<bool, StoreError> {
        // A replay comes to the same end however fast it is, so that it goes by no clock but its own.
        if self.board.snapshot().origin().is_some() || self.world.is_some() {
            return Ok(false);
        }
        let requests = self.store.summary().await?.ever();
        if requests != self.arriving.0 {
            self.arriving = (requests, std::time::Instant::now());
        }
        let come = requests != self.tried_with && self.arriving.1.elapsed() >= QUIET;
        if come {
            self.tried_with = requests;
        }
        Ok(come)
    }

    /// Whether there are requests or observations that are not shown yet. Showing them takes a tenth of the time at most.
    async fn something_has_come(&self) -> Result<bool, StoreError> {
        let (at, took) = self.shown;
        if at.elapsed() < QUIET.max(took * 10) {
            return Ok(false);
        }
        // Before the first forecast, trying to make it shows them.
        let forecast = self.board.snapshot().origin().is_some();
        if forecast && self.store.summary().await?.ever() != self.taken_in {
            return Ok(true);
        }
        let window = Window { start: self.log_start, ..Window::ALWAYS };
        Ok(!self.store.scan_observations(self.received_until, window, 1).await?.is_empty())
    }

    /// What has been observed of the log until now; only what is new is read.
    async fn take_in_observations(&mut self) -> Result<Arc<Vec<Received>>, StoreError> {
        let window = Window { start: self.log_start, ..Window::ALWAYS };
        let received = Arc::make_mut(&mut self.received);
        received.retain(|received| window.contains(received.at));
        loop {
            let batch = self.store.scan_observations(self.received_until, window, BATCH).await?;
            let Some((last, _)) = batch.last() else { break };
            self.received_until = *last;
            received.extend(batch.into_iter().map(|(_, received)| received));
        }
        Ok(Arc::clone(&self.received))
    }

    /// The log of a day keeps its beginning until the day is closed, so that indices hold as long as they are compared.
    fn set_log_start(&mut self, day: Instant) {
        self.log_start = self.config.keep.map_or(Instant::from_micros(0), |keep| day - keep);
    }
}
