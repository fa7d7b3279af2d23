//! Times without data, which are no times without demand.

use super::{History, RequestLog};
use crate::units::{Duration, Window};

/// A time without a request is an outage where it is so many times as long as any usual one.
const TIMES_AS_LONG: i64 = 6;

/// What is shorter is never an outage.
const SHORTEST: Duration = Duration::HOUR;

/// A log that began less than this before a silence does not say what is usual.
const LEARNT_AFTER: Duration = Duration::from_seconds(2 * 86_400);

/// What comes more often than once a week, and once besides, is usual however long it is: nights, and weekends.
const WEEK: Duration = Duration::from_seconds(7 * 86_400);

impl History<'_> {
    /// The times in which no request came though some must have been made: from the last request before to the first one
    /// after, or to the cut where none has come since.
    ///
    /// In order of length, the times between requests grow by little from one to the next; where one is six times as long
    /// as the next shorter one, and longer than an hour, it and all that are longer are outages, unless there are too many
    /// of them to be anything but usual.
    pub fn outages(&self) -> Vec<Window> {
        let RequestLog { requests, .. } = self.tables();
        let known = &requests[..self.tables().position(self.end())];
        let Some((first, last)) = known.first().map(|first| first.at).zip(known.last().map(|last| last.at)) else {
            return Vec::new();
        };
        let between = known.windows(2).map(|pair| Window { start: pair[0].at, end: pair[1].at });
        let silences = between.chain([Window { start: last, end: self.end() }]);
        let mut longest_first: Vec<Window> =
            silences.filter(|silence| silence.length() > SHORTEST && silence.start - first >= LEARNT_AFTER).collect();
        longest_first.sort_by_key(|silence| (core::cmp::Reverse(silence.length()), silence.start));
        let usual = usual(known.windows(2).map(|pair| pair[1].at - pair[0].at), &longest_first);
        let most = 1 + (self.end() - first).divide(WEEK) as usize;
        let count = (1..=longest_first.len().min(most)).rev().find(|&count| {
            let next = longest_first.get(count).map_or(usual, Window::length).max(usual);
            longest_first[count - 1].length() >= next * TIMES_AS_LONG
        });
        longest_first.truncate(count.unwrap_or(0));
        longest_first.sort_unstable_by_key(|silence| silence.start);
        longest_first
    }
}

/// The longest time between requests that is no candidate.
fn usual(between: impl Iterator<Item = Duration>, candidates: &[Window]) -> Duration {
    let shortest = candidates.last().map_or(SHORTEST, Window::length);
    between.filter(|&length| length < shortest).max().unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{Catalogue, RequestLogBuilder};
    use crate::units::Instant;

    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;

    fn at(second: i64) -> Instant {
        Instant::from_micros(0) + Duration::from_seconds(second)
    }

    /// The outages known at `end`, in seconds, of a log with requests at these seconds.
    fn outages(seconds: impl Iterator<Item = i64>, end: i64) -> Vec<(i64, i64)> {
        let mut builder = RequestLogBuilder::new(Catalogue::default());
        for (line, second) in (1..).zip(seconds) {
            let text = format!(
                r#"{{"id":"{line}","at":"{}","tenant":"a","op":"create","class":"compute","resource":"{line}","requested":{{"vcpu":1}}}}"#,
                at(second)
            );
            builder.push(line, serde_json::from_str(&text).unwrap()).unwrap();
        }
        let log = builder.finish().unwrap();
        let seconds = |instant: Instant| (instant - at(0)).micros() / 1_000_000;
        log.before(at(end)).outages().into_iter().map(|window| (seconds(window.start), seconds(window.end))).collect()
    }

    #[test]
    fn what_is_much_longer_than_usual_is_an_outage() {
        // A request every ten minutes for ten days, but for five hours on the fifth: 30 times as long.
        let every = |from: i64, to: i64| (from..to).step_by(10 * MINUTE as usize);
        let silent = || every(0, 5 * DAY).chain(every(5 * DAY + 5 * HOUR - 10 * MINUTE, 10 * DAY));
        let expected = [(5 * DAY - 10 * MINUTE, 5 * DAY + 5 * HOUR - 10 * MINUTE)];
        assert_eq!(outages(silent(), 10 * DAY), expected);
        // Nothing has come since: it is said once it is longer than an hour, which is six times as long as usual.
        let last = 5 * DAY - 10 * MINUTE;
        assert_eq!(outages(every(0, 5 * DAY), last + HOUR), []);
        assert_eq!(outages(every(0, 5 * DAY), last + HOUR + 1), [(last, last + HOUR + 1)]);
        // On the first day nobody knows what is usual.
        assert_eq!(outages(every(0, DAY), 2 * DAY), []);
    }

    #[test]
    fn nights_and_weekends_are_usual() {
        let office = |days: std::ops::Range<i64>| {
            let day = |day: i64| (day * DAY + 8 * HOUR..day * DAY + 18 * HOUR).step_by(10 * MINUTE as usize);
            days.filter(|day| day % 7 < 5).flat_map(day)
        };
        assert_eq!(outages(office(0..28), 28 * DAY), []);
        // Three weeks closed are much more than six times as long as a night of 14 hours.
        let closed = (4 * DAY + 18 * HOUR - 10 * MINUTE, 28 * DAY + 8 * HOUR);
        assert_eq!(outages(office(0..7).chain(office(28..35)), 33 * DAY), [closed]);
    }
}
