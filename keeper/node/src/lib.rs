#![doc = include_str!("../README.md")]

pub mod batches;
pub mod channels;
pub mod clock;
pub mod crank;
pub mod fees;
pub mod inference;
pub mod ledger;
pub mod proving;
mod quote;
pub mod supervisor;
mod unit_price;

mod forwarded;

pub use clock::{Clock, SystemClock};
pub use forwarded::is_forwarded;
pub use ledger::{ChainLedger, Ledger, LedgerError};
pub use quote::Quote;
pub use supervisor::{Progress, Service, ServiceError};
pub use unit_price::UnitPrice;
