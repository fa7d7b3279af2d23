//! The side of a worker that takes one order at a time.

use super::clerk::{FromClerk, ToClerk, Work};
use super::listening::{listen, post};
use super::protocol::PROTOCOL;

/// Answers orders until the page terminates the worker, which is also how it cancels; `answer` tells of its progress.
///
/// # Panics
/// Outside of a Web Worker.
pub(crate) fn serve_orders<W: Work>(
    mut answer: impl FnMut(W::Order, &mut dyn FnMut(W::Progress)) -> Result<W::Said, String> + 'static,
) {
    let ready: FromClerk<W::Progress, W::Said> = FromClerk::Ready { protocol: PROTOCOL };
    listen(
        &ready,
        |message| FromClerk::<W::Progress, W::Said>::Crashed { message },
        move |ToClerk { job, order }: ToClerk<W::Order>| {
            let mut tell = |progress| post(&FromClerk::<W::Progress, W::Said>::Progress { job, progress });
            post(&match answer(order, &mut tell) {
                Ok(said) => FromClerk::<W::Progress, W::Said>::Done { job, said: Box::new(said) },
                Err(message) => FromClerk::Refused { job, message },
            });
        },
    );
}
