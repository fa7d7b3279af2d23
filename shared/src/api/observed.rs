//! How much of the primary was observed, and what was impossible about it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::control_plane::{Anomaly, AnomalyKind, Folded};
use crate::units::Window;

/// What observations said in a window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ObservedView {
    /// Creates that need a node.
    pub creates: u64,
    /// Those of them whose node was observed; the others are placed by the policy. How long machines are paid is
    /// inferred from who was on them.
    pub placed: u64,
    /// Impossible facts that came in, by kind; they were left out.
    pub anomalies: Vec<AnomalyCount>,
}

/// Impossible facts of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AnomalyCount {
    /// What was impossible.
    pub kind: AnomalyKind,
    /// How many facts.
    pub count: u64,
    /// The request that the first of them names; none where replaying the window found them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

impl ObservedView {
    /// The creates of a window, and what was impossible about the facts that came in during it.
    ///
    /// `nodes_gone` counts placements that the replay found on machines that were gone.
    pub fn new(folded: &Folded, window: Window, nodes_gone: u64) -> Self {
        let (creates, placed) = folded.seen_in(window);
        let mut by_kind: BTreeMap<AnomalyKind, (u64, &str)> = BTreeMap::new();
        for Anomaly { kind, request, .. } in folded.anomalies.iter().filter(|found| window.contains(found.received)) {
            by_kind.entry(*kind).or_insert((0, request)).0 += 1;
        }
        let counted = |(kind, (count, request)): (AnomalyKind, (u64, &str))| AnomalyCount {
            kind,
            count,
            request: Some(request.to_owned()),
        };
        let mut anomalies: Vec<AnomalyCount> = by_kind.into_iter().map(counted).collect();
        if nodes_gone > 0 {
            anomalies.push(AnomalyCount { kind: AnomalyKind::NodeGone, count: nodes_gone, request: None });
        }
        Self { creates, placed, anomalies }
    }
}
