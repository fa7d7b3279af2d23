//! Times without data, which are no times without demand.

use super::{History, RequestLog};
use crate::units::{Duration, Instant, Window};

/// A time without a request is an outage where it is so many times as long as any usual one.
const TIMES_AS_LONG: i64 = 6;

/// What is shorter is never an outage.
const SHORTEST: Duration = Duration::HOUR;

/// A log that began less than this before a silence does not say what is usual.
const LEARNT_AFTER: Duration = Duration::from_seconds(2 * 86_400);

/// More of them than one a week, and one besides, are usual however long they are.
const WEEK: Duration = Duration::from_seconds(7 * 86_400);

/// So many days, and so many weeks, before and after a silence are looked at for one at the same time.
const NEIGHBOURS: i64 = 7;

/// A stretch of a log of which only this is kept: it is shorter than any outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Its first request.
    pub first: Instant,
    /// Its last one.
    pub last: Instant,
    /// The longest time without one in between.
    pub longest: Duration,
}

impl History<'_> {
    /// The times in which no request came though some must have been made: from the last request before to the first one
    /// after, or to the cut where none has come since.
    ///
    /// What comes again at the same time of the day is usual, as nights are, and so is what comes again at the same time of
    /// the week, as weekends do: half of it has to be silent then too. In order of length, the other times between requests
    /// grow by little from one to the next; where one is six times as long as the next shorter one and as any night, and
    /// longer than an hour, it and all that are longer are outages, unless there are too many of them to be anything but
    /// usual.
    pub fn outages(&self) -> Vec<Window> {
        self.outages_after(&[])
    }

    /// The same of a log that goes on from these stretches, in order of time.
    pub fn outages_after(&self, past: &[Stretch]) -> Vec<Window> {
        let RequestLog { requests, .. } = self.tables();
        let known = requests[..self.tables().position(self.end())].iter();
        let at =
            |request: &super::IndexedRequest| Stretch { first: request.at, last: request.at, longest: Duration::ZERO };
        let stretches = || past.iter().copied().chain(known.clone().map(at));
        let Some((first, last)) = stretches().next().map(|first| first.first).zip(stretches().last().map(|s| s.last))
        else {
            return Vec::new();
        };
        let between = stretches().zip(stretches().skip(1)).map(|(a, b)| Window { start: a.last, end: b.first });
        let (silences, short): (Vec<Window>, Vec<Window>) =
            between.chain([Window { start: last, end: self.end() }]).partition(|silence| silence.length() > SHORTEST);
        let within = past.iter().map(|stretch| stretch.longest);
        let (nightly, others): (Vec<Window>, Vec<Window>) =
            silences.iter().partition(|silence| recurs(silence, Duration::DAY, &silences));
        let mut longest_first: Vec<Window> = others
            .into_iter()
            .filter(|silence| silence.start - first >= LEARNT_AFTER && !recurs(silence, WEEK, &silences))
            .collect();
        longest_first.sort_by_key(|silence| (core::cmp::Reverse(silence.length()), silence.start));
        let usual = short.iter().chain(&nightly).map(Window::length).chain(within).max().unwrap_or(Duration::ZERO);
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

/// Whether half of a silence was, or will be, silent a whole number of `periods` earlier or later, in silences that are
/// shorter than one; all of them are in order of time.
fn recurs(silence: &Window, period: Duration, silences: &[Window]) -> bool {
    let silent_at = |shift: Duration| {
        let (start, end) = (silence.start + shift, silence.end + shift);
        let reached = silences[silences.partition_point(|other| other.end <= start)..].iter();
        let within = reached.take_while(|other| other.start < end);
        let others = within.filter(|other| other.length() < period && other.start != silence.start);
        others.fold(Duration::ZERO, |sum, other| sum + (other.end.min(end) - other.start.max(start)))
    };
    let shifts = (1..=NEIGHBOURS).flat_map(|count| [period * count, period * -count]);
    shifts.map(silent_at).any(|silent| silent * 2 >= silence.length())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{Catalogue, RequestLogBuilder};

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
        // Nights of 8 hours are less than a sixth of weekends of 56, which come again; the first one is a surprise.
        let late = |days: std::ops::Range<i64>| {
            let day = |day: i64| (day * DAY + 6 * HOUR..day * DAY + 22 * HOUR).step_by(10 * MINUTE as usize);
            days.filter(|day| day % 7 < 5).flat_map(day)
        };
        let friday = 4 * DAY + 22 * HOUR - 10 * MINUTE;
        assert_eq!(outages(late(0..7), 7 * DAY + 5 * HOUR), [(friday, 7 * DAY + 5 * HOUR)]);
        assert_eq!(outages(late(0..13), 12 * DAY + 12 * HOUR), [], "the second one has begun");
        assert_eq!(outages(late(0..42), 42 * DAY), []);
        // The third night is not the first that could be an outage: two have been like it.
        assert_eq!(outages(late(0..4), 3 * DAY + 5 * HOUR), []);
        // Weekdays around the clock, and an outage from Tuesday to Thursday of the fourth week beside closed weekends.
        let outage = 22 * DAY..24 * DAY;
        let open = (0..35 * DAY).step_by(10 * MINUTE as usize);
        let open = open.filter(|second| second / DAY % 7 < 5 && !outage.contains(second));
        assert_eq!(outages(open, 33 * DAY), [(22 * DAY - 10 * MINUTE, 24 * DAY)]);
        // Three weeks closed are much more than six times as long as a night of 14 hours.
        let closed = (4 * DAY + 18 * HOUR - 10 * MINUTE, 28 * DAY + 8 * HOUR);
        assert_eq!(outages(office(0..7).chain(office(28..35)), 33 * DAY), [closed]);
    }
}
