// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IOpg} from "../../contracts/interfaces/IOpg.sol";
import {OpgFixture} from "./support/OpgFixture.sol";

/// @notice Nobody else gets at the custody operations, and nothing else moves tokens into or out of the vault.
contract OpgVaultRuleTest is OpgFixture {
    function setUp() public override {
        super.setUp();
        _give(alice, 100 ether);
    }

    function testFuzz_RevertWhen_CallerIsNotVault(address caller) public {
        vm.assume(caller != vault);
        _stake(alice, alice, 40 ether);
        vm.prank(alice);
        opg.approve(vault, 10 ether);
        bytes memory refusal = abi.encodeWithSelector(IOpg.NotCustodyVault.selector, caller);
        vm.startPrank(caller);
        vm.expectRevert(refusal);
        opg.custodyIn(alice, alice, 1);
        vm.expectRevert(refusal);
        opg.custodyOut(alice, alice, 1);
        vm.expectRevert(refusal);
        opg.reassign(alice, bob, 1);
        vm.expectRevert(refusal);
        opg.burnUnits(alice, 1);
    }

    // Every other way in or out

    function testFuzz_RevertWhen_TransferToVault(uint256 amount) public {
        amount = bound(amount, 0, 100 ether);
        bytes memory refusal = abi.encodeWithSelector(IOpg.DirectVaultTransfer.selector, alice, vault);
        vm.prank(alice);
        vm.expectRevert(refusal);
        opg.transfer(vault, amount);

        vm.prank(alice);
        opg.approve(bob, amount);
        vm.prank(bob);
        vm.expectRevert(refusal);
        opg.transferFrom(alice, vault, amount);

        // The vault itself, with the holder's allowance, must take custody instead.
        vm.prank(alice);
        opg.approve(vault, amount);
        vm.prank(vault);
        vm.expectRevert(refusal);
        opg.transferFrom(alice, vault, amount);
    }

    function testFuzz_RevertWhen_VaultMovesTokensOutside(uint256 amount) public {
        _stake(alice, alice, 40 ether);
        amount = bound(amount, 0, 40 ether);
        vm.startPrank(vault);
        vm.expectRevert(abi.encodeWithSelector(IOpg.DirectVaultTransfer.selector, vault, bob));
        opg.transfer(bob, amount);
        vm.expectRevert(abi.encodeWithSelector(IOpg.DirectVaultTransfer.selector, vault, address(0)));
        opg.burn(amount);
        opg.approve(bob, 40 ether);
        vm.stopPrank();

        vm.startPrank(bob);
        vm.expectRevert(abi.encodeWithSelector(IOpg.DirectVaultTransfer.selector, vault, bob));
        opg.transferFrom(vault, bob, amount);
        vm.expectRevert(abi.encodeWithSelector(IOpg.DirectVaultTransfer.selector, vault, address(0)));
        opg.burnFrom(vault, amount);
    }

    function test_RevertWhen_AuthorizationPaysVault() public {
        Authorization memory a = Authorization(alice, vault, 1 ether, 0, START + 1, keccak256("n"));
        bytes memory refusal = abi.encodeWithSelector(IOpg.DirectVaultTransfer.selector, alice, vault);
        bytes memory signature = _sign(aliceKey, _transferDigest(opg, a));
        vm.expectRevert(refusal);
        opg.transferWithAuthorization(a.from, a.to, a.value, a.validAfter, a.validBefore, a.nonce, signature);

        signature = _sign(aliceKey, _receiveDigest(opg, a));
        vm.prank(vault);
        vm.expectRevert(refusal);
        opg.receiveWithAuthorization(a.from, a.to, a.value, a.validAfter, a.validBefore, a.nonce, signature);
    }

    function test_PermitToVault_LetsVaultTakeCustodyOnly() public {
        bytes memory signature = _sign(aliceKey, _permitDigest(opg, alice, vault, 5 ether, 0, START));
        opg.permit(alice, vault, 5 ether, START, signature);
        vm.startPrank(vault);
        vm.expectRevert(abi.encodeWithSelector(IOpg.DirectVaultTransfer.selector, alice, vault));
        opg.transferFrom(alice, vault, 5 ether);
        opg.custodyIn(alice, alice, 5 ether);
        assertEq(opg.custodied(alice), 5 ether);
    }
}
