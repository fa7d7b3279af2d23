//! `GET /v1/models`.

use actix_web::web::{Data, Json, ServiceConfig};
use shared::api::{JobKind, ModelList, paths};
use shared::forecast::season_bins;

use super::{Answer, App, get, jobs, resource};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(resource(paths::MODELS).route(get().to(models)));
}

async fn models(app: Data<App>) -> Answer<ModelList> {
    let champion = app.board.snapshot().champion;
    let latest = app.store.jobs(Some(JobKind::Retraining), 1).await?.pop();
    Ok(Json(ModelList {
        models: champion.map(|champion| champion.views(season_bins(app.config.bin))).unwrap_or_default(),
        retraining: latest.map(|stored| jobs::live(&app, stored.job)).filter(|job| !job.state.is_final()),
    }))
}
