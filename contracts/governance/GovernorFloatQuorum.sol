// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    GovernorVotesQuorumFraction
} from "@openzeppelin/contracts/governance/extensions/GovernorVotesQuorumFraction.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IVestingVault} from "../interfaces/IVestingVault.sol";
import {Sentinel} from "./Sentinel.sol";

/// @title Quorum as a fraction of the tokens that can vote
/// @notice The fraction, the total of units, the votes of the sentinel and what the vault has locked are all taken as of
/// the moment asked for, and none of them can change afterwards. So the quorum of a proposal is fixed at its snapshot:
/// no later decision can revive a defeated proposal or sink one that has succeeded.
abstract contract GovernorFloatQuorum is GovernorVotesQuorumFraction {
    /// @notice The vault whose locked tokens do not count.
    IVestingVault public immutable vestingVault;

    /// Quorums that were needed before. Only saves gas: the vault goes through all its categories.
    mapping(uint256 timepoint => uint256 votes) private _knownQuorums;

    constructor(IVestingVault vault) {
        vestingVault = vault;
    }

    /// @notice Tokens that could vote at `timepoint`, which must be past: all units, less those whose votes are the
    /// sentinel's, less those that the vault has locked.
    function floatAt(uint256 timepoint) public view returns (uint256) {
        uint256 units = token().getPastTotalSupply(timepoint);
        uint256 silent = token().getPastVotes(Sentinel.ACCOUNT, timepoint) + vestingVault.lockedAt(timepoint);
        // The vault cannot delegate, so silent tokens are distinct units. Were this ever wrong, the quorum must become
        // hard to reach, and not zero.
        return silent > units ? units : units - silent;
    }

    /// @notice Votes for and abstaining that a proposal with this snapshot needs. The time must be past.
    function quorum(uint256 timepoint) public view virtual override returns (uint256) {
        uint256 known = _knownQuorums[timepoint];
        return known != 0 ? known : _computeQuorum(timepoint);
    }

    /// @dev The first vote of a proposal pays for those after it.
    function _tallyUpdated(uint256 proposalId) internal virtual override {
        uint256 timepoint = proposalSnapshot(proposalId);
        if (_knownQuorums[timepoint] == 0) _knownQuorums[timepoint] = _computeQuorum(timepoint);
        super._tallyUpdated(proposalId);
    }

    function _computeQuorum(uint256 timepoint) private view returns (uint256) {
        return Math.mulDiv(floatAt(timepoint), quorumNumerator(timepoint), quorumDenominator());
    }
}
