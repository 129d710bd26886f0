// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC5805} from "@openzeppelin/contracts/interfaces/IERC5805.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {GovernorParameters, OpgGovernor} from "../../contracts/governance/OpgGovernor.sol";
import {Sentinel} from "../../contracts/governance/Sentinel.sol";
import {IVestingVault, NewCategory} from "../../contracts/interfaces/IVestingVault.sol";
import {GovernanceFixture, Proposal} from "./support/GovernanceFixture.sol";

/// @notice What counts for the quorum, what counts as votes, and that neither can be changed afterwards.
contract QuorumTest is GovernanceFixture {
    function _past() private returns (uint256 timepoint) {
        timepoint = vm.getBlockTimestamp();
        _skip(1);
    }

    /// Delegations to the sentinel, the treasury's among them, and locked tokens are no float.
    function test_Quorum_LeavesOutLockedAndTreasury() public {
        assertEq(Sentinel.ACCOUNT, address(uint160(uint256(keccak256("opg.locked")))));
        uint256 t = _past();
        assertEq(governor.floatAt(t), 200_000_000 ether);
        assertEq(governor.quorum(t), QUORUM);

        // The treasury spends: what it paid is float from then on.
        vm.prank(address(timelock));
        opg.transfer(carol, 10_000_000 ether);
        assertEq(governor.floatAt(_past()), 210_000_000 ether);
        _delegate(holder, Sentinel.ACCOUNT);
        assertEq(governor.floatAt(_past()), 51_000_000 ether);
        vm.prank(carol);
        opg.burn(1_000_000 ether);
        assertEq(governor.floatAt(_past()), 50_000_000 ether);
        assertEq(governor.quorum(t), QUORUM);
    }

    /// Unlocking enters the float second by second, whether released or not.
    function test_Quorum_FollowsTheCurve() public {
        vm.warp(START + 365 days + 73 days);
        uint256 t = _past();
        assertEq(governor.floatAt(t), 340_000_000 ether);
        vm.warp(START + 730 days);
        assertEq(governor.floatAt(_past()), 900_000_000 ether);
    }

    /// Units burned in custody are nobody's: not float either.
    function test_Quorum_LeavesOutBurnedUnits() public {
        _stake(alice, alice, 10_000_000 ether);
        assertEq(governor.floatAt(_past()), 200_000_000 ether);
        vm.prank(custody);
        opg.burnUnits(alice, 10_000_000 ether);
        assertEq(governor.floatAt(_past()), 190_000_000 ether);
    }

    function testFuzz_Quorum_IsTheFractionOfTheFloat(uint256 time, uint256 toSentinel, uint256 burned) public {
        toSentinel = bound(toSentinel, 0, 159_000_000 ether);
        burned = bound(burned, 0, 159_000_000 ether - toSentinel);
        _give(stranger, toSentinel);
        _delegate(stranger, Sentinel.ACCOUNT);
        vm.prank(holder);
        opg.burn(burned);
        vm.warp(bound(time, vm.getBlockTimestamp(), START + 800 days));
        uint256 t = _past();
        uint256 float = SUPPLY - burned - TREASURY - toSentinel - vault.lockedAt(t);
        assertEq(governor.floatAt(t), float);
        assertEq(governor.quorum(t), float * 4 / 100);
    }

    function test_RevertWhen_QuorumOfTheFuture() public {
        uint256 t = vm.getBlockTimestamp();
        vm.expectRevert(abi.encodeWithSelector(Votes.ERC5805FutureLookup.selector, t, t));
        governor.quorum(t);
    }

    /// Were the vault ever to report too much, quorum becomes hard to reach instead of zero.
    function test_Quorum_IsOfAllUnitsWhenTheVaultClaimsTooMuch() public {
        uint256 t = _past();
        vm.mockCall(address(vault), abi.encodeCall(IVestingVault.lockedAt, (t)), abi.encode(SUPPLY));
        assertEq(governor.floatAt(t), SUPPLY);
        assertEq(governor.quorum(t), SUPPLY * 4 / 100);
    }

    /// G7: with nothing but locked tokens, nothing can be decided.
    function test_Quorum_ZeroFloatDecidesNothing() public {
        uint256 t = _past();
        vm.mockCall(address(vault), abi.encodeCall(IVestingVault.lockedAt, (t)), abi.encode(SUPPLY - TREASURY));
        assertEq(governor.quorum(t), 0);
        uint256 id = _propose(alice, _turns(6, 90));
        vm.mockCall(
            address(vault),
            abi.encodeCall(IVestingVault.lockedAt, (governor.proposalSnapshot(id))),
            abi.encode(SUPPLY - TREASURY)
        );
        vm.warp(governor.proposalDeadline(id) + 1);
        _assertState(id, IGovernor.ProposalState.Defeated);
    }

    // Locked and treasury tokens do not vote

    /// G8: tokens in the vault and in the treasury have no votes.
    function test_LockedAndTreasuryTokens_DoNotVote() public {
        uint256 id = _open(_turns(6, 90));
        assertEq(_vote(address(timelock), id, FOR), 0);
        assertEq(_vote(address(vault), id, FOR), 0);
        assertEq(opg.getVotes(address(timelock)), 0);
        assertEq(opg.getVotes(Sentinel.ACCOUNT), TREASURY);
    }

    // What is decided stays decided

    /// G9: a lower fraction counts for later proposals alone (CVE-2022-31198).
    function test_LowerFraction_DoesNotReviveDefeatedProposals() public {
        Proposal memory p = _turns(6, 90);
        uint256 id = _open(p);
        _vote(carol, id, FOR);
        vm.warp(governor.proposalDeadline(id) + 1);
        _assertState(id, IGovernor.ProposalState.Defeated);
        // Not even one without any vote, whose quorum was never asked for.
        uint256 silent = _propose(alice, _turns(7, 90));

        _enact(_proposal(address(governor), abi.encodeCall(governor.updateQuorumNumerator, (0)), "# No quorum"));
        assertEq(governor.quorumNumerator(), 0);
        assertEq(governor.quorum(_past()), 0);
        _assertState(id, IGovernor.ProposalState.Defeated);
        _assertState(silent, IGovernor.ProposalState.Defeated);
        assertEq(governor.quorum(governor.proposalSnapshot(id)), QUORUM);
        vm.expectPartialRevert(IGovernor.GovernorUnexpectedProposalState.selector);
        _queue(p);
    }

    function test_HigherFraction_DoesNotSinkSucceededProposals() public {
        Proposal memory p = _turns(6, 90);
        _enact(_proposal(address(governor), abi.encodeCall(governor.updateQuorumNumerator, (10)), "# Higher"));
        uint256 id = _pass(p);
        _assertState(id, IGovernor.ProposalState.Succeeded);
        vm.prank(address(timelock));
        vm.expectRevert();
        governor.updateQuorumNumerator(100);
        _enact(_proposal(address(governor), abi.encodeCall(governor.updateQuorumNumerator, (100)), "# All"));
        _assertState(id, IGovernor.ProposalState.Succeeded);
    }

    /// G10: nor does silencing tokens after the snapshot, by the sentinel, in the vault or by burning.
    function test_LessFloatLater_DoesNotReviveDefeatedProposals() public {
        uint256 id = _open(_turns(6, 90));
        uint256 quorum = governor.quorum(governor.proposalSnapshot(id));
        _vote(carol, id, FOR);
        _delegate(holder, Sentinel.ACCOUNT);
        vm.prank(alice);
        opg.burn(20_000_000 ether);
        _lockInVault(bob, 15_000_000 ether);
        vm.warp(governor.proposalDeadline(id) + 1);
        assertLt(governor.quorum(vm.getBlockTimestamp() - 1), quorum / 20);
        assertEq(governor.quorum(governor.proposalSnapshot(id)), quorum);
        _assertState(id, IGovernor.ProposalState.Defeated);
    }

    function _lockInVault(address from, uint128 amount) private {
        vm.prank(from);
        opg.transfer(address(timelock), amount);
        vm.startPrank(address(timelock));
        opg.approve(address(vault), amount);
        vault.addCategory(
            NewCategory("late", keccak256("late"), amount, 0, uint40(vm.getBlockTimestamp()), 1 days, 900 days)
        );
        vm.stopPrank();
    }

    /// The first vote stores the quorum; it is the one that a view computes without.
    function testFuzz_StoredQuorum_IsTheComputedOne(uint256 delegated) public {
        _give(stranger, bound(delegated, 0, 100_000_000 ether));
        _delegate(stranger, Sentinel.ACCOUNT);
        uint256 id = _open(_turns(6, 90));
        uint256 computed = governor.quorum(governor.proposalSnapshot(id));
        _vote(carol, id, ABSTAIN);
        assertEq(governor.quorum(governor.proposalSnapshot(id)), computed);
        vm.clearMockedCalls();
        vm.mockCallRevert(address(vault), abi.encodeWithSelector(IVestingVault.lockedAt.selector), "not asked again");
        assertEq(governor.quorum(governor.proposalSnapshot(id)), computed);
        _vote(alice, id, FOR);
        vm.warp(governor.proposalDeadline(id) + 1);
        _assertState(id, IGovernor.ProposalState.Succeeded);
    }

    // Counting tokens twice

    /// G11: tokens vote once, however they move through custody during the vote.
    function test_Custody_DoesNotCountVotesTwice() public {
        uint256 id = _open(_turns(6, 90));
        assertEq(_vote(alice, id, FOR), 20_000_000 ether);
        // The same tokens, staked for bob, handed to carol and withdrawn by her.
        _stake(alice, bob, 20_000_000 ether);
        vm.startPrank(custody);
        opg.reassign(bob, carol, 20_000_000 ether);
        opg.custodyOut(carol, carol, 20_000_000 ether);
        vm.stopPrank();
        _skip(1);
        assertEq(opg.getVotes(carol), 26_000_000 ether);
        assertEq(_vote(bob, id, FOR), 15_000_000 ether);
        assertEq(_vote(carol, id, FOR), 6_000_000 ether);
        (, uint256 inFavour,) = governor.proposalVotes(id);
        assertEq(inFavour, 41_000_000 ether);
    }

    /// Staked tokens vote as before, and the vault's balance does not vote beside them.
    function test_StakedTokens_VoteAsTheirOwner() public {
        _stake(alice, alice, 15_000_000 ether);
        _stake(bob, carol, 5_000_000 ether);
        uint256 id = _open(_turns(6, 90));
        vm.prank(custody);
        opg.delegate(custody);
        assertEq(_vote(alice, id, FOR), 20_000_000 ether);
        assertEq(_vote(bob, id, FOR), 10_000_000 ether);
        assertEq(_vote(carol, id, FOR), 11_000_000 ether);
        assertEq(_vote(custody, id, FOR), 0);
    }

    // Borrowed tokens

    /// G12: tokens that are there within one block only count for nothing: not for proposing, voting or the quorum.
    function test_FlashLoan_CountsForNothing() public {
        uint256 id = _propose(alice, _turns(6, 90));
        vm.warp(governor.proposalSnapshot(id));
        uint256 before = opg.getVotes(stranger);

        _borrowed(100_000_000 ether);
        vm.expectPartialRevert(IGovernor.GovernorInsufficientProposerVotes.selector);
        _propose(stranger, _turns(7, 90));
        vm.expectPartialRevert(IGovernor.GovernorUnexpectedProposalState.selector);
        _vote(stranger, id, FOR);
        // To lower the quorum would take tokens that stay silent at the end of the snapshot's second.
        _delegate(stranger, Sentinel.ACCOUNT);
        vm.prank(stranger);
        opg.transfer(holder, 100_000_000 ether);

        _skip(1);
        assertEq(before, 0);
        assertEq(governor.quorum(governor.proposalSnapshot(id)), QUORUM);
        _borrowed(100_000_000 ether);
        assertEq(_vote(stranger, id, FOR), 0);
    }

    function _borrowed(uint256 amount) private {
        _give(stranger, amount);
        _delegate(stranger, stranger);
    }

    /// Delegating to the sentinel takes more votes than it takes from the quorum.
    function testFuzz_Silence_IsNoWayToWin(uint256 amount) public {
        amount = bound(amount, 1 ether, 20_000_000 ether);
        uint256 before = governor.quorum(_past());
        _give(stranger, amount);
        _delegate(stranger, Sentinel.ACCOUNT);
        assertLe(before - governor.quorum(_past()), amount * 4 / 100 + 1);
    }

    // Construction

    function test_Construction_RefusesExtensionBeyondThePeriodAndFractionBeyondAll() public {
        GovernorParameters memory parameters = _config().parameters;
        parameters.lateQuorumExtension = VOTING_PERIOD + 1;
        vm.expectRevert();
        new OpgGovernor(IVotes(opg), vault, timelock, parameters);
        parameters = _config().parameters;
        parameters.quorumPercent = 101;
        vm.expectRevert();
        new OpgGovernor(IVotes(opg), vault, timelock, parameters);
        assertEq(address(governor.token()), address(IERC5805(opg)));
    }
}
