// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {GovernorCountingSimple} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {GovernorPreventLateQuorum} from "@openzeppelin/contracts/governance/extensions/GovernorPreventLateQuorum.sol";
import {GovernorProposalGuardian} from "@openzeppelin/contracts/governance/extensions/GovernorProposalGuardian.sol";
import {GovernorSettings} from "@openzeppelin/contracts/governance/extensions/GovernorSettings.sol";
import {GovernorTimelockControl} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {
    GovernorVotesQuorumFraction
} from "@openzeppelin/contracts/governance/extensions/GovernorVotesQuorumFraction.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IVestingVault} from "../interfaces/IVestingVault.sol";
import {GovernorFloatQuorum} from "./GovernorFloatQuorum.sol";
import {GovernorProposeBySig} from "./GovernorProposeBySig.sol";

/// @notice How proposals go. Times are in seconds.
/// @param guardian May cancel proposals, and nothing else.
/// @param votingDelay From a proposal to its snapshot, when voting starts.
/// @param votingPeriod From the snapshot to the end of voting.
/// @param lateQuorumExtension Voting goes on for at least this long after quorum is reached. At most `votingPeriod`.
/// @param proposalThreshold Votes that a proposer needs.
/// @param quorumPercent Percentage of the float that has to vote for or abstain.
struct GovernorParameters {
    address guardian;
    uint48 votingDelay;
    uint32 votingPeriod;
    uint48 lateQuorumExtension;
    uint256 proposalThreshold;
    uint256 quorumPercent;
}

/// @title The governor of OPG
/// @notice Holders and stakers propose, vote and, after the timelock's delay, execute; see `docs/governance.md`. Made of
/// OpenZeppelin's modules, with their events and functions, so that third-party governance pages work unchanged. Not
/// upgradeable: a successor takes over when the timelock gives it the governor's roles.
///
/// ASSUMPTIONS
/// - The token's clock is unix time, and votes and totals of a past second never change.
/// - The vault's `lockedAt` of a past second never changes.
/// - The timelock lets this contract propose, cancel and execute.
contract OpgGovernor is
    GovernorSettings,
    GovernorCountingSimple,
    GovernorFloatQuorum,
    GovernorPreventLateQuorum,
    GovernorProposalGuardian,
    GovernorTimelockControl,
    GovernorProposeBySig
{
    /// @param opg The token, whose votes count.
    /// @param vault The vault whose locked tokens quorum leaves out.
    /// @param timelock_ Executes what was decided.
    constructor(IVotes opg, IVestingVault vault, TimelockController timelock_, GovernorParameters memory parameters)
        Governor("OPG Governor")
        GovernorSettings(parameters.votingDelay, parameters.votingPeriod, parameters.proposalThreshold)
        GovernorVotes(opg)
        GovernorVotesQuorumFraction(parameters.quorumPercent)
        GovernorFloatQuorum(vault)
        GovernorPreventLateQuorum(parameters.lateQuorumExtension)
        GovernorTimelockControl(timelock_)
    {
        _setProposalGuardian(parameters.guardian);
    }

    /// @inheritdoc GovernorProposeBySig
    function propose(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description
    ) public override(Governor, GovernorProposeBySig) returns (uint256) {
        return super.propose(targets, values, calldatas, description);
    }

    /// @inheritdoc Governor
    /// @dev The guardian may cancel any proposal until it is executed, except one that does nothing but replace the
    /// guardian: otherwise it could stay for ever and veto everything.
    function cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) public override returns (uint256) {
        if (_msgSender() == proposalGuardian() && _onlyReplacesGuardian(targets, calldatas)) {
            revert GovernorUnableToCancel(
                getProposalId(targets, values, calldatas, descriptionHash), proposalGuardian()
            );
        }
        return super.cancel(targets, values, calldatas, descriptionHash);
    }

    /// @inheritdoc GovernorTimelockControl
    function state(uint256 proposalId) public view override(Governor, GovernorTimelockControl) returns (ProposalState) {
        return super.state(proposalId);
    }

    /// @inheritdoc GovernorPreventLateQuorum
    function proposalDeadline(uint256 proposalId)
        public
        view
        override(Governor, GovernorPreventLateQuorum)
        returns (uint256)
    {
        return super.proposalDeadline(proposalId);
    }

    /// @inheritdoc GovernorTimelockControl
    function proposalNeedsQueuing(uint256 proposalId)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (bool)
    {
        return super.proposalNeedsQueuing(proposalId);
    }

    /// @inheritdoc GovernorSettings
    function proposalThreshold() public view override(Governor, GovernorSettings) returns (uint256) {
        return super.proposalThreshold();
    }

    /// @dev The base reports the minimum delay; what the calls really have to wait, the timelock knows.
    function _queueOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint48) {
        super._queueOperations(proposalId, targets, values, calldatas, descriptionHash);
        TimelockController executor = TimelockController(payable(_executor()));
        // The salt by which the base tells its operations from those of other proposers.
        bytes32 salt = bytes20(address(this)) ^ descriptionHash;
        return
            SafeCast.toUint48(executor.getTimestamp(executor.hashOperationBatch(targets, values, calldatas, 0, salt)));
    }

    function _executeOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) {
        super._executeOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint256) {
        return super._cancel(targets, values, calldatas, descriptionHash);
    }

    function _tallyUpdated(uint256 proposalId)
        internal
        override(Governor, GovernorFloatQuorum, GovernorPreventLateQuorum)
    {
        super._tallyUpdated(proposalId);
    }

    function _validateCancel(uint256 proposalId, address caller)
        internal
        view
        override(Governor, GovernorProposalGuardian)
        returns (bool)
    {
        return super._validateCancel(proposalId, caller);
    }

    function _executor() internal view override(Governor, GovernorTimelockControl) returns (address) {
        return super._executor();
    }

    function _onlyReplacesGuardian(address[] memory targets, bytes[] memory calldatas) private view returns (bool) {
        return targets.length == 1 && calldatas.length == 1 && targets[0] == address(this)
            && bytes4(calldatas[0]) == this.setProposalGuardian.selector;
    }
}
