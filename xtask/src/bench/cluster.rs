//! `cargo xtask bench cluster`.

use std::process::ExitCode;

use anyhow::{Context, Result};

use super::figures::Target::{AtLeast, None};
use super::figures::{Row, judge};
use crate::workspace::Workspace;
use crate::{process, setup};

const ROWS: [Row; 20] = [
    ("requests a second, bodies published bare, 1 server", "bare_one_per_s", None),
    ("requests a second, each a message, bare", "single_one_per_s", None),
    ("requests a second, acknowledged", "acknowledged_one_per_s", AtLeast(50_000.0)),
    ("  ÷ those published bare", "acknowledged_to_bare_one", None),
    ("requests a second, folded", "folded_one_per_s", None),
    ("bytes of a request in PostgreSQL, with its indices", "stored_one_bytes", None),
    ("requests a second of a core: who takes them in", "ingest_one_per_core_s", None),
    ("  nats-server", "nats_one_per_core_s", None),
    ("  the projector", "projector_one_per_core_s", None),
    ("  PostgreSQL", "postgres_one_per_core_s", None),
    ("requests a second, published bare, 3 servers", "bare_three_per_s", None),
    ("requests a second, each a message, bare", "single_three_per_s", None),
    ("requests a second, acknowledged", "acknowledged_three_per_s", None),
    ("  ÷ those published bare", "acknowledged_to_bare_three", None),
    ("requests a second, folded", "folded_three_per_s", None),
    ("bytes of a request in PostgreSQL, with its indices", "stored_three_bytes", None),
    ("requests a second of a core: who takes them in", "ingest_three_per_core_s", None),
    ("  three nats-servers together", "nats_three_per_core_s", None),
    ("  the projector", "projector_three_per_core_s", None),
    ("  PostgreSQL", "postgres_three_per_core_s", None),
];

/// Builds, measures, and prints a table; fails when a target is missed.
pub(super) fn run(workspace: &mut Workspace, arguments: &[String]) -> Result<ExitCode> {
    let peers = setup::peers(workspace)?;
    let nats = peers.nats.context("it needs nats-server, which could not be had")?;
    let postgres = peers.postgres.context("it needs PostgreSQL, which could not be had")?;
    process::run(&mut workspace.cargo(&["build", "--quiet", "--release", "--bin", "shadowplane"]))?;
    let mut command = workspace.cargo(&["bench", "--quiet", "--profile", "release", "--bench", "cluster", "--"]);
    command.args(arguments).env("SHADOWPLANE_NATS_SERVER_BIN", nats).env("SHADOWPLANE_POSTGRES_BIN", postgres);
    let answer = process::output(command.env("SHADOWPLANE_BIN", workspace.shadowplane()));
    let met = judge(&ROWS, &answer.context("it fails; run it to see why")?)?;
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
