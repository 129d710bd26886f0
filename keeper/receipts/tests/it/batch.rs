//! Batches: every leaf is provable at its place, and at no other.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256, keccak256};
use opg_receipts::{
    InferenceReceipt,
    batch::{
        BatchTree, DataError, ProofError, RECORD_LENGTH, decode_record, encode_record, leaf_hash, leaf_of,
        proof_length, verify_proof,
    },
    receipt_domain,
};
use proptest::prelude::*;

use crate::support::{address, key, receipt, sign};

fn leaves(count: u32) -> Vec<B256> {
    (0..count).map(|index| leaf_hash(index, count, B256::with_last_byte(7), &[9; 65])).collect()
}

/// The root as the definition has it, level by level.
fn root_of(leaves: &[B256]) -> B256 {
    match leaves {
        [one] => *one,
        _ => {
            let pairs = leaves.chunks(2).map(|pair| match pair {
                [left, right] => keccak256([left.as_slice(), right.as_slice()].concat()),
                odd => odd[0],
            });
            root_of(&pairs.collect::<Vec<_>>())
        }
    }
}

#[test]
fn every_leaf_of_every_small_batch_is_provable_at_its_place_and_nowhere_else() {
    for count in 1..=35_u32 {
        let leaves = leaves(count);
        let tree = BatchTree::new(leaves.clone()).unwrap();
        assert_eq!(tree.root(), root_of(&leaves), "{count}");
        for (index, leaf) in (0_u32..).zip(&leaves) {
            let proof = tree.proof(index as usize).unwrap();
            assert_eq!(proof.len(), proof_length(index, count));
            assert_eq!(verify_proof(tree.root(), count, index, *leaf, &proof), Ok(()), "{index} of {count}");
            for other in (0..count + 2).filter(|other| *other != index) {
                assert!(
                    verify_proof(tree.root(), count, other, *leaf, &proof).is_err(),
                    "{other} for {index}"
                );
            }
            let mut longer = proof.clone();
            longer.push(B256::ZERO);
            let length = verify_proof(tree.root(), count, index, *leaf, &longer);
            assert!(matches!(length, Err(ProofError::Length { .. })), "{length:?}");
            if let Some((_, shorter)) = proof.split_last() {
                assert!(verify_proof(tree.root(), count, index, *leaf, shorter).is_err());
            }
        }
        assert_eq!(tree.proof(count as usize), None);
        let beyond = verify_proof(tree.root(), count, count, leaves[0], &[]);
        assert_eq!(beyond, Err(ProofError::Index { index: count, count }));
    }
    assert_eq!(BatchTree::new(Vec::new()), None);
}

/// Where an odd last leaf is paired with itself, a batch and the same batch with its last leaf twice have one root.
#[test]
fn a_last_leaf_counted_twice_makes_another_root() {
    for count in 1..=33 {
        let mut leaves = leaves(count);
        let root = BatchTree::new(leaves.clone()).unwrap().root();
        let last = *leaves.last().unwrap();
        leaves.push(last);
        let doubled = BatchTree::new(leaves).unwrap();
        assert_ne!(doubled.root(), root, "{count}");
        let proof = doubled.proof(count as usize).unwrap();
        assert!(verify_proof(root, count + 1, count, last, &proof).is_err());
    }
}

/// Where leaves are hashed like inner nodes, an inner node passes for a leaf of a smaller batch.
#[test]
fn an_inner_node_is_no_leaf() {
    let leaves = leaves(8);
    let tree = BatchTree::new(leaves).unwrap();
    for height in 1..=3 {
        let nodes = tree.nodes(height);
        let smaller = BatchTree::new(nodes.to_vec()).unwrap();
        assert_eq!(smaller.root(), tree.root());
        for (index, node) in (0_u32..).zip(nodes) {
            let proof = smaller.proof(index as usize).unwrap();
            // As a leaf of the batch that was posted, its proof is too short.
            let as_leaf = verify_proof(tree.root(), 8, index, *node, &proof);
            assert!(matches!(as_leaf, Err(ProofError::Length { .. })), "{as_leaf:?}");
        }
    }
    // Nor is there content that hashes to it: a leaf is the hash of 32 bytes, a node that of 64.
    let pair = [tree.nodes(0)[0], tree.nodes(0)[1]];
    assert_eq!(keccak256(pair.concat()), tree.nodes(1)[0]);
    assert_ne!(keccak256(keccak256(pair.concat())), tree.nodes(1)[0]);
}

