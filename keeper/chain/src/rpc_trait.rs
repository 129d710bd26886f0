//! What the keeper asks of a node: the one seam between the journal and the network.
//!
//! Implementations own endpoints, retries of *reads*, failover and time limits. They never repeat a send on their own
//! authority: [`ChainRpc::send_raw`] reports what happened and the journal decides.

use alloy::primitives::{Address, B256, Bytes, U256};
use async_trait::async_trait;

/// A block header as far as the keeper needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Height.
    pub number: u64,
    /// Hash of this block.
    pub hash: B256,
    /// Hash of the block before it.
    pub parent_hash: B256,
    /// Unix seconds.
    pub timestamp: u64,
    /// Base fee of this block in wei per gas (zero on a chain without EIP-1559).
    pub base_fee: u128,
}

/// What became of a mined transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinedTransaction {
    /// Height of the block that contains it.
    pub block: u64,
    /// Hash of that block.
    pub block_hash: B256,
    /// False if it reverted.
    pub success: bool,
    /// Gas it used.
    pub gas_used: u64,
    /// Wei per gas it paid.
    pub effective_gas_price: u128,
}

/// One transaction of a block, as the search for "who used this nonce" needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentTransaction {
    /// Its nonce.
    pub nonce: u64,
    /// Its hash.
    pub hash: B256,
    /// Hash of the block that contains it.
    pub block_hash: B256,
}

/// A call to simulate; `from` is the signer that would send it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRequest {
    /// Sender.
    pub from: Address,
    /// Contract called.
    pub to: Address,
    /// Wei sent along.
    pub value: U256,
    /// Calldata.
    pub data: Bytes,
}

/// Why a node gave no useful answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RpcError {
    /// No answer, an unreadable one, or "try later" (rate limit, overload). A send may or may not have taken effect.
    #[error(
        "{method}: no usable answer: {reason}; check the endpoint or add another one to the configuration"
    )]
    Unreachable {
        /// JSON-RPC method.
        method: &'static str,
        /// What went wrong.
        reason: String,
    },
    /// The node understood and said no. Its words, unchanged: the journal classifies refusals of sends by them.
    #[error("{method}: refused by the node: {message} (code {code})")]
    Refused {
        /// JSON-RPC method.
        method: &'static str,
        /// JSON-RPC error code.
        code: i64,
        /// The node's message.
        message: String,
    },
    /// A simulated call or a gas estimate reverted.
    #[error("the call would revert: {reason}")]
    Reverted {
        /// Decoded reason where it decodes, otherwise the node's message.
        reason: String,
        /// Raw revert data, empty if the node sent none.
        data: Bytes,
    },
}

impl RpcError {
    /// Whether the same question may get another answer later without anything else changing.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}

/// The node, or several behind one policy.
#[async_trait]
pub trait ChainRpc: Send + Sync + std::fmt::Debug {
    /// `eth_chainId`.
    async fn chain_id(&self) -> Result<u64, RpcError>;

    /// Header of the latest block.
    async fn head(&self) -> Result<Head, RpcError>;

    /// Header of the canonical block at `number`; `None` if the node has no such block (yet).
    async fn block(&self, number: u64) -> Result<Option<Head>, RpcError>;

    /// Number of transactions `account` has had mined up to and including the latest block: its next nonce.
    async fn transaction_count(&self, account: Address) -> Result<u64, RpcError>;

    /// The same as of block `number`. Needs state of recent blocks only.
    async fn transaction_count_at(&self, account: Address, number: u64) -> Result<u64, RpcError>;

    /// Transactions in canonical block `number` that `account` sent, in order.
    async fn transactions_from(
        &self,
        account: Address,
        number: u64,
    ) -> Result<Vec<SentTransaction>, RpcError>;

    /// Wei held by `account` as of the latest block.
    async fn balance(&self, account: Address) -> Result<U256, RpcError>;

    /// Receipt of a mined transaction; `None` if the node knows none. Must return at once, never wait for one.
    async fn receipt(&self, hash: B256) -> Result<Option<MinedTransaction>, RpcError>;

    /// Whether the node knows the transaction at all, mined or waiting in its pool.
    async fn knows_transaction(&self, hash: B256) -> Result<bool, RpcError>;

    /// Suggested priority fee in wei per gas (`eth_maxPriorityFeePerGas`).
    async fn priority_fee(&self) -> Result<u128, RpcError>;

    /// Gas that `call` would need at the latest block; [`RpcError::Reverted`] if it would revert. Must not fail because
    /// of the sender's balance for gas.
    async fn estimate_gas(&self, call: &CallRequest) -> Result<u64, RpcError>;

    /// Result of `call` at the latest block; [`RpcError::Reverted`] if it reverts.
    async fn call(&self, call: &CallRequest) -> Result<Bytes, RpcError>;

    /// L1 data fee in wei for a transaction whose signed encoding is `raw_len` bytes long (OP Stack's
    /// `GasPriceOracle.getL1FeeUpperBound`); zero on chains without that predeploy.
    async fn l1_fee_upper_bound(&self, raw_len: usize) -> Result<U256, RpcError>;

    /// `eth_sendRawTransaction`, once. For the journal's use only.
    ///
    /// [`RpcError::Refused`] says that no endpoint accepted it, in the words of the last one;
    /// [`RpcError::Unreachable`] that its fate is unknown.
    async fn send_raw(&self, raw: &Bytes) -> Result<B256, RpcError>;
}
