// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakingCommon, Slash, StakingParameters} from "../../contracts/interfaces/IStakingCommon.sol";
import {StakingFixture} from "./support/StakingFixture.sol";

/// @notice One test for each mistake that staking contracts are known to make.
contract StakingTrapsTest is StakingFixture {
    function setUp() public override {
        super.setUp();
        _register(op, 20_000 ether);
        _register(rival, 20_000 ether);
        _pass(1 days);
    }

    function test_Trap_UnbondIdsDoNotCollide() public {
        // Same account, same shares, same second: where ids are hashes of these, the second would replace the first.
        _stake(op, bob, 30 ether);
        _stake(rival, bob, 30 ether);
        uint256 first = _unbond(op, bob, 10 ether);
        uint256 second = _unbond(op, bob, 10 ether);
        uint256 elsewhere = _unbond(rival, bob, 10 ether);
        assertEq(first, 1);
        assertEq(second, 2);
        assertEq(elsewhere, 1);
        vm.prank(bob);
        staking.cancelUnbond(op, bob, first);
        // A cancelled number is not used again.
        assertEq(_unbond(op, bob, 10 ether), 3);
        _pass(UNBONDING);
        assertEq(_withdraw(op, bob, second), 10 ether);
        assertEq(_withdraw(op, bob, 3), 10 ether);
        assertEq(_withdraw(rival, bob, elsewhere), 10 ether);
        vm.expectRevert(abi.encodeWithSelector(IStakingCommon.UnknownUnbond.selector, op, bob, first));
        _withdraw(op, bob, first);
    }

    function test_Trap_ThirdPartyCannotBlockAnExit() public {
        _stake(op, bob, 100 ether);
        // Dave stakes for Bob as often as he likes, tries to fill Bob's queue, and syncs him.
        _give(dave, 1 ether);
        vm.startPrank(dave);
        for (uint256 i; i < 50; ++i) {
            staking.delegateFor(op, bob, 1, 0);
        }
        vm.expectRevert(abi.encodeWithSelector(IStakingCommon.NotOwnerNorAgent.selector, dave, bob));
        staking.unbond(op, bob, 1, 0);
        assertEq(staking.sync(op, bob, none), 0);
        vm.stopPrank();

        uint256 id = _unbond(op, bob, 100 ether);
        vm.startPrank(dave);
        staking.delegateFor(op, bob, 1, 0);
        assertEq(staking.sync(op, bob, _ids(id)), 0);
        vm.expectRevert(abi.encodeWithSelector(IStakingCommon.NotOwnerNorAgent.selector, dave, bob));
        staking.cancelUnbond(op, bob, id);
        vm.stopPrank();
        // The operator retires, the guardian jails, another delegator leaves: Bob's time stays what it was.
        vm.prank(guardian);
        staking.jail(op, 365 days);
        vm.prank(op);
        staking.retire();
        _pass(UNBONDING);
        assertEq(_withdraw(op, bob, id), 100 ether);
        assertEq(opg.balanceOf(bob), 100 ether);
    }

    function test_Trap_OpenSlashBlocksNoExit() public {
        _stake(op, bob, 100 ether);
        _pass(1);
        uint64 offence = _now();
        uint256 id = _unbond(op, bob, 100 ether);
        _pass(UNBONDING - 1);
        vm.prank(disputes);
        staking.slash(op, FATAL, 20_050 ether, offence, challenger, payer);
        _pass(1);
        // The pool lost 50 of 100: Bob may take the other half now, or wait for a veto.
        assertEq(_withdraw(op, bob, id), 50 ether);
        assertEq(opg.custodied(bob), 0);
    }

    function test_Trap_LastWithdrawalAfterASlashWorks() public {
        // Amounts and a slash that divide badly.
        _stake(op, bob, 100 ether + 1);
        _stake(op, carol, 33 ether + 7);
        _stake(op, dave, 1);
        _slashAndExecute(FATAL, op, 20_000 ether + 77 ether + 3);
        address[3] memory members = [bob, carol, dave];
        uint256 paid;
        for (uint256 i; i < 3; ++i) {
            uint256 id = _unbond(op, members[i], _position(op, members[i]).shares);
            _pass(UNBONDING);
            paid += _withdraw(op, members[i], id);
            assertEq(opg.custodied(members[i]), 0);
        }
        uint256 left = 100 ether + 33 ether + 9 - 77 ether - 3;
        assertLe(paid, left);
        assertApproxEqAbs(paid, left, 3);
        assertEq(_pool(op).shares, 0);
        assertEq(_pool(op).assets, 0);
    }

    function test_Trap_PoolSlashedToZeroStartsAgain() public {
        _stake(op, bob, 100 ether);
        _pass(1);
        uint64 offence = _now();
        uint256 old = _unbond(op, bob, 40 ether);
        vm.prank(disputes);
        (, Slash memory s) = staking.slash(op, FATAL, type(uint256).max, offence, challenger, payer);
        _pass(VETO);
        staking.executeSlash(s);
        assertEq(_own(op).assets, 0);
        assertEq(_pool(op).assets, 0);

        // The operator returns with new own stake, Carol and Bob stake again: the old shares have no part in it.
        _stake(op, op, 15_000 ether);
        _unjail(op);
        assertEq(_stake(op, carol, 50 ether), 50 ether);
        assertEq(_stake(op, bob, 10 ether), 10 ether);
        assertEq(_pool(op).generation, 1);
        assertEq(_position(op, bob).amount, 10 ether);
        assertEq(_weight(op), 15_060 ether);

        // What was booked for the old shares is surplus. The old unbond cannot come back, and ends with nothing.
        assertEq(opg.custodied(bob), 110 ether);
        assertEq(staking.sync(op, bob, none), 60 ether);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IStakingCommon.UnbondWorthless.selector, op, bob, old));
        staking.cancelUnbond(op, bob, old);
        _pass(UNBONDING);
        assertEq(_withdraw(op, bob, old), 0);
        assertEq(opg.custodied(bob), 10 ether);
        uint256 id = _unbond(op, bob, 10 ether);
        uint256 last = _unbond(op, carol, 50 ether);
        _pass(UNBONDING);
        assertEq(_withdraw(op, bob, id), 10 ether);
        assertEq(_withdraw(op, carol, last), 50 ether);
    }

    function test_Trap_PoolSlashedToZeroPaysItsLastMembersNothing() public {
        _stake(op, bob, 100 ether);
        _slashAndExecute(FATAL, op, type(uint96).max);
        uint256 id = _unbond(op, bob, 100 ether);
        _pass(UNBONDING);
        assertEq(_withdraw(op, bob, id), 0);
        assertEq(_pool(op).shares, 0);
        assertEq(opg.custodied(bob), 0);
        staking.burnOwnerless();
        assertEq(opg.balanceOf(address(vault)), 20_000 ether);
    }

    function test_Trap_NobodyCanMakeUnbondingEndless() public {
        _stake(op, bob, 100 ether);
        uint256 id = _unbond(op, bob, 100 ether);
        // Neither the operator, who has no such setting, nor governance can move the time of an open unbond.
        vm.prank(op);
        staking.retire();
        vm.prank(governance);
        staking.setParameters(_with(60 days));
        _pass(UNBONDING);
        assertEq(_withdraw(op, bob, id), 100 ether);
        vm.prank(governance);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakingCommon.ParameterOutOfBounds.selector,
                "unbondingPeriod",
                60 days + 1,
                7 days + 1 hours + 1,
                60 days
            )
        );
        staking.setParameters(_with(60 days + 1));
    }

    function testFuzz_Trap_FirstDepositorCannotInflateThePrice(uint96 first, uint96 gift, uint96 second) public {
        first = uint96(bound(first, 1, 1_000 ether));
        gift = uint96(bound(gift, 1, 1_000_000 ether));
        second = uint96(bound(second, 1, 1_000_000 ether));
        _stake(op, bob, first);
        // There is no way to give to the pool: not by transfer, and staking for others makes shares.
        _give(bob, gift);
        vm.startPrank(bob);
        vm.expectRevert();
        opg.transfer(address(vault), gift);
        staking.delegateFor(op, carol, gift, 0);
        vm.stopPrank();
        assertEq(_stake(op, dave, second), second);
        assertEq(_position(op, dave).amount, second);
    }

    function test_Trap_TenThousandTinyActionsStealNothing() public {
        // A price with an ugly fraction, then Carol stakes and unbonds single wei 10,000 times over.
        _stake(op, bob, 1_000 ether + 1);
        _slashAndExecute(FATAL, op, 20_000 ether + 333 ether + 333);
        _stake(op, op, 20_000 ether);
        _unjail(op);
        _give(carol, 1 ether);
        uint256 before = _position(op, bob).amount;
        uint256 spent;
        uint256 got;
        for (uint256 i; i < 625; ++i) {
            vm.startPrank(carol);
            for (uint256 k; k < 8; ++k) {
                staking.delegate(op, 1 + (i + k) % 3, 0);
                spent += 1 + (i + k) % 3;
                uint256 shares = staking.positionOf(op, carol).shares;
                staking.unbond(op, carol, shares / 2 + 1, 0);
            }
            vm.stopPrank();
            vm.warp(vm.getBlockTimestamp() + UNBONDING);
            vm.startPrank(carol);
            for (uint256 id = i * 8 + 1; id <= i * 8 + 8; ++id) {
                got += staking.withdraw(op, carol, id, carol, 0);
            }
            vm.stopPrank();
        }
        got += _position(op, carol).amount;
        assertLe(got, spent, "carol won");
        assertGe(_position(op, bob).amount, before, "bob lost");
        // What rounding took from Carol went to the pool, at most a wei for each of her actions.
        assertLe(_position(op, bob).amount - before, 10_000);
    }

    function test_Trap_UnbondingStakeIsSlashed() public {
        _stake(op, bob, 100 ether);
        _stake(op, carol, 100 ether);
        _pass(1);
        uint64 offence = _now();
        _pass(1 hours);
        // Bob and the operator run after the offence, before the slash.
        uint256 id = _unbond(op, bob, 100 ether);
        uint256 ownId = _unbond(op, op, 10_000 ether);
        _pass(UNBONDING - 1 hours - 1);
        vm.prank(disputes);
        (, Slash memory s) = staking.slash(op, FATAL, 20_100 ether, offence, challenger, payer);
        assertEq(s.own, 20_000 ether);
        assertEq(s.pool, 100 ether);
        _pass(1 hours + 1);
        assertEq(_withdraw(op, bob, id), 50 ether);
        assertEq(_withdraw(op, op, ownId), 0);
        assertEq(_position(op, carol).amount, 50 ether);
    }

    function test_Trap_StakeUnbondingAtTheOffencePays() public {
        _stake(op, bob, 100 ether);
        uint256 id = _unbond(op, bob, 100 ether);
        _pass(UNBONDING - 2);
        _slash(FATAL, op, type(uint256).max);
        _pass(1);
        // The cap counts what backed the operator at the offence: its own 20,000, all of which was taken. Bob is whole.
        assertEq(_withdraw(op, bob, id), 100 ether);
    }

    function test_Trap_UnbondingPoolStakePaysWhenOwnStakeIsUsedUp() public {
        _stake(op, bob, 100 ether);
        _stake(op, carol, 100 ether);
        uint256 id = _unbond(op, bob, 100 ether);
        _pass(UNBONDING - 2);
        _slash(FATAL, op, 20_100 ether);
        _pass(1);
        assertEq(_withdraw(op, bob, id), 50 ether);
    }

    function test_Trap_RedelegationDoesNotEscape() public {
        _stake(op, bob, 100 ether);
        _pass(1);
        uint64 offence = _now();
        _pass(1);
        uint256 id = _unbond(op, bob, 100 ether);
        // Not before the unbonding time is over, during which the old operator's offences take it.
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IStakingCommon.NotMature.selector, _now() + UNBONDING));
        staking.redelegate(op, bob, id, rival, 0);
        _pass(UNBONDING - 2);
        vm.prank(disputes);
        staking.slash(op, FATAL, 20_075 ether, offence, challenger, payer);
        _pass(2);
        vm.prank(bob);
        assertEq(staking.redelegate(op, bob, id, rival, 25 ether), 25 ether);
        assertEq(_position(rival, bob).amount, 25 ether);
        assertEq(opg.custodied(bob), 25 ether);
        // And into an operator with an open slash there is no way, so cheap shares cannot be bought before a veto.
        uint256 back = _unbond(rival, bob, 25 ether);
        _pass(UNBONDING);
        vm.prank(bob);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakingCommon.WrongOperatorStatus.selector, op, IStakingCommon.OperatorStatus.Jailed
            )
        );
        staking.redelegate(rival, bob, back, op, 0);
    }

    function test_Trap_FlashStakeHasNoWeight() public {
        uint256 total = staking.totalStakeAt(_now());
        _stake(op, bob, 1_000_000 ether);
        assertEq(staking.stakeAt(op, _now()), 20_000 ether);
        assertEq(staking.totalStakeAt(_now()), total);
        _unbond(op, bob, 1_000_000 ether);
        assertEq(_weight(op), 20_000 ether);
        assertEq(staking.totalStakeAt(_now() + 1), total);
        _pass(1);
        assertEq(staking.stakeAt(op, _now()), 20_000 ether);
        assertEq(opg.balanceOf(bob), 0);
    }

    function test_Trap_MovingStakeBetweenDelegateesCountsVotesOnce() public {
        _stake(op, bob, 100 ether);
        vm.prank(bob);
        opg.delegate(carol);
        assertEq(opg.getVotes(carol), 100 ether);
        uint256 id = _unbond(op, bob, 100 ether);
        vm.prank(bob);
        opg.delegate(dave);
        _pass(UNBONDING);
        vm.prank(bob);
        staking.redelegate(op, bob, id, rival, 0);
        assertEq(opg.getVotes(carol), 0);
        assertEq(opg.getVotes(dave), 100 ether);
        // Paid out to somebody else, the votes go with the tokens.
        id = _unbond(rival, bob, 100 ether);
        _pass(UNBONDING);
        vm.prank(bob);
        staking.withdraw(rival, bob, id, carol, 0);
        assertEq(opg.getVotes(dave), 0);
        assertEq(opg.unitsOf(carol), 100 ether);
    }

    function test_Trap_CommissionCannotRiseWithoutNotice() public {
        vm.startPrank(op);
        staking.setCommission(2_000);
        assertEq(staking.operatorOf(op).commissionBps, 500);
        _pass(7 days - 1);
        assertEq(staking.operatorOf(op).commissionBps, 500);
        // Neither by leaving and coming back.
        staking.retire();
        staking.cancelUnbond(op, op, 1);
        staking.register(key, 1, 2_000, 0, "", "");
        assertEq(staking.operatorOf(op).commissionBps, 500);
        _pass(7 days);
        assertEq(staking.operatorOf(op).commissionBps, 2_000);
        vm.stopPrank();
    }

    function test_Trap_SelfDenunciationLosesAndCannotReachThePool() public {
        _stake(op, bob, 1_000_000 ether);
        _pass(1);
        // The operator itself is challenger and payer.
        vm.prank(disputes);
        (, Slash memory s) = staking.slash(op, FATAL, type(uint256).max, _now(), op, op);
        _pass(VETO);
        staking.executeSlash(s);
        staking.sync(op, bob, none);
        assertEq(opg.balanceOf(op), 6_000 ether);
        staking.burnOwnerless();
        assertEq(opg.totalSupply(), SUPPLY - 1_000_000 ether - 14_000 ether);
    }

    function test_Trap_SmallSlashDoesNotShieldFromALargerOne() public {
        _slash(MINOR, op, 1 ether);
        vm.startPrank(disputes);
        (, Slash memory more) = staking.slash(op, MINOR, type(uint256).max, _now(), challenger, payer);
        assertEq(more.own, 1_999 ether);
        (, Slash memory fatal) = staking.slash(op, FATAL, type(uint256).max, _now(), challenger, payer);
        vm.stopPrank();
        assertEq(fatal.own, 18_000 ether);
        assertEq(_own(op).assets, 0);
    }

    function test_Trap_VetoCannotBeBoughtInto() public {
        _stake(op, bob, 100 ether);
        (, Slash memory s) = _slash(FATAL, op, 20_100 ether);
        _give(carol, 100 ether);
        _give(op, 100 ether);
        vm.prank(carol);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakingCommon.WrongOperatorStatus.selector, op, IStakingCommon.OperatorStatus.Jailed
            )
        );
        staking.delegate(op, 100 ether, 0);
        vm.prank(op);
        vm.expectRevert(abi.encodeWithSelector(IStakingCommon.SlashOpen.selector, op, 1));
        staking.delegate(op, 100 ether, 0);
        vm.prank(governance);
        staking.vetoSlash(s);
        assertEq(_position(op, bob).amount, 100 ether);
    }

    function _with(uint32 unbonding) private pure returns (StakingParameters memory p) {
        p = _parameters();
        p.unbondingPeriod = unbonding;
    }
}
