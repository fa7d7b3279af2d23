//! What the pages are made of.

mod bars;
mod card;

pub(crate) use bars::{BarRow, Beside, CauseRow, bars, causes};
pub(crate) use card::{Card, Tidings, figure, notice, say};
