// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVestingVault, Schedule, ScheduleState} from "../../contracts/interfaces/IVestingVault.sol";
import {VestingFixture} from "./support/VestingFixture.sol";

/// @notice Releases by anyone, one or many, and payments that beneficiaries direct.
contract VestingReleaseTest is VestingFixture {
    address private immutable elsewhere = makeAddr("elsewhere");

    function test_Release_PaysTheBeneficiaryWhoeverCalls() public {
        Schedule memory s = schedule(GRANTS, PLAIN);
        vm.warp(TGE);
        vm.expectEmit(address(vault));
        emit IVestingVault.Released(leaf(s), s.beneficiary, s.tgeAmount);
        vm.prank(stranger);
        assertEq(release(GRANTS, PLAIN), s.tgeAmount);
        assertEq(opg.balanceOf(s.beneficiary), s.tgeAmount);
        assertEq(vault.stateOf(leaf(s)).released, s.tgeAmount);
    }

    function test_Release_PaysWhatVestedSinceTheLastOne() public {
        Schedule memory s = schedule(GRANTS, PLAIN);
        vm.warp(TGE + YEAR);
        uint256 first = release(GRANTS, PLAIN);
        assertEq(first, s.tgeAmount + (s.amount - s.tgeAmount) / 4);
        vm.warp(TGE + 2 * YEAR);
        uint256 second = release(GRANTS, PLAIN);
        assertEq(first + second, s.tgeAmount + (s.amount - s.tgeAmount) / 2);
    }

    function test_Release_TheLastOneEmptiesTheScheduleToTheWei() public {
        Schedule memory s = schedule(TEAM, PLAIN);
        for (uint256 i = 1; i <= 37; ++i) {
            vm.warp(TGE + YEAR + 3 * YEAR * i / 37);
            release(TEAM, PLAIN);
        }
        assertEq(opg.balanceOf(s.beneficiary), s.amount);
        assertEq(vault.releasable(s), 0);
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.NothingDue.selector, leaf(s)));
        release(TEAM, PLAIN);
    }

    function test_RevertWhen_ReleasedBeforeTheCliff() public {
        vm.warp(TGE + YEAR);
        bytes memory nothing = abi.encodeWithSelector(IVestingVault.NothingDue.selector, leaf(schedule(TEAM, PLAIN)));
        vm.expectRevert(nothing);
        release(TEAM, PLAIN);
        vm.warp(TGE + YEAR + 1);
        assertGt(release(TEAM, PLAIN), 0);
    }

    function test_RevertWhen_ReleasedTwiceInOneSecond() public {
        vm.warp(TGE + YEAR);
        release(GRANTS, PLAIN);
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.NothingDue.selector, leaf(schedule(GRANTS, PLAIN))));
        release(GRANTS, PLAIN);
    }

    function test_RevertWhen_CategoryIsUnknown() public {
        Schedule memory s = schedule(GRANTS, PLAIN);
        s.category = 3;
        vm.warp(TGE);
        bytes32[] memory p = proof(GRANTS, PLAIN);
        bytes memory unknown = abi.encodeWithSelector(IVestingVault.UnknownCategory.selector, 3);
        vm.expectRevert(unknown);
        vault.release(s, p);
        vm.expectRevert(unknown);
        vault.releasable(s);
        vm.expectRevert(unknown);
        vault.vestedAt(s, TGE);
        vm.expectRevert(unknown);
        vault.nextUnlock(s);
        vm.expectRevert(unknown);
        vault.category(3);
        vm.expectRevert(unknown);
        vault.categoryVestedAt(3, TGE);
    }

    function testFuzz_RevertWhen_AnyFieldIsAltered(uint256 field, uint256 value) public {
        Schedule memory s = schedule(GRANTS, BOTH);
        field = bound(field, 1, 6);
        if (field == 1) s.index = uint32(value);
        if (field == 2) s.beneficiary = address(uint160(value));
        if (field == 3) s.amount = uint128(value);
        if (field == 4) s.tgeAmount = uint128(value);
        if (field == 5) s.revocable = false;
        if (field == 6) s.transferable = false;
        vm.assume(leaf(s) != leaf(schedule(GRANTS, BOTH)));
        vm.warp(TGE + YEAR);
        bytes32[] memory p = proof(GRANTS, BOTH);
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.InvalidProof.selector, leaf(s)));
        vault.release(s, p);
    }

    // Many

    function test_ReleaseMany_PaysAllThatIsDue() public {
        vm.warp(TGE + 2 * YEAR);
        (Schedule[] memory schedules, bytes32[][] memory proofs) = allRows();
        uint256 due;
        for (uint256 i = 0; i < schedules.length; ++i) {
            due += vault.releasable(schedules[i]);
        }
        assertEq(vault.releaseMany(schedules, proofs, 0), due);
        for (uint256 i = 0; i < schedules.length; ++i) {
            assertEq(vault.releasable(schedules[i]), 0);
            assertEq(vault.stateOf(leaf(schedules[i])).released, vault.vestedAt(schedules[i], TGE + 2 * YEAR));
        }
    }

    function test_ReleaseMany_SkipsRowsBelowTheMinimum() public {
        vm.warp(TGE);
        (Schedule[] memory schedules, bytes32[][] memory proofs) = allRows();
        uint256 minimum = uint256(schedules[4].tgeAmount) + 1;
        vm.expectEmit(address(vault));
        emit IVestingVault.ReleaseSkipped(4, leaf(schedules[4]), IVestingVault.LessThanMinimum.selector);
        vault.releaseMany(schedules, proofs, minimum);
        assertEq(opg.balanceOf(beneficiary(4)), 0);
        assertEq(opg.balanceOf(beneficiary(7)), schedules[7].tgeAmount);
    }

    function test_RevertWhen_NothingOfABatchCanBeReleased() public {
        (Schedule[] memory schedules, bytes32[][] memory proofs) = allRows();
        vm.expectRevert(IVestingVault.NothingReleased.selector);
        vault.releaseMany(schedules, proofs, 0);
        vm.expectRevert(IVestingVault.NothingReleased.selector);
        vault.releaseMany(new Schedule[](0), new bytes32[][](0), 0);
    }

    function test_RevertWhen_RowsAndProofsDiffer() public {
        (Schedule[] memory schedules,) = allRows();
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.RowsAndProofsDiffer.selector, schedules.length, 1));
        vault.releaseMany(schedules, new bytes32[][](1), 0);
    }

    // Manual

    function test_SetManual_ReservesReleasesToTheBeneficiary() public {
        Schedule memory s = schedule(GRANTS, PLAIN);
        vm.warp(TGE);
        vm.expectEmit(address(vault));
        emit IVestingVault.ManualSet(leaf(s), true);
        setManual(GRANTS, PLAIN, true);
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.ManualRelease.selector, leaf(s)));
        release(GRANTS, PLAIN);
        vm.prank(s.beneficiary);
        assertEq(release(GRANTS, PLAIN), s.tgeAmount);

        vm.warp(TGE + YEAR);
        setManual(GRANTS, PLAIN, false);
        assertGt(release(GRANTS, PLAIN), 0);
    }

    function test_RevertWhen_AStrangerSetsManual() public {
        (Schedule memory s, bytes32[] memory p) = (schedule(GRANTS, PLAIN), proof(GRANTS, PLAIN));
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.NotBeneficiary.selector, stranger, s.beneficiary));
        vm.prank(stranger);
        vault.setManual(s, p, true);
    }

    // Elsewhere

    function test_ClaimTo_PaysWhomTheBeneficiaryNames() public {
        Schedule memory s = schedule(GRANTS, PLAIN);
        vm.warp(TGE);
        setManual(GRANTS, PLAIN, true);
        vm.expectEmit(address(vault));
        emit IVestingVault.Released(leaf(s), elsewhere, s.tgeAmount);
        assertEq(claimTo(GRANTS, PLAIN, elsewhere), s.tgeAmount);
        assertEq(opg.balanceOf(elsewhere), s.tgeAmount);
    }

    function test_RevertWhen_ClaimedToAnAddressThatCannotReceive() public {
        vm.warp(TGE);
        address[3] memory refused = [address(0), custody, address(vault)];
        for (uint256 i = 0; i < refused.length; ++i) {
            (Schedule memory s, bytes32[] memory p) = (schedule(GRANTS, PLAIN), proof(GRANTS, PLAIN));
            vm.expectRevert(abi.encodeWithSelector(IVestingVault.InvalidRecipient.selector, refused[i]));
            vm.prank(s.beneficiary);
            vault.claimTo(s, p, refused[i]);
        }
    }

    function test_RevertWhen_AStrangerClaims() public {
        (Schedule memory s, bytes32[] memory p) = (schedule(GRANTS, PLAIN), proof(GRANTS, PLAIN));
        vm.warp(TGE);
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.NotBeneficiary.selector, stranger, s.beneficiary));
        vm.prank(stranger);
        vault.claimTo(s, p, stranger);
    }

    function test_RevertWhen_NothingIsDueToAClaim() public {
        (Schedule memory s, bytes32[] memory p) = (schedule(TEAM, PLAIN), proof(TEAM, PLAIN));
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.NothingDue.selector, leaf(s)));
        vm.prank(s.beneficiary);
        vault.claimTo(s, p, elsewhere);
    }

    // By signature

    function test_ClaimToBySig_PaysWhomTheBeneficiaryNamed() public {
        Schedule memory s = schedule(GRANTS, PLAIN);
        vm.warp(TGE);
        bytes memory signature =
            sign(beneficiaryKey(PLAIN), claimDigest(address(vault), leaf(s), s.beneficiary, elsewhere, 0, TGE));
        bytes32[] memory p = proof(GRANTS, PLAIN);
        vm.prank(stranger);
        assertEq(vault.claimToBySig(s, p, elsewhere, TGE, signature), s.tgeAmount);
        assertEq(opg.balanceOf(elsewhere), s.tgeAmount);
        assertEq(vault.nonces(s.beneficiary), 1);
    }

    function test_RevertWhen_TheSignatureExpired() public {
        Schedule memory s = schedule(GRANTS, PLAIN);
        vm.warp(TGE + 1);
        bytes memory signature =
            sign(beneficiaryKey(PLAIN), claimDigest(address(vault), leaf(s), s.beneficiary, elsewhere, 0, TGE));
        bytes32[] memory p = proof(GRANTS, PLAIN);
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.ExpiredSignature.selector, TGE));
        vault.claimToBySig(s, p, elsewhere, TGE, signature);
    }

    function testFuzz_RevertWhen_TheSignatureIsOfSomethingElse(uint256 what) public {
        what = bound(what, 0, 6);
        Schedule memory s = schedule(GRANTS, PLAIN);
        vm.warp(TGE);
        bytes32 digest = claimDigest(
            address(vault),
            what == 0 ? leaf(schedule(GRANTS, REVOCABLE)) : leaf(s),
            what == 6 ? stranger : s.beneficiary,
            what == 1 ? stranger : elsewhere,
            what == 2 ? 1 : 0,
            what == 3 ? TGE + 1 : TGE
        );
        bytes memory signature = sign(beneficiaryKey(what == 4 ? REVOCABLE : PLAIN), digest);
        if (what == 5) signature = new bytes(65);
        bytes32[] memory p = proof(GRANTS, PLAIN);
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.InvalidSignature.selector, s.beneficiary));
        vault.claimToBySig(s, p, elsewhere, TGE, signature);
    }

    // Recipients

    function test_RevertWhen_TheTokenRefusesTheBeneficiary() public {
        address[3] memory refused = [address(0), custody, address(vault)];
        vm.warp(TGE);
        for (uint256 i = 0; i < refused.length; ++i) {
            fund(1 ether);
            uint32 id = vault.categoryCount();
            Schedule memory s = Schedule(id, 0, refused[i], 1 ether, 1 ether, false, false);
            add(terms("refused", single(s), TGE, 0, 0));
            vm.expectRevert(abi.encodeWithSelector(IVestingVault.RecipientRefused.selector, refused[i]));
            vault.release(s, new bytes32[](0));
        }
    }

    // Views

    function test_Views_DescribeTheVault() public view {
        assertEq(vault.opg(), address(opg));
        assertEq(vault.treasury(), treasury);
        assertEq(vault.authority(), address(manager));
        assertEq(vault.categoryCount(), 3);
        (, string memory name, string memory version, uint256 chainId, address verifier,,) = vault.eip712Domain();
        assertEq(name, "OPG Vesting");
        assertEq(version, "1");
        assertEq(chainId, chain);
        assertEq(verifier, address(vault));
    }

    function test_StatesOf_IsStateOfEach() public {
        vm.warp(TGE + YEAR);
        release(GRANTS, PLAIN);
        setManual(GRANTS, REVOCABLE, true);
        bytes32[] memory ids = new bytes32[](3);
        (ids[0], ids[1], ids[2]) =
        (leaf(schedule(GRANTS, PLAIN)), leaf(schedule(GRANTS, REVOCABLE)), leaf(schedule(GRANTS, BOTH)));
        ScheduleState[] memory states = vault.statesOf(ids);
        for (uint256 i = 0; i < ids.length; ++i) {
            assertEq(abi.encode(states[i]), abi.encode(vault.stateOf(ids[i])));
        }
        assertGt(states[0].released, 0);
        assertTrue(states[1].manual);
        assertEq(abi.encode(states[2]), abi.encode(ScheduleState(0, 0, false, false)));
    }

    function testFuzz_ScheduleId_IsTheLeaf(Schedule memory s) public view {
        assertEq(vault.scheduleId(s), leaf(s));
    }

    function testFuzz_NextUnlock_IsTheFirstSecondThatPaysMore(uint256 time, bool team) public {
        Schedule memory s = schedule(team ? TEAM : GRANTS, PLAIN);
        time = bound(time, TGE - 1 days, TGE + 4 * YEAR - 1);
        vm.warp(time);
        (uint256 next, uint256 more) = vault.nextUnlock(s);
        uint256 vested = vault.vestedAt(s, time);
        assertEq(vault.vestedAt(s, next - 1), vested);
        assertEq(vault.vestedAt(s, next), vested + more);
        assertGt(more, 0);
        assertGt(next, time);
    }

    function testFuzz_NextUnlock_OfSmallAmounts(uint128 amount, uint128 tge, uint32 cliff, uint32 duration, uint64 time)
        public
    {
        amount = uint128(bound(amount, 1, 1000));
        tge = uint128(bound(tge, 0, amount));
        fund(amount);
        Schedule memory s = Schedule(3, 0, stranger, amount, tge, false, false);
        add(terms("small", single(s), TGE, cliff, duration));
        vm.warp(bound(time, TGE - 10, uint256(TGE) + cliff + duration + 1));
        uint256 vested = vault.vestedAt(s, vm.getBlockTimestamp());
        (uint256 next, uint256 more) = vault.nextUnlock(s);
        if (vested == amount) {
            assertEq(next, 0);
            assertEq(more, 0);
        } else {
            assertEq(vault.vestedAt(s, next - 1), vested);
            assertEq(vault.vestedAt(s, next), vested + more);
            assertGt(more, 0);
        }
    }

    function test_NextUnlock_OfTheFixture() public {
        Schedule memory s = schedule(GRANTS, PLAIN);
        (uint256 next, uint256 more) = vault.nextUnlock(s);
        assertEq(next, TGE);
        assertEq(more, s.tgeAmount);
        vm.warp(TGE + 4 * YEAR);
        (next, more) = vault.nextUnlock(s);
        assertEq(next, 0);
        assertEq(more, 0);
    }
}
