//! Takes bodies in, and writes what they come to.

use std::sync::Arc;

use prost::DecodeError;
use prost::bytes::Bytes;
use shared::request::Observation;
use shared::units::{Duration, Instant};
use tokio::sync::Mutex;

use super::folding::Folding;
use super::selection::Selection;
use super::{Mapping, Tally};
use crate::store::{Folded, RemoteWrites, SpooledWrite, Store, StoreError};

/// Bodies that are read again at once after a restart.
const SPOOL_BATCH: usize = 100;

/// Why a body is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ReceiverError {
    /// It cannot be unpacked.
    #[error("is no snappy block: {0}")]
    Snappy(#[from] snap::Error),
    /// It would be larger than may be.
    #[error("holds more than {0} bytes")]
    TooLarge(usize),
    /// It is something else.
    #[error("is no prometheus.WriteRequest: {0}")]
    Protobuf(#[from] DecodeError),
    /// Too much has to be written before.
    #[error("has to wait until what came before is written")]
    Full,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Of how many samples it became what.
    pub tally: Tally,
    /// The first reason for which some were refused.
    pub refusal: Option<String>,
}

/// Everything between a body and the bins.
pub struct Receiver {
    mapping: Mapping,
    spool: Arc<dyn RemoteWrites>,
    log: Arc<dyn Store>,
    /// Held while a body is stored, so that bodies are folded in the order in which they are stored.
    folding: Mutex<Folding>,
    /// Held by whoever writes what is folded: what the store did not say is written.
    unwritten: Mutex<Option<(Folded, Vec<Observation>)>>,
}

impl Receiver {
    /// Goes on where the last one was when it ended, be it by a kill: what is stored and in no bin is folded.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn open(
        mapping: Mapping,
        spool: Arc<dyn RemoteWrites>,
        log: Arc<dyn Store>,
        bin: Duration,
    ) -> Result<Self, StoreError> {
        let mut folding = Folding::new(bin, spool.series_ends().await?);
        let mut after = 0;
        loop {
            let batch = spool.spooled(after, SPOOL_BATCH).await?;
            let Some(last) = batch.last() else { break };
            after = last.number;
            for SpooledWrite { number, received, body } in batch {
                // It could be read when it was stored; under another mapping other series of it count.
                let unpacked = snap::raw::Decoder::new().decompress_vec(&body).map_err(unreadable)?;
                let mut selection = Selection::new(unpacked.into(), &mapping).map_err(unreadable)?;
                folding.check(&mut selection, received);
                folding.apply(selection, &mapping, number, received);
            }
        }
        Ok(Self { mapping, spool, log, folding: Mutex::new(folding), unwritten: Mutex::default() })
    }

    /// Takes in a body that came in at `now`, of at most so many bytes when it is unpacked. What of it can be taken is
    /// stored when this returns.
    ///
    /// # Errors
    /// When nothing of it can be read or stored.
    pub async fn take(&self, body: Bytes, bytes_max: usize, now: Instant) -> Result<Received, ReceiverError> {
        if snap::raw::decompress_len(&body)? > bytes_max {
            return Err(ReceiverError::TooLarge(bytes_max));
        }
        let unpacked = snap::raw::Decoder::new().decompress_vec(&body)?;
        let mut selection = Selection::new(unpacked.into(), &self.mapping)?;
        let mut folding = self.folding.lock().await;
        if folding.is_full() {
            return Err(ReceiverError::Full);
        }
        folding.check(&mut selection, now);
        let received = Received { tally: selection.tally, refusal: selection.refusal.take() };
        if selection.series.is_empty() {
            folding.tally += received.tally;
            return Ok(received);
        }
        let number = self.spool.spool(body.into(), now).await?;
        folding.apply(selection, &self.mapping, number, now);
        Ok(received)
    }

    /// Writes what was folded since the last time; what was seen of requests is known from `now` on.
    ///
    /// # Errors
    /// When the store fails; it is tried again the next time.
    pub async fn write(&self, now: Instant) -> Result<(), StoreError> {
        let mut unwritten = self.unwritten.lock().await;
        // The same again as it was: the store knows of its last body whether it was written, be it that its answer was lost.
        let (folded, observations) = match unwritten.take() {
            Some(before) => before,
            None => self.folding.lock().await.drain(),
        };
        if folded.is_empty() && observations.is_empty() {
            return Ok(());
        }
        // The same observation twice is one: a kill between the two loses nothing and counts nothing twice.
        let written = async {
            if !observations.is_empty() {
                self.log.append_observations(observations.clone(), now).await?;
            }
            self.spool.fold(folded.clone()).await
        };
        let written = written.await;
        if written.is_err() {
            *unwritten = Some((folded, observations));
        }
        written
    }

    /// What became of all samples since the start, and how many series are known.
    pub async fn told(&self) -> (Tally, usize) {
        let folding = self.folding.lock().await;
        (folding.tally, folding.series())
    }
}

fn unreadable(error: impl ToString) -> StoreError {
    StoreError::Unreadable(error.to_string())
}
