//! The hash over the plans of a run, taken as they come, and saved with a run that stops on its way.

use serde::{Deserialize, Serialize};

use super::Plan;
use super::digest::Digester;
use crate::control_plane::{Node, PlanState};
use crate::units::Instant;

/// Bytes that are hashed at once: enough for a hash function that works on several blocks in parallel.
const BLOCK: usize = 16 * 1_024;
/// Marks the state of what is in pools, whose indices follow.
const IN_POOLS: u32 = 1 << 8;
/// In the place of an instant.
const NEVER: i64 = i64::MIN;

/// A chain of hashes: each is that of the one before and of so many bytes of plans, in the order in which they ended; at
/// the end of the run those of what lives follow, in order of the resource.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct PlanDigest {
    chain: [u8; 32],
    block: Vec<u8>,
    plans: u64,
}

impl PlanDigest {
    #[inline]
    pub(super) fn add(&mut self, plan: &Plan) {
        let state = match plan.state {
            PlanState::Admitted => 0,
            PlanState::Pending => 1,
            PlanState::Placed => 2,
            PlanState::Ready => 3,
            PlanState::Released => 4,
            PlanState::Refused(refusal) => 16 + refusal as u32,
        };
        // What is in no pool is hashed as before there were any.
        let state = if plan.pools.is_empty() { state } else { state | IN_POOLS };
        let node = plan.node.map_or(u32::MAX, |node| node.0);
        let words = [plan.resource.0, plan.tenant.0, plan.flavor.0, node, state];
        self.block.extend_from_slice(words.map(u32::to_le_bytes).as_flattened());
        let [ready, released] = [plan.ready, plan.released].map(|at| at.map_or(NEVER, Instant::micros));
        self.block.extend_from_slice([plan.arrived.micros(), ready, released].map(i64::to_le_bytes).as_flattened());
        if !plan.pools.is_empty() {
            for pool in [plan.pools.storage, plan.pools.network] {
                self.block.extend(pool.map_or(u32::MAX, |pool| u32::from(pool.0)).to_le_bytes());
            }
        }
        self.plans += 1;
        self.close_block();
    }

    #[inline]
    fn close_block(&mut self) {
        if self.block.len() >= BLOCK {
            self.chain = self.next();
            self.block.clear();
        }
    }

    /// Takes in a machine of the run: plans name it by its index alone.
    pub(super) fn add_machine(&mut self, machine: &Node) {
        let Node { index, node_group, ordered, ready, gone, .. } = *machine;
        self.block.extend_from_slice([index.0, node_group.0].map(u32::to_le_bytes).as_flattened());
        let gone = gone.map_or(NEVER, Instant::micros);
        self.block.extend_from_slice([ordered.micros(), ready.micros(), gone].map(i64::to_le_bytes).as_flattened());
        self.close_block();
    }

    pub(super) fn feed(&self, digester: &mut Digester) {
        digester.bytes(&self.next()).u64(self.plans);
    }

    fn next(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(&self.chain);
        hasher.update(&self.block);
        *hasher.finalize().as_bytes()
    }
}
