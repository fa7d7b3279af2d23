//! Changes that are tried before they are made.

use shared::input::{InputError, InputProblems, every_wrong_element, parse_json_document};
use shared::scenario::{Edit, Fleet, Problem, Problems, Scenario, ValidScenario};

use super::{CliError, cancelled, data};
use crate::{ensemble, input, output};

/// Options of what is changed.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct WhatIfArgs {
    /// Changes to the scenario, JSON: a list such as `[{"scale_demand":{"tenant":null,"percent":150}}]`; the README names
    /// all of them
    #[arg(long, value_name = "FILE")]
    edits: Option<String>,
    /// Have nodes ordered before they are needed: as many in each bin as this share of the predicted streams does with,
    /// in percent. Runs them twice
    #[arg(long, value_name = "PERCENT", requires = "origin", value_parser = clap::value_parser!(u8).range(1..=100))]
    predictive_scaling: Option<u8>,
}

impl WhatIfArgs {
    /// Whether the scenario is another than what can happen.
    pub(super) fn edits(&self) -> bool {
        self.edits.is_some()
    }

    /// An option that is given, where one is.
    pub(super) fn given(&self) -> Option<&'static str> {
        self.edits.as_ref().map(|_| "--edits").or(self.predictive_scaling.map(|_| "--predictive-scaling"))
    }

    /// The scenario with the changes of the file.
    ///
    /// # Errors
    /// When the file cannot be read, is no list of edits, or has one that cannot be made here.
    pub(super) fn edit(&self, scenario: Scenario) -> Result<Scenario, CliError> {
        let Some(path) = &self.edits else { return Ok(scenario) };
        let text = input::read_text(path)?;
        let edits: Vec<Edit> = parse_json_document(&text)
            .map_err(|first| CliError::all_in_file(input::name(path))(every_wrong_element::<Edit>(&text, first)))?;
        let (own, edits) = (scenario.edits.len(), [&scenario.edits[..], &edits].concat());
        if let Err(Problems(problems)) = scenario.check_edits(&edits) {
            let of_file = |Problem { field, message }: Problem| {
                let (number, rest) = field.strip_prefix("edits[")?.split_once(']')?;
                let number = number.parse::<usize>().ok()?.checked_sub(own)?;
                Some(InputError { line: 0, field: Some(format!("[{number}]{rest}")), message })
            };
            let of_file: Vec<InputError> = problems.into_iter().filter_map(of_file).collect();
            if !of_file.is_empty() {
                return Err(CliError::all_in_file(input::name(path))(InputProblems(of_file)));
            }
        }
        Ok(Scenario { edits, ..scenario })
    }

    /// The fleet of a predicted scenario, told how many nodes will be needed where that is wanted.
    ///
    /// # Errors
    /// When the scenario cannot run, or it is cancelled.
    pub(super) fn fleet(&self, predicted: &Scenario, threads: usize) -> Result<Fleet, CliError> {
        let Some(percent) = self.predictive_scaling else { return Ok(predicted.fleet.clone()) };
        let valid = ValidScenario::new(predicted.clone()).map_err(data)?;
        let watch = |done, total| {
            output::progress(&format!("counting the nodes that are needed: run {done} of {total}"));
            true
        };
        ensemble::scaled_ahead(&valid, percent, threads, &watch).ok_or_else(cancelled)
    }
}
