//! How much of what comes in is in memory at once.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Problem;

/// The unit in which bodies are counted.
const KIB: usize = 1_024;

/// So many bodies at most are looked through and written at once: fewer than may wait for the store's writer, so that none
/// has the thread wait that answers.
const WRITTEN_MAX: usize = 128;

/// Bodies that are being read, looked through or written; whoever comes while there are too many has to come again.
///
/// Each takes up what has come of it so far, so that one that comes slowly is in nobody's way. What is made of a body until
/// it is written is some ten times as large as the body: records, answers, and what is stored.
#[derive(Debug)]
pub struct IngestGate {
    room: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

/// A part of the room, for as long as it is kept.
#[derive(Debug, Default)]
pub(super) struct Held {
    room: Option<OwnedSemaphorePermit>,
    turn: Option<OwnedSemaphorePermit>,
    /// What has come of a body, and what of it took up room.
    bytes: usize,
    kibs: usize,
}

impl IngestGate {
    /// Bodies of so many bytes together, unpacked; one of `body_bytes_max` always has room when there is no other.
    pub fn new(bytes: usize, body_bytes_max: usize) -> Self {
        // Packed and unpacked.
        let kibs = (bytes.max(body_bytes_max * 2) / KIB + 2).min(Semaphore::MAX_PERMITS.min(u32::MAX as usize));
        Self { room: Arc::new(Semaphore::new(kibs)), turns: Arc::new(Semaphore::new(WRITTEN_MAX)) }
    }

    /// Whether a body would have room now, so that none is sent in vain; one that does not say how long it is may be as long
    /// as any.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn enter(&self, request: &HttpRequest, body_bytes_max: usize) -> Result<Held, Problem> {
        let length =
            request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let length = length.unwrap_or(body_bytes_max).min(body_bytes_max);
        if self.room.available_permits() < length / KIB { Err(Problem::busy()) } else { Ok(Held::default()) }
    }

    /// More room, for what comes or is unpacked.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn hold(&self, held: &mut Held, bytes: usize) -> Result<(), Problem> {
        held.bytes += bytes;
        let more = held.bytes.div_ceil(KIB) - held.kibs;
        let kibs = u32::try_from(more).unwrap_or(u32::MAX);
        let permit = Arc::clone(&self.room).try_acquire_many_owned(kibs).map_err(|_| Problem::busy())?;
        held.kibs += more;
        match &mut held.room {
            Some(room) => room.merge(permit),
            None => held.room = Some(permit),
        }
        Ok(())
    }

    /// Waits until it is the turn of a body that has come.
    pub(super) async fn turn(&self, held: &mut Held) {
        // It is never closed.
        held.turn = Arc::clone(&self.turns).acquire_owned().await.ok();
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[actix_web::test]
    async fn bodies_have_room_until_it_is_taken_and_again_when_it_is_given_back() {
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
        let mut bodies = [enter(Some(2 * mib)), enter(Some(3 * mib)), enter(None)].map(Result::unwrap);
        // A byte each is a KiB each, and what follows is counted with it.
        bodies.iter_mut().for_each(|body| gate.hold(body, 1).unwrap());
        assert_eq!(gate.room.available_permits(), 8 * KIB + 2 - 3);
        bodies.iter_mut().for_each(|body| gate.hold(body, 2 * mib - 1).unwrap());
        assert_eq!(gate.room.available_permits(), 2 * KIB + 2);
        let mut last = enter(Some(2 * mib)).unwrap();
        gate.hold(&mut last, mib).unwrap();
        assert!(enter(Some(2 * mib)).is_err() && enter(None).is_err() && enter(Some(mib)).is_ok());
        assert!(gate.hold(&mut last, 2 * mib).is_err());
        drop(bodies);
        assert!(enter(None).is_ok());
    }

    #[actix_web::test]
    async fn no_more_are_written_than_may_wait_for_the_writer() {
        let gate = IngestGate::new(8 << 20, 2 << 20);
        let mut written = Vec::new();
        for _ in 0..WRITTEN_MAX {
            let mut held = Held::default();
            gate.turn(&mut held).await;
            written.push(held);
        }
        assert_eq!(gate.turns.available_permits(), 0);
        written.pop();
        assert_eq!(gate.turns.available_permits(), 1);
    }
}
