//! Batches: many signed receipts under one root.
//!
//! A leaf holds hashes of one signed receipt, its index and the number of leaves. Inner nodes hash their children in
//! order, and the last node of a level with an odd number moves up unchanged, so that no leaf is ever counted twice. Index
//! and number decide at which levels a proof has a sibling and on which side. Leaves are hashed twice: a leaf is the hash
//! of 32 bytes, a node that of 64, and neither can be taken for the other. The contract reads proofs by the same rule
//! (`contracts/inference/ReceiptTree.sol`).

mod data;
mod id;
mod leaf;
mod proof;
mod tree;

pub use data::{DataError, RECORD_LENGTH, decode_record, encode_record};
pub use id::Batch;
pub use leaf::{leaf_hash, leaf_of};
pub use proof::{ProofError, proof_length, verify_proof};
pub use tree::BatchTree;

/// Most receipts of one batch.
pub const MAX_BATCH: u32 = 1 << 20;
