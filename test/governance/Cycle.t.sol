// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {GovernorPreventLateQuorum} from "@openzeppelin/contracts/governance/extensions/GovernorPreventLateQuorum.sol";
import {GovernorProposalGuardian} from "@openzeppelin/contracts/governance/extensions/GovernorProposalGuardian.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {IInferenceHub} from "../../contracts/interfaces/IInferenceHub.sol";
import {GovernanceRoles} from "../../script/lib/GovernanceRoles.sol";
import {GovernanceFixture, Proposal} from "./support/GovernanceFixture.sol";
import {NextModelRegistry} from "./support/NextModelRegistry.sol";

/// @notice Proposals from their submission to their end.
contract CycleTest is GovernanceFixture {
    function _upgrade() private returns (Proposal memory p) {
        bytes memory data = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (address(new NextModelRegistry()), ""));
        p = _proposal(address(models), data, "# Upgrade the registry and widen the turns");
        return _and(p, address(hub), abi.encodeCall(hub.setTurnParameters, (6, 90)));
    }

    /// G1: an upgrade and a parameter, by vote.
    function test_Cycle_UpgradesAContractAndChangesAParameter() public {
        vm.prank(alice);
        bytes32 modelId = models.registerModel("kept");
        Proposal memory p = _upgrade();
        uint256 id = _propose(alice, p);
        _assertState(id, IGovernor.ProposalState.Pending);
        vm.warp(governor.proposalSnapshot(id) + 1);
        _assertState(id, IGovernor.ProposalState.Active);
        assertEq(_vote(alice, id, FOR), 20_000_000 ether);
        assertEq(_vote(bob, id, AGAINST), 15_000_000 ether);
        assertEq(_vote(carol, id, ABSTAIN), 6_000_000 ether);
        (uint256 against, uint256 inFavour, uint256 abstain) = governor.proposalVotes(id);
        assertEq(against, 15_000_000 ether);
        assertEq(inFavour, 20_000_000 ether);
        assertEq(abstain, 6_000_000 ether);
        vm.warp(governor.proposalDeadline(id) + 1);
        _assertState(id, IGovernor.ProposalState.Succeeded);

        _queue(p);
        _assertState(id, IGovernor.ProposalState.Queued);
        assertEq(governor.proposalEta(id), vm.getBlockTimestamp() + UPGRADE_DELAY);
        vm.warp(governor.proposalEta(id) - 1);
        vm.expectPartialRevert(TimelockController.TimelockUnexpectedOperationState.selector);
        _execute(p);
        _skip(1);
        vm.prank(stranger);
        _execute(p);

        _assertState(id, IGovernor.ProposalState.Executed);
        assertEq(NextModelRegistry(address(models)).implementationVersion(), 2);
        assertEq(models.ownerOf(modelId), alice);
        (uint32 window, uint32 cap) = hub.turnParameters();
        assertEq(window, 6);
        assertEq(cap, 90);
    }

    /// The other way into a managed contract: through the AccessManager.
    function test_Cycle_ThroughTheAccessManager() public {
        bytes memory data = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (address(new NextModelRegistry()), ""));
        Proposal memory p = _proposal(
            address(manager), abi.encodeCall(manager.execute, (address(models), data)), "# Upgrade by the manager"
        );
        uint256 id = _enact(p);
        assertEq(NextModelRegistry(address(models)).implementationVersion(), 2);
        assertEq(governor.proposalEta(id), governor.proposalDeadline(id) + 1 + UPGRADE_DELAY);
    }

    function test_Cycle_RoutineChangesWaitLess() public {
        _assertRoutineCycle();
    }

    /// A delegate spends the treasury and changes a setting of the governor itself.
    function test_Cycle_SpendsTheTreasuryAndGovernsItself() public {
        Proposal memory p = _proposal(address(opg), abi.encodeCall(opg.transfer, (carol, 5 ether)), "# Grant");
        uint256 id = _pass(p);
        _queue(p);
        assertEq(governor.proposalEta(id), vm.getBlockTimestamp() + MIN_DELAY);
        _skip(MIN_DELAY);
        _execute(p);
        assertEq(opg.balanceOf(carol), 6_000_005 ether);
        _enact(_proposal(address(governor), abi.encodeCall(governor.setVotingPeriod, (7 days)), "# Longer"));
        assertEq(governor.votingPeriod(), 7 days);
    }

    function test_Events_AreThoseOfEveryGovernor() public {
        Proposal memory p = _turns(6, 90);
        uint256 id = _idOf(p);
        uint256 snapshot = vm.getBlockTimestamp() + VOTING_DELAY;
        vm.expectEmit(address(governor));
        emit IGovernor.ProposalCreated(
            id,
            alice,
            p.targets,
            p.values,
            new string[](1),
            p.calldatas,
            snapshot,
            snapshot + VOTING_PERIOD,
            "# Widen the turns\n\nOperators are slow."
        );
        _open(p);
        vm.expectEmit(address(governor));
        emit IGovernor.VoteCast(alice, id, FOR, 20_000_000 ether, "they are");
        vm.prank(alice);
        governor.castVoteWithReason(id, FOR, "they are");
        vm.warp(governor.proposalDeadline(id) + 1);
        vm.expectEmit(address(governor));
        emit IGovernor.ProposalQueued(id, vm.getBlockTimestamp() + MIN_DELAY);
        _queue(p);
        _skip(MIN_DELAY);
        vm.expectEmit(address(hub));
        emit IInferenceHub.TurnParametersSet(6, 90);
        vm.expectEmit(address(governor));
        emit IGovernor.ProposalExecuted(id);
        _execute(p);
    }

    // Defeat

    function test_Defeated_WithoutQuorumOrMajority() public {
        uint256 id = _open(_turns(6, 90));
        _vote(carol, id, FOR);
        vm.warp(governor.proposalDeadline(id) + 1);
        _assertState(id, IGovernor.ProposalState.Defeated);
        _expectState(id, IGovernor.ProposalState.Defeated, 1 << uint8(IGovernor.ProposalState.Succeeded));
        _queue(_turns(6, 90));

        id = _open(_turns(7, 90));
        _vote(alice, id, AGAINST);
        _vote(bob, id, FOR);
        vm.warp(governor.proposalDeadline(id) + 1);
        _assertState(id, IGovernor.ProposalState.Defeated);
    }

    function test_RevertWhen_VotingTwiceOrTooEarlyOrTooLate() public {
        uint256 active = 1 << uint8(IGovernor.ProposalState.Active);
        uint256 id = _propose(alice, _turns(6, 90));
        vm.warp(governor.proposalSnapshot(id));
        _expectState(id, IGovernor.ProposalState.Pending, active);
        _vote(alice, id, FOR);
        _skip(1);
        _vote(alice, id, FOR);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorAlreadyCastVote.selector, alice));
        _vote(alice, id, FOR);
        vm.warp(governor.proposalDeadline(id));
        _vote(bob, id, FOR);
        _skip(1);
        _expectState(id, IGovernor.ProposalState.Succeeded, active);
        _vote(carol, id, FOR);
    }

    function test_RevertWhen_ProposerHasTooFewVotes() public {
        _give(stranger, THRESHOLD - 1);
        _delegate(stranger, stranger);
        _skip(1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGovernor.GovernorInsufficientProposerVotes.selector, stranger, THRESHOLD - 1, THRESHOLD
            )
        );
        _propose(stranger, _turns(6, 90));
        // What arrives in this second does not count yet.
        _give(stranger, 1);
        vm.expectPartialRevert(IGovernor.GovernorInsufficientProposerVotes.selector);
        _propose(stranger, _turns(6, 90));
        _skip(1);
        _propose(stranger, _turns(6, 90));
    }

    // Failed executions

    /// G2: what fails, fails as a whole, and can be tried again.
    function test_FailedExecution_ChangesNothingAndCanBeRetried() public {
        Proposal memory p = _turns(6, 90);
        p = _and(p, address(opg), abi.encodeCall(opg.transfer, (carol, TREASURY + 1)));
        uint256 id = _pass(p);
        _queue(p);
        vm.warp(governor.proposalEta(id));
        vm.expectPartialRevert(bytes4(keccak256("ERC20InsufficientBalance(address,uint256,uint256)")));
        _execute(p);
        _assertState(id, IGovernor.ProposalState.Queued);
        (uint32 window,) = hub.turnParameters();
        assertEq(window, 4);
        _give(address(timelock), 1);
        _execute(p);
        _assertState(id, IGovernor.ProposalState.Executed);
    }

    function test_RevertWhen_ExecutedTwice() public {
        Proposal memory p = _turns(6, 90);
        uint256 id = _enact(p);
        vm.expectPartialRevert(IGovernor.GovernorUnexpectedProposalState.selector);
        _execute(p);
        vm.expectPartialRevert(IGovernor.GovernorUnexpectedProposalState.selector);
        _propose(alice, p);
        _assertState(id, IGovernor.ProposalState.Executed);
    }

    // Cancelling

    /// G3: the guardian can cancel until the execution.
    function test_Guardian_CancelsAtAnyStage() public {
        Proposal memory p = _turns(6, 90);
        uint256 id = _propose(alice, p);
        vm.expectEmit(address(governor));
        emit IGovernor.ProposalCanceled(id);
        _cancel(guardian, p);
        _assertState(id, IGovernor.ProposalState.Canceled);

        p = _turns(7, 90);
        id = _open(p);
        _cancel(guardian, p);
        _assertState(id, IGovernor.ProposalState.Canceled);

        p = _turns(8, 90);
        id = _pass(p);
        _queue(p);
        vm.warp(governor.proposalEta(id));
        _cancel(guardian, p);
        _assertState(id, IGovernor.ProposalState.Canceled);
        vm.expectPartialRevert(IGovernor.GovernorUnexpectedProposalState.selector);
        _execute(p);
        // Nor in the timelock.
        bytes32 salt = bytes20(address(governor)) ^ _hash(p);
        assertFalse(timelock.isOperation(timelock.hashOperationBatch(p.targets, p.values, p.calldatas, 0, salt)));
    }

    function test_Proposer_CancelsBeforeVotingOnly() public {
        Proposal memory p = _turns(6, 90);
        uint256 id = _propose(alice, p);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, id, stranger));
        _cancel(stranger, p);
        _cancel(alice, p);
        p = _turns(7, 90);
        id = _open(p);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, id, alice));
        _cancel(alice, p);
    }

    /// G4: a guardian that vetoes everything can still be replaced.
    function test_Guardian_CannotCancelItsOwnReplacement() public {
        Proposal memory p =
            _proposal(address(governor), abi.encodeCall(governor.setProposalGuardian, (carol)), "# New guardian");
        uint256 id = _propose(alice, p);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, id, guardian));
        _cancel(guardian, p);
        // The proposer changed its mind: that is still possible, and so is another try.
        _cancel(alice, p);
        p.description = "# New guardian, again";
        id = _pass(p);
        _queue(p);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, id, guardian));
        _cancel(guardian, p);
        vm.warp(governor.proposalEta(id));
        vm.expectEmit(address(governor));
        emit GovernorProposalGuardian.ProposalGuardianSet(guardian, carol);
        _execute(p);
        Proposal memory q = _turns(6, 90);
        _propose(alice, q);
        vm.expectPartialRevert(IGovernor.GovernorUnableToCancel.selector);
        _cancel(guardian, q);
        _cancel(carol, q);
    }

    /// Only a proposal that does nothing else is safe from the guardian.
    function test_Guardian_CancelsReplacementsThatDoMore() public {
        bytes memory replacement = abi.encodeCall(governor.setProposalGuardian, (carol));
        Proposal memory p = _and(_turns(6, 90), address(governor), replacement);
        _propose(alice, p);
        _cancel(guardian, p);
        p = _proposal(address(hub), replacement, "# Another target");
        _propose(alice, p);
        _cancel(guardian, p);
        p = _proposal(address(governor), abi.encodeCall(governor.setVotingPeriod, (1 days)), "# Another function");
        _propose(alice, p);
        _cancel(guardian, p);
    }

    /// G5: the guardian council can do nothing else.
    function test_Guardian_HasNoOtherPower() public {
        vm.startPrank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, guardian));
        hub.setTurnParameters(1, 2);
        address next = address(new NextModelRegistry());
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, guardian));
        models.upgradeToAndCall(next, "");
        vm.expectPartialRevert(bytes4(keccak256("AccessControlUnauthorizedAccount(address,bytes32)")));
        timelock.cancel(bytes32(0));
        vm.expectPartialRevert(bytes4(keccak256("AccessManagerUnauthorizedAccount(address,uint64)")));
        manager.grantRole(2, stranger, 0);
        vm.expectPartialRevert(bytes4(keccak256("AccessManagerUnauthorizedAccount(address,uint64)")));
        manager.setTargetClosed(address(hub), true);
        vm.stopPrank();
    }

    /// A function that a later contract gives to the guardian: the council calls it at once, voters after the shorter delay.
    function test_Guardian_CallsFunctionsOfItsRole() public {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = hub.setTurnParameters.selector;
        bytes memory data =
            abi.encodeCall(manager.setTargetFunctionRole, (address(hub), selectors, GovernanceRoles.GUARDIAN));
        _enact(_proposal(address(manager), data, "# Let the guardian set the turns"));
        vm.prank(guardian);
        hub.setTurnParameters(1, 2);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        hub.setTurnParameters(1, 2);
        _assertRoutineCycle();
    }

    // Late quorum

    /// G6: whoever brings quorum at the last moment gives the others time to answer.
    function test_LateQuorum_ExtendsVoting() public {
        uint256 id = _open(_turns(6, 90));
        uint256 deadline = governor.proposalDeadline(id);
        _vote(carol, id, FOR);
        vm.warp(deadline - 1 hours);
        vm.expectEmit(address(governor));
        emit GovernorPreventLateQuorum.ProposalExtended(id, uint64(deadline - 1 hours + EXTENSION));
        _vote(bob, id, FOR);
        assertEq(governor.proposalDeadline(id), deadline - 1 hours + EXTENSION);
        vm.warp(deadline + 1);
        _assertState(id, IGovernor.ProposalState.Active);
        _vote(alice, id, AGAINST);
        // Once only.
        assertEq(governor.proposalDeadline(id), deadline - 1 hours + EXTENSION);
        vm.warp(deadline - 1 hours + EXTENSION + 1);
        // 21M for, 20M against.
        _assertState(id, IGovernor.ProposalState.Succeeded);
    }

    function test_EarlyQuorum_DoesNotExtendVoting() public {
        uint256 id = _open(_turns(6, 90));
        uint256 deadline = governor.proposalDeadline(id);
        _vote(bob, id, FOR);
        vm.warp(deadline);
        _vote(alice, id, AGAINST);
        assertEq(governor.proposalDeadline(id), deadline);
    }

    /// A routine change takes effect after the shorter delay.
    function _assertRoutineCycle() private {
        Proposal memory p = _turns(6, 90);
        uint256 id = _pass(p);
        _queue(p);
        assertEq(governor.proposalEta(id), vm.getBlockTimestamp() + MIN_DELAY);
        _skip(MIN_DELAY);
        _execute(p);
        (uint32 window,) = hub.turnParameters();
        assertEq(window, 6);
    }
}
