//! What the journal remembers.

use std::fmt;

use alloy_primitives::{Address, B256, Bytes, U256};
use serde::Serialize;

/// What somebody wants done on-chain, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Intent {
    /// Idempotency key, unique per signer: a second enqueue with the same key is the same intent.
    pub key: String,
    /// Why, for people.
    pub purpose: String,
    /// Contract to call.
    pub to: Address,
    /// Calldata.
    pub calldata: Bytes,
    /// Wei to send along.
    pub value: U256,
    /// Unix time of the chain after which it must not be sent any more.
    pub deadline: Option<u64>,
    /// Most wei the transaction may cost, L1 data fee included and `value` excluded.
    pub max_cost: Option<U256>,
}

/// Names one intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct IntentId(pub i64);

impl fmt::Display for IntentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How far an intent has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum IntentState {
    /// Durable, without a nonce yet.
    Queued,
    /// Holds a nonce; a node may or may not have its transaction.
    Prepared,
    /// A node accepted a transaction for it.
    Broadcast,
    /// Mined, not yet deep enough to rely on.
    Mined {
        /// Hash of the transaction that was mined.
        hash: B256,
        /// Height of its block.
        block: u64,
    },
    /// Mined at the configured depth. A deeper reorg within the watch window can still take it back to `Broadcast`.
    Confirmed {
        /// Hash of the transaction that was mined.
        hash: B256,
        /// Height of its block.
        block: u64,
        /// False if the call reverted.
        success: bool,
    },
    /// Not on-chain, and never will be. Final.
    Failed {
        /// Why.
        reason: String,
    },
}

/// An intent with everything known about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IntentRecord {
    /// Its name.
    pub id: IntentId,
    /// The account that sends it.
    pub signer: Address,
    /// What is wanted.
    pub intent: Intent,
    /// How far it has come.
    pub state: IntentState,
    /// The nonce that carries it now.
    pub nonce: Option<u64>,
    /// Why it is being cancelled, if it is.
    pub cancel: Option<String>,
    /// Whether somebody asked for an immediate replacement with a higher fee.
    pub bump: bool,
    /// Why it does not move at present, for people.
    pub hold: Option<String>,
    /// First block at which its simulation reverted without a success since.
    pub revert_since: Option<u64>,
    /// Unix time of the enqueue.
    pub created_at: u64,
    /// Unix time of the last change.
    pub updated_at: u64,
    /// Unix time at which it became unchangeable.
    pub closed_at: Option<u64>,
}

/// Where a transaction was mined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Inclusion {
    /// The transaction.
    pub hash: B256,
    /// Height of its block.
    pub block: u64,
    /// Hash of that block.
    pub block_hash: B256,
    /// False if it reverted (unknown, and true, for transactions that are not ours).
    pub success: bool,
}

/// What has become of a nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum SlotState {
    /// Nothing is mined at it.
    Open,
    /// One of our transactions is mined at it.
    Mined(Inclusion),
    /// Somebody else's transaction is mined at it.
    Foreign(Inclusion),
}

/// One nonce with every transaction ever signed for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Slot {
    /// The nonce.
    pub nonce: u64,
    /// The intent it carries; `None` if it is only to be filled.
    pub intent: Option<IntentId>,
    /// What has become of it.
    pub state: SlotState,
    /// Head at the time it was taken.
    pub assigned_block: u64,
    /// Oldest first.
    pub attempts: Vec<Attempt>,
}

/// What a signed transaction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AttemptKind {
    /// The intent's call.
    Call,
    /// A transfer of nothing to the signer itself, which uses the nonce up and has no other effect.
    Void,
}

/// Whether others may hold the signed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// Perhaps: never sent, or sent without an answer, or the process died in between.
    Unknown,
    /// Certainly: a node took it.
    Accepted,
    /// No: the only send was refused.
    Refused,
}

/// A transaction to be remembered before it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAttempt {
    /// Its nonce.
    pub nonce: u64,
    /// What it does.
    pub kind: AttemptKind,
    /// Its hash.
    pub hash: B256,
    /// Signed encoding.
    pub raw: Bytes,
    /// Gas limit.
    pub gas_limit: u64,
    /// Wei per gas at most.
    pub max_fee: u128,
    /// Wei per gas for the block producer at most.
    pub priority_fee: u128,
    /// Estimated L1 data fee in wei.
    pub l1_fee: U256,
    /// Head when it was signed.
    pub signed_block: u64,
}

/// A signed transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// Row.
    pub id: i64,
    /// What it does.
    pub kind: AttemptKind,
    /// Its hash.
    pub hash: B256,
    /// Signed encoding.
    pub raw: Bytes,
    /// Gas limit.
    pub gas_limit: u64,
    /// Wei per gas at most.
    pub max_fee: u128,
    /// Wei per gas for the block producer at most.
    pub priority_fee: u128,
    /// Estimated L1 data fee in wei.
    pub l1_fee: U256,
    /// Head when it was signed.
    pub signed_block: u64,
    /// Unix time of signing.
    pub signed_at: u64,
    /// Unix time of the last send, whatever came of it.
    pub tried_at: Option<u64>,
    /// How often it was sent.
    pub sends: u64,
    /// Whether others may hold it.
    pub fate: Fate,
    /// What the last send was answered, if not a yes.
    pub error: Option<String>,
}

impl Attempt {
    /// Most wei it can cost, L1 data fee included and the transferred value excluded.
    #[must_use]
    pub fn cost_bound(&self) -> U256 {
        U256::from(self.gas_limit).saturating_mul(U256::from(self.max_fee)).saturating_add(self.l1_fee)
    }
}
