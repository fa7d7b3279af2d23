//! How much each context counts.

use super::{CONTEXTS, PLACES};
use crate::stream::FlavorGates;

/// Steps of how much was seen of a context, in batches of now.
pub(super) const SEEN: [f64; 6] = [1e-9, 0.3, 2.0, 10.0, 50.0, 500.0];
/// Steps from what is assumed to the likeliest mixture.
const STEPS: u32 = 30;
/// What is assumed of each context, from none to all of the creates so far: the exacter, the more it says.
const ASSUMED: [f64; CONTEXTS] = [0.01, 0.05, 0.1, 0.3, 0.1, 1.0];
/// So many tokens count for what is assumed.
const ASSUMED_TOKENS: f64 = 1.0;
/// What the largest weight of a place is rounded to.
const LARGEST: f64 = 10_000.0;

/// Weights of each context by place and by how much was seen of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Gates([[[f64; SEEN.len() + 1]; CONTEXTS]; PLACES]);

/// One token that came.
pub(super) struct Asked {
    pub(super) place: usize,
    /// How much was seen of each context, as steps.
    pub(super) seen: [usize; CONTEXTS],
    /// The chance that each context gave it.
    pub(super) chances: [f64; CONTEXTS],
    pub(super) weight: f64,
}

impl Gates {
    pub(super) fn assumed() -> Self {
        Self([ASSUMED.map(|gate| [gate; SEEN.len() + 1]); PLACES])
    }

    /// The weights of all contexts for one token.
    pub(super) fn of_token(&self, place: usize, seen: &[usize; CONTEXTS]) -> [f64; CONTEXTS] {
        core::array::from_fn(|i| self.0[place][i][seen[i]])
    }

    /// Gates under which tokens are the most likely, by minorisation: each weight becomes what it explained over what it
    /// was asked, Σ r ÷ Σ 1/W, which never makes the tokens less likely (Hunter and Lange 2004). A token's worth of each
    /// weight stays as it is assumed, for what was hardly ever asked.
    pub(super) fn likeliest(self, asked: &[Asked]) -> Self {
        let mut gates = self.0;
        for _ in 0..STEPS {
            let mut explained = self.0.map(|place| place.map(|context| context.map(|gate| gate * ASSUMED_TOKENS)));
            let mut questions = self.0.map(|place| place.map(|context| context.map(|_| ASSUMED_TOKENS)));
            for Asked { place, seen, chances, weight } in asked {
                let of = |i: usize| gates[*place][i][seen[i]];
                let all: f64 = (0..CONTEXTS).map(of).sum();
                let right: f64 = (0..CONTEXTS).map(|i| of(i) * chances[i]).sum();
                for i in 0..CONTEXTS {
                    explained[*place][i][seen[i]] += weight * of(i) * chances[i] / right;
                    questions[*place][i][seen[i]] += weight / all;
                }
            }
            gates = core::array::from_fn(|place| {
                core::array::from_fn(|i| core::array::from_fn(|s| explained[place][i][s] / questions[place][i][s]))
            });
        }
        Self(gates)
    }

    /// In whole numbers, which are the same everywhere.
    pub(super) fn rounded(&self, batch_weight: u32) -> FlavorGates {
        let place = |contexts: &[[f64; SEEN.len() + 1]; CONTEXTS]| {
            let largest = contexts.iter().flatten().fold(f64::MIN_POSITIVE, |largest, &gate| largest.max(gate));
            contexts.map(|steps| steps.map(|gate| (gate / largest * LARGEST + 0.5) as u16))
        };
        FlavorGates { batch_weight, gates: core::array::from_fn(|i| place(&self.0[i])) }
    }

    /// What was rounded, ready to be asked; where all of a place are zero, the last context is drawn.
    pub(super) fn of(rounded: &FlavorGates) -> Self {
        Self(rounded.gates.map(|place| place.map(|context| context.map(f64::from))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_right_counts_for_more() {
        let asked: Vec<Asked> = (0..200)
            .map(|_| Asked { place: 2, seen: [3; CONTEXTS], chances: [0.5, 0.1, 0.1, 0.1, 0.1, 0.1], weight: 1.0 })
            .collect();
        let gates = Gates::assumed().likeliest(&asked);
        let of_token = gates.of_token(2, &[3; CONTEXTS]);
        assert!(of_token[0] > 3.0 * of_token[1..].iter().sum::<f64>(), "{of_token:?}");
        assert_eq!(gates.of_token(1, &[3; CONTEXTS]), ASSUMED, "nobody asked there");
        let rounded = gates.rounded(100);
        assert_eq!(rounded.gates[2][0][3], 10_000);
        assert_eq!(Gates::of(&rounded).of_token(1, &[3; CONTEXTS])[5], 10_000.0);
    }
}
