// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakingCommon, OperatorView} from "./IStakingCommon.sol";

/// @title What operators do
/// @notice A part of `IStaking`.
interface IStakingOperators is IStakingCommon {
    /// @notice Makes the caller an operator, with `amount` of own stake, which must be approved to the vault.
    /// @param signer Key that will sign receipts.
    /// @param roles Bit set of roles. The inference role is required: nothing asks for the others alone yet.
    /// @param commissionBps Commission. Who registers again changes it with the same notice as anybody.
    /// @param endpoint Where clients reach the operator, or empty.
    /// @param metadataUri Where a description of the operator can be fetched, or empty.
    function register(
        address signer,
        uint8 roles,
        uint16 commissionBps,
        uint256 amount,
        string calldata endpoint,
        string calldata metadataUri
    ) external;

    /// @notice Replaces the caller's signing key. Receipts that the old key signed earlier stay valid as of their time.
    function setSigner(address signer) external;

    /// @notice Announces another endpoint of the caller.
    function setEndpoint(string calldata endpoint) external;

    /// @notice Announces another description of the caller.
    function setMetadata(string calldata metadataUri) external;

    /// @notice Sets the caller's commission: a lower one at once, a higher one after the notice.
    function setCommission(uint16 commissionBps) external;

    /// @notice Ends the caller's activity and unbonds all of its own stake. Delegators unbond when they like.
    /// @return id Number of the unbond, or zero if nothing was bonded.
    function retire() external returns (uint256 id);

    /// @notice Ends the caller's jail when its time is over, no slash is open and its own stake suffices.
    function unjail() external;

    /// @notice `operator` as it is now.
    function operatorOf(address operator) external view returns (OperatorView memory);

    /// @notice How many accounts ever registered.
    function operatorCount() external view returns (uint256);

    /// @notice The active ones among registrations `from` to `from + count − 1`, and their stakes.
    function activeOperators(uint256 from, uint256 count)
        external
        view
        returns (address[] memory operators, uint256[] memory stakes);
}
