//! What the pages are made of.

mod asking;
mod bars;
mod card;
mod confirmed;
pub(crate) mod field;
mod job;
mod key_form;
mod known_events;
mod live_badge;
mod open_file;
mod page;
mod qr_code;
mod secret;
mod waterfall;

pub(crate) use asking::{Asked, on_click};
pub(crate) use bars::{BarRow, Beside, CauseRow, bars, causes};
pub(crate) use card::{Card, Tidings, figure, known_by, more, notice, say};
pub(crate) use confirmed::Confirmed;
pub(crate) use job::{JobProgress, how_far};
pub(crate) use key_form::KeyForm;
pub(crate) use known_events::KnownEvents;
pub(crate) use live_badge::LiveBadge;
pub(crate) use open_file::{OpenFile, Opened, read_each};
pub(crate) use page::page;
pub(crate) use qr_code::{QR_BYTES_MAX, qr_code};
pub(crate) use secret::Secret;
pub(crate) use waterfall::{Step, steps};
