//! What to offer per gas, first and when replacing.

use alloy::primitives::U256;

/// What the market asks, in wei per gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Market {
    /// Base fee of the latest block.
    pub base_fee: u128,
    /// Suggested priority fee.
    pub priority_fee: u128,
}

/// An offer, in wei per gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fees {
    /// Most that is paid, base fee included.
    pub max_fee: u128,
    /// Most that goes to the block producer.
    pub priority_fee: u128,
}

/// The operator's limits, in wei per gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeePolicy {
    /// Never offer more than this. A transaction that only cancels or fills may offer twice as much: it is the way out
    /// of a nonce that is stuck at the ceiling, and costs 21,000 gas.
    pub ceiling: u128,
    /// Never offer the block producer more than this.
    pub priority_ceiling: u128,
    /// Never offer the block producer less than this.
    pub priority_floor: u128,
    /// Multiple of the base fee that is offered, in percent: room for it to rise until inclusion.
    pub base_fee_percent: u128,
    /// Rise of both fees in a replacement, in tenths of a percent. Nodes ask for 100, some for 125.
    pub bump_permille: u128,
}

impl Default for FeePolicy {
    fn default() -> Self {
        Self {
            ceiling: 10_000_000_000,
            priority_ceiling: 2_000_000_000,
            priority_floor: 1_000_000,
            base_fee_percent: 200,
            bump_permille: 125,
        }
    }
}

/// What one transaction may offer at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Caps {
    max_fee: u128,
    priority_fee: u128,
}

