//! From the reader's own files to a scenario: what the workers are told, and what they are at.

use std::rc::Rc;

use shared::units::Duration;
use yew::prelude::*;

use super::loading::Loaded;
use super::own_files::{AddFile, Wanted, with_file};
use crate::components::Opened;
use crate::pages::demand::training_words;
use crate::reading::BIN;
use crate::worker::{
    Clerk, Data, EventOf, FilesOrder, FilesSaid, Forecasts, Make, Order, OrderEvent, ReadFiles, Task, What,
};

/// Steps of a training at most, and what seeds it: those of the page of demand.
const STEPS: u32 = 1_000;
const SEED: u64 = 1;

/// What the workers are at.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Making {
    /// Nothing.
    Idle,
    /// This, of which so much is done, from 0 to 1.
    Busy(String, Option<f64>),
    /// It could not be done.
    Failed(String),
}

/// Names and bytes.
type OwnFiles = Vec<(String, Rc<Vec<u8>>)>;

/// What [`use_making`] gives.
pub(super) struct Desk {
    pub(super) names: Vec<String>,
    pub(super) said: Option<Rc<FilesSaid>>,
    pub(super) making: Making,
    pub(super) add: AddFile,
    /// Takes out the file at a position.
    pub(super) remove: Callback<usize>,
    pub(super) make: Callback<(Wanted, Duration)>,
    pub(super) cancel: Callback<()>,
}

/// What changes the files that there are.
enum Change {
    Add((String, Vec<u8>)),
    Remove(usize),
}

#[derive(Clone, Default, PartialEq)]
struct Held(OwnFiles);

impl Reducible for Held {
    type Action = Change;

    fn reduce(self: Rc<Self>, change: Change) -> Rc<Self> {
        Rc::new(match change {
            Change::Add(file) => Self(with_file(&self.0, file)),
            Change::Remove(position) => {
                let mut files = self.0.clone();
                if position < files.len() {
                    files.remove(position);
                }
                Self(files)
            }
        })
    }
}

/// The files, and workers that read them and train on them.
#[hook]
pub(super) fn use_making(on_made: Callback<Result<Loaded, String>>) -> Desk {
    let files = use_reducer(Held::default);
    let (said, making) = (use_state(|| None::<Rc<FilesSaid>>), use_state(|| Making::Idle));
    let (reader, trainer) = (use_mut_ref(Clerk::<ReadFiles>::default), use_mut_ref(Clerk::<Forecasts>::default));
    let order = {
        let (reader, said, making) = (reader.clone(), said.setter(), making.setter());
        Callback::from(move |(files, make): (OwnFiles, Option<Make>)| {
            let words = if make.is_some() { "Making the scenario" } else { "Reading the files" };
            making.set(Making::Busy(words.to_owned(), None));
            let (said, making, on_made) = (said.clone(), making.clone(), on_made.clone());
            let origin = format!("from {}", files.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", "));
            let files = files.into_iter().map(|(name, content)| (name, (*content).clone())).collect();
            let hear = move |event: EventOf<ReadFiles>| match event {
                OrderEvent::Progress(()) => {}
                OrderEvent::Failed(message) => making.set(Making::Failed(message)),
                OrderEvent::Done(done) => {
                    if let Some(made) = &done.made {
                        on_made.emit(Ok(Loaded::made(made, origin.clone())));
                    }
                    said.set(Some(done));
                    making.set(Making::Idle);
                }
            };
            reader.borrow().start(FilesOrder { files, make }, Callback::from(hear));
        })
    };
    {
        // What they are is said as soon as they are there.
        let (order, said) = (order.clone(), said.setter());
        use_effect_with((*files).clone(), move |Held(files)| {
            if files.is_empty() {
                said.set(None);
            } else {
                order.emit((files.clone(), None));
            }
        });
    }
    let make = {
        let (trainer, making, files, said) = (trainer.clone(), making.setter(), files.0.clone(), (*said).clone());
        Callback::from(move |(wanted, horizon): (Wanted, Duration)| {
            let what = match wanted {
                Wanted::AsItIs => What::AsItIs,
                Wanted::Yesterday => What::Yesterday,
                Wanted::Trained => {
                    let Some(content) = said.as_ref().and_then(|said| said.requests.clone()) else { return };
                    let training = (trainer.clone(), making.clone(), order.clone());
                    return train(training, (content, horizon), files.clone());
                }
            };
            order.emit((files.clone(), Some(Make { horizon, what })));
        })
    };
    let cancel = {
        let making = making.setter();
        Callback::from(move |()| {
            reader.borrow().cancel();
            trainer.borrow().cancel();
            making.set(Making::Idle);
        })
    };
    let add = {
        let (files, making) = (files.dispatcher(), making.setter());
        Callback::from(move |(name, content): Opened| match content {
            Ok(content) => files.dispatch(Change::Add((name, content))),
            Err(message) => making.set(Making::Failed(message)),
        })
    };
    let remove = {
        let files = files.dispatcher();
        Callback::from(move |position| files.dispatch(Change::Remove(position)))
    };
    let names = files.0.iter().map(|(name, _)| name.clone()).collect();
    Desk { names, said: (*said).clone(), making: (*making).clone(), add, remove, make, cancel }
}

/// The worker that trains, where it says how far it is, and who makes a scenario of what it fitted.
type Training = (Rc<std::cell::RefCell<Clerk<Forecasts>>>, UseStateSetter<Making>, Callback<(OwnFiles, Option<Make>)>);

/// Trains on the requests, and has the scenario made of what was fitted.
fn train((trainer, making, order): Training, (content, horizon): (Vec<u8>, Duration), files: OwnFiles) {
    making.set(Making::Busy("Reading the requests".to_owned(), None));
    let data = Data::File { name: "the requests".to_owned(), content };
    let hear = move |event: EventOf<Forecasts>| match event {
        OrderEvent::Progress(progress) => {
            let (words, part) = training_words(progress);
            making.set(Making::Busy(words, Some(part)));
        }
        OrderEvent::Failed(message) => making.set(Making::Failed(message)),
        OrderEvent::Done(said) => match &said.model {
            Some(model) => {
                let what = What::Fitted(model.file.clone());
                order.emit((files.clone(), Some(Make { horizon, what })));
            }
            None => making.set(Making::Failed("no model was fitted; bring a longer history".to_owned())),
        },
    };
    let task = Task::Train { steps: STEPS, seed: SEED };
    trainer.borrow().start(Order { data, bin: BIN, horizon, task }, Callback::from(hear));
}
