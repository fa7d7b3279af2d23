//! What is left of a log counts, and draws, as all of it did.

use proptest::prelude::*;

use crate::features::{PastBins, PastCreates, SeriesKey};
use crate::request::{Catalogue, Request, RequestLog, RequestLogBuilder, ResourceClass};
use crate::shadow::Known;
use crate::units::{Duration, Instant, Window};

const BIN: Duration = Duration::from_seconds(300);

fn at(second: i64) -> Instant {
    Instant::from_micros(0) + Duration::from_seconds(second)
}

/// A create in its second: whose it is, whether of storage, in which batch, and after how many seconds it is deleted.
type Asked = (i64, u8, bool, Option<u8>, Option<i64>);

fn requests(asked: &[Asked]) -> Vec<Request> {
    let mut all = Vec::new();
    for (number, &(second, tenant, storage, batch, lives)) in asked.iter().enumerate() {
        let (class, requested) =
            if storage { ("storage", r#"{"storage_gib":1}"#) } else { ("compute", r#"{"vcpu":1}"#) };
        let batch = batch.map(|batch| format!(r#","batch":"b-{batch}""#)).unwrap_or_default();
        let create: Request = serde_json::from_str(&format!(
            r#"{{"id":"c-{number}","at":"{}","tenant":"t-{tenant}","op":"create","class":"{class}",
                "resource":"{number}","requested":{requested}{batch}}}"#,
            at(second)
        ))
        .unwrap();
        let delete = |lives| Request { id: format!("d-{number}"), ..create.clone() }.into_delete(at(second + lives));
        all.extend(lives.map(delete));
        all.push(create);
    }
    all
}

fn log(requests: impl IntoIterator<Item = Request>) -> RequestLog {
    building(requests).finish().unwrap()
}

fn building(requests: impl IntoIterator<Item = Request>) -> RequestLogBuilder {
    let mut builder = RequestLogBuilder::new(Catalogue::default());
    for (line, request) in (1..).zip(requests) {
        builder.push(line, request).unwrap();
    }
    builder
}

/// What is left of a log that was cut twice, at these instants, and the bins before.
fn cut(requests: &[Request], cuts: [Instant; 2]) -> (RequestLog, PastBins) {
    let (mut bins, mut rest, mut from) = (PastBins::new(BIN), log(requests.iter().cloned()), at(0));
    for cut in cuts {
        bins.count(&rest, Window { start: from, end: cut });
        let (creates, keys) = rest.carried(cut);
        let begun = rest.batches_begun(cut);
        let mut builder = building(requests.iter().filter(|request| request.at >= cut).cloned());
        builder.stand(cut, creates).unwrap();
        builder.go_on(keys, begun);
        (rest, from) = (builder.finish().unwrap(), cut);
    }
    (rest, bins)
}

proptest! {
    /// What models learn from: the same numbers, of the same tenants in the same order, as if nothing had been dropped.
    #[test]
    fn series_of_bins_and_of_the_rest_are_those_of_all(
        asked in prop::collection::vec(
            (0_i64..400_000, 0_u8..5, any::<bool>(), prop::option::of(0_u8..20), prop::option::of(1_i64..200_000)),
            1..60,
        ),
        (first, second) in (0_i64..700, 0_i64..700),
        tenants_max in 0_usize..6,
    ) {
        let requests = requests(&asked);
        let (whole, origin) = (log(requests.iter().cloned()), at(700_200));
        let [first, second] = [first.min(second), first.max(second)].map(|bin| at(0) + BIN * bin);
        let (rest, bins) = cut(&requests, [first, second]);
        let all = Known::new(&whole, None, origin);
        let left = Known::going_on(&rest, None, Some(&bins), origin);
        prop_assert_eq!(left.series(BIN, tenants_max), all.series(BIN, tenants_max));
        let hours = Duration::HOUR;
        prop_assert_eq!(left.series(hours, tenants_max), all.series(hours, tenants_max));
        prop_assert_eq!(left.outages(), all.outages());
        prop_assert_eq!(left.tenant_names().iter().collect::<Vec<_>>(), all.tenant_names().iter().collect::<Vec<_>>());
        // Whoever lives goes on with the same draws.
        let keys = |log: &RequestLog| -> std::collections::BTreeMap<String, u64> {
            let later = log.requests.iter().zip(&log.ids).filter(|(request, _)| request.at >= second);
            later.map(|(request, id)| (id.to_string(), request.draw_key)).collect()
        };
        prop_assert_eq!(keys(&rest), keys(&whole));
    }
}

#[test]
fn a_batch_that_goes_on_over_the_cut_is_one_arrival() {
    // Three creates of one batch, one of them after the cut at 300 s; one by itself after it.
    let requests = requests(&[
        (10, 0, false, Some(1), None),
        (290, 0, false, Some(1), None),
        (301, 0, false, Some(1), None),
        (302, 1, false, None, None),
    ]);
    let (rest, bins) = cut(&requests, [at(0), at(300)]);
    let known = Known::going_on(&rest, None, Some(&bins), at(600));
    let set = known.series(BIN, 0);
    let counts: Vec<_> = set.series.iter().map(|series| (series.key, series.counts.clone())).collect();
    // The first bin is no whole one from the first request on, and is left out, as it always was.
    assert_eq!(counts, [(SeriesKey::Arrivals, vec![1.0]), (SeriesKey::TOTAL, vec![2.0])]);
    let [bin] = &bins.bins[..] else { panic!("{bins:?}") };
    assert_eq!((bin.batches, bin.stretch.first, bin.stretch.last), (1, at(10), at(290)));
    assert_eq!(bin.stretch.longest, Duration::from_seconds(280));
    assert_eq!(bin.creates, [PastCreates { tenant: 0, class: ResourceClass::Compute, count: 2 }]);
}