impl FeePolicy {
    pub(super) fn validate(&self) -> Result<(), &'static str> {
        if self.priority_floor > self.priority_ceiling || self.priority_ceiling > self.ceiling {
            return Err("priority_floor ≤ priority_ceiling ≤ ceiling must hold");
        }
        // The database keeps fees in 63 bits, and a cancellation may offer twice the ceiling.
        if self.ceiling == 0 || self.ceiling > i64::MAX as u128 / 2 {
            return Err("ceiling must lie between 1 wei and 4.6e18 wei per gas");
        }
        if self.base_fee_percent < 100 {
            return Err("base_fee_percent must be at least 100");
        }
        if self.bump_permille < 100 {
            return Err("bump_permille must be at least 100, or nodes refuse replacements");
        }
        Ok(())
    }

    /// Limits for a call: the policy's, and what `max_cost` leaves per gas after the L1 fee.
    pub(super) fn caps_for_call(&self, gas: u64, l1_fee: U256, max_cost: Option<U256>) -> Caps {
        let affordable = max_cost.map_or(u128::MAX, |most| {
            let per_gas = most.saturating_sub(l1_fee) / U256::from(gas.max(1));
            per_gas.saturating_to::<u128>()
        });
        Caps { max_fee: self.ceiling.min(affordable), priority_fee: self.priority_ceiling }
    }

    /// Limits for a transaction that only uses up its nonce.
    pub(super) const fn caps_for_void(&self) -> Caps {
        Caps { max_fee: self.ceiling * 2, priority_fee: self.priority_ceiling * 2 }
    }

    /// The first offer; `None` if the limits do not reach what the next block asks.
    pub(super) fn first(&self, market: Market, caps: Caps) -> Option<Fees> {
        let wanted = self.wanted(market);
        let max_fee = wanted.max_fee.min(caps.max_fee);
        let room = max_fee.checked_sub(market.base_fee)?;
        let priority_fee = wanted.priority_fee.min(caps.priority_fee).min(room);
        (priority_fee >= self.priority_floor).then_some(Fees { max_fee, priority_fee })
    }

    /// An offer that nodes accept in place of `previous`; `None` if the limits do not allow one.
    pub(super) fn replacement(&self, previous: Fees, market: Market, caps: Caps) -> Option<Fees> {
        let least =
            Fees { max_fee: self.raised(previous.max_fee), priority_fee: self.raised(previous.priority_fee) };
        if least.max_fee > caps.max_fee || least.priority_fee > caps.priority_fee {
            return None;
        }
        let wanted = self.wanted(market);
        let max_fee = wanted.max_fee.clamp(least.max_fee, caps.max_fee);
        let priority_fee = wanted.priority_fee.clamp(least.priority_fee, caps.priority_fee).min(max_fee);
        Some(Fees { max_fee, priority_fee })
    }

    /// An offer against a transaction that others have put at the same nonce: its fees are unknown, so both of ours double
    /// until they are at the limits. `None` if they were already.
    pub(super) fn outbid(&self, refused: Fees, market: Market, caps: Caps) -> Option<Fees> {
        let wanted = self.wanted(market);
        let doubled = |fee: u128| fee.saturating_mul(2).max(1);
        let max_fee = doubled(refused.max_fee).max(wanted.max_fee).min(caps.max_fee);
        let priority_fee = doubled(refused.priority_fee).max(wanted.priority_fee);
        let offer = Fees { max_fee, priority_fee: priority_fee.min(caps.priority_fee).min(max_fee) };
        (offer.max_fee > refused.max_fee || offer.priority_fee > refused.priority_fee).then_some(offer)
    }

    fn wanted(&self, market: Market) -> Fees {
        let priority_fee = market.priority_fee.clamp(self.priority_floor, self.priority_ceiling);
        let base_fee = market.base_fee.saturating_mul(self.base_fee_percent) / 100;
        Fees { max_fee: base_fee.saturating_add(priority_fee), priority_fee }
    }

    /// Rounded up, and by at least 1 wei: nodes compare exactly.
    fn raised(&self, fee: u128) -> u128 {
        let rise = fee.saturating_mul(self.bump_permille).div_ceil(1000).max(1);
        fee.saturating_add(rise)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: FeePolicy = FeePolicy {
        ceiling: 10_000,
        priority_ceiling: 1_000,
        priority_floor: 10,
        base_fee_percent: 200,
        bump_permille: 125,
    };
    const MARKET: Market = Market { base_fee: 1_000, priority_fee: 50 };

    fn caps() -> Caps {
        POLICY.caps_for_call(100_000, U256::ZERO, None)
    }

    #[test]
    fn first_offer_covers_twice_the_base_fee() {
        assert_eq!(POLICY.first(MARKET, caps()), Some(Fees { max_fee: 2_050, priority_fee: 50 }));
    }

    #[test]
    fn first_offer_never_exceeds_the_ceiling_and_is_none_where_that_is_useless() {
        let dear = Market { base_fee: 9_900, ..MARKET };
        assert_eq!(POLICY.first(dear, caps()), Some(Fees { max_fee: 10_000, priority_fee: 50 }));
        let dearer = Market { base_fee: 9_995, ..MARKET };
        assert_eq!(
            POLICY.first(dearer, caps()),
            None,
            "only 5 of at least 10 wei would be left for the producer"
        );
    }

    #[test]
    fn max_cost_counts_the_l1_fee() {
        let max_cost = Some(U256::from(150_000_000_u64));
        let without = POLICY.caps_for_call(100_000, U256::ZERO, max_cost);
        assert_eq!(POLICY.first(MARKET, without), Some(Fees { max_fee: 1_500, priority_fee: 50 }));
        let with = POLICY.caps_for_call(100_000, U256::from(60_000_000_u64), max_cost);
        assert_eq!(POLICY.first(MARKET, with), None, "900 per gas is below the base fee");
    }

    #[test]
    fn replacement_raises_both_fees_by_an_eighth_rounded_up() {
        let calm = Market { base_fee: 1, priority_fee: 0 };
        let previous = Fees { max_fee: 1_001, priority_fee: 11 };
        assert_eq!(
            POLICY.replacement(previous, calm, caps()),
            Some(Fees { max_fee: 1_001 + 126, priority_fee: 11 + 2 })
        );
    }

    #[test]
    fn replacement_follows_the_market_upwards() {
        let risen = Market { base_fee: 3_000, priority_fee: 400 };
        let previous = Fees { max_fee: 2_050, priority_fee: 50 };
        assert_eq!(
            POLICY.replacement(previous, risen, caps()),
            Some(Fees { max_fee: 6_400, priority_fee: 400 })
        );
    }

    #[test]
    fn replacement_stops_at_the_ceiling_but_a_cancellation_goes_further() {
        let previous = Fees { max_fee: 9_500, priority_fee: 50 };
        assert_eq!(POLICY.replacement(previous, MARKET, caps()), None);
        assert_eq!(
            POLICY.replacement(previous, MARKET, POLICY.caps_for_void()),
            Some(Fees { max_fee: 10_688, priority_fee: 57 })
        );
    }

    #[test]
    fn outbidding_an_unknown_competitor_goes_to_both_limits_in_few_steps() {
        let mut fees = POLICY.first(MARKET, caps()).unwrap();
        let mut steps = 0;
        while let Some(next) = POLICY.outbid(fees, MARKET, caps()) {
            (fees, steps) = (next, steps + 1);
        }
        assert_eq!(fees, Fees { max_fee: POLICY.ceiling, priority_fee: POLICY.priority_ceiling });
        assert!(steps <= 5, "{steps} steps");
    }

    #[test]
    fn a_zero_priority_fee_still_rises() {
        let free = FeePolicy { priority_floor: 0, ..POLICY };
        let market = Market { base_fee: 0, priority_fee: 0 };
        let offer = free.replacement(Fees { max_fee: 0, priority_fee: 0 }, market, caps());
        assert_eq!(offer, Some(Fees { max_fee: 1, priority_fee: 1 }));
    }

    #[test]
    fn repeated_replacement_always_meets_the_rule_of_geth() {
        let mut fees = POLICY.first(MARKET, caps()).unwrap();
        while let Some(next) = POLICY.replacement(fees, MARKET, caps()) {
            assert!(next.max_fee * 100 >= fees.max_fee * 110 && next.max_fee > fees.max_fee);
            assert!(
                next.priority_fee * 100 >= fees.priority_fee * 110 && next.priority_fee > fees.priority_fee
            );
            assert!(next.max_fee <= POLICY.ceiling && next.priority_fee <= next.max_fee);
            fees = next;
        }
        assert!(fees.max_fee > 8_000, "gave up at {fees:?}, well below the ceiling");
    }
}
