//! How many machines there are, and what becomes of who is on those that end.

use super::terms::{HALF, WHOLE, Wish, ask, world, zone};
use super::*;
use crate::control_plane::{
    ControlPlane, ObservedNode, Occupancy, Outage, PredictedNodes, Purchase, Scaling, ScheduledNodes, Spot,
};
use crate::cost::CommitmentCost;
use crate::pricing::{CommitmentDiscount, Coverage};
use crate::random::{Draws, Purpose};
use crate::simulation::watch::Watch;
use crate::simulation::{Eviction, Run, SavedRun, check};
use crate::units::{NodeGroupIndex, NodeIndex};

const SMALL: u32 = 0;
const FAR: i64 = 10 * 3_600;
const MINUTE: i64 = 60;

/// One group of nodes of 4 vCPU that boot at once, at 0.768 an hour; no more than `max`.
fn one_group(max: u32, scaling: Scaling) -> Scenario {
    let mut scenario = world(Vec::new(), max);
    scenario.fleet.node_groups.truncate(1);
    scenario.fleet.node_groups[0].scaling = scaling;
    scenario
}

/// A run that breaks no rule.
fn end(scenario: Scenario, wishes: &[Wish]) -> RunEnd {
    let (valid, requests) = (valid(scenario), ask(wishes));
    let end = simulate_to_fork(&valid, &requests, keep());
    assert_eq!(check(valid.scenario(), &requests, &end.outcome.plans, &end.fleet), []);
    end
}

fn evicted(end: &RunEnd, eviction: Eviction) -> u64 {
    end.outcome.evicted.get(&eviction).copied().unwrap_or(0)
}

fn seconds(at: i64) -> Instant {
    Instant::from_micros(at * 1_000_000)
}

#[test]
fn a_target_leaves_as_much_free_as_it_says() {
    let scaling = Scaling { target_utilisation_percent: Some(50), ..Scaling::default() };
    // 4 × 2 vCPU fill two nodes; at half of 4 vCPU each they need ⌈8 ÷ 2⌉ = 4.
    let wishes = [(1, 3_600, HALF, None); 4];
    let of_four = end(one_group(9, scaling.clone()), &wishes);
    assert_eq!(of_four.fleet.nodes.len(), 4);
    // Ordered by the two that were full, and when the fleet is looked over the next time.
    let ordered: Vec<Instant> = of_four.fleet.nodes.iter().map(|node| node.ordered).collect();
    assert_eq!(ordered, [seconds(1), seconds(1), seconds(60), seconds(60)]);
    // At the end of the hour nobody is there. Two have been empty for long enough, the others are ten minutes later; a
    // minute to drain.
    let gone: Vec<_> = of_four.fleet.nodes.iter().map(|node| node.gone).collect();
    assert_eq!(gone, [11, 11, 1, 1].map(|minutes| Some(seconds(3_600 + minutes * MINUTE))));
    assert_eq!(end(one_group(3, scaling), &wishes).fleet.nodes.len(), 3);
}

/// What nodes have and what is requested of them, counted along, against a sum over every node.
#[derive(Default)]
struct Summing {
    bins: usize,
}

impl Watch for Summing {
    fn bin_ends(&mut self, plane: &ControlPlane<'_>, _: Instant) {
        let mut sum = Occupancy::default();
        for node in plane.nodes() {
            let (requested, capacity) = (node.requested.to_array(), node.capacity.to_array());
            sum += Occupancy { requested: requested.map(u64::from), capacity: capacity.map(u64::from) };
        }
        assert_eq!(plane.occupancy(), sum);
        self.bins += 1;
    }
}

