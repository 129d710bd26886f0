// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ModelVersion} from "./ModelVersion.sol";

/// @notice Everything that identifies a version of a model and its price. Immutable once published.
struct ModelSpec {
    /// ASCII name of the input and output encoding, left-aligned: "chat/1" or "embedding/1".
    bytes32 task;
    /// SHA-256 of the weights file.
    bytes32 weightsDigest;
    /// SHA-256 of the tokenizer file, or zero where the weights file contains the tokenizer.
    bytes32 tokenizerDigest;
    /// SHA-256 of the configuration file, or zero where the weights file contains the configuration.
    bytes32 configDigest;
    /// SHA-256 of the execution profile that every answer of the version is computed in: files, arithmetic, engine,
    /// quantisation, sampler and trace (docs/engine.md).
    bytes32 engineProfile;
    /// Commitment to the key that zero-knowledge proofs are checked with (see `IVerifyingKeys`), or zero.
    bytes32 zkCommitment;
    /// Compute units charged for a request, whatever its length.
    uint64 unitsPerRequest;
    /// Compute units charged per input token.
    uint64 unitsPerInputToken;
    /// Compute units charged per output token.
    uint64 unitsPerOutputToken;
    /// Share of each fee that goes to the owner of the model, in basis points.
    uint16 royaltyBps;
    /// Bit set of the verification modes offered: bit i stands for mode i.
    uint8 modes;
    /// SPDX licence expression of the weights.
    string licence;
    /// Where the files can be fetched.
    string uri;
}

/// @title Registry of models and their immutable versions
/// @notice Anyone may register a model and publish versions of it. A version can be deprecated, never changed or
/// deleted.
interface IModelRegistry {
    event ModelRegistered(bytes32 indexed modelId, address indexed owner, string name);
    event ModelVersionPublished(bytes32 indexed modelId, ModelVersion indexed version, ModelSpec spec);
    event ModelVersionDeprecated(bytes32 indexed modelId, ModelVersion indexed version);
    event ModelOwnershipTransferStarted(bytes32 indexed modelId, address indexed owner, address indexed pendingOwner);
    event ModelOwnershipTransferred(bytes32 indexed modelId, address indexed previousOwner, address indexed newOwner);

    error ModelNameLength(uint256 length, uint256 maximum);
    error ModelAlreadyRegistered(bytes32 modelId);
    error UnknownModel(bytes32 modelId);
    error UnknownModelVersion(ModelVersion version);
    error ModelVersionAlreadyPublished(ModelVersion version);
    error ModelVersionAlreadyDeprecated(ModelVersion version);
    error NotModelOwner(bytes32 modelId, address caller);
    error NotPendingModelOwner(bytes32 modelId, address caller);
    /// @param field Name of the field of the specification that is not acceptable.
    error InvalidModelSpec(string field);

    /// @notice Registers a model owned by the caller.
    /// @param name Human-readable name, 1 to 64 bytes, unique per owner.
    /// @return modelId keccak256(abi.encode(chain id, registry, owner, name)).
    function registerModel(string calldata name) external returns (bytes32 modelId);

    /// @notice Publishes a version of a model that the caller owns.
    /// @return version keccak256(abi.encode(modelId, spec)).
    function publishVersion(bytes32 modelId, ModelSpec calldata spec) external returns (ModelVersion version);

    /// @notice Marks a version as no longer offered for new requests. Irreversible; open requests are served.
    function deprecateVersion(ModelVersion version) external;

    /// @notice Offers the ownership of a model, and with it the royalties, to `newOwner`.
    function transferModelOwnership(bytes32 modelId, address newOwner) external;

    /// @notice Accepts an offered ownership.
    function acceptModelOwnership(bytes32 modelId) external;

    function ownerOf(bytes32 modelId) external view returns (address);

    function pendingOwnerOf(bytes32 modelId) external view returns (address);

    function modelIdOf(ModelVersion version) external view returns (bytes32);

    /// @notice The specification as published. Reverts for an unknown version.
    function specOf(ModelVersion version) external view returns (ModelSpec memory);

    /// @notice `zkCommitment` of the specification. Reverts for an unknown version.
    function zkCommitmentOf(ModelVersion version) external view returns (bytes32);

    /// @notice Whether new requests may name `version` with `mode`: published, not deprecated, mode offered.
    function isRequestable(ModelVersion version, uint8 mode) external view returns (bool);

    /// @notice Who receives the royalty of `version` and how much of each fee, in basis points.
    function royaltyOf(ModelVersion version) external view returns (address recipient, uint16 royaltyBps);
}
