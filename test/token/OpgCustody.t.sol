// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IOpg} from "../../contracts/interfaces/IOpg.sol";
import {OpgFixture} from "./support/OpgFixture.sol";

/// @notice The four operations of the vault: what they do to balances, custody and votes, and what they refuse.
contract OpgCustodyTest is OpgFixture {
    function setUp() public override {
        super.setUp();
        _give(alice, 100 ether);
        _give(bob, 100 ether);
        _delegate(alice, alice);
        _delegate(bob, bob);
    }

    // custodyIn

    function test_CustodyIn_ForOneself_ChangesNoVotes() public {
        vm.prank(alice);
        opg.approve(vault, 50 ether);
        vm.expectEmit(address(opg));
        emit IERC20.Transfer(alice, vault, 40 ether);
        vm.expectEmit(address(opg));
        emit IOpg.CustodyIn(alice, alice, 40 ether);
        vm.prank(vault);
        opg.custodyIn(alice, alice, 40 ether);

        assertEq(opg.balanceOf(alice), 60 ether);
        assertEq(opg.balanceOf(vault), 40 ether);
        assertEq(opg.custodied(alice), 40 ether);
        assertEq(opg.unitsOf(alice), 100 ether);
        assertEq(opg.getVotes(alice), 100 ether);
        assertEq(opg.allowance(alice, vault), 10 ether);
    }

    function test_CustodyIn_ForAnother_MovesVotes() public {
        _stake(alice, bob, 40 ether);
        assertEq(opg.custodied(alice), 0);
        assertEq(opg.custodied(bob), 40 ether);
        assertEq(opg.getVotes(alice), 60 ether);
        assertEq(opg.getVotes(bob), 140 ether);
    }

    function test_CustodyIn_LeavesUnlimitedAllowance() public {
        vm.prank(alice);
        opg.approve(vault, type(uint256).max);
        vm.prank(vault);
        opg.custodyIn(alice, alice, 40 ether);
        assertEq(opg.allowance(alice, vault), type(uint256).max);
    }

    function test_RevertWhen_CustodyInWithoutAllowanceToVault() public {
        // An allowance to whoever drives the vault is not one to the vault.
        vm.prank(alice);
        opg.approve(carol, 100 ether);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, vault, 0, 1));
        vm.prank(vault);
        opg.custodyIn(alice, alice, 1);
    }

    function test_RevertWhen_CustodyInExceedsBalance() public {
        vm.prank(alice);
        opg.approve(vault, 101 ether);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, 100 ether, 101 ether)
        );
        vm.prank(vault);
        opg.custodyIn(alice, alice, 101 ether);
    }

    function test_RevertWhen_CustodyInFromVault() public {
        _stake(alice, alice, 10 ether);
        vm.startPrank(vault);
        opg.approve(vault, 10 ether);
        vm.expectRevert(abi.encodeWithSelector(IOpg.DirectVaultTransfer.selector, vault, vault));
        opg.custodyIn(vault, bob, 10 ether);
    }

    function test_RevertWhen_CustodyInFromNobody() public {
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidApprover.selector, address(0)));
        vm.prank(vault);
        opg.custodyIn(address(0), bob, 0);
    }

    function test_RevertWhen_CustodyInForInvalidOwner() public {
        vm.prank(alice);
        opg.approve(vault, 10 ether);
        vm.startPrank(vault);
        vm.expectRevert(abi.encodeWithSelector(IOpg.InvalidCustodyOwner.selector, address(0)));
        opg.custodyIn(alice, address(0), 10 ether);
        vm.expectRevert(abi.encodeWithSelector(IOpg.InvalidCustodyOwner.selector, vault));
        opg.custodyIn(alice, vault, 10 ether);
    }

    // custodyOut

    function test_CustodyOut_ToOwner_ChangesNoVotes() public {
        _stake(alice, alice, 40 ether);
        vm.expectEmit(address(opg));
        emit IERC20.Transfer(vault, alice, 15 ether);
        vm.expectEmit(address(opg));
        emit IOpg.CustodyOut(alice, alice, 15 ether);
        vm.prank(vault);
        opg.custodyOut(alice, alice, 15 ether);

        assertEq(opg.balanceOf(alice), 75 ether);
        assertEq(opg.balanceOf(vault), 25 ether);
        assertEq(opg.custodied(alice), 25 ether);
        assertEq(opg.getVotes(alice), 100 ether);
    }

    function test_CustodyOut_ToThirdParty_MovesVotes() public {
        _stake(alice, alice, 40 ether);
        vm.prank(vault);
        opg.custodyOut(alice, bob, 15 ether);
        assertEq(opg.balanceOf(bob), 115 ether);
        assertEq(opg.getVotes(alice), 85 ether);
        assertEq(opg.getVotes(bob), 115 ether);
    }

    function test_RevertWhen_CustodyOutExceedsCustodyOfOwner() public {
        _stake(alice, alice, 40 ether);
        _stake(bob, bob, 40 ether);
        // The vault holds enough, but not of Alice.
        vm.expectRevert(abi.encodeWithSelector(IOpg.InsufficientCustody.selector, alice, 40 ether, 41 ether));
        vm.prank(vault);
        opg.custodyOut(alice, alice, 41 ether);
    }

    function test_RevertWhen_CustodyOutOfOwnerlessTokensThatAreNotThere() public {
        _stake(alice, alice, 40 ether);
        vm.expectRevert(abi.encodeWithSelector(IOpg.InsufficientCustody.selector, address(0), 0, 1));
        vm.prank(vault);
        opg.custodyOut(address(0), bob, 1);
    }

    function test_RevertWhen_CustodyOutToNobodyOrVault() public {
        _stake(alice, alice, 40 ether);
        vm.startPrank(vault);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(0)));
        opg.custodyOut(alice, address(0), 1);
        vm.expectRevert(abi.encodeWithSelector(IOpg.DirectVaultTransfer.selector, vault, vault));
        opg.custodyOut(alice, vault, 1);
    }

    // reassign

    function test_Reassign_MovesUnitsInsideTheVault() public {
        _stake(alice, alice, 40 ether);
        vm.expectEmit(address(opg));
        emit IOpg.CustodyReassigned(alice, bob, 30 ether);
        vm.prank(vault);
        opg.reassign(alice, bob, 30 ether);
        assertEq(opg.balanceOf(vault), 40 ether);
        assertEq(opg.custodied(alice), 10 ether);
        assertEq(opg.custodied(bob), 30 ether);
        assertEq(opg.getVotes(alice), 70 ether);
        assertEq(opg.getVotes(bob), 130 ether);
    }

    function test_Reassign_ToOneself_ChangesNothing() public {
        _stake(alice, alice, 40 ether);
        vm.prank(vault);
        opg.reassign(alice, alice, 40 ether);
        assertEq(opg.custodied(alice), 40 ether);
        assertEq(opg.getVotes(alice), 100 ether);
    }

    function test_RevertWhen_ReassignExceedsCustody() public {
        _stake(alice, alice, 40 ether);
        vm.expectRevert(abi.encodeWithSelector(IOpg.InsufficientCustody.selector, alice, 40 ether, 41 ether));
        vm.prank(vault);
        opg.reassign(alice, bob, 41 ether);
    }

    function test_RevertWhen_ReassignFromOrToInvalidOwner() public {
        _stake(alice, alice, 40 ether);
        vm.startPrank(vault);
        opg.burnUnits(alice, 10 ether);
        vm.expectRevert(abi.encodeWithSelector(IOpg.InvalidCustodyOwner.selector, address(0)));
        opg.reassign(address(0), bob, 10 ether);
        vm.expectRevert(abi.encodeWithSelector(IOpg.InvalidCustodyOwner.selector, address(0)));
        opg.reassign(alice, address(0), 1);
        vm.expectRevert(abi.encodeWithSelector(IOpg.InvalidCustodyOwner.selector, vault));
        opg.reassign(alice, vault, 1);
        vm.expectRevert(abi.encodeWithSelector(IOpg.InvalidCustodyOwner.selector, vault));
        opg.reassign(vault, alice, 0);
    }

    // burnUnits

    function test_BurnUnits_TakesVotesAndLeavesTokensInVault() public {
        _stake(alice, alice, 40 ether);
        vm.expectEmit(address(opg));
        emit IOpg.UnitsBurned(alice, 10 ether);
        vm.prank(vault);
        opg.burnUnits(alice, 10 ether);
        vm.warp(START + 1);

        assertEq(opg.balanceOf(vault), 40 ether);
        assertEq(opg.totalSupply(), SUPPLY);
        assertEq(opg.custodied(alice), 30 ether);
        assertEq(opg.custodied(address(0)), 10 ether);
        assertEq(opg.getVotes(alice), 90 ether);
        assertEq(opg.getPastTotalSupply(START), SUPPLY - 10 ether);
        assertEq(opg.unitsOf(address(0)), 0);
        assertEq(opg.unitsOf(vault), 0);
    }

    function test_RevertWhen_BurnUnitsExceedsCustody() public {
        _stake(alice, alice, 40 ether);
        // Alice holds 60 more: units of tokens that are held cannot be burned.
        vm.expectRevert(abi.encodeWithSelector(IOpg.InsufficientCustody.selector, alice, 40 ether, 41 ether));
        vm.prank(vault);
        opg.burnUnits(alice, 41 ether);
    }

    function test_RevertWhen_BurnUnitsOfInvalidOwner() public {
        vm.startPrank(vault);
        vm.expectRevert(abi.encodeWithSelector(IOpg.InvalidCustodyOwner.selector, address(0)));
        opg.burnUnits(address(0), 0);
        vm.expectRevert(abi.encodeWithSelector(IOpg.InvalidCustodyOwner.selector, vault));
        opg.burnUnits(vault, 0);
    }

    // Slashing

    /// A pool of two delegators loses a quarter. Tokens leave only as their units go, and the last delegator can leave
    /// whether or not the other was synced.
    function test_PoolSlash_PaysOnlyWhatWasSynced() public {
        _stake(alice, alice, 40 ether);
        _stake(bob, bob, 40 ether);
        vm.startPrank(vault);
        opg.burnUnits(alice, 10 ether);
        vm.expectRevert(abi.encodeWithSelector(IOpg.InsufficientCustody.selector, address(0), 10 ether, 20 ether));
        opg.custodyOut(address(0), carol, 20 ether);
        opg.custodyOut(address(0), carol, 10 ether);
        opg.custodyOut(bob, bob, 30 ether);
        opg.custodyOut(alice, alice, 30 ether);
        assertEq(opg.balanceOf(vault), 10 ether);
        assertEq(opg.custodied(bob), 10 ether);
        opg.burnUnits(bob, 10 ether);
        opg.custodyOut(address(0), carol, 10 ether);
        vm.stopPrank();

        vm.warp(START + 1);
        assertEq(opg.balanceOf(vault), 0);
        assertEq(opg.balanceOf(carol), 20 ether);
        assertEq(opg.unitsOf(carol), 20 ether);
        assertEq(opg.getVotes(alice), 90 ether);
        assertEq(opg.getVotes(bob), 90 ether);
        assertEq(opg.getPastTotalSupply(START), SUPPLY);
    }

    // Votes

    function test_Vault_HasNoVotes() public {
        _stake(alice, alice, 40 ether);
        vm.prank(vault);
        opg.delegate(carol);
        assertEq(opg.getVotes(carol), 0);
        vm.prank(vault);
        opg.custodyOut(alice, alice, 40 ether);
        assertEq(opg.getVotes(carol), 0);
        assertEq(opg.getVotes(alice), 100 ether);
    }

    function test_Delegating_CountsCustodyToo() public {
        _stake(alice, alice, 40 ether);
        _delegate(alice, carol);
        assertEq(opg.getVotes(alice), 0);
        assertEq(opg.getVotes(carol), 100 ether);
    }
}
