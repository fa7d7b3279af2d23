//! `GET /v1/calibrations`.

use actix_web::web::{Data, Json};
use shared::api::{CalibrationList, NotCalibrated, NotReady};
use shared::feedback::Calibrations;

use super::{Answer, App};
use crate::shadowing::stored_calibrations;

pub(super) async fn calibrations(app: Data<App>) -> Answer<CalibrationList> {
    let mut list = stored_calibrations(&*app.store).await?.unwrap_or_default();
    if list.until.is_none() {
        list.not_observed = NotCalibrated::beside(&list.calibrations);
        list.not_ready = Some(NotReady {
            reason: "no_day_closed".to_owned(),
            message: "the shadow is calibrated when a day closes".to_owned(),
            bins_missing: None,
        });
    } else if list.calibrations == Calibrations::default() {
        list.not_ready = Some(NotReady {
            reason: "nothing_observed".to_owned(),
            message: "nothing was observed that tells; POST what is known of each create to /v1/observations"
                .to_owned(),
            bins_missing: None,
        });
    }
    Ok(Json(list))
}
