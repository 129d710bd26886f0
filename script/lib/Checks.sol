// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

/// @title What the checks of a deployment are made of
library Checks {
    uint64 internal constant ADMIN_ROLE = 0;

    error DeploymentBroken(string contractName, string reason);

    /// @notice Reverts with `DeploymentBroken` unless the statement holds.
    function that(bool holds, string memory contractName, string memory reason) internal pure {
        if (!holds) revert DeploymentBroken(contractName, reason);
    }

    /// @notice Requires that only the administrator can call a restricted function.
    function restricted(IAccessManager manager, string memory name, address target, bytes4 selector) internal view {
        that(!manager.isTargetClosed(target), name, "is closed");
        that(
            manager.getTargetFunctionRole(target, selector) == ADMIN_ROLE,
            name,
            "grants a restricted function to a role"
        );
    }
}
