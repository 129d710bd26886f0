// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";
import {LibBitmap} from "solady/utils/LibBitmap.sol";
import {MerkleProofLib} from "solady/utils/MerkleProofLib.sol";
import {IAirdrop, SignedClaim, SignedDelegation} from "../interfaces/IAirdrop.sol";
import {IOpg} from "../interfaces/IOpg.sol";

/// @title Airdrop
/// @notice See `IAirdrop` for the rules and `docs/invariants.md` for the invariants.
///
/// ASSUMPTIONS
/// - OPG is the token of this repository: a transfer moves exactly the amount asked for or reverts, and calls nobody.
/// - The only other contracts called are claimants with code, for their signature, and these calls are static. So
///   nobody can enter this contract again with an effect.
/// - The tree gives each index to one leaf. An index given twice can be claimed by one of its leaves only.
contract Airdrop is IAirdrop, EIP712 {
    using LibBitmap for LibBitmap.Bitmap;
    using SafeERC20 for IERC20;

    bytes32 private constant CLAIM_TYPEHASH =
        keccak256("Claim(uint256 index,address account,uint256 amount,address to,uint256 deadline)");

    /// @inheritdoc IAirdrop
    address public immutable override opg;
    /// @inheritdoc IAirdrop
    bytes32 public immutable override root;
    /// @inheritdoc IAirdrop
    uint256 public immutable override deadline;
    /// @inheritdoc IAirdrop
    uint256 public immutable override sweepableAt;
    /// @inheritdoc IAirdrop
    address public immutable override treasury;

    LibBitmap.Bitmap private _claimed;

    /// @param opg_ The token, deployed already.
    /// @param root_ Root of the tree of claims.
    /// @param deadline_ Unix time of the last second in which claims are accepted.
    /// @param sweepableAt_ Unix time after which the rest can be swept; after the deadline.
    /// @param treasury_ Receives the rest.
    constructor(address opg_, bytes32 root_, uint256 deadline_, uint256 sweepableAt_, address treasury_)
        EIP712("OPG Airdrop", "1")
    {
        if (opg_.code.length == 0) revert InvalidParameter("opg", "no contract there; deploy the token first");
        if (root_ == bytes32(0)) revert InvalidParameter("root", "zero: nobody could claim");
        if (deadline_ <= block.timestamp) revert InvalidParameter("deadline", "over: nobody could claim");
        if (sweepableAt_ <= deadline_) revert InvalidParameter("sweepableAt", "not after the deadline");
        // The rest could never leave for these: the token refuses zero and the custody vault, and this contract has
        // nobody to spend it.
        if (treasury_ == address(0) || treasury_ == address(this) || treasury_ == IOpg(opg_).custodyVault()) {
            revert InvalidParameter("treasury", "cannot receive the rest; name an account that can spend OPG");
        }
        opg = opg_;
        root = root_;
        deadline = deadline_;
        sweepableAt = sweepableAt_;
        treasury = treasury_;
    }

    /// @inheritdoc IAirdrop
    function claim(uint256 index, uint256 amount, bytes32[] calldata proof) external override {
        _claim(index, msg.sender, amount, proof, msg.sender);
    }

    /// @inheritdoc IAirdrop
    function claimTo(uint256 index, uint256 amount, bytes32[] calldata proof, address to) external override {
        _claim(index, msg.sender, amount, proof, to);
    }

    /// @inheritdoc IAirdrop
    function claimBySig(
        uint256 index,
        address account,
        uint256 amount,
        bytes32[] calldata proof,
        address to,
        uint256 deadline_,
        bytes calldata signature
    ) external override {
        _requireSigned(index, account, amount, to, deadline_, signature);
        _claim(index, account, amount, proof, to);
    }

    /// @inheritdoc IAirdrop
    function claimMany(SignedClaim[] calldata claims) external override returns (uint256 claimed) {
        for (uint256 row = 0; row < claims.length; ++row) {
            SignedClaim calldata c = claims[row];
            // A call to itself undoes whatever a row in disorder began.
            // slither-disable-next-line calls-loop
            try this.claimBySig{gas: gasleft() / (claims.length - row)}(
                c.index, c.account, c.amount, c.proof, c.to, c.deadline, c.signature
            ) {
                ++claimed;
            } catch (bytes memory reason) {
                // Every refusal has a name. Without this, an estimate of gas would settle for a batch that skips.
                if (reason.length == 0) revert OutOfGas(row);
                emit ClaimSkipped(row, c.index, reason);
            }
        }
        if (claimed == 0) revert NothingClaimed();
    }

    /// @inheritdoc IAirdrop
    function claimAndDelegate(
        uint256 index,
        uint256 amount,
        bytes32[] calldata proof,
        SignedDelegation calldata delegation
    ) external override {
        _claim(index, msg.sender, amount, proof, msg.sender);
        _delegate(msg.sender, delegation);
    }

    /// @inheritdoc IAirdrop
    function claimAndDelegateBySig(
        uint256 index,
        address account,
        uint256 amount,
        bytes32[] calldata proof,
        uint256 deadline_,
        bytes calldata signature,
        SignedDelegation calldata delegation
    ) external override {
        _requireSigned(index, account, amount, account, deadline_, signature);
        _claim(index, account, amount, proof, account);
        _delegate(account, delegation);
    }

    /// @inheritdoc IAirdrop
    function sweep() external override returns (uint256 amount) {
        if (block.timestamp <= sweepableAt) revert SweepTooEarly(sweepableAt);
        amount = IERC20(opg).balanceOf(address(this));
        // Whoever sends a wei here lets a sweep through, which then sends that wei on.
        // slither-disable-next-line incorrect-equality
        if (amount == 0) revert NothingToSweep();
        IERC20(opg).safeTransfer(treasury, amount);
        emit Swept(treasury, amount);
    }

    /// @inheritdoc IAirdrop
    function isClaimed(uint256 index) external view override returns (bool) {
        return _claimed.get(index);
    }

    function _claim(uint256 index, address account, uint256 amount, bytes32[] calldata proof, address to) private {
        // Check: in time, in the tree, not claimed, and to somebody who can spend it.
        if (block.timestamp > deadline) revert ClaimsEnded(deadline);
        if (to == address(0) || to == address(this)) revert InvalidRecipient(to);
        // Hashed twice, so that no inner node of the tree can pass for a leaf.
        bytes32 leaf = EfficientHashLib.hash(
            EfficientHashLib.hash(bytes32(index), bytes32(uint256(uint160(account))), bytes32(amount))
        );
        // Effect: read and written in one step, and undone where the bit was set.
        if (!_claimed.toggle(index)) revert AlreadyClaimed(index);
        if (!MerkleProofLib.verifyCalldata(proof, root, leaf)) revert InvalidProof(index, account);
        emit Claimed(index, account, to, amount);
        // Interaction
        IERC20(opg).safeTransfer(to, amount);
    }

    /// @dev Anyone may submit the delegation to the token, which uses up its nonce. A claim must not fail because
    /// somebody did; and it must not go through without the delegation because a relayer sent too little gas or an
    /// expired signature. So what counts is what the token says afterwards.
    function _delegate(address account, SignedDelegation calldata delegation) private {
        try IOpg(opg)
            .delegateBySig(account, delegation.delegatee, delegation.nonce, delegation.expiry, delegation.signature) {}
        catch {
            if (IOpg(opg).delegates(account) != delegation.delegatee) {
                revert DelegationRefused(account, delegation.delegatee);
            }
        }
    }

    /// @dev No nonce: the bitmap lets each claim pass once, whoever brings it.
    function _requireSigned(
        uint256 index,
        address account,
        uint256 amount,
        address to,
        uint256 deadline_,
        bytes calldata signature
    ) private view {
        if (block.timestamp > deadline_) revert ExpiredSignature(deadline_);
        bytes32 structHash = keccak256(abi.encode(CLAIM_TYPEHASH, index, account, amount, to, deadline_));
        if (!SignatureChecker.isValidSignatureNowCalldata(account, _hashTypedDataV4(structHash), signature)) {
            revert InvalidSignature(account);
        }
    }
}
