// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IERC3009, IERC3009Cancel} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {IERC5805} from "@openzeppelin/contracts/interfaces/IERC5805.sol";

/// @title OPG, the token that pays for inference, is staked and votes
/// @notice ERC-20 with ERC-2612 permits, ERC-5805 votes on an ERC-6372 timestamp clock, ERC-3009 authorizations and
/// burning. The whole supply is minted at deployment. There is no owner, no minter, no pause and no upgrade.
///
/// Every function that takes a signature exists in two forms. The one with `v, r, s` takes the ECDSA signature of the
/// account's own key. The one with `bytes signature` asks the account through ERC-1271 if it has code, and otherwise
/// takes the 65 bytes r, s, v. An account with delegated code (EIP-7702) can use either: its key signs for the first,
/// its code answers for the second.
///
/// VOTING UNITS
/// An account's units are the tokens it holds plus the tokens that the custody vault holds for it:
/// `unitsOf(a) = balanceOf(a) + custodied(a)`; the vault's own balance gives the vault no units. So staked tokens vote
/// as their owner delegates, and staking for oneself changes no votes.
///
/// CUSTODY
/// One address, fixed for ever, is the custody vault. Four functions, which only it may call, are the only way for
/// tokens to enter or leave it or for units in it to change hands; every other transfer to or from the vault reverts,
/// whatever authorises it.
/// - In: only by spending an allowance that the holder gave to the vault. Whatever logic governs the vault, now or
///   after an upgrade, it can never take tokens of a holder that did not approve the vault for them.
/// - Out: only against units given up by a named owner, or against units burned before. So the vault always holds
///   exactly the tokens of all owners together, plus those whose units were burned (`custodied(address(0))`), and one
///   owner's loss can never be paid with another's tokens.
/// - Once in custody, tokens and units are at the disposal of the vault: the token cannot know about pools.
///
/// SLASHING
/// A slash of an account's own stake leaves by `custodyOut(account, recipient, amount)`: tokens and units move at once.
/// A slash of a shared pool takes value from all its delegators, whom no transaction can visit. The slashed tokens stop
/// belonging to the pool but stay in the vault, and each delegator keeps, until somebody has its units burned
/// (`burnUnits`), more units than its share is worth. This surplus is at most the amount of the slash. What was burned
/// becomes ownerless and is then paid out by `custodyOut(address(0), recipient, amount)`.
interface IOpg is IERC20Metadata, IERC20Permit, IERC5805, IERC3009, IERC3009Cancel {
    /// @notice `amount` of `from`'s tokens entered the vault and counts as units of `owner` now.
    event CustodyIn(address indexed from, address indexed owner, uint256 amount);

    /// @notice `amount` left the vault to `to`, which holds the units now that `owner` gave up. `owner` is zero if the
    /// units had been burned before: then units of `to` are new.
    event CustodyOut(address indexed owner, address indexed to, uint256 amount);

    /// @notice `amount` of tokens in the vault, and their units, passed from one owner to another.
    event CustodyReassigned(address indexed from, address indexed to, uint256 amount);

    /// @notice `owner` lost `amount` units; the tokens are in the vault still and have no owner now.
    event UnitsBurned(address indexed owner, uint256 amount);

    /// @notice The token was deployed without a custody vault.
    error CustodyVaultMissing();

    /// @notice Only the custody vault may call this function.
    error NotCustodyVault(address caller);

    /// @notice Tokens enter the vault by `custodyIn` and leave it by `custodyOut` only: stake through the staking
    /// contract instead of sending tokens to the vault.
    error DirectVaultTransfer(address from, address to);

    /// @notice The zero address and the vault cannot own tokens in custody.
    error InvalidCustodyOwner(address owner);

    /// @notice The vault holds only `available` for `owner` (zero: tokens without owner), less than the `needed`.
    error InsufficientCustody(address owner, uint256 available, uint256 needed);

    /// @notice `account` did not sign these values with its next nonce for this token on this chain.
    error InvalidSignature(address account);

    /// @notice The address that holds staked tokens. Immutable.
    function custodyVault() external view returns (address);

    /// @notice Tokens in the vault that count as units of `owner`. For the zero address: tokens in the vault whose
    /// units were burned. The sum over all accounts, zero included, is the balance of the vault.
    function custodied(address owner) external view returns (uint256);

    /// @notice Voting units of `account`: tokens held plus tokens in custody for it. They become votes of the account
    /// that `account` delegates to (itself included), and of nobody as long as it does not delegate.
    function unitsOf(address account) external view returns (uint256);

    /// @notice Takes `amount` of `from`'s tokens into the vault for `owner`. Only the vault.
    /// Balances: `from` → vault. Custody: `owner` gains. Units: `from` → `owner`, nothing if they are the same.
    /// Spends the allowance that `from` gave to the vault (an unlimited one stays, as with `transferFrom`).
    /// @param from Who pays, any account but the vault.
    /// @param owner Whose units the tokens become: neither zero nor the vault.
    function custodyIn(address from, address owner, uint256 amount) external;

    /// @notice Pays `amount` out of the vault to `to`. Only the vault.
    /// Balances: vault → `to`. Custody: `owner` loses. Units: `owner` → `to`, nothing if they are the same.
    /// @param owner Whose units are given up. Zero stands for tokens whose units were burned: `to` then gets new units.
    /// @param to Any account but zero and the vault.
    function custodyOut(address owner, address to, uint256 amount) external;

    /// @notice Passes `amount` of tokens in the vault from one owner to another. Only the vault.
    /// Balances: unchanged. Custody and units: `from` → `to`.
    /// @param from An owner: not zero, so that burned units are never revived in custody.
    /// @param to Neither zero nor the vault.
    function reassign(address from, address to, uint256 amount) external;

    /// @notice Burns `amount` of `owner`'s units in custody: the surplus after a slash of its pool. Only the vault.
    /// Balances: unchanged, also the token's total supply. Custody: `owner` loses, the zero address gains. Units:
    /// `owner` loses, the total falls.
    function burnUnits(address owner, uint256 amount) external;

    /// @notice Destroys `value` of the caller's tokens.
    function burn(uint256 value) external;

    /// @notice Destroys `value` of `account`'s tokens, spending the caller's allowance.
    function burnFrom(address account, uint256 value) external;

    /// @notice ERC-2612 `permit` whose signature may be an ERC-1271 one. Same signed type, same nonces.
    function permit(address owner, address spender, uint256 value, uint256 deadline, bytes calldata signature) external;

    /// @notice `delegateBySig` whose signature may be an ERC-1271 one, with the same nonces.
    /// The signed type is `DelegationFrom(address delegator,address delegatee,uint256 nonce,uint256 expiry)`: unlike
    /// ERC-5805's it names the delegator, because wallets that share an owner may accept each other's signatures.
    function delegateBySig(
        address delegator,
        address delegatee,
        uint256 nonce,
        uint256 expiry,
        bytes calldata signature
    ) external;

    /// @notice ERC-3009 `transferWithAuthorization` whose signature may be an ERC-1271 one.
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    /// @notice ERC-3009 `receiveWithAuthorization` whose signature may be an ERC-1271 one. Only `to` may call.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    /// @notice ERC-3009 `cancelAuthorization` whose signature may be an ERC-1271 one.
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature) external;
}
