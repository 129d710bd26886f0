// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MulticallUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/MulticallUpgradeable.sol";
import {IStakingCommon as I, UnbondView} from "../../contracts/interfaces/IStakingCommon.sol";
import {StakingFixture} from "./support/StakingFixture.sol";

/// @notice Stake in, across and out, for oneself and for others.
contract StakingPoolsTest is StakingFixture {
    function setUp() public override {
        super.setUp();
        _register(op, 20_000 ether);
        _register(rival, 20_000 ether);
        _pass(1 days);
    }

    function test_Delegate_IsOneToOneBeforeAnySlash() public {
        _give(bob, 10 ether);
        vm.expectEmit(address(staking));
        emit I.Delegated(op, bob, 10 ether, 10 ether);
        vm.prank(bob);
        assertEq(staking.delegate(op, 10 ether, 10 ether), 10 ether);
        assertEq(opg.custodied(bob), 10 ether);
        assertEq(_pool(op).assets, 10 ether);
        assertEq(_position(op, bob).amount, 10 ether);
        assertEq(staking.stakeAt(op, _now()), 20_000 ether);
        assertEq(_weight(op), 20_010 ether);
        assertEq(staking.totalStakeAt(_now() + 1), 40_010 ether);
    }

    function test_RevertWhen_DelegationIsNotAcceptable() public {
        _give(bob, 10 ether);
        vm.startPrank(bob);
        vm.expectRevert(I.AmountZero.selector);
        staking.delegate(op, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(I.Slippage.selector, 10 ether, 10 ether + 1));
        staking.delegate(op, 10 ether, 10 ether + 1);
        vm.expectRevert();
        staking.delegate(op, 10 ether + 1, 0);
        opg.approve(address(vault), 1);
        vm.expectRevert();
        staking.delegate(op, 10 ether, 0);
    }

    function test_DelegateFor_ThePayerPaysAndTheOwnerOwns() public {
        _give(bob, 10 ether);
        vm.prank(bob);
        staking.delegateFor(op, carol, 10 ether, 10 ether);
        assertEq(opg.balanceOf(bob), 0);
        assertEq(opg.custodied(carol), 10 ether);
        assertEq(_position(op, carol).shares, 10 ether);
        assertEq(_position(op, bob).shares, 0);
    }

    function test_PermitVault_StakesInOneTransaction() public {
        (address alice, uint256 aliceKey) = makeAddrAndKey("alice");
        vm.prank(treasury);
        opg.transfer(alice, 10 ether);
        bytes memory signature = _permit(alice, aliceKey, 10 ether);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(staking.permitVault, (10 ether, type(uint256).max, signature));
        calls[1] = abi.encodeCall(staking.delegate, (op, 10 ether, 0));
        uint256 snapshot = vm.snapshotState();
        vm.prank(alice);
        MulticallUpgradeable(address(staking)).multicall(calls);
        assertEq(opg.custodied(alice), 10 ether);

        // Somebody saw the permit and used it first.
        vm.revertToState(snapshot);
        opg.permit(alice, address(vault), 10 ether, type(uint256).max, signature);
        vm.prank(alice);
        MulticallUpgradeable(address(staking)).multicall(calls);
        assertEq(opg.custodied(alice), 10 ether);
    }

    function test_Multicall_ReachesAllParts() public {
        _give(carol, MIN_SELF + 1 ether);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(staking.register, (key, 1, 0, MIN_SELF, "", ""));
        calls[1] = abi.encodeCall(staking.delegate, (op, 1 ether, 0));
        vm.prank(carol);
        MulticallUpgradeable(address(staking)).multicall(calls);
        assertEq(_weight(carol), MIN_SELF);
        assertEq(_position(op, carol).amount, 1 ether);
    }

    function test_Unbond_TakesWeightAtOnceAndTokensLater() public {
        _stake(op, bob, 10 ether);
        vm.expectEmit(address(staking));
        emit I.UnbondStarted(op, bob, 1, 4 ether, 4 ether, _now() + UNBONDING);
        vm.prank(bob);
        staking.unbond(op, bob, 4 ether, 4 ether);
        assertEq(_weight(op), 20_006 ether);
        assertEq(opg.custodied(bob), 10 ether);
        UnbondView memory open = staking.unbondOf(op, bob, 1);
        assertEq(open.amount, 4 ether);
        assertEq(open.booked, 4 ether);
        vm.expectRevert(abi.encodeWithSelector(I.NotMature.selector, open.maturesAt));
        _withdraw(op, bob, 1);
        _pass(UNBONDING);
        vm.expectEmit(address(staking));
        emit I.Withdrawn(op, bob, 1, carol, 4 ether, 4 ether);
        vm.prank(bob);
        staking.withdraw(op, bob, 1, carol, 4 ether);
        assertEq(opg.balanceOf(carol), 4 ether);
        assertEq(_position(op, bob).openUnbonds, 0);
    }

    function test_RevertWhen_UnbondIsNotAcceptable() public {
        _stake(op, bob, 10 ether);
        vm.startPrank(bob);
        vm.expectRevert(I.AmountZero.selector);
        staking.unbond(op, bob, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(I.InsufficientShares.selector, op, bob, 10 ether, 10 ether + 1));
        staking.unbond(op, bob, 10 ether + 1, 0);
        vm.expectRevert(abi.encodeWithSelector(I.Slippage.selector, 1 ether, 1 ether + 1));
        staking.unbond(op, bob, 1 ether, 1 ether + 1);
        for (uint256 i; i < 16; ++i) {
            staking.unbond(op, bob, 1, 0);
        }
        vm.expectRevert(abi.encodeWithSelector(I.TooManyUnbonds.selector, op, bob, 16));
        staking.unbond(op, bob, 1, 0);
        // The queue of one operator does not fill that of another.
        vm.stopPrank();
        _stake(rival, bob, 1 ether);
        _unbond(rival, bob, 1 ether);
        // Ending one makes room.
        vm.prank(bob);
        staking.cancelUnbond(op, bob, 7);
        assertEq(_unbond(op, bob, 1), 17);
    }

    function test_RevertWhen_WithdrawalIsNotAcceptable() public {
        _stake(op, bob, 10 ether);
        _unbond(op, bob, 10 ether);
        _pass(UNBONDING);
        address[3] memory wrong = [address(0), address(vault), address(staking)];
        for (uint256 i; i < 3; ++i) {
            vm.prank(bob);
            vm.expectRevert(abi.encodeWithSelector(I.InvalidRecipient.selector, wrong[i]));
            staking.withdraw(op, bob, 1, wrong[i], 0);
        }
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(I.Slippage.selector, 10 ether, 10 ether + 1));
        staking.withdraw(op, bob, 1, bob, 10 ether + 1);
        vm.expectRevert(abi.encodeWithSelector(I.UnknownUnbond.selector, op, bob, 2));
        _withdraw(op, bob, 2);
    }

    function test_CancelUnbond_RestoresSharesAndWeight() public {
        _stake(op, bob, 10 ether);
        uint256 id = _unbond(op, bob, 10 ether);
        vm.expectEmit(address(staking));
        emit I.UnbondCancelled(op, bob, id, 10 ether);
        vm.prank(bob);
        staking.cancelUnbond(op, bob, id);
        assertEq(_position(op, bob).shares, 10 ether);
        assertEq(_position(op, bob).booked, 10 ether);
        assertEq(_weight(op), 20_010 ether);
        assertEq(_pool(op).unbondingShares, 0);
    }

    function test_Operator_KeepsTheMinimumWhileActive() public {
        vm.prank(op);
        vm.expectRevert(abi.encodeWithSelector(I.SelfStakeTooLow.selector, op, MIN_SELF - 1, MIN_SELF));
        staking.unbond(op, op, 10_000 ether + 1, 0);
        _unbond(op, op, 10_000 ether);
        assertEq(_weight(op), MIN_SELF);
        _pass(UNBONDING);
        assertEq(_withdraw(op, op, 1), 10_000 ether);
        assertEq(opg.custodied(op), MIN_SELF);
    }

    function test_Redelegate_MovesBetweenPoolsAndIntoOwnStake() public {
        _stake(op, rival, 10 ether);
        uint256 id = _unbond(op, rival, 4 ether);
        uint256 second = _unbond(op, rival, 6 ether);
        _pass(UNBONDING);
        vm.startPrank(rival);
        vm.expectRevert(abi.encodeWithSelector(I.Slippage.selector, 4 ether, 4 ether + 1));
        staking.redelegate(op, rival, id, rival, 4 ether + 1);
        // To its own stake, and back to the same operator's pool.
        staking.redelegate(op, rival, id, rival, 4 ether);
        staking.redelegate(op, rival, second, op, 6 ether);
        vm.stopPrank();
        assertEq(_own(rival).assets, 20_004 ether);
        assertEq(_position(op, rival).amount, 6 ether);
        assertEq(_pool(op).assets, 6 ether);
        assertEq(opg.custodied(rival), 20_010 ether);
        assertEq(_weight(rival), 20_004 ether);
    }

    function test_Agent_ActsButCannotTakeTokens() public {
        _stake(op, bob, 10 ether);
        vm.expectEmit(address(staking));
        emit I.AgentSet(bob, dave, true);
        vm.prank(bob);
        staking.setAgent(dave, true);
        assertTrue(staking.isAgent(bob, dave));
        vm.startPrank(dave);
        uint256 first = staking.unbond(op, bob, 3 ether, 0);
        uint256 second = staking.unbond(op, bob, 3 ether, 0);
        uint256 third = staking.unbond(op, bob, 3 ether, 0);
        staking.cancelUnbond(op, bob, first);
        _pass(UNBONDING);
        vm.expectRevert(abi.encodeWithSelector(I.NotOwnerNorAgent.selector, dave, bob));
        staking.withdraw(op, bob, second, dave, 0);
        staking.withdraw(op, bob, second, bob, 0);
        staking.redelegate(op, bob, third, rival, 0);
        vm.stopPrank();
        assertEq(opg.balanceOf(bob), 3 ether);
        assertEq(_position(rival, bob).amount, 3 ether);
        vm.prank(bob);
        staking.setAgent(dave, false);
        vm.startPrank(dave);
        bytes memory refusal = abi.encodeWithSelector(I.NotOwnerNorAgent.selector, dave, bob);
        vm.expectRevert(refusal);
        staking.unbond(op, bob, 1, 0);
        vm.expectRevert(refusal);
        staking.withdraw(op, bob, 1, bob, 0);
        vm.expectRevert(refusal);
        staking.redelegate(op, bob, 1, rival, 0);
    }

    function test_RevertWhen_PoolIsDiluted() public {
        _stake(op, bob, 10_000_000 ether);
        // All but 10,000,000 / 2^23 is slashed.
        uint256 rest = 10_000_000 ether >> 23;
        _slashAndExecute(FATAL, op, 20_000 ether + 10_000_000 ether - rest);
        _stake(op, op, 20_000 ether);
        _unjail(op);
        _give(carol, 1 ether);
        vm.prank(carol);
        vm.expectRevert(abi.encodeWithSelector(I.PoolDiluted.selector, op));
        staking.delegate(op, 1 ether, 0);
        // Leaving works as ever, and empties the pool for a new beginning.
        uint256 id = _unbond(op, bob, _position(op, bob).shares);
        _pass(UNBONDING);
        assertEq(_withdraw(op, bob, id), rest);
        vm.prank(carol);
        assertEq(staking.delegate(op, 1 ether, 0), 1 ether);
    }

    function _permit(address owner, uint256 ownerKey, uint256 amount) private view returns (bytes memory) {
        bytes32 typeHash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 structHash = keccak256(abi.encode(typeHash, owner, address(vault), amount, 0, type(uint256).max));
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(ownerKey, keccak256(abi.encodePacked(hex"1901", opg.DOMAIN_SEPARATOR(), structHash)));
        return abi.encodePacked(r, s, v);
    }
}
