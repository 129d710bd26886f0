// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVerifyingKeys, KeyTerms, SetupKind, ZkKey} from "../../contracts/interfaces/IVerifyingKeys.sol";
import {VerifyingKeys} from "../../contracts/zk/VerifyingKeys.sol";
import {Trapdoor} from "./support/Trapdoor.sol";
import {ZkVectors} from "./ZkVectors.sol";

/// @notice Who can register what, and who can stand for it.
contract VerifyingKeysTest is ZkVectors {
    VerifyingKeys private keys = new VerifyingKeys(verifier);
    KeyTerms private shared = KeyTerms("model", SetupKind.MultiParty, "transcript");
    KeyTerms private own = KeyTerms("model", SetupKind.Development, 0);

    function _attestation(uint256 secret, bytes32 commitment) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(secret, keys.attestationOf(commitment));
        return abi.encodePacked(r, s, v);
    }

    function test_CommitmentsAndAttestationsAreThoseOfTheKeeper() public view {
        for (uint256 i; i < 2; ++i) {
            string memory where = _at(i);
            KeyTerms memory terms = KeyTerms({
                modelDigest: vm.parseJsonBytes32(file, string.concat(where, ".modelVersion")),
                kind: SetupKind.MultiParty,
                transcriptHash: vm.parseJsonBytes32(file, string.concat(where, ".transcript"))
            });
            bytes32 commitment = keys.commitmentOf(terms, _vector(i).key);
            assertEq(commitment, vm.parseJsonBytes32(file, string.concat(where, ".commitment")));
            bytes32 attestation = vm.parseJsonBytes32(file, string.concat(where, ".attestation"));
            assertEq(keys.attestationOf(commitment), attestation);
        }
    }

    function test_ARegisteredKeyIsTheOneThatWasGiven() public {
        bytes memory key = Trapdoor.key(1);
        bytes32 commitment = keys.commitmentOf(shared, key);
        assertEq(keys.register(shared, key), commitment);
        ZkKey memory kept = keys.keyOf(commitment);
        assertEq(kept.pointer.code, bytes.concat(hex"00", key));
        assertEq(uint8(kept.kind), uint8(SetupKind.MultiParty));
        assertEq(kept.inputLength, 4);
        assertEq(kept.outputLength, 1);
    }

    /// Nothing about a key can be exchanged under its commitment.
    function test_EveryTermHasACommitmentOfItsOwn() public view {
        bytes memory key = Trapdoor.key(1);
        bytes32[5] memory all = [
            keys.commitmentOf(shared, key),
            keys.commitmentOf(own, key),
            keys.commitmentOf(shared, Trapdoor.key(2)),
            keys.commitmentOf(KeyTerms("other model", SetupKind.MultiParty, "transcript"), key),
            keys.commitmentOf(KeyTerms("model", SetupKind.MultiParty, "other"), key)
        ];
        for (uint256 i; i < 5; ++i) {
            for (uint256 j = i + 1; j < 5; ++j) {
                assertNotEq(all[i], all[j]);
            }
        }
    }

    function test_RevertWhen_AKeyIsRegisteredAgain() public {
        bytes memory key = Trapdoor.key(1);
        bytes32 commitment = keys.register(shared, key);
        vm.expectRevert(abi.encodeWithSelector(IVerifyingKeys.KeyAlreadyRegistered.selector, commitment));
        keys.register(shared, key);
    }

    function test_RevertWhen_TheTermsContradictThemselves() public {
        bytes memory key = Trapdoor.key(1);
        _expectInvalid("modelDigest");
        keys.register(KeyTerms(0, SetupKind.Development, 0), key);
        _expectInvalid("kind");
        keys.register(KeyTerms("model", SetupKind.None, 0), key);
        _expectInvalid("transcriptHash");
        keys.register(KeyTerms("model", SetupKind.MultiParty, 0), key);
        _expectInvalid("transcriptHash");
        keys.register(KeyTerms("model", SetupKind.Development, "transcript"), key);
    }

    function _expectInvalid(string memory field) private {
        vm.expectRevert(abi.encodeWithSelector(IVerifyingKeys.InvalidKeyTerms.selector, field));
    }

    /// With γ = δ a proof can be made of public numbers alone. Systems that skipped phase 2 have lost their funds to it.
    function test_RevertWhen_NobodyContributed() public {
        bytes memory bad = Trapdoor.uncontributed();
        vm.expectRevert(
            abi.encodeWithSelector(
                IVerifyingKeys.MalformedKey.selector, "its gamma is its delta: nobody contributed to its setup"
            )
        );
        keys.register(shared, bad);
    }

    function test_RevertWhen_AByteOfTheKeyIsNotThatOfAPoint() public {
        bytes memory key = Trapdoor.key(1);
        for (uint256 i; i < key.length; i += 29) {
            bytes1 honest = key[i];
            key[i] = honest ^ 0x04;
            vm.expectPartialRevert(IVerifyingKeys.MalformedKey.selector);
            keys.register(shared, key);
            key[i] = honest;
        }
    }

    function test_AContributorStandsForAKeyWithHisSignature() public {
        (address alice, uint256 secret) = makeAddrAndKey("alice");
        bytes32 commitment = keys.register(shared, Trapdoor.key(1));
        bytes memory signature = _attestation(secret, commitment);
        assertFalse(keys.isTrusted(commitment, alice));
        vm.expectEmit(address(keys));
        emit IVerifyingKeys.KeyAttested(commitment, alice);
        keys.attest(commitment, alice, signature);
        assertTrue(keys.hasAttested(commitment, alice) && keys.isTrusted(commitment, alice));
        assertFalse(keys.isTrusted(commitment, makeAddr("bob")));
    }

    /// The owner of a model lists whom he likes.
    function test_RevertWhen_SomebodyElseSigned() public {
        (address alice,) = makeAddrAndKey("alice");
        (, uint256 secret) = makeAddrAndKey("owner of the model");
        bytes32 commitment = keys.register(shared, Trapdoor.key(1));
        bytes memory signature = _attestation(secret, commitment);
        _expectWrong(commitment, alice);
        keys.attest(commitment, alice, signature);
        _expectWrong(commitment, address(0));
        keys.attest(commitment, address(0), new bytes(65));
    }

    /// A signature for one key serves no other one: not of other weights, nor of another transcript.
    function test_RevertWhen_TheSignatureIsForAnotherKey() public {
        (address alice, uint256 secret) = makeAddrAndKey("alice");
        bytes32 honest = keys.register(shared, Trapdoor.key(1));
        bytes32 swapped = keys.register(shared, Trapdoor.key(2));
        bytes memory signature = _attestation(secret, honest);
        _expectWrong(swapped, alice);
        keys.attest(swapped, alice, signature);
    }

    function _expectWrong(bytes32 commitment, address contributor) private {
        vm.expectRevert(abi.encodeWithSelector(IVerifyingKeys.WrongAttestation.selector, commitment, contributor));
    }

    function test_RevertWhen_TheKeyIsUnknownOrOfADevelopmentSetup() public {
        (address alice, uint256 secret) = makeAddrAndKey("alice");
        bytes32 commitment = keys.commitmentOf(own, Trapdoor.key(1));
        bytes memory signature = _attestation(secret, commitment);
        vm.expectRevert(abi.encodeWithSelector(IVerifyingKeys.UnknownKey.selector, commitment));
        keys.attest(commitment, alice, signature);
        keys.register(own, Trapdoor.key(1));
        vm.expectRevert(abi.encodeWithSelector(IVerifyingKeys.NotMultiParty.selector, commitment));
        keys.attest(commitment, alice, signature);
    }

    function test_NobodyNeedsToBeTrustedOnADevelopmentChainOnly() public {
        bytes32 commitment = keys.register(own, Trapdoor.key(1));
        assertEq(block.chainid, 31_337);
        assertTrue(keys.isTrusted(commitment, address(0)));
        assertFalse(keys.isTrusted("unknown", address(0)));
        vm.chainId(8453);
        assertFalse(keys.isTrusted(commitment, address(0)));
    }
}
