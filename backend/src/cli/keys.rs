//! `keys`: who may ask the service.

use std::path::PathBuf;

use anyhow::Context;
use shared::api::{Actor, AuditEntry, AuditOutcome, KeyOrder, KeyView, NewKey, Role};
use shared::units::{Duration, Instant};

use super::store_files::StoreFiles;
use super::{CliError, Global};
use crate::access::{self, KeyError};
use crate::jobs::wall_clock;
use crate::service::KEYS;
use crate::store::{KeyStore, PostgresStore, SqliteKeys};
use crate::{input, output};

/// Make keys of the service, list, revoke and renew them
///
/// Whoever has a key sends it as `Authorization: Bearer KEY`. A viewer reads; an operator sends requests, orders jobs and
/// accepts recommendations besides; an admin makes keys besides. The folder's keys.sqlite holds a hash of each key's secret, and no
/// secret: what `create` and `rotate` print is not shown again. A service that runs takes changes at once.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  shadowplane keys create --role admin --name ops
  shadowplane keys create --role operator --tenant acme --expires 90d     sees acme alone, and speaks for it alone
  shadowplane keys create --role admin --key-file key     the one that the file holds, as a Helm chart's Secret has it
  shadowplane keys list
  shadowplane keys rotate 3f9a0c61d2b7 --grace 2d     the secret before goes on for two days
  shadowplane keys revoke 3f9a0c61d2b7
  shadowplane keys list --store postgres://shadowplane@db.example/shadowplane

  curl -H \"Authorization: Bearer $KEY\" http://127.0.0.1:8080/v1/status")]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
    /// Folder of the service's databases
    #[arg(long, global = true, env = "SHADOWPLANE_DATA", value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// The service's database on a server, in the place of the folder: postgres://user@host:port/database
    #[arg(long, global = true, env = "SHADOWPLANE_STORE", value_name = "URL", hide_env_values = true)]
    store: Option<String>,
    #[command(flatten)]
    files: StoreFiles,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Make a key, and print it this once
    Create {
        /// What it may do: viewer, operator or admin
        #[arg(long, value_name = "ROLE")]
        role: Role,
        /// A tenant that it sees and speaks for, and no other; may be given several times [default: all of them]
        #[arg(long, value_name = "TENANT")]
        tenant: Vec<String>,
        /// What people call it
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// After how long it ends, such as 90d [default: never]
        #[arg(long, value_name = "DURATION")]
        expires: Option<Duration>,
        /// Take the key that a file holds in the place of a new one: of the form that is printed. The same again changes
        /// nothing, so that whatever sets the service up may say it at every start
        #[arg(long, value_name = "FILE")]
        key_file: Option<String>,
    },
    /// List every key, without its secret
    List,
    /// End a key at once
    Revoke {
        /// The part of the key after `sp_`
        id: String,
    },
    /// Give a key a new secret, and print it this once
    Rotate {
        /// The part of the key after `sp_`
        id: String,
        /// How long the secret before goes on beside the new one; 0s ends it at once
        #[arg(long, value_name = "DURATION", default_value_t = access::GRACE)]
        grace: Duration,
    },
}

