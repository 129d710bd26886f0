// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IOpg} from "./IOpg.sol";

/// @title The vault that holds staked OPG
/// @notice Immutable, and as little as can be: it passes what its staking contract asks for on to the custody functions
/// of the token, which keep the books (see `IOpg`, CUSTODY). It decides nothing, stores nothing and has no administrator.
/// Tokens enter only by spending an allowance that their holder gave to this vault.
interface ICustodyVault {
    /// @notice The vault was deployed without a token or without a staking contract.
    error VaultPartMissing(address opg, address staking);

    /// @notice The token names another custody vault, so this one could never hold anything.
    error NotTheCustodyVault(address opg, address custodyVault);

    /// @notice Only the staking contract may call this function.
    error NotStaking(address caller);

    /// @notice The token that is staked.
    function opg() external view returns (IOpg);

    /// @notice The only account that this vault obeys.
    function staking() external view returns (address);

    /// @notice Takes `amount` of `from`'s tokens in, for `owner`. Spends `from`'s allowance to this vault.
    function deposit(address from, address owner, uint256 amount) external;

    /// @notice Pays `amount` out of what is held for `owner` (zero: tokens without owner) to `to`.
    function withdraw(address owner, address to, uint256 amount) external;

    /// @notice Passes `amount` of what is held for `from`, with its votes, on to `to`.
    function reassign(address from, address to, uint256 amount) external;

    /// @notice Ends the votes of `amount` of what is held for `owner`. The tokens stay here without an owner.
    function burnUnits(address owner, uint256 amount) external;
}
