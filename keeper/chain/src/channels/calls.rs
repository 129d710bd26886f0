//! Calls of the contract.

use std::collections::BTreeSet;

use alloy::{
    primitives::{Address, Bytes, U256},
    sol_types::{SolCall as _, SolValue as _},
};

use super::DEPOSIT_COLLECTOR;
use crate::bindings::{
    ChannelConfig,
    IBatchSettlement::{Voucher, claimCall, depositCall, multicallCall, refundCall, settleCall},
    VoucherClaim,
};

/// What is to be claimed of one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The channel.
    pub config: ChannelConfig,
    /// What the best voucher allows in all.
    pub maximum: u128,
    /// Its signature.
    pub signature: Bytes,
    /// What shall have been claimed in all: at most `maximum`.
    pub total: u128,
}

/// Claims several channels and pays what was claimed to their receivers, all or nothing.
#[must_use]
pub fn claim_calldata(claims: &[Claim]) -> Bytes {
    let rows = claims.iter().map(|claim| VoucherClaim {
        voucher: Voucher { channel: claim.config.clone(), maxClaimableAmount: claim.maximum },
        signature: claim.signature.clone(),
        totalClaimed: claim.total,
    });
    let receivers: BTreeSet<(Address, Address)> =
        claims.iter().map(|claim| (claim.config.receiver, claim.config.token)).collect();
    let claim = claimCall { voucherClaims: rows.collect() }.abi_encode().into();
    let settle = |(receiver, token)| settleCall { receiver, token }.abi_encode().into();
    let data = std::iter::once(claim).chain(receivers.into_iter().map(settle)).collect();
    multicallCall { data }.abi_encode().into()
}

/// Deposits by an ERC-3009 authorization: its bounds in time, the salt of its nonce, and its signature.
#[must_use]
pub fn deposit_calldata(
    config: &ChannelConfig,
    amount: u128,
    (valid_after, valid_before): (u64, u64),
    salt: U256,
    signature: &Bytes,
) -> Bytes {
    let data = (U256::from(valid_after), U256::from(valid_before), salt, signature.clone());
    let call = depositCall {
        config: config.clone(),
        amount,
        collector: DEPOSIT_COLLECTOR,
        collectorData: data.abi_encode_params().into(),
    };
    call.abi_encode().into()
}

/// Gives a payer back up to `amount` of what is not claimed.
#[must_use]
pub fn refund_calldata(config: &ChannelConfig, amount: u128) -> Bytes {
    refundCall { config: config.clone(), amount }.abi_encode().into()
}
