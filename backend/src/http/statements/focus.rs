//! `GET /v1/reports/focus`: what a window cost, as charges of FOCUS 1.2.

use actix_web::HttpResponse;
use actix_web::web::{self, Data};
use shared::allocation::{FocusSettings, Resolution, StatementSettings, focus_groupings, focus_rows, suits_focus};
use shared::input::write_table;

use super::asked::Ask;
use super::{few, known, metering, settings};
use crate::http::query::Query;
use crate::http::{App, Problem};

/// Who provides it all where nobody is named.
const PROVIDER: &str = "Shadowplane";

pub(in crate::http) async fn focus(app: Data<App>, Query(ask): Query<Ask>) -> Result<HttpResponse, Problem> {
    if ask.by.is_some() {
        return Err(Problem::field("by", "has no effect on charges of FOCUS, which have columns of their own"));
    }
    let known = known(&app).await?;
    let (settings, shared) = settings(&ask, known, focus_groupings(), Resolution::Day)?;
    if !suits_focus(settings.resolution) {
        let message = "a charge of FOCUS lies in one billing period, which is a month; expected hour, day or month";
        return Err(Problem::field("resolution", message));
    }
    let (metering, _) = metering(&app, settings.window, known).await?;
    let provider = ask.provider.unwrap_or_else(|| PROVIDER.to_owned());
    let written = web::block(move || {
        let settings = StatementSettings { shared: shared.of(metering.metering())?, ..settings };
        let statement = metering.statement(settings).map_err(|error| Problem::conflict(error.to_string()))?;
        few(statement.rows.len())?;
        let rows = focus_rows(&statement, metering.metering(), &FocusSettings { provider });
        let rows = rows.map_err(|error| Problem::conflict(error.to_string()))?;
        Ok::<_, Problem>(write_table(rows.into_iter()))
    });
    let text = written.await.map_err(|_| Problem::broken())??;
    Ok(HttpResponse::Ok().content_type("text/csv; charset=utf-8").body(text))
}
