// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVerifyingKeys} from "../../contracts/interfaces/IVerifyingKeys.sol";
import {ZkContext} from "../../contracts/zk/ZkStatement.sol";
import {ZkVectors} from "./ZkVectors.sol";

/// @notice What the prover proves, the contract accepts; and nothing that differs from it by a bit.
contract Groth16VerifierTest is ZkVectors {
    uint256 private constant MODULUS = 21888242871839275222246405745257275088696311157297823662689037894645226208583;

    function test_ProofsOfTheVectorsAreAccepted() public {
        for (uint256 i; i < 2; ++i) {
            Vector memory vector = _vector(i);
            assertTrue(_verify(harness.store(vector.key), vector), vm.toString(i));
        }
    }

    function test_StatementsAreThoseOfTheVectors() public {
        for (uint256 i; i < 2; ++i) {
            string memory where = _at(i);
            address there = vm.parseJsonAddress(file, string.concat(where, ".verifyingContract"));
            vm.etch(there, address(harness).code);
            vm.chainId(vm.parseJsonUint(file, string.concat(where, ".chainId")));
            ZkContext memory context = ZkContext({
                modelVersion: vm.parseJsonBytes32(file, string.concat(where, ".modelVersion")),
                requestId: vm.parseJsonBytes32(file, string.concat(where, ".requestId")),
                operator: vm.parseJsonAddress(file, string.concat(where, ".operator")),
                batchIndex: uint32(vm.parseJsonUint(file, string.concat(where, ".batchIndex"))),
                batchSize: uint32(vm.parseJsonUint(file, string.concat(where, ".batchSize")))
            });
            Vector memory vector = _vector(i);

            bytes32 digest = ZkVectorsDigest(there).digest(context, vector.input, vector.output);

            assertEq(digest, vector.statement);
        }
    }

    function test_EveryFlippedByteOfAProofIsRefused() public {
        Vector memory vector = _vector(0);
        address key = harness.store(vector.key);
        for (uint256 i; i < vector.proof.length; ++i) {
            bytes1 honest = vector.proof[i];
            vector.proof[i] = honest ^ bytes1(uint8(1 << (i % 8)));
            assertFalse(_verify(key, vector), vm.toString(i));
            vector.proof[i] = honest;
        }
        assertTrue(_verify(key, vector));
    }

    function test_EveryFlippedByteOfInputAndOutputIsRefused() public {
        Vector memory vector = _vector(0);
        address key = harness.store(vector.key);
        for (uint256 i; i < vector.input.length; ++i) {
            bytes1 honest = vector.input[i];
            vector.input[i] = honest ^ bytes1(uint8(1 << (i % 8)));
            assertFalse(_verify(key, vector), vm.toString(i));
            vector.input[i] = honest;
        }
        for (uint256 i; i < vector.output.length; ++i) {
            bytes1 honest = vector.output[i];
            vector.output[i] = honest ^ bytes1(uint8(1 << (i % 8)));
            assertFalse(_verify(key, vector), vm.toString(i));
            vector.output[i] = honest;
        }
        assertTrue(_verify(key, vector));
    }

    /// The lowest three bits do not fit the field.
    function test_EveryFlippedBitOfAStatementButThreeIsRefused() public {
        Vector memory vector = _vector(0);
        address key = harness.store(vector.key);
        bytes32 honest = vector.statement;
        for (uint256 bit; bit < 256; ++bit) {
            vector.statement = honest ^ bytes32(1 << bit);
            assertEq(_verify(key, vector), bit < 3, vm.toString(bit));
        }
    }

    /// A byte moved from the input to the output would leave the public inputs as they are.
    function test_AMovedBoundaryIsRefused() public {
        Vector memory vector = _vector(0);
        address key = harness.store(vector.key);
        bytes memory longer = bytes.concat(vector.input, vector.output[0]);
        bytes memory shorter = new bytes(vector.output.length - 1);
        for (uint256 i; i < shorter.length; ++i) {
            shorter[i] = vector.output[i + 1];
        }
        assertFalse(verifier.verify(key, vector.statement, longer, shorter, vector.proof));
    }

    function test_TooLittleGasRevertsInsteadOfRefusing() public {
        Vector memory vector = _vector(0);
        address key = harness.store(vector.key);
        for (uint256 gas_ = 10_000; gas_ < 440_000; gas_ += 10_000) {
            try verifier.verify{gas: gas_}(key, vector.statement, vector.input, vector.output, vector.proof) returns (
                bool valid
            ) {
                assertTrue(valid, vm.toString(gas_));
            } catch {}
        }
        assertTrue(verifier.verify{gas: 450_000}(key, vector.statement, vector.input, vector.output, vector.proof));
    }

    /// A refusal does not take all the gas.
    function test_ARefusalCostsABoundedAmount() public {
        Vector memory vector = _vector(0);
        address key = harness.store(vector.key);
        uint256 before = gasleft();
        assertFalse(verifier.verify(key, vector.statement, vector.input, vector.output, new bytes(256)));
        vector.proof[255] ^= 0x01;
        assertFalse(_verify(key, vector));
        assertLt(before - gasleft(), 1_200_000);
    }

    function test_OtherLengthsAreRefused() public {
        Vector memory vector = _vector(0);
        address key = harness.store(vector.key);
        assertFalse(verifier.verify(key, vector.statement, new bytes(31), vector.output, vector.proof));
        assertFalse(verifier.verify(key, vector.statement, "", "", vector.proof));
        assertFalse(verifier.verify(key, vector.statement, vector.input, vector.output, new bytes(255)));
        assertFalse(verifier.verify(key, vector.statement, vector.input, vector.output, new bytes(256)));
        assertFalse(verifier.verify(address(this), vector.statement, vector.input, vector.output, vector.proof));
        assertFalse(verifier.verify(address(0xdead), vector.statement, vector.input, vector.output, vector.proof));
    }

    function test_CoordinatesThatAreNotCanonicalAreRefused() public {
        Vector memory vector = _vector(0);
        address key = harness.store(vector.key);
        for (uint256 i; i < 8; ++i) {
            bytes memory proof = bytes.concat(vector.proof);
            uint256 coordinate;
            uint256 word = 32 + 32 * i;
            assembly ("memory-safe") {
                coordinate := add(mload(add(proof, word)), MODULUS)
                mstore(add(proof, word), coordinate)
            }
            assertFalse(verifier.verify(key, vector.statement, vector.input, vector.output, proof), vm.toString(i));
        }
    }

    function test_TheKeyOfAnotherModelIsRefused() public {
        Vector memory vector = _vector(0);
        vector.key = _vector(1).key;
        address key = harness.store(vector.key);
        assertFalse(_verify(key, vector));
    }

    function test_EveryFlippedByteOfAKeyIsRefused() public {
        Vector memory vector = _vector(0);
        for (uint256 i; i < vector.key.length; ++i) {
            bytes1 honest = vector.key[i];
            vector.key[i] = honest ^ bytes1(uint8(1 << (i % 8)));
            vm.expectPartialRevert(IVerifyingKeys.MalformedKey.selector);
            harness.check(vector.key);
            vector.key[i] = honest;
        }
    }

    function test_KeysOfOtherLengthsAreRefused() public {
        bytes memory key = _vector(0).key;
        vm.expectPartialRevert(IVerifyingKeys.MalformedKey.selector);
        harness.store(bytes.concat(key, hex"00"));
        vm.expectPartialRevert(IVerifyingKeys.MalformedKey.selector);
        harness.store(new bytes(512));
        vm.expectPartialRevert(IVerifyingKeys.MalformedKey.selector);
        harness.store("");
    }

    function test_PointsAtInfinityAreRefusedInAKey() public {
        bytes memory honest = _vector(0).key;
        // Each point's offset; those of the second group are twice as long.
        uint256[7] memory offsets = [uint256(0), 128, 192, 320, 384, 512, 576];
        for (uint256 i; i < offsets.length; ++i) {
            bytes memory key = bytes.concat(honest);
            uint256 length = i == 0 || i == 2 || i == 4 ? 128 : 64;
            for (uint256 j = offsets[i]; j < offsets[i] + length; ++j) {
                key[j] = 0;
            }
            vm.expectPartialRevert(IVerifyingKeys.MalformedKey.selector);
            harness.store(key);
        }
    }

    function testFuzz_RandomProofsAreRefused(bytes32 seed) public {
        Vector memory vector = _vector(0);
        address key = harness.store(vector.key);
        for (uint256 i; i < 256; ++i) {
            vector.proof[i] = keccak256(abi.encode(seed, i))[0];
        }
        assertFalse(_verify(key, vector));
    }
}

/// @notice The harness at the address that a vector names.
interface ZkVectorsDigest {
    function digest(ZkContext memory context, bytes calldata input, bytes calldata output)
        external
        view
        returns (bytes32);
}
