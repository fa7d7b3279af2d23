//! How much of what comes in is in memory at once.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Problem;

/// The unit in which bodies are counted.
const KIB: usize = 1_024;

/// So many bodies at most are in memory at once, however small they are: fewer than may wait for the store's writer, so
/// that none has the thread wait that answers.
const BODIES_MAX: usize = 128;

/// Bodies that are being read, looked through or written; whoever comes while there are too many has to come again.
///
/// What is made of a body until it is written is some ten times as large as the body: records, answers, and what is
/// stored.
#[derive(Debug)]
pub struct IngestGate {
    room: Arc<Semaphore>,
    /// What the smallest body takes up.
    least: usize,
}

/// A part of the room, for as long as it is kept.
#[derive(Debug)]
pub(super) struct Held(Vec<OwnedSemaphorePermit>);

impl IngestGate {
    /// Bodies of so many bytes together, unpacked; one of `body_bytes_max` always has room when there is no other.
    pub fn new(bytes: usize, body_bytes_max: usize) -> Self {
        // Packed and unpacked.
        let kibs =
            (bytes.max(body_bytes_max * 2) / KIB).clamp(BODIES_MAX, Semaphore::MAX_PERMITS.min(u32::MAX as usize));
        Self { room: Arc::new(Semaphore::new(kibs)), least: kibs / BODIES_MAX }
    }

    /// Room for a body as it comes; one that does not say how long it is may be as long as any.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn enter(&self, request: &HttpRequest, body_bytes_max: usize) -> Result<Held, Problem> {
        let length =
            request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let mut held = Held(Vec::new());
        self.hold(&mut held, length.unwrap_or(body_bytes_max).min(body_bytes_max))?;
        Ok(held)
    }

    /// More room, for what is unpacked.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn hold(&self, held: &mut Held, bytes: usize) -> Result<(), Problem> {
        let kibs = u32::try_from((bytes / KIB).max(self.least)).unwrap_or(u32::MAX);
        let permit = Arc::clone(&self.room).try_acquire_many_owned(kibs).map_err(|_| Problem::busy())?;
        held.0.push(permit);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn bodies_have_room_until_it_is_taken_and_again_when_it_is_given_back() {
        let mib = 1 << 20;
        let gate = IngestGate::new(8 * mib, 2 * mib);
        let enter = |length: Option<usize>| {
            let request = TestRequest::post();
            let request = match length {
                Some(length) => request.insert_header((header::CONTENT_LENGTH, length)),
                None => request,
            };
            gate.enter(&request.to_http_request(), 2 * mib)
        };
        // 2 + 2 + 2 of 8 MiB, the last of which does not say how long it is; then 1 + 1.
        let first = [enter(Some(2 * mib)), enter(Some(3 * mib)), enter(None)].map(Result::unwrap);
        let mut more = enter(Some(mib)).unwrap();
        gate.hold(&mut more, mib).unwrap();
        assert!(enter(Some(1)).is_err());
        drop(first);
        assert!(enter(Some(1)).is_ok());
        drop(more);
        // However small, there are no more than so many.
        let all: Vec<_> = (0..=BODIES_MAX).map(|_| enter(Some(1))).collect();
        assert!(all[..BODIES_MAX].iter().all(Result::is_ok) && all[BODIES_MAX].is_err());
    }
}
