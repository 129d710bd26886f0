// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Merkle trees as the genesis tool builds them: inner nodes hash their sorted children, and the odd last node of
/// a level moves up unchanged. Written plainly, independently of the library that the contracts verify with.
library MerkleTrees {
    function root(bytes32[] memory leaves) internal pure returns (bytes32) {
        bytes32[] memory level = leaves;
        while (level.length > 1) {
            level = parents(level);
        }
        return level[0];
    }

    function proof(bytes32[] memory leaves, uint256 index) internal pure returns (bytes32[] memory siblings) {
        siblings = new bytes32[](depth(leaves.length));
        uint256 length;
        bytes32[] memory level = leaves;
        while (level.length > 1) {
            uint256 sibling = index ^ 1;
            if (sibling < level.length) siblings[length++] = level[sibling];
            level = parents(level);
            index /= 2;
        }
        // Memory-safe: shortens the array to what was written, for levels on which the node had no sibling.
        assembly ("memory-safe") {
            mstore(siblings, length)
        }
    }

    /// @notice The next level up.
    function parents(bytes32[] memory level) internal pure returns (bytes32[] memory next) {
        next = new bytes32[]((level.length + 1) / 2);
        for (uint256 i = 0; i < next.length; ++i) {
            next[i] = 2 * i + 1 < level.length ? hash(level[2 * i], level[2 * i + 1]) : level[2 * i];
        }
    }

    function hash(bytes32 a, bytes32 b) internal pure returns (bytes32) {
        return a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
    }

    /// @notice Levels above the leaves.
    function depth(uint256 count) internal pure returns (uint256 levels) {
        while (2 ** levels < count) {
            ++levels;
        }
    }
}
