//! The scheme `batch-settlement`: a payer deposits into a channel once and then signs a voucher for each request. A voucher
//! names the most that may be claimed in all; the request is charged by what it used.
//!
//! Whether a voucher is taken is decided for one request after the other ([`opg_store::channels::Holds`]) and only after
//! everything about it was compared with what this node asks for. What was charged, and the best voucher, are durable with
//! the answer, before the answer leaves. Claims are made elsewhere ([`opg_node::channels`]).

pub(crate) mod deposit;
pub(crate) mod hold;
pub(crate) mod offer;
pub(crate) mod payload;
pub(crate) mod refund;
pub(crate) mod shown;
pub(crate) mod state;
pub(crate) mod told;

use opg_chain::channels::ChannelDomain;
use opg_store::channels::Holds;

use crate::config::ChannelPolicy;

/// What is needed to take vouchers.
#[derive(Debug)]
pub(crate) struct Channels {
    pub(crate) policy: ChannelPolicy,
    /// EIP-712 domain of the contract.
    pub(crate) domain: ChannelDomain,
    /// Vouchers of requests that are being worked on.
    pub(crate) holds: Holds,
}

/// Errors by the names that x402's clients know. Their message is for people; in the header `payment-required` the name
/// stands, because clients act on it.
pub(crate) mod code {
    /// The client's idea of what was charged is not this node's. Clients take the state that comes along and try again.
    pub(crate) const MISMATCH: &str = "invalid_batch_settlement_evm_cumulative_amount_mismatch";
    pub(crate) const UNCOVERED: &str = "invalid_batch_settlement_evm_cumulative_exceeds_balance";
    pub(crate) const NO_CHANNEL: &str = "invalid_batch_settlement_evm_missing_channel";
    pub(crate) const OTHER_ID: &str = "invalid_batch_settlement_evm_channel_id_mismatch";
    pub(crate) const OTHER_TOKEN: &str = "invalid_batch_settlement_evm_token_mismatch";
    pub(crate) const OTHER_RECEIVER: &str = "invalid_batch_settlement_evm_receiver_mismatch";
    pub(crate) const OTHER_AUTHORIZER: &str = "invalid_batch_settlement_evm_receiver_authorizer_mismatch";
    pub(crate) const DELAY: &str = "invalid_batch_settlement_evm_withdraw_delay_out_of_range";
    pub(crate) const SIGNATURE: &str = "invalid_batch_settlement_evm_voucher_signature";
    pub(crate) const PAYLOAD: &str = "invalid_batch_settlement_evm_payload_type";
    pub(crate) const DEPOSIT_SMALL: &str = "invalid_batch_settlement_evm_deposit_below_min_deposit";
    pub(crate) const DEPOSIT_EXPIRES: &str =
        "invalid_batch_settlement_evm_payload_authorization_valid_before";
    pub(crate) const DEPOSIT_REFUSED: &str = "invalid_batch_settlement_evm_deposit_simulation_failed";
    pub(crate) const NOTHING_TO_REFUND: &str = "invalid_batch_settlement_evm_refund_no_balance";
    pub(crate) const REFUND_AMOUNT: &str = "invalid_batch_settlement_evm_refund_amount_invalid";
    pub(crate) const REFUND_FAILED: &str = "invalid_batch_settlement_evm_refund_transaction_failed";
    /// What all of them begin with.
    pub(crate) const PREFIX: &str = "invalid_batch_settlement_";
}
