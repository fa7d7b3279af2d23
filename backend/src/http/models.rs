//! `GET /v1/models` and `POST /v1/models/rollback`.

use actix_web::web::{Data, Json};
use shared::api::{JobKind, ModelList};
use shared::feedback::Decision;
use shared::forecast::season_bins;

use super::{Answer, App, Problem, jobs};
use crate::shadowing::roll_back;

pub(super) async fn rollback(app: Data<App>) -> Answer<Decision> {
    let decision = roll_back(&*app.store, &app.board).await?;
    let none = || Problem::conflict("there has been no champion before the present one");
    decision.map(Json).ok_or_else(none)
}

pub(super) async fn models(app: Data<App>) -> Answer<ModelList> {
    let champion = app.board.snapshot().champion;
    let latest = app.store.jobs(Some(JobKind::Retraining), 1).await?.pop();
    Ok(Json(ModelList {
        models: champion.map(|champion| champion.views(season_bins(app.config.bin))).unwrap_or_default(),
        retraining: latest.map(|stored| jobs::live(&app, stored.job)).filter(|job| !job.state.is_final()),
    }))
}
