//! Requests in the order in which they are made, each about something that lives then, with the deletes that announced
//! lifetimes promise.

use std::collections::{BTreeMap, BTreeSet};

use super::QuoteError;
use crate::input::InputError;
use crate::request::{Operation, Request};
use crate::units::{Instant, Window};

/// A request in its turn.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    pub(super) request: Request,
    /// Its place in the order; none of a delete that nobody asked for.
    pub(super) position: Option<usize>,
}

/// What is known of a name by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Gone,
    /// It lived before.
    Old,
    /// The request at this place has created it.
    New(usize),
}

/// Whose, and what it is called.
type Name = (String, String);

/// Puts requests in order of time; `lives` says who lives at the start of the window.
///
/// # Errors
/// At the first that is not inside the window, or is about something that does not live, or creates what does.
pub(super) fn in_order(
    requests: Vec<Request>,
    window: Window,
    lives: impl Fn(&Request) -> bool,
) -> Result<Vec<Turn>, QuoteError> {
    let mut order: Vec<usize> = (0..requests.len()).collect();
    order.sort_by_key(|&position| requests[position].at);
    let ids: BTreeSet<&str> = requests.iter().map(|request| request.id.as_str()).collect();
    let mut known: BTreeMap<Name, Life> = BTreeMap::new();
    let mut ends: BTreeMap<(Instant, usize), Request> = BTreeMap::new();
    let mut turns = Vec::with_capacity(requests.len());
    let close = |known: &mut BTreeMap<Name, Life>, turns: &mut Vec<Turn>, position: usize, end: Request| {
        let life = known.get_mut(&name(&end)).filter(|life| **life == Life::New(position));
        // Who was given back before its time has no other end.
        if let Some(life) = life {
            *life = Life::Gone;
            turns.push(Turn { request: end, position: None });
        }
    };
    for position in order {
        let request = &requests[position];
        let wrong =
            |field: &str, message: String| QuoteError::of(position, &requests, InputError::field(0, field, message));
        if !window.contains(request.at) {
            let Window { start, end } = window;
            let message = format!("is {}; expected an instant from {start} to before {end}", request.at);
            return Err(wrong("at", message));
        }
        while let Some(first) = ends.first_entry().filter(|end| end.key().0 <= request.at) {
            let ((_, created), end) = first.remove_entry();
            close(&mut known, &mut turns, created, end);
        }
        let life = known.entry(name(request)).or_insert_with(|| if lives(request) { Life::Old } else { Life::Gone });
        match (request.operation, *life) {
            (Operation::Create, Life::Gone) => {
                *life = Life::New(position);
                ends.extend(end_of(request, &ids).map(|end| ((end.at, position), end)));
            }
            (Operation::Create, Life::Old | Life::New(_)) => {
                let message = format!("`{}` lives then; a resize or a delete may be about it", request.resource);
                return Err(wrong("resource", message));
            }
            (Operation::Resize | Operation::Delete, Life::Gone) => {
                let (tenant, resource) = (&request.tenant, &request.resource);
                let message = format!("nothing of {tenant} that is called `{resource}` lives at {}", request.at);
                return Err(wrong("resource", message));
            }
            (Operation::Delete, _) => *life = Life::Gone,
            (Operation::Resize, _) => {}
        }
        turns.push(Turn { request: request.clone(), position: Some(position) });
    }
    for ((at, created), end) in ends {
        if window.contains(at) {
            close(&mut known, &mut turns, created, end);
        }
    }
    Ok(turns)
}

fn name(request: &Request) -> Name {
    (request.tenant.clone(), request.resource.clone())
}

/// The delete that an announced lifetime promises, under an id that nobody else has.
fn end_of(create: &Request, ids: &BTreeSet<&str>) -> Option<Request> {
    let at = Instant::from_micros(create.at.micros().checked_add(create.lifetime?.micros())?);
    let mut id = format!("{}/end", create.id);
    while ids.contains(id.as_str()) {
        id.push_str("/end");
    }
    Some(Request { id, ..create.clone().into_delete(at) })
}
