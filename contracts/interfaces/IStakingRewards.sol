// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakingCommon} from "./IStakingCommon.sol";

/// @title What stake earns
/// @notice A part of `IStaking`. The tokens are in the rewards contract: see `IRewards`, where they are claimed.
interface IStakingRewards is IStakingCommon {
    /// @notice All active stake together earns `rate` wei per second until `until`, later if nobody is active meanwhile.
    event StreamFilled(uint256 rate, uint64 until);

    /// @notice Only the rewards contract may call this function.
    error NotRewards(address caller);

    /// @notice Adds `amount` to what the stream has left, and lets all of it flow in `duration` seconds.
    /// Only the rewards contract.
    /// @return unused Part of the sum that does not make a whole number of wei per second.
    function fillStream(uint256 amount, uint32 duration) external returns (uint256 unused);

    /// @notice What `account` has earned at `operator` and not been paid yet; forgets it. Only the rewards contract.
    function takeRewards(address operator, address account) external returns (uint256 amount);

    /// @notice Books what `operator` and its pool have earned. Every change of its stake does so; alone it serves to
    /// let a higher commission count from now on. Anyone.
    function settle(address operator) external;

    /// @notice The rewards contract.
    function rewards() external view returns (address);
}
