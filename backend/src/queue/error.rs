//! How the queue does not give an answer.

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// Nobody answers there, or not any more.
    #[error("the queue on {address} cannot be reached: {reason}")]
    Unavailable {
        /// Where it should be.
        address: String,
        /// What was tried, and what came of it.
        reason: String,
    },
    /// It answers, and will not let us in.
    #[error("{address} refuses us: {reason}; check the user, the password and what they may do")]
    Refused {
        /// Where it is.
        address: String,
        /// What it says.
        reason: String,
    },
    /// The server is one without JetStream.
    #[error("{address} has no JetStream; start nats-server with --jetstream, or enable it for the account")]
    NoJetStream {
        /// Where it is.
        address: String,
    },
    /// Workers say that it cannot be done.
    #[error("a worker failed: {0}")]
    Failed(String),
    /// It is larger than what is stored.
    #[error("{what} is {bytes} bytes, compressed; the queue takes at most {limit}: run it without --nats")]
    TooLarge {
        /// What it is.
        what: &'static str,
        /// Its size.
        bytes: usize,
        /// The most that there may be.
        limit: usize,
    },
    /// What was stored is not what was to be there.
    #[error("{what} from the queue is damaged, or another version of the program wrote it")]
    Damaged {
        /// What it is.
        what: &'static str,
    },
}