proptest! {
    #![proptest_config(crate::cases(500))]

    /// Also on the way from a saved run, whatever ends nodes.
    #[test]
    fn occupancy_is_the_sum_over_paid_nodes(lives in lives(), settings in settings(), cut in 0..8_i64) {
        let mut scenario = scenario(settings);
        let spot = Spot { price_percent: 30, interrupted_after: Some(Duration::HOUR), notice: Duration::from_minutes(9) };
        scenario.fleet.node_groups[0].purchase = Purchase::Spot(spot);
        scenario.fleet.node_groups[1].fails_after = Some(Duration::HOUR);
        let (valid, requests) = (valid(scenario), requests(&lives));
        let (mut run, cut) = (Run::new(&valid, keep()), Instant::from_micros(cut * HOUR));
        let mut summing = Summing::default();
        run.play_watched(&requests, cut, &mut summing);
        let mut run = Run::restore(&valid, run.save(), None);
        let later = requests.partition_point(|request| request.at < cut);
        run.play_watched(&requests[later..], valid.scenario().window.end, &mut summing);
        prop_assert_eq!(run.outcome().timeline.len(), summing.bins);
    }
}

#[test]
fn a_schedule_keeps_nodes_for_its_hours_and_no_longer() {
    let scheduled =
        ScheduledNodes { days: Vec::new(), from: "01:00".parse().unwrap(), until: "02:00".parse().unwrap(), nodes: 3 };
    let end = end(one_group(5, Scaling { schedule: vec![scheduled], ..Scaling::default() }), &[]);
    assert_eq!(end.outcome.peak_nodes, 3);
    // 3 nodes from 1:00 to 2:00, when they have been empty for long enough, and a minute to drain, at 0.768 an hour.
    let node_hour = LedgerUnits(768_000_000 * 3_600_000_000);
    assert_eq!(end.outcome.cost.idle, LedgerUnits(3 * node_hour.0));
    assert_eq!(end.outcome.cost.overhead, LedgerUnits(3 * node_hour.0 / 60));
}

/// Berlin's clocks go back at 01:00 UTC: from 23:00 until 02:30 is from 21:00 UTC until the second 02:30, at 01:30 UTC.
#[test]
fn a_schedule_over_clocks_that_go_back_is_one_stretch() {
    let (from, until) = ("23:00".parse().unwrap(), "02:30".parse().unwrap());
    let scheduled = ScheduledNodes { days: vec![crate::control_plane::Weekday::Saturday], from, until, nodes: 1 };
    let mut scenario = one_group(5, Scaling { schedule: vec![scheduled], ..Scaling::default() });
    let start: Instant = "2026-10-24T20:00:00Z".parse().unwrap();
    (scenario.window, scenario.time_zone) =
        (Window { start, end: start + Duration::HOUR * 8 }, "Europe/Berlin".to_owned());
    let end = end(scenario, &[]);
    let lives: Vec<_> = end.fleet.nodes.iter().map(|node| (node.ordered, node.gone)).collect();
    // A minute to drain.
    assert_eq!(lives, [("2026-10-24T21:00:00Z".parse().unwrap(), Some("2026-10-25T01:31:00Z".parse().unwrap()))]);
}

#[test]
fn what_a_forecast_needs_has_booted_when_it_is_needed() {
    let predicted = PredictedNodes { from: seconds(0), step: Duration::HOUR, nodes: vec![0, 2, 0] };
    let mut scenario = one_group(5, Scaling { predicted: Some(predicted), ..Scaling::default() });
    scenario.fleet.node_groups[0].boot = Duration::from_minutes(10);
    let end = end(scenario, &[(3_600, FAR, WHOLE, None), (3_600, FAR, WHOLE, None), (3_601, FAR, WHOLE, None)]);
    let ready: Vec<_> = end.outcome.plans.iter().map(|plan| plan.ready.unwrap()).collect();
    // Ordered at 0:50, ten minutes of boot before the hour; the third was not predicted.
    assert_eq!(end.fleet.nodes[0].ordered, seconds(50 * MINUTE));
    assert_eq!(ready, [seconds(3_600), seconds(3_600), seconds(3_601 + 10 * MINUTE)]);
}

