//! How many blocks to ask for at once: as many as the endpoints bear.

use std::sync::atomic::{AtomicU64, Ordering};

/// Halves when an endpoint refuses, grows back with each success. Only speed depends on it.
#[derive(Debug)]
pub(super) struct RangeSize {
    current: AtomicU64,
    maximum: u64,
}

impl RangeSize {
    pub(super) fn new(maximum: u64) -> Self {
        let maximum = maximum.max(1);
        Self { current: AtomicU64::new(maximum), maximum }
    }

    pub(super) fn get(&self) -> u64 {
        self.current.load(Ordering::Relaxed)
    }

    /// Notes that `span` blocks were too many. Returns what to try next.
    pub(super) fn refused(&self, span: u64) -> u64 {
        let next = (span / 2).max(1);
        self.current.store(next, Ordering::Relaxed);
        next
    }

    /// Notes that `span` blocks were served. A quarter more next time: after a refusal at the endpoint's limit the size
    /// settles just below it instead of failing every second time.
    pub(super) fn served(&self, span: u64) {
        let current = self.get();
        if span >= current {
            self.current.store((current + (current / 4).max(1)).min(self.maximum), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_down_to_one_and_grows_back_to_the_maximum() {
        let range = RangeSize::new(1000);
        let mut span = range.get();
        while span > 1 {
            span = range.refused(span);
        }
        assert_eq!((range.refused(1), range.get()), (1, 1));
        for _ in 0..60 {
            range.served(range.get());
        }
        assert_eq!(range.get(), 1000);
    }

    #[test]
    fn a_short_last_range_says_nothing_about_the_limit() {
        let range = RangeSize::new(1000);
        range.refused(100);
        range.served(3);
        assert_eq!(range.get(), 50);
    }
}
