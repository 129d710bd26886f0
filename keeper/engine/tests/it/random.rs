//! Random numbers and measured time for tests that run for as long as they are told to.

use std::time::{Duration, SystemTime};

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// `OPG_SEED`, or one that differs from run to run.
    pub(crate) fn any_seed() -> u64 {
        let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos() as u64;
        std::env::var("OPG_SEED").map_or_else(|_| now(), |seed| seed.parse().unwrap())
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

/// A time that an environment variable gives in seconds.
pub(crate) fn seconds(variable: &str, default: u64) -> Duration {
    Duration::from_secs(std::env::var(variable).map_or(default, |value| value.parse().unwrap()))
}

/// The time that this process's threads have computed, as Linux counts it: on a busy machine it says more than a clock.
pub(crate) fn computed() -> Duration {
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    let nanoseconds = threads.filter_map(|thread| {
        // A thread may end between being listed and being read.
        let counters = std::fs::read_to_string(thread.unwrap().path().join("schedstat")).ok()?;
        counters.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}
