//! The crank role: releases what has vested and carries out slashes, so that nobody has to remember to.

mod batch;
mod config;
mod context;
mod error;
mod genesis;
mod index;
mod ledger;
mod metrics;
mod period;
mod plan;
mod policy;
mod release;
mod role;
mod settle;
pub mod stakes;

pub use config::CrankConfig;
pub use error::CrankError;
pub use genesis::{Genesis, check};
pub use ledger::{ChainVault, VaultCategory, VestingLedger};
pub use metrics::CrankMetrics;
pub use period::Period;
pub use plan::{due, due_at, look};
pub use policy::Policy;
pub use release::Release;
pub use role::{CrankParts, CrankRole, CrankServices};
pub use settle::Settle;
