//! `config`: what `serve` would run with, and who said so.

use clap::ArgMatches;
use clap::parser::ValueSource;
use serde::Serialize;
use serde_json::{Map, Value};
use shared::input::parse_toml_document;

use super::{CliError, Global, serve};
use crate::{input, output, queue, store};

/// Print every setting of `serve`, its value, and where that is from
///
/// What the command line says holds, then the environment, then the file of --config, then the default.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  shadowplane config --config shadowplane.toml
  SHADOWPLANE_LISTEN=127.0.0.1:9000 shadowplane config --late 1m --json

`serve --check-config` reads all files that settings name, and says what is wrong with them.")]
pub(super) struct Args {
    #[command(flatten)]
    options: serve::Options,
}

/// One setting.
#[derive(Debug, Serialize)]
struct Setting {
    /// As the option is called; what only a file says has its table before it.
    name: String,
    /// None where nothing is said, and there is no default.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    source: Source,
}

/// Who said it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Source {
    CommandLine,
    Environment(String),
    File(String),
    Default,
}

/// Options that are no settings.
const NO_SETTINGS: [&str; 2] = ["json", "help"];

/// Its value may hold a password.
const STORE: &str = "store";
/// As may its.
const NATS: &str = "nats";

/// What only a file says.
const TABLES: [&str; 3] = ["triggers", "jobs", "webhook-retries"];

impl Args {
    /// `command` and `matches` are those of this command.
    pub(super) fn run(&self, global: &Global, command: &clap::Command, matches: &ArgMatches) -> Result<(), CliError> {
        let path = self.options.file();
        let file = path.map_or_else(|| Ok(Map::new()), read)?;
        let name = path.map(input::name).unwrap_or_default();
        let options = command.get_arguments().filter(|option| !NO_SETTINGS.contains(&option.get_id().as_str()));
        let mut settings: Vec<Setting> = options.filter_map(|option| setting(option, matches, &file, name)).collect();
        for table in TABLES {
            for (key, value) in file.get(table).and_then(Value::as_object).into_iter().flatten() {
                let source = Source::File(name.to_string());
                settings.push(Setting { name: format!("{table}.{key}"), value: Some(plain(value)), source });
            }
        }
        for webhook in file.get("webhooks").and_then(Value::as_array).into_iter().flatten() {
            let field = |field: &str| webhook.get(field).map(plain);
            let name = format!("webhooks.{}", field("name").unwrap_or_default());
            settings.push(Setting {
                name,
                value: field("url"),
                source: Source::File(path.unwrap_or_default().to_owned()),
            });
        }
        if global.json { output::print_json(&settings) } else { output::print(&table(&settings)) }
    }
}

fn read(path: &str) -> Result<Map<String, Value>, CliError> {
    // It is read as `serve` reads it first, so that a wrong name is told as there.
    serve::read_settings(path)?;
    parse_toml_document(&input::read_text(path)?).map_err(CliError::in_file(input::name(path)))
}

fn setting(option: &clap::Arg, matches: &ArgMatches, file: &Map<String, Value>, path: &str) -> Option<Setting> {
    let (id, name) = (option.get_id().as_str(), option.get_long()?);
    let given = || {
        let raw = matches.get_raw(id)?;
        Some(raw.map(|value| value.to_string_lossy().into_owned()).collect::<Vec<_>>().join(","))
    };
    let assumed = || file.get("assumptions").and_then(|assumptions| assumptions.get(name));
    let (value, source) = match matches.value_source(id) {
        Some(ValueSource::CommandLine) => (given(), Source::CommandLine),
        Some(ValueSource::EnvVariable) => {
            let variable = option.get_env().map(|variable| variable.to_string_lossy().into_owned());
            (given(), Source::Environment(variable.unwrap_or_default()))
        }
        from => match file.get(name).or_else(assumed) {
            Some(value) => (Some(plain(value)), Source::File(path.to_owned())),
            None if from.is_some() => (given(), Source::Default),
            None => (documented(option), Source::Default),
        },
    };
    // What is shown here is sent to others.
    let value = match name {
        STORE => value.map(|url| store::redacted(&url)),
        NATS => value.map(|url| queue::redacted(&url)),
        _ => value,
    };
    Some(Setting { name: name.to_owned(), value, source })
}

/// The default, as the option's help has it.
fn documented(option: &clap::Arg) -> Option<String> {
    let help = option.get_help()?.to_string();
    let (_, default) = help.rsplit_once("[default: ")?;
    Some(default.split(']').next()?.to_owned())
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

fn table(settings: &[Setting]) -> String {
    let mut text = String::new();
    for Setting { name, value, source } in settings {
        let source = match source {
            Source::CommandLine => "command line".to_owned(),
            Source::Environment(variable) => format!("environment, {variable}"),
            Source::File(path) => format!("file, {path}"),
            Source::Default if value.is_none() => "not set".to_owned(),
            Source::Default => "default".to_owned(),
        };
        let value = output::in_line(value.as_deref().unwrap_or("-"));
        text += &format!("{name:<30}{value:<34}{}\n", output::in_line(&source));
    }
    text
}
