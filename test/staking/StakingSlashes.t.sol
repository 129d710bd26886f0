// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakingCommon as I, Slash, SlashRule, StakingParameters} from "../../contracts/interfaces/IStakingCommon.sol";
import {StakingFixture} from "./support/StakingFixture.sol";

/// @notice Slashes from decision to payout, vetoes, and the bounds of what governance sets.
contract StakingSlashesTest is StakingFixture {
    function setUp() public override {
        super.setUp();
        _register(op, 20_000 ether);
        _stake(op, bob, 10_000 ether);
        _pass(1 days);
    }

    function test_Slash_TakesOwnStakeFirstAndJails() public {
        (bytes32 id, Slash memory s) = _slash(FATAL, op, 21_000 ether);
        assertEq(s.own, 20_000 ether);
        assertEq(s.pool, 1_000 ether);
        assertEq(s.poolShares, 10_000 ether);
        assertEq(id, keccak256(abi.encode(s)));
        assertEq(_own(op).assets, 0);
        assertEq(_pool(op).assets, 9_000 ether);
        assertEq(_pool(op).escrowed, 1_000 ether);
        assertEq(_weight(op), 0);
        assertEq(uint8(staking.operatorOf(op).status), uint8(I.OperatorStatus.Jailed));
        assertEq(staking.operatorOf(op).jailedUntil, _now() + 7 days);
        assertEq(staking.operatorOf(op).openSlashes, 1);
        assertEq(staking.executableAt(id), _now() + VETO);
        // Until the veto window is over everything votes as before and nothing is surplus.
        assertEq(opg.custodied(op), 20_000 ether);
        assertEq(opg.custodied(bob), 10_000 ether);
        assertEq(staking.surplusOf(op, bob, none), 0);
        assertEq(staking.sync(op, bob, none), 0);
    }

    function test_Execute_PaysChallengerAndPayerAndBurnsTheRest() public {
        (bytes32 id, Slash memory s) = _slash(FATAL, op, 21_000 ether);
        vm.expectRevert(abi.encodeWithSelector(I.NotExecutableYet.selector, id, _now() + VETO));
        staking.executeSlash(s);
        _pass(VETO);
        vm.prank(governance);
        vm.expectRevert(abi.encodeWithSelector(I.VetoWindowOver.selector, id, _now()));
        staking.vetoSlash(s);
        vm.expectEmit(address(staking));
        emit I.SlashExecuted(id, op, 4_000 ether, 2_000 ether, 14_000 ether);
        staking.executeSlash(s);
        assertEq(opg.balanceOf(challenger), 4_000 ether);
        assertEq(opg.balanceOf(payer), 2_000 ether);
        assertEq(opg.custodied(op), 0);
        // The pool's part is burned as its members are synced, whoever calls.
        assertEq(staking.surplusOf(op, bob, none), 1_000 ether);
        vm.expectEmit(address(staking));
        emit I.SurplusBurned(op, bob, 1_000 ether);
        assertEq(staking.sync(op, bob, none), 1_000 ether);
        assertEq(opg.unitsOf(bob), 9_000 ether);
        assertEq(staking.burnOwnerless(), 15_000 ether);
        assertEq(opg.totalSupply(), SUPPLY - 15_000 ether);
        vm.expectRevert(abi.encodeWithSelector(I.UnknownSlash.selector, id));
        staking.executeSlash(s);
    }

    function test_Execute_BurnsTheSharesOfNobody() public {
        _pass(1);
        vm.prank(disputes);
        (, Slash memory s) = staking.slash(op, FATAL, 1_000 ether, _now(), address(0), address(0));
        _pass(VETO);
        staking.executeSlash(s);
        assertEq(opg.custodied(address(0)), 1_000 ether);
    }

    function test_Execute_PoolAloneWhenNoOwnStakeIsLeft() public {
        uint64 offence = _now();
        vm.startPrank(disputes);
        (, Slash memory first) = staking.slash(op, FATAL, 20_000 ether, offence, challenger, payer);
        (, Slash memory second) = staking.slash(op, MINOR, type(uint256).max, offence, challenger, payer);
        vm.stopPrank();
        assertEq(second.own, 0);
        assertEq(second.pool, 3_000 ether);
        _pass(VETO);
        staking.executeSlash(second);
        assertEq(opg.balanceOf(challenger), 0);
        staking.executeSlash(first);
        assertEq(_pool(op).assets, 7_000 ether);
        assertEq(_pool(op).escrowed, 0);
    }

    function test_Sync_FindsUnbondsToo() public {
        uint64 offence = _now();
        _pass(1);
        uint256 id = _unbond(op, bob, 4_000 ether);
        vm.prank(disputes);
        (, Slash memory s) = staking.slash(op, FATAL, 21_000 ether, offence, challenger, payer);
        _pass(VETO);
        staking.executeSlash(s);
        assertEq(staking.surplusOf(op, bob, _ids(id)), 1_000 ether);
        assertEq(staking.sync(op, bob, none), 600 ether);
        assertEq(staking.sync(op, bob, _ids(id)), 400 ether);
        assertEq(staking.sync(op, bob, _ids(id)), 0);
        assertEq(opg.custodied(bob), 9_000 ether);
        assertEq(staking.unbondOf(op, bob, id).amount, 3_600 ether);
    }

    function test_Veto_PutsEverythingBack() public {
        (bytes32 id, Slash memory s) = _slash(FATAL, op, 21_000 ether);
        vm.expectEmit(address(staking));
        emit I.SlashVetoed(id, op);
        vm.prank(governance);
        staking.vetoSlash(s);
        assertEq(_own(op).assets, 20_000 ether);
        assertEq(_pool(op).assets, 10_000 ether);
        assertEq(_pool(op).escrowed, 0);
        assertEq(staking.operatorOf(op).jailedUntil, 0);
        vm.prank(op);
        staking.unjail();
        assertEq(_weight(op), 30_000 ether);
        _pass(1);
        // The cap of the window is whole again.
        (, s) = _slash(FATAL, op, type(uint256).max);
        assertEq(s.own, 20_000 ether);
        assertEq(s.pool, 10_000 ether);
    }

    function test_Veto_KeepsTheJailOfAnotherSlash() public {
        uint64 offence = _now();
        vm.startPrank(disputes);
        (, Slash memory first) = staking.slash(op, MINOR, 1 ether, offence, challenger, payer);
        staking.slash(op, FATAL, 1 ether, offence, challenger, payer);
        vm.stopPrank();
        vm.prank(governance);
        staking.vetoSlash(first);
        assertEq(staking.operatorOf(op).jailedUntil, _now() + 7 days);
        assertEq(staking.operatorOf(op).openSlashes, 1);
        _pass(7 days);
        vm.prank(op);
        vm.expectRevert(abi.encodeWithSelector(I.SlashOpen.selector, op, 1));
        staking.unjail();
    }

    function test_Veto_ReturnsOwnStakeToAnOperatorThatLeft() public {
        uint64 offence = _now();
        vm.prank(op);
        staking.retire();
        _pass(UNBONDING - 1);
        vm.prank(disputes);
        (, Slash memory s) = staking.slash(op, FATAL, 5_000 ether, offence, challenger, payer);
        _pass(1);
        assertEq(_withdraw(op, op, 1), 15_000 ether);
        assertEq(opg.custodied(op), 5_000 ether);
        vm.prank(governance);
        staking.vetoSlash(s);
        assertEq(_position(op, op).amount, 5_000 ether);
        uint256 id = _unbond(op, op, 5_000 ether);
        _pass(UNBONDING);
        assertEq(_withdraw(op, op, id), 5_000 ether);
    }

    function test_Veto_GivesNobodyWhatALeaverGaveUp() public {
        _stake(op, carol, 10_000 ether);
        _pass(1);
        uint64 offence = _now();
        uint256 id = _unbond(op, carol, 10_000 ether);
        _pass(UNBONDING - 1);
        vm.prank(disputes);
        (, Slash memory s) = staking.slash(op, FATAL, 30_000 ether, offence, challenger, payer);
        _pass(1);
        assertEq(_withdraw(op, carol, id), 5_000 ether);
        assertEq(opg.custodied(carol), 0);
        assertEq(_pool(op).escrowed, 5_000 ether);
        vm.prank(governance);
        staking.vetoSlash(s);
        assertEq(_position(op, bob).amount, 10_000 ether);
        assertEq(_pool(op).assets, 10_000 ether);
    }

    function test_Suspend_PostponesOnce() public {
        (bytes32 id, Slash memory s) = _slash(FATAL, op, 1_000 ether);
        uint64 due = _now() + VETO;
        vm.expectEmit(address(staking));
        emit I.SlashSuspended(id, due + 14 days);
        vm.prank(guardian);
        staking.suspendSlash(s);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(I.AlreadySuspended.selector, id));
        staking.suspendSlash(s);
        _pass(VETO);
        vm.expectRevert(abi.encodeWithSelector(I.NotExecutableYet.selector, id, due + 14 days));
        staking.executeSlash(s);
        _pass(14 days);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(I.VetoWindowOver.selector, id, due + 14 days));
        staking.suspendSlash(s);
        staking.executeSlash(s);
    }

    function test_RevertWhen_SlashIsNotTheOneOpened() public {
        (, Slash memory s) = _slash(FATAL, op, 1_000 ether);
        s.challenger = dave;
        _pass(VETO);
        vm.expectRevert(abi.encodeWithSelector(I.UnknownSlash.selector, keccak256(abi.encode(s))));
        staking.executeSlash(s);
    }

    function test_Cap_IsThePartOfTheStakeAtTheOffence() public {
        uint64 offence = _now();
        _pass(1);
        _stake(op, carol, 1_000_000 ether);
        _pass(1);
        vm.prank(disputes);
        (, Slash memory s) = staking.slash(op, MINOR, type(uint256).max, offence, challenger, payer);
        assertEq(uint256(s.own) + s.pool, 3_000 ether);
    }

    function test_Cap_IsSharedWithinTheCoolDown() public {
        uint64 offence = _now();
        _pass(5 days);
        vm.startPrank(disputes);
        staking.slash(op, MINOR, 2_000 ether, offence, challenger, payer);
        (, Slash memory s) = staking.slash(op, MINOR, 2_000 ether, offence + 1 days, challenger, payer);
        assertEq(s.own, 1_000 ether);
        vm.expectRevert(abi.encodeWithSelector(I.NothingToSlash.selector, op, MINOR));
        staking.slash(op, MINOR, 2_000 ether, offence + 1, challenger, payer);
        // A day later it is another offence, and so it is a day earlier.
        (, s) = staking.slash(op, MINOR, type(uint256).max, offence + 1 days + 1, challenger, payer);
        assertEq(s.own, 3_000 ether);
        (, s) = staking.slash(op, MINOR, type(uint256).max, offence, challenger, payer);
        assertEq(s.own, 3_000 ether);
        vm.stopPrank();
        // A veto of one of an earlier window leaves the present one alone.
        vm.prank(governance);
        staking.vetoSlash(
            Slash(
                op,
                2,
                MINOR,
                uint40(offence + 1 days + 1),
                uint40(offence + 1 days + 1),
                uint40(_now() + 1 days),
                uint40(_now() + 1 days),
                3_000 ether,
                0,
                10_000 ether,
                challenger,
                payer,
                2_000,
                1_000
            )
        );
        vm.prank(disputes);
        vm.expectRevert(abi.encodeWithSelector(I.NothingToSlash.selector, op, MINOR));
        staking.slash(op, MINOR, 1, offence, challenger, payer);
    }

    function test_RevertWhen_SlashIsNotAcceptable() public {
        vm.startPrank(disputes);
        vm.expectRevert(abi.encodeWithSelector(I.UnknownOffence.selector, 9));
        staking.slash(op, 9, 1, _now(), challenger, payer);
        uint64 earliest = _now() - UNBONDING + 1;
        vm.expectRevert(abi.encodeWithSelector(I.OffenceOutOfWindow.selector, earliest - 1, earliest, _now()));
        staking.slash(op, FATAL, 1, earliest - 1, challenger, payer);
        vm.expectRevert(abi.encodeWithSelector(I.OffenceOutOfWindow.selector, _now() + 1, earliest, _now()));
        staking.slash(op, FATAL, 1, _now() + 1, challenger, payer);
        vm.expectRevert(abi.encodeWithSelector(I.NothingToSlash.selector, op, FATAL));
        staking.slash(op, FATAL, 0, _now(), challenger, payer);
        vm.expectRevert(abi.encodeWithSelector(I.NothingToSlash.selector, dave, FATAL));
        staking.slash(dave, FATAL, 1, _now(), challenger, payer);
        vm.expectRevert(abi.encodeWithSelector(I.InvalidRecipient.selector, address(vault)));
        staking.slash(op, FATAL, 1, _now(), address(vault), payer);
        vm.expectRevert(abi.encodeWithSelector(I.InvalidRecipient.selector, address(vault)));
        staking.slash(op, FATAL, 1, _now(), challenger, address(vault));
    }

    function test_SetSlashRule_IsBounded() public {
        vm.startPrank(governance);
        vm.expectRevert(abi.encodeWithSelector(I.ParameterOutOfBounds.selector, "capBps", 10_001, 0, 10_000));
        staking.setSlashRule(3, SlashRule(10_001, 0, 0, 0, 0));
        vm.expectRevert(
            abi.encodeWithSelector(I.ParameterOutOfBounds.selector, "challengerBps + payerBps", 8_001, 0, 8_000)
        );
        staking.setSlashRule(3, SlashRule(1, 8_000, 1, 0, 0));
        vm.expectRevert(abi.encodeWithSelector(I.ParameterOutOfBounds.selector, "coolDown", 30 days + 1, 0, 30 days));
        staking.setSlashRule(3, SlashRule(1, 0, 0, 30 days + 1, 0));
        vm.expectRevert(
            abi.encodeWithSelector(I.ParameterOutOfBounds.selector, "jailPeriod", 365 days + 1, 0, 365 days)
        );
        staking.setSlashRule(3, SlashRule(1, 0, 0, 0, 365 days + 1));
        SlashRule memory rule = SlashRule(1, 4_000, 4_000, 30 days, 365 days);
        vm.expectEmit(address(staking));
        emit I.SlashRuleSet(3, rule);
        staking.setSlashRule(3, rule);
        assertEq(abi.encode(staking.slashRule(3)), abi.encode(rule));
    }

    function test_SetParameters_AreBounded() public {
        StakingParameters memory p = _parameters();
        vm.startPrank(governance);
        p.unbondingPeriod = 7 days + 1 hours + 1;
        vm.expectEmit(address(staking));
        emit I.ParametersSet(p);
        staking.setParameters(p);
        assertEq(abi.encode(staking.parameters()), abi.encode(p));
        p.unbondingPeriod = 7 days + 1 hours;
        _expectBound("unbondingPeriod", 7 days + 1 hours, 7 days + 1 hours + 1, 60 days);
        staking.setParameters(p);
        p = _parameters();
        p.minSelfStake = 1 ether - 1;
        _expectBound("minSelfStake", 1 ether - 1, 1 ether, 1_000_000 ether);
        staking.setParameters(p);
        p.minSelfStake = 1_000_000 ether + 1;
        _expectBound("minSelfStake", 1_000_000 ether + 1, 1 ether, 1_000_000 ether);
        staking.setParameters(p);
        p = _parameters();
        p.vetoWindow = 1 hours - 1;
        _expectBound("vetoWindow", 1 hours - 1, 1 hours, 14 days);
        staking.setParameters(p);
        p = _parameters();
        p.commissionNotice = 1 days - 1;
        _expectBound("commissionNotice", 1 days - 1, 1 days, 60 days);
        staking.setParameters(p);
        p = _parameters();
        p.maxCommissionBps = 5_001;
        _expectBound("maxCommissionBps", 5_001, 0, 5_000);
        staking.setParameters(p);
    }

    function _expectBound(string memory name, uint256 value, uint256 least, uint256 most) private {
        vm.expectRevert(abi.encodeWithSelector(I.ParameterOutOfBounds.selector, name, value, least, most));
    }
}
