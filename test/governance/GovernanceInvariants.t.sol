// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {GovernanceFixture} from "./support/GovernanceFixture.sol";
import {GovernanceHandler} from "./support/GovernanceHandler.sol";

/// @notice What holds after whatever holders, voters and outsiders do.
contract GovernanceInvariantsTest is GovernanceFixture {
    GovernanceHandler private handler;

    function setUp() public override {
        super.setUp();
        address[] memory actors = new address[](5);
        (actors[0], actors[1], actors[2], actors[3], actors[4]) = (alice, bob, carol, holder, stranger);
        _delegate(holder, holder);
        _skip(1);
        handler = new GovernanceHandler(governor, timelock, hub, guardian, actors);
        targetContract(address(handler));
    }

    /// G11: votes for one proposal never exceed the units of its snapshot, nor the float.
    function invariant_G11_VotesAreAtMostTheUnitsOfTheSnapshot() public view {
        for (uint256 i = 0; i < handler.itemCount(); ++i) {
            (uint256 id,, uint256 snapshot,) = handler.items(i);
            (uint256 against, uint256 inFavour, uint256 abstain) = governor.proposalVotes(id);
            uint256 votes = against + inFavour + abstain;
            assertEq(votes, handler.castWeight(id), "votes counted are votes cast");
            if (votes != 0) {
                assertLe(votes, opg.getPastTotalSupply(snapshot), "units");
                assertLe(votes, governor.floatAt(snapshot), "float");
            }
        }
    }

    /// G9, G10: what was once defeated stays defeated, or is cancelled by the guardian.
    function invariant_G9_DefeatIsFinal() public view {
        for (uint256 i = 0; i < handler.itemCount(); ++i) {
            (uint256 id,,, bool wasDefeated) = handler.items(i);
            if (!wasDefeated) continue;
            IGovernor.ProposalState state = governor.state(id);
            assertTrue(state == IGovernor.ProposalState.Defeated || state == IGovernor.ProposalState.Canceled);
        }
    }

    /// G17, G18: what changed is what was executed, and nobody got around that.
    function invariant_G17_OnlyExecutedProposalsChangeAnything() public view {
        assertEq(handler.bypasses(), 0);
        (uint32 window,) = hub.turnParameters();
        assertEq(window, handler.expectedWindow());
        assertEq(governor.votingPeriod(), VOTING_PERIOD);
        assertEq(timelock.getMinDelay(), MIN_DELAY);
    }

    /// The handler's own proposals do get through: a sequence of its calls changes the hub.
    function test_Handler_ReachesExecution() public {
        handler.propose(0);
        for (uint256 i = 0; i < 4; ++i) {
            handler.advance(0);
        }
        invariant_G17_OnlyExecutedProposalsChangeAnything();
        assertEq(handler.executions(), 1);
    }
}
