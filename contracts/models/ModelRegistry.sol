// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    AccessManagedUpgradeable
} from "@openzeppelin/contracts-upgradeable/access/manager/AccessManagedUpgradeable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {IModelRegistry, ModelSpec} from "../interfaces/IModelRegistry.sol";
import {ModelVersion} from "../interfaces/ModelVersion.sol";
import {ModelSpecs} from "./ModelSpecs.sol";

/// @title Registry of models and their immutable versions
/// @notice See `IModelRegistry`. The authority can replace the implementation and nothing else: no function lets it
/// touch a model.
contract ModelRegistry is IModelRegistry, AccessManagedUpgradeable, UUPSUpgradeable {
    /// @notice Longest name of a model in bytes.
    uint256 public constant MAX_NAME_LENGTH = 64;

    struct Model {
        address owner;
        address pendingOwner;
    }

    struct Version {
        bytes32 modelId;
        bool deprecated;
        ModelSpec spec;
    }

    /// @custom:storage-location erc7201:opg.storage.ModelRegistry
    struct ModelRegistryStorage {
        mapping(bytes32 modelId => Model model) models;
        mapping(ModelVersion version => Version record) versions;
    }

    // keccak256(abi.encode(uint256(keccak256("opg.storage.ModelRegistry")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE_LOCATION = 0x6444aa976503cd1cca53d65d762296dcbe90e7972b0125f5a58287c007d28a00;

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor() {
        _disableInitializers();
    }

    /// @notice Sets the AccessManager that may authorise upgrades.
    function initialize(address authority) external initializer {
        __AccessManaged_init(authority);
    }

    /// @inheritdoc IModelRegistry
    function registerModel(string calldata name) external returns (bytes32 modelId) {
        uint256 length = bytes(name).length;
        require(length != 0 && length <= MAX_NAME_LENGTH, ModelNameLength(length, MAX_NAME_LENGTH));
        modelId = keccak256(abi.encode(block.chainid, address(this), msg.sender, name));
        Model storage model = _storage().models[modelId];
        require(model.owner == address(0), ModelAlreadyRegistered(modelId));

        model.owner = msg.sender;
        emit ModelRegistered(modelId, msg.sender, name);
    }

    /// @inheritdoc IModelRegistry
    function publishVersion(bytes32 modelId, ModelSpec calldata spec) external returns (ModelVersion version) {
        _requireOwner(modelId);
        ModelSpecs.validate(spec);
        version = ModelVersion.wrap(keccak256(abi.encode(modelId, spec)));
        Version storage record = _storage().versions[version];
        require(record.modelId == 0, ModelVersionAlreadyPublished(version));

        record.modelId = modelId;
        record.spec = spec;
        emit ModelVersionPublished(modelId, version, spec);
    }

    /// @inheritdoc IModelRegistry
    function deprecateVersion(ModelVersion version) external {
        Version storage record = _published(version);
        bytes32 modelId = record.modelId;
        _requireOwner(modelId);
        require(!record.deprecated, ModelVersionAlreadyDeprecated(version));

        record.deprecated = true;
        emit ModelVersionDeprecated(modelId, version);
    }

    /// @inheritdoc IModelRegistry
    function transferModelOwnership(bytes32 modelId, address newOwner) external {
        _requireOwner(modelId);
        _storage().models[modelId].pendingOwner = newOwner;
        emit ModelOwnershipTransferStarted(modelId, msg.sender, newOwner);
    }

    /// @inheritdoc IModelRegistry
    function acceptModelOwnership(bytes32 modelId) external {
        Model storage model = _storage().models[modelId];
        require(model.pendingOwner == msg.sender, NotPendingModelOwner(modelId, msg.sender));

        address previousOwner = model.owner;
        model.owner = msg.sender;
        delete model.pendingOwner;
        emit ModelOwnershipTransferred(modelId, previousOwner, msg.sender);
    }

    /// @inheritdoc IModelRegistry
    function ownerOf(bytes32 modelId) external view returns (address) {
        return _storage().models[modelId].owner;
    }

    /// @inheritdoc IModelRegistry
    function pendingOwnerOf(bytes32 modelId) external view returns (address) {
        return _storage().models[modelId].pendingOwner;
    }

    /// @inheritdoc IModelRegistry
    function modelIdOf(ModelVersion version) external view returns (bytes32) {
        return _storage().versions[version].modelId;
    }

    /// @inheritdoc IModelRegistry
    function specOf(ModelVersion version) external view returns (ModelSpec memory) {
        return _published(version).spec;
    }

    /// @inheritdoc IModelRegistry
    function zkCommitmentOf(ModelVersion version) external view returns (bytes32) {
        return _published(version).spec.zkCommitment;
    }

    /// @inheritdoc IModelRegistry
    function isRequestable(ModelVersion version, uint8 mode) external view returns (bool) {
        Version storage record = _storage().versions[version];
        // An unknown version has no modes. A shift by 8 or more yields zero: no such mode is offered.
        return (uint256(record.spec.modes) >> mode) & 1 == 1 && !record.deprecated;
    }

    /// @inheritdoc IModelRegistry
    function royaltyOf(ModelVersion version) external view returns (address recipient, uint16 royaltyBps) {
        Version storage record = _published(version);
        return (_storage().models[record.modelId].owner, record.spec.royaltyBps);
    }

    function _requireOwner(bytes32 modelId) private view {
        address owner = _storage().models[modelId].owner;
        require(owner != address(0), UnknownModel(modelId));
        require(owner == msg.sender, NotModelOwner(modelId, msg.sender));
    }

    function _published(ModelVersion version) private view returns (Version storage record) {
        record = _storage().versions[version];
        require(record.modelId != 0, UnknownModelVersion(version));
    }

    function _authorizeUpgrade(address) internal override restricted {}

    function _storage() private pure returns (ModelRegistryStorage storage $) {
        assembly ("memory-safe") {
            $.slot := STORAGE_LOCATION
        }
    }
}
