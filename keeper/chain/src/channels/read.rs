//! What the chain says of channels.

use alloy::{
    eips::BlockId,
    primitives::{Address, B256, Bytes, U256},
    sol,
    sol_types::SolCall as _,
};

use super::{MULTICALL, SETTLEMENT};
use crate::{
    bindings::IBatchSettlement::{channelsCall, pendingWithdrawalsCall, receiversCall, refundNonceCall},
    rpc::{Rpc, RpcError},
    rpc_trait::{self, CallRequest, ChainRpc as _},
};

/// Channels that are asked about in one call.
const PAGE: usize = 100;
/// What ERC-1271 answers for a signature that is good.
const GOOD: [u8; 4] = [0x16, 0x26, 0xba, 0x7e];

sol! {
    /// Of Multicall3.
    struct Call3 {
        address target;
        bool allowFailure;
        bytes callData;
    }

    /// Of Multicall3.
    struct CallResult {
        bool success;
        bytes returnData;
    }

    /// Of Multicall3.
    function aggregate3(Call3[] calls) external payable returns (CallResult[] results);

    /// Of ERC-1271.
    function isValidSignature(bytes32 hash, bytes signature) external view returns (bytes4 magic);
}

/// What a payer wants back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Withdrawal {
    /// Wei of the token, at most.
    pub amount: u128,
    /// Unix time at which it was asked for. It can be taken when the channel's delay is over.
    pub since: u64,
}

/// A channel on the chain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChannelState {
    /// What was deposited and not given back.
    pub balance: u128,
    /// What was claimed of it in all.
    pub claimed: u128,
    /// What the payer wants back, if anything.
    pub withdrawal: Option<Withdrawal>,
    /// Refunds so far.
    pub refund_nonce: U256,
}

/// The channels of these identifiers, in order, as of the latest block. All zero where nothing was ever deposited.
///
/// # Errors
/// If the chain cannot be asked, or has no such contract.
pub async fn read(rpc: &Rpc, ids: &[B256]) -> Result<Vec<ChannelState>, RpcError> {
    read_at(rpc, BlockId::latest(), ids).await
}

/// The same as of a given block.
///
/// # Errors
/// As [`read`].
pub async fn read_at(rpc: &Rpc, block: BlockId, ids: &[B256]) -> Result<Vec<ChannelState>, RpcError> {
    let mut states = Vec::with_capacity(ids.len());
    for page in ids.chunks(PAGE) {
        let calls = page.iter().flat_map(|id| {
            [
                channelsCall { channelId: *id }.abi_encode(),
                pendingWithdrawalsCall { channelId: *id }.abi_encode(),
                refundNonceCall { channelId: *id }.abi_encode(),
            ]
            .map(|data| Call3 { target: SETTLEMENT, allowFailure: false, callData: data.into() })
        });
        let results = rpc.view_at(block, MULTICALL, &aggregate3Call { calls: calls.collect() }).await?;
        for one in results.chunks(3) {
            states.push(decode(one).ok_or_else(unreadable)?);
        }
    }
    if states.len() == ids.len() { Ok(states) } else { Err(unreadable()) }
}

/// Wei of `token` that were ever claimed for `receiver`, and those of them that were paid to it.
///
/// # Errors
/// If the chain cannot be asked, or has no such contract.
pub async fn received(rpc: &Rpc, receiver: Address, token: Address) -> Result<(u128, u128), RpcError> {
    received_at(rpc, BlockId::latest(), receiver, token).await
}

/// The same as of a given block.
///
/// # Errors
/// As [`received`].
pub async fn received_at(
    rpc: &Rpc,
    block: BlockId,
    receiver: Address,
    token: Address,
) -> Result<(u128, u128), RpcError> {
    let state = rpc.view_at(block, SETTLEMENT, &receiversCall { receiver, token }).await?;
    Ok((state.totalClaimed, state.totalSettled))
}

/// Whether the code of `account` takes `signature` for one of its own (ERC-1271) now. False also where that call fails.
///
/// # Errors
/// If the chain cannot be asked.
pub async fn accepts(
    rpc: &Rpc,
    account: Address,
    digest: B256,
    signature: Bytes,
) -> Result<bool, rpc_trait::RpcError> {
    let data = isValidSignatureCall { hash: digest, signature }.abi_encode().into();
    let call = CallRequest { from: SETTLEMENT, to: account, value: U256::ZERO, data };
    match rpc.call(&call).await {
        Ok(answer) => Ok(answer.len() >= 32 && answer[..4] == GOOD && answer[4..32] == [0; 28]),
        Err(rpc_trait::RpcError::Reverted { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

fn decode(results: &[CallResult]) -> Option<ChannelState> {
    let [channel, withdrawal, nonce] = results else { return None };
    let channel = channelsCall::abi_decode_returns(&channel.returnData).ok()?;
    let withdrawal = pendingWithdrawalsCall::abi_decode_returns(&withdrawal.returnData).ok()?;
    let wanted = Withdrawal { amount: withdrawal.amount, since: withdrawal.initiatedAt.to() };
    Some(ChannelState {
        balance: channel.balance,
        claimed: channel.totalClaimed,
        withdrawal: (wanted.amount > 0).then_some(wanted),
        refund_nonce: refundNonceCall::abi_decode_returns(&nonce.returnData).ok()?,
    })
}

fn unreadable() -> RpcError {
    RpcError::Decode {
        call: format!("channels of {SETTLEMENT}"),
        reason: "it is not the contract of payment channels".to_owned(),
    }
}
