// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

/// @title Tree of the receipts of a batch
/// @notice The rule is at `IReceiptBatches`, TREE, and in docs/protocol.md.
///
/// SECOND PREIMAGES
/// A leaf is the hash of 32 bytes, a node of 64. Pairs are ordered and nothing is doubled, so a root stands for one list.
/// Two counts can give an index paths of the same shape; the count within the leaf tells them apart.
library ReceiptTree {
    /// @notice The leaf of a receipt with `digest` and evidence at `index` of `count`.
    function leafOf(uint256 index, uint256 count, bytes32 digest, bytes32 evidenceHash)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(bytes.concat(keccak256(abi.encode(index, count, digest, evidenceHash))));
    }

    /// @notice Whether `proof` leads from `leaf` at `index` of `count` to `root`, and is used up.
    function leadsTo(bytes32 root, bytes32 leaf, uint256 index, uint256 count, bytes32[] calldata proof)
        internal
        pure
        returns (bool)
    {
        if (index >= count) return false;
        bytes32 node = leaf;
        uint256 used = 0;
        for (uint256 width = count; width > 1; width = (width + 1) / 2) {
            // A last node without a sibling moves up.
            if (index % 2 == 1 || index + 1 < width) {
                if (used == proof.length) return false;
                bytes32 sibling = proof[used++];
                node = index % 2 == 1
                    ? Hashes.efficientKeccak256(sibling, node)
                    : Hashes.efficientKeccak256(node, sibling);
            }
            index /= 2;
        }
        return used == proof.length && node == root;
    }
}
