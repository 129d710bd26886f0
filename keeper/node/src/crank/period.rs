//! Time as the crank counts it, so that keepers that know nothing of each other come to the same plan.

use alloy::primitives::{Address, keccak256};

/// Longest delay of a keeper's turn, in seconds.
const LONGEST_DELAY: u64 = 3_600;

/// A span of the chain's time. What is due is counted as of its start: once a schedule was released in it, by whomever,
/// nothing is due until the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// First second.
    pub start: u64,
    /// First second of the next one.
    pub end: u64,
}

impl Period {
    /// The period of `length` seconds that contains `timestamp`.
    #[must_use]
    pub fn at(timestamp: u64, length: u64) -> Self {
        let length = length.max(1);
        let start = timestamp - timestamp % length;
        Self { start, end: start.saturating_add(length) }
    }

    /// When `signer` may begin: each keeper has its own delay, another one in every period, so that the first has done the
    /// work before the second looks, and none is always first. Two whose delays differ by less than it takes to mine a
    /// transaction may both send: with an hour's period and two keepers, about once in a hundred.
    #[must_use]
    pub fn turn(&self, signer: Address) -> u64 {
        let spread = ((self.end - self.start) / 4).min(LONGEST_DELAY);
        self.start.saturating_add(self.draw(signer) % spread.max(1))
    }

    /// A number that differs between signers and periods.
    #[must_use]
    pub fn draw(&self, signer: Address) -> u64 {
        let hash = keccak256([signer.as_slice(), &self.start.to_be_bytes()].concat());
        hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_second_is_in_one_period() {
        for (timestamp, start, end) in [(0, 0, 60), (59, 0, 60), (60, 60, 120), (119, 60, 120)] {
            assert_eq!(Period::at(timestamp, 60), Period { start, end });
        }
    }

    #[test]
    fn turns_are_spread_over_the_first_quarter_and_change_with_the_period() {
        let signers: Vec<_> = (0..50).map(Address::with_last_byte).collect();
        let period = Period::at(1_000_000, 400);
        let turns: Vec<_> = signers.iter().map(|signer| period.turn(*signer) - period.start).collect();
        assert!(turns.iter().all(|turn| *turn < 100));
        let distinct: std::collections::BTreeSet<_> = turns.iter().collect();
        assert!(distinct.len() > 25, "{distinct:?}");
        let next = Period::at(period.end, 400);
        assert!(signers.iter().zip(&turns).any(|(signer, turn)| next.turn(*signer) - next.start != *turn));
    }

    #[test]
    fn nobody_waits_in_a_short_period_or_too_long_in_a_long_one() {
        let signer = Address::repeat_byte(3);
        let short = Period::at(77, 1);
        assert_eq!(short.turn(signer), 77);
        let day = Period::at(1_000_000, 86_400);
        assert!(day.turn(signer) < day.start + LONGEST_DELAY);
    }
}
