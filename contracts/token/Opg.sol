// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Permit, IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {IERC6372} from "@openzeppelin/contracts/interfaces/IERC6372.sol";
import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {ERC6372Utils} from "@openzeppelin/contracts/utils/ERC6372Utils.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IOpg} from "../interfaces/IOpg.sol";
import {PackedAccounts} from "./PackedAccounts.sol";

/// @title OPG
/// @notice See `IOpg` for the rules and `docs/token.md` for the invariants.
///
/// ASSUMPTIONS
/// - The supply never grows, so no sum of balances, custody or units can exceed 1e27 < 2^96.
/// - The vault may be any address, with or without code yet; this contract never calls it.
contract Opg is PackedAccounts, ERC20Permit, ERC3009, IOpg {
    /// Tokens minted at deployment, in wei.
    uint256 private constant SUPPLY = 1_000_000_000e18;

    bytes32 private constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    bytes32 private constant DELEGATION_FROM_TYPEHASH =
        keccak256("DelegationFrom(address delegator,address delegatee,uint256 nonce,uint256 expiry)");

    /// @inheritdoc IOpg
    address public immutable override custodyVault;

    /// @inheritdoc IOpg
    mapping(address owner => uint256 amount) public override custodied;

    modifier onlyCustodyVault() {
        if (msg.sender != custodyVault) revert NotCustodyVault(msg.sender);
        _;
    }

    /// @param vault Address of the custody vault, which may be deployed later.
    /// @param recipient Receives the whole supply. Not the vault.
    constructor(address vault, address recipient) ERC20("OPG", "OPG") ERC20Permit("OPG") {
        if (vault == address(0)) revert CustodyVaultMissing();
        custodyVault = vault;
        _mint(recipient, SUPPLY);
    }

    // Custody

    /// @inheritdoc IOpg
    function custodyIn(address from, address owner, uint256 amount) external override onlyCustodyVault {
        // Check: a transfer of the vault to itself would create custody without tokens.
        if (from == custodyVault) revert DirectVaultTransfer(from, custodyVault);
        _requireOwner(owner);
        // Effect: the holder's consent is the allowance, spent here and not in the vault.
        _spendAllowance(from, custodyVault, amount);
        PackedAccounts._update(from, custodyVault, amount);
        _addCustody(owner, amount);
        _transferVotingUnits(from, owner, amount);
        emit CustodyIn(from, owner, amount);
    }

    /// @inheritdoc IOpg
    function custodyOut(address owner, address to, uint256 amount) external override onlyCustodyVault {
        // Check: tokens leave for an account, and only against custody.
        if (to == address(0)) revert ERC20InvalidReceiver(to);
        if (to == custodyVault) revert DirectVaultTransfer(custodyVault, to);
        // Effect: with the zero address as owner, the last step mints the units that `burnUnits` burned.
        _subtractCustody(owner, amount);
        PackedAccounts._update(custodyVault, to, amount);
        _transferVotingUnits(owner, to, amount);
        emit CustodyOut(owner, to, amount);
    }

    /// @inheritdoc IOpg
    function reassign(address from, address to, uint256 amount) external override onlyCustodyVault {
        _requireOwner(from);
        _requireOwner(to);
        _subtractCustody(from, amount);
        _addCustody(to, amount);
        _transferVotingUnits(from, to, amount);
        emit CustodyReassigned(from, to, amount);
    }

    /// @inheritdoc IOpg
    function burnUnits(address owner, uint256 amount) external override onlyCustodyVault {
        _requireOwner(owner);
        _subtractCustody(owner, amount);
        // The tokens stay in the vault, so they are booked on: the zero address stands for nobody.
        _addCustody(address(0), amount);
        _transferVotingUnits(owner, address(0), amount);
        emit UnitsBurned(owner, amount);
    }

    // Burning

    /// @inheritdoc IOpg
    function burn(uint256 value) external override {
        _burn(msg.sender, value);
    }

    /// @inheritdoc IOpg
    function burnFrom(address account, uint256 value) external override {
        _spendAllowance(account, msg.sender, value);
        _burn(account, value);
    }

    // Signatures of accounts with code

    /// @inheritdoc IOpg
    function permit(address owner, address spender, uint256 value, uint256 deadline, bytes calldata signature)
        external
        override
    {
        if (block.timestamp > deadline) revert ERC2612ExpiredSignature(deadline);
        bytes32 structHash = keccak256(abi.encode(PERMIT_TYPEHASH, owner, spender, value, _useNonce(owner), deadline));
        if (!_isSignedBy(owner, structHash, signature)) revert InvalidSignature(owner);
        _approve(owner, spender, value);
    }

    /// @inheritdoc IOpg
    function delegateBySig(
        address delegator,
        address delegatee,
        uint256 nonce,
        uint256 expiry,
        bytes calldata signature
    ) external override {
        if (block.timestamp > expiry) revert VotesExpiredSignature(expiry);
        _useCheckedNonce(delegator, nonce);
        bytes32 structHash = keccak256(abi.encode(DELEGATION_FROM_TYPEHASH, delegator, delegatee, nonce, expiry));
        if (!_isSignedBy(delegator, structHash, signature)) revert InvalidSignature(delegator);
        _delegate(delegator, delegatee);
    }

    /// @inheritdoc IOpg
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external override {
        bytes32 structHash = keccak256(
            abi.encode(TRANSFER_WITH_AUTHORIZATION_TYPEHASH, from, to, value, validAfter, validBefore, nonce)
        );
        if (!_isSignedBy(from, structHash, signature)) revert ERC3009InvalidSignature();
        _transferWithAuthorization(from, to, value, validAfter, validBefore, nonce);
    }

    /// @inheritdoc IOpg
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external override {
        if (to != msg.sender) revert ERC20InvalidReceiver(to);
        bytes32 structHash =
            keccak256(abi.encode(RECEIVE_WITH_AUTHORIZATION_TYPEHASH, from, to, value, validAfter, validBefore, nonce));
        if (!_isSignedBy(from, structHash, signature)) revert ERC3009InvalidSignature();
        _transferWithAuthorization(from, to, value, validAfter, validBefore, nonce);
    }

    /// @inheritdoc IOpg
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature) external override {
        bytes32 structHash = keccak256(abi.encode(CANCEL_AUTHORIZATION_TYPEHASH, authorizer, nonce));
        if (!_isSignedBy(authorizer, structHash, signature)) revert ERC3009InvalidSignature();
        _cancelAuthorization(authorizer, nonce);
    }

    // Views

    /// @inheritdoc IOpg
    function unitsOf(address account) public view override returns (uint256) {
        // Tokens booked on the zero address have lost their units; those the vault holds count for their owners.
        if (account == address(0) || account == custodyVault) return 0;
        return balanceOf(account) + custodied[account];
    }

    /// @inheritdoc IERC20
    function totalSupply() public view override(ERC20, IERC20, PackedAccounts) returns (uint256) {
        return PackedAccounts.totalSupply();
    }

    /// @inheritdoc IERC20
    function balanceOf(address account) public view override(ERC20, IERC20, PackedAccounts) returns (uint256) {
        return PackedAccounts.balanceOf(account);
    }

    /// @inheritdoc IERC20Permit
    function nonces(address owner) public view override(IERC20Permit, ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    /// @inheritdoc IERC6372
    function clock() public view override(IERC6372, Votes) returns (uint48) {
        return Time.timestamp();
    }

    /// @inheritdoc IERC6372
    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public view override(IERC6372, Votes) returns (string memory) {
        return ERC6372Utils.timestampClockMode(clock());
    }

    // Internal

    /// @dev Every movement of tokens passes here, except the two custody movements, which call the base directly.
    function _update(address from, address to, uint256 value) internal override(ERC20, PackedAccounts) {
        if (from == custodyVault || to == custodyVault) revert DirectVaultTransfer(from, to);
        PackedAccounts._update(from, to, value);
        _transferVotingUnits(from, to, value);
    }

    function _getVotingUnits(address account) internal view override returns (uint256) {
        return unitsOf(account);
    }

    /// @dev Exactly ERC-3009's window in unix time. The base reads bounds that both have bit 47 set as block numbers,
    /// which no wallet shows to its user.
    function _checkValidity(uint256 validAfter, uint256 validBefore) internal view override {
        if (block.timestamp <= validAfter || block.timestamp >= validBefore) {
            revert ERC3009InvalidAuthorizationTime(validAfter, validBefore);
        }
    }

    function _requireOwner(address owner) private view {
        if (owner == address(0) || owner == custodyVault) revert InvalidCustodyOwner(owner);
    }

    function _addCustody(address owner, uint256 amount) private {
        unchecked {
            // Cannot overflow: the sum of all custody is the balance of the vault, at most SUPPLY.
            custodied[owner] += amount;
        }
    }

    function _subtractCustody(address owner, uint256 amount) private {
        uint256 available = custodied[owner];
        if (available < amount) revert InsufficientCustody(owner, available, amount);
        unchecked {
            // Cannot underflow: checked in the line above.
            custodied[owner] = available - amount;
        }
    }

    function _isSignedBy(address account, bytes32 structHash, bytes calldata signature) private view returns (bool) {
        return SignatureChecker.isValidSignatureNowCalldata(account, _hashTypedDataV4(structHash), signature);
    }
}
