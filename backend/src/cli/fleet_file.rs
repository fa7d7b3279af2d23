//! A fleet of one's own, as a file.

use serde::Deserialize;
use shared::control_plane::{Autoscaling, CapacityPool, Fleet, NodeGroup, Outage};
use shared::input::{InputProblems, every_wrong_field, parse_json_object};

use super::CliError;
use crate::input;

/// The fields of a scenario's fleet, and how its nodes are given back.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FleetFile {
    node_groups: Vec<NodeGroup>,
    #[serde(default)]
    outages: Vec<Outage>,
    #[serde(default)]
    pools: Vec<CapacityPool>,
    #[serde(default)]
    autoscaling: Autoscaling,
}

/// Reads a fleet, and how its nodes are given back.
///
/// # Errors
/// When the file cannot be read or is no fleet: with every field that is wrong.
pub(super) fn read_fleet(path: &str) -> Result<(Fleet, Autoscaling), CliError> {
    let text = input::read_text(path)?;
    let read =
        parse_json_object::<FleetFile>(&text).map_err(|first| every_wrong_field::<FleetFile>(&text, first).errors);
    let FleetFile { node_groups, outages, pools, autoscaling } =
        read.map_err(|errors| CliError::all_in_file(input::name(path))(InputProblems(errors)))?;
    Ok((Fleet { node_groups, outages, pools }, autoscaling))
}
