//! Forecasts of counts: quantiles per bin, each with the level it claims.

/// The levels of every forecast's quantiles: bands of 50, 80 and 90 % and the median.
pub const LEVELS: [f64; 7] = [0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95];
