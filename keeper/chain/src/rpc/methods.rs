//! The reads that the keeper makes, typed.

use alloy::{
    eips::BlockId,
    primitives::{Address, B256, Bytes, U64, U128, U256},
    rpc::types::{Filter, Log},
    sol_types::SolCall,
};
use serde_json::json;

use super::{Rpc, RpcError, header::Header};
use crate::rpc_trait::Head;

impl Rpc {
    /// Header of the latest block.
    ///
    /// # Errors
    /// If no endpoint can serve it.
    pub async fn head(&self) -> Result<Head, RpcError> {
        self.read::<Header>("eth_getBlockByNumber", json!(["latest", false])).await.map(Head::from)
    }

    /// Header of the canonical block at `number`; `None` if there is no such block (yet).
    ///
    /// # Errors
    /// If no endpoint can serve it.
    pub async fn block(&self, number: u64) -> Result<Option<Head>, RpcError> {
        let block: Option<Header> =
            self.read("eth_getBlockByNumber", json!([U64::from(number), false])).await?;
        Ok(block.map(Head::from))
    }

    /// Calls a function of the contract at `to` as of the latest block.
    ///
    /// # Errors
    /// If no endpoint can serve it, the call reverts, or what it returns does not decode.
    pub async fn view<C: SolCall>(&self, to: Address, call: &C) -> Result<C::Return, RpcError> {
        self.view_at(BlockId::latest(), to, call).await
    }

    /// The same as of a given block. One that is named by its hash must be on the chain.
    ///
    /// # Errors
    /// If no endpoint can serve it, for instance because it does not keep the state of blocks that old; the call reverts; or
    /// what it returns does not decode.
    pub async fn view_at<C: SolCall>(
        &self,
        block: BlockId,
        to: Address,
        call: &C,
    ) -> Result<C::Return, RpcError> {
        let data = Bytes::from(call.abi_encode());
        let returned: Bytes = self.read("eth_call", json!([{ "to": to, "data": data }, block])).await?;
        C::abi_decode_returns(&returned).map_err(|error| RpcError::Decode {
            call: format!("{} of {to}", C::SIGNATURE),
            reason: if returned.is_empty() { "there is no contract".to_owned() } else { error.to_string() },
        })
    }

    /// Logs that match `filter`.
    ///
    /// # Errors
    /// If no endpoint can serve it or the range is too large.
    pub async fn logs(&self, filter: &Filter) -> Result<Vec<Log>, RpcError> {
        self.read("eth_getLogs", json!([filter])).await
    }

    /// Wei held by `account` as of the latest block.
    ///
    /// # Errors
    /// If no endpoint can serve it.
    pub async fn balance(&self, account: Address) -> Result<U256, RpcError> {
        self.read("eth_getBalance", json!([account, "latest"])).await
    }

    /// Code at `account` as of the latest block.
    ///
    /// # Errors
    /// If no endpoint can serve it.
    pub async fn code(&self, account: Address) -> Result<Bytes, RpcError> {
        self.read("eth_getCode", json!([account, "latest"])).await
    }

    /// Next nonce of `account` as of the latest block.
    ///
    /// # Errors
    /// If no endpoint can serve it.
    pub async fn transaction_count(&self, account: Address) -> Result<u64, RpcError> {
        self.read::<U64>("eth_getTransactionCount", json!([account, "latest"])).await.map(|count| count.to())
    }

    /// Suggested priority fee in wei per gas.
    ///
    /// # Errors
    /// If no endpoint can serve it.
    pub async fn priority_fee(&self) -> Result<u128, RpcError> {
        self.read::<U128>("eth_maxPriorityFeePerGas", json!([])).await.map(|fee| fee.to())
    }

    /// Whether a node knows the transaction, mined or waiting.
    pub(crate) async fn knows_transaction(&self, hash: B256) -> Result<bool, RpcError> {
        let transaction: serde_json::Value = self.read("eth_getTransactionByHash", json!([hash])).await?;
        Ok(!transaction.is_null())
    }
}

impl Rpc {
    /// Whether the chain has the OP Stack's GasPriceOracle. Asked once: a predeploy neither comes nor goes.
    pub(crate) async fn has_gas_price_oracle(&self) -> Result<bool, RpcError> {
        if let Some(known) = self.inner.oracle.get() {
            return Ok(*known);
        }
        let found = !self.code(crate::fees::GAS_PRICE_ORACLE).await?.is_empty();
        Ok(*self.inner.oracle.get_or_init(|| found))
    }
}
