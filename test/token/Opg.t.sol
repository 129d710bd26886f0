// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {Opg} from "../../contracts/token/Opg.sol";
import {IOpg} from "../../contracts/interfaces/IOpg.sol";
import {OpgFixture} from "./support/OpgFixture.sol";

/// @notice Supply, burning, the clock and votes of tokens that are held.
contract OpgTest is OpgFixture {
    function test_Deployment_MintsWholeSupplyToRecipient() public view {
        assertEq(opg.name(), "OPG");
        assertEq(opg.symbol(), "OPG");
        assertEq(opg.decimals(), 18);
        assertEq(opg.totalSupply(), SUPPLY);
        assertEq(opg.balanceOf(treasury), SUPPLY);
        assertEq(opg.unitsOf(treasury), SUPPLY);
        assertEq(opg.custodyVault(), vault);
    }

    function test_RevertWhen_DeployedWithoutVault() public {
        vm.expectRevert(IOpg.CustodyVaultMissing.selector);
        new Opg(address(0), treasury);
    }

    function test_RevertWhen_SupplyMintedToVault() public {
        vm.expectRevert(abi.encodeWithSelector(IOpg.DirectVaultTransfer.selector, address(0), vault));
        new Opg(vault, vault);
    }

    function test_RevertWhen_SupplyMintedToNobody() public {
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(0)));
        new Opg(vault, address(0));
    }

    function test_Domain_IsThatOfTheToken() public view {
        (, string memory name, string memory version, uint256 chainId, address verifyingContract,,) = opg.eip712Domain();
        assertEq(name, "OPG");
        assertEq(version, "1");
        assertEq(chainId, chain);
        assertEq(verifyingContract, address(opg));
        bytes32 structHash = keccak256("anything");
        assertEq(keccak256(abi.encodePacked(hex"1901", opg.DOMAIN_SEPARATOR(), structHash)), _digest(opg, structHash));
    }

    function testFuzz_Transfer_MovesTokensAndUnits(uint256 amount) public {
        amount = bound(amount, 0, SUPPLY);
        vm.expectEmit(address(opg));
        emit IERC20.Transfer(treasury, alice, amount);
        vm.prank(treasury);
        assertTrue(opg.transfer(alice, amount));
        assertEq(opg.balanceOf(alice), amount);
        assertEq(opg.unitsOf(alice), amount);
        assertEq(opg.balanceOf(treasury), SUPPLY - amount);
    }

    function test_Burn_ReducesSupplyAndUnits() public {
        _give(alice, 10 ether);
        vm.prank(alice);
        opg.burn(4 ether);
        vm.warp(START + 1);
        assertEq(opg.balanceOf(alice), 6 ether);
        assertEq(opg.unitsOf(alice), 6 ether);
        assertEq(opg.totalSupply(), SUPPLY - 4 ether);
        assertEq(opg.getPastTotalSupply(START), SUPPLY - 4 ether);
    }

    function test_RevertWhen_BurningMoreThanHeld() public {
        _give(alice, 1 ether);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, 1 ether, 2 ether));
        vm.prank(alice);
        opg.burn(2 ether);
    }

    function test_BurnFrom_SpendsAllowance() public {
        _give(alice, 10 ether);
        vm.prank(alice);
        opg.approve(bob, 5 ether);
        vm.prank(bob);
        opg.burnFrom(alice, 3 ether);
        assertEq(opg.allowance(alice, bob), 2 ether);
        assertEq(opg.balanceOf(alice), 7 ether);
        assertEq(opg.totalSupply(), SUPPLY - 3 ether);
    }

    function test_RevertWhen_BurnFromWithoutAllowance() public {
        _give(alice, 10 ether);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, bob, 0, 1 ether));
        vm.prank(bob);
        opg.burnFrom(alice, 1 ether);
    }

    function testFuzz_Clock_IsUnixTime(uint48 time) public {
        vm.warp(time);
        assertEq(opg.clock(), time);
        assertEq(opg.CLOCK_MODE(), "mode=timestamp");
    }

    function test_Votes_CountOnlyOnceDelegated() public {
        _give(alice, 10 ether);
        assertEq(opg.getVotes(alice), 0);
        _delegate(alice, alice);
        assertEq(opg.getVotes(alice), 10 ether);
        _delegate(alice, bob);
        assertEq(opg.getVotes(alice), 0);
        assertEq(opg.getVotes(bob), 10 ether);
        _delegate(alice, address(0));
        assertEq(opg.getVotes(bob), 0);
    }

    function test_Votes_OfOneSecondAreThoseAtItsEnd() public {
        _give(alice, 10 ether);
        _delegate(alice, alice);
        vm.warp(START + 100);
        vm.prank(alice);
        opg.transfer(bob, 4 ether);
        vm.prank(alice);
        opg.transfer(bob, 1 ether);
        vm.warp(START + 200);
        assertEq(opg.getPastVotes(alice, START - 1), 0);
        assertEq(opg.getPastVotes(alice, START), 10 ether);
        assertEq(opg.getPastVotes(alice, START + 99), 10 ether);
        assertEq(opg.getPastVotes(alice, START + 100), 5 ether);
    }

    function test_RevertWhen_VotesOfNowAreAskedAsPast() public {
        vm.expectRevert(abi.encodeWithSelector(Votes.ERC5805FutureLookup.selector, START, START));
        opg.getPastVotes(alice, START);
    }
}
