//! `GET /v1/recommendations/{id}/export`: what another tool would carry it out with.

use actix_web::web::{Data, Json, Path};
use serde::Deserialize;
use shared::api::{ExportedFile, RecommendationExport, SavedScenario};
use shared::scenario::{Scenario, ValidScenario};

use super::known;
use crate::http::query::Query;
use crate::http::{Answer, App, Problem};
use crate::manifests::{Exported, karpenter};
use crate::store::Collection;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Ask {
    tool: Tool,
}

/// What would carry it out.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Tool {
    /// NodePools of Karpenter.
    Karpenter,
    /// Patches of such NodePools.
    Kubectl,
}

pub(in crate::http) async fn export(
    app: Data<App>,
    id: Path<String>,
    Query(Ask { tool }): Query<Ask>,
) -> Answer<RecommendationExport> {
    let (_, recommendation) = known(&app, &id).await?;
    let Some(document) = app.store.get(Collection::Scenarios, "current".to_owned()).await? else {
        return Err(Problem::conflict("nothing is predicted yet, and so nothing is known of the fleet"));
    };
    let SavedScenario { scenario, .. } = document.read()?;
    // Settings may have changed since the search: then its edits mean other groups, or none.
    let changed = Scenario { edits: recommendation.edits.clone(), ..scenario };
    let changed = ValidScenario::of_accepted(changed).map_err(|problems| {
        Problem::conflict(format!("it does not go with the settings in force ({problems}); search again"))
    })?;
    let mut exported = Exported::default();
    match tool {
        Tool::Karpenter => karpenter::export(&recommendation, changed.original(), &mut exported),
        Tool::Kubectl => karpenter::export_patches(&recommendation, changed.original(), &mut exported),
    }
    let Exported { files, left_out } = exported;
    Ok(Json(RecommendationExport {
        files: files.into_iter().map(|file| ExportedFile { name: file.name, content: file.content }).collect(),
        left_out: left_out.into_iter().map(|left_out| left_out.reason).collect(),
    }))
}
