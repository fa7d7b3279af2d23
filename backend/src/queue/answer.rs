//! What workers answer: bytes in a message, or, where they are many, in an object that it names.

use serde::{Deserialize, Serialize};
use shared::simulation::RunOutcome;

use super::QueueError;
use super::bytes::{pack, unpack};

/// The most bytes of an answer that are in its message: well below the megabyte that a server takes where nothing is said.
const MAX_INLINE: usize = 256 << 10;

/// What messages call it.
pub(super) const RUNS: &str = "an answer";

/// What a worker says of a piece.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Answer {
    /// It is done: what came of it, packed.
    Here(Vec<u8>),
    /// It is done: the object that holds what came of it.
    Elsewhere(String),
    /// It cannot be done, and why.
    Failed(String),
}

/// Runs, and how they are stored.
pub(super) struct Packed {
    pub(super) content: Vec<u8>,
    pub(super) packed: Vec<u8>,
}

impl Packed {
    /// Whether a message is too small for it.
    pub(super) fn is_large(&self) -> bool {
        self.packed.len() > MAX_INLINE
    }
}

impl Answer {
    /// The message.
    pub(super) fn write(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("an answer is bytes and text")
    }

    /// What a message says.
    ///
    /// # Errors
    /// When it is no answer.
    pub(super) fn read(message: &[u8]) -> Result<Self, QueueError> {
        postcard::from_bytes(message).map_err(|_| QueueError::Damaged { what: RUNS })
    }
}

/// Packs the runs of a piece.
///
/// # Errors
/// When they are too large.
pub(super) fn pack_runs(runs: &[RunOutcome]) -> Result<Packed, QueueError> {
    let content = postcard::to_allocvec(runs).expect("runs are plain data");
    Ok(Packed { packed: pack(&content, RUNS)?, content })
}

/// What was packed within an answer.
///
/// # Errors
/// When it was not.
pub(super) fn unpack_runs(packed: &[u8]) -> Result<Vec<u8>, QueueError> {
    unpack(packed, RUNS)
}

/// The runs of a piece, all of them and no others.
///
/// # Errors
/// When the content is something else.
pub(super) fn read_runs(content: &[u8], (first, count): (u32, u32)) -> Result<Vec<RunOutcome>, QueueError> {
    let damaged = QueueError::Damaged { what: RUNS };
    let runs: Vec<RunOutcome> = postcard::from_bytes(content).map_err(|_| damaged.clone())?;
    if runs.iter().map(|run| run.run).eq(first..first + count) { Ok(runs) } else { Err(damaged) }
}

#[cfg(test)]
mod tests {
    use shared::scenario::ValidScenario;
    use shared::simulation;

    use super::*;

    #[test]
    fn runs_come_out_as_they_went_in_and_others_are_refused() {
        let valid = ValidScenario::new(shared::example::lab_scenario()).unwrap();
        let runs: Vec<RunOutcome> = (1..3).map(|run| simulation::run(&valid, run, false)).collect();
        let packed = pack_runs(&runs).unwrap();
        let content = unpack_runs(&packed.packed).unwrap();
        assert_eq!(content, packed.content);
        assert_eq!(read_runs(&content, (1, 2)).unwrap(), runs);
        for others in [(0, 2), (1, 1), (1, 3)] {
            assert_eq!(read_runs(&content, others), Err(QueueError::Damaged { what: RUNS }));
        }
        for answer in [Answer::Here(packed.packed), Answer::Elsewhere("a".into()), Answer::Failed("no".into())] {
            assert_eq!(Answer::read(&answer.write()), Ok(answer));
        }
        assert!(Answer::read(b"\x07").is_err());
    }
}
