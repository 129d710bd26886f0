// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {InferenceHub} from "../../contracts/inference/InferenceHub.sol";
import {IVestingVault} from "../../contracts/interfaces/IVestingVault.sol";

/// @notice Where the contracts are that governance concerns.
struct GovernanceSystem {
    address accessManager;
    address opg;
    address vestingVault;
    address timelock;
    address governor;
    address modelRegistry;
    address proofRegistry;
    address inferenceHub;
}

/// @notice A function of a contract and the role that may call it.
struct RoleRule {
    string contractName;
    address target;
    bytes4 selector;
    uint64 role;
}

/// @title The roles of the AccessManager, and the functions that are not the administrator's
/// @notice A contract with a function for another role adds a row here and one to the table in `docs/governance.md`.
library GovernanceRoles {
    /// Everything that has no row: upgrades, roles, and whatever nobody thought of. Held by the timelock, which waits
    /// its upgrade delay for it.
    uint64 internal constant ADMIN = 0;
    /// What may follow a vote after the shorter delay. Held by the timelock.
    uint64 internal constant ROUTINE = 1;
    /// Pausing and removing. Held by the guardian council, which needs no vote, and by the timelock.
    uint64 internal constant GUARDIAN = 2;

    /// @notice All functions whose role is not the administrator's.
    function rules(GovernanceSystem memory system) internal pure returns (RoleRule[] memory list) {
        list = new RoleRule[](5);
        list[0] = RoleRule("InferenceHub", system.inferenceHub, InferenceHub.setTurnParameters.selector, ROUTINE);
        list[1] = RoleRule("VestingVault", system.vestingVault, IVestingVault.addCategory.selector, ROUTINE);
        list[2] = RoleRule("VestingVault", system.vestingVault, IVestingVault.revoke.selector, ROUTINE);
        // The token obeys nobody. These rows only tell the timelock that spending what it holds is routine.
        list[3] = RoleRule("Opg", system.opg, IERC20.transfer.selector, ROUTINE);
        list[4] = RoleRule("Opg", system.opg, IERC20.approve.selector, ROUTINE);
    }

    /// @notice Name of a role, as in the documentation.
    function nameOf(uint64 role) internal pure returns (string memory) {
        if (role == ADMIN) return "ADMIN";
        if (role == ROUTINE) return "ROUTINE";
        if (role == GUARDIAN) return "GUARDIAN";
        return "unknown";
    }
}
