// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {Sentinel} from "../../contracts/governance/Sentinel.sol";
import {Timelock} from "../../contracts/governance/Timelock.sol";
import {ModelRegistry} from "../../contracts/models/ModelRegistry.sol";
import {GovernanceRoles} from "../../script/lib/GovernanceRoles.sol";
import {GovernanceFixture, Proposal} from "./support/GovernanceFixture.sol";

/// @notice What waits how long, and that there is no way around it.
contract TimelockTest is GovernanceFixture {
    function _delayOf(address target, bytes memory data) private view returns (uint256) {
        Proposal memory p = _proposal(target, data, "");
        return timelock.delayOf(p.targets, p.calldatas);
    }

    function _upgradeCall() private returns (bytes memory) {
        return abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (address(new ModelRegistry()), ""));
    }

    function _selectors(bytes4 selector) private pure returns (bytes4[] memory list) {
        list = new bytes4[](1);
        list[0] = selector;
    }

    // Delays

    function test_Delay_RoutineCallsAreThoseWithARole() public {
        assertEq(_delayOf(address(hub), abi.encodeCall(hub.setTurnParameters, (1, 2))), MIN_DELAY);
        assertEq(_delayOf(address(opg), abi.encodeCall(opg.transfer, (bob, 1))), MIN_DELAY);
        assertEq(_delayOf(address(opg), abi.encodeCall(opg.approve, (bob, 1))), MIN_DELAY);
        assertEq(_delayOf(address(opg), abi.encodeCall(opg.burn, (1))), UPGRADE_DELAY);
        assertEq(_delayOf(address(models), _upgradeCall()), UPGRADE_DELAY);
        assertEq(_delayOf(stranger, hex"12345678"), UPGRADE_DELAY);
        assertEq(_delayOf(stranger, ""), UPGRADE_DELAY);
        // Four bytes make a function, three do not.
        assertEq(_delayOf(address(hub), hex"123456"), UPGRADE_DELAY);
        assertEq(timelock.delayOf(new address[](0), new bytes[](0)), MIN_DELAY);
    }

    /// G16: no entry of the role table makes upgrades or the rules themselves routine.
    function test_Delay_UpgradesAndRulesAreNeverRoutine() public {
        address[5] memory targets =
            [address(models), address(hub), address(manager), address(manager), address(timelock)];
        bytes[5] memory calls = [
            _upgradeCall(),
            _upgradeCall(),
            abi.encodeCall(manager.grantRole, (0, stranger, 0)),
            abi.encodeCall(manager.execute, (address(models), _upgradeCall())),
            abi.encodeCall(timelock.updateDelay, (0))
        ];
        for (uint256 i = 0; i < 5; ++i) {
            vm.prank(address(timelock));
            manager.setTargetFunctionRole(targets[i], _selectors(bytes4(calls[i])), GovernanceRoles.ROUTINE);
            assertEq(_delayOf(targets[i], calls[i]), UPGRADE_DELAY);
        }
    }

    function testFuzz_Delay_BatchWaitsForItsSlowestCall(uint8 size, uint8 slow) public view {
        size = uint8(bound(size, 1, 12));
        Proposal memory p = _turns(6, 90);
        bool isSlow;
        for (uint256 i = 1; i < size; ++i) {
            bool here = i == slow;
            isSlow = isSlow || here;
            p = here
                ? _and(p, address(governor), abi.encodeCall(governor.setVotingPeriod, (1)))
                : _and(p, address(opg), abi.encodeCall(opg.transfer, (bob, i)));
        }
        assertEq(timelock.delayOf(p.targets, p.calldatas), isSlow ? UPGRADE_DELAY : MIN_DELAY);
    }

    /// Whoever is a proposer, whatever delay it asks for.
    function test_Schedule_RaisesTheDelay() public {
        bytes memory slow = _upgradeCall();
        bytes memory fast = abi.encodeCall(hub.setTurnParameters, (1, 2));
        uint256 time = vm.getBlockTimestamp();
        vm.startPrank(address(governor));
        timelock.schedule(address(models), 0, slow, 0, 0, MIN_DELAY);
        bytes32 id = timelock.hashOperation(address(models), 0, slow, 0, 0);
        assertEq(timelock.getTimestamp(id), time + UPGRADE_DELAY);
        timelock.schedule(address(models), 0, slow, 0, "longer", 60 days);
        id = timelock.hashOperation(address(models), 0, slow, 0, "longer");
        assertEq(timelock.getTimestamp(id), time + 60 days);
        timelock.schedule(address(hub), 0, fast, 0, 0, MIN_DELAY);
        id = timelock.hashOperation(address(hub), 0, fast, 0, 0);
        assertEq(timelock.getTimestamp(id), time + MIN_DELAY);
        vm.expectRevert(
            abi.encodeWithSelector(TimelockController.TimelockInsufficientDelay.selector, MIN_DELAY - 1, MIN_DELAY)
        );
        timelock.schedule(address(hub), 0, fast, 0, "shorter", MIN_DELAY - 1);
        vm.stopPrank();
    }

    function test_RevertWhen_BatchIsNotRectangular() public {
        Proposal memory p = _turns(6, 90);
        vm.startPrank(address(governor));
        vm.expectRevert(abi.encodeWithSelector(TimelockController.TimelockInvalidOperationLength.selector, 1, 0, 1));
        timelock.scheduleBatch(p.targets, p.values, new bytes[](0), 0, 0, MIN_DELAY);
        vm.expectRevert(abi.encodeWithSelector(TimelockController.TimelockInvalidOperationLength.selector, 1, 1, 0));
        timelock.scheduleBatch(p.targets, new uint256[](0), p.calldatas, 0, 0, MIN_DELAY);
        vm.stopPrank();
    }

    /// When a minimum delay above the upgrade delay is set, it counts for all.
    function test_Delay_IsAtLeastTheMinimum() public {
        vm.prank(address(timelock));
        timelock.updateDelay(40 days);
        assertEq(_delayOf(address(models), _upgradeCall()), 40 days);
        assertEq(_delayOf(address(hub), abi.encodeCall(hub.setTurnParameters, (1, 2))), 40 days);
    }

    function test_UpgradeDelay_ChangesByProposalOnly() public {
        vm.expectRevert(abi.encodeWithSelector(TimelockController.TimelockUnauthorizedCaller.selector, alice));
        vm.prank(alice);
        timelock.updateUpgradeDelay(0);
        bytes memory call = abi.encodeCall(timelock.updateUpgradeDelay, (30 days));
        Proposal memory p = _proposal(address(timelock), call, "# More time to leave");
        uint256 id = _pass(p);
        _queue(p);
        assertEq(governor.proposalEta(id), vm.getBlockTimestamp() + UPGRADE_DELAY);
        _skip(UPGRADE_DELAY);
        vm.expectEmit(address(timelock));
        emit Timelock.UpgradeDelayChange(UPGRADE_DELAY, 30 days);
        _execute(p);
        assertEq(timelock.upgradeDelay(), 30 days);
    }

    function test_RevertWhen_UpgradeDelayWouldLockGovernanceOut() public {
        uint256 max = timelock.MAX_UPGRADE_DELAY();
        bytes memory refusal = abi.encodeWithSelector(Timelock.TimelockUpgradeDelayTooLong.selector, max + 1, max);
        vm.expectRevert(refusal);
        vm.prank(address(timelock));
        timelock.updateUpgradeDelay(max + 1);
        vm.expectRevert(refusal);
        new Timelock(IVotes(opg), manager, address(governor), MIN_DELAY, max + 1);
        vm.prank(address(timelock));
        timelock.updateUpgradeDelay(max);
    }

    function test_Construction_SilencesTheTreasury() public {
        vm.expectEmit(address(opg));
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        emit IVotes.DelegateChanged(next, address(0), Sentinel.ACCOUNT);
        Timelock fresh = new Timelock(IVotes(opg), manager, address(governor), MIN_DELAY, UPGRADE_DELAY);
        assertEq(address(fresh), next);
        assertEq(opg.delegates(next), Sentinel.ACCOUNT);
    }

    // Ways around

    /// G17: nobody but the governor schedules, cancels or executes.
    function test_Bypass_NobodyElseUsesTheTimelock() public {
        Proposal memory p = _turns(6, 90);
        _pass(p);
        _queue(p);
        bytes32 salt = bytes20(address(governor)) ^ _hash(p);
        bytes32 operation = timelock.hashOperationBatch(p.targets, p.values, p.calldatas, 0, salt);
        _skip(MIN_DELAY);
        address[4] memory others = [deployer, guardian, alice, address(timelock)];
        for (uint256 i = 0; i < 4; ++i) {
            vm.startPrank(others[i]);
            _expectMissingRole(others[i], timelock.PROPOSER_ROLE());
            timelock.schedule(address(hub), 0, p.calldatas[0], 0, 0, UPGRADE_DELAY);
            _expectMissingRole(others[i], timelock.PROPOSER_ROLE());
            timelock.scheduleBatch(p.targets, p.values, p.calldatas, 0, 0, UPGRADE_DELAY);
            _expectMissingRole(others[i], timelock.CANCELLER_ROLE());
            timelock.cancel(operation);
            // Not even what is due: the governor would not report it.
            _expectMissingRole(others[i], timelock.EXECUTOR_ROLE());
            timelock.executeBatch(p.targets, p.values, p.calldatas, 0, salt);
            _expectMissingRole(others[i], timelock.EXECUTOR_ROLE());
            timelock.execute(address(hub), 0, p.calldatas[0], 0, 0);
            vm.stopPrank();
        }
        bytes32 proposer = timelock.PROPOSER_ROLE();
        for (uint256 i = 0; i < 3; ++i) {
            _expectMissingRole(others[i], 0);
            vm.prank(others[i]);
            timelock.grantRole(proposer, others[i]);
        }
        _execute(p);
    }

    function _expectMissingRole(address account, bytes32 role) private {
        vm.expectRevert(abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, account, role));
    }

    /// G18: nobody but the timelock administers the AccessManager, and nobody else obeys it.
    function test_Bypass_NobodyElseUsesTheAccessManager() public {
        bytes memory upgrade = _upgradeCall();
        address[4] memory others = [deployer, guardian, alice, address(governor)];
        for (uint256 i = 0; i < 4; ++i) {
            vm.startPrank(others[i]);
            _expectNoRole(others[i]);
            manager.grantRole(GovernanceRoles.ADMIN, others[i], 0);
            _expectNoRole(others[i]);
            manager.setTargetFunctionRole(address(models), _selectors(bytes4(upgrade)), GovernanceRoles.GUARDIAN);
            _expectNoRole(others[i]);
            manager.updateAuthority(address(models), others[i]);
            _expectNoRole(others[i]);
            manager.setTargetClosed(address(models), true);
            vm.expectPartialRevert(IAccessManager.AccessManagerUnauthorizedCall.selector);
            manager.execute(address(models), upgrade);
            vm.expectPartialRevert(IAccessManager.AccessManagerUnauthorizedCall.selector);
            manager.schedule(address(models), upgrade, 0);
            bytes[] memory calls = new bytes[](1);
            calls[0] = abi.encodeCall(manager.grantRole, (GovernanceRoles.ADMIN, others[i], 0));
            _expectNoRole(others[i]);
            manager.multicall(calls);
            vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, others[i]));
            models.upgradeToAndCall(address(hub), "");
            vm.stopPrank();
        }
    }

    function _expectNoRole(address account) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessManager.AccessManagerUnauthorizedAccount.selector, account, GovernanceRoles.ADMIN
            )
        );
    }

    /// Wrapping an upgrade, or first making it routine, is no way to have it sooner.
    function test_Bypass_WrappedUpgradesWaitAsWell() public {
        bytes memory upgrade = _upgradeCall();
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(manager.execute, (address(models), upgrade));
        bytes[6] memory wrapped = [
            abi.encodeCall(manager.execute, (address(models), upgrade)),
            abi.encodeCall(manager.multicall, (calls)),
            abi.encodeCall(manager.grantRole, (GovernanceRoles.ADMIN, alice, 0)),
            abi.encodeCall(
                manager.setTargetFunctionRole, (address(models), _selectors(bytes4(upgrade)), GovernanceRoles.ROUTINE)
            ),
            abi.encodeCall(manager.updateAuthority, (address(models), alice)),
            abi.encodeCall(manager.setTargetClosed, (address(models), true))
        ];
        for (uint256 i = 0; i < 6; ++i) {
            assertEq(_delayOf(address(manager), wrapped[i]), UPGRADE_DELAY);
        }
        bytes32 proposer = timelock.PROPOSER_ROLE();
        assertEq(_delayOf(address(timelock), abi.encodeCall(timelock.grantRole, (proposer, alice))), UPGRADE_DELAY);
        assertEq(
            _delayOf(address(governor), abi.encodeCall(governor.relay, (address(models), 0, upgrade))), UPGRADE_DELAY
        );
    }

    /// The governor's own functions obey a proposal that is being executed, and nothing else of the timelock.
    function test_Bypass_TheTimelockAloneCannotChangeTheGovernor() public {
        bytes memory call = abi.encodeCall(governor.setVotingPeriod, (1));
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorOnlyExecutor.selector, alice));
        governor.setVotingPeriod(1);
        vm.startPrank(address(governor));
        timelock.schedule(address(governor), 0, call, 0, 0, UPGRADE_DELAY);
        _skip(UPGRADE_DELAY);
        vm.expectRevert();
        timelock.execute(address(governor), 0, call, 0, 0);
        vm.stopPrank();
    }

    /// A successor takes over by a proposal; the sum of all powers moves after the long delay.
    function test_Succession_AnotherGovernorTakesOver() public {
        bytes32 proposer = timelock.PROPOSER_ROLE();
        Proposal memory p =
            _proposal(address(timelock), abi.encodeCall(timelock.grantRole, (proposer, bob)), "# A successor");
        p = _and(p, address(timelock), abi.encodeCall(timelock.revokeRole, (proposer, address(governor))));
        _enact(p);
        vm.prank(bob);
        timelock.schedule(address(hub), 0, abi.encodeCall(hub.setTurnParameters, (1, 2)), 0, 0, MIN_DELAY);
        Proposal memory q = _turns(6, 90);
        _pass(q);
        _expectMissingRole(address(governor), proposer);
        _queue(q);
    }

    /// With a plain timelock in its place, a proposal is still queued with the delay that it really has.
    function test_Succession_AnotherTimelockTakesOver() public {
        address[] memory only = new address[](1);
        only[0] = address(governor);
        TimelockController plain = new TimelockController(3 days, only, only, address(0));
        _enact(_proposal(address(governor), abi.encodeCall(governor.updateTimelock, (plain)), "# Another timelock"));
        assertEq(governor.timelock(), address(plain));
        Proposal memory p = _turns(6, 90);
        uint256 id = _pass(p);
        _queue(p);
        assertEq(governor.proposalEta(id), vm.getBlockTimestamp() + 3 days);
    }
}
