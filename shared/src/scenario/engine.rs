//! The version of the simulation.

/// Incremented whenever an outcome changes for the same scenario.
pub const ENGINE: u32 = 6;

/// What each engine does otherwise than the one before it, from the second on.
const CHANGES: [&str; ENGINE as usize - 1] = [
    "places and queues by an index, with service times, full queues and failures of each module",
    "places by zone, by rules about others and by priority, and more than nodes have where that is allowed",
    "hands out GPUs one by one",
    "spreads only over zones where nodes are or may come to be, orders predicted nodes no look too early, holds a schedule \
     as one stretch where clocks are set back, and counts of modules what happened inside the window",
    "offers room at once to who had to leave for others and to who waits at the start, has rules about others hold without \
     those who leave, and goes on making what was seen on a machine before it was ready",
];

/// What the engines after `engine` do otherwise than it, in words, oldest first.
pub fn changes_since(engine: u32) -> &'static [&'static str] {
    let known = engine.saturating_sub(1) as usize;
    &CHANGES[known.min(CHANGES.len())..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_engine_since_is_told_once() {
        assert_eq!(changes_since(ENGINE), [] as [&str; 0]);
        assert_eq!(changes_since(ENGINE + 1), [] as [&str; 0]);
        assert_eq!(changes_since(ENGINE - 1), &CHANGES[CHANGES.len() - 1..]);
        assert_eq!(changes_since(1), CHANGES);
        assert_eq!(changes_since(0), CHANGES);
    }
}
