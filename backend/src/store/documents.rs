//! Documents: dated JSON values by key.

use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::units::Instant;

use super::StoreError;

/// What a document is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Collection {
    /// Decisions of the feedback loop.
    Decisions,
    /// Forecasts, by origin and series.
    Forecasts,
    /// Ensembles run by the loop, by origin.
    Runs,
    /// Reports of closed windows.
    Reports,
    /// Scenarios by content hash.
    Scenarios,
    /// Predicted cost by bin.
    PredictedCosts,
    /// Actual cost by bin.
    ActualCosts,
    /// Champion and challengers.
    Models,
    /// Known events, as they were given.
    Events,
    /// What of closed windows cost something else than expected.
    Anomalies,
    /// The newest outlook on budgets.
    Budgets,
    /// What searches found to be worth changing, by the start of what was predicted.
    Recommendations,
    /// What of that was accepted, by the id of the change.
    Acceptances,
    /// Bills as they were sent, as charges, by what was sent.
    Bills,
    /// What each bill is of, by the same key.
    BillScopes,
    /// What closed windows were predicted to cost and cost, in the finest groups.
    Variances,
    /// What was recommended and is not wanted, by the id of the change.
    Dismissals,
}

impl Collection {
    /// Every collection.
    pub const ALL: [Self; 17] = [
        Self::Decisions,
        Self::Forecasts,
        Self::Runs,
        Self::Reports,
        Self::Scenarios,
        Self::PredictedCosts,
        Self::ActualCosts,
        Self::Models,
        Self::Events,
        Self::Anomalies,
        Self::Budgets,
        Self::Recommendations,
        Self::Acceptances,
        Self::Bills,
        Self::BillScopes,
        Self::Variances,
        Self::Dismissals,
    ];

    /// What it is called in a database.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Decisions => "decisions",
            Self::Forecasts => "forecasts",
            Self::Runs => "runs",
            Self::Reports => "reports",
            Self::Scenarios => "scenarios",
            Self::PredictedCosts => "predicted_costs",
            Self::ActualCosts => "actual_costs",
            Self::Models => "models",
            Self::Events => "events",
            Self::Anomalies => "anomalies",
            Self::Budgets => "budgets",
            Self::Recommendations => "recommendations",
            Self::Acceptances => "acceptances",
            Self::Bills => "bills",
            Self::BillScopes => "bill_scopes",
            Self::Variances => "variances",
            Self::Dismissals => "dismissals",
        }
    }
}

/// One dated JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Unique within its collection.
    pub key: String,
    /// What instant it is about.
    pub at: Instant,
    /// The value, as JSON.
    pub body: String,
}

/// A value as a document.
///
/// # Errors
/// When the value cannot be JSON.
pub fn write_document(key: impl Into<String>, at: Instant, value: &impl Serialize) -> Result<Document, StoreError> {
    Ok(Document { key: key.into(), at, body: write_json(value)? })
}

/// A value as it is stored.
///
/// # Errors
/// When the value cannot be JSON.
pub(crate) fn write_json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Unreadable(error.to_string()))
}

/// The values of documents.
///
/// # Errors
/// When one of them is not of the type that is asked for.
pub fn read_documents<T: DeserializeOwned>(documents: &[Document]) -> Result<Vec<T>, StoreError> {
    documents.iter().map(Document::read).collect()
}

/// The values of documents of one kind, which is the first part of their keys.
///
/// # Errors
/// When one of them is not of the type that is asked for.
pub fn read_documents_of<T: DeserializeOwned>(documents: &[Document], kind: &str) -> Result<Vec<T>, StoreError> {
    documents.iter().filter(|document| document.key.split('/').next() == Some(kind)).map(Document::read).collect()
}

impl Document {
    /// The value.
    ///
    /// # Errors
    /// When it is not of the type that is asked for.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, StoreError> {
        serde_json::from_str(&self.body).map_err(|error| StoreError::Unreadable(format!("{}: {error}", self.key)))
    }
}
