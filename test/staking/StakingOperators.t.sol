// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakingCommon as I, OperatorView} from "../../contracts/interfaces/IStakingCommon.sol";
import {StakingFixture} from "./support/StakingFixture.sol";

/// @notice The life of operators, their keys, and what `IOperators` says of them.
contract StakingOperatorsTest is StakingFixture {
    function _expectWrongStatus(address operator, I.OperatorStatus status) private {
        vm.expectRevert(abi.encodeWithSelector(I.WrongOperatorStatus.selector, operator, status));
    }

    function test_Register_CountsFromTheNextSecond() public {
        _give(op, MIN_SELF);
        vm.expectEmit(address(staking));
        emit I.SignerSet(op, key, _now() + 1);
        vm.expectEmit(address(staking));
        emit I.CommissionSet(op, 500, _now());
        vm.expectEmit(address(staking));
        emit I.OperatorRegistered(op, key, 7, "https://node", "ipfs://node");
        vm.expectEmit(address(staking));
        emit I.Delegated(op, op, MIN_SELF, MIN_SELF);
        vm.prank(op);
        staking.register(key, 7, 500, MIN_SELF, "https://node", "ipfs://node");

        assertEq(staking.stakeAt(op, _now()), 0);
        assertEq(staking.signerAt(op, _now()), address(0));
        assertEq(staking.stakeAt(op, _now() + 1), MIN_SELF);
        assertEq(staking.signerAt(op, _now() + 1), key);
        assertEq(staking.totalStakeAt(_now() + 1), MIN_SELF);
        assertEq(opg.custodied(op), MIN_SELF);
        OperatorView memory view_ = staking.operatorOf(op);
        assertEq(uint8(view_.status), uint8(I.OperatorStatus.Active));
        assertEq(view_.roles, 7);
        assertEq(view_.signer, key);
        assertEq(view_.commissionBps, 500);
        assertEq(view_.stake, MIN_SELF);
    }

    function test_RevertWhen_RegistrationIsNotAcceptable() public {
        _give(op, 3 * uint256(MIN_SELF));
        string memory long = string(new bytes(513));
        vm.startPrank(op);
        vm.expectRevert(abi.encodeWithSelector(I.SelfStakeTooLow.selector, op, MIN_SELF - 1, MIN_SELF));
        staking.register(key, 1, 0, MIN_SELF - 1, "", "");
        vm.expectRevert(abi.encodeWithSelector(I.SelfStakeTooLow.selector, op, 0, MIN_SELF));
        staking.register(key, 1, 0, 0, "", "");
        vm.expectRevert(abi.encodeWithSelector(I.InvalidSigner.selector, address(0)));
        staking.register(address(0), 1, 0, MIN_SELF, "", "");
        vm.expectRevert(abi.encodeWithSelector(I.InvalidRoles.selector, 2));
        staking.register(key, 2, 0, MIN_SELF, "", "");
        vm.expectRevert(abi.encodeWithSelector(I.InvalidRoles.selector, 9));
        staking.register(key, 9, 0, MIN_SELF, "", "");
        vm.expectRevert(abi.encodeWithSelector(I.CommissionTooHigh.selector, 2_001, 2_000));
        staking.register(key, 1, 2_001, MIN_SELF, "", "");
        vm.expectRevert(abi.encodeWithSelector(I.TextTooLong.selector, 513, 512));
        staking.register(key, 1, 0, MIN_SELF, long, "");
        vm.expectRevert(abi.encodeWithSelector(I.TextTooLong.selector, 513, 512));
        staking.register(key, 1, 0, MIN_SELF, "", long);
        staking.register(key, 1, 0, MIN_SELF, "", "");
        vm.expectRevert(abi.encodeWithSelector(I.OperatorAlreadyRegistered.selector, op, I.OperatorStatus.Active));
        staking.register(key, 1, 0, MIN_SELF, "", "");
    }

    function test_Settings_AreForOperatorsOnly() public {
        vm.startPrank(op);
        _expectWrongStatus(op, I.OperatorStatus.None);
        staking.setSigner(key);
        _expectWrongStatus(op, I.OperatorStatus.None);
        staking.setEndpoint("");
        _expectWrongStatus(op, I.OperatorStatus.None);
        staking.setMetadata("");
        _expectWrongStatus(op, I.OperatorStatus.None);
        staking.setCommission(0);
        _expectWrongStatus(op, I.OperatorStatus.None);
        staking.retire();
        _expectWrongStatus(op, I.OperatorStatus.None);
        staking.unjail();
        vm.stopPrank();
        _expectWrongStatus(op, I.OperatorStatus.None);
        vm.prank(bob);
        staking.delegate(op, 1, 0);

        _register(op, MIN_SELF);
        vm.startPrank(op);
        vm.expectEmit(address(staking));
        emit I.EndpointSet(op, "https://new");
        staking.setEndpoint("https://new");
        vm.expectEmit(address(staking));
        emit I.MetadataSet(op, "ipfs://new");
        staking.setMetadata("ipfs://new");
        string memory long = string(new bytes(513));
        vm.expectRevert(abi.encodeWithSelector(I.TextTooLong.selector, 513, 512));
        staking.setEndpoint(long);
        vm.expectRevert(abi.encodeWithSelector(I.TextTooLong.selector, 513, 512));
        staking.setMetadata(long);
        _expectWrongStatus(op, I.OperatorStatus.Active);
        staking.unjail();
    }

    function test_SetSigner_KeysAreJudgedByTheirTime() public {
        _register(op, MIN_SELF);
        _pass(100);
        uint64 t = _now();
        address next = makeAddr("next key");
        vm.prank(op);
        staking.setSigner(next);
        assertEq(staking.signerAt(op, t), key);
        assertEq(staking.signerAt(op, t + 1), next);
        _pass(100);
        vm.prank(op);
        staking.retire();
        assertEq(staking.signerAt(op, t), key);
        assertEq(staking.signerAt(op, t + 100), next);
        assertEq(staking.signerAt(op, t + 101), address(0));
    }

    function test_SetCommission_LowersAtOnceAndRaisesLater() public {
        _register(op, MIN_SELF);
        vm.startPrank(op);
        staking.setCommission(100);
        assertEq(staking.operatorOf(op).commissionBps, 100);
        staking.setCommission(1_000);
        assertEq(staking.operatorOf(op).commissionBps, 100);
        assertEq(staking.operatorOf(op).nextCommissionBps, 1_000);
        assertEq(staking.operatorOf(op).commissionFrom, _now() + 7 days);
        // Announcing the present one takes the raise back.
        staking.setCommission(100);
        _pass(30 days);
        assertEq(staking.operatorOf(op).commissionBps, 100);
        vm.expectRevert(abi.encodeWithSelector(I.CommissionTooHigh.selector, 2_001, 2_000));
        staking.setCommission(2_001);
    }

    function test_Retire_EndsActivityAndUnbondsOwnStake() public {
        _register(op, 20_000 ether);
        _stake(op, bob, 5 ether);
        _pass(10);
        vm.prank(op);
        assertEq(staking.retire(), 1);
        assertEq(_weight(op), 0);
        assertEq(staking.totalStakeAt(_now() + 1), 0);
        assertEq(uint8(staking.operatorOf(op).status), uint8(I.OperatorStatus.Retired));
        vm.prank(op);
        _expectWrongStatus(op, I.OperatorStatus.Retired);
        staking.retire();
        vm.prank(guardian);
        _expectWrongStatus(op, I.OperatorStatus.Retired);
        staking.jail(op, 1 days);
        _pass(UNBONDING);
        assertEq(_withdraw(op, op, 1), 20_000 ether);
        uint256 id = _unbond(op, bob, 5 ether);
        _pass(UNBONDING);
        assertEq(_withdraw(op, bob, id), 5 ether);

        // It may come back.
        vm.prank(op);
        staking.register(key, 1, 0, MIN_SELF, "", "");
        assertEq(_weight(op), MIN_SELF);
        assertEq(staking.operatorCount(), 1);
    }

    function test_Retire_InJailWithoutStakeUnbondsNothing() public {
        _register(op, 20_000 ether);
        vm.prank(guardian);
        staking.jail(op, 1 days);
        _unbond(op, op, 20_000 ether);
        vm.prank(op);
        assertEq(staking.retire(), 0);
        // Coming back is no way out of jail.
        _give(op, 20_000 ether);
        vm.startPrank(op);
        vm.expectRevert(abi.encodeWithSelector(I.StillJailed.selector, op, _now() + 1 days));
        staking.register(key, 1, 0, 20_000 ether, "", "");
        _pass(1 days);
        staking.register(key, 1, 0, 20_000 ether, "", "");
    }

    function test_Jail_EndsWeightUntilUnjail() public {
        _register(op, 20_000 ether);
        _stake(op, bob, 5 ether);
        vm.expectEmit(address(staking));
        emit I.OperatorJailed(op, _now() + 2 days);
        vm.prank(guardian);
        staking.jail(op, 2 days);
        vm.prank(guardian);
        staking.jail(op, 1 days);
        assertEq(_weight(op), 0);
        assertEq(staking.operatorOf(op).jailedUntil, _now() + 2 days);
        vm.prank(op);
        vm.expectRevert(abi.encodeWithSelector(I.StillJailed.selector, op, _now() + 2 days));
        staking.unjail();
        _pass(2 days);
        vm.expectEmit(address(staking));
        emit I.OperatorUnjailed(op);
        vm.prank(op);
        staking.unjail();
        assertEq(_weight(op), 20_005 ether);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(I.ParameterOutOfBounds.selector, "period", 365 days + 1, 0, 365 days));
        staking.jail(op, 365 days + 1);
    }

    function test_Unjail_NeedsOwnStake() public {
        _register(op, MIN_SELF);
        _slashAndExecute(MINOR, op, 1 ether);
        _pass(7 days);
        vm.prank(op);
        vm.expectRevert(abi.encodeWithSelector(I.SelfStakeTooLow.selector, op, MIN_SELF - 1 ether, MIN_SELF));
        staking.unjail();
        _stake(op, op, 1 ether);
        vm.prank(op);
        staking.unjail();
        assertEq(_weight(op), MIN_SELF);
    }

    function test_ActiveOperators_Page() public {
        address[] memory all = new address[](7);
        for (uint256 i; i < 7; ++i) {
            all[i] = makeAddr(string(abi.encode("node", i)));
            _register(all[i], MIN_SELF + i);
        }
        vm.prank(all[2]);
        staking.retire();
        vm.prank(guardian);
        staking.jail(all[5], 1);
        assertEq(staking.operatorCount(), 7);
        (address[] memory page, uint256[] memory stakes) = staking.activeOperators(1, 3);
        assertEq(page.length, 2);
        assertEq(page[0], all[1]);
        assertEq(page[1], all[3]);
        assertEq(stakes[1], MIN_SELF + 3);
        (page,) = staking.activeOperators(4, 100);
        assertEq(page.length, 2);
        assertEq(page[1], all[6]);
        (page, stakes) = staking.activeOperators(7, 1);
        assertEq(page.length + stakes.length, 0);
    }
}