#[test]
fn a_group_that_does_not_follow_who_waits_lets_them_wait() {
    let scaling = Scaling { on_pending: false, target_utilisation_percent: Some(50), ..Scaling::default() };
    let mut scenario = one_group(5, scaling);
    scenario.fleet.node_groups[0].min = 1;
    let end = end(scenario, &[(1, FAR, WHOLE, None), (2, FAR, WHOLE, None)]);
    let ready: Vec<_> = end.outcome.plans.iter().map(|plan| plan.ready.unwrap()).collect();
    // The node that is kept is full: at half of it two are wanted from the next look on.
    assert_eq!(ready, [seconds(1), seconds(60)]);
}

#[test]
fn a_spot_node_is_taken_back_and_who_was_there_moves() {
    let spot = Spot { price_percent: 30, interrupted_after: Some(Duration::HOUR), notice: Duration::from_minutes(2) };
    let mut scenario = one_group(5, Scaling::default());
    scenario.fleet.node_groups[0].purchase = Purchase::Spot(spot);
    let of_node = |node: u64| Draws::new(7, 0, Purpose::NodeLoss, node).exponential(0);
    // The nodes follow each other: each serves for an exponential time with the mean of an hour, up to the end at 8:00.
    let (mut lives, mut at) = (Vec::new(), 0);
    while at < 8 * HOUR {
        let from = at;
        at += (3.6e9 * of_node(lives.len() as u64)) as i64;
        lives.push((Instant::from_micros(from), Instant::from_micros(at)));
    }
    let end = end(scenario, &[(0, FAR, WHOLE, None)]);
    let seen: Vec<_> = end.fleet.nodes.iter().map(|node| node.ordered).collect();
    assert_eq!(seen, lives.iter().map(|life| life.0).collect::<Vec<_>>());
    assert_eq!(evicted(&end, Eviction::Interrupted), lives.len() as u64 - 1);
    assert_eq!(end.outcome.plans[0].node, Some(NodeIndex(lives.len() as u32 - 1)));
    // A node serves in all eight hours, at 30 % of 0.768; two minutes of notice each are overhead, but for what ends later.
    let rate = 768_000_000_i64 * 30 / 100;
    let serving = end.outcome.cost.workload() + end.outcome.cost.idle;
    assert_eq!(serving, LedgerUnits(i128::from(rate) * i128::from(8 * HOUR)));
    let notices = lives.iter().map(|life| life.1.micros()).filter(|&gone| gone < 8 * HOUR);
    let noticed: i64 = notices.map(|gone| (8 * HOUR - gone).min(2 * MINUTE * 1_000_000)).sum();
    assert_eq!(end.outcome.cost.overhead, LedgerUnits(i128::from(rate) * i128::from(noticed)));
}

#[test]
fn a_node_that_fails_is_not_paid_from_then_on() {
    let mut scenario = one_group(5, Scaling::default());
    scenario.fleet.node_groups[0].fails_after = Some(Duration::HOUR);
    scenario.fleet.node_groups[0].min = 1;
    let fails = (3.6e9 * Draws::new(7, 0, Purpose::NodeLoss, 0).exponential(1)) as i64;
    let end = end(scenario, &[]);
    let [first, second, ..] = &end.fleet.nodes[..] else { panic!("the group keeps one") };
    assert_eq!(first.gone, Some(Instant::from_micros(fails)));
    assert_eq!(second.ordered, Instant::from_micros(fails));
    // There is one at any time: eight hours are paid.
    assert_eq!(end.outcome.cost.total(), LedgerUnits(768_000_000 * i128::from(8 * HOUR)));
}

