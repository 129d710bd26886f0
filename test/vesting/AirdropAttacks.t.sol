// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {IAirdrop, SignedDelegation} from "../../contracts/interfaces/IAirdrop.sol";
import {Airdrop} from "../../contracts/vesting/Airdrop.sol";
import {AirdropFixture} from "./support/AirdropFixture.sol";
import {HostileClaimant} from "./support/HostileClaimant.sol";

/// @notice Ways to get more than is due, or to keep others from what is theirs. None works.
contract AirdropAttacksTest is AirdropFixture {
    address private immutable mallory = makeAddr("mallory");

    // Claiming twice

    function test_RevertWhen_ClaimedTwice() public {
        bytes memory signature = _sign(aliceKey, _claimDigest(ALICE, alice, START));
        bytes32[] memory proof = _proof(ALICE);
        SignedDelegation memory delegation = _delegation(alice, aliceKey, carol);
        _claim(ALICE, alice);

        bytes memory claimed = abi.encodeWithSelector(IAirdrop.AlreadyClaimed.selector, ALICE);
        vm.startPrank(alice);
        vm.expectRevert(claimed);
        airdrop.claimTo(ALICE, 100 ether, proof, alice);
        vm.expectRevert(claimed);
        airdrop.claimAndDelegate(ALICE, 100 ether, proof, delegation);
        vm.stopPrank();
        vm.expectRevert(claimed);
        airdrop.claimBySig(ALICE, alice, 100 ether, proof, alice, START, signature);
        vm.expectRevert(claimed);
        airdrop.claimAndDelegateBySig(ALICE, alice, 100 ether, proof, START, signature, delegation);
        assertEq(opg.balanceOf(alice), 100 ether);
    }

    function test_RevertWhen_ClaimedByOneselfAfterARelayer() public {
        _claimBySig(ALICE, alice, START, _sign(aliceKey, _claimDigest(ALICE, alice, START)));
        bytes32[] memory proof = _proof(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IAirdrop.AlreadyClaimed.selector, ALICE));
        vm.prank(alice);
        airdrop.claimTo(ALICE, 100 ether, proof, alice);
    }

    // Proofs

    function test_RevertWhen_ProofIsOfSomebodyElse() public {
        bytes32[] memory proof = _proof(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IAirdrop.InvalidProof.selector, ALICE, mallory));
        vm.prank(mallory);
        airdrop.claimTo(ALICE, 100 ether, proof, mallory);
    }

    function testFuzz_RevertWhen_LeafIsAltered(uint256 index, uint256 amount, uint256 row) public {
        row = bound(row, 0, entitlements.length - 1);
        Entitlement memory e = entitlements[row];
        vm.assume(index != row || amount != e.amount);
        bytes32[] memory proof = _proof(row);
        vm.expectRevert(abi.encodeWithSelector(IAirdrop.InvalidProof.selector, index, e.account));
        vm.prank(e.account);
        airdrop.claim(index, amount, proof);
    }

    /// A proof with a step less, a step more, or a step changed proves nothing.
    function testFuzz_RevertWhen_ProofIsAltered(uint256 row, uint256 step, bytes32 noise) public {
        row = bound(row, 0, entitlements.length - 1);
        bytes32[] memory proof = _proof(row);
        step = bound(step, 0, proof.length - 1);
        vm.assume(noise != proof[step]);
        bytes32[] memory shorter = new bytes32[](proof.length - 1);
        bytes32[] memory longer = new bytes32[](proof.length + 1);
        for (uint256 i; i < proof.length; ++i) {
            if (i < step) shorter[i] = proof[i];
            if (i > step) shorter[i - 1] = proof[i];
            longer[i < step ? i : i + 1] = proof[i];
        }
        longer[step] = noise;
        proof[step] = noise;
        _expectInvalidProof(row, shorter);
        _expectInvalidProof(row, longer);
        _expectInvalidProof(row, proof);
    }

    /// An inner node is the hash of 64 bytes and a leaf the hash of a hash of 96, so that no values can be found that
    /// pass an inner node, or the root itself, for a leaf.
    function test_RevertWhen_InnerNodeIsPassedForALeaf() public {
        bytes32[] memory leaves = _leaves();
        (bytes32 left, bytes32 right) = leaves[0] < leaves[1] ? (leaves[0], leaves[1]) : (leaves[1], leaves[0]);
        bytes32[] memory proof = _proof(ALICE);
        bytes32[] memory rest = new bytes32[](proof.length - 1);
        for (uint256 i; i < rest.length; ++i) {
            rest[i] = proof[i + 1];
        }
        // The node above Alice and Bob, with the rest of the path, does lead to the root ...
        bytes32 node = Hashes.commutativeKeccak256(left, right);
        for (uint256 i; i < rest.length; ++i) {
            node = Hashes.commutativeKeccak256(node, rest[i]);
        }
        assertEq(node, airdrop.root());
        // ... but its children cannot be brought as the words of a leaf.
        address account = address(uint160(uint256(right)));
        for (uint256 amount; amount < 3; ++amount) {
            vm.expectRevert(abi.encodeWithSelector(IAirdrop.InvalidProof.selector, uint256(left), account));
            vm.prank(account);
            airdrop.claimTo(uint256(left), amount, rest, mallory);
        }
    }

    /// Two airdrops with one tree: a proof is good in both, for the tokens of each, and a signature in one only.
    function test_RevertWhen_SignedForAnotherContract() public {
        Airdrop other = new Airdrop(address(opg), airdrop.root(), DEADLINE, SWEEPABLE_AT, treasury);
        bytes memory signature = _sign(aliceKey, _claimDigest(address(other), ALICE, alice, START));
        _expectInvalidSignature(ALICE, alice, START, signature);
    }

    // Signatures

    function test_RevertWhen_SignedForAnotherChain() public {
        bytes memory signature = _sign(aliceKey, _claimDigest(ALICE, alice, START));
        _switchChain(8453);
        _expectInvalidSignature(ALICE, alice, START, signature);
        _claimBySig(ALICE, alice, START, _sign(aliceKey, _claimDigest(ALICE, alice, START)));
        assertEq(opg.balanceOf(alice), 100 ether);
    }

    /// What a relayer would like to change: the recipient and the time it has.
    function test_RevertWhen_RelayerChangesWhatWasSigned() public {
        bytes memory signature = _sign(aliceKey, _claimDigest(ALICE, alice, START));
        _expectInvalidSignature(ALICE, mallory, START, signature);
        _expectInvalidSignature(ALICE, alice, START + 1, signature);
    }

    /// A claim that names another recipient is no consent to claim to oneself and delegate.
    function test_RevertWhen_SignedForAnotherRecipientThanWithDelegation() public {
        bytes memory signature = _sign(aliceKey, _claimDigest(ALICE, carol, START));
        SignedDelegation memory delegation = _delegation(alice, aliceKey, carol);
        bytes32[] memory proof = _proof(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IAirdrop.InvalidSignature.selector, alice));
        airdrop.claimAndDelegateBySig(ALICE, alice, 100 ether, proof, START, signature, delegation);
    }

    /// The signed type names the account: two wallets that accept whatever Alice signs cannot be mixed up.
    function test_RevertWhen_SignatureOfOneWalletIsUsedForItsSibling() public {
        _expectInvalidSignature(SIBLING, wallet, START, _sign(aliceKey, _claimDigest(WALLET, wallet, START)));
    }

    function test_RevertWhen_SomebodyElseSigned() public {
        (, uint256 malloryKey) = makeAddrAndKey("mallory");
        _expectInvalidSignature(ALICE, mallory, START, _sign(malloryKey, _claimDigest(ALICE, mallory, START)));
        _expectInvalidSignature(ALICE, mallory, START, "");
    }

    // Delegations

    /// Somebody submits the delegation to the token before the claim: it is in force, and the claim goes on.
    function test_FrontRunDelegation_DoesNotBlockTheClaim() public {
        SignedDelegation memory delegation = _delegation(alice, aliceKey, carol);
        bytes memory signature = _sign(aliceKey, _claimDigest(ALICE, alice, START));
        bytes32[] memory proof = _proof(ALICE);
        vm.prank(mallory);
        _submit(alice, delegation);
        airdrop.claimAndDelegateBySig(ALICE, alice, 100 ether, proof, START, signature, delegation);
        assertEq(opg.balanceOf(alice), 100 ether);
        assertEq(opg.getVotes(carol), 100 ether);
    }

    /// Not in force: the delegation is old, and the claimant has decided otherwise since. The claim stays open.
    function test_RevertWhen_DelegationIsNotInForce() public {
        SignedDelegation memory delegation = _delegation(alice, aliceKey, carol);
        _submit(alice, delegation);
        _delegate(alice, bob);
        bytes32[] memory proof = _proof(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IAirdrop.DelegationRefused.selector, alice, carol));
        vm.prank(alice);
        airdrop.claimAndDelegate(ALICE, 100 ether, proof, delegation);
        assertFalse(airdrop.isClaimed(ALICE));
        _claim(ALICE, alice);
    }

    /// A relayer that puts a delegation of its own beside the signed claim.
    function test_RevertWhen_DelegationWasSignedBySomebodyElse() public {
        (, uint256 malloryKey) = makeAddrAndKey("mallory");
        bytes memory signature = _sign(aliceKey, _claimDigest(ALICE, alice, START));
        bytes32[] memory proof = _proof(ALICE);
        SignedDelegation memory delegation = _delegation(alice, malloryKey, mallory);
        vm.expectRevert(abi.encodeWithSelector(IAirdrop.DelegationRefused.selector, alice, mallory));
        airdrop.claimAndDelegateBySig(ALICE, alice, 100 ether, proof, START, signature, delegation);
    }

    /// With whatever gas a relayer sends, the claim happens with its delegation or not at all.
    function testFuzz_Relayer_CannotDropTheDelegation(uint256 gasSent) public {
        gasSent = bound(gasSent, 30_000, 400_000);
        SignedDelegation memory delegation = _delegation(alice, aliceKey, carol);
        bytes memory signature = _sign(aliceKey, _claimDigest(ALICE, alice, START));
        bytes32[] memory proof = _proof(ALICE);
        try airdrop.claimAndDelegateBySig{gas: gasSent}(ALICE, alice, 100 ether, proof, START, signature, delegation) {
            assertEq(opg.getVotes(carol), 100 ether);
        } catch {
            assertFalse(airdrop.isClaimed(ALICE));
        }
    }

    // Re-entrancy

    /// A claimant whose code, asked for its signature, tries to claim, and to claim with a signature, in between.
    function test_HostileClaimant_GetsItsAmountOnce() public {
        HostileClaimant claimant = new HostileClaimant();
        delete entitlements;
        entitlements.push(Entitlement(address(claimant), 7 ether));
        entitlements.push(Entitlement(bob, 200 ether));
        _deploy();
        bytes32[] memory proof = _proof(0);
        bytes[2] memory attempts = [
            abi.encodeCall(airdrop.claimTo, (0, 7 ether, proof, mallory)),
            abi.encodeCall(airdrop.claimBySig, (0, address(claimant), 7 ether, proof, mallory, START, ""))
        ];
        for (uint256 i; i < attempts.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            claimant.arm(address(airdrop), attempts[i]);
            airdrop.claimBySig(0, address(claimant), 7 ether, proof, address(claimant), START, "");
            assertEq(opg.balanceOf(address(claimant)), 7 ether);
            assertEq(opg.balanceOf(mallory), 0);
            assertEq(opg.balanceOf(address(airdrop)), 200 ether);
            vm.revertToState(snapshot);
        }
    }

    // Times

    function test_RevertWhen_ClaimingAfterTheDeadline() public {
        bytes memory signature = _sign(aliceKey, _claimDigest(ALICE, alice, type(uint256).max));
        bytes32[] memory proof = _proof(ALICE);
        bytes memory ended = abi.encodeWithSelector(IAirdrop.ClaimsEnded.selector, DEADLINE);
        vm.warp(DEADLINE + 1);
        vm.expectRevert(ended);
        vm.prank(alice);
        airdrop.claimTo(ALICE, 100 ether, proof, alice);
        vm.expectRevert(ended);
        airdrop.claimBySig(ALICE, alice, 100 ether, proof, alice, type(uint256).max, signature);
    }

    function test_RevertWhen_SweepingEarly() public {
        uint256[3] memory times = [START, DEADLINE + 1, SWEEPABLE_AT];
        for (uint256 i; i < times.length; ++i) {
            vm.warp(times[i]);
            vm.expectRevert(abi.encodeWithSelector(IAirdrop.SweepTooEarly.selector, SWEEPABLE_AT));
            vm.prank(treasury);
            airdrop.sweep();
        }
    }

    function _expectInvalidProof(uint256 row, bytes32[] memory proof) private {
        Entitlement memory e = entitlements[row];
        vm.expectRevert(abi.encodeWithSelector(IAirdrop.InvalidProof.selector, row, e.account));
        vm.prank(e.account);
        airdrop.claim(row, e.amount, proof);
    }

    function _expectInvalidSignature(uint256 index, address to, uint256 deadline, bytes memory signature) private {
        Entitlement memory e = entitlements[index];
        bytes32[] memory proof = _proof(index);
        vm.expectRevert(abi.encodeWithSelector(IAirdrop.InvalidSignature.selector, e.account));
        airdrop.claimBySig(index, e.account, e.amount, proof, to, deadline, signature);
    }
}
