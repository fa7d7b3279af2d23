//! A scenario whose runs stopped on their way, as a file: what goes on from it cannot be told from what never stopped.

use serde::{Deserialize, Serialize};

use super::RunOutcome;
use super::run::{Run, RunOptions, SavedRun};
use crate::input::{Seal, SealError};
use crate::scenario::{ENGINE, Problems, Scenario, ValidScenario};
use crate::units::Instant;

/// Begins every file.
const SEAL: Seal = Seal { magic: *b"SPRS", format: 1 };

/// All runs of a scenario at one instant of their window.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    /// The version of the simulation that made it; no other goes on with it.
    engine: u32,
    scenario: Scenario,
    at: Instant,
    runs: Vec<SavedRun>,
}

/// Why there is no snapshot, or nothing goes on from one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// It begins otherwise than every snapshot.
    #[error("this is no snapshot of Shadowplane")]
    NoSnapshot,
    /// Made by another version.
    #[error("the snapshot has format {0}, this version reads {this}; take it again from its scenario", this = SEAL.format)]
    Format(u32),
    /// Made by another simulation, whose states are others.
    #[error("the snapshot is of engine {0}, and this is engine {ENGINE}; take it again from its scenario")]
    Engine(u32),
    /// It is cut short, or some of it was changed.
    #[error("the snapshot is damaged; take it again from its scenario")]
    Damaged,
    /// The scenario that it holds cannot run.
    #[error(transparent)]
    Problems(#[from] Problems),
}

impl Snapshot {
    /// All that there is at `at`, of runs that were taken there.
    pub fn new(valid: &ValidScenario, at: Instant, runs: Vec<SavedRun>) -> Self {
        Self { engine: ENGINE, scenario: valid.original().clone(), at, runs }
    }

    /// Takes a run of a scenario from the beginning to `at`.
    pub fn take(valid: &ValidScenario, run: u32, at: Instant) -> SavedRun {
        let mut started = Run::new(valid, RunOptions { run, ..RunOptions::default() });
        started.play(&valid.requests(run), at);
        started.save()
    }

    /// The instant at which its runs stopped.
    pub fn at(&self) -> Instant {
        self.at
    }

    /// The scenario, and what takes its runs on.
    ///
    /// # Errors
    /// When the scenario cannot run, or its runs are not all there.
    pub fn open(self) -> Result<Stopped, SnapshotError> {
        let valid = ValidScenario::new(self.scenario)?;
        let numbers = || 0..valid.scenario().runs;
        let whole =
            self.runs.iter().map(SavedRun::run).eq(numbers()) && self.runs.iter().all(|run| run.at() == self.at);
        if !whole || !valid.scenario().window.contains(self.at) {
            return Err(SnapshotError::Damaged);
        }
        Ok(Stopped { valid, at: self.at, runs: self.runs })
    }

    /// The bytes of the file.
    ///
    /// # Panics
    /// Never: every field can be encoded.
    pub fn to_bytes(&self) -> Vec<u8> {
        SEAL.close(&postcard::to_allocvec(self).expect("a snapshot is numbers and texts"))
    }

    /// The snapshot of some bytes.
    ///
    /// # Errors
    /// When they are no snapshot, or one of another version, or not as they were written.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let contents = SEAL.open(bytes).map_err(|error| match error {
            SealError::OtherKind => SnapshotError::NoSnapshot,
            SealError::OtherFormat(format) => SnapshotError::Format(format),
            SealError::Damaged => SnapshotError::Damaged,
        })?;
        // The number of the engine comes first, so that it can be read of every one.
        let (engine, _) = postcard::take_from_bytes::<u32>(contents).map_err(|_| SnapshotError::Damaged)?;
        if engine != ENGINE {
            return Err(SnapshotError::Engine(engine));
        }
        postcard::from_bytes(contents).map_err(|_| SnapshotError::Damaged)
    }
}

/// Runs that stopped, of a scenario that was found to be sound.
#[derive(Clone, Debug)]
pub struct Stopped {
    valid: ValidScenario,
    at: Instant,
    runs: Vec<SavedRun>,
}

