//! What is known of one endpoint: pure bookkeeping, the time is an argument.

use std::time::{Duration, Instant};

/// Why an endpoint is passed over as long as another one is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demotion {
    /// Its head is behind.
    Lagging {
        /// Its head.
        head: u64,
        /// The best head known.
        best: u64,
    },
    /// It reported a lower head than before.
    HeadWentBack {
        /// Head before.
        from: u64,
        /// Head now.
        to: u64,
    },
    /// It names another block at a height than the others.
    Disagrees {
        /// The height.
        number: u64,
    },
}

/// How usable an endpoint is, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tier {
    Healthy,
    BackingOff,
    Demoted,
}

/// Weight of the latest call in the success rate.
const SMOOTHING: f64 = 0.2;

/// A demotion for a head that went back lasts at least this long: the endpoint may be a load balancer in front of
/// nodes of different height, whose next answer looks fine again.
const DISTRUST: Duration = Duration::from_secs(30);

#[derive(Debug, Clone)]
pub(crate) struct Health {
    base_backoff: Duration,
    max_backoff: Duration,
    failures: u32,
    resting_until: Option<Instant>,
    success_rate: f64,
    head: Option<u64>,
    demotion: Option<Demotion>,
    distrusted_until: Option<Instant>,
}

impl Health {
    pub(crate) fn new(base_backoff: Duration, max_backoff: Duration) -> Self {
        Self {
            base_backoff,
            max_backoff,
            failures: 0,
            resting_until: None,
            success_rate: 1.0,
            head: None,
            demotion: None,
            distrusted_until: None,
        }
    }

    pub(crate) fn succeeded(&mut self) {
        self.failures = 0;
        self.resting_until = None;
        self.success_rate += SMOOTHING * (1.0 - self.success_rate);
    }

    pub(crate) fn failed(&mut self, now: Instant) {
        let pause = self.base_backoff.saturating_mul(1 << self.failures.min(16)).min(self.max_backoff);
        self.failures = self.failures.saturating_add(1);
        self.resting_until = Some(now + pause);
        self.success_rate -= SMOOTHING * self.success_rate;
    }

    /// Notes a head that the endpoint reported itself. `before` is the head that was known when it was asked: answers
    /// to concurrent calls may arrive in any order, so the latest one proves nothing.
    pub(crate) fn saw_head(&mut self, before: Option<u64>, head: u64, now: Instant) {
        if let Some(from) = before.filter(|before| head < *before) {
            self.demotion = Some(Demotion::HeadWentBack { from, to: head });
            self.distrusted_until = Some(now + DISTRUST);
            self.head = Some(head);
        } else {
            self.head = self.head.max(Some(head));
        }
    }

    /// Judges the endpoint against the others: `best` is the best head known, `agrees` whether it names the same block
    /// as they do at `number`, the height compared.
    pub(crate) fn judge(&mut self, best: u64, max_lag: u64, disagreement: Option<u64>, now: Instant) {
        let Some(head) = self.head else { return };
        self.demotion = if let Some(number) = disagreement {
            Some(Demotion::Disagrees { number })
        } else if head.saturating_add(max_lag) < best {
            Some(Demotion::Lagging { head, best })
        } else if self.distrusted_until.is_some_and(|until| now < until) {
            self.demotion.filter(|demotion| matches!(demotion, Demotion::HeadWentBack { .. }))
        } else {
            None
        };
    }

    pub(crate) fn tier(&self, now: Instant) -> Tier {
        if self.demotion.is_some() {
            Tier::Demoted
        } else if self.resting_until.is_some_and(|until| now < until) {
            Tier::BackingOff
        } else {
            Tier::Healthy
        }
    }

    /// Order among endpoints, lower first: tier, then success rate in quarters so that noise does not reorder.
    pub(crate) fn rank(&self, now: Instant) -> (Tier, u8) {
        let quarter = match self.success_rate {
            rate if rate >= 0.75 => 0,
            rate if rate >= 0.5 => 1,
            rate if rate >= 0.25 => 2,
            _ => 3,
        };
        (self.tier(now), quarter)
    }

    pub(crate) fn head(&self) -> Option<u64> {
        self.head
    }

    pub(crate) fn demotion(&self) -> Option<Demotion> {
        self.demotion
    }

    pub(crate) fn success_rate(&self) -> f64 {
        self.success_rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh() -> Health {
        Health::new(Duration::from_millis(100), Duration::from_secs(1))
    }

    #[test]
    fn pauses_double_up_to_the_limit_and_end_with_a_success() {
        let (mut health, start) = (fresh(), Instant::now());
        health.failed(start);
        assert_eq!(health.tier(start + Duration::from_millis(99)), Tier::BackingOff);
        assert_eq!(health.tier(start + Duration::from_millis(101)), Tier::Healthy);
        for _ in 0..40 {
            health.failed(start);
        }
        assert_eq!(health.tier(start + Duration::from_millis(999)), Tier::BackingOff);
        assert_eq!(health.tier(start + Duration::from_millis(1001)), Tier::Healthy);
        assert_eq!(health.rank(start + Duration::from_secs(2)).1, 3);
        health.succeeded();
        assert_eq!(health.tier(start), Tier::Healthy);
    }

    #[test]
    fn a_head_that_goes_back_is_distrusted_for_a_while_and_then_forgiven() {
        let (mut health, start) = (fresh(), Instant::now());
        health.saw_head(None, 10, start);
        health.saw_head(Some(10), 9, start);
        assert_eq!(health.demotion(), Some(Demotion::HeadWentBack { from: 10, to: 9 }));
        health.saw_head(Some(9), 10, start);
        health.judge(10, 3, None, start + Duration::from_secs(1));
        assert_eq!(health.tier(start), Tier::Demoted);
        health.judge(10, 3, None, start + DISTRUST + Duration::from_secs(1));
        assert_eq!(health.tier(start), Tier::Healthy);
    }

    #[test]
    fn answers_that_overtake_each_other_are_no_lie() {
        let (mut health, now) = (fresh(), Instant::now());
        health.saw_head(None, 11, now);
        health.saw_head(None, 10, now);
        assert_eq!((health.demotion(), health.head()), (None, Some(11)));
    }

    #[test]
    fn lag_and_disagreement_demote_until_they_end() {
        let (mut health, now) = (fresh(), Instant::now());
        health.saw_head(None, 10, now);
        health.judge(14, 3, None, now);
        assert_eq!(health.demotion(), Some(Demotion::Lagging { head: 10, best: 14 }));
        health.judge(13, 3, None, now);
        assert_eq!(health.demotion(), None);
        health.judge(13, 3, Some(9), now);
        assert_eq!(health.demotion(), Some(Demotion::Disagrees { number: 9 }));
        health.judge(13, 3, None, now);
        assert_eq!(health.demotion(), None);
    }
}
