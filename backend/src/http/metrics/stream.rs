//! What a monitoring system wants to know of the stream that the log goes through.

use prometheus_client::registry::Unit;

use super::{Labels, Told};
use crate::jobs::wall_clock;
use crate::log_stream::LogStream;

impl Told {
    /// How much waits in the stream, and what this process published and folded.
    pub(super) fn stream(&mut self, log: &LogStream) {
        let view = log.folded.view(wall_clock());
        let messages = view.messages.map(|messages| (Labels::new(), messages as f64));
        self.family("stream_messages", "Messages of the stream that are not folded into the log", None, messages);
        let lag = view.lag_s.map(|lag| (Labels::new(), lag));
        self.family("stream_lag", "Since when the oldest of them waits", Some(Unit::Seconds), lag);
        let published = vec![(Labels::new(), log.folded.count_published())];
        self.counters("stream_published", "Records that this process had put into the stream", published);
        let accepted = view.folded - view.duplicates - view.refused;
        let folded = [("accepted", accepted), ("duplicate", view.duplicates), ("refused", view.refused)];
        let folded = folded.map(|(outcome, count)| (vec![("outcome", outcome.to_owned())], count));
        self.counters("stream_folded", "Records that this process folded into the log, by outcome", folded.into());
    }
}
