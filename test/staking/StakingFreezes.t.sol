// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakingCommon, SlashRule} from "../../contracts/interfaces/IStakingCommon.sol";
import {StakingFixture} from "./support/StakingFixture.sol";

/// @notice Stake that stays while a dispute is open, and how little that can be used against others.
contract StakingFreezesTest is StakingFixture {
    uint32 private constant MAX_FREEZE = 14 days;

    function setUp() public override {
        super.setUp();
        _register(op, 20_000 ether);
        _stake(op, bob, 5_000 ether);
        _pass(1 days);
    }

    function _freeze(uint8 offence, uint256 amount, uint32 time) private returns (uint96 frozen, uint32 round) {
        return _freezeFor(_now(), offence, amount, time);
    }

    /// For the earliest offence that can still be slashed: all stake that may leave in a second backed it.
    function _freezeForThePast(uint256 amount, uint32 time) private returns (uint96 frozen, uint32 round) {
        return _freezeFor(_now() - UNBONDING + 1, FATAL, amount, time);
    }

    function _freezeFor(uint64 offence, uint8 number, uint256 amount, uint32 time)
        private
        returns (uint96 frozen, uint32 round)
    {
        vm.prank(disputes);
        return staking.freeze(op, number, amount, offence, _now() + time);
    }

    function _unfreeze(uint256 amount, uint32 round) private {
        vm.prank(disputes);
        staking.unfreeze(op, amount, round);
    }

    function _refused(uint256 frozen, uint256 until) private view returns (bytes memory) {
        return abi.encodeWithSelector(IStakingCommon.StakeFrozen.selector, op, frozen, until);
    }

    function test_Freeze_KeepsWhatTheDisputeCanSlashUntilItIsDecided() public {
        vm.prank(op);
        staking.retire();
        uint256 id = _unbond(op, bob, 5_000 ether);
        _pass(UNBONDING - 1 days);
        // The offence is of a time when everything was bonded; nothing has left since.
        uint64 offence = _now() - (UNBONDING - 1 days);
        vm.prank(disputes);
        (uint96 frozen, uint32 round) = staking.freeze(op, FATAL, type(uint256).max, offence, _now() + 10 days);
        assertEq(frozen, 25_000 ether);
        uint64 until = _now() + 10 days;
        _pass(1 days);
        vm.expectRevert(_refused(25_000 ether, until));
        vm.prank(op);
        staking.withdraw(op, op, 1, op, 0);
        vm.expectRevert(_refused(25_000 ether, until));
        vm.prank(bob);
        staking.withdraw(op, bob, id, bob, 0);

        // Decided long after the stake would have left: the time of offences stood still.
        _pass(8 days);
        vm.startPrank(disputes);
        staking.slash(op, FATAL, type(uint256).max, offence, challenger, payer);
        staking.unfreeze(op, frozen, round);
        vm.stopPrank();
        assertEq(_own(op).assets, 0);
        assertEq(_pool(op).assets, 0);
        assertEq(_withdraw(op, bob, id), 0);
    }

    function test_Freeze_OfNothingSlashableIsNone() public {
        vm.startPrank(disputes);
        (uint96 frozen, uint32 round) = staking.freeze(op, 9, 1 ether, _now(), _now() + 1 days);
        assertEq(frozen + round, 0);
        // Before the stake, after now, for no time.
        (frozen,) = staking.freeze(op, FATAL, 1 ether, _now() - 2 days, _now() + 1 days);
        assertEq(frozen, 0);
        (frozen,) = staking.freeze(op, FATAL, 1 ether, _now() + 1, _now() + 1 days);
        assertEq(frozen, 0);
        (frozen,) = staking.freeze(op, FATAL, 1 ether, _now(), _now());
        assertEq(frozen, 0);
        (frozen,) = staking.freeze(rival, FATAL, 1 ether, _now(), _now() + 1 days);
        assertEq(frozen, 0);
        vm.stopPrank();
        (uint256 amount, uint64 until) = staking.freezeOf(op);
        assertEq(amount + until, 0);
    }

    function testFuzz_Freeze_IsAtMostWhatCanBeSlashed(uint256 amount, uint256 slashed) public {
        slashed = bound(slashed, 1, 2_500 ether);
        _slash(MINOR, op, slashed);
        (uint96 frozen,) = _freeze(MINOR, amount, 1 days);
        // A tenth of 25,000 within a day; the stake of this second is what the slash has left.
        uint256 left = 2_500 ether - slashed;
        assertEq(frozen, amount < left ? amount : left);
    }

    /// Own stake pays first, so delegators wait only for what it does not cover.
    function test_Freeze_OwnStakeCoversItFirst() public {
        uint256 mine = _unbond(op, bob, 5_000 ether);
        uint256 own = _unbond(op, op, 10_000 ether);
        _pass(UNBONDING - 1);
        _freezeForThePast(20_000 ether, 5 days);
        _pass(1);
        // The operator cannot leave the burden to its delegators.
        vm.expectRevert(_refused(20_000 ether, _now() - 1 + 5 days));
        vm.prank(op);
        staking.withdraw(op, op, own, op, 0);
        assertEq(_withdraw(op, bob, mine), 5_000 ether);
    }

    function test_Freeze_DelegatorsWaitForTheRestOnly() public {
        uint256 first = _unbond(op, bob, 2_000 ether);
        uint256 second = _unbond(op, bob, 2_000 ether);
        _pass(UNBONDING - 1);
        _freezeForThePast(22_000 ether, 5 days);
        _pass(1);
        _withdraw(op, bob, first);
        // 1,000 of the 3,000 that are left may go.
        vm.expectRevert(_refused(22_000 ether, _now() - 1 + 5 days));
        vm.prank(bob);
        staking.withdraw(op, bob, second, bob, 0);
        // Staking, unbonding and cancelling go on.
        vm.startPrank(bob);
        staking.cancelUnbond(op, bob, second);
        staking.unbond(op, bob, 1 ether, 0);
        vm.stopPrank();
        _stake(op, carol, 10 ether);
    }

    function test_Freeze_HoldsRedelegationAsWell() public {
        _register(rival, 20_000 ether);
        uint256 id = _unbond(op, bob, 5_000 ether);
        _pass(UNBONDING - 1);
        _freezeForThePast(25_000 ether, 1 days);
        _pass(1);
        vm.expectRevert(_refused(25_000 ether, _now() - 1 + 1 days));
        vm.prank(bob);
        staking.redelegate(op, bob, id, rival, 0);
    }

    function test_Unfreeze_FreesExactlyItsOwn() public {
        uint256 id = _unbond(op, op, 10_000 ether);
        _pass(UNBONDING);
        (uint96 a, uint32 round) = _freeze(FATAL, 8_000 ether, 3 days);
        (uint96 b, uint32 same) = _freeze(FATAL, 9_000 ether, 2 days);
        assertEq(same, round);
        (uint256 amount, uint64 until) = staking.freezeOf(op);
        assertEq(amount, 17_000 ether);
        assertEq(until, _now() + 3 days);
        _unfreeze(a, round);
        (amount,) = staking.freezeOf(op);
        assertEq(amount, b);
        // 10,000 stay, 9,000 are frozen.
        assertEq(_withdraw(op, op, id), 10_000 ether);
        _unfreeze(b, round);
        (amount, until) = staking.freezeOf(op);
        assertEq(amount + until, 0);
    }

    function test_Unfreeze_OfAnEarlierRoundFreesNothing() public {
        (uint96 a, uint32 round) = _freeze(FATAL, 8_000 ether, 1 days);
        _pass(1 days);
        (uint256 amount,) = staking.freezeOf(op);
        assertEq(amount, 0);
        (, uint32 next) = _freeze(FATAL, 5_000 ether, 1 days);
        assertEq(next, round + 1);
        _unfreeze(a, round);
        (amount,) = staking.freezeOf(op);
        assertEq(amount, 5_000 ether);
        // Nor does what was never frozen.
        _unfreeze(1 ether, 0);
        (amount,) = staking.freezeOf(op);
        assertEq(amount, 5_000 ether);
    }

    /// What expires needs nobody: no exit waits for a transaction of others.
    function test_Freeze_ExpiresByItself() public {
        uint256 id = _unbond(op, bob, 5_000 ether);
        _pass(UNBONDING - 1);
        _freezeForThePast(type(uint256).max, 30 days);
        (, uint64 until) = staking.freezeOf(op);
        assertEq(until, _now() + MAX_FREEZE);
        vm.warp(until - 1);
        // Held by the freeze; the unbond itself could wait a second longer.
        vm.expectRevert(_refused(25_000 ether, until));
        vm.prank(bob);
        staking.withdraw(op, bob, id, bob, 0);
        vm.warp(until);
        assertEq(_withdraw(op, bob, id), 5_000 ether);
    }

    /// An operator that has disputes opened about itself, one after the other and for ever, holds its delegators at most
    /// `MAX_FREEZE`: no endless thaw.
    function test_Attack_EndlessDisputesHoldNobodyForLonger() public {
        uint256 id = _unbond(op, bob, 5_000 ether);
        uint256 due = _now() + UNBONDING;
        for (uint256 i; i < 40; ++i) {
            vm.prank(disputes);
            staking.freeze(op, FATAL, type(uint256).max, _now(), _now() + 10 days);
            if (_now() + 1 days >= due + MAX_FREEZE) break;
            _pass(1 days);
            if (_now() < due) continue;
            vm.expectPartialRevert(IStakingCommon.StakeFrozen.selector);
            vm.prank(bob);
            staking.withdraw(op, bob, id, bob, 0);
        }
        vm.warp(due + MAX_FREEZE);
        (uint256 amount,) = staking.freezeOf(op);
        assertGt(amount, 20_000 ether);
        assertEq(_withdraw(op, bob, id), 5_000 ether);
    }

    /// Time stands still for offences too, but not longer than stake is kept for it.
    function test_Attack_OldOffencesStayForgotten() public {
        uint64 offence = _now();
        _pass(UNBONDING - 1);
        for (uint256 i; i < 3; ++i) {
            _freeze(FATAL, 1 ether, 13 days);
            _pass(7 days);
        }
        _pass(1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakingCommon.OffenceOutOfWindow.selector, offence, _now() - MAX_FREEZE - UNBONDING + 1, _now()
            )
        );
        vm.prank(disputes);
        staking.slash(op, FATAL, 1 ether, offence, challenger, payer);
    }

    function test_Attack_SlashTakesWhatWasFrozenAlthoughEverybodyTriesToLeave() public {
        uint64 offence = _now();
        vm.prank(op);
        staking.retire();
        uint256 id = _unbond(op, bob, 5_000 ether);
        _pass(UNBONDING - 1);
        vm.prank(disputes);
        (uint96 frozen,) = staking.freeze(op, MINOR, type(uint256).max, offence, _now() + 2 days);
        assertEq(frozen, 2_500 ether);
        _pass(1);
        // Bob does not wait for it: the operator's own stake covers it.
        _withdraw(op, bob, id);
        vm.prank(op);
        (bool left,) = address(staking).call(abi.encodeCall(staking.withdraw, (op, op, 1, op, 0)));
        assertFalse(left);
        vm.prank(disputes);
        staking.slash(op, MINOR, type(uint256).max, offence, challenger, payer);
        assertEq(_own(op).assets, 17_500 ether);
    }

    function test_RevertWhen_AnybodyElseFreezes() public {
        address[4] memory callers = [governance, guardian, op, bob];
        for (uint256 i; i < callers.length; ++i) {
            vm.startPrank(callers[i]);
            (bool done,) = address(staking).call(abi.encodeCall(staking.freeze, (op, FATAL, 1, _now(), _now() + 1)));
            assertFalse(done);
            (done,) = address(staking).call(abi.encodeCall(staking.unfreeze, (op, 1, 1)));
            assertFalse(done);
            vm.stopPrank();
        }
    }

    /// A rule that is gone, or a stake that a slash took, makes nothing stick.
    function test_Freeze_WorthlessUnbondsLeaveAtOnce() public {
        uint256 id = _unbond(op, bob, 5_000 ether);
        uint64 offence = _now();
        _pass(UNBONDING - 1);
        (uint96 frozen,) = _freezeForThePast(type(uint256).max, 10 days);
        vm.prank(disputes);
        staking.slash(op, FATAL, type(uint256).max, offence, challenger, payer);
        vm.prank(governance);
        staking.setSlashRule(FATAL, SlashRule(0, 0, 0, 0, 0));
        _pass(1);
        assertEq(frozen, 25_000 ether);
        assertEq(_withdraw(op, bob, id), 0);
    }
}
