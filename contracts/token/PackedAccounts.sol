// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Balance and delegate of an account in one slot
/// @notice OpenZeppelin keeps the two in mappings of their own, so that a transfer reads four slots. Here it reads two:
/// whoever moves tokens does not pay for the question whom they vote for.
///
/// ASSUMPTIONS
/// - Balances fit into 96 bits because the supply does; minting beyond that reverts.
/// - The base contracts reach balances and delegates through the functions overridden here alone. Their own mappings
///   stay empty.
abstract contract PackedAccounts is ERC20, Votes {
    struct Account {
        uint96 balance;
        address delegatee;
    }

    mapping(address account => Account) private _accounts;
    uint256 private _supply;

    /// @notice Tokens that exist, in wei.
    function totalSupply() public view virtual override returns (uint256) {
        return _supply;
    }

    /// @notice Tokens that `account` holds, in wei.
    function balanceOf(address account) public view virtual override returns (uint256) {
        return _accounts[account].balance;
    }

    /// @notice Whom the units of `account` vote for; the zero address: nobody.
    function delegates(address account) public view virtual override returns (address) {
        return _accounts[account].delegatee;
    }

    /// @dev Moves tokens and no votes. The zero address as sender mints, as recipient burns.
    function _update(address from, address to, uint256 value) internal virtual override {
        if (from == address(0)) {
            _supply = SafeCast.toUint96(_supply + value);
        } else {
            uint256 held = _accounts[from].balance;
            if (held < value) revert ERC20InsufficientBalance(from, held, value);
            unchecked {
                // Neither underflows nor is cut: checked in the line above.
                _accounts[from].balance = uint96(held - value);
            }
        }
        unchecked {
            // Neither overflows nor is cut: balances add up to the supply, which fits.
            if (to == address(0)) _supply -= value;
            else _accounts[to].balance += uint96(value);
        }
        emit Transfer(from, to, value);
    }

    function _delegate(address account, address delegatee) internal override {
        address previous = _accounts[account].delegatee;
        _accounts[account].delegatee = delegatee;
        emit DelegateChanged(account, previous, delegatee);
        _moveDelegateVotes(previous, delegatee, _getVotingUnits(account));
    }
}
