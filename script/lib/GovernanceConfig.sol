// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {GovernorParameters} from "../../contracts/governance/OpgGovernor.sol";
import {Vm} from "forge-std/Vm.sol";
import {Json, JsonFields} from "./JsonFields.sol";

/// @notice What governance is asked to be.
struct GovernanceConfig {
    GovernorParameters parameters;
    /// Seconds that routine calls wait in the timelock.
    uint32 minDelay;
    /// Seconds that all other calls wait: longer than the unbonding time.
    uint32 upgradeDelay;
}

/// @title Reads and checks the fields `guardian` and `governance` of a configuration
library GovernanceConfigs {
    using JsonFields for Json;

    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    string private constant BLOCK = "governance";
    string private constant FIELDS =
        "votingDelay,votingPeriod,lateQuorumExtension,proposalThreshold,quorumPercent,minDelay,upgradeDelay";
    uint256 private constant SUPPLY = 1_000_000_000e18;
    /// `StakingSlashes.SUSPENSION`: how long the guardian can hold up a slash for a vote on its veto.
    uint256 private constant SUSPENSION = 14 days;

    /// @notice Reads them. All are required, and there are no others in `governance`.
    function parse(Json memory json) internal view returns (GovernanceConfig memory config) {
        config.parameters.guardian = json.addressAt("guardian");
        json.requireOnly(BLOCK, VM.split(FIELDS, ","));
        config.parameters.votingDelay = uint48(_uint(json, "votingDelay", 48));
        config.parameters.votingPeriod = uint32(_uint(json, "votingPeriod", 32));
        config.parameters.lateQuorumExtension = uint48(_uint(json, "lateQuorumExtension", 48));
        config.parameters.proposalThreshold = _uint(json, "proposalThreshold", 256);
        config.parameters.quorumPercent = _uint(json, "quorumPercent", 8);
        config.minDelay = uint32(_uint(json, "minDelay", 32));
        config.upgradeDelay = uint32(_uint(json, "upgradeDelay", 32));
    }

    /// @notice Refuses values that could not make a working governance.
    function validate(GovernanceConfig memory config, address deployer, uint256 unbondingPeriod) internal pure {
        GovernorParameters memory parameters = config.parameters;
        if (parameters.guardian == address(0)) _refuse("guardian", "zero: enter the guardian council");
        if (parameters.guardian == deployer) _refuse("guardian", "is the deployer, who must keep no power");
        if (parameters.votingDelay == 0) {
            _refuse("governance.votingDelay", "zero: voters need time to delegate before the snapshot");
        }
        if (parameters.votingPeriod == 0) _refuse("governance.votingPeriod", "zero: nobody could vote");
        if (parameters.lateQuorumExtension > parameters.votingPeriod) {
            _refuse("governance.lateQuorumExtension", "must not exceed votingPeriod");
        }
        if (parameters.proposalThreshold == 0) {
            _refuse("governance.proposalThreshold", "zero: anyone could flood the voters");
        }
        if (parameters.proposalThreshold > SUPPLY) {
            _refuse("governance.proposalThreshold", "more than the supply of OPG: nobody could propose");
        }
        if (parameters.quorumPercent == 0 || parameters.quorumPercent > 100) {
            _refuse("governance.quorumPercent", "must be 1 to 100");
        }
        if (config.minDelay == 0) _refuse("governance.minDelay", "zero: the guardian could not cancel in time");
        if (config.upgradeDelay < config.minDelay) {
            _refuse("governance.upgradeDelay", "must not be shorter than minDelay");
        }
        if (config.upgradeDelay <= unbondingPeriod) {
            _refuse(
                "governance.upgradeDelay",
                "must exceed staking.unbondingPeriod: stakers leave before an upgrade that they reject"
            );
        }
        uint256 cycle = uint256(parameters.votingDelay) + parameters.votingPeriod + parameters.lateQuorumExtension;
        if (cycle + config.minDelay >= SUSPENSION) {
            _refuse("governance.votingPeriod", "a vote and minDelay must end within 14 days, or no slash can be vetoed");
        }
    }

    function _uint(Json memory json, string memory field, uint256 bits) private view returns (uint256) {
        return json.uintAt(JsonFields.join(BLOCK, field), bits);
    }

    function _refuse(string memory field, string memory reason) private pure {
        revert JsonFields.InvalidField("config", field, reason);
    }
}
