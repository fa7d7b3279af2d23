//! The answer of OpenCost's `/allocation` API: what is read of it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::units::{Instant, Window};

/// The whole answer.
#[derive(Deserialize)]
pub(super) struct Answer {
    pub(super) code: Option<u32>,
    message: Option<String>,
    error: Option<String>,
    /// The allocations by name, for each step of the window; null where a step has none.
    pub(super) data: Option<Vec<Option<BTreeMap<String, Allocation>>>>,
}

/// What one workload cost in one step; numbers that OpenCost could not compute are null.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Allocation {
    pub(super) name: Option<String>,
    pub(super) properties: Option<Properties>,
    pub(super) window: Window,
    pub(super) start: Option<Instant>,
    pub(super) end: Option<Instant>,
    pub(super) cpu_core_hours: Option<f64>,
    pub(super) cpu_cost: Option<f64>,
    pub(super) cpu_cost_adjustment: Option<f64>,
    pub(super) gpu_hours: Option<f64>,
    pub(super) gpu_cost: Option<f64>,
    pub(super) gpu_cost_adjustment: Option<f64>,
    pub(super) network_cost: Option<f64>,
    pub(super) network_cost_adjustment: Option<f64>,
    pub(super) load_balancer_cost: Option<f64>,
    pub(super) load_balancer_cost_adjustment: Option<f64>,
    pub(super) pv_byte_hours: Option<f64>,
    pub(super) pv_cost: Option<f64>,
    pub(super) pv_cost_adjustment: Option<f64>,
    pub(super) ram_byte_hours: Option<f64>,
    pub(super) ram_cost: Option<f64>,
    pub(super) ram_cost_adjustment: Option<f64>,
    pub(super) shared_cost: Option<f64>,
    pub(super) external_cost: Option<f64>,
    pub(super) total_cost: Option<f64>,
}

/// What the workload is.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Properties {
    pub(super) cluster: Option<String>,
    pub(super) controller: Option<String>,
    pub(super) controller_kind: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) pod: Option<String>,
    #[serde(rename = "providerID")]
    pub(super) provider_id: Option<String>,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) namespace_labels: BTreeMap<String, String>,
}

impl Answer {
    /// What OpenCost says went wrong.
    pub(super) fn message(&self) -> &str {
        self.message.as_deref().or(self.error.as_deref()).unwrap_or("it says no more")
    }
}
