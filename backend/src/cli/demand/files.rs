//! Logs of requests and tables beside them, read with the name of their file.

use shared::input::InputError;
use shared::request::{Catalogue, RequestLog, RequestLogBuilder, read_requests};
use shared::trace::csv::Kind;

use crate::cli::CliError;
use crate::{input, output};

/// Reads one log of requests.
///
/// # Errors
/// At the first wrong line, and when there is no request at all.
pub(in crate::cli) fn read_log(path: &str, catalogue: &Catalogue) -> Result<RequestLog, CliError> {
    let text = input::read_text(path)?;
    let mut builder = RequestLogBuilder::new(catalogue.clone());
    let log = read_requests(&text, &mut builder).and_then(|()| builder.finish());
    let log = log.map_err(CliError::in_file(input::name(path)))?;
    if log.requests.is_empty() {
        let message = if log.orphans == 0 {
            "holds no request; write one NDJSON line a request, or see `shadowplane import`".to_owned()
        } else {
            let orphans = output::counted(log.orphans, "request");
            format!("holds only {orphans} to delete or resize what it never creates; bring the creates before them")
        };
        return Err(CliError::in_file(input::name(path))(InputError::whole(message)));
    }
    Ok(log)
}

/// What `read` makes of the table at `path`; nothing where no path is given.
pub(in crate::cli) fn read_table<T>(
    path: Option<&str>,
    kind: Kind,
    read: impl FnOnce(&str) -> Result<T, InputError>,
) -> Result<Option<T>, CliError> {
    let Some(path) = path else { return Ok(None) };
    read(&input::read_text(path)?).map(Some).map_err(CliError::in_table(input::name(path), kind))
}