#[test]
fn a_lost_zone_sends_who_may_go_to_the_others() {
    let mut scenario = world(vec![zone("a")], 2);
    scenario.fleet.outages.push(Outage { zone: "a".to_owned(), from: seconds(3_600), until: seconds(7_200) });
    // Both are on nodes in a; the second will not go anywhere else. A third asks for a while it is lost.
    let wishes = [(0, FAR, WHOLE, None), (1, FAR, WHOLE, Some(0)), (4_000, FAR, HALF, Some(0))];
    let end = end(scenario, &wishes);
    assert_eq!(evicted(&end, Eviction::NodeFailed), 2);
    let groups: Vec<_> = end.fleet.nodes.iter().map(|node| (node.node_group.0, node.ordered)).collect();
    let expected = [(0, 0), (0, 1), (1, 3_600), (0, 7_200), (0, 7_200)];
    assert_eq!(groups, expected.map(|(group, at)| (group, seconds(at))));
    let nodes: Vec<_> = end.outcome.plans.iter().map(|plan| plan.node.map(|node| node.0)).collect();
    assert_eq!(nodes, [Some(2), Some(3), Some(4)]);
    assert_eq!(end.outcome.plans[2].ready, Some(seconds(7_200)));
}

#[test]
fn a_node_with_little_to_do_is_emptied_onto_others() {
    let mut scenario = one_group(5, Scaling::default());
    scenario.autoscaling.consolidate_below_percent = Some(50);
    // Two halves fill node 0, so that a quarter goes to node 1; half of node 0 leaves, and the quarter fits there.
    let wishes = [(0, FAR, HALF, None), (1, 30 * MINUTE, HALF, None), (2, FAR, SMALL, None)];
    let end = end(scenario, &wishes);
    assert_eq!(evicted(&end, Eviction::Consolidated), 1);
    assert_eq!(end.outcome.plans[2].node, Some(NodeIndex(0)));
    // Underused since the first look, at 60 s; there was no room until half an hour had passed. A minute to drain.
    assert_eq!(end.fleet.nodes[1].gone, Some(seconds(31 * MINUTE)));
    // Exactly half of node 0 is requested after that, and of two dimensions one is not less: it stays.
    assert_eq!(end.fleet.nodes[0].gone, None);
}

#[test]
fn what_cannot_be_is_refused_by_field() {
    let mut scenario =
        one_group(5, Scaling { on_pending: false, target_utilisation_percent: Some(0), ..Scaling::default() });
    let group = &mut scenario.fleet.node_groups[0];
    group.fails_after = Some(Duration::ZERO);
    group.purchase =
        Purchase::Spot(Spot { price_percent: 101, interrupted_after: Some(Duration::ZERO), notice: Duration::ZERO });
    scenario.fleet.outages.push(Outage { zone: "z".to_owned(), from: seconds(1), until: seconds(1) });
    scenario.autoscaling.every = Duration::ZERO;
    scenario.time_zone = "Mars".to_owned();
    let problems = ValidScenario::new(scenario).unwrap_err().0;
    let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
    let group = |field: &str| format!("fleet.node_groups[0].{field}");
    assert_eq!(
        fields,
        [
            "time_zone",
            &group("scaling.target_utilisation_percent"),
            &group("scaling.on_pending"),
            &group("fails_after"),
            &group("purchase.spot.interrupted_after"),
            &group("purchase.spot.price_percent"),
            "fleet.outages[0].zone",
            "fleet.outages[0].until",
            "autoscaling.every",
        ]
    );
}

/// Found by changing scenario files at random: the end of such a bin is beyond any instant.
#[test]
fn bins_beyond_any_instant_are_refused() {
    let mut scenario = one_group(5, Scaling::default());
    scenario.bin = Duration::from_micros(i64::MAX);
    let problems = ValidScenario::new(scenario).unwrap_err().0;
    assert!(problems.iter().any(|problem| problem.field == "bin" && problem.message.contains("a year at most")));
}

