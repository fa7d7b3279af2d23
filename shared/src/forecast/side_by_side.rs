//! Series worked on side by side.

/// Fewer series than these for a thread are not worth starting one.
#[cfg(not(target_family = "wasm"))]
const PER_THREAD_MIN: usize = 8;

/// What `one` makes of each of `count` series, in order. It does not depend on how many threads there are; in a browser there
/// is one.
pub(super) fn side_by_side<T: Send>(count: usize, one: impl Fn(usize) -> T + Sync) -> Vec<T> {
    #[cfg(not(target_family = "wasm"))]
    {
        let available = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = available.min(count / PER_THREAD_MIN);
        if threads > 1 {
            return on_threads(count, threads, &one);
        }
    }
    (0..count).map(one).collect()
}

/// A thread takes every so manieth series, as neighbours cost alike.
#[cfg(not(target_family = "wasm"))]
fn on_threads<T: Send>(count: usize, threads: usize, one: &(impl Fn(usize) -> T + Sync)) -> Vec<T> {
    let mut made: Vec<std::vec::IntoIter<T>> = std::thread::scope(|scope| {
        let begin = |first: usize| scope.spawn(move || (first..count).step_by(threads).map(one).collect::<Vec<T>>());
        let threads: Vec<_> = (0..threads).map(begin).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, Vec<T>>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)).into_iter()
        };
        threads.into_iter().map(join).collect()
    });
    (0..count).map(|series| made[series % threads].next().expect("each made its part")).collect()
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use super::*;

    #[test]
    fn answers_are_in_order_whatever_the_threads() {
        let expected: Vec<usize> = (0..101).map(|series| series * series).collect();
        assert_eq!(side_by_side(101, |series| series * series), expected);
        for threads in [1, 2, 3, 7, 101] {
            assert_eq!(on_threads(101, threads, &|series| series * series), expected);
        }
        assert_eq!(side_by_side(0, |series| series), [0; 0]);
    }
}
