//! What a call would cost, or why it would fail.

use alloy::primitives::{Address, Bytes, U256};
use opg_chain::{
    rpc::Rpc,
    rpc_trait::{CallRequest, ChainRpc, RpcError},
};

use crate::LedgerError;

/// Bytes of a signed transaction besides its calldata, at most.
pub(crate) const ENVELOPE: usize = 200;

/// What a call would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Quote {
    /// Succeed.
    Gas {
        /// Gas that it would use.
        gas: u64,
        /// Wei for its data on L1, at most.
        l1_fee: U256,
    },
    /// Revert, for this reason.
    Reverts(String),
}

/// What a call of `to` by `signer` would cost now.
pub(crate) async fn quote(
    rpc: &Rpc,
    signer: Address,
    to: Address,
    calldata: &Bytes,
) -> Result<Quote, LedgerError> {
    let quoted = quote_of(rpc, signer, to, calldata).await?;
    Ok(quoted.unwrap_or_else(|(reason, _)| Quote::Reverts(reason)))
}

/// The same, or why it would revert, in words and as it was returned.
pub(crate) async fn quote_of(
    rpc: &Rpc,
    from: Address,
    to: Address,
    calldata: &Bytes,
) -> Result<Result<Quote, (String, Bytes)>, LedgerError> {
    let unanswered = |error: RpcError| LedgerError::new(error.to_string(), true);
    let call = CallRequest { from, to, value: U256::ZERO, data: calldata.clone() };
    let gas = match rpc.estimate_gas(&call).await {
        Ok(gas) => gas,
        Err(RpcError::Reverted { reason, data }) => return Ok(Err((reason, data))),
        Err(error) => return Err(unanswered(error)),
    };
    let length = calldata.len() + ENVELOPE;
    let l1_fee = ChainRpc::l1_fee_upper_bound(rpc, length).await.map_err(unanswered)?;
    Ok(Ok(Quote::Gas { gas, l1_fee }))
}
