// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICustodyVault} from "../../contracts/interfaces/ICustodyVault.sol";
import {IOpg} from "../../contracts/interfaces/IOpg.sol";
import {CustodyVault} from "../../contracts/staking/CustodyVault.sol";
import {StakingFixture} from "./support/StakingFixture.sol";

/// @notice The vault obeys its staking contract, and nobody else.
contract CustodyVaultTest is StakingFixture {
    function test_Vault_NamesItsParts() public view {
        assertEq(address(vault.opg()), address(opg));
        assertEq(vault.staking(), address(staking));
        assertEq(opg.custodyVault(), address(vault));
        assertEq(address(staking.vault()), address(vault));
        assertEq(address(staking.opg()), address(opg));
    }

    function test_RevertWhen_PartIsMissingOrTokenNamesAnotherVault() public {
        vm.expectRevert(abi.encodeWithSelector(ICustodyVault.VaultPartMissing.selector, address(0), address(staking)));
        new CustodyVault(IOpg(address(0)), address(staking));
        vm.expectRevert(abi.encodeWithSelector(ICustodyVault.VaultPartMissing.selector, address(opg), address(0)));
        new CustodyVault(opg, address(0));
        vm.expectRevert(abi.encodeWithSelector(ICustodyVault.NotTheCustodyVault.selector, address(opg), address(vault)));
        new CustodyVault(opg, address(staking));
    }

    function testFuzz_RevertWhen_AnybodyElseCalls(address caller) public {
        vm.assume(caller != address(staking));
        bytes memory refusal = abi.encodeWithSelector(ICustodyVault.NotStaking.selector, caller);
        vm.startPrank(caller);
        vm.expectRevert(refusal);
        vault.deposit(bob, bob, 1);
        vm.expectRevert(refusal);
        vault.withdraw(bob, bob, 1);
        vm.expectRevert(refusal);
        vault.reassign(bob, carol, 1);
        vm.expectRevert(refusal);
        vault.burnUnits(bob, 1);
    }

    function test_Staking_MovesWhatIsInCustody() public {
        _give(bob, 10 ether);
        vm.startPrank(address(staking));
        vault.deposit(bob, carol, 10 ether);
        assertEq(opg.custodied(carol), 10 ether);
        vault.reassign(carol, dave, 4 ether);
        assertEq(opg.custodied(dave), 4 ether);
        vault.burnUnits(carol, 1 ether);
        assertEq(opg.custodied(address(0)), 1 ether);
        vault.withdraw(carol, bob, 5 ether);
        assertEq(opg.balanceOf(bob), 5 ether);
        assertEq(opg.balanceOf(address(vault)), 5 ether);
    }
}
