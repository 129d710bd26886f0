//! Files of proofs: what was proved, for what, with which model.

use alloy::primitives::{Address, B256, Bytes};
use opg_zkml::{Proved, Statement, evm};
use serde::{Deserialize, Serialize};

/// The proofs of a batch.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Bundle {
    /// Digest of the quantised model.
    pub(super) model: B256,
    chain_id: u64,
    verifying_contract: Address,
    model_version: B256,
    request_id: B256,
    operator: Address,
    pub(super) proofs: Vec<One>,
}

/// One input with its output and proof.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct One {
    pub(super) input: Bytes,
    pub(super) output: Bytes,
    pub(super) proof: Bytes,
}

impl Bundle {
    pub(super) fn new(model: B256, context: &Statement, proved: &[Proved]) -> Self {
        let proofs = proved.iter().map(|one| One {
            input: one.input.clone().into(),
            output: one.output.clone().into(),
            proof: evm::encode_proof(&one.proof).into(),
        });
        Self {
            model,
            chain_id: context.chain_id,
            verifying_contract: context.verifying_contract,
            model_version: context.model_version,
            request_id: context.request_id,
            operator: context.operator,
            proofs: proofs.collect(),
        }
    }

    /// What the proof at `index` has to be bound to.
    pub(super) fn statement(&self, index: usize) -> Statement {
        Statement {
            chain_id: self.chain_id,
            verifying_contract: self.verifying_contract,
            model_version: self.model_version,
            request_id: self.request_id,
            operator: self.operator,
            batch_index: u32::try_from(index).unwrap_or(u32::MAX),
            batch_size: u32::try_from(self.proofs.len()).unwrap_or(u32::MAX),
        }
    }
}
