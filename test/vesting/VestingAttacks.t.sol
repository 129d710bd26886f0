// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVestingVault, NewCategory, Schedule} from "../../contracts/interfaces/IVestingVault.sol";
import {Opg} from "../../contracts/token/Opg.sol";
import {VestingVault} from "../../contracts/vesting/VestingVault.sol";
import {OwnedWallet} from "../token/support/Wallets.sol";
import {Reentrant} from "./support/Hostile.sol";
import {MerkleTrees} from "./support/MerkleTrees.sol";
import {VestingFixture} from "./support/VestingFixture.sol";

/// @notice What someone might try against the vault, and what comes of it.
contract VestingAttacksTest is VestingFixture {
    address private immutable elsewhere = makeAddr("elsewhere");

    // Proofs

    function test_Attack_ProofOfOneCategoryInAnother() public {
        vm.warp(TGE + YEAR);
        Schedule memory s = schedule(GRANTS, PLAIN);
        s.category = TEAM;
        bytes32[] memory p = proof(GRANTS, PLAIN);
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.InvalidProof.selector, leaf(s)));
        vault.release(s, p);
    }

    /// The same tree in a second category: its leaves name the first, so nothing of it can be released twice.
    function test_Attack_TheSameRootInASecondCategory() public {
        Schedule memory s = Schedule(3, 0, stranger, 1 ether, 1 ether, false, false);
        fund(2 ether);
        add(terms("one", single(s), TGE, 0, 0));
        add(terms("two", single(s), TGE, 0, 0));
        vm.warp(TGE);
        vault.release(s, new bytes32[](0));
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.NothingDue.selector, leaf(s)));
        vault.release(s, new bytes32[](0));
        s.category = 4;
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.InvalidProof.selector, leaf(s)));
        vault.release(s, new bytes32[](0));
    }

    function test_Attack_ProofOfAnotherVault() public {
        NewCategory[] memory genesis = new NewCategory[](1);
        Schedule[] memory others = new Schedule[](ROWS);
        for (uint32 i = 0; i < ROWS; ++i) {
            others[i] = schedule(GRANTS, i);
            others[i].beneficiary = stranger;
        }
        genesis[0] = terms("grants", others, TGE, 0, 4 * YEAR);
        (, VestingVault other) = _deploy(genesis);
        vm.warp(TGE);
        bytes32[] memory p = MerkleTrees.proof(leaves(others), 0);
        assertGt(other.release(others[0], p), 0);
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.InvalidProof.selector, leaf(others[0])));
        vault.release(others[0], p);
    }

    /// Proofs that end early or late: an inner node, or the root itself, never counts as a leaf, because a leaf is the
    /// hash of a hash of seven words, and an inner node the hash of two.
    function test_Attack_InnerNodeAsLeaf() public {
        vm.warp(TGE);
        Schedule memory s = schedule(GRANTS, PLAIN);
        bytes32[] memory p = proof(GRANTS, PLAIN);
        bytes memory refusal = abi.encodeWithSelector(IVestingVault.InvalidProof.selector, leaf(s));
        bytes32[] memory shorter = new bytes32[](p.length - 1);
        for (uint256 i = 0; i < shorter.length; ++i) {
            shorter[i] = p[i + 1];
        }
        vm.expectRevert(refusal);
        vault.release(s, shorter);
        vm.expectRevert(refusal);
        vault.release(s, new bytes32[](0));
    }

    // Signatures

    function test_Attack_SignatureTwice() public {
        (Schedule memory s, bytes32[] memory p) = (schedule(GRANTS, PLAIN), proof(GRANTS, PLAIN));
        bytes memory signature = _signed(address(vault), s, 0);
        vm.warp(TGE);
        vault.claimToBySig(s, p, elsewhere, type(uint256).max, signature);
        vm.warp(TGE + YEAR);
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.InvalidSignature.selector, s.beneficiary));
        vault.claimToBySig(s, p, elsewhere, type(uint256).max, signature);
    }

    function test_Attack_SignatureOfAnotherChain() public {
        (Schedule memory s, bytes32[] memory p) = (schedule(GRANTS, PLAIN), proof(GRANTS, PLAIN));
        bytes memory signature = _signed(address(vault), s, 0);
        vm.warp(TGE);
        vm.chainId(8453);
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.InvalidSignature.selector, s.beneficiary));
        vault.claimToBySig(s, p, elsewhere, type(uint256).max, signature);
        chain = 8453;
        signature = _signed(address(vault), s, 0);
        assertEq(vault.claimToBySig(s, p, elsewhere, type(uint256).max, signature), s.tgeAmount);
    }

    function test_Attack_SignatureForAnotherContract() public {
        (Schedule memory s, bytes32[] memory p) = (schedule(GRANTS, PLAIN), proof(GRANTS, PLAIN));
        (, VestingVault other) = _deploy(_genesis());
        bytes memory signature = _signed(address(other), s, 0);
        vm.warp(TGE);
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.InvalidSignature.selector, s.beneficiary));
        vault.claimToBySig(s, p, elsewhere, type(uint256).max, signature);
        other.claimToBySig(s, p, elsewhere, type(uint256).max, signature);
    }

    /// Who handed a schedule on can no longer direct it, by signatures given before either.
    function test_Attack_SignatureOfThePreviousBeneficiary() public {
        (Schedule memory s, bytes32[] memory p) = (schedule(GRANTS, TRANSFERABLE), proof(GRANTS, TRANSFERABLE));
        bytes memory signature = sign(
            beneficiaryKey(TRANSFERABLE),
            claimDigest(address(vault), leaf(s), s.beneficiary, elsewhere, 0, type(uint256).max)
        );
        transferSchedule(GRANTS, TRANSFERABLE, stranger);
        vm.warp(TGE);
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.InvalidSignature.selector, stranger));
        vault.claimToBySig(s, p, elsewhere, type(uint256).max, signature);
    }

    /// Two wallets of one owner, neither of which binds signatures to itself: what was signed for one is no good for the
    /// other, though it got the schedule and has the same nonce.
    function test_Attack_SignatureOfASiblingWallet() public {
        fund(1 ether);
        address first = address(new OwnedWallet(beneficiary(0)));
        address second = address(new OwnedWallet(beneficiary(0)));
        Schedule memory s = Schedule(3, 0, first, 1 ether, 1 ether, false, true);
        add(terms("wallet", single(s), TGE, 0, 0));
        bytes memory signature =
            sign(beneficiaryKey(0), claimDigest(address(vault), leaf(s), first, elsewhere, 0, type(uint256).max));
        vm.prank(first);
        vault.transferSchedule(s, new bytes32[](0), second);
        vm.warp(TGE);
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.InvalidSignature.selector, second));
        vault.claimToBySig(s, new bytes32[](0), elsewhere, type(uint256).max, signature);
    }

    // Races

    /// Whichever comes first, a release or the hand-over, every wei is paid once: what was due before the hand-over to
    /// whoever is beneficiary when it is released.
    function testFuzz_Race_BeneficiaryChangeAndRelease(uint256 time, bool releaseFirst) public {
        Schedule memory s = schedule(GRANTS, BOTH);
        time = bound(time, TGE, TGE + 4 * YEAR);
        vm.warp(time);
        uint256 due = vault.releasable(s);
        if (releaseFirst) release(GRANTS, BOTH);
        transferSchedule(GRANTS, BOTH, stranger);
        if (!releaseFirst) release(GRANTS, BOTH);
        assertEq(opg.balanceOf(releaseFirst ? s.beneficiary : stranger), due);
        assertEq(opg.balanceOf(releaseFirst ? stranger : s.beneficiary), 0);
        vm.warp(TGE + 5 * YEAR);
        if (due < s.amount) release(GRANTS, BOTH);
        assertEq(opg.balanceOf(s.beneficiary) + opg.balanceOf(stranger), s.amount);
    }

    /// A revocation cannot take what has vested, whether a release comes in front of it or behind it, and a hand-over in
    /// front of it does not save the rest.
    function testFuzz_Race_RevocationAndRelease(uint256 time, uint8 order) public {
        Schedule memory s = schedule(GRANTS, BOTH);
        time = bound(time, TGE, TGE + 4 * YEAR - 1);
        vm.warp(time);
        uint256 vested = vault.vestedAt(s, time);
        if (order & 1 == 0) release(GRANTS, BOTH);
        if (order & 2 == 0) transferSchedule(GRANTS, BOTH, stranger);
        assertEq(revoke(GRANTS, BOTH), s.amount - vested);
        if (order & 1 == 1) release(GRANTS, BOTH);
        assertEq(opg.balanceOf(s.beneficiary) + opg.balanceOf(stranger), vested);
        assertEq(opg.balanceOf(treasury), s.amount - vested);
        vm.warp(TGE + 10 * YEAR);
        assertEq(vault.releasable(s), 0);
    }

    // Re-entrancy

    function test_Attack_ReceiverEntersAgain() public {
        (Reentrant receiver, Schedule memory s) = _hostile();
        vm.warp(TGE + YEAR);
        uint256 due = vault.releasable(s);
        vault.release(s, new bytes32[](0));
        // OPG calls no receiver, so there is nothing to enter from; if it did, nothing would be due any more.
        assertEq(receiver.calls(), 0);
        assertEq(opg.balanceOf(address(receiver)), due);
        (bool called,) = address(receiver).call("");
        assertTrue(called);
        assertEq(receiver.calls(), 1);
        assertEq(receiver.gained(), 0);
    }

    function test_Attack_WalletEntersAgainWhileItChecksASignature() public {
        (Reentrant wallet, Schedule memory s) = _hostile();
        vm.warp(TGE + YEAR);
        uint256 due = vault.releasable(s);
        vault.claimToBySig(s, new bytes32[](0), elsewhere, type(uint256).max, "");
        assertEq(opg.balanceOf(elsewhere), due);
        assertEq(opg.balanceOf(address(wallet)), 0);
        assertEq(vault.nonces(address(wallet)), 1);
    }

    function test_WalletsCanSign() public {
        fund(3 ether);
        address wallet = address(new OwnedWallet(beneficiary(0)));
        Schedule memory s = Schedule(3, 0, wallet, 3 ether, 3 ether, false, false);
        add(terms("wallet", single(s), TGE, 0, 0));
        vm.warp(TGE);
        bytes memory signature =
            sign(beneficiaryKey(0), claimDigest(address(vault), leaf(s), wallet, elsewhere, 0, TGE));
        assertEq(vault.claimToBySig(s, new bytes32[](0), elsewhere, TGE, signature), 3 ether);
    }

    // Batches

    function test_Attack_BadRowsSpoilNoOtherRow() public {
        fund(2 ether);
        Schedule memory refused = Schedule(3, 0, custody, 1 ether, 1 ether, false, false);
        Schedule memory overdrawn = Schedule(4, 0, stranger, 2 ether, 1 ether, false, false);
        add(terms("refused", single(refused), TGE, 0, 0));
        NewCategory memory tooLittle = terms("overdrawn", single(overdrawn), TGE, 0, 0);
        tooLittle.total = 1 ether;
        add(tooLittle);
        vm.warp(TGE);
        setManual(GRANTS, 1, true);
        release(GRANTS, 2);

        (Schedule[] memory schedules, bytes32[][] memory proofs) = allRows();
        bytes4[8] memory reasons = [
            bytes4(0),
            IVestingVault.ManualRelease.selector,
            IVestingVault.NothingDue.selector,
            IVestingVault.InvalidProof.selector,
            IVestingVault.UnknownCategory.selector,
            IVestingVault.RecipientRefused.selector,
            IVestingVault.CategoryOverdrawn.selector,
            IVestingVault.NothingDue.selector
        ];
        proofs[3] = proofs[4];
        schedules[4].category = type(uint32).max;
        (schedules[5], proofs[5]) = (refused, new bytes32[](0));
        (schedules[6], proofs[6]) = (overdrawn, new bytes32[](0));
        // A duplicate of row 0, and behind it rows of TEAM, in which nothing has vested.
        (schedules[7], proofs[7]) = (schedules[0], proofs[0]);
        for (uint256 i = 1; i < 8; ++i) {
            vm.expectEmit(address(vault));
            emit IVestingVault.ReleaseSkipped(i, leaf(schedules[i]), reasons[i]);
        }
        assertEq(vault.releaseMany(schedules, proofs, 0), schedules[0].tgeAmount);
        assertEq(vault.stateOf(leaf(schedules[0])).released, schedules[0].tgeAmount);
        assertEq(vault.stateOf(leaf(schedule(GRANTS, 3))).released, 0);
    }

    /// Each reason of a skipped row is the error that the row alone reverts with.
    function test_Attack_BadRowsRevertAlone() public {
        fund(1 ether);
        Schedule memory overdrawn = Schedule(3, 0, stranger, 2 ether, 1 ether, false, false);
        NewCategory memory tooLittle = terms("overdrawn", single(overdrawn), TGE, 0, 0);
        tooLittle.total = 1 ether;
        add(tooLittle);
        vm.warp(TGE);
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.CategoryOverdrawn.selector, 3));
        vault.release(overdrawn, new bytes32[](0));
    }

    function test_Attack_DustKeepsNobodyFromALaterRelease() public {
        vm.warp(TGE);
        release(GRANTS, PLAIN);
        // Someone releases a second's worth over and over: the beneficiary gets the same in the end.
        for (uint256 i = 1; i <= 50; ++i) {
            vm.warp(TGE + i);
            vm.prank(stranger);
            release(GRANTS, PLAIN);
        }
        vm.warp(TGE + 4 * YEAR);
        release(GRANTS, PLAIN);
        assertEq(opg.balanceOf(beneficiary(PLAIN)), schedule(GRANTS, PLAIN).amount);
    }

    // Governance

    /// A category whose tree promises more than it brought can spend what it brought and nothing else.
    function test_Attack_CategoryThatPromisesMoreThanItBrings() public {
        fund(3 ether);
        Schedule[] memory greedy = new Schedule[](3);
        for (uint32 i = 0; i < 3; ++i) {
            greedy[i] = Schedule(3, i, stranger, i == 0 ? uint128(SUPPLY / 2) : 2 ether, 0, i == 2, false);
        }
        NewCategory memory t = terms("greedy", greedy, TGE, 0, 0);
        (t.total, t.tgeTotal) = (3 ether, 0);
        add(t);
        vm.warp(TGE);
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.CategoryOverdrawn.selector, 3));
        vault.release(greedy[0], MerkleTrees.proof(leaves(greedy), 0));
        vault.release(greedy[1], MerkleTrees.proof(leaves(greedy), 1));
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.CategoryOverdrawn.selector, 3));
        vm.prank(governor);
        vault.revoke(greedy[2], MerkleTrees.proof(leaves(greedy), 2));
    }

    /// A schedule that its own tree should not contain: more at TGE than in all, or wider than the vault counts.
    function test_Attack_MalformedLeaves() public {
        fund(1 ether);
        Schedule[] memory malformed = new Schedule[](2);
        malformed[0] = Schedule(3, 0, stranger, 1 ether, 1 ether + 1, true, false);
        malformed[1] = Schedule(3, 1, stranger, uint128(type(uint96).max) + 1, 0, true, false);
        NewCategory memory t = NewCategory("bad", MerkleTrees.root(leaves(malformed)), 1 ether, 0, TGE, 0, 0);
        add(t);
        vm.warp(TGE);
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IVestingVault.InvalidProof.selector, leaf(malformed[i])));
            vault.release(malformed[i], MerkleTrees.proof(leaves(malformed), i));
        }
    }

    function _signed(address verifier, Schedule memory s, uint256 nonce) private view returns (bytes memory) {
        return
            sign(
                beneficiaryKey(PLAIN),
                claimDigest(verifier, leaf(s), s.beneficiary, elsewhere, nonce, type(uint256).max)
            );
    }

    /// A schedule of a beneficiary that enters again.
    function _hostile() private returns (Reentrant receiver, Schedule memory s) {
        fund(4 ether);
        receiver = new Reentrant(vault);
        s = Schedule(3, 0, address(receiver), 4 ether, 0, false, false);
        add(terms("hostile", single(s), TGE, 0, 4 * YEAR));
        receiver.arm(s, new bytes32[](0));
    }
}
