// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakingCommon, PoolView, PositionView, UnbondView} from "./IStakingCommon.sol";

/// @title What can be asked of staking, beside what `IOperators` asks
/// @notice A part of `IStaking`.
interface IStakingViews is IStakingCommon {
    /// @notice The pools of `operator`.
    function poolsOf(address operator) external view returns (PoolView memory own, PoolView memory delegated);

    /// @notice What `account` has bonded at `operator`.
    function positionOf(address operator, address account) external view returns (PositionView memory);

    /// @notice Unbond `id` of `account` at `operator`; all zero if it is not open.
    function unbondOf(address operator, address account, uint256 id) external view returns (UnbondView memory);

    /// @notice What `sync` would burn.
    function surplusOf(address operator, address account, uint256[] calldata ids) external view returns (uint256);

    /// @notice Whether `agent` may act for `account`.
    function isAgent(address account, address agent) external view returns (bool);

    /// @notice What `account` has earned at `operator` and not been paid yet.
    function rewardsOf(address operator, address account) external view returns (uint256);

    /// @notice Wei per second for all active stake together, and when that ends.
    function stream() external view returns (uint256 rate, uint64 until);
}
