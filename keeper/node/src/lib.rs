#![doc = include_str!("../README.md")]

pub mod batches;
pub mod channels;
pub mod clock;
pub mod crank;
pub mod inference;
pub mod ledger;
pub mod proving;
pub mod supervisor;

pub use clock::{Clock, SystemClock};
pub use ledger::{ChainLedger, Ledger, LedgerError};
pub use supervisor::{Progress, Service, ServiceError};
