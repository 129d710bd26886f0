//! How fast a model runs here, learned from the jobs it ran.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use opg_engine::{Timings, Usage};

/// Share of a new measurement in the estimate.
const WEIGHT: f64 = 0.2;

/// Seconds per token, read and written. Only an estimate for deadlines, so it need not survive a restart.
#[derive(Debug)]
pub(super) struct Pace {
    seconds: Mutex<(f64, f64)>,
}

impl Pace {
    /// Starts from assumed tokens per second, read and written.
    pub(super) fn assumed((read, written): (f64, f64)) -> Self {
        let seconds = |rate: f64| if rate > 0.0 { 1.0 / rate } else { 1.0 };
        Self { seconds: Mutex::new((seconds(read), seconds(written))) }
    }

    /// Learns from a finished job.
    pub(super) fn learn(&self, usage: Usage, timings: &Timings) {
        let mut seconds = self.seconds.lock().unwrap_or_else(PoisonError::into_inner);
        let mix = |old: f64, time: Duration, tokens: u32| {
            if tokens == 0 { old } else { old + WEIGHT * (time.as_secs_f64() / f64::from(tokens) - old) }
        };
        seconds.0 = mix(seconds.0, timings.prefill, usage.input_tokens);
        seconds.1 = mix(seconds.1, timings.decode, usage.output_tokens);
    }

    /// Time that a job is expected to take.
    pub(super) fn expected(&self, input_tokens: u32, output_tokens: u32) -> Duration {
        let seconds = *self.seconds.lock().unwrap_or_else(PoisonError::into_inner);
        let total = f64::from(input_tokens) * seconds.0 + f64::from(output_tokens) * seconds.1;
        Duration::try_from_secs_f64(total).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimate_starts_as_assumed_and_approaches_what_is_measured() {
        let pace = Pace::assumed((100.0, 10.0));
        assert_eq!(pace.expected(100, 10), Duration::from_secs(2));
        let timings = Timings {
            prefill: Duration::from_millis(100),
            decode: Duration::from_millis(100),
            ..Timings::default()
        };
        for _ in 0..60 {
            pace.learn(Usage { input_tokens: 100, output_tokens: 10 }, &timings);
        }
        let learned = pace.expected(100, 10).as_secs_f64();
        assert!((0.199..0.201).contains(&learned), "{learned}");
    }

    #[test]
    fn nonsense_rates_do_not_make_every_deadline_pass() {
        assert!(Pace::assumed((0.0, -1.0)).expected(1, 1) <= Duration::from_secs(2));
    }
}
