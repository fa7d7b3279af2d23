//! What of the log is given up when a day has closed, and what it goes on from.

use std::collections::BTreeSet;
use std::sync::Arc;

use shared::features::PastBins;
use shared::request::{Received, RequestLog};
use shared::shadow::Known;
use shared::units::{Duration, Instant, Window};

use super::{Cycle, CycleError};
use crate::config::ShadowingConfig;
use crate::jobs::{TrimInput, wall_clock};
use crate::shadowing::primary::{Forked, folded, forked};
use crate::shadowing::{Beginning, Carried, Machines, known_log};
use crate::store::{Carry, StoreError, requests_in, write_json};

/// The log goes back so much further than the primary that it goes on from: what was under way then is in both.
const UNDER_WAY: Duration = Duration::DAY;

/// So many bins are written in one transaction.
const BINS_A_STEP: usize = 288;

impl Cycle {
    /// Has the primary, the log and its counts go on from what is kept, and the rest given up in the background.
    ///
    /// `log` and `received` are all that is known when a day has closed at `end`.
    pub(super) async fn retain(
        &mut self,
        log: &RequestLog,
        received: &[Received],
        end: Instant,
    ) -> Result<(), CycleError> {
        let Some(kept) = self.config.retention.requests else { return Ok(()) };
        // A clock that is wrong by years gives up nothing: what is old is so beside the newest request.
        let Some(newest) = log.last().map(|last| last.floor(Duration::DAY) + Duration::DAY) else { return Ok(()) };
        let at = end.min(newest) - kept;
        let cut = at - UNDER_WAY;
        let since = self.config.start.as_ref().map(|beginning| beginning.at);
        let nothing = log.first().is_none_or(|first| first >= cut) && since.is_none();
        if nothing || since.is_some_and(|since| since >= cut) {
            return Ok(());
        }
        let Some(beginning) = carried(&self.config, log, received, (cut, at, end)) else {
            tracing::warn!(%cut, "nothing is given up: what the primary goes on from cannot be run");
            return Ok(());
        };
        let past = self.counted(log, cut).await?;
        let config = ShadowingConfig { start: Some(beginning), past: Some(Arc::new(past)), ..(*self.config).clone() };
        if !self.goes_on(&config, (cut, at, end)).await? {
            tracing::warn!(%cut, "nothing is given up: the primary does not go on from what would be left");
            return Ok(());
        }
        if let Some(beginning) = &config.start {
            let input = write_json(&TrimInput { before: cut })?;
            let document = beginning.document()?;
            self.store.carry_on(Carry { document, from: cut, input, now: wall_clock() }).await?;
        }
        self.forget_received(log, cut, &config);
        self.config = Arc::new(config);
        let config = Arc::clone(&self.config);
        self.board.update(|snapshot| snapshot.config = Some(config));
        Ok(())
    }

    /// The counts up to the cut, written down: those that are there already are those that were written before a kill.
    async fn counted(&self, log: &RequestLog, cut: Instant) -> Result<PastBins, StoreError> {
        let mut past = self.config.past.as_deref().cloned().unwrap_or_else(|| PastBins::new(self.config.bin));
        let known = past.bins.len();
        let first = log.first().map_or(cut, |first| first.floor(self.config.bin).min(cut));
        let start = self.config.past.as_ref().map_or(first, |_| self.config.log_from());
        past.count(log, Window { start, end: cut });
        let tenants: Vec<String> = past.tenants.iter().map(str::to_owned).collect();
        for bins in past.bins[known..].chunks(BINS_A_STEP) {
            self.store.put_bins(bins.to_vec(), tenants.clone()).await?;
        }
        Ok(past)
    }

    /// Whether the primary goes on from what would be left: it has to be at `at` what it was.
    async fn goes_on(
        &self,
        config: &ShadowingConfig,
        (cut, at, end): (Instant, Instant, Instant),
    ) -> Result<bool, CycleError> {
        let requests = requests_in(&*self.store, Window { start: cut, end }).await?;
        let (log, _) = known_log(&requests, &config.catalogue, config.start.as_ref())?;
        let carried = config.start.as_ref().and_then(|beginning| beginning.carried.as_ref());
        Ok(carried.is_some_and(|carried| Known::new(&log, None, at).fork_of(&carried.primary).is_some()))
    }

    /// Forgets what was observed of requests that are given up.
    fn forget_received(&mut self, log: &RequestLog, cut: Instant, config: &ShadowingConfig) {
        let creates = config.start.iter().flat_map(|beginning| &beginning.creates);
        let lives: BTreeSet<&str> = creates.map(|create| create.id.as_str()).collect();
        let gone: BTreeSet<&str> =
            log.ids[..log.position(cut)].iter().map(AsRef::as_ref).filter(|id| !lives.contains(id)).collect();
        Arc::make_mut(&mut self.received).retain(|received| !gone.contains(received.observation.request.as_str()));
    }
}

/// What a log goes on from that begins at `cut`, with its primary at `at`; none where that cannot be run.
fn carried(
    config: &ShadowingConfig,
    log: &RequestLog,
    received: &[Received],
    (cut, at, end): (Instant, Instant, Instant),
) -> Option<Beginning> {
    let known = Known::new(log, None, at);
    let folded = folded(config, &known, received, end);
    let Forked { fork, nodes } = forked(config, &config.assumed, &known, &folded).ok()?;
    let primary = known.kept(fork, nodes);
    let (mut creates, keys) = log.carried(cut);
    primary.shape(&mut creates);
    let lives: BTreeSet<&str> = creates.iter().map(|create| create.id.as_str()).collect();
    let seen = config.start.iter().flat_map(|beginning| &beginning.observations);
    let observations = seen.filter(|observation| lives.contains(observation.request.as_str())).cloned().collect();
    let machines = Machines::of(&config.assumed.fleet);
    let carried = Carried { primary, machines, keys, begun_batches: log.batches_begun(cut) };
    let (too_large, carried) = (Vec::new(), Some(Box::new(carried)));
    Some(Beginning { at: cut, creates, too_large, observations, carried })
}
