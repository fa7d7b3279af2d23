//! What the pages are made of.

mod bars;
mod card;
mod key_form;

pub(crate) use bars::{BarRow, Beside, CauseRow, bars, causes};
pub(crate) use card::{Card, Tidings, figure, notice, say};
pub(crate) use key_form::KeyForm;
