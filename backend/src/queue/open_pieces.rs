//! Which pieces of an ensemble have no answer yet, and what came of the others.

use std::collections::BTreeMap;

use shared::simulation::RunOutcome;

use super::task::{Piece, Pieces};

/// The pieces of an ensemble; each counts once, however often it is answered.
pub(super) struct OpenPieces {
    open: BTreeMap<String, Piece>,
    runs: Vec<RunOutcome>,
}

impl OpenPieces {
    /// All of them.
    pub(super) fn new(pieces: Pieces) -> Self {
        let open = pieces.pieces.into_iter().map(|piece| (piece.name.clone(), piece)).collect();
        Self { open, runs: Vec::new() }
    }

    /// The piece of this name that has no answer.
    pub(super) fn get(&self, name: &str) -> Option<&Piece> {
        self.open.get(name)
    }

    /// Those that have no answer.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Piece> {
        self.open.values()
    }

    /// Takes the runs of a piece; how many those are, none where it has an answer already.
    pub(super) fn take(&mut self, name: &str, runs: Vec<RunOutcome>) -> u32 {
        let Some(piece) = self.open.remove(name) else { return 0 };
        self.runs.extend(runs);
        piece.runs.1
    }

    /// Whether all of them have one.
    pub(super) fn is_done(&self) -> bool {
        self.open.is_empty()
    }

    /// The runs of all that have one.
    pub(super) fn into_runs(self) -> Vec<RunOutcome> {
        self.runs
    }
}

#[cfg(test)]
mod tests {
    use shared::scenario::ValidScenario;
    use shared::simulation::{self, Outcome};

    use super::*;

    #[test]
    fn a_piece_that_is_answered_twice_counts_once() {
        let valid = ValidScenario::new(shared::example::lab_scenario()).unwrap();
        let run = |run| vec![simulation::run(&valid, run, false)];
        let pieces = Pieces::of_ensemble("abc", 2);
        let [first, second] = [0, 1].map(|at| pieces.pieces[at].name.clone());
        let mut open = OpenPieces::new(pieces);
        assert_eq!((open.take(&second, run(1)), open.take(&second, run(1)), open.is_done()), (1, 0, false));
        assert_eq!(open.iter().map(|piece| &piece.name).collect::<Vec<_>>(), [&first]);
        assert_eq!((open.take(&first, run(0)), open.is_done()), (1, true));
        let alone = Outcome::collect([run(0), run(1)].concat());
        assert_eq!(Outcome::collect(open.into_runs()), alone);
    }
}
