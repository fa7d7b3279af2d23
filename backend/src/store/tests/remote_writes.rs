//! Bodies of remote write.

use shared::units::{Duration, Window};

use super::at;
use super::places::on_each;
use crate::store::{Folded, SensorSum, SeriesEnd};

#[test]
fn bodies_go_with_what_they_come_to() {
    on_each("remote-writes", async |place| {
        let stores = place.stores().await;
        let writes = &stores.remote_writes;
        let first = writes.spool(vec![0, 1], at(1)).await.unwrap();
        let second = writes.spool(vec![2], at(2)).await.unwrap();
        let (third, bodies) = (writes.spool(vec![3], at(3)).await.unwrap(), writes.spooled(first, 1).await.unwrap());
        assert!(first < second && second < third);
        assert_eq!((bodies[0].number, bodies[0].received, &bodies[0].body), (second, at(2), &vec![2]));
        let sum = |sum: f64, count| SensorSum {
            series: 1,
            at: at(0),
            sensor: "cpu".to_owned(),
            scope: "a".to_owned(),
            sum,
            count,
        };
        let end = |id, seconds| SeriesEnd { id, at: at(seconds), value: 0.5 };
        let folded =
            Folded { sums: vec![sum(3.0, 2)], ends: vec![end(1, 1), end(u128::MAX, 1)], ended: vec![], until: first };
        writes.fold(folded).await.unwrap();
        let folded = Folded { sums: vec![sum(6.0, 1)], ends: vec![end(1, 2)], ended: vec![u128::MAX], until: second };
        writes.fold(folded).await.unwrap();
        assert_eq!(writes.series_ends().await.unwrap(), [end(1, 2)]);
        assert_eq!(writes.spooled(0, 9).await.unwrap().len(), 1, "the third is in no bin yet");
        let means = stores.store.mean_readings(Window { start: at(0), end: at(9) }, Duration::from_seconds(9)).await;
        // (3 + 6) / (2 + 1).
        assert_eq!(means.unwrap()[0].value, 3.0);
    });
}
