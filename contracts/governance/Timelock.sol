// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Sentinel} from "./Sentinel.sol";

/// @title The account that governance acts through: administrator of the AccessManager, and the treasury
/// @notice OpenZeppelin's timelock with a second, longer delay. Not upgradeable. Administered by itself alone.
///
/// DELAYS
/// A call waits for `upgradeDelay` unless the AccessManager assigns its function to a role other than the administrator's;
/// then it waits for `getMinDelay`. So a call that nobody thought of waits for the longer one. Whatever the AccessManager
/// says, these always wait for the longer one: upgrades of proxies, and calls to the AccessManager and to this contract,
/// which make the rules. A batch waits as long as its slowest call.
/// The delay is enforced here and not by execution delays in the AccessManager: those would ask the timelock to schedule
/// a call there first and to execute it in a second proposal.
///
/// ASSUMPTIONS
/// - `upgradeDelay` is at least the unbonding time of stakers, so that they can leave before an upgrade that they reject.
///   The deployment checks it; governance keeps it so.
/// - The proposer, canceller and executor is the governor. Executing through it is open to everyone.
contract Timelock is TimelockController {
    /// @notice Longest that `upgradeDelay` can be: governance must not lock itself out.
    uint256 public constant MAX_UPGRADE_DELAY = 365 days;

    uint64 private constant ADMIN_ROLE = 0;

    /// @notice Says which functions have a role.
    IAccessManager public immutable accessManager;

    uint256 private _upgradeDelay;

    event UpgradeDelayChange(uint256 oldDuration, uint256 newDuration);

    /// @notice The upgrade delay must not exceed `maximum` seconds.
    error TimelockUpgradeDelayTooLong(uint256 delay, uint256 maximum);

    /// @param opg The token. Votes of what this contract holds go to the sentinel.
    /// @param accessManager_ The AccessManager.
    /// @param governor Proposes, cancels and executes. May be deployed later.
    /// @param minDelay Seconds that every call waits.
    /// @param upgradeDelay_ Seconds that all but routine calls wait.
    constructor(IVotes opg, IAccessManager accessManager_, address governor, uint256 minDelay, uint256 upgradeDelay_)
        TimelockController(minDelay, _only(governor), _only(governor), address(0))
    {
        accessManager = accessManager_;
        _setUpgradeDelay(upgradeDelay_);
        opg.delegate(Sentinel.ACCOUNT);
    }

    /// @notice Seconds that all but routine calls wait.
    function upgradeDelay() external view returns (uint256) {
        return _upgradeDelay;
    }

    /// @notice Changes `upgradeDelay`. Only this contract, which means a proposal that waited for the present one.
    function updateUpgradeDelay(uint256 newDelay) external {
        if (msg.sender != address(this)) revert TimelockUnauthorizedCaller(msg.sender);
        _setUpgradeDelay(newDelay);
    }

    /// @notice Seconds that a batch of calls has to wait when it is scheduled now.
    function delayOf(address[] calldata targets, bytes[] calldata payloads) public view returns (uint256 delay) {
        delay = getMinDelay();
        for (uint256 i = 0; i < targets.length; ++i) {
            if (!_isRoutine(targets[i], payloads[i])) return Math.max(delay, _upgradeDelay);
        }
    }

    /// @inheritdoc TimelockController
    /// @dev Waits for `delay` or for what the call requires, whichever is longer.
    function schedule(
        address target,
        uint256 value,
        bytes calldata data,
        bytes32 predecessor,
        bytes32 salt,
        uint256 delay
    ) public override {
        if (!_isRoutine(target, data)) delay = Math.max(delay, _upgradeDelay);
        super.schedule(target, value, data, predecessor, salt, delay);
    }

    /// @inheritdoc TimelockController
    /// @dev Waits for `delay` or for what the calls require, whichever is longer: governors that ask for the minimum
    /// delay, as OpenZeppelin's does, work unchanged.
    function scheduleBatch(
        address[] calldata targets,
        uint256[] calldata values,
        bytes[] calldata payloads,
        bytes32 predecessor,
        bytes32 salt,
        uint256 delay
    ) public override {
        if (targets.length != payloads.length) {
            revert TimelockInvalidOperationLength(targets.length, payloads.length, values.length);
        }
        delay = Math.max(delay, delayOf(targets, payloads));
        super.scheduleBatch(targets, values, payloads, predecessor, salt, delay);
    }

    /// @dev A payload of fewer than four bytes calls no function that could have a role.
    function _isRoutine(address target, bytes calldata payload) private view returns (bool) {
        if (payload.length < 4 || target == address(this) || target == address(accessManager)) return false;
        bytes4 selector = bytes4(payload[:4]);
        if (selector == UUPSUpgradeable.upgradeToAndCall.selector) return false;
        return accessManager.getTargetFunctionRole(target, selector) != ADMIN_ROLE;
    }

    function _setUpgradeDelay(uint256 newDelay) private {
        if (newDelay > MAX_UPGRADE_DELAY) revert TimelockUpgradeDelayTooLong(newDelay, MAX_UPGRADE_DELAY);
        emit UpgradeDelayChange(_upgradeDelay, newDelay);
        _upgradeDelay = newDelay;
    }

    function _only(address account) private pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = account;
    }
}
