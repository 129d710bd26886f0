// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {ReceiptTree} from "../../contracts/inference/ReceiptTree.sol";
import {ReceiptTrees} from "./support/ReceiptTrees.sol";

/// @notice The tree of a batch: agrees with the vectors of an independent implementation and with one in Solidity that builds
/// trees the other way round, and accepts nothing else.
contract BatchTreesTest is Test {
    string private vectors = vm.readFile("test/vectors/batches.json");

    function leadsTo(bytes32 root, bytes32 leaf, uint256 index, uint256 count, bytes32[] calldata proof)
        external
        pure
        returns (bool)
    {
        return ReceiptTree.leadsTo(root, leaf, index, count, proof);
    }

    /// Members in the order of their names, as the JSON parser has them.
    struct Vector {
        bytes32 digest;
        bytes evidence;
        uint256 index;
        bytes32 leaf;
        bytes32[] proof;
    }

    function test_Vectors_LeavesLeadToTheirRoots() public view {
        uint256 checked;
        for (uint256 i; vm.keyExistsJson(vectors, _at(".batches", i)); ++i) {
            string memory where = _at(".batches", i);
            uint256 count = _uint(where, ".count");
            bytes32 root = _word(where, ".root");
            Vector[] memory list = abi.decode(vm.parseJson(vectors, string.concat(where, ".leaves")), (Vector[]));
            for (uint256 j; j < list.length; ++j) {
                Vector memory v = list[j];
                bytes32 leaf = ReceiptTree.leafOf(v.index, count, v.digest, keccak256(v.evidence));
                assertEq(leaf, v.leaf, where);
                assertTrue(this.leadsTo(root, leaf, v.index, count, v.proof), where);
                ++checked;
            }
        }
        assertGt(checked, 200);
    }

    function test_Vectors_PoisonedProofsAreRefused() public view {
        uint256 checked;
        for (uint256 i; vm.keyExistsJson(vectors, _at(".refused", i)); ++i) {
            string memory where = _at(".refused", i);
            bool accepted = this.leadsTo(
                _word(where, ".root"),
                _word(where, ".leaf"),
                _uint(where, ".index"),
                _uint(where, ".count"),
                _proof(where)
            );
            assertFalse(accepted, vm.parseJsonString(vectors, string.concat(where, ".name")));
            ++checked;
        }
        assertGt(checked, 15);
    }

    function testFuzz_EveryLeafHasExactlyOnePlace(uint256 seed, uint256 count, uint256 index, uint256 other)
        public
        view
    {
        count = bound(count, 1, 200);
        index = bound(index, 0, count - 1);
        bytes32[] memory leaves = _leavesOf(seed, count);
        bytes32 root = ReceiptTrees.root(leaves);
        bytes32[] memory proof = ReceiptTrees.proof(leaves, index);
        assertTrue(this.leadsTo(root, leaves[index], index, count, proof));
        other = bound(other, 0, count + 300);
        if (other != index) assertFalse(this.leadsTo(root, leaves[index], other, count, proof), "another index");
    }

    function testFuzz_AlteredProofsAreRefused(uint256 seed, uint256 count, uint256 index, uint256 change) public view {
        count = bound(count, 2, 200);
        index = bound(index, 0, count - 1);
        bytes32[] memory leaves = _leavesOf(seed, count);
        bytes32 root = ReceiptTrees.root(leaves);
        bytes32[] memory proof = ReceiptTrees.proof(leaves, index);
        proof[(change >> 8) % proof.length] ^= bytes32(uint256(1) << (change % 256));
        assertFalse(this.leadsTo(root, leaves[index], index, count, proof));
    }

    /// A tree that doubles its last leaf, or claims one more, has another root.
    function testFuzz_RootsStandForOneList(uint256 seed, uint256 count) public pure {
        count = bound(count, 1, 100);
        bytes32[] memory leaves = _leavesOf(seed, count);
        bytes32[] memory doubled = new bytes32[](count + 1);
        for (uint256 i; i < count; ++i) {
            doubled[i] = leaves[i];
        }
        doubled[count] = leaves[count - 1];
        assertNotEq(ReceiptTrees.root(leaves), ReceiptTrees.root(doubled));
    }

    /// An inner node has a path of its own, in a smaller tree. What keeps it from being a leaf is that no receipt hashes to it:
    /// a leaf is a hash of 32 bytes.
    function test_InnerNodesHavePathsButAreNoLeaves() public view {
        bytes32[] memory leaves = _leavesOf(7, 7);
        bytes32 node = keccak256(abi.encode(leaves[2], leaves[3]));
        bytes32[] memory whole = ReceiptTrees.proof(leaves, 2);
        bytes32[] memory above = new bytes32[](whole.length - 1);
        for (uint256 i; i < above.length; ++i) {
            above[i] = whole[i + 1];
        }
        assertTrue(this.leadsTo(ReceiptTrees.root(leaves), node, 1, 4, above));
        assertNotEq(ReceiptTree.leafOf(1, 4, leaves[2], leaves[3]), node);
        assertNotEq(keccak256(abi.encode(node)), node);
    }

    function _leavesOf(uint256 seed, uint256 count) private pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](count);
        for (uint256 i; i < count; ++i) {
            leaves[i] = keccak256(abi.encode(seed, i));
        }
    }

    function _proof(string memory where) private view returns (bytes32[] memory) {
        return vm.parseJsonBytes32Array(vectors, string.concat(where, ".proof"));
    }

    function _at(string memory list, uint256 index) private pure returns (string memory) {
        return string.concat(list, "[", vm.toString(index), "]");
    }

    function _word(string memory where, string memory field) private view returns (bytes32) {
        return vm.parseJsonBytes32(vectors, string.concat(where, field));
    }

    function _uint(string memory where, string memory field) private view returns (uint256) {
        return vm.parseJsonUint(vectors, string.concat(where, field));
    }
}
