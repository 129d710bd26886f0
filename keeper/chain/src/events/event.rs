//! What happened on the chain, in the keeper's terms.

use alloy::primitives::{Address, B256, Bytes, U256};
use opg_receipts::{Request, batch::Batch};

use crate::bindings::{Fulfilment, ModelSpec, Slash};

/// An event with its place on the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedEvent {
    /// What happened.
    pub event: ChainEvent,
    /// Height of the block.
    pub block: u64,
    /// Hash of the block.
    pub block_hash: B256,
    /// The transaction.
    pub transaction: B256,
    /// Position of the log in the block.
    pub log_index: u64,
}

/// How a fee was divided, in OPG wei.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FeeParts {
    /// What the operator can collect.
    pub operator: U256,
    /// What the model's owner can.
    pub model_owner: U256,
    /// What those who check can.
    pub verification: U256,
    /// Destroyed.
    pub burned: U256,
}

/// An event of our contracts that the keeper acts on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChainEvent {
    /// Somebody asked a model. Identifier and input hash have been checked against request and input.
    InferenceRequested {
        /// Identifier.
        request_id: B256,
        /// The request.
        request: Request,
        /// Input in the encoding of the model's task.
        input: Bytes,
    },
    /// A request was answered and paid.
    InferenceFulfilled {
        /// Identifier.
        request_id: B256,
        /// Who answered.
        operator: Address,
        /// The answer.
        fulfilment: Fulfilment,
    },
    /// An answer in a batch was refused.
    FulfilmentRefused {
        /// Identifier.
        request_id: B256,
        /// Whose answer.
        operator: Address,
        /// The hub's `Refusal`.
        reason: u8,
    },
    /// The consumer's callback failed; it can be retried.
    CallbackFailed {
        /// Identifier.
        request_id: B256,
        /// The consumer.
        consumer: Address,
    },
    /// The consumer's callback succeeded.
    CallbackDelivered {
        /// Identifier.
        request_id: B256,
        /// The consumer.
        consumer: Address,
    },
    /// A request was not answered in time and was refunded.
    RequestExpired {
        /// Identifier.
        request_id: B256,
        /// Who was refunded.
        payer: Address,
        /// OPG wei.
        refund: U256,
    },
    /// The hub owes an account more: the fee of an answer, or what a payer gets back.
    Credited {
        /// The account: for a fee the vault of operator and model version.
        account: Address,
        /// The request that it comes from.
        request_id: B256,
        /// OPG wei.
        amount: U256,
    },
    /// Fees that were in a vault were divided.
    FeesRouted {
        /// Whose vault.
        operator: Address,
        /// For which model version.
        version: B256,
        /// Owner of the model at that time.
        model_owner: Address,
        /// The parts.
        parts: FeeParts,
    },
    /// An account was paid what the fee router owed it.
    FeesCollected {
        /// The account.
        account: Address,
        /// Where it went.
        to: Address,
        /// OPG wei.
        amount: U256,
    },
    /// An operator joined.
    OperatorRegistered {
        /// Its account.
        operator: Address,
        /// Its key.
        signer: Address,
        /// Bit set of its roles.
        roles: u8,
    },
    /// An operator changed its key.
    SignerSet {
        /// Its account.
        operator: Address,
        /// Its new key.
        signer: Address,
        /// Unix time from which the key is its key.
        valid_from: u64,
    },
    /// An operator left.
    OperatorRetired {
        /// Its account.
        operator: Address,
    },
    /// An operator was slashed or suspended.
    OperatorJailed {
        /// Its account.
        operator: Address,
        /// Unix time before which it cannot return.
        until: u64,
    },
    /// A jailed operator returned.
    OperatorUnjailed {
        /// Its account.
        operator: Address,
    },
    /// Somebody staked at an operator, or moved stake there.
    Delegated {
        /// The operator.
        operator: Address,
        /// Whose stake it is.
        owner: Address,
    },
    /// Stake was taken into escrow. The identifier has been checked against the slash.
    SlashOpened {
        /// Identifier.
        slash_id: B256,
        /// What the contract wants to see again when the slash is executed.
        slash: Slash,
    },
    /// An operator committed to a batch of receipts. The identifier has been checked against the batch.
    BatchPosted {
        /// Identifier.
        batch_id: B256,
        /// What was committed to.
        batch: Batch,
        /// Who posted it.
        poster: Address,
        /// Where its data is served.
        uri: String,
        /// Unix time from which it is final, unless demands extend it.
        final_at: u64,
    },
    /// Somebody wants to see a leaf of a batch on the chain.
    LeafDemanded {
        /// The batch.
        batch_id: B256,
        /// Its index, as far as it is one.
        index: u32,
        /// Unix time until which it can be answered.
        deadline: u64,
        /// Unix time from which the batch is final now.
        final_at: u64,
    },
    /// A demanded leaf was shown.
    LeafAnswered {
        /// The batch.
        batch_id: B256,
        /// Its index.
        index: u32,
    },
    /// A demanded leaf was not shown in time.
    LeafUnanswered {
        /// The batch.
        batch_id: B256,
        /// Its index.
        index: u32,
    },
    /// A version of a model was published. The identifier has been checked against the specification.
    ModelVersionPublished {
        /// The model.
        model_id: B256,
        /// Identifier of the version.
        version: B256,
        /// Everything that it commits to.
        spec: ModelSpec,
    },
    /// A version of a model is no longer offered.
    ModelVersionDeprecated {
        /// The model.
        model_id: B256,
        /// Identifier of the version.
        version: B256,
    },
}
