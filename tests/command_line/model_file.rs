//! Fitted models as files.

use super::{answer, day, example_requests};
use crate::shadowplane::Folder;

#[test]
fn a_model_file_gives_the_forecast_that_it_was_made_with() {
    let folder = Folder::new();
    example_requests(&folder, 0..5);
    let origin = day(4);
    let ask = |rest: &[&str]| {
        let all = ["forecast", "--requests", "requests.ndjson", "--origin", &origin, "--horizon", "6h", "--json"];
        answer(&folder, &[&all[..], rest].concat())
    };
    let fitted = ask(&["--model", "local-trend", "--save-model", "demand.shadowmodel"]);
    let served = ask(&["--model-file", "demand.shadowmodel"]);
    assert_eq!(fitted["digest"].as_str().unwrap().len(), 64);
    for part in ["digest", "forecast", "selection"] {
        assert_eq!(fitted[part], served[part], "{part}");
    }
    let other = ask(&["--model", "one-day-median"]);
    assert_ne!(fitted["digest"], other["digest"]);
}

#[test]
fn what_is_no_model_file_is_named() {
    let folder = Folder::new();
    example_requests(&folder, 0..2);
    let ask = |rest: &[&str]| folder.run([&["forecast", "--requests", "requests.ndjson"][..], rest].concat());
    let no_model = "requests.ndjson: this is no model file of Shadowplane";
    ask(&["--model-file", "requests.ndjson"]).assert_failed(1, &[no_model]);
    ask(&["--model-file", "requests.ndjson", "--seed", "2"]).assert_failed(2, &["--seed", "--model-file"]);
}
