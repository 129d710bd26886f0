//! What a transaction costs: the fee per gas and, on an OP Stack chain, the fee for its data on L1.

mod eip1559;
mod l1;

pub use eip1559::{FeeEstimate, FeeFloor, estimate_fees};
pub use l1::{GAS_PRICE_ORACLE, L1Fee, l1_fee, l1_fee_upper_bound};
