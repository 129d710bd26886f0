// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IBondedOperators, Operator} from "../interfaces/IBondedOperators.sol";
import {IOperators} from "../interfaces/IOperators.sol";
import {History} from "./History.sol";

/// @title Operators with a fixed bond
/// @notice See `IBondedOperators`.
///
/// TOKEN REQUIREMENTS
/// OPG: a transfer moves exactly the amount asked for, or reverts.
///
/// HISTORY
/// One history per operator holds its signer, zero while inactive; stake is derived from it. Changes hold from the next
/// second on, hence answers about now and before are final.
contract BondedOperators is IBondedOperators {
    using SafeERC20 for IERC20;
    using History for History.Trace;

    uint8 public constant ROLE_INFERENCE = 1 << 0;
    uint8 public constant ROLE_VERIFIER = 1 << 1;
    uint8 public constant ROLE_DATA = 1 << 2;
    uint8 private constant ALL_ROLES = ROLE_INFERENCE | ROLE_VERIFIER | ROLE_DATA;

    /// @notice Longest endpoint or metadata URI in bytes: every indexer has to be able to show it.
    uint256 public constant MAX_TEXT_LENGTH = 512;

    /// @inheritdoc IBondedOperators
    IERC20 public immutable opg;
    /// @inheritdoc IBondedOperators
    uint256 public immutable bond;
    /// @inheritdoc IBondedOperators
    uint32 public immutable unbondingPeriod;

    struct State {
        OperatorStatus status;
        uint8 roles;
        uint64 withdrawableAt;
    }

    mapping(address operator => State state) private _states;
    mapping(address operator => History.Trace signers) private _signers;
    History.Trace private _activeCount;

    constructor(IERC20 opg_, uint256 bond_, uint32 unbondingPeriod_) {
        // Without a bond, identities would be free and turns could be bought with their number.
        require(address(opg_) != address(0) && bond_ != 0, InvalidConfiguration(address(opg_), bond_));
        opg = opg_;
        bond = bond_;
        unbondingPeriod = unbondingPeriod_;
    }

    /// @inheritdoc IBondedOperators
    function register(address signer, uint8 roles, string calldata endpoint, string calldata metadataUri) external {
        // Check: the caller is not an operator; the roles, the key and the texts are acceptable.
        State storage state = _states[msg.sender];
        require(state.status == OperatorStatus.None, OperatorAlreadyRegistered(msg.sender, state.status));
        require(roles & ROLE_INFERENCE != 0 && roles & ~ALL_ROLES == 0, InvalidRoles(roles));
        _requireText(endpoint);
        _requireText(metadataUri);

        // Effect: the caller becomes active from the next second on.
        state.status = OperatorStatus.Active;
        state.roles = roles;
        _setSigner(signer);
        _activeCount.set(_activeCount.latest() + 1);
        emit OperatorRegistered(msg.sender, signer, roles, endpoint, metadataUri, bond);

        // Interaction: take the bond.
        opg.safeTransferFrom(msg.sender, address(this), bond);
    }

    /// @inheritdoc IBondedOperators
    function setSigner(address signer) external {
        _requireActive();
        _setSigner(signer);
    }

    /// @inheritdoc IBondedOperators
    function setEndpoint(string calldata endpoint) external {
        _requireActive();
        _requireText(endpoint);
        emit EndpointSet(msg.sender, endpoint);
    }

    /// @inheritdoc IBondedOperators
    function retire() external {
        State storage state = _requireActive();
        uint64 withdrawableAt = uint64(block.timestamp) + unbondingPeriod;
        state.status = OperatorStatus.Unbonding;
        state.withdrawableAt = withdrawableAt;
        uint64 inactiveFrom = _signers[msg.sender].set(0);
        _activeCount.set(_activeCount.latest() - 1);
        emit OperatorRetired(msg.sender, inactiveFrom, withdrawableAt);
    }

    /// @inheritdoc IBondedOperators
    function withdrawBond(address to) external {
        // Check: the caller has a bond here and its unbonding period is over.
        State storage state = _states[msg.sender];
        require(state.status == OperatorStatus.Unbonding, NothingToWithdraw(msg.sender, state.status));
        require(block.timestamp >= state.withdrawableAt, BondLocked(msg.sender, state.withdrawableAt));
        require(to != address(0) && to != address(this), InvalidRecipient(to));

        // Effect: the caller is no longer known. The history of its signers stays.
        delete _states[msg.sender];
        emit BondWithdrawn(msg.sender, to, bond);

        // Interaction: pay the bond out.
        opg.safeTransfer(to, bond);
    }

    /// @inheritdoc IOperators
    function signerAt(address operator, uint64 timestamp) public view returns (address) {
        return address(_signers[operator].valueAt(timestamp));
    }

    /// @inheritdoc IOperators
    function stakeAt(address operator, uint64 timestamp) external view returns (uint256) {
        return signerAt(operator, timestamp) == address(0) ? 0 : 1;
    }

    /// @inheritdoc IOperators
    function totalStakeAt(uint64 timestamp) external view returns (uint256) {
        return _activeCount.valueAt(timestamp);
    }

    /// @inheritdoc IBondedOperators
    function operatorOf(address operator) external view returns (Operator memory) {
        State storage state = _states[operator];
        return Operator({
            status: state.status,
            roles: state.roles,
            signer: address(_signers[operator].latest()),
            withdrawableAt: state.withdrawableAt
        });
    }

    function _setSigner(address signer) private {
        // The zero address stands for "inactive" in the history.
        require(signer != address(0), InvalidSigner(signer));
        uint64 validFrom = _signers[msg.sender].set(uint160(signer));
        emit SignerSet(msg.sender, signer, validFrom);
    }

    function _requireActive() private view returns (State storage state) {
        state = _states[msg.sender];
        require(state.status == OperatorStatus.Active, OperatorNotActive(msg.sender, state.status));
    }

    function _requireText(string calldata text) private pure {
        require(bytes(text).length <= MAX_TEXT_LENGTH, TextTooLong(bytes(text).length, MAX_TEXT_LENGTH));
    }
}
