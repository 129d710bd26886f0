// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IOperators} from "./IOperators.sol";

/// @notice What is stored of an operator.
struct Operator {
    IBondedOperators.OperatorStatus status;
    /// Bit set of `ROLE_INFERENCE`, `ROLE_VERIFIER`, `ROLE_DATA`.
    uint8 roles;
    /// Key that signs receipts. Differs from the operator's account, which can stay offline.
    address signer;
    /// Unix time from which the bond of a retired operator can be withdrawn, otherwise zero.
    uint64 withdrawableAt;
}

/// @title Operators with a fixed bond
/// @notice Anyone who locks the bond is an operator; all operators weigh the same. Every change takes effect one second
/// after the block that makes it, so what `IOperators` says about the present and the past never changes.
interface IBondedOperators is IOperators {
    enum OperatorStatus {
        /// Never registered, or withdrew the bond.
        None,
        Active,
        /// Retired: the bond is still locked.
        Unbonding
    }

    event OperatorRegistered(
        address indexed operator, address indexed signer, uint8 roles, string endpoint, string metadataUri, uint256 bond
    );
    event SignerSet(address indexed operator, address indexed signer, uint64 validFrom);
    event EndpointSet(address indexed operator, string endpoint);
    event OperatorRetired(address indexed operator, uint64 inactiveFrom, uint64 withdrawableAt);
    event BondWithdrawn(address indexed operator, address indexed to, uint256 amount);

    error InvalidConfiguration(address opg, uint256 bond);
    error OperatorAlreadyRegistered(address operator, OperatorStatus status);
    error OperatorNotActive(address operator, OperatorStatus status);
    error InvalidSigner(address signer);
    error InvalidRecipient(address to);
    /// @param roles Must contain the inference role and no unknown bit.
    error InvalidRoles(uint8 roles);
    error TextTooLong(uint256 length, uint256 maximum);
    error BondLocked(address operator, uint64 withdrawableAt);
    error NothingToWithdraw(address operator, OperatorStatus status);

    /// @notice Makes the caller an operator. Takes the bond from the caller, who must have approved this contract.
    /// @param signer Key that will sign receipts.
    /// @param roles Bit set of roles. The inference role is required: nothing asks for the others yet.
    /// @param endpoint Where clients reach the operator, or empty.
    /// @param metadataUri Where a description of the operator can be fetched, or empty.
    function register(address signer, uint8 roles, string calldata endpoint, string calldata metadataUri) external;

    /// @notice Replaces the caller's signing key. Receipts that the old key signed earlier stay valid as of their time.
    function setSigner(address signer) external;

    /// @notice Announces another endpoint of the caller.
    function setEndpoint(string calldata endpoint) external;

    /// @notice Ends the caller's activity and starts the unbonding period.
    function retire() external;

    /// @notice Pays out the caller's bond after the unbonding period. The caller may register again afterwards.
    function withdrawBond(address to) external;

    /// @notice The present state of `operator`.
    function operatorOf(address operator) external view returns (Operator memory);

    /// @notice The token of the bond.
    function opg() external view returns (IERC20);

    /// @notice OPG wei that each operator locks.
    function bond() external view returns (uint256);

    /// @notice Seconds between retirement and withdrawal of the bond.
    function unbondingPeriod() external view returns (uint32);
}
