// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {Category, Schedule, ScheduleState} from "../../contracts/interfaces/IVestingVault.sol";
import {Opg} from "../../contracts/token/Opg.sol";
import {VestingVault} from "../../contracts/vesting/VestingVault.sol";
import {VestingHandler} from "./support/VestingHandler.sol";

/// @notice What holds after every call of random sequences. Numbers as in docs/invariants.md.
/// forge-config: default.invariant.runs = 20
/// forge-config: default.invariant.depth = 50
contract VestingInvariantsTest is Test {
    VestingHandler private handler;
    VestingVault private vault;
    Opg private opg;

    function setUp() public {
        handler = new VestingHandler();
        handler.setUp();
        vault = VestingVault(handler.addressOfVault());
        opg = Opg(handler.addressOfToken());

        bytes4[] memory selectors = new bytes4[](10);
        selectors[0] = handler.pass.selector;
        selectors[1] = handler.pass.selector;
        selectors[2] = handler.releaseOne.selector;
        selectors[3] = handler.releaseBatch.selector;
        selectors[4] = handler.claim.selector;
        selectors[5] = handler.claimSigned.selector;
        selectors[6] = handler.handOn.selector;
        selectors[7] = handler.chooseManual.selector;
        selectors[8] = handler.end.selector;
        selectors[9] = handler.addOne.selector;
        targetSelector(FuzzSelector(address(handler), selectors));
        targetContract(address(handler));
    }

    function invariant_V1_ReleasedIsAtMostVestedIsAtMostTheAmount() public view {
        uint256 now_ = vm.getBlockTimestamp();
        for (uint256 i = 0; i < handler.entryCount(); ++i) {
            Schedule memory s = handler.entryAt(i).schedule;
            uint256 vested = vault.vestedAt(s, now_);
            assertLe(vault.stateOf(vault.scheduleId(s)).released, vested);
            assertLe(vested, s.amount);
        }
    }

    function invariant_V2_TheVaultHoldsExactlyWhatIsNotReleased() public view {
        uint256 owed;
        for (uint256 i = 0; i < handler.entryCount(); ++i) {
            Schedule memory s = handler.entryAt(i).schedule;
            ScheduleState memory state = vault.stateOf(vault.scheduleId(s));
            owed += (state.revoked ? state.revokedTotal : s.amount) - state.released;
        }
        assertEq(opg.balanceOf(address(vault)), owed);
    }

    function invariant_V3_CategoriesOfGenesisAddUpToTheSupply() public view {
        uint256 sum;
        for (uint32 id = 0; id < 3; ++id) {
            sum += vault.category(id).total;
        }
        assertEq(sum, opg.totalSupply());
    }

    function invariant_V4_NothingBeyondTheTgeAmountLeavesBeforeTheCliff() public view {
        uint256 now_ = vm.getBlockTimestamp();
        for (uint256 i = 0; i < handler.entryCount(); ++i) {
            Schedule memory s = handler.entryAt(i).schedule;
            Category memory c = vault.category(s.category);
            uint256 paid = vault.stateOf(vault.scheduleId(s)).released;
            if (now_ < c.start) assertEq(paid, 0);
            else if (now_ < uint256(c.start) + c.cliff) assertLe(paid, s.tgeAmount);
        }
    }

    function invariant_V5_ReleasedOnlyGrowsAsTheLedgerSays() public view {
        uint256 total;
        for (uint256 i = 0; i < handler.entryCount(); ++i) {
            VestingHandler.Entry memory entry = handler.entryAt(i);
            uint256 paid = vault.stateOf(vault.scheduleId(entry.schedule)).released;
            assertEq(paid, entry.released);
            total += paid;
        }
        assertEq(total, handler.released());
        assertEq(opg.balanceOf(handler.addressOfTreasury()), handler.returned());
    }

    function invariant_V6_LockedInThePastNeverChanges() public view {
        // The latest, after each call; all of them at the end.
        uint256 count = handler.memoryCount();
        _checkMemories(count < 4 ? 0 : count - 4);
    }

    function invariant_V7_LockedPlusVestedIsTheTotal() public view {
        uint256 now_ = vm.getBlockTimestamp();
        uint256 rows = handler.entryCount();
        uint256 unvested;
        uint256 vested;
        for (uint256 i = 0; i < rows; ++i) {
            VestingHandler.Entry memory entry = handler.entryAt(i);
            uint256 part = handler.vestedAt(entry, now_);
            vested += part;
            if (!entry.revoked) unvested += entry.schedule.amount - part;
        }
        uint256 totals;
        uint256 byCurve;
        for (uint32 id = 0; id < vault.categoryCount(); ++id) {
            totals += vault.category(id).total;
            byCurve += vault.categoryVestedAt(id, now_);
        }
        uint256 locked = vault.lockedAt(now_);
        assertEq(locked + byCurve, totals - handler.returned());
        // Each schedule rounds its vested part down by less than a wei.
        assertLe(locked, unvested);
        assertLe(unvested - locked, rows);
        assertGe(byCurve, vested);
        assertLe(byCurve - vested, rows);
    }

    function invariant_V8_EveryoneHasExactlyWhatTheLedgerSays() public view {
        for (uint256 i = 0; i < handler.accountCount(); ++i) {
            address account = handler.accounts(i);
            assertEq(opg.balanceOf(account), handler.expectedBalance(account));
        }
        assertEq(handler.mismatches(), 0);
    }

    /// Whatever happened before: in the end a release of everything leaves the vault empty to the wei.
    function afterInvariant() public {
        _checkMemories(0);
        vm.warp(vm.getBlockTimestamp() + 50 * 365 days);
        for (uint256 i = 0; i < handler.entryCount(); ++i) {
            VestingHandler.Entry memory entry = handler.entryAt(i);
            if (vault.releasable(entry.schedule) == 0) continue;
            vm.prank(entry.owner);
            vault.release(entry.schedule, entry.proof);
        }
        assertEq(opg.balanceOf(address(vault)), 0);
        assertEq(vault.lockedAt(vm.getBlockTimestamp()), 0);
    }

    function _checkMemories(uint256 first) private view {
        for (uint256 i = first; i < handler.memoryCount(); ++i) {
            (uint256 time, uint256 locked) = handler.memories(i);
            assertEq(vault.lockedAt(time), locked);
        }
    }
}
