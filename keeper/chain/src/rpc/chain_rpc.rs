//! The journal's view of the RPC layer.

use alloy::primitives::{Address, B256, Bytes, U64, U256};
use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Rpc, RpcError};
use crate::{
    fees,
    rpc_trait::{self, CallRequest, ChainRpc, Head, MinedTransaction, SentTransaction},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    block_number: U64,
    block_hash: B256,
    status: U64,
    gas_used: U64,
    #[serde(default)]
    effective_gas_price: U256,
}

#[derive(Deserialize)]
struct FullBlock {
    hash: B256,
    transactions: Vec<Transaction>,
}

#[derive(Deserialize)]
struct Transaction {
    from: Address,
    nonce: U64,
    hash: B256,
}

#[async_trait]
impl ChainRpc for Rpc {
    async fn chain_id(&self) -> Result<u64, rpc_trait::RpcError> {
        let method = "eth_chainId";
        self.read::<U64>(method, json!([])).await.map(|id| id.to()).map_err(convert(method))
    }

    async fn head(&self) -> Result<Head, rpc_trait::RpcError> {
        Self::head(self).await.map_err(convert("eth_getBlockByNumber"))
    }

    async fn block(&self, number: u64) -> Result<Option<Head>, rpc_trait::RpcError> {
        Self::block(self, number).await.map_err(convert("eth_getBlockByNumber"))
    }

    async fn transaction_count(&self, account: Address) -> Result<u64, rpc_trait::RpcError> {
        Self::transaction_count(self, account).await.map_err(convert("eth_getTransactionCount"))
    }

    async fn transaction_count_at(&self, account: Address, number: u64) -> Result<u64, rpc_trait::RpcError> {
        let method = "eth_getTransactionCount";
        let count = self.read::<U64>(method, json!([account, U64::from(number)])).await;
        count.map(|count| count.to()).map_err(convert(method))
    }

    async fn transactions_from(
        &self,
        account: Address,
        number: u64,
    ) -> Result<Vec<SentTransaction>, rpc_trait::RpcError> {
        let method = "eth_getBlockByNumber";
        let block: Option<FullBlock> =
            self.read(method, json!([U64::from(number), true])).await.map_err(convert(method))?;
        let Some(block) = block else { return Ok(Vec::new()) };
        let sent = block.transactions.into_iter().filter(|transaction| transaction.from == account);
        Ok(sent
            .map(|transaction| SentTransaction {
                nonce: transaction.nonce.to(),
                hash: transaction.hash,
                block_hash: block.hash,
            })
            .collect())
    }

    async fn balance(&self, account: Address) -> Result<U256, rpc_trait::RpcError> {
        Self::balance(self, account).await.map_err(convert("eth_getBalance"))
    }

    async fn receipt(&self, hash: B256) -> Result<Option<MinedTransaction>, rpc_trait::RpcError> {
        let method = "eth_getTransactionReceipt";
        let receipt: Option<Receipt> = self.read(method, json!([hash])).await.map_err(convert(method))?;
        Ok(receipt.map(|receipt| MinedTransaction {
            block: receipt.block_number.to(),
            block_hash: receipt.block_hash,
            success: receipt.status == U64::from(1),
            gas_used: receipt.gas_used.to(),
            effective_gas_price: receipt.effective_gas_price.saturating_to(),
        }))
    }

    async fn knows_transaction(&self, hash: B256) -> Result<bool, rpc_trait::RpcError> {
        Self::knows_transaction(self, hash).await.map_err(convert("eth_getTransactionByHash"))
    }

    async fn priority_fee(&self) -> Result<u128, rpc_trait::RpcError> {
        Self::priority_fee(self).await.map_err(convert("eth_maxPriorityFeePerGas"))
    }

    async fn estimate_gas(&self, call: &CallRequest) -> Result<u64, rpc_trait::RpcError> {
        let method = "eth_estimateGas";
        // Without fee fields nodes do not hold the sender's balance against the gas.
        let gas = self.read::<U64>(method, json!([parameters(call), "latest"])).await;
        gas.map(|gas| gas.to()).map_err(convert(method))
    }

    async fn call(&self, call: &CallRequest) -> Result<Bytes, rpc_trait::RpcError> {
        let method = "eth_call";
        self.read(method, json!([parameters(call), "latest"])).await.map_err(convert(method))
    }

    async fn l1_fee_upper_bound(&self, raw_len: usize) -> Result<U256, rpc_trait::RpcError> {
        let fee = fees::l1_fee_upper_bound(self, raw_len).await.map_err(convert("eth_call"))?;
        Ok(fee.wei())
    }

    async fn send_raw(&self, raw: &Bytes) -> Result<B256, rpc_trait::RpcError> {
        self.send_raw_transaction(raw).await.map_err(convert("eth_sendRawTransaction"))
    }
}

fn parameters(call: &CallRequest) -> Value {
    json!({ "from": call.from, "to": call.to, "value": call.value, "data": call.data })
}

/// The journal's three cases: no answer, a refusal in the node's words, a revert.
fn convert(method: &'static str) -> impl Fn(RpcError) -> rpc_trait::RpcError {
    move |error| {
        if let Some(revert) = error.revert() {
            return rpc_trait::RpcError::Reverted { reason: revert.text.clone(), data: revert.data.clone() };
        }
        match error {
            RpcError::Rejected { code, message, ref rejection, .. }
                if !rejection.is_retryable() && !rejection.is_endpoint_fault() =>
            {
                rpc_trait::RpcError::Refused { method, code, message }
            }
            other => rpc_trait::RpcError::Unreachable { method, reason: other.to_string() },
        }
    }
}
