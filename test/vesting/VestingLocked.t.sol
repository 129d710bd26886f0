// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVestingVault, NewCategory, Schedule} from "../../contracts/interfaces/IVestingVault.sol";
import {MerkleTrees} from "./support/MerkleTrees.sol";
import {VestingFixture} from "./support/VestingFixture.sol";

/// @notice What the vault knows of whole categories, without having seen their schedules.
contract VestingLockedTest is VestingFixture {
    function test_LockedAt_FollowsTheCurves() public {
        uint256 grants = total(GRANTS);
        uint256 team = total(TEAM);
        uint256 tge = vault.category(GRANTS).tgeTotal;
        vm.warp(TGE + 10 * YEAR);
        assertEq(vault.lockedAt(TGE - 1 days - 1), 0, "before the vault");
        assertEq(vault.lockedAt(TGE - 1), grants + team, "before the start");
        assertEq(vault.lockedAt(TGE), grants - tge + team, "at the start");
        assertEq(vault.lockedAt(TGE + YEAR), grants - tge - (grants - tge) / 4 + team, "at the end of the cliff");
        assertEq(
            vault.lockedAt(TGE + 2 * YEAR),
            grants - tge - (grants - tge) / 2 + team - team / 3,
            "a year after the cliff"
        );
        assertEq(vault.lockedAt(TGE + 4 * YEAR), 0, "at the end");
    }

    function test_LockedAt_ReleasesChangeNothing() public {
        vm.warp(TGE + YEAR);
        uint256 locked = vault.lockedAt(TGE + YEAR);
        release(GRANTS, PLAIN);
        claimTo(GRANTS, REVOCABLE, stranger);
        assertEq(vault.lockedAt(TGE + YEAR), locked);
    }

    function test_LockedAt_WhatIsAddedCountsFromThenOn() public {
        fund(100);
        vm.warp(TGE + YEAR);
        uint256 before = vault.lockedAt(TGE + YEAR - 1);
        uint256 locked = vault.lockedAt(TGE + YEAR);
        // Its curve began a year ago.
        Schedule memory s = Schedule(3, 0, stranger, 100, 20, false, false);
        add(terms("late", single(s), TGE, 0, 2 * YEAR));
        assertEq(vault.lockedAt(TGE + YEAR - 1), before);
        assertEq(vault.lockedAt(TGE + YEAR), locked + 40);
        assertEq(vault.categoryVestedAt(3, TGE), 20);
        assertEq(vault.categoryVestedAt(3, TGE + YEAR), 60);
        assertEq(vault.categoryVestedAt(3, TGE + 2 * YEAR), 100);
    }

    /// Before, between and after the start and the cliff: what a revocation takes out of the lock is what it returns, and
    /// later the lock is that of the rest alone.
    function testFuzz_LockedAt_RevokedSchedulesLeaveExactly(uint256 time, uint256 later, bool team) public {
        uint32 id = team ? TEAM : GRANTS;
        time = bound(time, TGE - 1 days, TGE + 5 * YEAR);
        later = bound(later, time, TGE + 6 * YEAR);
        vm.warp(time);
        uint256 locked = vault.lockedAt(time);
        uint256 before = vault.lockedAt(time - 1);
        uint256 vested = vault.categoryVestedAt(id, time);
        uint256 returned = revoke(id, REVOCABLE);
        assertApproxEqAbs(vault.lockedAt(time), locked - returned, 1);
        assertApproxEqAbs(vault.categoryVestedAt(id, time), vested, 1);
        assertEq(vault.lockedAt(time - 1), before);

        vm.warp(later);
        uint256 unvested;
        for (uint32 category = 0; category < 2; ++category) {
            for (uint32 row = 0; row < ROWS; ++row) {
                if (category == id && row == REVOCABLE) continue;
                Schedule memory s = schedule(category, row);
                unvested += s.amount - vault.vestedAt(s, later);
            }
        }
        assertApproxEqAbs(vault.lockedAt(later), unvested, 2 * ROWS);
        assertLe(vault.lockedAt(later), unvested);
        assertEq(vault.lockedAt(time - 1), before);
    }

    function test_CategoryVestedAt_CountsWhatRevokedSchedulesVested() public {
        vm.warp(TGE + YEAR);
        uint256 vestedThen = vault.categoryVestedAt(GRANTS, TGE + YEAR / 2);
        uint256 returned = revoke(GRANTS, REVOCABLE);
        vm.warp(TGE + YEAR + 1);
        returned += revoke(GRANTS, BOTH);
        assertEq(vault.categoryVestedAt(GRANTS, TGE + YEAR / 2), vestedThen);
        assertEq(vault.categoryVestedAt(GRANTS, TGE + 4 * YEAR), total(GRANTS) - returned);
        assertEq(vault.categoryVestedAt(GRANTS, type(uint256).max), total(GRANTS) - returned);
    }

    function test_RevertWhen_TheFutureIsAskedFor() public {
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.FutureLookup.selector, TGE, TGE - 1 days));
        vault.lockedAt(TGE);
    }

    /// Totals that are not those of the tree make `lockedAt` wrong, but neither it nor a revocation fails.
    function test_WrongTotals_StopNothing() public {
        fund(6 ether);
        for (uint32 id = 3; id < 5; ++id) {
            Schedule[] memory s = new Schedule[](2);
            s[0] = Schedule(id, 0, stranger, 1 ether, 1 ether, true, false);
            s[1] = Schedule(id, 1, stranger, 2 ether, 0, true, false);
            NewCategory memory t = terms("wrong", s, TGE, YEAR, YEAR);
            // Too little in the one, too much in the other.
            t.tgeTotal = id == 3 ? 0.5 ether : 3 ether;
            add(t);
            uint256 which = id - 3;
            vm.prank(governor);
            vault.revoke(s[which], MerkleTrees.proof(leaves(s), which));
        }
        assertEq(vault.categoryVestedAt(3, TGE), 0);
        assertEq(vault.categoryVestedAt(4, TGE), 1 ether);
        assertEq(vault.categoryVestedAt(3, TGE + 2 * YEAR), 2 ether);
        assertEq(vault.categoryVestedAt(4, TGE + 2 * YEAR), 1 ether);
        vm.warp(TGE + 4 * YEAR);
        assertEq(vault.lockedAt(TGE + 4 * YEAR), 0);
    }
}
