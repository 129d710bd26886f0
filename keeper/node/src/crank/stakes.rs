//! What anybody may do about stake and somebody has to: carry out slashes whose veto window is over, end the votes of what
//! they took from delegators, and burn it.

mod config;
mod follow;
mod ledger;
mod rewards;
mod role;
mod work;

pub use config::StakesConfig;
pub use ledger::{ChainStaking, RewardsView, StakingLedger, Surplus};
pub use role::{StakesMetrics, StakesParts, StakesRole};
