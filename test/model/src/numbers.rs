//! Arithmetic without overflow, and random numbers that a seed determines.

use alloy_primitives::{U256, Uint};

/// Wide enough for every product here.
pub type U512 = Uint<512, 8>;

/// a · b / c, rounded down. Zero if c is.
pub fn part(a: u128, b: u128, c: u128) -> u128 {
    if c == 0 {
        return 0;
    }
    (U256::from(a) * U256::from(b) / U256::from(c)).saturating_to()
}

/// a · b / c, rounded up. Zero if c is.
pub fn part_up(a: u128, b: u128, c: u128) -> u128 {
    if c == 0 {
        return 0;
    }
    (U256::from(a) * U256::from(b)).div_ceil(U256::from(c)).saturating_to()
}

/// SplitMix64.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The numbers of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.number() % bound }
    }
}
