// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IRewards, RewardEpoch, RewardParameters} from "../../contracts/interfaces/IRewards.sol";
import {IStakingCommon} from "../../contracts/interfaces/IStakingCommon.sol";
import {IStakingRewards} from "../../contracts/interfaces/IStakingRewards.sol";
import {RewardsFixture} from "./support/RewardsFixture.sol";

/// @notice What stake and work earn, how it is divided, and how it is claimed.
contract RewardsTest is RewardsFixture {
    function setUp() public override {
        super.setUp();
        _register(op, 20_000 ether);
        _endEpoch();
    }

    // Stream

    function test_Stream_DividesWhatVestedOverTheNextEpoch() public view {
        uint256 vested = uint256(STREAM) * EPOCH / STREAM_TIME;
        (uint256 rate, uint64 until) = staking.stream();
        assertEq(rate, vested / 2 / EPOCH);
        assertEq(until, _now() + EPOCH);
        assertEq(rewards.carried(), vested - vested / 2);
        assertEq(rewards.undivided(), 0);
    }

    function test_Stream_FlowsToTheOnlyOperatorToTheWei() public {
        uint256 flow = _flow(EPOCH);
        _pass(2 * EPOCH);
        assertApproxEqAbs(_claimable(op, op), flow, DUST);
        assertLe(_claimable(op, op), flow);
        assertEq(_claim(op, op), opg.balanceOf(op));
        assertEq(_claimable(op, op), 0);
    }

    function test_Stream_IsSharedByStakeAcrossOperators() public {
        _register(rival, 60_000 ether);
        uint256 flow = _flow(4 days);
        _pass(4 days);
        assertApproxEqAbs(_claimable(op, op), flow / 4, DUST);
        assertApproxEqAbs(_claimable(rival, rival), flow * 3 / 4, DUST);
    }

    function test_Stream_DelegatorsPayTheCommission() public {
        _stake(op, bob, 10_000 ether);
        _stake(op, carol, 30_000 ether);
        uint256 flow = _flow(3 days);
        _pass(3 days);
        // A third is the operator's own stake's, of the rest 5 % are its commission.
        assertApproxEqAbs(_claimable(op, op), flow / 3 + flow * 2 / 3 * 500 / 10_000, DUST);
        assertApproxEqAbs(_claimable(op, bob), flow / 6 * 9_500 / 10_000, DUST);
        assertApproxEqAbs(_claimable(op, carol), flow / 2 * 9_500 / 10_000, DUST);
        uint256 all = _claim(op, op) + _claim(op, bob) + _claim(op, carol);
        assertLe(all, flow);
        assertApproxEqAbs(all, flow, 4 * DUST);
    }

    function test_Stream_WaitsWhileNobodyIsActive() public {
        _pass(1 days);
        vm.prank(op);
        staking.retire();
        uint256 earned = _claimable(op, op);
        _pass(30 days);
        assertEq(_claimable(op, op), earned);
        (, uint64 until) = staking.stream();
        assertEq(until, _now() + 6 days, "six days are left");
        vm.prank(op);
        staking.cancelUnbond(op, op, 1);
        vm.prank(op);
        staking.register(key, 1, 500, 0, "", "");
        uint256 flow = _flow(6 days);
        _pass(10 days);
        assertApproxEqAbs(_claimable(op, op), earned + flow, DUST);
    }

    function test_Stream_WhatIsLeftFlowsOn() public {
        _pass(1 days);
        vm.prank(op);
        staking.retire();
        (uint256 rate,) = staking.stream();
        _endEpoch();
        uint256 inflow = uint256(STREAM) * (_now() - START) / STREAM_TIME - uint256(STREAM) * EPOCH / STREAM_TIME;
        (uint256 next, uint64 until) = staking.stream();
        assertApproxEqAbs(next, (rate * 6 days + inflow / 2) / EPOCH, 1);
        assertEq(until, _now() + EPOCH);
    }

    function test_Stream_RunsDryWhenNobodyEndsTheEpoch() public {
        _pass(EPOCH);
        uint256 earned = _claimable(op, op);
        _pass(EPOCH);
        assertEq(_claimable(op, op), earned);
        // Nothing is lost: what vested meanwhile comes in.
        _endEpoch();
        uint256 flow = _flow(EPOCH);
        assertGt(flow, earned * 2);
    }

    /// More than the widest stream can carry flows later.
    function test_Stream_TooMuchFlowsLater() public {
        _give(bob, 50_000_000 ether);
        vm.startPrank(bob);
        opg.approve(address(rewards), type(uint256).max);
        rewards.fund(50_000_000 ether);
        vm.stopPrank();
        _endEpoch();
        (uint256 rate,) = staking.stream();
        assertEq(rate, type(uint64).max);
        _endEpoch();
        (rate,) = staking.stream();
        assertEq(rate, type(uint64).max, "the rest of the gift");
        _pass(EPOCH);
        assertApproxEqAbs(_claimable(op, op), _flow(2 * EPOCH), 6_000_000 ether);
    }

    function test_Fund_IsDividedAtTheNextEnd() public {
        _give(bob, 1_000 ether);
        vm.startPrank(bob);
        opg.approve(address(rewards), 1_000 ether);
        vm.expectEmit(address(rewards));
        emit IRewards.Funded(bob, 1_000 ether);
        rewards.fund(1_000 ether);
        assertEq(rewards.undivided(), 1_000 ether);
        vm.expectRevert(IRewards.AmountZero.selector);
        rewards.fund(0);
        vm.stopPrank();
        _pass(EPOCH);
        uint256 carried = rewards.carried();
        vm.expectEmit(address(rewards));
        emit IRewards.EpochEnded(1, 1_000 ether, 500 ether + _dustOfStream(), 0, 0, carried + 500 ether);
        rewards.endEpoch();
        assertEq(rewards.undivided(), 0);
    }

    /// What the division into whole wei per second left over.
    function _dustOfStream() private view returns (uint256) {
        uint256 vested = uint256(STREAM) * EPOCH / STREAM_TIME;
        return vested / 2 - _flow(EPOCH);
    }

    // Epochs

    function test_RevertWhen_EpochIsNotOver() public {
        (uint256 epoch, uint256 endsAt) = rewards.currentEpoch();
        assertEq(epoch, 1);
        vm.warp(endsAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IRewards.EpochNotOver.selector, endsAt));
        rewards.endEpoch();
        vm.warp(endsAt);
        rewards.endEpoch();
    }

    function test_Performance_IsCappedByWhatWasBurned() public {
        _pay(op, 1_000 ether);
        uint256 pot = rewards.carried();
        _endEpoch();
        RewardEpoch memory ended = rewards.epochOf(1);
        assertEq(ended.burned, 50 ether);
        assertEq(ended.reserved, 45 ether);
        assertEq(ended.endedAt, _now());
        assertGt(rewards.carried(), pot - 45 ether, "what is not earned stays, and more came in");
        uint256 base = _claimable(op, op);
        vm.expectEmit(address(rewards));
        emit IRewards.PerformanceSettled(op, 1, 45 ether, true);
        assertEq(rewards.settlePerformance(op, 1), 45 ether);
        assertEq(rewards.performanceOf(op), 45 ether);
        assertEq(_claim(op, op), base + 45 ether);
        assertEq(rewards.performanceOf(op), 0);
    }

    function test_Performance_IsSharedByBurnedFeesWhereThePotIsSmall() public {
        _register(rival, 20_000 ether);
        _pass(1);
        _pay(op, 30_000_000 ether);
        _pay(rival, 10_000_000 ether);
        _pass(EPOCH);
        uint256 pot = rewards.carried();
        rewards.endEpoch();
        assertEq(rewards.epochOf(1).reserved, pot);
        assertEq(rewards.carried(), 0);
        assertEq(rewards.settlePerformance(op, 1), pot * 3 / 4);
        assertEq(rewards.settlePerformance(rival, 1), pot / 4);
    }

    function test_RevertWhen_SettledTwiceEarlyOrForNothing() public {
        _pay(op, 1_000 ether);
        vm.expectRevert(abi.encodeWithSelector(IRewards.EpochNotEnded.selector, 1));
        rewards.settlePerformance(op, 1);
        _endEpoch();
        vm.expectRevert(abi.encodeWithSelector(IRewards.NothingToSettle.selector, rival, 1));
        rewards.settlePerformance(rival, 1);
        assertFalse(rewards.isSettled(op, 1));
        rewards.settlePerformance(op, 1);
        assertTrue(rewards.isSettled(op, 1));
        vm.expectRevert(abi.encodeWithSelector(IRewards.AlreadySettled.selector, op, 1));
        rewards.settlePerformance(op, 1);
    }

    // Claiming

    function test_Claim_OwnerOrClaimerAnywhere() public {
        _stake(op, bob, 10_000 ether);
        _pass(1 days);
        uint256 amount = _claimable(op, bob);
        vm.expectRevert(abi.encodeWithSelector(IRewards.NotOwnerNorClaimer.selector, stranger, bob));
        vm.prank(stranger);
        rewards.claim(op, bob, bob);

        vm.expectEmit(address(rewards));
        emit IRewards.ClaimerSet(bob, carol);
        vm.prank(bob);
        rewards.setClaimer(carol);
        assertEq(rewards.claimerOf(bob), carol);
        vm.expectRevert(abi.encodeWithSelector(IRewards.InvalidRecipient.selector, address(rewards)));
        vm.prank(carol);
        rewards.claim(op, bob, address(rewards));
        vm.expectEmit(address(rewards));
        emit IRewards.Claimed(op, bob, dave, amount);
        vm.prank(carol);
        rewards.claim(op, bob, dave);
        assertEq(opg.balanceOf(dave), amount);
        vm.expectRevert(abi.encodeWithSelector(IRewards.NothingToClaim.selector, op, bob));
        vm.prank(bob);
        rewards.claim(op, bob, bob);
        // No claimer any more: not even the zero address is one.
        vm.prank(bob);
        rewards.setClaimer(address(0));
        vm.expectRevert(abi.encodeWithSelector(IRewards.NotOwnerNorClaimer.selector, carol, bob));
        vm.prank(carol);
        rewards.claim(op, bob, carol);
    }

    function test_Compound_StakesIntoTheOwnPosition() public {
        _stake(op, bob, 10_000 ether);
        vm.prank(bob);
        rewards.setClaimer(carol);
        _pass(2 days);
        uint256 amount = _claimable(op, bob);
        vm.expectEmit(address(rewards));
        emit IRewards.Compounded(op, bob, amount, amount);
        vm.prank(carol);
        rewards.compound(op, bob, amount);
        assertEq(_position(op, bob).amount, 10_000 ether + amount);
        assertEq(opg.custodied(bob), 10_000 ether + amount);
        assertEq(_claimable(op, bob), 0);
        assertEq(opg.allowance(address(rewards), address(vault)), 0);

        uint256 own = _claimable(op, op);
        vm.prank(op);
        rewards.compound(op, op, 0);
        assertEq(_own(op).assets, 20_000 ether + own);
        vm.expectRevert(abi.encodeWithSelector(IRewards.NotOwnerNorClaimer.selector, stranger, bob));
        vm.prank(stranger);
        rewards.compound(op, bob, 0);
    }

    function test_Compound_RespectsTheBound() public {
        _stake(op, bob, 10_000 ether);
        _pass(2 days);
        uint256 amount = _claimable(op, bob);
        vm.expectRevert(abi.encodeWithSelector(IStakingCommon.Slippage.selector, amount, amount + 1));
        vm.prank(bob);
        rewards.compound(op, bob, amount + 1);
        assertEq(_claimable(op, bob), amount);
    }

    function test_Claim_AtManyOperatorsInOneTransaction() public {
        _register(rival, 20_000 ether);
        _stake(op, bob, 100 ether);
        _stake(rival, bob, 100 ether);
        _pass(1 days);
        uint256 amount = _claimable(op, bob) + _claimable(rival, bob);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(IRewards.claim, (op, bob, bob));
        calls[1] = abi.encodeCall(IRewards.claim, (rival, bob, bob));
        vm.prank(bob);
        rewards.multicall(calls);
        assertEq(opg.balanceOf(bob), amount);
    }

    /// Claiming often earns what claiming once does, up to rounding.
    function testFuzz_Claim_OftenIsAsMuchAsOnce(uint256 seed) public {
        _stake(op, bob, 10_000 ether);
        _stake(op, carol, 10_000 ether);
        uint256 claimed;
        for (uint256 i; i < 8; ++i) {
            _pass(bound(uint256(keccak256(abi.encode(seed, i))), 1, 12 hours));
            claimed += _claim(op, bob);
        }
        assertEq(claimed + _claimable(op, bob), claimed);
        assertApproxEqAbs(claimed, _claimable(op, carol), 8);
        assertLe(claimed, _claimable(op, carol));
    }

    // Staking's side

    function test_Staking_OnlyRewardsFillAndTake() public {
        vm.startPrank(governance);
        vm.expectRevert(abi.encodeWithSelector(IStakingRewards.NotRewards.selector, governance));
        staking.fillStream(1, 1);
        vm.expectRevert(abi.encodeWithSelector(IStakingRewards.NotRewards.selector, governance));
        staking.takeRewards(op, op);
        vm.stopPrank();
        assertEq(staking.rewards(), address(rewards));
    }

    function test_Staking_StreamsAreBounded() public {
        vm.startPrank(address(rewards));
        vm.expectRevert(abi.encodeWithSelector(IStakingCommon.ParameterOutOfBounds.selector, "duration", 0, 1, 60 days));
        staking.fillStream(1, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IStakingCommon.ParameterOutOfBounds.selector, "duration", 60 days + 1, 1, 60 days)
        );
        staking.fillStream(1, 60 days + 1);
        uint256 left = _flow(EPOCH);
        vm.expectEmit(address(staking));
        emit IStakingRewards.StreamFilled((left + 150 days) / 60 days, _now() + 60 days);
        assertEq(staking.fillStream(150 days, 60 days), (left + 150 days) % 60 days);
        vm.stopPrank();
    }

    // Parameters

    function test_Parameters_AreGovernedWithinBounds() public {
        RewardParameters memory p = _rewardParameters();
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        vm.prank(stranger);
        rewards.setParameters(p);
        vm.startPrank(governance);
        p.epochLength = 1 hours - 1;
        _expectOutOfBounds("epochLength", p.epochLength, 1 hours, 30 days);
        rewards.setParameters(p);
        p.epochLength = 30 days + 1;
        _expectOutOfBounds("epochLength", p.epochLength, 1 hours, 30 days);
        rewards.setParameters(p);
        p.epochLength = 1 hours;
        p.baseBps = 1_999;
        _expectOutOfBounds("baseBps", p.baseBps, 2_000, 9_000);
        rewards.setParameters(p);
        p.baseBps = 9_001;
        _expectOutOfBounds("baseBps", p.baseBps, 2_000, 9_000);
        rewards.setParameters(p);
        p.baseBps = 9_000;
        p.performanceBps = 9_001;
        _expectOutOfBounds("performanceBps", p.performanceBps, 0, 9_000);
        rewards.setParameters(p);
        p.performanceBps = 0;
        vm.expectEmit(address(rewards));
        emit IRewards.ParametersSet(p);
        rewards.setParameters(p);
        vm.stopPrank();
        assertEq(abi.encode(rewards.parameters()), abi.encode(p));
        // The present epoch keeps its end.
        (, uint256 endsAt) = rewards.currentEpoch();
        assertEq(endsAt, _now() + EPOCH);
    }

    function _expectOutOfBounds(string memory name, uint256 value, uint256 least, uint256 most) private {
        vm.expectRevert(abi.encodeWithSelector(IRewards.ParameterOutOfBounds.selector, name, value, least, most));
    }
}
