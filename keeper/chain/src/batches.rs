//! Batches of receipts as anybody can look at them: what the chain says, the data that the operator serves, and what to
//! think of each leaf.

mod audit;
mod data;
mod posted;

pub use audit::{Audit, LeafFault, audit};
pub use data::{DataFault, Limits, download};
pub use posted::{BatchStatus, PostedBatch};
