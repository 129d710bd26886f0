//! How a key is named on the chain, and what a contributor signs: as in `contracts/zk/VerifyingKeys.sol`.

use alloy_primitives::{B256, U256, keccak256};

/// How the secrets behind a key were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum SetupKind {
    /// By one process: whoever ran it can forge proofs.
    Development = 1,
    /// By several contributors, of whom one honest one suffices.
    MultiParty = 2,
}

/// The commitment by which a version of a model names its key. `transcript` is zero for a development setup.
pub fn commitment(model: B256, key: &[u8], kind: SetupKind, transcript: B256) -> B256 {
    hash([keccak256(b"OPG zkML key v1"), model, keccak256(key), U256::from(kind as u8).into(), transcript])
}

/// What a contributor signs to stand for a key (EIP-712, the same on all chains).
pub fn attestation_digest(commitment: B256) -> B256 {
    let domain = hash([
        keccak256(b"EIP712Domain(string name,string version)"),
        keccak256(b"OPG zk setup"),
        keccak256(b"1"),
    ]);
    let message = hash([keccak256(b"KeyAttestation(bytes32 zkCommitment)"), commitment]);
    keccak256([b"\x19\x01", domain.as_slice(), message.as_slice()].concat())
}

fn hash<const N: usize>(words: [B256; N]) -> B256 {
    keccak256(words.map(|word| word.0).as_flattened())
}