#[test]
fn parts_of_a_tree_prove_what_the_whole_proves() {
    for count in [1, 2, 255, 256, 257, 600, 1_000] {
        let leaves = leaves(count);
        let tree = BatchTree::new(leaves.clone()).unwrap();
        let top = BatchTree::new(tree.nodes(8).to_vec()).unwrap();
        assert_eq!(top.root(), tree.root());
        for index in [0, 1, 254, 255, 256, 300, count as usize - 1] {
            let Some(part) = leaves.chunks(256).nth(index / 256).filter(|_| index < leaves.len()) else {
                continue;
            };
            let part = BatchTree::new(part.to_vec()).unwrap();
            assert_eq!(part.root(), top.nodes(0)[index / 256]);
            let mut proof = part.proof(index % 256).unwrap();
            proof.extend(top.proof(index / 256).unwrap());
            assert_eq!(Some(proof), tree.proof(index), "{index} of {count}");
        }
    }
}

proptest! {
    #[test]
    fn a_poisoned_proof_proves_nothing(
        count in 1_u32..2_000, at in any::<prop::sample::Index>(), node in any::<prop::sample::Index>(),
        bit in 0_usize..256, swap in any::<prop::sample::Index>(),
    ) {
        let leaves = leaves(count);
        let index = at.index(leaves.len());
        let tree = BatchTree::new(leaves.clone()).unwrap();
        let proof = tree.proof(index).unwrap();
        let check = |leaf, proof: &[B256]| verify_proof(tree.root(), count, index as u32, leaf, proof);
        prop_assert_eq!(check(leaves[index], &proof), Ok(()));
        let flip = |word: B256| {
            let mut word = word;
            word[bit / 8] ^= 1 << (bit % 8);
            word
        };
        prop_assert!(check(flip(leaves[index]), &proof).is_err());
        let other = swap.index(leaves.len());
        if other != index {
            prop_assert!(check(leaves[other], &proof).is_err());
        }
        if !proof.is_empty() {
            let mut poisoned = proof.clone();
            let place = node.index(proof.len());
            poisoned[place] = flip(poisoned[place]);
            prop_assert!(check(leaves[index], &poisoned).is_err());
            let mut reversed = proof.clone();
            reversed.reverse();
            prop_assert_eq!(check(leaves[index], &reversed).is_ok(), reversed == proof);
        }
    }

    #[test]
    fn a_record_keeps_the_signed_receipt(receipt in receipt(), key in key(), registry in address()) {
        let signed = sign(&key, receipt, &receipt_domain(8453, registry));
        let record = encode_record(&signed);
        prop_assert_eq!(decode_record(&record), Ok(signed));
        prop_assert!(matches!(decode_record(&record[1..]), Err(DataError::Length(length)) if length == RECORD_LENGTH - 1));
    }

    #[test]
    fn a_leaf_binds_place_receipt_signature_and_domain(
        receipt in receipt(), key in key(), other in key(), registry in address(), index in 0_u32..1_000,
    ) {
        prop_assume!(key != other);
        let count = 1_001;
        let domain = receipt_domain(8453, registry);
        let signed = sign(&key, receipt.clone(), &domain);
        let changed = InferenceReceipt { fee: receipt.fee ^ 1, ..receipt.clone() };
        let all = [
            leaf_of(index, count, &signed, &domain),
            leaf_of(index + 1, count, &signed, &domain),
            leaf_of(index, count + 1, &signed, &domain),
            leaf_of(index, count, &signed, &receipt_domain(84532, registry)),
            leaf_of(index, count, &signed, &receipt_domain(8453, Address::with_last_byte(1))),
            leaf_of(index, count, &sign(&other, receipt, &domain), &domain),
            leaf_of(index, count, &sign(&key, changed, &domain), &domain),
        ];
        prop_assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    }
}

#[test]
fn what_is_not_a_record_is_refused() {
    let mut record = [0; RECORD_LENGTH];
    assert!(matches!(decode_record(&record), Err(DataError::Signature(_))));
    // An address with something in the upper bytes is no address.
    record[32] = 1;
    assert!(matches!(decode_record(&record), Err(DataError::Receipt(_))));
}
