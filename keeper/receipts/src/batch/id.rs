//! What is posted of a batch, and what identifies it.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolValue, sol};

sol! {
    /// What an operator commits to when it posts a batch.
    ///
    /// Field types and order must equal those of `Batch` in `contracts/interfaces/IReceiptBatches.sol`.
    #[derive(Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Batch {
        /// Who issued the receipts.
        address operator;
        /// Root of the tree.
        bytes32 root;
        /// Number of receipts.
        uint32 count;
        /// Earliest time of issue.
        #[serde(with = "crate::decimal")]
        uint64 from;
        /// Latest time of issue.
        #[serde(with = "crate::decimal")]
        uint64 to;
        /// keccak-256 of the data.
        bytes32 dataHash;
    }
}

impl Batch {
    /// Its identifier on chain `chain_id` in the contract `registry`: keccak-256 of `abi.encode(chain id, registry, batch)`.
    #[must_use]
    pub fn id(&self, chain_id: u64, registry: Address) -> B256 {
        keccak256((U256::from(chain_id), registry, self.clone()).abi_encode_params())
    }
}
