//! Payment channels of x402's `batch-settlement` scheme: what is signed, what is called, and what the chain says of them.
//! The contract is the public one at the address that x402 clients hard-code, or on a development chain ours in its place.

mod calls;
mod read;
mod terms;

pub use calls::{Claim, claim_calldata, deposit_calldata, refund_calldata};
pub use read::{ChannelState, Withdrawal, accepts, read, read_at, received, received_at};
pub use terms::{ChannelDomain, channel_id, deposit_nonce, domain, voucher_digest};

use alloy::primitives::{Address, address};

/// The contract of channels.
pub const SETTLEMENT: Address = address!("4020074e9dF2ce1deE5A9C1b5c3f541D02a10003");
/// The contract through which deposits are made by ERC-3009.
pub const DEPOSIT_COLLECTOR: Address = address!("4020806089470a89826cB9fB1f4059150b550004");
/// The contract that asks many things at once.
pub const MULTICALL: Address = address!("cA11bde05977b3631167028862bE2a173976CA11");
/// Shortest time from a payer's wish to withdraw to the withdrawal that the contract allows, in seconds.
pub const MIN_WITHDRAW_DELAY: u64 = 15 * 60;
/// The longest.
pub const MAX_WITHDRAW_DELAY: u64 = 30 * 86_400;
