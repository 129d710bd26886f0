//! The batch service: puts receipts of requests over HTTP into Merkle batches, posts them, and shows leaves that are
//! demanded.

mod answer;
mod clocks;
mod config;
mod follow;
mod ledger;
mod metrics;
mod post;
mod prune;
mod role;
mod sift;

pub use config::BatchesConfig;
pub use ledger::{BatchTimes, BatchesLedger, ChainBatches};
pub use metrics::BatchesMetrics;
pub use role::{BatchesParts, BatchesRole};
