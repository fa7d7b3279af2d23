//! Requests on their way out: checked as a whole, then put in order of time.

use core::ops::Range;

use crate::input::InputError;
use crate::request::{Catalogue, Operation, Request, RequestLog, RequestLogBuilder, write_line};
use crate::units::{Instant, Resources};

/// Collects requests in any order.
#[derive(Debug)]
pub(super) struct Collector {
    builder: RequestLogBuilder,
    buffer: String,
    lines: Vec<(Instant, Range<usize>)>,
}

/// Lines of ours, checked as a whole.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    buffer: String,
    ranges: Vec<Range<usize>>,
}

impl Collector {
    pub(super) fn new() -> Self {
        Self { builder: RequestLogBuilder::new(Catalogue::default()), buffer: String::new(), lines: Vec::new() }
    }

    /// Adds the request of a line of the input; what was there already is left out.
    pub(super) fn push(&mut self, line: u64, request: Request) -> Result<(), InputError> {
        let start = self.buffer.len();
        write_line(&mut self.buffer, &request);
        let at = request.at;
        if self.builder.push(line, shaped(request))? {
            self.lines.push((at, start..self.buffer.len()));
        } else {
            self.buffer.truncate(start);
        }
        Ok(())
    }

    /// The lines in order of time, and the log that they are. Its shapes are made up where only the flavor is known.
    pub(super) fn finish(mut self) -> Result<(Lines, RequestLog), InputError> {
        if self.lines.is_empty() {
            return Err(InputError::whole("holds no requests; expected at least one"));
        }
        let log = self.builder.finish()?;
        self.lines.sort_by_key(|&(at, _)| at);
        let ranges = self.lines.into_iter().map(|(_, range)| range).collect();
        Ok((Lines { buffer: self.buffer, ranges }, log))
    }
}

impl Lines {
    /// Text as one piece.
    pub(super) fn whole(text: String) -> Self {
        let all = 0..text.len();
        Self { buffer: text, ranges: core::iter::once(all).collect() }
    }

    /// The pieces in order, each with its line break.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.ranges.iter().map(|range| &self.buffer[range.clone()])
    }
}

/// A flavor whose amounts stand in another file: any shape does for following its life.
fn shaped(mut request: Request) -> Request {
    if request.operation != Operation::Delete && request.requested.is_none() && request.flavor.is_some() {
        request.requested = Some(Resources::compute(1_000, 1_024));
    }
    request
}
