// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRewards} from "../../contracts/interfaces/IRewards.sol";
import {OperatorView, Slash} from "../../contracts/interfaces/IStakingCommon.sol";
import {HostileToken, Reentrant} from "./support/HostileToken.sol";
import {RewardsFixture} from "./support/RewardsFixture.sol";

/// @notice Ways in which others have lost or overpaid rewards, each tried here (docs/rewards.md, Traps).
contract RewardsTrapsTest is RewardsFixture {
    function setUp() public override {
        super.setUp();
        _register(op, 20_000 ether);
        _endEpoch();
    }

    function test_Trap_CommissionRaiseBeforeClaim() public {
        _stake(op, bob, 20_000 ether);
        _pass(2 days);
        uint256 earned = _claimable(op, bob);
        vm.prank(op);
        staking.setCommission(2_000);
        assertEq(_claimable(op, bob), earned);
        _pass(1 days);
        // Notice is given, and runs: half of it is bob's stake's, less 5 %.
        uint256 flow = _flow(1 days);
        assertApproxEqAbs(_claimable(op, bob), earned + flow / 2 * 9_500 / 10_000, DUST);

        // Once it counts, it counts for what is earned from then on.
        _pass(6 days);
        _endEpoch();
        staking.settle(op);
        earned = _claimable(op, bob);
        _pass(1 days);
        flow = _flow(1 days);
        assertApproxEqAbs(_claimable(op, bob), earned + flow / 2 * 8_000 / 10_000, DUST);

        // A lower one counts at once, and not for what was earned before.
        vm.prank(op);
        staking.setCommission(0);
        earned = _claimable(op, bob);
        _pass(1 days);
        assertApproxEqAbs(_claimable(op, bob), earned + flow / 2, DUST);
    }

    /// The seconds in which a higher commission begins to count are paid at the lower one, even if nobody settles.
    function test_Trap_CommissionIsNeverTakenForTheTimeBefore() public {
        _stake(op, bob, 20_000 ether);
        vm.prank(op);
        staking.setCommission(2_000);
        _endEpoch();
        uint256 before = _claimable(op, bob);
        uint256 flow = _flow(EPOCH);
        _pass(EPOCH);
        assertApproxEqAbs(_claimable(op, bob), before + flow / 2 * 9_500 / 10_000, DUST);
    }

    function test_Trap_RewardClaimReentrancy() public {
        Reentrant bad = new Reentrant(rewards, op);
        _stake(op, address(bad), 10_000 ether);
        _pass(1 days);
        uint256 earned = _claimable(op, address(bad));
        vm.etch(address(opg), type(HostileToken).runtimeCode);
        bad.claim();
        assertEq(bad.calls(), 1);
        assertEq(bad.refused(), 1);
        assertEq(HostileToken(address(opg)).paidTo(address(bad)), earned);
    }

    function test_Trap_JailedOperatorEarnsNothing() public {
        _register(rival, 20_000 ether);
        _stake(op, bob, 10_000 ether);
        _pay(op, 100 ether);
        _pass(1 days);
        vm.prank(guardian);
        staking.jail(op, 30 days);
        (uint256 ofOperator, uint256 ofBob) = (_claimable(op, op), _claimable(op, bob));
        // Base: the stream goes to the others.
        uint256 ofRival = _claimable(rival, rival);
        uint256 flow = _flow(1 days);
        _pass(1 days);
        assertEq(_claimable(op, op), ofOperator);
        assertEq(_claimable(op, bob), ofBob);
        assertApproxEqAbs(_claimable(rival, rival), ofRival + flow, DUST);
        // Performance: of fees routed now nothing counts; what counted before is lost with the epoch.
        _pay(op, 1_000 ether);
        (uint256 fees,) = router.feesOf(1, op);
        assertEq(fees, 100 ether);
        _endEpoch();
        uint256 carried = rewards.carried();
        vm.expectEmit(address(rewards));
        emit IRewards.PerformanceSettled(op, 1, 4.5 ether, false);
        rewards.settlePerformance(op, 1);
        assertEq(rewards.performanceOf(op), 0);
        assertEq(rewards.carried(), carried + 4.5 ether);
        assertEq(_claimable(op, op), ofOperator);
    }

    function test_Trap_FlashStakingWithinABlock() public {
        uint256 before = _claimable(op, op);
        uint256 shares = _stake(op, bob, 1_000_000 ether);
        assertEq(_claimable(op, bob), 0);
        _unbond(op, bob, shares);
        _pass(1 days);
        assertEq(_claimable(op, bob), 0);
        assertApproxEqAbs(_claimable(op, op), before + _flow(1 days), DUST);
    }

    function test_Trap_UnbondingSharesEarnNothing() public {
        uint256 shares = _stake(op, bob, 10_000 ether);
        _stake(op, carol, 10_000 ether);
        _pass(1 days);
        _unbond(op, bob, shares);
        (uint256 ofBob, uint256 ofCarol) = (_claimable(op, bob), _claimable(op, carol));
        assertApproxEqAbs(ofBob, ofCarol, 1);
        uint256 flow = _flow(1 days);
        _pass(1 days);
        assertEq(_claimable(op, bob), ofBob);
        assertApproxEqAbs(_claimable(op, carol), ofCarol + flow / 3 * 9_500 / 10_000, DUST);
        // Bonded again, they earn from now on.
        vm.prank(bob);
        staking.cancelUnbond(op, bob, 1);
        assertEq(_claimable(op, bob), ofBob);
        _pass(1 days);
        assertApproxEqAbs(_claimable(op, bob), ofBob + flow / 4 * 9_500 / 10_000, DUST);
    }

    function test_Trap_RedelegationDoubleClaim() public {
        _register(rival, 20_000 ether);
        uint256 shares = _stake(op, bob, 10_000 ether);
        _pass(1 days);
        _unbond(op, bob, shares);
        _pass(UNBONDING);
        uint256 earned = _claimable(op, bob);
        vm.prank(bob);
        staking.redelegate(op, bob, 1, rival, 0);
        assertEq(_claimable(op, bob), earned, "stays claimable where it was earned");
        assertEq(_claimable(rival, bob), 0, "nothing comes along");
        assertEq(_claim(op, bob), earned);
        vm.expectRevert(abi.encodeWithSelector(IRewards.NothingToClaim.selector, op, bob));
        vm.prank(bob);
        rewards.claim(op, bob, bob);
        _endEpoch();
        _pass(1 days);
        assertEq(_claimable(op, bob), 0);
        assertGt(_claimable(rival, bob), 0);
    }

    /// Thousands of claims and stakes of dust give nobody more than the stream, nor take from whoever does nothing.
    function test_Trap_RoundingTheft() public {
        _stake(op, bob, 10_000 ether);
        _stake(op, carol, 10_000 ether);
        _give(bob, 1 ether);
        uint256 flow = _flow(5_000);
        uint256 claimed;
        vm.startPrank(bob);
        for (uint256 i; i < 2_500; ++i) {
            vm.warp(vm.getBlockTimestamp() + 2);
            claimed += rewards.claim(op, bob, bob);
            if (i % 3 == 0) staking.delegate(op, 1, 0);
            if (i % 16 == 1 && i < 256) staking.unbond(op, bob, 1, 0);
        }
        vm.stopPrank();
        uint256 ofCarol = _claimable(op, carol);
        assertLe(claimed, ofCarol + 1_000_000, "dust of dust");
        assertApproxEqAbs(ofCarol, flow / 4 * 9_500 / 10_000, 2_500 * DUST);
        assertLe(claimed + ofCarol + _claimable(op, op), flow);
    }

    /// Who comes at the end of an epoch gets none of what was earned in it.
    function test_Trap_EpochBoundarySniping() public {
        _pay(op, 1_000 ether);
        _pass(EPOCH - 1);
        _stake(op, bob, 1_000_000 ether);
        _pass(1);
        uint256 ofBob = _claimable(op, bob);
        assertLe(ofBob, _flow(1), "one second, not an epoch");
        _release();
        rewards.endEpoch();
        rewards.settlePerformance(op, 1);
        assertEq(_claimable(op, bob), ofBob);
        assertEq(rewards.performanceOf(op), 45 ether);

        // Fees that come after the end count in the next epoch, however soon; each counts once.
        _pay(op, 500 ether);
        (uint256 fees,) = router.feesOf(1, op);
        assertEq(fees, 1_000 ether);
        (fees,) = router.feesOf(2, op);
        assertEq(fees, 500 ether);
        // Waiting for an epoch without competition gets no more than the cap either.
        _endEpoch();
        assertEq(rewards.settlePerformance(op, 2), 22.5 ether);
    }

    /// An operator that registers for the end of an epoch gets no more than its own fees allow.
    function test_Trap_FeeRoutedForARetiredOperator() public {
        _pay(op, 100 ether);
        vm.prank(op);
        staking.retire();
        _pass(1);
        // It worked for the fee, and is paid; nothing counts.
        _payTo(op, version, 1_000 ether);
        uint256 before = router.owed(op);
        router.sweep(op, version);
        assertEq(router.owed(op), before + 820 ether);
        (uint256 fees, uint256 burned) = router.feesIn(1);
        assertEq(fees, 100 ether);
        assertEq(burned, 5 ether);
        _endEpoch();
        rewards.settlePerformance(op, 1);
        assertEq(rewards.performanceOf(op), 0);
    }

    function test_Trap_SlashedPoolStaysExact() public {
        _stake(op, bob, 10_000 ether);
        _stake(op, carol, 30_000 ether);
        _pass(1 days);
        uint256 ofBob = _claimable(op, bob);
        // All own stake and half of the pool.
        Slash memory s = _slashAndExecute(FATAL, op, 40_000 ether);
        assertEq(s.pool, 20_000 ether);
        uint256 earned = _claimable(op, bob);
        assertApproxEqAbs(earned, ofBob + _flow(1) / 6 * 9_500 / 10_000, DUST);
        _give(op, 20_000 ether);
        vm.prank(op);
        staking.delegate(op, 20_000 ether, 0);
        _unjail(op);
        assertEq(_claimable(op, bob), earned, "nothing while jailed");
        _endEpoch();
        earned = _claimable(op, bob);
        uint256 ofOperator = _claimable(op, op);
        uint256 ofCarol = _claimable(op, carol);
        _pass(1 days);
        uint256 flow = _flow(1 days);
        // 20,000 own and 20,000 of the pool, of which bob has a quarter.
        assertApproxEqAbs(_claimable(op, bob), earned + flow / 8 * 9_500 / 10_000, DUST);
        assertApproxEqAbs(_claimable(op, carol), ofCarol + flow * 3 / 8 * 9_500 / 10_000, DUST);
        assertApproxEqAbs(_claimable(op, op), ofOperator + flow / 2 + flow / 2 * 500 / 10_000, DUST);
    }

    /// Shares that a slash made worthless keep what they had earned and earn no more, however often it is claimed.
    function test_Trap_LostSharesEarnNoMore() public {
        _stake(op, bob, 10_000 ether);
        _pass(1 days);
        _slashAndExecute(FATAL, op, type(uint256).max);
        uint256 earned = _claimable(op, bob);
        assertGt(earned, 0);
        _give(op, 20_000 ether);
        vm.prank(op);
        staking.delegate(op, 20_000 ether, 0);
        _unjail(op);
        _stake(op, carol, 10_000 ether);
        _endEpoch();
        _pass(1 days);
        assertEq(_claimable(op, bob), earned);
        assertEq(_claim(op, bob), earned);
        _pass(1 days);
        staking.settle(op);
        assertEq(_claimable(op, bob), 0);
        // With new shares he earns like carol.
        _stake(op, bob, 10_000 ether);
        uint256 ofCarol = _claimable(op, carol);
        _pass(1 days);
        assertApproxEqAbs(_claimable(op, bob), _claimable(op, carol) - ofCarol, 2);
    }

    /// Rewards that revert, or fill the stream with nonsense, keep nobody's stake.
    function test_Trap_BadRewardsBlockNoExit() public {
        uint256 shares = _stake(op, bob, 10_000 ether);
        vm.startPrank(address(rewards));
        for (uint256 i; i < 4; ++i) {
            staking.fillStream(type(uint200).max, 60 days);
            vm.warp(vm.getBlockTimestamp() + 59 days);
        }
        vm.stopPrank();
        vm.etch(address(rewards), hex"fe");
        _unbond(op, bob, shares / 2);
        _unbond(op, bob, shares - shares / 2);
        vm.prank(bob);
        staking.cancelUnbond(op, bob, 2);
        _unbond(op, bob, shares - shares / 2);
        vm.prank(op);
        uint256 id = staking.retire();
        _pass(UNBONDING);
        assertEq(_withdraw(op, bob, 1) + _withdraw(op, bob, 3), 10_000 ether);
        assertEq(_withdraw(op, op, id), 20_000 ether);
    }

    /// Nothing can be gained, and no sum be upset, by sending tokens.
    function test_Trap_TokensSentChangeNothing() public {
        (uint256 before, uint256 rate) = (rewards.undivided(), _flow(1));
        vm.startPrank(treasury);
        opg.transfer(address(rewards), 1_000 ether);
        opg.transfer(address(router), 1_000 ether);
        vm.stopPrank();
        assertEq(rewards.undivided(), before);
        _pass(EPOCH);
        rewards.endEpoch();
        assertLe(_flow(1), rate);
        _pay(op, 1_000 ether);
        assertEq(router.owed(op), 820 ether);
    }

    function test_Trap_StakeOfAnOperatorCountsOnceItIsBack() public {
        vm.prank(guardian);
        staking.jail(op, 1 days);
        uint256 earned = _claimable(op, op);
        _pass(2 days);
        vm.prank(op);
        staking.unjail();
        OperatorView memory back = staking.operatorOf(op);
        assertEq(back.stake, 20_000 ether);
        assertEq(_claimable(op, op), earned, "not for the time in jail");
        _pass(1 days);
        assertApproxEqAbs(_claimable(op, op), earned + _flow(1 days), DUST);
    }
}
