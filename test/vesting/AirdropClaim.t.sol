// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IAirdrop, SignedDelegation} from "../../contracts/interfaces/IAirdrop.sol";
import {IOpg} from "../../contracts/interfaces/IOpg.sol";
import {Airdrop} from "../../contracts/vesting/Airdrop.sol";
import {OwnedWallet} from "../token/support/Wallets.sol";
import {AirdropFixture} from "./support/AirdropFixture.sol";

/// @notice Every way to claim, and the sweep of what nobody claimed.
contract AirdropClaimTest is AirdropFixture {
    address private immutable relayer = makeAddr("relayer");
    address private immutable cold = makeAddr("cold");

    // For oneself

    function test_Claim_PaysTheCaller() public {
        vm.expectEmit(address(airdrop));
        emit IAirdrop.Claimed(ALICE, alice, alice, 100 ether);
        _claim(ALICE, alice);
        assertEq(opg.balanceOf(alice), 100 ether);
        assertTrue(airdrop.isClaimed(ALICE));
        assertFalse(airdrop.isClaimed(BOB));
    }

    function test_Claim_PaysWhomTheCallerNames() public {
        vm.expectEmit(address(airdrop));
        emit IAirdrop.Claimed(ALICE, alice, cold, 100 ether);
        _claim(ALICE, cold);
        assertEq(opg.balanceOf(cold), 100 ether);
        assertEq(opg.balanceOf(alice), 0);
    }

    function test_Claim_WorksForContracts() public {
        _claim(WALLET, cold);
        assertEq(opg.balanceOf(cold), 300 ether);
    }

    function test_Claim_LastSecond() public {
        vm.warp(DEADLINE);
        _claim(ALICE, alice);
        assertEq(opg.balanceOf(alice), 100 ether);
    }

    function test_RevertWhen_RecipientCouldNotSpendIt() public {
        bytes32[] memory proof = _proof(ALICE);
        address[2] memory dead = [address(0), address(airdrop)];
        for (uint256 i; i < dead.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IAirdrop.InvalidRecipient.selector, dead[i]));
            vm.prank(alice);
            airdrop.claimTo(ALICE, 100 ether, proof, dead[i]);
        }
        // The token itself refuses the custody vault; the claim stays open.
        vm.expectRevert(abi.encodeWithSelector(IOpg.DirectVaultTransfer.selector, address(airdrop), vault));
        vm.prank(alice);
        airdrop.claimTo(ALICE, 100 ether, proof, vault);
        assertFalse(airdrop.isClaimed(ALICE));
    }

    /// The vault may release the airdrop's tokens after the contract is deployed.
    function test_RevertWhen_TokensHaveNotArrived() public {
        uint256 held = opg.balanceOf(address(airdrop));
        vm.prank(address(airdrop));
        opg.transfer(treasury, held);
        bytes32[] memory proof = _proof(ALICE);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientBalance.selector, address(airdrop), uint256(0), 100 ether
            )
        );
        vm.prank(alice);
        airdrop.claimTo(ALICE, 100 ether, proof, alice);
        _give(address(airdrop), held);
        _claim(ALICE, alice);
    }

    // By signature

    function test_ClaimBySig_PaysWhomTheClaimantSigned() public {
        bytes memory signature = _sign(aliceKey, _claimDigest(ALICE, cold, START));
        vm.expectEmit(address(airdrop));
        emit IAirdrop.Claimed(ALICE, alice, cold, 100 ether);
        vm.prank(relayer);
        _claimBySig(ALICE, cold, START, signature);
        assertEq(opg.balanceOf(cold), 100 ether);
        assertEq(opg.balanceOf(relayer), 0);
    }

    function test_ClaimBySig_AsksContractsByErc1271() public {
        _claimBySig(WALLET, wallet, START, _sign(aliceKey, _claimDigest(WALLET, wallet, START)));
        assertEq(opg.balanceOf(wallet), 300 ether);
    }

    function test_ClaimBySig_AsksDelegatedCode() public {
        // Alice's account runs the code of a wallet that trusts Dora's key.
        (address dora, uint256 doraKey) = makeAddrAndKey("dora");
        vm.signAndAttachDelegation(address(new OwnedWallet(dora)), aliceKey);
        opg.totalSupply(); // The delegation takes effect with the next call.
        _claimBySig(ALICE, alice, START, _sign(doraKey, _claimDigest(ALICE, alice, START)));
        assertEq(opg.balanceOf(alice), 100 ether);
    }

    function test_RevertWhen_SignatureExpired() public {
        bytes memory signature = _sign(aliceKey, _claimDigest(ALICE, alice, START));
        vm.warp(START + 1);
        bytes32[] memory proof = _proof(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IAirdrop.ExpiredSignature.selector, START));
        airdrop.claimBySig(ALICE, alice, 100 ether, proof, alice, START, signature);
    }

    function test_Domain_IsPublished() public view {
        (, string memory name, string memory version, uint256 chainId, address verifier,,) = airdrop.eip712Domain();
        assertEq(name, "OPG Airdrop");
        assertEq(version, "1");
        assertEq(chainId, chain);
        assertEq(verifier, address(airdrop));
    }

    // With delegation

    function test_ClaimAndDelegate_GivesVotesInOneTransaction() public {
        SignedDelegation memory delegation = _delegation(alice, aliceKey, carol);
        bytes32[] memory proof = _proof(ALICE);
        vm.prank(alice);
        airdrop.claimAndDelegate(ALICE, 100 ether, proof, delegation);
        assertEq(opg.balanceOf(alice), 100 ether);
        assertEq(opg.delegates(alice), carol);
        assertEq(opg.getVotes(carol), 100 ether);
    }

    function test_ClaimAndDelegateBySig_ARelayerPays() public {
        _claimAndDelegateBySig(ALICE, _delegation(alice, aliceKey, alice));
        assertEq(opg.getVotes(alice), 100 ether);
    }

    function test_ClaimAndDelegateBySig_WorksForContracts() public {
        _claimAndDelegateBySig(WALLET, _delegation(wallet, aliceKey, carol));
        assertEq(opg.balanceOf(wallet), 300 ether);
        assertEq(opg.getVotes(carol), 300 ether);
    }

    /// Tokens that the claimant held before count for the delegate too.
    function test_ClaimAndDelegate_MovesEarlierTokensToo() public {
        _give(alice, 5 ether);
        _delegate(alice, bob);
        _claimAndDelegateBySig(ALICE, _delegation(alice, aliceKey, carol));
        assertEq(opg.getVotes(bob), 0);
        assertEq(opg.getVotes(carol), 105 ether);
    }

    // The rest

    function test_Sweep_SendsTheRestToTheTreasury() public {
        _claim(ALICE, alice);
        uint256 before = opg.balanceOf(treasury);
        vm.warp(SWEEPABLE_AT + 1);
        vm.expectEmit(address(airdrop));
        emit IAirdrop.Swept(treasury, total - 100 ether);
        vm.prank(relayer);
        assertEq(airdrop.sweep(), total - 100 ether);
        assertEq(opg.balanceOf(treasury) - before, total - 100 ether);
        assertEq(opg.balanceOf(address(airdrop)), 0);

        vm.expectRevert(IAirdrop.NothingToSweep.selector);
        airdrop.sweep();
        // Tokens that arrive later are not stuck.
        _give(address(airdrop), 1);
        assertEq(airdrop.sweep(), 1);
    }

    // Deployment

    function test_Parameters_ArePublished() public view {
        assertEq(airdrop.opg(), address(opg));
        assertEq(airdrop.deadline(), DEADLINE);
        assertEq(airdrop.sweepableAt(), SWEEPABLE_AT);
        assertEq(airdrop.treasury(), treasury);
    }

    function test_RevertWhen_ParametersAreInvalid() public {
        bytes32 root = airdrop.root();
        _refuses("opg", alice, root, DEADLINE, SWEEPABLE_AT, treasury);
        _refuses("root", address(opg), bytes32(0), DEADLINE, SWEEPABLE_AT, treasury);
        _refuses("deadline", address(opg), root, START, SWEEPABLE_AT, treasury);
        _refuses("sweepableAt", address(opg), root, DEADLINE, DEADLINE, treasury);
        _refuses("treasury", address(opg), root, DEADLINE, SWEEPABLE_AT, address(0));
        _refuses("treasury", address(opg), root, DEADLINE, SWEEPABLE_AT, vault);
        address itself = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        _refuses("treasury", address(opg), root, DEADLINE, SWEEPABLE_AT, itself);
    }

    /// A deployment with these parameters reverts and names `parameter`.
    function _refuses(
        string memory parameter,
        address opg_,
        bytes32 root,
        uint256 deadline,
        uint256 sweepableAt,
        address treasury_
    ) private {
        try new Airdrop(opg_, root, deadline, sweepableAt, treasury_) {
            assertTrue(false, parameter);
        } catch (bytes memory reason) {
            assertEq(bytes4(reason), IAirdrop.InvalidParameter.selector);
            (string memory named,) = abi.decode(this.dropSelector(reason), (string, string));
            assertEq(named, parameter);
        }
    }

    function dropSelector(bytes calldata data) external pure returns (bytes memory) {
        return data[4:];
    }

    function _claimAndDelegateBySig(uint256 index, SignedDelegation memory delegation) private {
        Entitlement memory e = entitlements[index];
        bytes memory signature = _sign(aliceKey, _claimDigest(index, e.account, START));
        bytes32[] memory proof = _proof(index);
        vm.prank(relayer);
        airdrop.claimAndDelegateBySig(index, e.account, e.amount, proof, START, signature, delegation);
    }
}
