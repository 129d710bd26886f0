//! Fees of the operator: the keeper's books beside those of the chain.
//!
//! What was earned follows from what is stored of requests, payments and vouchers; where it is follows from the chain. Here is
//! what neither says: sums over all payments that have ended, sums over the chain's events, which a reorganisation takes back, and
//! since when something waits.

mod payments;
mod sums;
mod waiting;

pub(crate) use payments::take_over;
pub use payments::{Outcome, Payments, Settling, count_payment, payments, settling};
pub use sums::{Kind, add, compact, roll_back, sums};
pub use waiting::{add_version, report, set_report, versions, waiting_since};
