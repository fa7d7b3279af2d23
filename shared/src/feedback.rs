//! Feedback: when to retrain, when to promote, and what to calibrate. Returns decisions, never acts.
//!
//! Demand is watched hour by hour with a change detector, cost day by day with a slow error: the specification's
//! accuracy remembers too little to tell a bad day from a model that has become wrong.

mod anomaly;
mod calibration;
mod correction;
mod decision;
mod drift;
pub mod ledger;
mod promotion;
mod triggers;

pub use anomaly::{
    AnomalyCase, AnomalyReport, Band, BandSource, CostAnomaly, FirstInvolved, LEVEL_PERCENT, NoBand, NotJudged,
    PastErrors, anomalies,
};
pub use calibration::{
    BOOTS_MIN, BootCalibration, CalibrationVerdict, Calibrations, OverCommitCalibration, SERVICE_TIMES_MIN, SHARES_MIN,
    ServiceCalibration,
};
pub use correction::{
    AmountBand, ComparedSeries, CorrectedPrediction, CorrectedSeries, CorrectionScores, CorrectionSettings,
    CorrectionVerdict, Figures, PairedDifference, RESAMPLES, ScoredSeries, SeriesCorrection, WindowErrors,
    compare_ledgers, corrected, corrections, newest_corrected, paired_difference, score_correction,
};
pub use decision::{Decision, Signal, Verdict};
pub use drift::DemandCusum;
pub use promotion::{Measure, PromotionSettings, promotion};
pub use triggers::{Circumstances, Demanded, TriggerMemory, TriggerSettings, Triggers};
