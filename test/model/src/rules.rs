//! What governance has set in the world of the model, and what the code fixes: docs/staking.md and docs/rewards.md.

/// A day in seconds.
pub const DAY: u64 = 86_400;
/// Wei of a token.
pub const TOKEN: u128 = 1_000_000_000_000_000_000;

/// When a sequence begins.
pub const START: u64 = 1_800_000_000;
/// What each of the people has at first.
pub const ENDOWMENT: u128 = 200_000 * TOKEN;
/// All tokens.
pub const SUPPLY: u128 = 1_000_000_000 * TOKEN;

/// Least own stake of an active operator.
pub const MIN_SELF_STAKE: u128 = 10_000 * TOKEN;
/// From an unbond to its withdrawal.
pub const UNBONDING: u64 = 21 * DAY;
/// For which a slash waits.
pub const VETO_WINDOW: u64 = 3 * DAY;
/// By which the guardian postpones one.
pub const SUSPENSION: u64 = 14 * DAY;
/// Before a higher commission.
pub const COMMISSION_NOTICE: u64 = 7 * DAY;
/// Highest commission.
pub const MAX_COMMISSION_BPS: u16 = 2_000;
/// Longest jail at once.
pub const MAX_JAIL: u64 = 365 * DAY;
/// For which open disputes keep an unbond beyond its time.
pub const MAX_FREEZE: u64 = 14 * DAY;
/// Most open unbonds of an account at an operator.
pub const MAX_UNBONDS: usize = 16;
/// A pool with more shares for each wei takes no stake.
pub const MAX_SHARES_PER_WEI: u128 = 1 << 22;
/// Parts are counted in 1/10,000.
pub const BPS: u128 = 10_000;

/// A row of the slash table.
#[derive(Debug, Clone, Copy)]
pub struct Offence {
    /// Most of the stake at the offence that is taken within `cool_down`.
    pub cap_bps: u128,
    /// Of the own part, for who showed it.
    pub challenger_bps: u128,
    /// Of the own part, for who was harmed.
    pub payer_bps: u128,
    /// Seconds for which offences of a kind are one.
    pub cool_down: u64,
    /// Seconds in jail.
    pub jail: u64,
}

/// The slash table; offence 1 is the first row.
pub const OFFENCES: [Offence; 3] = [
    Offence { cap_bps: 10_000, challenger_bps: 2_000, payer_bps: 2_000, cool_down: DAY, jail: 7 * DAY },
    Offence { cap_bps: 3_000, challenger_bps: 2_000, payer_bps: 3_000, cool_down: DAY, jail: 2 * DAY },
    Offence { cap_bps: 100, challenger_bps: 3_000, payer_bps: 0, cool_down: DAY, jail: DAY },
];

/// What vests for rewards.
pub const VESTED: u128 = 100_000_000 * TOKEN;
/// In which time.
pub const VESTING_TIME: u64 = 96 * 2_629_800;
/// Of an epoch.
pub const EPOCH: u64 = 7 * DAY;
/// Part of what comes in that flows to stake.
pub const BASE_BPS: u128 = 5_000;
/// Most of its burned fees that an operator is paid.
pub const PERFORMANCE_BPS: u128 = 9_000;
/// Part of a fee that is burned.
pub const BURN_BPS: u128 = 500;
/// Part of a fee for the verification pool.
pub const VERIFICATION_BPS: u128 = 300;
/// Part of a fee for the owner of the model.
pub const ROYALTY_BPS: u128 = 1_000;

/// For which a fee is unsettled, and after which the windows of the count follow each other.
pub const CAP_WINDOW: u64 = 8 * DAY;
/// Most unsettled fees of an operator, as a part of its own stake.
pub const CAP_PER_STAKE_BPS: u128 = 1_000;
/// Unsettled fees that everyone may have.
pub const CAP_LEAST: u128 = 100 * TOKEN;

/// After which the price of a compute unit moves.
pub const MARKET_EPOCH: u64 = 3_600;
/// Utilisation at which it does not.
pub const TARGET_BPS: u128 = 5_000;
/// Most that it rises in an epoch.
pub const MAX_CHANGE_BPS: u128 = 1_250;
/// Compute units per second that an operator may declare for a token of its own stake.
pub const CAPACITY_PER_OPG: u128 = 10;
/// Compute units per second as which a smaller capacity counts.
pub const CAPACITY_FLOOR: u128 = 100_000;
/// Wei for a compute unit at the beginning, at least, and at most.
pub const FIRST_PRICE: u128 = 1_000_000_000_000;
/// See `FIRST_PRICE`.
pub const MIN_PRICE: u128 = 1_000_000_000;
/// See `FIRST_PRICE`.
pub const MAX_PRICE: u128 = 1_000_000_000_000_000;
