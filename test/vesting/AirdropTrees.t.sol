// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AirdropFixture} from "./support/AirdropFixture.sol";

/// @notice Trees of every shape: full ones, and those with odd nodes that move up.
contract AirdropTreesTest is AirdropFixture {
    /// forge-config: default.fuzz.runs = 64
    /// Claims from a random tree of 1 to 300 leaves, two words of the bitmap, are paid and marked, and no others.
    function testFuzz_AnyTree_PaysAndMarksItsClaims(uint256 seed, uint256 size) public {
        size = bound(size, 1, 300);
        delete entitlements;
        for (uint256 i; i < size; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            entitlements.push(Entitlement(address(uint160(random) | 1 << 100), (random >> 192) * 1e4));
        }
        _deploy();
        // A handful of them, spread over the tree: each needs the whole tree hashed for its proof.
        uint256 step = size / 7 + 1;
        uint256 paid;
        for (uint256 i = seed % step; i < size; i += step) {
            Entitlement memory e = entitlements[i];
            uint256 before = opg.balanceOf(e.account);
            _claim(i, e.account);
            assertEq(opg.balanceOf(e.account) - before, e.amount);
            paid += e.amount;
        }
        assertEq(opg.balanceOf(address(airdrop)), total - paid);
        for (uint256 i; i < size; ++i) {
            assertEq(airdrop.isClaimed(i), i % step == seed % step);
        }
    }

    function test_ATreeOfOne_NeedsNoProof() public {
        delete entitlements;
        entitlements.push(Entitlement(alice, 5 ether));
        _deploy();
        assertEq(_proof(0).length, 0);
        _claim(0, alice);
        assertEq(opg.balanceOf(alice), 5 ether);
    }
}