/// Lives of a minute of 100,000 nodes: 48 million are lost in eight hours.
/// Found by changing scenario files at random: the next node has no index.
#[test]
fn more_nodes_than_there_are_indices_for_are_refused() {
    let mut scenario = one_group(5, Scaling::default());
    scenario.start.nodes_started = u32::MAX;
    let problems = ValidScenario::new(scenario).unwrap_err().0;
    let [problem] = &problems[..] else { panic!("{problems:?}") };
    assert_eq!(problem.field, "start.nodes_started");
    assert_eq!(problem.message, "is 4294967295; expected 2147483647 at most");
}

#[test]
fn losses_without_end_are_refused() {
    let mut scenario = one_group(100_000, Scaling::default());
    scenario.fleet.node_groups[0].fails_after = Some(Duration::from_minutes(1));
    let problems = ValidScenario::new(scenario.clone()).unwrap_err().0;
    let [problem] = &problems[..] else { panic!("{problems:?}") };
    assert_eq!(problem.field, "fleet.node_groups[0].fails_after");
    assert!(problem.message.contains("100000 nodes may be lost 48000000 times"), "{problem}");
    scenario.fleet.node_groups[0].fails_after = Some(Duration::from_minutes(5));
    assert!(ValidScenario::new(scenario.clone()).is_ok(), "9.6 million are not too many");
    scenario.edits = vec![Edit::MaxNodes { node_group: NodeGroupIndex(0), max: 200_000 }];
    let problems = ValidScenario::new(scenario).unwrap_err().0;
    assert!(problems[0].message.contains("200000 nodes may be lost 19200000 times"), "{problems:?}");
}

/// A fleet of which everything happens that can, by the bits of `what`.
pub(crate) fn unsteady(mut scenario: Scenario, what: u8) -> Scenario {
    let has = |bit: u8| what & (1 << bit) != 0;
    let hours = |hours: i64| Instant::from_micros(hours * HOUR);
    for (group, zone) in scenario.fleet.node_groups.iter_mut().zip(["a", "b"]) {
        group.zone = Some(zone.to_owned());
    }
    if has(0) {
        let spot =
            Spot { price_percent: 30, interrupted_after: Some(Duration::HOUR), notice: Duration::from_minutes(2) };
        scenario.fleet.node_groups[0].purchase = Purchase::Spot(spot);
    }
    if has(1) {
        scenario.fleet.node_groups[1].fails_after = Some(Duration::from_minutes(90));
    }
    if has(2) {
        scenario.fleet.outages.push(Outage { zone: "a".to_owned(), from: hours(2), until: hours(3) });
    }
    if has(3) {
        scenario.autoscaling.consolidate_below_percent = Some(60);
    }
    let scaling = &mut scenario.fleet.node_groups[0].scaling;
    if has(4) {
        scaling.target_utilisation_percent = Some(70);
    }
    if has(5) {
        let (from, until) = ("04:00".parse().unwrap(), "05:30".parse().unwrap());
        scaling.schedule.push(ScheduledNodes { days: Vec::new(), from, until, nodes: 1 });
    }
    if has(6) {
        scaling.predicted = Some(PredictedNodes { from: hours(1), step: Duration::HOUR, nodes: vec![3, 0, 2] });
    }
    if has(7) {
        let rate = Rate::from_nanos(500_000_000);
        let covers = Coverage::Machines { instance_type: "m5.4xlarge".to_owned(), count: 2, rate };
        let until = seconds(6 * 3_600 + 1_800);
        let commitment = CommitmentDiscount { name: "two".to_owned(), covers, from: seconds(0), until };
        scenario.price_book.commitments.push(commitment);
    }
    scenario
}

