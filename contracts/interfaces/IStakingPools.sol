// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IOperators} from "./IOperators.sol";
import {IStakingCommon} from "./IStakingCommon.sol";

/// @title What holders do with stake
/// @notice A part of `IStaking`.
interface IStakingPools is IStakingCommon, IOperators {
    /// @notice Stakes `amount` of the caller's tokens at `operator`. At itself, an operator tops up its own stake.
    /// @param leastShares Fewest shares that the caller accepts.
    function delegate(address operator, uint256 amount, uint256 leastShares) external returns (uint256 shares);

    /// @notice As `delegate`: the caller pays, the stake and its votes are `owner`'s.
    function delegateFor(address operator, address owner, uint256 amount, uint256 leastShares)
        external
        returns (uint256 shares);

    /// @notice Uses the caller's permit that lets the vault take `amount`; for `multicall` with what follows. Goes on if
    /// somebody used the permit already.
    function permitVault(uint256 amount, uint256 deadline, bytes calldata signature) external;

    /// @notice Starts the unbonding of some shares. Until withdrawn they can be slashed like bonded ones.
    /// @param leastAmount Least that the shares must be worth now.
    /// @return id Number of the unbond, counted per operator and account; never used again.
    function unbond(address operator, address account, uint256 shares, uint256 leastAmount)
        external
        returns (uint256 id);

    /// @notice Makes the shares of an unbond bonded again.
    function cancelUnbond(address operator, address account, uint256 id) external;

    /// @notice Pays out a matured unbond. While a slash is open, its part of the slash is given up for good: who wants it
    /// if there is a veto waits.
    /// @param to Recipient; only the account itself may name another than itself.
    /// @param leastAmount Least that the caller accepts.
    function withdraw(address operator, address account, uint256 id, address to, uint256 leastAmount)
        external
        returns (uint256 amount);

    /// @notice Stakes a matured unbond at another operator. The tokens stay in custody, and no votes move.
    function redelegate(address operator, address account, uint256 id, address toOperator, uint256 leastShares)
        external
        returns (uint256 shares);

    /// @notice Lets `agent` act for the caller, or not any longer.
    function setAgent(address agent, bool allowed) external;
}
