//! Known events, and whether their tenants are known too.

use std::collections::BTreeSet;

use shared::features::{KnownEvent, TimeZone};
use shared::input::InputError;
use shared::units::Window;

use crate::cli::CliError;
use crate::{input, known_events, output};

/// The known events of a file, those of a calendar as often as they touch a window, and a warning for each that moves nothing because nobody is called so.
pub(super) fn read_events(
    path: Option<&str>,
    zone: &TimeZone,
    window: Window,
    tenants: &BTreeSet<&str>,
) -> Result<(Vec<KnownEvent>, Vec<String>), CliError> {
    let Some(path) = path else { return Ok((Vec::new(), Vec::new())) };
    let numbered = known_events::read(&input::read_text(path)?, zone, window);
    let numbered = numbered.map_err(CliError::in_file(input::name(path)))?;
    let warning = |(line, name): (u64, &str)| {
        let message = format!("{}; the event moves nothing", unknown_tenant(name, tenants));
        let file = input::name(path);
        format!("{file}: {}", InputError::field(line, "tenant", message))
    };
    let warnings: Vec<String> = nobodys(&numbered, tenants).map(warning).collect();
    warnings.iter().for_each(|warning| output::warn(warning));
    Ok((numbered.into_iter().map(|(_, event)| event).collect(), warnings))
}

/// The lines of events for tenants that are not among `tenants`, and the names that they give.
pub(in crate::cli) fn nobodys<'e>(
    events: &'e [(u64, KnownEvent)],
    tenants: &BTreeSet<&str>,
) -> impl Iterator<Item = (u64, &'e str)> {
    let named = events.iter().filter_map(|(line, event)| Some((*line, event.tenant.as_deref()?)));
    named.filter(|(_, name)| !tenants.contains(name))
}

/// Who was named, and who could have been.
pub(in crate::cli) fn unknown_tenant(name: &str, tenants: &BTreeSet<&str>) -> String {
    let expected = match tenants.len() {
        0 => "a plain series has no tenants: expected nothing here".to_owned(),
        _ => format!("expected {}, or nothing where it is everyone's", output::some(tenants.iter().copied())),
    };
    format!("`{}` is the tenant of no request; {expected}", output::in_line(name))
}