impl Args {
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        runtime.block_on(self.answer(global))
    }

    async fn answer(&self, global: &Global) -> Result<(), CliError> {
        let (store, now) = (self.open().await?, wall_clock());
        let store = &*store;
        match &self.what {
            What::Create { role, tenant, name, expires, key_file } => {
                let tenants = (!tenant.is_empty()).then(|| tenant.clone());
                let order = KeyOrder { role: *role, tenants, name: name.clone(), expires_in: *expires };
                if let Some(path) = key_file {
                    let key = input::read_text(path)?;
                    let (view, is_new) = access::adopt(store, order, key.trim(), now).await.map_err(wrong)?;
                    if is_new {
                        note(store, "keys create", &view.id, now).await?;
                    }
                    let state = if is_new { "made" } else { "there already" };
                    let text = format!("the key {} is {state}: {}\n", view.id, self::state(&view, now));
                    return if global.json { output::print_json(&view) } else { output::print(&text) };
                }
                let new = access::create(store, order, now).await.map_err(wrong)?;
                note(store, "keys create", &new.view.id, now).await?;
                print_new(global, &new)
            }
            What::List => {
                let keys = store.keys().await.map_err(anyhow::Error::from)?;
                let views: Vec<KeyView> = keys.into_iter().map(|key| key.view).collect();
                if global.json { output::print_json(&views) } else { output::print(&table(&views, now)) }
            }
            What::Revoke { id } => {
                let view = access::revoke(store, id, now).await.map_err(wrong)?;
                note(store, "keys revoke", id, now).await?;
                if global.json { output::print_json(&view) } else { output::print(&format!("revoked {id}\n")) }
            }
            What::Rotate { id, grace } => {
                let new = access::rotate(store, id, *grace, now).await.map_err(wrong)?;
                note(store, "keys rotate", id, now).await?;
                print_new(global, &new)
            }
        }
    }

    async fn open(&self) -> Result<Box<dyn KeyStore>, CliError> {
        if let Some(url) = &self.store {
            let address = self.files.address(url)?;
            let store = PostgresStore::open(&address).await.with_context(|| format!("cannot open {address}"))?;
            return Ok(Box::new(store));
        }
        self.files.need_store(false)?;
        let folder = &self.data;
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let file = folder.join(KEYS);
        Ok(Box::new(SqliteKeys::open(&file).with_context(|| format!("cannot open {}", file.display()))?))
    }
}

/// Options name what fields of an order are called over HTTP.
fn wrong(error: KeyError) -> CliError {
    match error {
        KeyError::Wrong { field, message } => {
            let option = match field {
                "tenants" => "tenant",
                "expires_in" => "expires",
                other => other,
            };
            CliError::Usage(format!("--{option} {message}"))
        }
        KeyError::Unknown(_) | KeyError::Ended(_) => CliError::Data(error.to_string()),
        other => CliError::Other(other.into()),
    }
}

async fn note(store: &dyn KeyStore, action: &str, id: &str, at: Instant) -> Result<(), CliError> {
    let (action, subject) = (action.to_owned(), id.to_owned());
    let (actor, outcome) = (Actor::CommandLine, AuditOutcome::Done);
    let entry = AuditEntry { number: 0, at, actor, action, subject, outcome, status: None };
    Ok(store.note(entry).await.map_err(anyhow::Error::from)?)
}

/// The key alone on stdout, so that a script can take it from there.
fn print_new(global: &Global, new: &NewKey) -> Result<(), CliError> {
    if global.json {
        return output::print_json(new);
    }
    output::print(&format!("{}\n", new.key))?;
    output::warn(&format!("keep it: it is not shown again; its id is {}", new.view.id));
    Ok(())
}

fn table(views: &[KeyView], now: Instant) -> String {
    let mut text = format!("{:<14}{:<10}{:<22}{:<42}{:<20}{}\n", "id", "role", "made", "state", "name", "tenants");
    for view in views {
        let state = state(view, now);
        let tenants = view.tenants.as_ref().map_or("all".to_owned(), |tenants| tenants.join(", "));
        let (tenants, name) = (output::in_line(&tenants), output::in_line(view.name.as_deref().unwrap_or("-")));
        let made = short(view.created_at).to_string();
        text += &format!("{:<14}{:<10}{made:<22}{state:<42}{name:<20}{tenants}\n", view.id, view.role.as_str());
    }
    text
}

fn state(view: &KeyView, now: Instant) -> String {
    match (view.revoked_at, view.expires_at, view.former_until) {
        (Some(at), ..) => format!("revoked {}", short(at)),
        (None, Some(end), _) if end <= now => format!("expired {}", short(end)),
        (None, _, Some(until)) if now < until => format!("secret before until {}", short(until)),
        (None, Some(end), _) => format!("until {}", short(end)),
        (None, None, _) => "good".to_owned(),
    }
}

/// To the second.
fn short(at: Instant) -> Instant {
    at.floor(Duration::from_seconds(1))
}
