//! Merkle trees as OpenZeppelin's `MerkleProof` checks them: inner nodes hash their sorted children. The last node of a
//! level with an odd number moves up unchanged. A tree lies in a file: all levels one after the other, leaves first, 32
//! bytes a node.

mod accumulator;
mod tree;

use alloy_primitives::{B256, keccak256};

pub(crate) use accumulator::Accumulator;
pub(crate) use tree::Cursor;
pub use tree::Tree;

/// Bytes of a node.
pub(crate) const NODE: u64 = 32;

/// The parent of two nodes.
#[must_use]
pub fn parent(a: B256, b: B256) -> B256 {
    let (low, high) = if a <= b { (a, b) } else { (b, a) };
    let mut pair = [0; 64];
    pair[..32].copy_from_slice(low.as_slice());
    pair[32..].copy_from_slice(high.as_slice());
    keccak256(pair)
}

/// Whether `leaf` is in the tree with this `root`, as the contracts decide it.
#[must_use]
pub fn verify(root: B256, leaf: B256, proof: &[B256]) -> bool {
    proof.iter().fold(leaf, |node, sibling| parent(node, *sibling)) == root
}

/// How many nodes each level of a tree over `leaves` has, leaves first.
pub(crate) fn levels(leaves: u64) -> Vec<u64> {
    let mut levels = vec![leaves];
    let mut width = leaves;
    while width > 1 {
        width = width.div_ceil(2);
        levels.push(width);
    }
    levels
}
