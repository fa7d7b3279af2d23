//! Flavors and ends of batches, token by token.

use serde::Serialize;

use crate::stream::batches::{Batch, batches};
use crate::stream::estimate::{Source, StreamSettings};
use crate::stream::mixture::FlavorMixture;
use crate::stream::next_flavor::{NextFlavor, Ngram};
use crate::stream::recency::{Recency, Weighing, likeliest};
use crate::stream::templates::templates;
use crate::stream::tokens::{Beginning, token_count, tokens};
use crate::units::{Duration, Instant};

/// What says which token comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FlavorModelName {
    /// How often each came.
    Unigram,
    /// How often each came after the one before.
    Bigram,
    /// What streams are sampled from: the mixture over the templates of the forecast.
    Sampled,
    /// Several contexts of every batch that was seen, mixed.
    Direct,
}

/// One model over all tokens of the test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TokenScores {
    /// Which.
    pub model: FlavorModelName,
    /// Mean negative logarithm of the chance of what came, in nats a token.
    pub nll: f64,
    /// The share of tokens that were not the likeliest one.
    pub top1_error: f64,
}

/// All models over the same tokens.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlavorScores {
    /// Creates and ends of batches.
    pub tokens: u64,
    /// Flavors, and one for the end.
    pub classes: usize,
    /// After how long a batch counts for half in all but the first two.
    pub half_life: Duration,
    /// How much more one of the forecast's weekday counts, in times.
    pub same_weekday: u32,
    /// One a model.
    pub results: Vec<TokenScores>,
}

/// Scores the tokens of the batches that begin in `test` from `origin` on, in the order of the batches' first creates.
///
/// Models see the sources, which end at the origin, and of the test only what came before a token in its own batch.
/// `bins` bins of length `bin` are what is forecast.
pub fn score_flavors(
    sources: &[Source],
    test: &Source,
    origin: Instant,
    (bin, bins): (Duration, usize),
    flavors: usize,
    settings: &StreamSettings,
) -> FlavorScores {
    let known: Vec<Batch> = sources.iter().flat_map(batches).collect();
    let asked: Vec<Batch> = batches(test).into_iter().filter(|batch| batch.first >= origin).collect();
    let recency = settings.recency.unwrap_or_else(|| likeliest(&known, origin));
    let Recency { half_life, same_weekday } = recency;
    let weighing = |at| Weighing::new(recency, at, bin, bins);
    let of = |model: &dyn NextFlavor, name| score(model, name, &asked, flavors);
    let gates = FlavorMixture::gates(&known, flavors, weighing, origin, settings.templates_max);
    let table = templates(known.clone(), &weighing(origin), settings.templates_max);
    let results = vec![
        of(&Ngram::fit(&known, flavors, false), FlavorModelName::Unigram),
        of(&Ngram::fit(&known, flavors, true), FlavorModelName::Bigram),
        of(&FlavorMixture::table(&table, &gates, flavors, |_| 1.0), FlavorModelName::Sampled),
        of(&FlavorMixture::fit(&known, flavors, weighing, origin), FlavorModelName::Direct),
    ];
    FlavorScores { tokens: token_count(asked.iter()), classes: flavors + 1, half_life, same_weekday, results }
}

fn score(model: &dyn NextFlavor, name: FlavorModelName, batches: &[Batch], flavors: usize) -> TokenScores {
    let (mut nats, mut wrong, mut count) = (0.0, 0_u64, 0_u64);
    for batch in batches {
        let mut beginning = Beginning::default();
        for class in tokens(&batch.creates, flavors) {
            let chances = model.chances(batch.first, &beginning);
            // The first of equal ones.
            let likeliest =
                (0..chances.len()).reduce(|best, next| if chances[next] > chances[best] { next } else { best });
            nats -= libm::log(chances[class as usize]);
            wrong += u64::from(likeliest != Some(class as usize));
            count += 1;
            beginning.push(class);
        }
    }
    let mean = |sum: f64| sum / count.max(1) as f64;
    TokenScores { model: name, nll: mean(nats), top1_error: mean(wrong as f64) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{FlavorIndex, TenantIndex};

    /// Half, and a quarter each for what comes next.
    struct Fixed;

    impl NextFlavor for Fixed {
        fn chances(&self, _: Instant, _: &Beginning) -> Vec<f64> {
            vec![0.5, 0.25, 0.25]
        }
    }

    #[test]
    fn every_token_and_the_end_are_asked() {
        let first = Instant::from_micros(0);
        let creates = vec![(FlavorIndex(0), 2), (FlavorIndex(1), 1)];
        let batch = Batch { tenant: TenantIndex(0), first, last: first, creates };
        let scores = score(&Fixed, FlavorModelName::Unigram, &[batch], 2);
        // Twice the half, once each quarter: 1 + 1 + 2 + 2 bits.
        assert!((scores.nll - 6.0 * core::f64::consts::LN_2 / 4.0).abs() < 1e-12, "{}", scores.nll);
        assert_eq!(scores.top1_error, 0.5);
    }
}
