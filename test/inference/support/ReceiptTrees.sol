// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Trees of receipts built from the top: the left part of n leaves is the largest power of two below n. The contract
/// goes from the bottom, level by level; both ways lead to the same tree.
library ReceiptTrees {
    function leaf(uint256 index, uint256 count, bytes32 digest, bytes memory evidence) internal pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(index, count, digest, keccak256(evidence)))));
    }

    function root(bytes32[] memory leaves) internal pure returns (bytes32) {
        return _root(leaves, 0, leaves.length);
    }

    function proof(bytes32[] memory leaves, uint256 index) internal pure returns (bytes32[] memory siblings) {
        siblings = new bytes32[](64);
        uint256 length = _prove(leaves, 0, leaves.length, index, siblings);
        // Memory-safe: the list becomes shorter.
        assembly ("memory-safe") {
            mstore(siblings, length)
        }
    }

    function _split(uint256 count) private pure returns (uint256 left) {
        left = 1;
        while (left * 2 < count) left *= 2;
    }

    function _root(bytes32[] memory leaves, uint256 from, uint256 count) private pure returns (bytes32) {
        if (count == 1) return leaves[from];
        uint256 left = _split(count);
        return keccak256(abi.encode(_root(leaves, from, left), _root(leaves, from + left, count - left)));
    }

    function _prove(bytes32[] memory leaves, uint256 from, uint256 count, uint256 index, bytes32[] memory siblings)
        private
        pure
        returns (uint256 length)
    {
        if (count == 1) return 0;
        uint256 left = _split(count);
        if (index < left) {
            length = _prove(leaves, from, left, index, siblings);
            siblings[length] = _root(leaves, from + left, count - left);
        } else {
            length = _prove(leaves, from + left, count - left, index - left, siblings);
            siblings[length] = _root(leaves, from, left);
        }
        return length + 1;
    }
}
