// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Eligibility of operators
/// @notice What the inference contracts need to know of operators. All answers are as of a past time, so that the
/// validity of a receipt is judged at its own time and nobody can change it afterwards.
interface IOperators {
    /// @notice The key that signed for `operator` at `timestamp`, or zero if the operator was not active then.
    function signerAt(address operator, uint64 timestamp) external view returns (address);

    /// @notice The weight of `operator` in the order of turns at `timestamp`: zero if it was not active then.
    function stakeAt(address operator, uint64 timestamp) external view returns (uint256);

    /// @notice The sum of `stakeAt` over all operators at `timestamp`.
    function totalStakeAt(uint64 timestamp) external view returns (uint256);
}