/// What two machines at half a unit an hour, up to 6:30, come to: hour by hour, from the nodes that were paid in it.
fn two_machines(scenario: &Scenario, nodes: &[ObservedNode]) -> CommitmentCost {
    let mut cost = CommitmentCost::default();
    for hour in 0..7 {
        let (from, to) = (seconds(hour * 3_600), seconds((hour + 1) * 3_600));
        let on_demand =
            |node: &&ObservedNode| scenario.fleet.node_groups[node.node_group.usize()].purchase == Purchase::OnDemand;
        let micros = |node: &ObservedNode| (node.gone.unwrap_or(to).min(to) - node.ordered.max(from)).micros().max(0);
        let used: i64 = nodes.iter().filter(on_demand).map(micros).sum();
        let promised = if hour == 6 { HOUR } else { 2 * HOUR };
        let covered = used.min(promised);
        let price = scenario.price_book.types[0].rate(from).nanos();
        cost.used += Rate::from_nanos(500_000_000) * Duration::from_micros(covered);
        cost.unused += Rate::from_nanos(500_000_000) * Duration::from_micros(promised - covered);
        cost.saved += Rate::from_nanos(price - 500_000_000) * Duration::from_micros(covered);
    }
    cost
}

proptest! {
    #![proptest_config(crate::cases(1_000))]

    /// Nodes come and go in every way there is: no rule is broken, what is paid for nodes is shared out to the last unit,
    /// and a run that is saved and restored goes on as if nothing had been.
    #[test]
    fn an_unsteady_fleet_breaks_no_rule(
        lives in lives(), settings in settings(), what in any::<u8>(), cut in 1_i64..8 * HOUR,
    ) {
        let lives: Vec<Life> = lives.into_iter().map(|(a, b, c, d, _)| (a, b, c, d, None)).collect();
        let valid = valid(unsteady(scenario(settings), what));
        let (scenario, requests) = (valid.scenario(), requests(&lives));
        let end = simulate_to_fork(&valid, &requests, keep());
        prop_assert_eq!(check(scenario, &requests, &end.outcome.plans, &end.fleet), []);
        let until = scenario.window.end;
        let mut paid = LedgerUnits::ZERO;
        for node in &end.fleet.nodes {
            let percent = scenario.fleet.node_groups[node.node_group.usize()].purchase.price_percent();
            for (i, dated) in scenario.price_book.types[0].prices.iter().enumerate() {
                let next = scenario.price_book.types[0].prices.get(i + 1).map_or(until, |next| next.from);
                let (from, to) = (node.ordered.max(dated.from), node.gone.unwrap_or(until).min(until).min(next));
                paid += Rate::from_nanos(dated.rate.nanos() * i64::from(percent) / 100) * (to.max(from) - from);
            }
        }
        let cost = &end.outcome.cost;
        let volumes: LedgerUnits =
            cost.accounts.iter().filter(|account| account.flavor == FlavorIndex(3)).map(|account| account.workload).sum();
        prop_assert_eq!(cost.workload() - volumes + cost.idle + cost.overhead, paid);
        let commitments = &scenario.price_book.commitments;
        let expected = commitments.iter().map(|_| two_machines(scenario, &end.fleet.nodes));
        prop_assert_eq!(&end.outcome.commitments, &expected.collect::<Vec<_>>());
        let by_bin: LedgerUnits = end.outcome.timeline.iter().map(|bin| bin.cost).sum();
        prop_assert_eq!(by_bin, cost.total());

        let cut = Instant::from_micros(cut);
        let (before, after) = requests.split_at(requests.partition_point(|request| request.at < cut));
        let mut first = Run::new(&valid, keep());
        first.play(before, cut);
        let bytes = postcard::to_allocvec(&first.save()).unwrap();
        let saved: SavedRun = postcard::from_bytes(&bytes).unwrap();
        let mut second = Run::restore(&valid, saved, None);
        second.play(after, until);
        prop_assert_eq!(second.outcome(), end.outcome);
        // And what is forked can run.
        let (first, second) = in_two(scenario, &requests, lives.len(), cut);
        let counted = |end: &RunEnd| end.outcome.creates;
        prop_assert!(counted(&first) + counted(&second) <= lives.len() as u64);
    }
}
