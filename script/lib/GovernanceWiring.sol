// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Addresses} from "./DeployAddresses.sol";
import {GovernanceConfig} from "./GovernanceConfig.sol";
import {GovernanceRoles, RoleRule} from "./GovernanceRoles.sol";

/// @title Sets governance up
/// @notice Order: all contracts, among them the AccessManager with the deployer as administrator, what only an
/// administrator can set, then `wire`. The addresses are known before anything is deployed, so that the timelock and the governor
/// need no administrator who introduces them to each other. `GovernanceAssertions.check` says whether all is well.
library GovernanceWiring {
    /// @notice Constructor arguments of the timelock.
    function timelockArguments(GovernanceConfig memory config, Addresses memory system)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encode(system.opg, system.accessManager, system.governor, config.minDelay, config.upgradeDelay);
    }

    /// @notice Constructor arguments of the governor.
    function governorArguments(GovernanceConfig memory config, Addresses memory system)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encode(system.opg, system.vestingVault, system.timelock, config.parameters);
    }

    /// @notice Whether `account` can still set up, or undo, everything.
    function isAdministrator(Addresses memory system, address account) internal view returns (bool isAdmin) {
        (isAdmin,) = AccessManager(system.accessManager).hasRole(GovernanceRoles.ADMIN, account);
    }

    /// @notice Distributes the roles, and takes the deployer's. To be called as the deployer. Does nothing when the
    /// deployer is not the administrator any more; an interrupted run is completed by another one.
    function wire(GovernanceConfig memory config, Addresses memory system, address deployer) internal {
        if (!isAdministrator(system, deployer)) return;
        AccessManager manager = AccessManager(system.accessManager);
        manager.labelRole(GovernanceRoles.ROUTINE, GovernanceRoles.nameOf(GovernanceRoles.ROUTINE));
        manager.labelRole(GovernanceRoles.GUARDIAN, GovernanceRoles.nameOf(GovernanceRoles.GUARDIAN));
        manager.labelRole(GovernanceRoles.SLASHER, GovernanceRoles.nameOf(GovernanceRoles.SLASHER));
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
        manager.grantRole(GovernanceRoles.SLASHER, system.receiptBatches, 0);
        manager.grantRole(GovernanceRoles.ADMIN, system.timelock, 0);
        manager.renounceRole(GovernanceRoles.ADMIN, deployer);
    }
}
