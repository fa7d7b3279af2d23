//! Several horizons beside each other.

use shared::feedback::ledger::{ActualRecord, ForecastRecord};

use super::*;

/// A life of these horizons besides a day, two days of whose requests have been stored already.
async fn forecasting(file: &Path, horizons: &[&str]) -> Life {
    let given: Vec<Duration> = horizons.iter().map(|text| text.parse().unwrap()).collect();
    begin_as(file, midnight(), |config| {
        let horizons = Horizons::new(&given, config.bin, config.late).unwrap();
        ShadowingConfig { horizons, ..config }
    })
    .await
}

async fn stored(file: &Path) {
    let store = SqliteStore::open(file).unwrap();
    let window = Window { start: example::START, end: midnight() + Duration::DAY * 2 };
    store.append_requests(example::requests_between(example::SEED, window)).await.unwrap();
}

/// Lets the clock go on to an instant, never faster than the loop.
async fn live_until(life: &mut Life, end: Instant) {
    let step = life.cycle.config.horizons.step();
    while life.clock.now() < end {
        life.clock.set(life.clock.now() + step);
        catch_up(life).await;
    }
}

/// What was forecast and what came of windows of a length.
fn of_horizon(records: &[Record], horizon: Duration) -> (Vec<&ForecastRecord>, Vec<&ActualRecord>) {
    let forecasts = records.iter().filter_map(|record| match record {
        Record::Forecast(forecast) if forecast.horizon == horizon => Some(forecast),
        _ => None,
    });
    let actuals = records.iter().filter_map(|record| match record {
        Record::Actual(actual) if actual.window.length() == horizon => Some(actual),
        _ => None,
    });
    (forecasts.collect(), actuals.collect())
}

fn total(actual: &ActualRecord) -> f64 {
    let total = actual.series.iter().find(|of| of.kind == RowKind::Total).unwrap();
    total.amount.amount.to_string().parse().unwrap()
}

#[test]
fn hours_are_forecast_and_judged_beside_the_day_and_survive_a_kill() {
    let folder = folder("hours");
    block_on(async {
        let file = folder.join("store.sqlite");
        stored(&file).await;
        let mut life = forecasting(&file, &["1h"]).await;
        catch_up(&mut life).await;
        live_until(&mut life, midnight() + Duration::HOUR * 7).await;
        let newest = life.board.snapshot().origins();
        let (six, seven) = (midnight() + Duration::HOUR * 6, midnight() + Duration::HOUR * 7);
        assert_eq!(newest.into_iter().collect::<Vec<_>>(), [(Duration::HOUR, seven), (Duration::DAY, six)]);
        drop(life);

        let mut life = forecasting(&file, &["1h"]).await;
        life.clock.set(seven);
        live_until(&mut life, midnight() + Duration::DAY).await;
        let records = ledger(&life).await;
        let (forecasts, actuals) = of_horizon(&records, Duration::HOUR);
        // One more has begun than is over.
        let starts = |hours: i64| (0..hours).map(|hour| midnight() + Duration::HOUR * hour).collect::<Vec<_>>();
        assert_eq!(forecasts.iter().map(|forecast| forecast.origin).collect::<Vec<_>>(), starts(25));
        assert_eq!(actuals.iter().map(|actual| actual.window.start).collect::<Vec<_>>(), starts(24));
        assert!(forecasts.iter().all(|forecast| forecast.recorded == forecast.window.start));
        // Hours make a day: to the last decimal of each.
        let (_, days) = of_horizon(&records, Duration::DAY);
        let hours: f64 = actuals.iter().map(|actual| total(actual)).sum();
        assert!((hours - total(days[0])).abs() <= 24e-6, "{hours} {}", total(days[0]));
        let card = scorecard(&records);
        let totals = card.rows.iter().filter(|row| row.kind == RowKind::Total);
        let windows: Vec<_> = totals.map(|row| (row.horizon, row.windows)).collect();
        assert_eq!(windows, [(Duration::HOUR, 24), (Duration::DAY, 1)]);
    });
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_loop_goes_in_steps_of_the_shortest_horizon_and_passes_over_what_is_overtaken() {
    let folder = folder("quarters");
    block_on(async {
        let file = folder.join("store.sqlite");
        stored(&file).await;
        let mut life = forecasting(&file, &["15m"]).await;
        catch_up(&mut life).await;
        let minutes = |minutes: i64| midnight() + Duration::from_minutes(minutes);
        live_until(&mut life, minutes(30)).await;
        // From one moment to the next it is an hour later: the forecast of the last quarter is still worth making.
        life.clock.set(minutes(90));
        assert_eq!(catch_up(&mut life).await, 4);
        let forecasts = life.store.list(Collection::Forecasts, Window::ALWAYS, 100).await.unwrap();
        let quarters = forecasts.iter().filter(|forecast| forecast.key.starts_with("15m/")).map(|forecast| forecast.at);
        assert_eq!(quarters.collect::<Vec<_>>(), [0, 15, 30, 90].map(minutes));
        assert_eq!(life.board.snapshot().skipped, Some(SkippedForecasts { count: 3, last: minutes(75) }));
        // The window of the last one that was made is judged; those that were passed over are none.
        let records = ledger(&life).await;
        let (_, actuals) = of_horizon(&records, Duration::from_minutes(15));
        assert_eq!(actuals.iter().map(|actual| actual.window.start).collect::<Vec<_>>(), [0, 15, 30].map(minutes));
    });
    std::fs::remove_dir_all(folder).unwrap();
}
