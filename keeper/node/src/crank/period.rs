//! Time as the crank counts it, so that keepers that know nothing of each other come to the same plan.

use alloy::primitives::{Address, keccak256};

/// Longest span in seconds over which keepers that draw their turns spread.
const LONGEST_SPREAD: u64 = 3_600;

/// Seconds between the turns of two operators: more than a look at the chain and a block take together.
const GAP: u64 = 120;

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

    /// When `signer` may begin, so that the first has done the work before the second looks, and none is always first.
    ///
    /// The active operators take turns, one `GAP` apart, and the order moves on by one in every period: those who read the
    /// same list never send at once. After them comes everybody else, and those operators for whom a short period has no
    /// room, at a moment that each draws; two of them whose moments differ by less than it takes to mine a transaction may
    /// both send.
    #[must_use]
    pub fn turn(&self, signer: Address, operators: &[Address]) -> u64 {
        let length = self.end - self.start;
        let spread = (length / 4).clamp(1, LONGEST_SPREAD);
        let count = operators.len() as u64;
        let places = (spread / GAP).min(count);
        let place = operators
            .iter()
            .position(|operator| *operator == signer)
            .map(|index| (index as u64 + self.start / length) % count)
            .filter(|place| *place < places);
        let delay = place.map_or_else(|| places * GAP + self.draw(signer) % spread, |place| place * GAP);
        self.start.saturating_add(delay)
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
    fn turns_of_strangers_are_spread_over_the_first_quarter_and_change_with_the_period() {
        let signers: Vec<_> = (0..50).map(Address::with_last_byte).collect();
        let period = Period::at(1_000_000, 400);
        let turns: Vec<_> = signers.iter().map(|signer| period.turn(*signer, &[]) - period.start).collect();
        assert!(turns.iter().all(|turn| *turn < 100));
        let distinct: std::collections::BTreeSet<_> = turns.iter().collect();
        assert!(distinct.len() > 25, "{distinct:?}");
        let next = Period::at(period.end, 400);
        assert!(
            signers.iter().zip(&turns).any(|(signer, turn)| next.turn(*signer, &[]) - next.start != *turn)
        );
    }

    #[test]
    fn operators_never_begin_at_once_and_each_is_first_in_its_turn() {
        let operators: Vec<_> = (1..=5).map(Address::with_last_byte).collect();
        let stranger = Address::with_last_byte(9);
        let mut period = Period::at(1_000_000, 3_600);
        let mut first = Vec::new();
        for _ in 0..5 {
            let turns = operators.iter().map(|operator| (period.turn(*operator, &operators), *operator));
            let mut turns: Vec<_> = turns.collect();
            turns.sort_unstable();
            assert!(turns.windows(2).all(|pair| pair[1].0 - pair[0].0 >= GAP), "{turns:?}");
            assert!(turns[4].0 + GAP <= period.turn(stranger, &operators), "{turns:?}");
            first.push(turns[0].1);
            period = Period::at(period.end, 3_600);
        }
        first.sort_unstable();
        assert_eq!(first, operators);
    }

    #[test]
    fn whoever_finds_no_place_still_has_a_turn_in_the_first_half() {
        let operators: Vec<_> = (1..=50).map(Address::with_last_byte).collect();
        let period = Period::at(1_000_000, 3_600);
        let middle = period.start + 1_800;
        assert!(operators.iter().all(|operator| period.turn(*operator, &operators) < middle));
    }

    #[test]
    fn nobody_waits_in_a_short_period_or_too_long_in_a_long_one() {
        let signer = Address::repeat_byte(3);
        let short = Period::at(77, 1);
        assert_eq!(short.turn(signer, &[signer]), 77);
        let day = Period::at(1_000_000, 86_400);
        assert!(day.turn(signer, &[]) < day.start + LONGEST_SPREAD);
    }
}
