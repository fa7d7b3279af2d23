//! What is asked of workers, and under which names.

use serde::{Deserialize, Serialize};
use shared::scenario::ENGINE;

use super::QueueError;

/// Counts the forms that tasks and answers had: those of another form, or for another engine, are not taken.
const FORM: u32 = 1;

/// An ensemble becomes about so many pieces, as long as they have more than one run: enough for many workers to end together.
const PIECES: u32 = 64;

/// The most runs of a piece, so that little is done again when a worker dies.
const RUNS_MAX: u32 = 16;

/// One piece of work. Equal tasks have equal answers, whoever finds them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Task {
    /// Some runs of an ensemble, one after the other.
    Runs {
        /// The object that holds the scenario, JSON.
        scenario: String,
        /// The first of them.
        first: u32,
        /// How many.
        count: u32,
    },
}

/// A task under its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// BLAKE3 of what is asked, and of whom.
    pub(super) name: String,
    /// What is asked, JSON.
    pub(super) body: Vec<u8>,
    /// The runs that it is about: the first, and how many.
    pub(super) runs: (u32, u32),
}

/// The pieces of one ensemble.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pieces {
    /// What their names have in common.
    pub(super) group: String,
    pub(super) pieces: Vec<Piece>,
}

impl Task {
    /// What a message asks for.
    ///
    /// # Errors
    /// When it asks for nothing that is known.
    pub(super) fn read(body: &[u8]) -> Result<Self, QueueError> {
        serde_json::from_slice(body).map_err(|_| QueueError::Damaged { what: "a piece" })
    }
}

impl Pieces {
    /// Cuts an ensemble of so many runs. Whoever asks for the same cuts it in the same way, so that answers are found again.
    pub(super) fn of_ensemble(scenario: &str, runs: u32) -> Self {
        let size = runs.div_ceil(PIECES).clamp(1, RUNS_MAX);
        let piece = |first: u32| {
            let count = size.min(runs - first);
            let task = Task::Runs { scenario: scenario.to_owned(), first, count };
            let body = serde_json::to_vec(&task).expect("a task is numbers and texts");
            Piece { name: hash(&[b"shadowplane piece", audience().as_bytes(), &body]), body, runs: (first, count) }
        };
        let pieces = (0..runs).step_by(size as usize).map(piece).collect();
        Self { group: hash(&[b"shadowplane ensemble in pieces", audience().as_bytes(), scenario.as_bytes()]), pieces }
    }
}

/// Who is asked: programs that understand this form and come to the same runs.
pub(super) fn audience() -> String {
    format!("form{FORM}-engine{ENGINE}")
}

/// BLAKE3 of parts, each told from the next.
fn hash(parts: &[&[u8]]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_run_is_in_one_piece_and_every_piece_has_a_name_of_its_own() {
        for runs in [1, 2, 64, 65, 100, 1_000, 10_000] {
            let Pieces { pieces, .. } = Pieces::of_ensemble("abc", runs);
            let all: Vec<u32> = pieces.iter().flat_map(|piece| piece.runs.0..piece.runs.0 + piece.runs.1).collect();
            assert_eq!(all, (0..runs).collect::<Vec<_>>());
            let names: BTreeSet<&str> = pieces.iter().map(|piece| piece.name.as_str()).collect();
            assert_eq!(names.len(), pieces.len());
            for piece in &pieces {
                let (first, count) = piece.runs;
                assert_eq!(Task::read(&piece.body), Ok(Task::Runs { scenario: "abc".to_owned(), first, count }));
            }
        }
        let (one, other) = (Pieces::of_ensemble("abc", 3), Pieces::of_ensemble("abd", 3));
        assert_eq!(one, Pieces::of_ensemble("abc", 3));
        assert!(one.group != other.group && one.pieces[0].name != other.pieces[0].name);
    }
}
