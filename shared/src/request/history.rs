//! What was known just before an instant, and nothing else.

use super::{IndexedRequest, Life, RequestLog};
use crate::units::{BatchIndex, Duration, FlavorIndex, Instant, TenantIndex, TermsIndex};

/// A log cut at an instant: later requests do not exist, later ends are unknown.
///
/// Whatever learns or predicts takes this and not the log, so that it cannot look ahead.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
    log: &'a RequestLog,
    end: Instant,
    requests: usize,
}

/// One life as it was known at the cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LifeBefore {
    /// Whose it is.
    pub tenant: TenantIndex,
    /// The shape it was created with.
    pub flavor: FlavorIndex,
    /// What it was created together with.
    pub batch: Option<BatchIndex>,
    /// When it was created.
    pub created: Instant,
    /// How old it grew: until its delete, or until the cut.
    pub age: Duration,
    /// Whether it had ended by the cut; otherwise it is censored there.
    pub ended: bool,
    /// Where the tenant wanted it.
    pub terms: Option<TermsIndex>,
    /// Row of the log's label sets.
    pub labels: u32,
}

/// The time since the last request, where it is longer than is usual in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// The last request.
    pub since: Instant,
    /// From then to the cut.
    pub length: Duration,
}

impl<'a> History<'a> {
    pub(super) fn new(log: &'a RequestLog, end: Instant) -> Self {
        Self { log, end, requests: log.position(end) }
    }

    /// The cut: nothing at or after it is visible.
    pub fn end(&self) -> Instant {
        self.end
    }

    /// The same history cut earlier.
    ///
    /// # Panics
    /// When `end` lies after this history's own cut.
    pub fn before(&self, end: Instant) -> Self {
        assert!(end <= self.end, "a history is only ever cut earlier");
        Self::new(self.log, end)
    }

    /// The requests before the cut. What a tenant announced is known only as far as it had come true by then.
    pub fn requests(&self) -> impl Iterator<Item = IndexedRequest> + use<'a> {
        let (log, end) = (self.log, self.end);
        log.requests[..self.requests].iter().map(move |request| IndexedRequest {
            lifetime: request.lifetime.filter(|&lifetime| request.at + lifetime < end),
            ..*request
        })
    }

    /// The lives that began before the cut.
    pub fn lives(&self) -> impl Iterator<Item = LifeBefore> + '_ {
        self.log.own_lives().iter().take_while(|life| life.created < self.end).map(|life| self.cut(life))
    }

    /// The time without requests before the cut, where it is longer than any that the log had before, and than an hour:
    /// it looks like demand that has stopped, though it may only be the log that has.
    pub fn unusual_silence(&self) -> Option<Silence> {
        let known = &self.log.requests[..self.requests];
        let since = known.last()?.at;
        let length = self.end - since;
        let earlier = known.windows(2).map(|pair| pair[1].at - pair[0].at).max();
        let usual = earlier.unwrap_or(Duration::ZERO).max(Duration::HOUR);
        (length > usual).then_some(Silence { since, length })
    }

    /// The tables that the indices point into. Rows that first appear after the cut are named there too;
    /// no request or life before the cut points at them.
    pub fn tables(&self) -> &'a RequestLog {
        self.log
    }

    fn cut(&self, life: &Life) -> LifeBefore {
        let ended_at = life.deleted.filter(|&at| at < self.end);
        LifeBefore {
            tenant: life.tenant,
            flavor: life.flavor,
            batch: life.batch,
            created: life.created,
            age: ended_at.unwrap_or(self.end) - life.created,
            ended: ended_at.is_some(),
            terms: life.terms,
            labels: life.labels,
        }
    }
}
