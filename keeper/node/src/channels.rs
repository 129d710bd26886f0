//! Payment channels from the operator's side: what payers owe is claimed before they can take it back.
//!
//! The gateway takes vouchers and charges them; this service turns them into money. Nothing of what it decides is remembered
//! but in the store: what can be claimed follows from what was charged, from the best voucher, and from what the chain says,
//! which is asked again in every pass. So a claim that fails, or whose block is undone, is made again, and a claim that was
//! made twice takes nothing twice (docs/adr/0036-a-voucher-pays-for-one-request.md).

mod claim;
mod config;
mod follow;
mod ledger;
mod metrics;
mod role;

pub use config::ChannelsConfig;
pub use ledger::{ChainChannels, ChannelsLedger};
pub use metrics::ChannelsMetrics;
pub use role::{ChannelsParts, ChannelsRole};
