//! `cargo xtask bench report`.

use std::fmt::Write as _;
use std::fs;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::figures::Target::{AtMost, None};
use super::figures::{Row, judge};
use crate::process;
use crate::workspace::Workspace;

const TENANTS: u64 = 1_000;
const USES: u64 = 1_000_000;
const NODES: u64 = 4_000;
const GROUPS: u64 = 4;
const DAYS: u64 = 30;
const DAY_S: u64 = 86_400;
/// Times that each command is run; the median counts.
const TIMES: usize = 5;
const SEED: u64 = 1;
/// What a report may take, cold.
const LIMIT_S: f64 = 1.0;

const ROWS: [Row; 21] = [
    ("MB of the file, 1,000,000 uses in 30 days", "file_mb", None),
    ("s: by tenant", "by_tenant_s", AtMost(LIMIT_S)),
    ("  ÷ the limit", "by_tenant_ratio", None),
    ("s: by tenant, day by day", "by_tenant_day_s", AtMost(LIMIT_S)),
    ("  ÷ the limit", "by_tenant_day_ratio", None),
    ("s: by tenant, idle and modules shared out", "by_tenant_shared_out_s", None),
    ("s: by tenant and flavor, day by day, 500,000 rows", "by_tenant_flavor_day_s", None),
    ("s: adding up hour by hour", "aggregated_s", None),
    ("statements of up to 10,000 rows, of every kind", "statement_count", None),
    ("ms: such a statement and its JSON, median", "statement_p50_ms", None),
    ("ms: the same, 99th percentile", "statement_p99_ms", AtMost(50.0)),
    ("ms: the slowest, the first with its policy", "statement_max_ms", None),
    ("requests a second, a month posted to a service", "http_requests_per_s", None),
    ("s: its first statement, which runs the month", "http_first_s", None),
    ("the same statements over HTTP", "http_count", None),
    ("ms: such an answer, median", "http_p50_ms", None),
    ("ms: the same, 99th percentile", "http_p99_ms", AtMost(50.0)),
    ("ms: the slowest, the first with its policy", "http_max_ms", None),
    ("requests of 90 days whose hours are covered", "commitments_requests", None),
    ("  offers of which some amount pays", "commitments_bought", None),
    ("s: amounts of two offers of commitments for them", "commitments_s", AtMost(1.0)),
];

/// Builds, writes a file of metering records, times the command from its start to its end, and prints a table.
pub(super) fn run(workspace: &mut Workspace, _: &[String]) -> Result<ExitCode> {
    process::run(&mut workspace.cargo(&["build", "--quiet", "--release", "--bin", "shadowplane"]))?;
    let path = workspace.release.with_file_name("bench-report.csv");
    let text = metering(SEED);
    fs::write(&path, &text).with_context(|| format!("cannot write {}", path.display()))?;
    let mut answer = format!("file_mb {:.1}\n", text.len() as f64 / 1e6);
    let cases: [(&str, &[&str]); 4] = [
        ("by_tenant", &["--by", "tenant"]),
        ("by_tenant_day", &["--by", "tenant", "--resolution", "day"]),
        ("by_tenant_flavor_day", &["--by", "tenant,flavor", "--resolution", "day"]),
        ("by_tenant_shared_out", &["--by", "tenant", "--idle", "proportional", "--shared", "uniform"]),
    ];
    for (name, options) in cases {
        let mut seconds = Vec::new();
        for _ in 0..TIMES {
            let mut command = workspace.command(workspace.shadowplane());
            command.args(["report", "allocation", "--format", "csv", "--metering"]).arg(&path).args(options);
            let start = Instant::now();
            let said = process::output(&mut command).context("it fails; run it to see why")?;
            seconds.push(start.elapsed().as_secs_f64());
            ensure!(said.lines().count() as u64 > TENANTS, "the report has fewer rows than there are tenants");
        }
        seconds.sort_by(f64::total_cmp);
        let median = seconds[TIMES / 2];
        writeln!(answer, "{name}_s {median:.3}\n{name}_ratio {:.2}", median / LIMIT_S)?;
    }
    let mut command = workspace.cargo(&["bench", "--quiet", "--profile", "release", "--bench", "report", "--"]);
    answer += &process::output(command.arg(&path)).context("it fails; run it to see why")?;
    answer.push('\n');
    fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    let met = judge(&ROWS, &answer)?;
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A month of uses of a few hours each, on nodes that are always there: the text of a file as `shadow --metering` writes it.
fn metering(seed: u64) -> String {
    let mut text = String::with_capacity(150 << 20);
    text.push_str(
        "record,name,tenant,class,flavor,node_group,zone,node,state,start,end,price_per_hour,labels,cluster\n",
    );
    let end = instant(DAYS * DAY_S * 1_000_000);
    let start = instant(0);
    let mut line = |values: std::fmt::Arguments<'_>| {
        text.write_fmt(values).expect("a text takes everything");
        text.push('\n');
    };
    line(format_args!("window,Europe/Berlin,,,,,,,EUR,{start},{end},,run=bench,"));
    let mut state = seed;
    // SplitMix64.
    let mut draw = |below: u64| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    };
    for resource in 0..USES {
        let (tenant, flavor, node) = (draw(TENANTS), draw(20), draw(NODES));
        let from = draw((DAYS - 1) * DAY_S * 1_000_000);
        let until = from + 1 + draw(4 * 3_600 * 1_000_000);
        let (group, team) = (node % GROUPS, draw(8));
        line(format_args!(
            "use,vm-{resource},tenant-{tenant},compute,m5.{flavor},group-{group},eu-1a,node-{node},,{},{},0.{:09},team=t{team},",
            instant(from),
            instant(until),
            10_000_000 + flavor * 4_321_987,
        ));
    }
    for node in 0..NODES {
        let group = node % GROUPS;
        line(format_args!("node,node-{node},,,,group-{group},eu-1a,node-{node},serving,{start},{end},0.768,,"));
    }
    for module in ["gateway", "scheduler", "provisioner"] {
        line(format_args!("module,{module},,,,,,,,{start},{end},0.04,,"));
    }
    text
}

/// An instant of September 2026 by its microseconds.
fn instant(micros: u64) -> String {
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    let (day, second) = (seconds / DAY_S, seconds % DAY_S);
    let (month, day) = if day < DAYS { (9, day + 1) } else { (10, day - DAYS + 1) };
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("2026-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:06}Z")
}
