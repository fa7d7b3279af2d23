//! `GET /v1/calibrations`.

use actix_web::web::{Data, Json, ServiceConfig};
use shared::api::{CalibrationList, NotCalibrated, NotReady, paths};

use super::{Answer, App, get, resource};
use crate::shadowing::stored_calibrations;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(resource(paths::CALIBRATIONS).route(get().to(calibrations)));
}

async fn calibrations(app: Data<App>) -> Answer<CalibrationList> {
    let mut list = stored_calibrations(&*app.store).await?.unwrap_or_default();
    let none = |reason: &str, message: &str| {
        Some(NotReady { reason: reason.to_owned(), message: message.to_owned(), bins_missing: None })
    };
    if list.until.is_none() {
        list.not_observed = NotCalibrated::all();
        list.not_ready = none("no_day_closed", "the shadow is calibrated when a day closes");
    } else if list.service_times.is_empty() {
        list.not_ready =
            none("no_module_times", "no time in a module was observed; POST some as module_ms to /v1/observations");
    }
    Ok(Json(list))
}
