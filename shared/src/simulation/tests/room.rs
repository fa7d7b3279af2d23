//! Room that is there is offered to whoever waits for it, and made only where it helps.

use super::terms::{HALF, WHOLE, Wish, member, node, nodes, plans, rule, world};
use crate::request::{Domain, Terms};

/// Later than every window.
const FAR: i64 = 10 * 3_600;

fn urgent() -> Terms {
    Terms { priority: 100, ..Terms::default() }
}

/// Two halves leave the first node for a whole one that is more urgent; beside the half that is as urgent, on the second,
/// there is room for one of them, and the youngest leaves first.
#[test]
fn who_has_to_leave_goes_where_there_is_room() {
    let wishes: [Wish; 4] =
        [(0, FAR, HALF, None), (1, FAR, HALF, None), (2, FAR, HALF, Some(0)), (3, FAR, WHOLE, Some(0))];
    let (plans, evicted) = plans(world(vec![urgent()], 1), &wishes);
    let found: Vec<_> = plans.iter().map(|plan| plan.node).collect();
    assert_eq!((found, evicted), (vec![None, node(1), node(1), node(0)], 2));
}

/// The same in a group that may have one more node: it is ordered for both.
#[test]
fn a_node_is_ordered_for_who_has_to_leave() {
    let wishes: [Wish; 4] =
        [(0, FAR, WHOLE, None), (1, FAR, WHOLE, Some(0)), (2, FAR, WHOLE, Some(0)), (3, FAR, HALF, None)];
    let mut grown = world(vec![urgent()], 1);
    grown.fleet.node_groups[1].max = 1;
    // Two nodes: the third evicts the first, which waits; the half waits behind it.
    assert_eq!(nodes(grown.clone(), &wishes), [None, node(1), node(0), None]);
    grown.fleet.node_groups[1].max = 2;
    assert_eq!(nodes(grown, &wishes), [node(0), node(1), node(2), None], "a third node, and nobody has to leave");
}

/// A half near a web on a full node: the other one leaves it. A whole one would have to evict the very web that it needs.
#[test]
fn nobody_takes_the_place_of_the_neighbour_that_it_needs() {
    let near = Terms { affinity: vec![rule(Domain::Node, "web")], ..urgent() };
    let world = || world(vec![near.clone(), member("web")], 1);
    let wishes = |last: u32| [(0, FAR, HALF, Some(1)), (1, FAR, HALF, None), (2, FAR, last, Some(0))];
    assert_eq!(nodes(world(), &wishes(HALF)), [node(0), node(1), node(0)]);
    let (plans, evicted) = plans(world(), &wishes(WHOLE));
    let found: Vec<_> = plans.iter().map(|plan| plan.node).collect();
    assert_eq!((found, evicted), (vec![node(0), node(0), None], 0));
}

/// A node has room for it, and a web that it is not to be with: the web leaves, and may not come back beside it.
#[test]
fn who_is_in_the_way_by_a_rule_has_to_leave() {
    let apart = Terms { anti_affinity: vec![rule(Domain::Node, "web")], ..urgent() };
    let wishes = [(0, FAR, HALF, Some(1)), (1, FAR, WHOLE, Some(1)), (2, FAR, HALF, Some(0))];
    let (plans, evicted) = plans(world(vec![apart, member("web")], 1), &wishes);
    let found: Vec<_> = plans.iter().map(|plan| plan.node).collect();
    assert_eq!((found, evicted), (vec![None, node(1), node(0)], 1));
}
