// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {InferenceHub} from "../../contracts/inference/InferenceHub.sol";
import {IFeeMarket} from "../../contracts/interfaces/IFeeMarket.sol";
import {IFeeRouter} from "../../contracts/interfaces/IFeeRouter.sol";
import {IMeasurementRegistry} from "../../contracts/interfaces/IMeasurementRegistry.sol";
import {IReceiptBatches} from "../../contracts/interfaces/IReceiptBatches.sol";
import {IRewards} from "../../contracts/interfaces/IRewards.sol";
import {IStakingSlashes} from "../../contracts/interfaces/IStakingSlashes.sol";
import {IVestingVault} from "../../contracts/interfaces/IVestingVault.sol";
import {Addresses} from "./DeployAddresses.sol";

/// @notice A function of a contract and the role that may call it.
struct RoleRule {
    string contractName;
    address target;
    bytes4 selector;
    uint64 role;
}

/// @notice A contract that asks the AccessManager.
struct ManagedContract {
    string name;
    address target;
    /// What a proxy runs; zero for other contracts.
    address implementation;
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
    /// Slashing. Held by the contracts that judge, and by no account, not even the timelock.
    uint64 internal constant SLASHER = 3;

    /// Room in the lists below.
    uint256 private constant MAX_RULES = 64;

    /// @notice All functions whose role is not the administrator's.
    function rules(Addresses memory system) internal pure returns (RoleRule[] memory list) {
        list = new RoleRule[](MAX_RULES);
        uint256 n = 0;
        list[n++] = RoleRule("InferenceHub", system.inferenceHub, InferenceHub.setTurnParameters.selector, ROUTINE);
        list[n++] = RoleRule("VestingVault", system.vestingVault, IVestingVault.addCategory.selector, ROUTINE);
        list[n++] = RoleRule("VestingVault", system.vestingVault, IVestingVault.revoke.selector, ROUTINE);
        // The token obeys nobody. These rows only tell the timelock that spending what it holds is routine.
        list[n++] = RoleRule("Opg", system.opg, IERC20.transfer.selector, ROUTINE);
        list[n++] = RoleRule("Opg", system.opg, IERC20.approve.selector, ROUTINE);
        // A veto has to be in time. Parameters have bounds, and whoever unbonds while voters decide keeps the old ones.
        list[n++] = RoleRule("Staking", system.staking, IStakingSlashes.vetoSlash.selector, ROUTINE);
        list[n++] = RoleRule("Staking", system.staking, IStakingSlashes.setParameters.selector, ROUTINE);
        list[n++] = RoleRule("Staking", system.staking, IStakingSlashes.suspendSlash.selector, GUARDIAN);
        list[n++] = RoleRule("Staking", system.staking, IStakingSlashes.jail.selector, GUARDIAN);
        list[n++] = RoleRule("Staking", system.staking, IStakingSlashes.slash.selector, SLASHER);
        list[n++] = RoleRule("Staking", system.staking, IStakingSlashes.freeze.selector, SLASHER);
        list[n++] = RoleRule("Staking", system.staking, IStakingSlashes.unfreeze.selector, SLASHER);
        // Bonds, penalties and the time to answer have bounds, and open demands keep what they began with.
        list[n++] = RoleRule("ReceiptBatches", system.receiptBatches, IReceiptBatches.setParameters.selector, ROUTINE);
        list[n++] =
            RoleRule("MeasurementRegistry", system.measurementRegistry, IMeasurementRegistry.approve.selector, ROUTINE);
        list[n++] =
            RoleRule("MeasurementRegistry", system.measurementRegistry, IMeasurementRegistry.remove.selector, GUARDIAN);
        // Shares, splits, caps and how the price moves have bounds, and concern what comes later only.
        list[n++] = RoleRule("FeeRouter", system.feeRouter, IFeeRouter.setShares.selector, ROUTINE);
        list[n++] = RoleRule("FeeRouter", system.feeRouter, IFeeRouter.setCap.selector, ROUTINE);
        list[n++] = RoleRule("FeeMarket", system.feeMarket, IFeeMarket.setParameters.selector, ROUTINE);
        list[n++] = RoleRule("Rewards", system.rewards, IRewards.setParameters.selector, ROUTINE);
        // Memory-safe: the list becomes shorter, inside what was allocated.
        assembly ("memory-safe") {
            mstore(list, n)
        }
    }

    /// @notice All contracts that ask the AccessManager, those that can be upgraded first.
    /// @return list Their names and addresses, and how many can be upgraded.
    function managed(Addresses memory system)
        internal
        pure
        returns (ManagedContract[] memory list, uint256 upgradeable)
    {
        list = new ManagedContract[](MAX_RULES);
        uint256 n = 0;
        list[n++] = ManagedContract("ModelRegistry", system.modelRegistry, system.modelRegistryImplementation);
        list[n++] = ManagedContract("Staking", system.staking, system.stakingImplementation);
        list[n++] = ManagedContract("ProofRegistry", system.proofRegistry, system.proofRegistryImplementation);
        list[n++] = ManagedContract("InferenceHub", system.inferenceHub, system.inferenceHubImplementation);
        upgradeable = n;
        list[n++] = ManagedContract("VestingVault", system.vestingVault, address(0));
        list[n++] = ManagedContract("FeeMarket", system.feeMarket, address(0));
        list[n++] = ManagedContract("FeeRouter", system.feeRouter, address(0));
        list[n++] = ManagedContract("Rewards", system.rewards, address(0));
        list[n++] = ManagedContract("ReceiptBatches", system.receiptBatches, address(0));
        list[n++] = ManagedContract("MeasurementRegistry", system.measurementRegistry, address(0));
        // Memory-safe: as above.
        assembly ("memory-safe") {
            mstore(list, n)
        }
    }

    /// @notice Name of a role, as in the documentation.
    function nameOf(uint64 role) internal pure returns (string memory) {
        if (role == ADMIN) return "ADMIN";
        if (role == ROUTINE) return "ROUTINE";
        if (role == GUARDIAN) return "GUARDIAN";
        if (role == SLASHER) return "SLASHER";
        return "unknown";
    }
}
