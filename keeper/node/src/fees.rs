//! Fees from the operator's side: they are divided and collected before anybody has to think of it, and accounted for to the wei.
//!
//! A fee arrives at the hub or in a vault, is divided by the fee router, and is owed to the operator until somebody has it paid.
//! Anybody may send each of these steps, so the keeper does, with its own key: the money can only go where it belongs. What there
//! is to move is what the chain says, asked again in every pass; nothing of it is remembered, so a step that fails, or whose block
//! is undone, is taken again (docs/adr/0040-the-keeper-moves-fees-and-keeps-books.md).

mod act;
mod books;
mod config;
mod follow;
mod ledger;
mod metrics;
mod plan;
mod role;

pub use books::{AccountBooks, Books, Divided, VersionBooks};
pub use config::FeesConfig;
pub use ledger::{ChainFees, FeesLedger};
pub use metrics::FeesMetrics;
pub use role::{FeesParts, FeesRole};
