//! What a mixture learns, and what is drawn from it.

use super::*;
use crate::stream::Recency;
use crate::units::TenantIndex;

/// Ten days of a batch a minute, with the creates that `creates` says for the hour and the number.
fn history(creates: impl Fn(i64, i64) -> Vec<(u32, u32)>) -> Vec<Batch> {
    let batch = |i: i64| {
        let first = Instant::from_micros(0) + Duration::from_minutes(i);
        let creates = creates(i / 60 % 24, i).into_iter().map(|(flavor, count)| (FlavorIndex(flavor), count)).collect();
        Batch { tenant: TenantIndex(0), first, last: first, creates }
    };
    (0..14_400).map(batch).collect()
}

fn fitted(creates: impl Fn(i64, i64) -> Vec<(u32, u32)>) -> FlavorMixture {
    let batches = history(creates);
    let recency = Recency { half_life: Duration::DAY * 4, same_weekday: 0 };
    let weighing = |at| Weighing::new(recency, at, Duration::HOUR, 24);
    FlavorMixture::fit(&batches, 3, weighing, Instant::from_micros(0) + Duration::DAY * 10)
}

fn after(flavors: &[Class]) -> Beginning {
    let mut beginning = Beginning::default();
    flavors.iter().for_each(|&flavor| beginning.push(flavor));
    beginning
}

#[test]
fn what_always_follows_is_expected() {
    let mixture = fitted(|_, i| if i % 2 == 0 { vec![(0, 2), (1, 1)] } else { vec![(1, 3), (0, 1)] });
    let check = |flavors: &[Class], next: usize| {
        let chances = mixture.chances(Instant::from_micros(0), &after(flavors));
        assert!((chances.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert!(chances.iter().all(|&chance| chance > 0.0), "nothing is impossible: {chances:?}");
        assert!(chances[next] > 0.95, "{flavors:?}: {chances:?}");
    };
    check(&[0], 0);
    check(&[0, 0], 1);
    // Flavor 1 comes three times in a row where it is the first, and once after two of flavor 0.
    check(&[0, 0, 1], 3);
    check(&[1], 1);
    check(&[1, 1, 1], 0);
}

/// The table of templates of the same batches.
fn table(batches: &[Batch]) -> FlavorMixture {
    let recency = Recency { half_life: Duration::DAY * 4, same_weekday: 0 };
    let weighing = |at| Weighing::new(recency, at, Duration::HOUR, 24);
    let origin = Instant::from_micros(0) + Duration::DAY * 10;
    let gates = FlavorMixture::gates(batches, 3, weighing, origin, 4_096);
    FlavorMixture::table(&templates(batches.to_vec(), &weighing(origin), 4_096), &gates, 3, |_| 1.0)
}

#[test]
fn what_is_drawn_has_the_chances_that_are_reported() {
    // Two in three batches begin with flavor 0, and go on in ways that depend on the number of the batch.
    let batches = history(|hour, i| match (i % 3, hour < 12) {
        (0, true) => vec![(0, 1 + (i as u32 / 3) % 4), (2, 1)],
        (0, false) => vec![(0, 1)],
        (1, _) => vec![(0, 2), (1, 1 + i as u32 % 2)],
        _ => vec![(1, 1)],
    });
    let mixture = table(&batches);
    for beginning in [after(&[]), after(&[0]), after(&[0, 0]), after(&[0, 0, 1]), after(&[2, 1])] {
        for hour in [3, 15] {
            let at = Instant::from_micros(0) + Duration::HOUR * hour;
            let chances = mixture.chances(at, &beginning);
            let draws = Draws::new(1, 0, crate::random::Purpose::Template, hour as u64);
            let (mut drawn, count) = ([0.0; 4], 20_000.0);
            for i in 0..20_000 {
                let (of_context, of_class) = (draws.uniform(2 * i), draws.uniform(2 * i + 1));
                drawn[mixture.draw(part(at, mixture.parts), &beginning, of_context, of_class).unwrap() as usize] += 1.0;
            }
            for (chance, drawn) in chances.iter().zip(drawn) {
                // Five standard errors of a share, and what the unseen would have.
                let band = 5.0 * libm::sqrt(chance * (1.0 - chance) / count) + 1e-3;
                assert!((drawn / count - chance).abs() < band, "{beginning:?} at {hour}: {chances:?}, drawn {drawn}");
            }
        }
    }
}

#[test]
fn no_batch_is_empty_and_every_batch_ends() {
    let mixture = table(&history(|_, i| vec![(0, 1 + i as u32 % 5)]));
    let at = Instant::from_micros(0);
    for i in 0..2_000 {
        let mut creates = 0;
        let draws = Draws::new(1, 0, crate::random::Purpose::Template, i);
        let batch = mixture.draw_batch(at, draws, 1, |_| creates += 1).unwrap();
        assert!(creates == batch.length && (1..1_000).contains(&creates), "{batch:?}");
    }
    assert_eq!(mixture.chances(at, &after(&[]))[3], 0.0);
    let nothing = FlavorMixture::table(&[], &Gates::assumed().rounded(100), 0, |_| 1.0);
    assert!(nothing.draw_batch(at, Draws::new(1, 0, crate::random::Purpose::Template, 0), 1, |_| ()).is_none());
}

#[test]
fn a_short_history_is_drawn_as_it_was() {
    // Six batches of one kind, in an hour: nothing to try weights on, and nothing else to draw.
    let batches: Vec<Batch> = history(|_, _| vec![(0, 2), (1, 1)]).into_iter().take(6).collect();
    let gates = Gates::assumed().rounded(100);
    let recency = Recency { half_life: Duration::DAY * 4, same_weekday: 0 };
    let origin = Instant::from_micros(0) + Duration::HOUR;
    let weighing = Weighing::new(recency, origin, Duration::HOUR, 24);
    let mixture = FlavorMixture::table(&templates(batches, &weighing, 64), &gates, 2, |_| 1.0);
    let same = (0..1_000).filter(|&i| {
        let mut creates = Vec::new();
        mixture.draw_batch(origin, Draws::new(1, 0, crate::random::Purpose::Template, i), 1, |flavor| {
            creates.push(flavor.0)
        });
        creates == [0, 0, 1]
    });
    // Less exact contexts say the same except after the first flavor 0, which they may see as the second or the first.
    assert!(same.count() > 850);
}

#[test]
fn the_hour_matters_where_it_says_something() {
    let mixture = fitted(|hour, _| vec![(u32::from(hour >= 12), 1)]);
    for (hour, flavor) in [(3, 0), (15, 1)] {
        let chances = mixture.chances(Instant::from_micros(0) + Duration::HOUR * hour, &after(&[]));
        assert!(chances[flavor] > 0.95, "{hour}: {chances:?}");
    }
}
