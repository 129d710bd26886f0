// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {Vm} from "forge-std/Vm.sol";
import {Checks} from "../../script/lib/Checks.sol";
import {Addresses} from "../../script/lib/DeployAddresses.sol";
import {GovernanceAssertions} from "../../script/lib/GovernanceAssertions.sol";
import {GovernanceConfig, GovernanceConfigs} from "../../script/lib/GovernanceConfig.sol";
import {GovernanceRoles} from "../../script/lib/GovernanceRoles.sol";
import {GovernanceWiring} from "../../script/lib/GovernanceWiring.sol";
import {JsonFields} from "../../script/lib/JsonFields.sol";
import {GovernanceFixture} from "./support/GovernanceFixture.sol";

/// @notice The libraries behind external functions, so that tests can expect their reverts.
contract WiringHarness {
    function validate(GovernanceConfig calldata config, address deployer, uint256 unbonding) external pure {
        GovernanceConfigs.validate(config, deployer, unbonding);
    }

    function check(GovernanceConfig calldata config, Addresses calldata system, address deployer, uint256 unbonding)
        external
        view
    {
        GovernanceAssertions.check(config, system, deployer, unbonding);
    }
}

/// @notice What the deployment leaves behind, and that its checks notice what is wrong.
contract WiringTest is GovernanceFixture {
    WiringHarness private harness;
    Vm.Log[] private grants;

    function setUp() public override {
        vm.recordLogs();
        super.setUp();
        Vm.Log[] memory recorded = vm.getRecordedLogs();
        for (uint256 i = 0; i < recorded.length; ++i) {
            grants.push(recorded[i]);
        }
        harness = new WiringHarness();
    }

    function _expectBroken(string memory contractName, string memory reason) private {
        vm.expectRevert(abi.encodeWithSelector(Checks.DeploymentBroken.selector, contractName, reason));
        harness.check(_config(), system, deployer, UNBONDING);
    }

    /// G19: of all roles ever granted, the deployer had one, and gave it back.
    function test_Wiring_GrantsNothingElse() public view {
        uint256 granted;
        for (uint256 i = 0; i < grants.length; ++i) {
            if (grants[i].emitter != address(manager)) continue;
            address account = grants[i].topics.length == 3 ? address(uint160(uint256(grants[i].topics[2]))) : address(0);
            if (grants[i].topics[0] == IAccessManager.RoleGranted.selector) {
                uint64 role = uint64(uint256(grants[i].topics[1]));
                (bool holds, uint32 delay) = manager.hasRole(role, account);
                assertEq(delay, 0);
                assertEq(holds, account != deployer);
                if (account == guardian) assertEq(role, GovernanceRoles.GUARDIAN);
                else if (account == system.receiptBatches) assertEq(role, GovernanceRoles.SLASHER);
                else assertTrue(account == address(timelock) || account == deployer);
                granted++;
            }
        }
        assertEq(granted, 6);
        for (uint64 role = 0; role <= GovernanceRoles.GUARDIAN; ++role) {
            (bool holds,) = manager.hasRole(role, deployer);
            assertFalse(holds);
        }
    }

    /// Completing a run that is complete changes nothing, even for the deployer.
    function test_Wiring_RunsAgainWithoutEffect() public {
        vm.recordLogs();
        vm.prank(deployer);
        GovernanceWiring.wire(_config(), system, deployer);
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_Check_AcceptsTheDeployment() public view {
        harness.check(_config(), system, deployer, UNBONDING);
    }

    function test_Check_NoticesForeignMembers() public {
        uint256 snapshot = vm.snapshotState();
        for (uint64 role = 0; role <= GovernanceRoles.GUARDIAN; ++role) {
            vm.prank(address(timelock));
            manager.grantRole(role, deployer, 0);
            _expectBroken("AccessManager", "the deployer has a role");
            vm.revertToState(snapshot);
            vm.prank(address(timelock));
            manager.grantRole(role, address(governor), 0);
            _expectBroken("AccessManager", "the governor has a role itself");
            vm.revertToState(snapshot);
        }
        vm.prank(address(timelock));
        manager.grantRole(GovernanceRoles.ROUTINE, guardian, 0);
        _expectBroken("AccessManager", "the guardian has other roles than its own");
        vm.revertToState(snapshot);
        vm.prank(address(timelock));
        manager.grantRole(GovernanceRoles.ROUTINE, address(timelock), 1 days);
        _expectBroken("AccessManager", "the timelock lacks a role, or waits here as well");
        vm.revertToState(snapshot);
        vm.prank(address(timelock));
        manager.setRoleAdmin(GovernanceRoles.ROUTINE, GovernanceRoles.GUARDIAN);
        _expectBroken("AccessManager", "a role has an administrator of its own");
        vm.revertToState(snapshot);
        vm.prank(address(timelock));
        manager.setRoleGuardian(GovernanceRoles.ROUTINE, GovernanceRoles.GUARDIAN);
        _expectBroken("AccessManager", "a role has a guardian");
    }

    function test_Check_NoticesAnOpenOrSharedTimelock() public {
        uint256 snapshot = vm.snapshotState();
        bytes32[3] memory roles = [timelock.PROPOSER_ROLE(), timelock.CANCELLER_ROLE(), timelock.EXECUTOR_ROLE()];
        address[3] memory others = [deployer, guardian, address(0)];
        for (uint256 i = 0; i < 3; ++i) {
            for (uint256 j = 0; j < 3; ++j) {
                vm.prank(address(timelock));
                timelock.grantRole(roles[i], others[j]);
                _expectBroken("Timelock", "another account than the governor has a role");
                vm.revertToState(snapshot);
            }
            vm.prank(address(timelock));
            timelock.revokeRole(roles[i], address(governor));
            _expectBroken("Timelock", "the governor lacks a role");
            vm.revertToState(snapshot);
        }
        vm.prank(address(timelock));
        timelock.grantRole(0, deployer);
        _expectBroken("Timelock", "is administered by another account");
        vm.revertToState(snapshot);
        vm.prank(address(timelock));
        timelock.grantRole(0, address(governor));
        _expectBroken("Timelock", "is administered by the governor");
    }

    function test_Check_NoticesOtherParameters() public {
        uint256 snapshot = vm.snapshotState();
        vm.prank(address(timelock));
        timelock.updateDelay(1);
        _expectBroken("Timelock", "minimum delay differs from minDelay");
        vm.revertToState(snapshot);
        vm.prank(address(timelock));
        timelock.updateUpgradeDelay(1);
        _expectBroken("Timelock", "upgrade delay differs from upgradeDelay");
        vm.revertToState(snapshot);
        vm.prank(address(timelock));
        opg.delegate(address(timelock));
        _expectBroken("Timelock", "does not delegate to the sentinel");
        vm.revertToState(snapshot);
        vm.expectRevert(
            abi.encodeWithSelector(
                Checks.DeploymentBroken.selector, "Timelock", "upgrades do not wait for stakers to leave"
            )
        );
        harness.check(_config(), system, deployer, UPGRADE_DELAY);
        _enact(_proposal(address(governor), abi.encodeCall(governor.setVotingDelay, (2 days)), "# Slower"));
        _expectBroken("OpgGovernor", "votingDelay differs");
    }

    function test_Check_NoticesFunctionsWithAnotherRole() public {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = UUPSUpgradeable.upgradeToAndCall.selector;
        uint256 snapshot = vm.snapshotState();
        vm.prank(address(timelock));
        manager.setTargetFunctionRole(address(hub), selectors, GovernanceRoles.ROUTINE);
        _expectBroken("InferenceHub", "grants a restricted function to a role");
        vm.revertToState(snapshot);
        selectors[0] = IERC20.approve.selector;
        vm.prank(address(timelock));
        manager.setTargetFunctionRole(address(opg), selectors, GovernanceRoles.ADMIN);
        _expectBroken("Opg", "a function has another role than it should");
        vm.revertToState(snapshot);
        vm.prank(address(timelock));
        manager.setTargetAdminDelay(address(models), 1);
        _skip(6 days);
        _expectBroken("ModelRegistry", "has an administrator's delay of its own");
    }

    function test_RevertWhen_ConfigurationMakesNoGovernance() public {
        harness.validate(_config(), deployer, UNBONDING);
        GovernanceConfig memory config = _config();
        config.parameters.guardian = address(0);
        _expectRefused(config, "guardian", "zero: enter the guardian council");
        config = _config();
        config.parameters.guardian = deployer;
        _expectRefused(config, "guardian", "is the deployer, who must keep no power");
        config = _config();
        config.parameters.votingDelay = 0;
        _expectRefused(config, "governance.votingDelay", "zero: voters need time to delegate before the snapshot");
        config = _config();
        config.parameters.votingPeriod = 0;
        _expectRefused(config, "governance.votingPeriod", "zero: nobody could vote");
        config = _config();
        config.parameters.lateQuorumExtension = VOTING_PERIOD + 1;
        _expectRefused(config, "governance.lateQuorumExtension", "must not exceed votingPeriod");
        config = _config();
        config.parameters.proposalThreshold = 0;
        _expectRefused(config, "governance.proposalThreshold", "zero: anyone could flood the voters");
        config = _config();
        config.parameters.quorumPercent = 0;
        _expectRefused(config, "governance.quorumPercent", "must be 1 to 100");
        config.parameters.quorumPercent = 101;
        _expectRefused(config, "governance.quorumPercent", "must be 1 to 100");
        config = _config();
        config.minDelay = 0;
        _expectRefused(config, "governance.minDelay", "zero: the guardian could not cancel in time");
        config = _config();
        config.minDelay = UPGRADE_DELAY + 1;
        _expectRefused(config, "governance.upgradeDelay", "must not be shorter than minDelay");
        config = _config();
        config.upgradeDelay = UNBONDING;
        _expectRefused(
            config,
            "governance.upgradeDelay",
            "must exceed staking.unbondingPeriod: stakers leave before an upgrade that they reject"
        );
    }

    function _expectRefused(GovernanceConfig memory config, string memory field, string memory reason) private {
        vm.expectRevert(abi.encodeWithSelector(JsonFields.InvalidField.selector, "config", field, reason));
        harness.validate(config, deployer, UNBONDING);
    }
}
