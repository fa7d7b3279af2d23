//! Where the Lab's scenario comes from.

use std::cell::Cell;
use std::rc::Rc;

use shared::api::{RecommendationList, SavedScenario, paths};
use shared::example::lab_scenario;
use shared::link::{Limits, SharedScenario, Variants};
use shared::scenario::{ENGINE, Edit, Scenario};
use shared::simulation::Digest;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::api_client::{ApiError, get};
use crate::route::LabSource;
use crate::worker::Made;

/// A scenario to work on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Loaded {
    /// As it came, for the engine that runs it here.
    pub(super) scenario: Rc<Scenario>,
    /// The engine that it was made with.
    pub(super) engine: u32,
    /// What whoever sent it saw.
    pub(super) expected: Option<Digest>,
    /// Where it is from, in words.
    pub(super) origin: String,
    /// Whether it is from a file, which no address names.
    pub(super) is_file: bool,
    /// What to know before it is believed.
    pub(super) notices: Vec<String>,
    /// What is tried beside it as it is.
    tried: Vec<Edit>,
}

impl Loaded {
    fn new(scenario: Scenario, expected: Option<Digest>, origin: String) -> Self {
        let engine = scenario.engine;
        let scenario = Rc::new(Scenario { engine: ENGINE, ..scenario });
        Self { scenario, engine, expected, origin, is_file: false, notices: Vec::new(), tried: Vec::new() }
    }

    /// One that somebody sent, with the digest they saw.
    pub(super) fn sent(shared: SharedScenario, origin: String) -> Self {
        Self::new(shared.scenario, Some(shared.digest), origin)
    }

    /// The variants that it begins with.
    pub(super) fn initial(&self) -> Variants {
        let (variants, tried) = (Variants::of(&self.scenario), self.tried.as_slice());
        let edits = [self.scenario.edits.as_slice(), tried].concat();
        let variants = variants.changed(Scenario { edits, ..(*self.scenario).clone() });
        if tried.is_empty() { variants } else { variants.renamed(0, "recommended") }
    }

    /// The scenario of a file: one that the Lab saved, or JSON as the command line writes it.
    pub(super) fn from_file(name: &str, bytes: &[u8]) -> Result<Self, String> {
        let origin = format!("from the file {name}");
        let json = std::str::from_utf8(bytes).ok().filter(|text| text.trim_start().starts_with('{'));
        let Some(text) = json else {
            let shared =
                SharedScenario::from_bytes(bytes, &Limits::FILE).map_err(|error| format!("{name}: {error}."))?;
            return Ok(Self { is_file: true, ..Self::sent(shared, origin) });
        };
        let saved = SavedScenario::from_json(text).map_err(|error| format!("{name}: {error}."))?;
        Limits::FILE.check(&saved.scenario).map_err(|error| format!("{name}: {error}."))?;
        Ok(Self { is_file: true, ..Self::new(saved.scenario, saved.digest, origin) })
    }

    /// One that was made of files here.
    pub(super) fn made(made: &Made, origin: String) -> Self {
        let notices = made.notices.clone();
        Self { is_file: true, notices, ..Self::new(made.scenario.clone(), None, origin) }
    }

    fn example(origin: &str) -> Self {
        Self::new(lab_scenario(), None, origin.to_owned())
    }
}

/// The scenario of `source`, or why there is none; none while it is on its way.
#[hook]
pub(super) fn use_loaded(source: &LabSource) -> UseStateHandle<Option<Rc<Result<Loaded, String>>>> {
    let state = use_state(|| None::<Rc<Result<Loaded, String>>>);
    let setter = state.setter();
    use_effect_with(source.clone(), move |source| {
        let (source, ended) = (source.clone(), Rc::new(Cell::new(false)));
        let end = Rc::clone(&ended);
        setter.set(None);
        spawn_local(async move {
            let loaded = load(&source).await;
            if !ended.get() {
                setter.set(Some(Rc::new(loaded)));
            }
        });
        move || end.set(true)
    });
    state
}

async fn load(source: &LabSource) -> Result<Loaded, String> {
    match source {
        LabSource::Example | LabSource::Files => Ok(Loaded::example("built-in example")),
        LabSource::Link(text) => SharedScenario::from_link(text)
            .map(|shared| Loaded::sent(shared, "from a link".to_owned()))
            .map_err(|error| format!("This link cannot be opened: {error}.")),
        LabSource::Saved(hash) => {
            // The hash is part of a path: nothing but digits may reach it.
            if !hash.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Err(format!("`{hash}` names no saved scenario; expected hexadecimal digits."));
            }
            saved(&paths::SCENARIO.replace("{hash}", hash), "from a short link")
                .await
                .map_err(|error| format!("The saved scenario cannot be opened. {}", error.message()))
        }
        LabSource::Recommended(id) => recommended(id).await,
        LabSource::Current => match saved(paths::CURRENT_SCENARIO, "latest shadow run of the service").await {
            Ok(loaded) => Ok(Loaded { expected: None, ..loaded }),
            Err(ApiError::NoService | ApiError::Unreachable) => {
                Ok(Loaded::example("built-in example, no service here"))
            }
            Err(error) if error.is_absent() => {
                Ok(Loaded::example("built-in example; the service has no shadow run yet"))
            }
            Err(error) => Err(format!("The service's scenario cannot be read. {}", error.message())),
        },
    }
}

/// The service's scenario, with what is recommended to try on it.
async fn recommended(id: &str) -> Result<Loaded, String> {
    let unread = |error: ApiError| format!("What is recommended cannot be tried. {}", error.message());
    let list: RecommendationList = get(paths::RECOMMENDATIONS, &[]).await.map_err(unread)?;
    let open = list.advice.recommendations.into_iter();
    let mut all = open.chain(list.accepted.into_iter().map(|accepted| accepted.recommendation));
    let found = all.find(|of| of.id == id).ok_or_else(|| {
        format!("`{id}` is not recommended any more; choose another one on the page of recommendations.")
    })?;
    let change = found.change.replace('`', "");
    let origin = format!("latest shadow run of the service; tries: {change}");
    let loaded = saved(paths::CURRENT_SCENARIO, &origin).await.map_err(unread)?;
    // It was found in a scenario of its own, which may be older.
    loaded.scenario.check_edits(&found.edits).map_err(|problems| {
        format!("The latest shadow run cannot have the change any more ({problems}); search for changes again.")
    })?;
    Ok(Loaded { expected: None, tried: found.edits, ..loaded })
}

async fn saved(path: &str, origin: &str) -> Result<Loaded, ApiError> {
    let saved: SavedScenario = get(path, &[]).await?;
    Ok(Loaded::new(saved.scenario, saved.digest, origin.to_owned()))
}
