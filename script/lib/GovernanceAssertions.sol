// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {GovernorParameters, OpgGovernor} from "../../contracts/governance/OpgGovernor.sol";
import {Sentinel} from "../../contracts/governance/Sentinel.sol";
import {Timelock} from "../../contracts/governance/Timelock.sol";
import {IStakingSlashes} from "../../contracts/interfaces/IStakingSlashes.sol";
import {Opg} from "../../contracts/token/Opg.sol";
import {VestingVault} from "../../contracts/vesting/VestingVault.sol";
import {Checks} from "./Checks.sol";
import {Addresses} from "./DeployAddresses.sol";
import {GovernanceConfig} from "./GovernanceConfig.sol";
import {GovernanceRoles, ManagedContract, RoleRule} from "./GovernanceRoles.sol";

/// @title Checks that governance is wired as its configuration says, and that the deployer is left with nothing
/// @notice Reads the chain only. The first thing found wrong is reported with the contract and the reason.
library GovernanceAssertions {
    /// @notice Reverts with `Checks.DeploymentBroken` unless everything holds.
    function check(GovernanceConfig memory config, Addresses memory system, address deployer, uint256 unbondingPeriod)
        internal
        view
    {
        _checkTimelock(config, system, unbondingPeriod);
        _checkTimelockRoles(config, system, deployer);
        _checkGovernor(config, system);
        _checkMembers(config, system, deployer);
        _checkFunctions(system);
    }

    function _checkTimelock(GovernanceConfig memory config, Addresses memory system, uint256 unbondingPeriod)
        private
        view
    {
        Timelock timelock = Timelock(payable(system.timelock));
        string memory name = "Timelock";
        Checks.that(timelock.getMinDelay() == config.minDelay, name, "minimum delay differs from minDelay");
        Checks.that(timelock.upgradeDelay() == config.upgradeDelay, name, "upgrade delay differs from upgradeDelay");
        Checks.that(timelock.upgradeDelay() > unbondingPeriod, name, "upgrades do not wait for stakers to leave");
        Checks.that(
            address(timelock.accessManager()) == system.accessManager, name, "asks another AccessManager for roles"
        );
        Checks.that(
            Opg(system.opg).delegates(system.timelock) == Sentinel.ACCOUNT, name, "does not delegate to the sentinel"
        );
        Checks.that(
            VestingVault(system.vestingVault).treasury() == system.timelock, "VestingVault", "pays another treasury"
        );
    }

    function _checkTimelockRoles(GovernanceConfig memory config, Addresses memory system, address deployer)
        private
        view
    {
        Timelock timelock = Timelock(payable(system.timelock));
        bytes32[3] memory roles = [timelock.PROPOSER_ROLE(), timelock.CANCELLER_ROLE(), timelock.EXECUTOR_ROLE()];
        // The zero address as executor would let anyone execute, and leave the governor's events out.
        address[3] memory others = [deployer, config.parameters.guardian, address(0)];
        for (uint256 i = 0; i < 3; ++i) {
            Checks.that(timelock.hasRole(roles[i], system.governor), "Timelock", "the governor lacks a role");
            for (uint256 j = 0; j < 3; ++j) {
                Checks.that(
                    !timelock.hasRole(roles[i], others[j]), "Timelock", "another account than the governor has a role"
                );
            }
        }
        bytes32 admin = timelock.DEFAULT_ADMIN_ROLE();
        Checks.that(timelock.hasRole(admin, system.timelock), "Timelock", "does not administer itself");
        Checks.that(!timelock.hasRole(admin, system.governor), "Timelock", "is administered by the governor");
        for (uint256 j = 0; j < 3; ++j) {
            Checks.that(!timelock.hasRole(admin, others[j]), "Timelock", "is administered by another account");
        }
    }

    function _checkGovernor(GovernanceConfig memory config, Addresses memory system) private view {
        OpgGovernor governor = OpgGovernor(payable(system.governor));
        GovernorParameters memory parameters = config.parameters;
        string memory name = "OpgGovernor";
        Checks.that(address(governor.token()) == system.opg, name, "counts votes of another token");
        Checks.that(address(governor.vestingVault()) == system.vestingVault, name, "asks another vault");
        Checks.that(governor.timelock() == system.timelock, name, "acts through another timelock");
        Checks.that(governor.proposalGuardian() == parameters.guardian, name, "guardian differs");
        Checks.that(governor.votingDelay() == parameters.votingDelay, name, "votingDelay differs");
        Checks.that(governor.votingPeriod() == parameters.votingPeriod, name, "votingPeriod differs");
        Checks.that(
            governor.lateQuorumVoteExtension() == parameters.lateQuorumExtension, name, "lateQuorumExtension differs"
        );
        Checks.that(governor.proposalThreshold() == parameters.proposalThreshold, name, "proposalThreshold differs");
        Checks.that(governor.quorumNumerator() == parameters.quorumPercent, name, "quorumPercent differs");
    }

    function _checkMembers(GovernanceConfig memory config, Addresses memory system, address deployer) private view {
        AccessManager manager = AccessManager(system.accessManager);
        address guardian = config.parameters.guardian;
        for (uint64 role = GovernanceRoles.ADMIN; role <= GovernanceRoles.SLASHER; ++role) {
            // Whoever slashes is a contract that judges; voters may undo a slash, not begin one.
            if (role == GovernanceRoles.SLASHER) {
                _checkMember(manager, role, system.timelock, false, "the timelock may slash");
            } else {
                _checkMember(manager, role, system.timelock, true, "the timelock lacks a role, or waits here as well");
            }
            _checkMember(
                manager,
                role,
                system.receiptBatches,
                role == GovernanceRoles.SLASHER,
                "the batches of receipts cannot slash, or have other roles"
            );
            _checkMember(manager, role, deployer, false, "the deployer has a role");
            _checkMember(manager, role, system.governor, false, "the governor has a role itself");
            _checkMember(
                manager, role, guardian, role == GovernanceRoles.GUARDIAN, "the guardian has other roles than its own"
            );
            Checks.that(
                manager.getRoleAdmin(role) == GovernanceRoles.ADMIN,
                "AccessManager",
                "a role has an administrator of its own"
            );
            Checks.that(
                manager.getRoleGuardian(role) == GovernanceRoles.ADMIN, "AccessManager", "a role has a guardian"
            );
        }
    }

    function _checkMember(AccessManager manager, uint64 role, address account, bool expected, string memory reason)
        private
        view
    {
        (bool isMember, uint32 delay) = manager.hasRole(role, account);
        Checks.that(isMember == expected && (!isMember || delay == 0), "AccessManager", reason);
    }

    function _checkFunctions(Addresses memory system) private view {
        AccessManager manager = AccessManager(system.accessManager);
        RoleRule[] memory rules = GovernanceRoles.rules(system);
        for (uint256 i = 0; i < rules.length; ++i) {
            Checks.that(
                manager.getTargetFunctionRole(rules[i].target, rules[i].selector) == rules[i].role,
                rules[i].contractName,
                "a function has another role than it should"
            );
        }
        (ManagedContract[] memory list, uint256 upgradeable) = GovernanceRoles.managed(system);
        for (uint256 i = 0; i < list.length; ++i) {
            (string memory name, address target) = (list[i].name, list[i].target);
            Checks.that(IAccessManaged(target).authority() == system.accessManager, name, "obeys another authority");
            Checks.that(!manager.isTargetClosed(target), name, "is closed");
            Checks.that(manager.getTargetAdminDelay(target) == 0, name, "has an administrator's delay of its own");
            if (i >= upgradeable) continue;
            Checks.restricted(manager, name, target, UUPSUpgradeable.upgradeToAndCall.selector);
        }
        Checks.restricted(manager, "Staking", system.staking, IStakingSlashes.setSlashRule.selector);
    }
}
