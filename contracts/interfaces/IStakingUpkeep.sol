// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakingCommon} from "./IStakingCommon.sol";

/// @title What remains to be done after slashes, by anyone
/// @notice A part of `IStaking`.
interface IStakingUpkeep is IStakingCommon {
    /// @notice Ends the votes of what executed slashes of a pool took from `account`: from its bonded shares, and from the unbonds
    /// named. Anyone may call it; nobody has to, for anything else to work.
    function sync(address operator, address account, uint256[] calldata ids) external returns (uint256 burned);

    /// @notice Destroys the tokens that slashes took and whose votes ended already. Anyone.
    function burnOwnerless() external returns (uint256 amount);
}