impl Stopped {
    /// The scenario.
    pub fn valid(&self) -> &ValidScenario {
        &self.valid
    }

    /// Takes a run on to `at`, or leaves it where it is if it is later.
    ///
    /// # Panics
    /// When there is no such run.
    pub fn take(&self, run: u32, at: Instant) -> SavedRun {
        self.played(run, at).save()
    }

    /// What a run yields at the end of its window.
    ///
    /// # Panics
    /// When there is no such run.
    pub fn finish(&self, run: u32) -> RunOutcome {
        self.played(run, self.valid.scenario().window.end).outcome()
    }

    fn played(&self, run: u32, until: Instant) -> Run<'_> {
        let mut going_on = Run::restore(&self.valid, self.runs[run as usize].clone(), None);
        let requests = self.valid.requests(run);
        let coming = &requests[requests.partition_point(|request| request.at < self.at)..];
        going_on.play(coming, until.max(self.at));
        going_on
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control_plane::PlacementPolicy;
    use crate::scenario::Demand;
    use crate::simulation::Outcome;
    use crate::simulation::tests::{requests, scenario, valid};
    use crate::units::Duration;

    const HOUR: i64 = 3_600_000_000;

    /// Three runs of forty lives, a create every ten minutes.
    fn sound() -> ValidScenario {
        let lives: Vec<_> = (0..40).map(|i| (i * HOUR / 6, HOUR, (i % 3) as u32, (i % 4) as u32, None)).collect();
        let scenario = scenario((PlacementPolicy::BestFit, 0, 4, true, true));
        valid(Scenario { runs: 3, demand: Demand::Requests(requests(&lives)), ..scenario })
    }

    fn taken(valid: &ValidScenario, at: Instant) -> Snapshot {
        Snapshot::new(valid, at, (0..3).map(|run| Snapshot::take(valid, run, at)).collect())
    }

    fn reopened(snapshot: &Snapshot) -> Stopped {
        Snapshot::from_bytes(&snapshot.to_bytes()).unwrap().open().unwrap()
    }

    #[test]
    fn what_stopped_twice_comes_to_the_digest_of_what_never_did() {
        let valid = sound();
        let at = |hours: i64| valid.scenario().window.start + Duration::HOUR * hours;
        let once = Outcome::collect((0..3).map(|run| crate::simulation::run(&valid, run, false)).collect());
        let first = reopened(&taken(&valid, at(2)));
        let second = reopened(&Snapshot::new(&valid, at(5), (0..3).map(|run| first.take(run, at(5))).collect()));
        for stopped in [first, second] {
            assert_eq!(Outcome::collect((0..3).map(|run| stopped.finish(run)).collect()), once);
        }
    }

    #[test]
    fn what_is_no_whole_snapshot_of_this_engine_is_refused() {
        let valid = sound();
        let bytes = taken(&valid, valid.scenario().window.start + Duration::HOUR).to_bytes();
        let error = |bytes: &[u8]| Snapshot::from_bytes(bytes).err();
        assert_eq!(error(b"{}"), Some(SnapshotError::NoSnapshot));
        assert_eq!(error(&bytes[..bytes.len() - 1]), Some(SnapshotError::Damaged));
        let mut flipped = bytes.clone();
        *flipped.last_mut().unwrap() ^= 1;
        assert_eq!(error(&flipped), Some(SnapshotError::Damaged));
        let format = SEAL.format + 1;
        assert_eq!(error(&Seal { format, ..SEAL }.close(&[])), Some(SnapshotError::Format(format)));
        let other = postcard::to_allocvec(&(ENGINE + 1, "whatever an engine writes")).unwrap();
        assert_eq!(error(&SEAL.close(&other)), Some(SnapshotError::Engine(ENGINE + 1)));
        let mut short = taken(&valid, valid.scenario().window.start + Duration::HOUR);
        short.runs.pop();
        assert_eq!(short.open().err(), Some(SnapshotError::Damaged));
    }
}
