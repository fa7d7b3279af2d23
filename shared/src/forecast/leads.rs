//! Residuals of a history by how far ahead they were forecast.

use super::residuals::{Band, RESIDUAL_DAYS};

/// Origins a day that residuals are taken at.
const ORIGINS_A_DAY: usize = 24;

/// Leads 0, 1–2, 3–6, 7–14, …: as many groups as it takes to double.
pub(super) fn group(lead: usize) -> usize {
    (lead + 1).ilog2() as usize
}

/// How many groups the leads of a day fall into.
pub(super) fn groups(season: usize) -> usize {
    group(season - 1) + 1
}

/// The origins of the last weeks of a history of two days or more.
pub(super) fn origins(counts: &[f64], season: usize) -> impl Iterator<Item = usize> + use<> {
    let first = season.max(counts.len().saturating_sub(RESIDUAL_DAYS * season));
    (first..counts.len()).step_by((season / ORIGINS_A_DAY).max(1))
}

/// Shows every (number of the origin, group of the lead, actual count) of leads up to a day.
pub(super) fn each(counts: &[f64], season: usize, mut seen: impl FnMut(usize, usize, f64)) {
    for (number, origin) in origins(counts, season).enumerate() {
        for (lead, &count) in counts[origin..].iter().take(season).enumerate() {
            seen(number, group(lead), count);
        }
    }
}

/// The band of a lead, of those by group; leads beyond them have the last one's.
pub(super) fn band(bands: &[Band], lead: usize) -> Band {
    bands[group(lead).min(bands.len() - 1)]
}
