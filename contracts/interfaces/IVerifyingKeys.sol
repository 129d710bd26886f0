// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice How the secrets behind a key were made.
enum SetupKind {
    /// No key.
    None,
    /// By one process: whoever ran it can forge proofs.
    Development,
    /// By several contributors, of whom one honest one suffices.
    MultiParty
}

/// @notice What is known of a key beside its bytes.
struct KeyTerms {
    /// Keccak-256 of the quantised model's file.
    bytes32 modelDigest;
    SetupKind kind;
    /// The last link of the chain of contributions; zero for a development setup.
    bytes32 transcriptHash;
}

/// @notice A registered key.
struct ZkKey {
    /// The contract whose code, after its first byte, is the key.
    address pointer;
    /// Bytes of the model's input and output.
    uint32 inputLength;
    uint32 outputLength;
    SetupKind kind;
}

/// @title Keys that proofs of execution are checked with
/// @notice A version of a model names its key for good: `ModelSpec.zkCommitment` is the commitment to the key's bytes and
/// its terms. Anyone may register the key behind a commitment, and malformed keys cannot be.
///
/// WHOM TO TRUST
/// No contract can tell whether a key belongs to a model and whether somebody destroyed his share of its secrets. A
/// contributor can: he verifies the transcript against the model and signs the commitment. So a request names a
/// contributor whom the payer trusts, and is let through where that contributor's signature is registered. The owner of a
/// model cannot list others.
interface IVerifyingKeys {
    event KeyRegistered(bytes32 indexed commitment, bytes32 indexed modelDigest, KeyTerms terms, address pointer);
    /// @notice `contributor` has said that he took part in the setup of this key and verified it.
    event KeyAttested(bytes32 indexed commitment, address indexed contributor);

    /// @notice The bytes are no key: see the reason.
    error MalformedKey(string reason);
    /// @param field Name of the field that is not acceptable.
    error InvalidKeyTerms(string field);
    error KeyAlreadyRegistered(bytes32 commitment);
    error UnknownKey(bytes32 commitment);
    /// @notice A development setup has no contributors.
    error NotMultiParty(bytes32 commitment);
    error WrongAttestation(bytes32 commitment, address contributor);

    /// @notice Checks a key and keeps it.
    /// @return commitment keccak256(abi.encode(domain, model digest, keccak256(key), kind, transcript hash)).
    function register(KeyTerms calldata terms, bytes calldata key) external returns (bytes32 commitment);

    /// @notice Records that a contributor stands for a key.
    /// @param signature The contributor's EIP-712 signature of KeyAttestation(bytes32 zkCommitment) in the domain
    /// `OPG zk setup` version `1`, the same on all chains: 65 bytes r, s, v with low s.
    function attest(bytes32 commitment, address contributor, bytes calldata signature) external;

    /// @notice The key behind a commitment; all zero where none is registered.
    function keyOf(bytes32 commitment) external view returns (ZkKey memory);

    /// @notice What `register` returns.
    function commitmentOf(KeyTerms calldata terms, bytes calldata key) external pure returns (bytes32);

    /// @notice What a contributor signs.
    function attestationOf(bytes32 commitment) external pure returns (bytes32 digest);

    /// @notice Whether `contributor` stands for the key.
    function hasAttested(bytes32 commitment, address contributor) external view returns (bool);

    /// @notice Whether requests may carry value under this key for somebody who trusts `contributor`: he stands for it, or
    /// nobody is named and this is a development chain.
    function isTrusted(bytes32 commitment, address contributor) external view returns (bool);
}
