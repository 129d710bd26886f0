//! Proofs that a leaf is at its place.

use alloy_primitives::{B256, keccak256};

/// Why a proof is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// There is no leaf with this index.
    #[error("there is no leaf {index} in a batch of {count}")]
    Index {
        /// The index.
        index: u32,
        /// Number of leaves.
        count: u32,
    },
    /// The proof is too short or too long.
    #[error("the proof has {found} nodes, but leaf {index} of {count} needs {expected}")]
    Length {
        /// The index.
        index: u32,
        /// Number of leaves.
        count: u32,
        /// Nodes that the proof should have.
        expected: usize,
        /// Nodes that it has.
        found: usize,
    },
    /// The proof leads to another root.
    #[error(
        "the proof leads to {found}, not to the root of the batch: other leaf, other place or other batch"
    )]
    Root {
        /// Where it leads.
        found: B256,
    },
}

/// The parent of two neighbouring nodes.
pub(super) fn parent(left: B256, right: B256) -> B256 {
    let mut pair = [0; 64];
    pair[..32].copy_from_slice(left.as_slice());
    pair[32..].copy_from_slice(right.as_slice());
    keccak256(pair)
}

/// For each level below the root, from the leaves up: where the sibling of the node above leaf `index` stands.
fn siblings(index: u32, count: u32) -> impl Iterator<Item = Side> {
    let mut place = (index, count.saturating_sub(1));
    std::iter::from_fn(move || {
        let (node, last) = place;
        place = (node >> 1, last >> 1);
        match node {
            _ if last == 0 => None,
            _ if node & 1 == 1 => Some(Side::Left),
            _ if node == last => Some(Side::None),
            _ => Some(Side::Right),
        }
    })
}

/// Where the sibling of a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Before it.
    Left,
    /// Behind it.
    Right,
    /// There is none: it moves up as it is.
    None,
}

/// Number of nodes in the proof of leaf `index` of `count`.
#[must_use]
pub fn proof_length(index: u32, count: u32) -> usize {
    siblings(index, count).filter(|side| *side != Side::None).count()
}

/// Checks that `leaf` is at `index` in the batch of `count` receipts with this `root`.
///
/// # Errors
/// If it is not, or the proof is not exactly the one that there is.
pub fn verify_proof(
    root: B256,
    count: u32,
    index: u32,
    leaf: B256,
    proof: &[B256],
) -> Result<(), ProofError> {
    if index >= count {
        return Err(ProofError::Index { index, count });
    }
    let expected = proof_length(index, count);
    if proof.len() != expected {
        return Err(ProofError::Length { index, count, expected, found: proof.len() });
    }
    let mut rest = proof.iter().copied();
    let found = siblings(index, count).fold(leaf, |node, side| match side {
        Side::Left => rest.next().map_or(node, |sibling| parent(sibling, node)),
        Side::Right => rest.next().map_or(node, |sibling| parent(node, sibling)),
        Side::None => node,
    });
    if found == root { Ok(()) } else { Err(ProofError::Root { found }) }
}
