//! What the page and the worker that reads files say to each other.

use serde::{Deserialize, Serialize};
use shared::files::FileKind;
use shared::scenario::Scenario;
use shared::units::Duration;

use super::clerk::Work;

/// Files are read, and a scenario is made of them.
pub(crate) struct ReadFiles;

impl Work for ReadFiles {
    const LOADER: &'static str = "./files_worker_loader.js";
    type Order = FilesOrder;
    type Progress = ();
    type Said = FilesSaid;
}

/// Files, and what to do with them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FilesOrder {
    /// Names and bytes.
    pub(crate) files: Vec<(String, Vec<u8>)>,
    /// What scenario to make of them; nothing but a look where none.
    pub(crate) make: Option<Make>,
}

/// What scenario is to be made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Make {
    /// How far it reaches, where the requests do not say it.
    pub(crate) horizon: Duration,
    /// What is run.
    pub(crate) what: What,
}

/// What is run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum What {
    /// The requests as they are, or whoever lives.
    AsItIs,
    /// What is predicted by the same time a day before.
    Yesterday,
    /// What is predicted by what was fitted: a model file.
    Fitted(Vec<u8>),
}

/// What the files are, and the scenario where one was ordered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FilesSaid {
    /// In their order.
    pub(crate) seen: Vec<FileSeen>,
    /// Whether something can be made of them.
    pub(crate) is_enough: bool,
    /// The requests as NDJSON, of which something can be predicted; none where there are none.
    pub(crate) requests: Option<Vec<u8>>,
    /// The scenario.
    pub(crate) made: Option<Made>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FileSeen {
    /// Its name.
    pub(crate) name: String,
    /// What it is.
    pub(crate) kind: Option<FileKind>,
    /// What it holds; or what is wrong with it.
    pub(crate) found: Result<String, String>,
}

/// A scenario that was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Made {
    /// The scenario.
    pub(crate) scenario: Scenario,
    /// What to know before it is believed.
    pub(crate) notices: Vec<String>,
}
