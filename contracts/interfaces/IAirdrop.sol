// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A delegation that the claimant signed for the token (`IOpg.delegateBySig`, the form with `bytes signature`).
struct SignedDelegation {
    address delegatee;
    uint256 nonce;
    uint256 expiry;
    bytes signature;
}

/// @notice A claim with the claimant's signature, as in `IAirdrop.claimBySig`.
struct SignedClaim {
    uint256 index;
    address account;
    uint256 amount;
    bytes32[] proof;
    address to;
    uint256 deadline;
    bytes signature;
}

/// @title The airdrop: whoever is in the tree claims once, until the deadline
/// @notice The leaf of a claim is `keccak256(bytes.concat(keccak256(abi.encode(index, account, amount))))`; inner nodes
/// hash their sorted children, as in OpenZeppelin's `MerkleProof`. The contract has no owner and cannot be upgraded.
///
/// TIMES
/// Claims are accepted until `deadline`. What is left can be swept to the treasury by anyone, and only after
/// `sweepableAt`, so that whoever watches has time to notice a broken claim page.
///
/// SIGNATURES
/// `Claim(uint256 index,address account,uint256 amount,address to,uint256 deadline)` in the EIP-712 domain
/// "OPG Airdrop", version "1". A claim can be made once, so it needs no nonce.
interface IAirdrop {
    event Claimed(uint256 indexed index, address indexed account, address to, uint256 amount);
    /// @notice A row of `claimMany` was not claimed. `reason` is the error that `claimBySig` would have reverted with.
    event ClaimSkipped(uint256 indexed row, uint256 indexed index, bytes reason);
    event Swept(address indexed treasury, uint256 amount);

    error AlreadyClaimed(uint256 index);
    error InvalidProof(uint256 index, address account);
    error ClaimsEnded(uint256 deadline);
    error SweepTooEarly(uint256 sweepableAt);
    error NothingToSweep();
    error InvalidRecipient(address recipient);
    error ExpiredSignature(uint256 deadline);
    error InvalidSignature(address signer);
    /// @notice The delegation was not applied, and the claimant does not delegate as it says either.
    error DelegationRefused(address account, address delegatee);
    /// @notice Not a row of the batch was in order.
    error NothingClaimed();
    /// @notice The batch got too little gas for this row. Send more, or fewer rows; nothing was claimed.
    error OutOfGas(uint256 row);
    error InvalidParameter(string parameter, string reason);

    /// @notice Claims for the caller, who receives the tokens.
    function claim(uint256 index, uint256 amount, bytes32[] calldata proof) external;

    /// @notice Claims for the caller.
    /// @param to Who receives the tokens; anyone the caller names.
    function claimTo(uint256 index, uint256 amount, bytes32[] calldata proof, address to) external;

    /// @notice Claims for `account`, which signed to whom; the caller pays the gas.
    function claimBySig(
        uint256 index,
        address account,
        uint256 amount,
        bytes32[] calldata proof,
        address to,
        // The name of the signed field; in an interface it hides nothing.
        // slither-disable-next-line shadowing-local
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Claims for many accounts, each of which signed to whom; the caller pays the gas. A row that is not in
    /// order is skipped and reported (`ClaimSkipped`), so that one whose owner claimed meanwhile does not stop the others.
    /// @dev Each row may use an equal share of the gas that is left, so that a wallet whose signature check burns all it
    /// gets cannot starve the rows after it.
    /// @return claimed How many rows were claimed; at least one.
    function claimMany(SignedClaim[] calldata claims) external returns (uint256 claimed);

    /// @notice Claims to the caller and delegates its votes, in one transaction.
    function claimAndDelegate(
        uint256 index,
        uint256 amount,
        bytes32[] calldata proof,
        SignedDelegation calldata delegation
    ) external;

    /// @notice Claims for `account`, to itself, and delegates its votes; the caller pays the gas. `signature` is over
    /// `Claim` with `to` = `account`.
    function claimAndDelegateBySig(
        uint256 index,
        address account,
        uint256 amount,
        bytes32[] calldata proof,
        // slither-disable-next-line shadowing-local
        uint256 deadline,
        bytes calldata signature,
        SignedDelegation calldata delegation
    ) external;

    /// @notice Sends what is left to the treasury. Anyone, after `sweepableAt`.
    function sweep() external returns (uint256 amount);

    function opg() external view returns (address);

    function root() external view returns (bytes32);

    /// @notice Unix time after which no claim is accepted.
    function deadline() external view returns (uint256);

    /// @notice Unix time after which the rest can be swept.
    function sweepableAt() external view returns (uint256);

    function treasury() external view returns (address);

    function isClaimed(uint256 index) external view returns (bool);
}
