// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IModelRegistry, ModelSpec} from "../../contracts/interfaces/IModelRegistry.sol";
import {ModelVersion} from "../../contracts/interfaces/ModelVersion.sol";
import {InferenceFixture} from "../inference/support/InferenceFixture.sol";

/// @notice Registration, publication, deprecation and ownership of models.
contract ModelRegistryTest is InferenceFixture {
    address private stranger = makeAddr("stranger");

    function test_RegisterModel_GivesItToTheCaller() public {
        bytes32 expected = keccak256(abi.encode(block.chainid, address(models), stranger, "MiniLM"));
        vm.expectEmit(address(models));
        emit IModelRegistry.ModelRegistered(expected, stranger, "MiniLM");
        vm.prank(stranger);
        assertEq(models.registerModel("MiniLM"), expected);
        assertEq(models.ownerOf(expected), stranger);
        assertEq(models.pendingOwnerOf(expected), address(0));
    }

    function test_RegisterModel_SameNameOfAnotherOwnerIsAnotherModel() public {
        vm.prank(stranger);
        assertNotEq(models.registerModel("SmolLM2-135M-Instruct"), modelId);
    }

    function test_RevertWhen_NameIsTakenByTheSameOwner() public {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelAlreadyRegistered.selector, modelId));
        vm.prank(modelOwner);
        models.registerModel("SmolLM2-135M-Instruct");
    }

    function testFuzz_RegisterModel_NameHasOneTo64Bytes(uint8 length) public {
        string memory name = string(_text(length));
        bool acceptable = length >= 1 && length <= 64;
        if (!acceptable) {
            vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelNameLength.selector, length, 64));
        }
        bytes32 id = models.registerModel(name);
        assertEq(models.ownerOf(id), acceptable ? address(this) : address(0));
    }

    function test_PublishVersion_KeepsTheSpecificationAsItWas() public {
        ModelSpec memory spec = _spec();
        spec.weightsDigest = sha256("other weights");
        ModelVersion expected = ModelVersion.wrap(keccak256(abi.encode(modelId, spec)));
        vm.expectEmit(address(models));
        emit IModelRegistry.ModelVersionPublished(modelId, expected, spec);
        vm.prank(modelOwner);
        ModelVersion published = models.publishVersion(modelId, spec);
        assertTrue(published == expected);
        assertFalse(published == version);
        assertEq(abi.encode(models.specOf(published)), abi.encode(spec));
        assertEq(models.modelIdOf(published), modelId);
        (address recipient, uint16 bps) = models.royaltyOf(published);
        assertEq(recipient, modelOwner);
        assertEq(bps, 500);
    }

    /// R1: a version commits to each field of its specification.
    function testFuzz_PublishVersion_ReturnsTheSpecificationUnchanged(ModelSpec memory spec, bytes32 salt) public {
        spec.task = "embedding/1";
        spec.weightsDigest = keccak256(abi.encode(salt, spec.weightsDigest));
        if (spec.engineProfile == 0) spec.engineProfile = "engine";
        if (spec.zkCommitment == 0) spec.zkCommitment = salt | bytes32(uint256(1));
        spec.royaltyBps = uint16(bound(spec.royaltyBps, 0, 5_000));
        spec.modes = uint8(bound(spec.modes, 1, 7));
        spec.licence = bytes(spec.licence).length == 0 || bytes(spec.licence).length > 128 ? "MIT" : spec.licence;
        if (bytes(spec.uri).length > 512) spec.uri = "";
        vm.prank(modelOwner);
        ModelVersion published = models.publishVersion(modelId, spec);
        assertEq(ModelVersion.unwrap(published), keccak256(abi.encode(modelId, models.specOf(published))));
        for (uint256 mode = 0; mode < 256; ++mode) {
            bool offered = mode < 8 && (spec.modes >> mode) & 1 == 1;
            assertEq(models.isRequestable(published, uint8(mode)), offered);
        }
    }

    function test_RevertWhen_VersionIsPublishedTwice() public {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelVersionAlreadyPublished.selector, version));
        vm.prank(modelOwner);
        models.publishVersion(modelId, _spec());
    }

    function test_RevertWhen_PublisherIsNotTheOwner() public {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotModelOwner.selector, modelId, stranger));
        vm.prank(stranger);
        models.publishVersion(modelId, _spec());
    }

    function test_RevertWhen_ModelIsUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, bytes32("nothing")));
        models.publishVersion("nothing", _spec());
    }

    function test_RevertWhen_SpecificationIsNotAcceptable() public {
        ModelSpec memory spec = _spec();
        spec.task = 0;
        _expectInvalid(spec, "task");
        spec.task = " chat/1";
        _expectInvalid(spec, "task");
        spec.task = bytes32("chat/1") | bytes32(uint256(1));
        _expectInvalid(spec, "task");
        spec.task = unicode"chät/1";
        _expectInvalid(spec, "task");

        spec = _spec();
        spec.weightsDigest = 0;
        _expectInvalid(spec, "weightsDigest");
        spec = _spec();
        spec.engineProfile = 0;
        _expectInvalid(spec, "engineProfile");
        spec = _spec();
        spec.modes = 0;
        _expectInvalid(spec, "modes");
        spec.modes = 8;
        _expectInvalid(spec, "modes");
        spec.modes = 4;
        _expectInvalid(spec, "zkCommitment");
        spec = _spec();
        spec.royaltyBps = 5_001;
        _expectInvalid(spec, "royaltyBps");
        spec = _spec();
        spec.licence = "";
        _expectInvalid(spec, "licence");
        spec.licence = string(_text(129));
        _expectInvalid(spec, "licence");
        spec = _spec();
        spec.uri = string(_text(513));
        _expectInvalid(spec, "uri");
    }

    function test_PublishVersion_TaskNameMayFillTheWord() public {
        ModelSpec memory spec = _spec();
        spec.task = "a-task-whose-name-has-32-bytes/1";
        vm.prank(modelOwner);
        assertEq(models.specOf(models.publishVersion(modelId, spec)).task, spec.task);
    }

    function _expectInvalid(ModelSpec memory spec, string memory field) private {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.InvalidModelSpec.selector, field));
        vm.prank(modelOwner);
        models.publishVersion(modelId, spec);
    }

    /// R2: deprecation ends new requests and changes nothing else.
    function test_DeprecateVersion_EndsNewRequestsOnly() public {
        bytes memory before = abi.encode(models.specOf(version));
        assertTrue(models.isRequestable(version, 0));
        vm.expectEmit(address(models));
        emit IModelRegistry.ModelVersionDeprecated(modelId, version);
        vm.prank(modelOwner);
        models.deprecateVersion(version);
        assertFalse(models.isRequestable(version, 0));
        assertEq(abi.encode(models.specOf(version)), before);
        (address recipient,) = models.royaltyOf(version);
        assertEq(recipient, modelOwner);
    }

    function test_RevertWhen_DeprecatingTwiceOrAsAStrangerOrNothing() public {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotModelOwner.selector, modelId, stranger));
        models.deprecateVersion(version);
        vm.startPrank(modelOwner);
        models.deprecateVersion(version);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelVersionAlreadyDeprecated.selector, version));
        models.deprecateVersion(version);
        ModelVersion unknown = ModelVersion.wrap("nothing");
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownModelVersion.selector, unknown));
        models.deprecateVersion(unknown);
    }

    function test_UnknownVersion_IsNotRequestableAndHasNoSpecification() public {
        ModelVersion unknown = ModelVersion.wrap("nothing");
        assertFalse(models.isRequestable(unknown, 0));
        assertEq(models.modelIdOf(unknown), 0);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownModelVersion.selector, unknown));
        models.specOf(unknown);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownModelVersion.selector, unknown));
        models.royaltyOf(unknown);
    }

    /// R3: a model changes hands only when its owner offers it and the new owner accepts.
    function test_Ownership_MovesInTwoStepsAndTheRoyaltyWithIt() public {
        vm.expectEmit(address(models));
        emit IModelRegistry.ModelOwnershipTransferStarted(modelId, modelOwner, stranger);
        vm.prank(modelOwner);
        models.transferModelOwnership(modelId, stranger);
        assertEq(models.ownerOf(modelId), modelOwner);
        assertEq(models.pendingOwnerOf(modelId), stranger);

        vm.expectEmit(address(models));
        emit IModelRegistry.ModelOwnershipTransferred(modelId, modelOwner, stranger);
        vm.prank(stranger);
        models.acceptModelOwnership(modelId);
        assertEq(models.ownerOf(modelId), stranger);
        assertEq(models.pendingOwnerOf(modelId), address(0));
        (address recipient,) = models.royaltyOf(version);
        assertEq(recipient, stranger);

        vm.prank(modelOwner);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotModelOwner.selector, modelId, modelOwner));
        models.deprecateVersion(version);
    }

    function test_RevertWhen_OwnershipIsTakenWithoutAnOffer() public {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotPendingModelOwner.selector, modelId, stranger));
        vm.prank(stranger);
        models.acceptModelOwnership(modelId);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotModelOwner.selector, modelId, stranger));
        vm.prank(stranger);
        models.transferModelOwnership(modelId, stranger);

        // An offer can be withdrawn.
        vm.startPrank(modelOwner);
        models.transferModelOwnership(modelId, stranger);
        models.transferModelOwnership(modelId, address(0));
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotPendingModelOwner.selector, modelId, stranger));
        vm.prank(stranger);
        models.acceptModelOwnership(modelId);
    }
}
