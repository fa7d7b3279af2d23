//! Quotes: the order, and the answer.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::FixView;
use crate::explanation::{ExplanationError, explain_watched};
use crate::quote::{Quote, Quoted};
use crate::units::Duration;

/// What to quote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuoteOrder {
    /// The requests, as in a request log, that need not say everything: without `op` one is a create, without `class` it is
    /// about compute, without `at` it is made at once, without `id` and `resource` it is numbered; `count` makes so many of
    /// it.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub requests: Vec<Map<String, Value>>,
    /// Over how long they are paid for, with a unit, such as `12h` or `7d`; 30 days unless said.
    #[serde(default)]
    pub length: Option<Duration>,
    /// Whether to look for what would let in those that are refused, which takes many more runs.
    #[serde(default)]
    pub fixes: bool,
}

/// What requests would get, and what would have let in those that get nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuoteView {
    /// The quote.
    #[serde(flatten)]
    pub quote: Quote,
    /// The cheapest change that lets in each of the first requests that got nothing, where it was looked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fixes: Vec<QuoteFix>,
}

/// What would let a request in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuoteFix {
    /// The id of the request.
    pub request: String,
    /// The change; none where none was found.
    pub fix: Option<FixView>,
    /// How many changes were tried.
    pub tried: u32,
}

/// So many requests that got nothing are looked into: what lets one in lets in others like it.
const FIXES_MAX: usize = 3;

impl QuoteView {
    /// A quote without looking for fixes.
    pub fn without_fixes(quoted: Quoted) -> Self {
        Self { quote: quoted.quote, fixes: Vec::new() }
    }

    /// A quote with the cheapest changes that let in the first requests that got nothing: one of each tenant and flavor.
    /// `go_on` is asked before each change that is tried, with how many were.
    ///
    /// # Errors
    /// When it shall not go on.
    pub fn with_fixes(quoted: Quoted, go_on: &mut dyn FnMut(u32) -> bool) -> Result<Self, ExplanationError> {
        let Quoted { quote, valid, positions } = quoted;
        let mut fixes: Vec<QuoteFix> = Vec::new();
        let mut seen = BTreeSet::new();
        for (&position, line) in positions.iter().zip(&quote.requests) {
            let alike = (line.operation, &line.tenant, &line.flavor);
            if !line.gets_nothing() || fixes.len() == FIXES_MAX || !seen.insert(alike) {
                continue;
            }
            let explanation = explain_watched(&valid, 0, position, go_on)?;
            let fix = explanation.fix.map(|fix| FixView::new(valid.scenario(), fix));
            fixes.push(QuoteFix { request: line.id.clone(), fix, tried: explanation.tried });
        }
        Ok(Self { quote, fixes })
    }
}
