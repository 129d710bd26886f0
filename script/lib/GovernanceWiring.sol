// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {GovernorParameters} from "../../contracts/governance/OpgGovernor.sol";
import {GovernanceRoles, GovernanceSystem, RoleRule} from "./GovernanceRoles.sol";

/// @notice What governance is asked to be.
struct GovernanceConfig {
    GovernorParameters parameters;
    /// Seconds that routine calls wait in the timelock.
    uint32 minDelay;
    /// Seconds that all other calls wait: longer than the unbonding time.
    uint32 upgradeDelay;
}

/// @title Sets governance up
/// @notice Order: AccessManager with the deployer as administrator, Opg, VestingVault, Timelock, OpgGovernor, the other
/// contracts, then `wire`. The addresses are known before anything is deployed, so that the timelock and the governor
/// need no administrator who introduces them to each other. `GovernanceAssertions.check` says whether all is well.
library GovernanceWiring {
    error InvalidGovernance(string field, string reason);

    /// @notice Refuses values that could not make a working governance.
    function validate(GovernanceConfig memory config, address deployer, uint256 unbondingPeriod) internal pure {
        GovernorParameters memory parameters = config.parameters;
        if (parameters.guardian == address(0)) _refuse("guardian", "zero: enter the guardian council");
        if (parameters.guardian == deployer) _refuse("guardian", "is the deployer, who must keep no power");
        if (parameters.votingDelay == 0) {
            _refuse("votingDelay", "zero: voters need time to delegate before the snapshot");
        }
        if (parameters.votingPeriod == 0) _refuse("votingPeriod", "zero: nobody could vote");
        if (parameters.lateQuorumExtension > parameters.votingPeriod) {
            _refuse("lateQuorumExtension", "must not exceed votingPeriod");
        }
        if (parameters.proposalThreshold == 0) _refuse("proposalThreshold", "zero: anyone could flood the voters");
        if (parameters.quorumPercent == 0 || parameters.quorumPercent > 100) {
            _refuse("quorumPercent", "must be 1 to 100");
        }
        if (config.minDelay == 0) _refuse("minDelay", "zero: the guardian could not cancel in time");
        if (config.upgradeDelay < config.minDelay) _refuse("upgradeDelay", "must not be shorter than minDelay");
        if (config.upgradeDelay <= unbondingPeriod) {
            _refuse("upgradeDelay", "must exceed unbondingPeriod: stakers leave before an upgrade that they reject");
        }
    }

    /// @notice Constructor arguments of the timelock.
    function timelockArguments(GovernanceConfig memory config, GovernanceSystem memory system)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encode(system.opg, system.accessManager, system.governor, config.minDelay, config.upgradeDelay);
    }

    /// @notice Constructor arguments of the governor.
    function governorArguments(GovernanceConfig memory config, GovernanceSystem memory system)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encode(system.opg, system.vestingVault, system.timelock, config.parameters);
    }

    /// @notice Distributes the roles, and takes the deployer's. To be called as the deployer. Does nothing when the
    /// deployer is not the administrator any more; an interrupted run is completed by another one.
    function wire(GovernanceConfig memory config, GovernanceSystem memory system, address deployer) internal {
        AccessManager manager = AccessManager(system.accessManager);
        (bool isAdmin,) = manager.hasRole(GovernanceRoles.ADMIN, deployer);
        if (!isAdmin) return;

        manager.labelRole(GovernanceRoles.ROUTINE, GovernanceRoles.nameOf(GovernanceRoles.ROUTINE));
        manager.labelRole(GovernanceRoles.GUARDIAN, GovernanceRoles.nameOf(GovernanceRoles.GUARDIAN));
        RoleRule[] memory rules = GovernanceRoles.rules(system);
        for (uint256 i = 0; i < rules.length; ++i) {
            bytes4[] memory selectors = new bytes4[](1);
            selectors[0] = rules[i].selector;
            manager.setTargetFunctionRole(rules[i].target, selectors, rules[i].role);
        }

        // No execution delays here: whatever waits, waits in the timelock.
        manager.grantRole(GovernanceRoles.GUARDIAN, config.parameters.guardian, 0);
        manager.grantRole(GovernanceRoles.GUARDIAN, system.timelock, 0);
        manager.grantRole(GovernanceRoles.ROUTINE, system.timelock, 0);
        manager.grantRole(GovernanceRoles.ADMIN, system.timelock, 0);
        manager.renounceRole(GovernanceRoles.ADMIN, deployer);
    }

    function _refuse(string memory field, string memory reason) private pure {
        revert InvalidGovernance(field, reason);
    }
}
