//! The fork of a primary with what is known to live at its instant: where it was seen, or where the policy wants it.

use std::collections::BTreeSet;

use super::Known;
use crate::control_plane::{DeviceSet, Folded, InPools, LiveResource, Seats, Settings, Settled, settle};
use crate::request::{ResourceClass, Standing};
use crate::scenario::Scenario;
use crate::simulation::Fork;
use crate::units::ResourceIndex;

/// Where everybody is when a shadow begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Started {
    /// The fork.
    pub fork: Fork,
    /// The names of its nodes by group, in order; empty where a node has none.
    pub nodes: Vec<Vec<String>>,
    /// How many are on the machine that they were seen on.
    pub on_seen_nodes: u64,
    /// Lives of the log, of those who could not be where they were seen, as others were there.
    pub crowded_out: Vec<ResourceIndex>,
    /// How many live there that the log did not know.
    pub only_standing: u64,
}

impl Known<'_> {
    /// Who stands at the origin, and everybody whose machine was seen, put into a fork of the primary there, or into one
    /// with nothing in it; `names` are those of an inventory's nodes by group.
    pub fn started(&self, base: &Scenario, fork: Fork, folded: &Folded, names: &[Vec<String>]) -> Started {
        let Fork { mut state, mut lives, used_of_tiers } = fork;
        let log = self.log.log;
        let standing = log.standing.as_ref();
        let there: BTreeSet<ResourceIndex> = lives.iter().copied().collect();
        let mut known: BTreeSet<ResourceIndex> = BTreeSet::new();
        known.extend(standing.iter().flat_map(|standing| &standing.ids).map(|(_, life)| *life));
        let added: Vec<ResourceIndex> = known.difference(&there).copied().collect();
        lives.extend(&added);
        state.live.extend(added.iter().map(|life| {
            let of = &log.lives[life.usize()];
            LiveResource {
                tenant: self.log.map.tenant(of.tenant),
                flavor: self.log.map.flavor(of.flavor),
                terms: of.terms.map(|terms| self.log.map.terms(terms)),
                node: None,
                devices: DeviceSet::default(),
                pools: InPools::default(),
                created: of.created,
                ready: None,
                draw_key: standing.map_or(u64::from(life.0), |standing| standing.draw_key(*life)),
            }
        }));
        let mut seats = Seats::default();
        for (position, life) in lives.iter().enumerate() {
            let resource = ResourceIndex::from_usize(position);
            let is_known = known.contains(life);
            let seen = folded.fleet.placements.get(life).map(|&node| node as usize);
            if let Some(node) = seen {
                let group = folded.fleet.nodes[node].node_group;
                seats.seen.insert(resource, (folded.names[node].clone(), group));
            }
            let waits = is_known && folded.waiting.contains(life);
            if is_known || seen.is_some() {
                seats.known.insert(resource);
                let live = &mut state.live[position];
                // Whoever is there and nobody saw become ready has been since it was asked for.
                let unseen = (!folded.seen.contains(life)).then_some(live.created);
                let ready = folded.ready.get(life).copied().filter(|&ready| ready <= self.origin);
                live.ready = ready.or(live.ready).or(unseen).filter(|_| !waits);
            }
            if waits {
                state.live[position].node = None;
                seats.waiting.insert(resource);
            }
        }
        let scenario = self.scenario_with_all(base);
        let settings = Settings {
            tenants: &scenario.tenants,
            flavors: &scenario.flavors,
            terms: &scenario.terms,
            fleet: &scenario.fleet,
            placement: scenario.placement,
            autoscaling: scenario.autoscaling,
            time_zone: &scenario.time_zone,
            modules: &scenario.modules,
            seed: scenario.seed,
            run: 0,
        };
        let Settled { state, names, crowded_out } = settle(settings, state, self.origin, names, &seats);
        let mut nodes = vec![Vec::new(); scenario.fleet.node_groups.len()];
        for (node, name) in state.nodes.iter().zip(names) {
            nodes[node.node_group.usize()].push(name);
        }
        Started {
            on_seen_nodes: (seats.seen.len() - crowded_out.len()) as u64,
            crowded_out: crowded_out.iter().map(|resource| lives[resource.usize()]).collect(),
            only_standing: added.len() as u64,
            fork: Fork { state, lives, used_of_tiers },
            nodes,
        }
    }

    /// What was said to live at an instant beside the log, where anything was.
    pub fn standing(&self) -> Option<&Standing> {
        self.log.log.standing.as_ref()
    }

    /// How many of the lives of a fork are of the log and, although others are said to stand, not among them.
    pub fn not_standing(&self, fork: &Fork) -> u64 {
        let Some(standing) = &self.log.log.standing else { return 0 };
        let standing: BTreeSet<ResourceIndex> = standing.ids.iter().map(|(_, life)| *life).collect();
        let alone = |life: &&ResourceIndex| {
            let class = self.log.log.flavors[self.log.log.lives[life.usize()].flavor.usize()].class;
            !standing.contains(life) && class == ResourceClass::Compute
        };
        fork.lives.iter().filter(alone).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control_plane::{Fleet, fold};
    use crate::example;
    use crate::request::{
        Catalogue, Module, Received, RequestLog, RequestLogBuilder, read_observations, read_requests,
    };
    use crate::scenario::ValidScenario;
    use crate::simulation::{RunOptions, check, simulate_to_fork};
    use crate::trace::inventory::{InventoryNode, read_inventory};
    use crate::units::{Duration, Instant};

    fn at(hour: &str) -> Instant {
        format!("2026-01-02T{hour}:00Z").parse().unwrap()
    }

    fn create(id: &str, at: &str, vcpu: u32) -> String {
        format!(
            r#"{{"id":"{id}","at":"2026-01-{at}:00Z","tenant":"acme","op":"create","class":"compute","resource":"{id}","requested":{{"vcpu":{vcpu},"memory_gib":1}}}}"#
        )
    }

    fn log(lines: &[String], standing: &[String]) -> RequestLog {
        let builder = |lines: &[String]| {
            let mut builder = RequestLogBuilder::new(Catalogue::default());
            read_requests(&lines.join("\n"), &mut builder).unwrap();
            builder
        };
        let mut log = builder(lines);
        log.stand(at("00:00"), builder(standing).finish().unwrap().living(at("00:00"))).unwrap();
        log.finish().unwrap()
    }

    /// Two machines of 4 vCPU, or none listed and as many as are needed.
    fn base(inventory: &[InventoryNode]) -> Scenario {
        let mut base = Scenario { seed: 1, price_book: crate::pricing::builtin(), ..example::scenario() };
        let listed = read_inventory(NODES).unwrap();
        base.fleet = Fleet::from_inventory(&listed);
        if inventory.is_empty() {
            base.fleet.node_groups[0].min = 0;
            base.fleet.node_groups[0].max = 10;
        }
        base
    }

    const NODES: &str = "node,vcpu,memory_gib,instance_type\na,4,16,m5.xlarge\nb,4,16,m5.xlarge\n";

    /// Where each of the standing is by name (`-` is nowhere), and what is pending.
    fn placed(log: &RequestLog, seen: &[&str], inventory: &[InventoryNode]) -> (String, Vec<u32>, Started) {
        let known = Known::new(log, None, at("00:00"));
        let base = base(inventory);
        let observations = read_observations(&seen.join("\n")).unwrap();
        let received: Vec<Received> =
            observations.into_iter().map(|(_, observation)| Received { at: at("00:00"), observation }).collect();
        let folded = fold(&received, &known.asked(known.origin), &base.fleet, base.autoscaling, inventory);
        let fork = if log.own_lives().is_empty() { Fork::default() } else { known.primary(&base, None).unwrap().fork };
        let started = known.started(&base, fork, &folded, &base.fleet.names_of_inventory(inventory));
        let state = &started.fork.state;
        let place = |(position, life): (usize, &ResourceIndex)| {
            let node = state.live[position].node.map(|index| state.nodes.iter().position(|node| node.index == index));
            let name = node.flatten().map_or("-", |position| started.nodes[0][position].as_str());
            format!("{}:{name}", log.lives[life.usize()].name)
        };
        let all: Vec<String> = started.fork.lives.iter().enumerate().map(place).collect();
        let pending = state.pending.iter().map(|resource| resource.0).collect();
        // Whoever is there can go on from there, and breaks no rule.
        let valid = ValidScenario::new(known.actual(&base, &started.fork, Duration::HOUR)).unwrap();
        let requests = valid.requests(0);
        let end = simulate_to_fork(&valid, &requests, RunOptions { keep_plans: true, ..RunOptions::default() });
        assert_eq!(check(valid.scenario(), &requests, &end.outcome.plans, &end.fleet), []);
        (all.join(" "), pending, started)
    }

    #[test]
    fn everybody_is_where_they_were_seen_or_where_the_policy_wants_them() {
        let inventory = read_inventory(NODES).unwrap();
        let standing = [
            create("x", "01T00:00", 2),
            create("y", "01T01:00", 1),
            create("z", "01T02:00", 3),
            create("v", "01T03:00", 4),
        ];
        let log = log(&[], &standing);
        // Nobody was seen: x and y are on the first, z on the second, and v finds no room.
        let (places, pending, started) = placed(&log, &[], &inventory);
        assert_eq!((places.as_str(), pending), ("x:a y:a z:b v:-", vec![3]));
        assert_eq!((started.on_seen_nodes, started.only_standing), (0, 4));
        // x was seen on b, so that z is on a.
        let x = r#"{"request":"x","node":"b","ready_at":"2026-01-01T00:01:00Z"}"#;
        let (places, _, started) = placed(&log, &[x], &inventory);
        assert_eq!((places.as_str(), started.on_seen_nodes), ("x:b y:a z:a v:-", 1));
        assert_eq!(started.fork.state.live[0].ready, Some("2026-01-01T00:01:00Z".parse().unwrap()));
        // z cannot be on b beside x, nor anybody on c; y waits for a node, which the scheduler finds at once.
        let seen = [
            x,
            r#"{"request":"z","node":"b","ready_at":"2026-01-01T02:01:00Z"}"#,
            r#"{"request":"v","node":"c"}"#,
            r#"{"request":"y","admitted":true}"#,
        ];
        let (places, pending, started) = placed(&log, &seen, &inventory);
        assert_eq!((places.as_str(), pending), ("x:b y:- z:a v:-", vec![3]));
        assert_eq!(started.fork.state.in_flight.len(), 1);
    }

    #[test]
    fn machines_that_nobody_listed_are_those_that_somebody_was_seen_on() {
        let log = log(&[], &[create("x", "01T00:00", 2), create("y", "01T01:00", 1), create("z", "01T02:00", 4)]);
        let seen = [r#"{"request":"x","node":"n-2"}"#, r#"{"request":"y","node":"n-1"}"#];
        let (places, pending, started) = placed(&log, &seen, &[]);
        // z fits beside nobody: the fleet grows for it.
        assert_eq!((places.as_str(), pending, started.fork.state.nodes.len()), ("x:n-2 y:n-1 z:", vec![], 3));
    }

    /// Its node is known, and not that it was ready: the provisioner goes on with it, and it is ready within the hour.
    #[test]
    fn what_was_seen_before_it_was_ready_becomes_ready() {
        let inventory = read_inventory(NODES).unwrap();
        let log = log(&[], &[create("x", "01T00:00", 2)]);
        let (places, _, started) = placed(&log, &[r#"{"request":"x","node":"b"}"#], &inventory);
        assert_eq!(places, "x:b");
        let [call] = started.fork.state.in_flight[..] else { panic!("{:?}", started.fork.state.in_flight) };
        assert_eq!((call.module, call.entered, call.at), (Module::Provisioner, false, at("00:00")));
        let known = Known::new(&log, None, at("00:00"));
        let valid = ValidScenario::new(known.actual(&base(&inventory), &started.fork, Duration::HOUR)).unwrap();
        let end = simulate_to_fork(&valid, &[], RunOptions { keep_plans: true, ..RunOptions::default() });
        assert!(end.outcome.plans[0].ready.is_some());
    }

    #[test]
    fn nothing_after_the_instant_moves_anybody() {
        let inventory = read_inventory(NODES).unwrap();
        let (early, standing) =
            ([create("x", "01T10:00", 2)], [create("y", "01T11:00", 1), create("z", "01T12:00", 2)]);
        let late = [early[0].clone(), create("w", "02T00:00", 1).replace("acme", "other"), create("v", "02T01:00", 3)];
        let [a, b] =
            [log(&early, &standing), log(&late, &standing)].map(|log| placed(&log, &[], &inventory).2.fork.state);
        assert_eq!(a, b);
    }

    #[test]
    fn what_was_seen_holds_against_what_was_simulated() {
        let inventory = read_inventory(NODES).unwrap();
        let log = log(&[create("x", "01T10:00", 2), create("y", "01T11:00", 3)], &[create("x", "01T10:00", 2)]);
        // The primary has x on a, by the policy, and y on b.
        let (places, ..) = placed(&log, &[], &inventory);
        assert_eq!(places, "x:a y:b");
        // Seen was x on b: y has to be elsewhere.
        let (places, _, started) = placed(&log, &[r#"{"request":"x","node":"b"}"#], &inventory);
        assert_eq!((places.as_str(), started.only_standing), ("x:b y:a", 0));
    }
}
