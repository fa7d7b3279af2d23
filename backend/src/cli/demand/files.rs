//! Logs of requests and tables beside them, read with the name of their file.

use shared::input::{InputError, InputProblems};
use shared::request::{Catalogue, RequestLog, RequestLogBuilder, read_requests};
use shared::trace::csv::Kind;
use shared::units::Instant;

use crate::cli::CliError;
use crate::cli::start::Start;
use crate::{input, output};

/// Reads one log of requests.
///
/// # Errors
/// At the first wrong line, and when there is no request at all.
pub(in crate::cli) fn read_log(path: &str, catalogue: &Catalogue) -> Result<RequestLog, CliError> {
    read_log_beside(path, catalogue, None, |first, _| first)
}

/// Reads one log of requests beside what lives at `begins`, given the instants of its first and its last request.
///
/// # Errors
/// With every wrong line, and when there is no request at all.
pub(in crate::cli) fn read_log_beside(
    path: &str,
    catalogue: &Catalogue,
    start: Option<&Start>,
    begins: impl FnOnce(Instant, Instant) -> Instant,
) -> Result<RequestLog, CliError> {
    let text = input::read_text(path)?;
    let mut builder = RequestLogBuilder::new(catalogue.clone());
    read_requests(&text, &mut builder).map_err(CliError::all_in_file(input::name(path)))?;
    if let Some(((file, _), start)) = start.and_then(|start| Some((start.log()?, start))) {
        let at = begins(builder.first().unwrap_or_default(), builder.last().unwrap_or_default());
        builder.stand(at, start.living(at)).map_err(CliError::in_file(file))?;
    }
    let log = builder.finish().map_err(CliError::in_file(input::name(path)))?;
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
pub(in crate::cli) fn read_table<T, E: Into<InputProblems>>(
    path: Option<&str>,
    kind: Kind,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Result<Option<T>, CliError> {
    let Some(path) = path else { return Ok(None) };
    read(&input::read_text(path)?).map(Some).map_err(CliError::in_table(input::name(path), kind))
}
