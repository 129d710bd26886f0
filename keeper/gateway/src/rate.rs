//! How often one caller may ask.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Callers remembered at once. Beyond, those are forgotten whose allowance is whole again anyway, then all.
const MOST_CALLERS: usize = 65_536;

/// A bucket of allowance per caller `K`, refilled steadily; whole, it lasts for ten seconds' worth at once.
#[derive(Debug)]
pub(crate) struct Rates<K> {
    per_second: f64,
    whole: f64,
    buckets: Mutex<HashMap<K, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl<K: Eq + Hash> Rates<K> {
    /// Buckets for `per_minute` requests; 0 means no limit.
    #[must_use]
    pub(crate) fn new(per_minute: u32) -> Self {
        let per_second = f64::from(per_minute) / 60.0;
        Self { per_second, whole: (per_second * 10.0).max(1.0), buckets: Mutex::default() }
    }

    /// Takes one request from the allowance of `key` at `now`.
    ///
    /// # Errors
    /// How long to wait, if nothing is left.
    pub(crate) fn take(&self, key: K, now: Instant) -> Result<(), Duration> {
        if self.per_second == 0.0 {
            return Ok(());
        }
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST_CALLERS && !buckets.contains_key(&key) {
            buckets.retain(|_, bucket| self.refilled(*bucket, now) < self.whole);
            if buckets.len() >= MOST_CALLERS {
                buckets.clear();
            }
        }
        let bucket = buckets.entry(key).or_insert(Bucket { left: self.whole, at: now });
        let left = self.refilled(*bucket, now);
        *bucket = Bucket { left, at: now };
        if left < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - left) / self.per_second));
        }
        bucket.left = left - 1.0;
        Ok(())
    }

    fn refilled(&self, bucket: Bucket, now: Instant) -> f64 {
        let gained = now.saturating_duration_since(bucket.at).as_secs_f64() * self.per_second;
        (bucket.left + gained).min(self.whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_that_asks_too_often_waits_and_others_do_not() {
        let rates = Rates::new(60);
        let start = Instant::now();
        for _ in 0..10 {
            assert_eq!(rates.take("a", start), Ok(()));
        }
        let wait = rates.take("a", start).unwrap_err();
        assert_eq!(wait, Duration::from_secs(1));
        assert_eq!(rates.take("b", start), Ok(()));
        assert_eq!(rates.take("a", start + wait), Ok(()));
        assert!(rates.take("a", start + wait).is_err());
    }

    #[test]
    fn zero_means_no_limit() {
        let rates = Rates::new(0);
        let now = Instant::now();
        assert!((0..10_000).all(|_| rates.take(1, now).is_ok()));
    }

    #[test]
    fn a_flood_of_callers_is_not_remembered_for_ever() {
        let rates = Rates::new(60);
        let now = Instant::now();
        for caller in 0..2 * MOST_CALLERS {
            assert_eq!(rates.take(caller, now), Ok(()));
        }
        assert!(rates.buckets.lock().unwrap().len() <= MOST_CALLERS);
    }
}
