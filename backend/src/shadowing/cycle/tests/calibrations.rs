//! What predictions go by once it was observed.

use super::*;

/// The example's scheduler takes 35 ms and its provisioner 38 s in the median, where 10 ms and 20 s are assumed; its nodes
/// boot in 210 s, where 120 s are.
#[test]
fn predictions_go_by_what_was_observed_and_the_primary_by_what_is_assumed() {
    let folder = folder("calibration");
    block_on(async {
        let file = folder.join("store.sqlite");
        let store = SqliteStore::open(&file).unwrap();
        let Happened { requests, observations } = Primary::new(example::SEED, example::START).advance(midnight());
        store.append_requests(requests).await.unwrap();
        store.append_observations(observations, midnight() - Duration::from_micros(1)).await.unwrap();
        drop(store);
        let mut life = begin(&file, midnight()).await;
        catch_up(&mut life).await;
        let list = stored_calibrations(&*life.store).await.unwrap().unwrap();
        assert_eq!((list.until, list.not_observed.len()), (Some(midnight()), 0));
        let predicted = |life: &Life| life.cycle.predicted.as_ref().unwrap().scenario.original().clone();
        let assumed = |life: &Life| life.cycle.config.assumed.clone();
        assert_eq!(list.calibrations.boot_times.len(), 2, "with GPUs and without");
        for (position, boot) in list.calibrations.boot_times.iter().enumerate() {
            let fitted = Some(Duration::from_seconds(210));
            assert_eq!((boot.verdict, boot.fitted), (CalibrationVerdict::Adopted, fitted), "{boot:?}");
            // Who came while a node that another one had ordered was booting waited less, but was not the first there.
            let errors = (boot.error_before, boot.error_after);
            assert_eq!(errors, (Some(Duration::from_seconds(90)), Some(Duration::ZERO)), "{boot:?}");
            let boot_of = |scenario: Scenario| scenario.fleet.node_groups[position].boot;
            assert_eq!(Some(boot_of(predicted(&life))), fitted);
            assert_eq!(boot_of(assumed(&life)), Duration::from_seconds(120));
        }
        // The example's primary fills its nodes, and over-commits nothing.
        assert_eq!(list.calibrations.over_commit.len(), 4, "vCPU and memory of each");
        for of in &list.calibrations.over_commit {
            assert_eq!((of.verdict, of.error_before), (CalibrationVerdict::NoBetter, Some(0.0)), "{of:?}");
            assert_eq!((of.peak_percent, of.fitted_percent), (100, None), "{of:?}");
        }
        let modules = |life: &Life| predicted(life).modules;
        let used = modules(&life);
        for (module, median_s) in [(Module::Scheduler, 0.035), (Module::Provisioner, 38.0)] {
            let of = list.calibrations.service_times.iter().find(|of| of.module == module).unwrap();
            let (before, after) = (of.error_before.unwrap(), of.error_after.unwrap());
            assert!(of.verdict == CalibrationVerdict::Adopted && after < before / 4.0, "{of:?}");
            let fitted = of.fitted.as_ref().unwrap();
            let ServiceTime::Lognormal { median, sigma_milli } = fitted else { panic!("{of:?}") };
            // Four standard errors of the mean of two thirds of 3,000 logarithms: 4 × 0.7 ÷ √2,000 = 6 %; a few waited
            // for deletes, whose times are not observed.
            assert!((median.seconds() / median_s - 1.0).abs() < 0.08, "{of:?}");
            assert!((600..=800).contains(sigma_milli), "{of:?}");
            assert_eq!(used[module].services.first().map(|of| &of.service), Some(fitted));
            assert_eq!(used[module].service, assumed(&life).modules[module].service, "of deletes");
        }
        assert!(assumed(&life).modules.0.iter().all(|settings| settings.services.is_empty()));
        drop(life);

        let again = begin(&file, midnight() + Duration::HOUR).await;
        assert_eq!(stored_calibrations(&*again.store).await.unwrap(), Some(list));
        assert_eq!(modules(&again), used);
    });
    let _ = std::fs::remove_dir_all(folder);
}
