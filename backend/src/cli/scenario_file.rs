//! Scenarios of files and share links.

use shared::api::SavedScenario;
use shared::link::{LINK_ROUTE, Limits, LinkError, NEWEST_VERSION, SharedScenario};
use shared::scenario::{ENGINE, ValidScenario, changes_since};

use super::CliError;
use crate::{input, output};

/// What a source of a scenario holds.
pub(super) enum Contents {
    /// What a share link or the Lab's file holds.
    Shared(Box<SharedScenario>),
    /// Text that is to be JSON.
    Json(String),
}

/// Characters of the shortest share link, and more than any name has that stands by itself.
const LINK_CHARACTERS_MIN: usize = 60;

/// What `source` holds: a share link itself, or a file (`-` is stdin) with a link, with the Lab's bytes or with JSON.
///
/// # Errors
/// When it cannot be read, or is a link that cannot be opened.
pub(super) fn contents(source: &str) -> Result<Contents, CliError> {
    if let Some((_, link)) = source.split_once(LINK_ROUTE) {
        return opened("the link", SharedScenario::from_link(link));
    }
    let bytes = input::read_bytes(source)?;
    // The bytes of a scenario begin with their version; text begins with no such number.
    if bytes.first().is_some_and(|first| (1..=NEWEST_VERSION).contains(first)) {
        return opened(input::name(source), SharedScenario::from_bytes(&bytes, &Limits::OWN));
    }
    let text = input::text_of(source, bytes)?;
    let link = text.split_once(LINK_ROUTE).map_or(text.trim(), |(_, link)| link);
    if text.contains(LINK_ROUTE) || is_base64url(link) {
        return opened(input::name(source), SharedScenario::from_link(link));
    }
    Ok(Contents::Json(text))
}

/// The scenario that `source` holds, with the digest that was saved with it.
///
/// # Errors
/// As [`contents`], and when it is no scenario: with the field.
pub(super) fn read_scenario(source: &str) -> Result<SavedScenario, CliError> {
    let name = if source.contains(LINK_ROUTE) { "the link" } else { input::name(source) };
    read_as_made(source).map(|saved| for_this_engine(saved, name))
}

/// A scenario that an older engine made, for this one, which is said on stderr.
pub(super) fn for_this_engine(mut saved: SavedScenario, name: &str) -> SavedScenario {
    let made_for = saved.scenario.engine;
    if made_for < ENGINE {
        saved.scenario.engine = ENGINE;
        output::warn(&format!(
            "{name} was made for engine {made_for}, and is run by engine {ENGINE}, whose outcome may be another: it {}",
            changes_since(made_for).join("; ")
        ));
    }
    saved
}

fn read_as_made(source: &str) -> Result<SavedScenario, CliError> {
    match contents(source)? {
        Contents::Shared(shared) => Ok(saved(*shared)),
        Contents::Json(text) => {
            let saved = SavedScenario::from_json(&text).map_err(CliError::all_in_file(input::name(source)))?;
            let Err(too_much) = Limits::OWN.check(&saved.scenario) else { return Ok(saved) };
            // What is wrong with it says more than that it is too large.
            let wrong = ValidScenario::new(saved.scenario).err().map(|problems| problems.to_string());
            let message = wrong.unwrap_or_else(|| too_much.to_string());
            Err(CliError::Data(format!("{}: {message}", input::name(source))))
        }
    }
}

/// A shared scenario as a saved one.
pub(super) fn saved(SharedScenario { scenario, digest }: SharedScenario) -> SavedScenario {
    SavedScenario { scenario, digest: Some(digest) }
}

fn opened(name: &str, shared: Result<SharedScenario, LinkError>) -> Result<Contents, CliError> {
    shared.map(|shared| Contents::Shared(Box::new(shared))).map_err(|error| CliError::Data(format!("{name}: {error}")))
}

fn is_base64url(text: &str) -> bool {
    text.len() >= LINK_CHARACTERS_MIN && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_=".contains(&byte))
}
