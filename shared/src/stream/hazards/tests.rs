use super::*;
use crate::random::{Draws, Purpose};

fn lived(flavor: u32, micros: i64, ended: bool) -> Lived {
    Lived {
        tenant: TenantIndex(0),
        flavor: FlavorIndex(flavor),
        batch: None,
        size: 1,
        created: Instant::from_micros(0),
        age: Duration::from_micros(micros),
        ended,
    }
}

fn minutes(minutes: i64, ended: bool) -> Lived {
    lived(0, minutes * 60_000_000, ended)
}

#[test]
fn intervals_hold_the_product_limit_estimate() {
    // Ages in minutes, + for those last seen then: 1, 2, 2+, 4, 6+, 7, 8, 8 of 8 lives. By hand:
    // to 5 min: (7/8)(6/7)(4/5) = 0.6 (the life last seen at 2 is at risk there, not at 4);
    // to 10 min: 4 at risk, one last seen at 6, so (2/3)(1/2)(0/1): ends at 7, 8, 8 of 3, 2, 1 → 0.
    let lives = [(1, true), (2, true), (2, false), (4, true), (6, false), (7, true), (8, true), (8, true)];
    let table = Table::new(lives.into_iter().map(|(age, ended)| minutes(age, ended)), &grid());
    assert!((table.hazards[0] - 0.4).abs() < 1e-12, "{}", table.hazards[0]);
    assert!((table.hazards[1] - 1.0).abs() < 1e-12, "{}", table.hazards[1]);
    assert_eq!((table.at_risk[0], table.at_risk[1], table.at_risk[2]), (8.0, 4.0, 0.0));
    assert_eq!((table.ends[0], table.ends[1]), (3, 3));
    // Minutes lived to 5: 1 + 2 + 2 + 4 + 4 · 5 = 29.
    assert_eq!(table.exposure[0], 29.0 * 60e6);
}

#[test]
fn a_flavor_is_mixed_with_everybody() {
    // Everybody: 100 of 200 lives end in the first five minutes, at once; flavor 1 has 10 of those lives and no end.
    let mut lives: Vec<Lived> = (0..200).map(|i| lived(0, 1 + i64::from(i >= 100) * 299_999_999, i < 100)).collect();
    lives[190..].iter_mut().for_each(|life| life.flavor = FlavorIndex(1));
    // Fifty ends beyond, so that the tail leaves the first interval alone.
    lives[100..150].iter_mut().for_each(|life| (life.age, life.ended) = (Duration::from_minutes(7), true));
    let (edges, rows) = hazards(&lives, 3, 5);
    assert_eq!(edges, [Duration::from_minutes(5), Duration::from_minutes(10)]);
    // (0 + 5) / (10 + 5 / 0.5) = 0.25; a flavor without lives has everybody's 0.5.
    assert_eq!((rows[1][0], rows[2][0]), (16_384, 32_768));
    // Flavor 0: (100 + 5) / (190 + 10) = 0.525.
    assert_eq!(rows[0][0], (0.525 * 65_536.0_f64).round() as u16);
}

/// `lifetime` of a uniform draw, each life last seen at a uniform age of up to `seen`.
fn simulated(count: u64, seen: f64, lifetime: impl Fn(f64) -> f64) -> Vec<Lived> {
    let life = |i| {
        let draws = Draws::new(1, 0, Purpose::Lifetime, i);
        let (end, cut) = (lifetime(draws.uniform(0)), seen * draws.uniform(1));
        lived(0, end.min(cut) as i64, end <= cut)
    };
    (0..count).map(life).collect()
}

fn survival(edges: &[Duration], hazards: &[u16], age: Duration) -> f64 {
    let survived = edges.iter().zip(hazards).take_while(|(edge, _)| **edge <= age);
    survived.map(|(_, &hazard)| 1.0 - f64::from(hazard) / HAZARD_STEPS).product()
}

#[test]
fn exponential_lives_get_their_rate_back_also_beyond_what_was_seen() {
    // Mean six hours, seen for at most one day: of 20,000 lives some 15,100 end, so a rate is known to 0.8 %, and the
    // chances of survival below to 0.005; three of them. The tail has at least 50 ends: 14 %, three of them.
    let hour = 3_600e6;
    let lives = simulated(20_000, 24.0 * hour, |uniform| -6.0 * hour * libm::log1p(-uniform));
    let (edges, rows) = hazards(&lives, 1, 0);
    for hours in [1, 3, 6, 12] {
        let (found, expected) = (survival(&edges, &rows[0], Duration::HOUR * hours), libm::exp(-(hours as f64) / 6.0));
        assert!((found - expected).abs() < 0.015, "{hours} h: {found}, expected {expected}");
    }
    let last = edges.len() - 1;
    let rate = -libm::log1p(-f64::from(rows[0][last]) / HAZARD_STEPS)
        / ((edges[last].micros() - start_of(last, &edges)) as f64 / hour);
    assert!((rate * 6.0 - 1.0).abs() < 0.42, "{rate} an hour");
}

#[test]
fn weibull_lives_get_their_survival_back() {
    // Shape 1/2, scale one hour: S(t) = exp(−√t). Standard error of a survival of 20,000 lives at most 0.005.
    let hour = 3_600e6;
    let lives = simulated(20_000, 24.0 * hour, |uniform| {
        let exponential = -libm::log1p(-uniform);
        hour * exponential * exponential
    });
    let (edges, rows) = hazards(&lives, 1, 0);
    for hours in [1, 2, 4, 9] {
        let (found, expected) =
            (survival(&edges, &rows[0], Duration::HOUR * hours), libm::exp(-libm::sqrt(hours as f64)));
        assert!((found - expected).abs() < 0.015, "{hours} h: {found}, expected {expected}");
    }
}

#[test]
fn few_ends_make_one_rate() {
    // Ten lives, four end: 4 ends in 10 · 30 min = 0.8 an hour, a chance of 1 − e^−0.8 an hour.
    let lives: Vec<Lived> = (0..10).map(|i| minutes(30, i < 4)).collect();
    let (edges, rows) = hazards(&lives, 1, 5);
    assert_eq!(edges, [Duration::HOUR]);
    assert_eq!(rows[0][0], ((1.0 - libm::exp(-0.8)) * HAZARD_STEPS + 0.5) as u16);
}

#[test]
fn sharing_is_what_chance_does_not_explain() {
    // 800 batches of two; in half of them the second ends with the first, in the other half it has an end of its own,
    // of four intervals with equal chances.
    let batch = |i: u64| Some((TenantIndex(0), BatchIndex(i as u32)));
    let life = |i, end: u64| Lived {
        tenant: TenantIndex(0),
        flavor: FlavorIndex(0),
        batch: batch(i),
        size: 2,
        created: Instant::from_micros(0),
        age: Duration::from_minutes(5 * end as i64 + 1),
        ended: true,
    };
    let lives: Vec<Lived> = (0..800)
        .flat_map(|i| {
            let draws = Draws::new(2, 0, Purpose::Lifetime, i);
            let first = draws.below(0, 4);
            [life(i, first), life(i, if i % 2 == 0 { first } else { draws.below(1, 4) })]
        })
        .collect();
    let edges: Vec<Duration> = (1..=4).map(|i| Duration::from_minutes(5 * i)).collect();
    let [within, between] = same_end(&lives, &edges);
    let shared = f64::from(shared_milli(within, between)) / 1_000.0;
    // Standard error of a share over 800 pairs: 0.017, and of chance 0.015, over 1 − 1/4; four of them.
    assert!((shared - 0.5).abs() < 0.12, "{shared}");
}
