// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IAirdrop, SignedClaim} from "../../contracts/interfaces/IAirdrop.sol";
import {IOpg} from "../../contracts/interfaces/IOpg.sol";
import {AirdropFixture} from "./support/AirdropFixture.sol";

/// @notice Wallet whose signature check burns all the gas it gets.
contract BurningWallet is IERC1271 {
    function isValidSignature(bytes32, bytes calldata) external view override returns (bytes4) {
        uint256 spent;
        while (gasleft() > 0) ++spent;
        return bytes4(uint32(spent));
    }
}

/// @notice Claims of many accounts in one transaction, which somebody else pays.
contract AirdropBatchTest is AirdropFixture {
    /// Of `makeAddr`.
    uint256 private constant BOB_KEY = uint256(keccak256("bob"));
    uint256 private constant CAROL_KEY = uint256(keccak256("carol"));
    /// What a row of these small trees needs, with room.
    uint256 private constant GAS_PER_ROW = 200_000;

    function test_ClaimMany_PaysEach() public {
        SignedClaim[] memory rows = _rows();
        vm.prank(makeAddr("relayer"));
        assertEq(airdrop.claimMany(rows), rows.length);
        for (uint256 i; i < rows.length; ++i) {
            assertEq(opg.balanceOf(rows[i].account), rows[i].amount);
            assertTrue(airdrop.isClaimed(rows[i].index));
        }
    }

    /// One bad row of each kind, and the good ones are paid.
    function test_ClaimMany_SkipsAndReports() public {
        SignedClaim[] memory rows = new SignedClaim[](6);
        rows[0] = _signedClaim(ALICE, aliceKey);
        rows[1] = _signedClaim(ALICE, aliceKey);
        rows[2] = _signedClaim(BOB, aliceKey);
        rows[3] = _signedClaim(WALLET, aliceKey);
        rows[3].to = vault;
        rows[3].signature = _sign(aliceKey, _claimDigest(WALLET, vault, DEADLINE));
        rows[4] = _signedClaim(SIBLING, aliceKey);
        rows[4].proof = rows[0].proof;
        rows[5] = _signedClaim(CAROL, CAROL_KEY);
        bytes[6] memory reasons;
        reasons[1] = abi.encodeWithSelector(IAirdrop.AlreadyClaimed.selector, ALICE);
        reasons[2] = abi.encodeWithSelector(IAirdrop.InvalidSignature.selector, bob);
        reasons[3] = abi.encodeWithSelector(IOpg.DirectVaultTransfer.selector, address(airdrop), vault);
        reasons[4] = abi.encodeWithSelector(IAirdrop.InvalidProof.selector, SIBLING, sibling);
        for (uint256 i; i < rows.length; ++i) {
            vm.expectEmit(address(airdrop));
            if (reasons[i].length == 0) {
                emit IAirdrop.Claimed(rows[i].index, rows[i].account, rows[i].to, rows[i].amount);
            } else {
                emit IAirdrop.ClaimSkipped(i, rows[i].index, reasons[i]);
            }
        }
        assertEq(airdrop.claimMany(rows), 2);
        assertEq(opg.balanceOf(alice), 100 ether);
        assertEq(opg.balanceOf(carol), 1);
        assertFalse(airdrop.isClaimed(BOB));
        assertFalse(airdrop.isClaimed(WALLET));
        assertFalse(airdrop.isClaimed(SIBLING));
    }

    function test_RevertWhen_NothingIsClaimed() public {
        vm.expectRevert(IAirdrop.NothingClaimed.selector);
        airdrop.claimMany(new SignedClaim[](0));

        SignedClaim[] memory rows = _rows();
        vm.warp(DEADLINE + 1);
        vm.expectRevert(IAirdrop.NothingClaimed.selector);
        airdrop.claimMany(rows);
    }

    /// Whoever sends the batch cannot drop rows by sending too little gas: all or nothing.
    function testFuzz_TooLittleGas_ClaimsAllOrNothing(uint256 gas) public {
        SignedClaim[] memory rows = _rows();
        gas = bound(gas, 30_000, rows.length * GAS_PER_ROW);
        try airdrop.claimMany{gas: gas}(rows) returns (uint256 claimed) {
            assertEq(claimed, rows.length);
        } catch {
            for (uint256 i; i < rows.length; ++i) {
                assertFalse(airdrop.isClaimed(i));
            }
        }
    }

    /// A wallet that burns its share of the gas is skipped; those after it are paid.
    function test_BurningWallet_DoesNotStarveTheOthers() public {
        address burning = address(new BurningWallet());
        delete entitlements;
        entitlements.push(Entitlement(burning, 7 ether));
        entitlements.push(Entitlement(alice, 100 ether));
        entitlements.push(Entitlement(bob, 200 ether));
        _deploy();
        SignedClaim[] memory rows = new SignedClaim[](3);
        rows[0] = _signedClaim(0, aliceKey);
        rows[1] = _signedClaim(1, aliceKey);
        rows[2] = _signedClaim(2, BOB_KEY);
        vm.expectEmit(address(airdrop));
        emit IAirdrop.ClaimSkipped(0, 0, abi.encodeWithSelector(IAirdrop.InvalidSignature.selector, burning));
        assertEq(airdrop.claimMany{gas: rows.length * GAS_PER_ROW}(rows), 2);
        assertEq(opg.balanceOf(alice), 100 ether);
        assertEq(opg.balanceOf(bob), 200 ether);
        assertFalse(airdrop.isClaimed(0));
    }

    function _rows() private view returns (SignedClaim[] memory rows) {
        rows = new SignedClaim[](3);
        rows[0] = _signedClaim(ALICE, aliceKey);
        rows[1] = _signedClaim(BOB, BOB_KEY);
        rows[2] = _signedClaim(WALLET, aliceKey);
    }
}
