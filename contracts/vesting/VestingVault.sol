// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IOpg} from "../interfaces/IOpg.sol";
import {IVestingVault, NewCategory, Schedule, ScheduleState} from "../interfaces/IVestingVault.sol";
import {CategoryLedger} from "./CategoryLedger.sol";
import {GenesisTerms} from "./GenesisTerms.sol";
import {ScheduleLeaf} from "./ScheduleLeaf.sol";
import {Curve, PackedCurve, VestingCurve} from "./VestingCurve.sol";

/// @title The vault that holds all OPG which is not released yet
/// @notice See `IVestingVault` for the rules and `docs/vesting.md` for the invariants.
///
/// ASSUMPTIONS
/// - The token is OPG: it calls no recipient, takes no fee, and refuses the zero address and its custody vault only.
/// - Effects come before interactions all the same. The only other calls are to the authority and, in a static call, to
///   a beneficiary that signs by ERC-1271.
contract VestingVault is IVestingVault, CategoryLedger, AccessManaged, EIP712, Nonces {
    using SafeTransferLib for address;
    using VestingCurve for Curve;
    using VestingCurve for PackedCurve;

    /// Names the beneficiary, for some wallets accept whatever their owner signed, for whichever of its wallets.
    bytes32 private constant CLAIM_TO_TYPEHASH =
        keccak256("ClaimTo(bytes32 schedule,address beneficiary,address to,uint256 nonce,uint256 deadline)");

    /// @inheritdoc IVestingVault
    address public immutable override opg;

    /// @inheritdoc IVestingVault
    address public immutable override treasury;

    address private immutable CUSTODY_VAULT;

    mapping(bytes32 schedule => ScheduleState state) private _states;

    /// Read only for schedules whose leaf says that they are transferable.
    mapping(bytes32 schedule => address beneficiary) private _handedTo;

    /// @param opg_ The token. This contract must hold what `genesis` promises already.
    /// @param authority The AccessManager: who may add categories and revoke.
    /// @param treasury_ Receives what is revoked. Cannot be changed.
    /// @param genesis The first categories.
    constructor(address opg_, address authority, address treasury_, NewCategory[] memory genesis)
        GenesisTerms(genesis)
        AccessManaged(authority)
        EIP712("OPG Vesting", "1")
    {
        if (authority.code.length == 0) revert AccessManagedInvalidAuthority(authority);
        address custodyVault = IOpg(opg_).custodyVault();
        if (treasury_ == address(0) || treasury_ == custodyVault || treasury_ == address(this)) {
            revert InvalidRecipient(treasury_);
        }
        CUSTODY_VAULT = custodyVault;
        treasury = treasury_;
        // The calls above and below revert where there is no token.
        // slither-disable-next-line missing-zero-check
        opg = opg_;

        uint256 promised = 0;
        for (uint256 i = 0; i < genesis.length; ++i) {
            _add(genesis[i]);
            promised += genesis[i].total;
        }
        uint256 balance = IOpg(opg_).balanceOf(address(this));
        if (balance < promised) revert Underfunded(balance, promised);
    }

    // Releasing

    /// @inheritdoc IVestingVault
    function release(Schedule calldata schedule, bytes32[] calldata proof) external override returns (uint256 amount) {
        bytes32 id = ScheduleLeaf.hash(schedule);
        ScheduleState memory state = _states[id];
        bytes4 reason;
        address to;
        (reason, to, amount) = _assess(schedule, id, proof, state);
        if (reason != 0) _refuse(reason, schedule, id);
        _pay(schedule, id, state, to, amount);
    }

    /// @inheritdoc IVestingVault
    function releaseMany(Schedule[] calldata schedules, bytes32[][] calldata proofs, uint256 minimum)
        external
        override
        returns (uint256 amount)
    {
        if (schedules.length != proofs.length) revert RowsAndProofsDiffer(schedules.length, proofs.length);
        for (uint256 row = 0; row < schedules.length; ++row) {
            Schedule calldata schedule = schedules[row];
            bytes32 id = scheduleId(schedule);
            ScheduleState memory state = _states[id];
            (bytes4 reason, address to, uint256 due) = _assess(schedule, id, proofs[row], state);
            // slither-disable-next-line incorrect-equality
            if (reason == 0 && due < minimum) reason = LessThanMinimum.selector;
            if (reason != 0) {
                emit ReleaseSkipped(row, id, reason);
                continue;
            }
            _pay(schedule, id, state, to, due);
            amount += due;
        }
        if (amount == 0) revert NothingReleased();
    }

    /// @inheritdoc IVestingVault
    function claimTo(Schedule calldata schedule, bytes32[] calldata proof, address to)
        external
        override
        returns (uint256 amount)
    {
        bytes32 id = _requireBeneficiary(schedule, proof);
        amount = _claim(schedule, id, to);
    }

    /// @inheritdoc IVestingVault
    function claimToBySig(
        Schedule calldata schedule,
        bytes32[] calldata proof,
        address to,
        uint256 deadline,
        bytes calldata signature
    ) external override returns (uint256 amount) {
        if (block.timestamp > deadline) revert ExpiredSignature(deadline);
        bytes32 id = _requireProven(schedule, proof);
        address signer = _beneficiaryOf(schedule, id);
        bytes32 digest =
            _hashTypedDataV4(keccak256(abi.encode(CLAIM_TO_TYPEHASH, id, signer, to, _useNonce(signer), deadline)));
        if (!SignatureChecker.isValidSignatureNowCalldata(signer, digest, signature)) revert InvalidSignature(signer);
        amount = _claim(schedule, id, to);
    }

    // What beneficiaries decide

    /// @inheritdoc IVestingVault
    function transferSchedule(Schedule calldata schedule, bytes32[] calldata proof, address to) external override {
        bytes32 id = _requireBeneficiary(schedule, proof);
        if (!schedule.transferable) revert NotTransferable(id);
        if (!_canReceive(to)) revert InvalidRecipient(to);
        _handedTo[id] = to;
        emit BeneficiaryChanged(id, msg.sender, to);
    }

    /// @inheritdoc IVestingVault
    function setManual(Schedule calldata schedule, bytes32[] calldata proof, bool manual) external override {
        bytes32 id = _requireBeneficiary(schedule, proof);
        _states[id].manual = manual;
        emit ManualSet(id, manual);
    }

    // What governance decides

    /// @inheritdoc IVestingVault
    function addCategory(NewCategory calldata terms) external override restricted returns (uint32 id) {
        id = _add(terms);
        opg.safeTransferFrom(msg.sender, address(this), terms.total);
    }

    /// @inheritdoc IVestingVault
    function revoke(Schedule calldata schedule, bytes32[] calldata proof)
        external
        override
        restricted
        returns (uint256 returned)
    {
        // Check: the schedule exists, and its leaf allows it.
        bytes32 id = _requireProven(schedule, proof);
        if (!schedule.revocable) revert NotRevocable(id);
        ScheduleState storage state = _states[id];
        if (state.revoked) revert AlreadyRevoked(id);

        // Effect: what has vested becomes all of it.
        if (_isUndrawn(state)) _draw(schedule.category, schedule.amount);
        uint256 vested = _curveOf(schedule.category).vestedAt(schedule.amount, schedule.tgeAmount, block.timestamp);
        // Safe: a well-formed schedule has at most 2^96 - 1 wei.
        // forge-lint: disable-next-line(unsafe-typecast)
        state.revokedTotal = uint96(vested);
        state.revoked = true;
        _end(schedule, vested);
        returned = schedule.amount - vested;
        emit Revoked(id, vested, returned);

        // Interaction.
        if (returned != 0) opg.safeTransfer(treasury, returned);
    }

    // Views

    /// @inheritdoc IVestingVault
    function stateOf(bytes32 schedule) external view override returns (ScheduleState memory) {
        return _states[schedule];
    }

    /// @inheritdoc IVestingVault
    function statesOf(bytes32[] calldata schedules) external view override returns (ScheduleState[] memory states) {
        states = new ScheduleState[](schedules.length);
        for (uint256 i = 0; i < schedules.length; ++i) {
            states[i] = _states[schedules[i]];
        }
    }

    /// @inheritdoc IVestingVault
    function beneficiaryOf(Schedule calldata schedule) external view override returns (address) {
        return _beneficiaryOf(schedule, scheduleId(schedule));
    }

    /// @inheritdoc IVestingVault
    function vestedAt(Schedule calldata schedule, uint256 timestamp) external view override returns (uint256) {
        return _vestedAt(schedule, _curveOf(schedule.category), _states[scheduleId(schedule)], timestamp);
    }

    /// @inheritdoc IVestingVault
    function releasable(Schedule calldata schedule) external view override returns (uint256) {
        ScheduleState memory state = _states[scheduleId(schedule)];
        return _vestedAt(schedule, _curveOf(schedule.category), state, block.timestamp) - state.released;
    }

    /// @inheritdoc IVestingVault
    function nextUnlock(Schedule calldata schedule) external view override returns (uint256 timestamp, uint256 amount) {
        Curve memory curve = _curveOf(schedule.category).unpack();
        if (_states[scheduleId(schedule)].revoked) return (0, 0);
        return curve.nextUnlock(schedule.amount, schedule.tgeAmount, block.timestamp);
    }

    /// @inheritdoc IVestingVault
    function scheduleId(Schedule calldata schedule) public pure override returns (bytes32) {
        return ScheduleLeaf.hash(schedule);
    }

    // Internal

    /// @dev What `release` would do: pay `due` to `to`, or refuse for `reason`, the selector of an error. Reverts for
    /// nothing that a well-formed row can contain.
    function _assess(Schedule calldata schedule, bytes32 id, bytes32[] calldata proof, ScheduleState memory state)
        private
        view
        returns (bytes4 reason, address to, uint256 due)
    {
        PackedCurve curve;
        (reason, curve) = _checkProof(schedule, id, proof);
        if (reason != 0) return (reason, to, due);
        to = _beneficiaryOf(schedule, id);
        if (!_canReceive(to)) return (RecipientRefused.selector, to, due);
        if (state.manual && msg.sender != to) return (ManualRelease.selector, to, due);
        (reason, due) = _due(schedule, curve, state);
    }

    /// @dev What can be paid now, or why nothing can.
    function _due(Schedule calldata schedule, PackedCurve curve, ScheduleState memory state)
        private
        view
        returns (bytes4 reason, uint256 due)
    {
        unchecked {
            // Cannot underflow: only what had vested was ever released, and what has vested never falls.
            due = _vestedAt(schedule, curve, state, block.timestamp) - state.released;
        }
        // Exactly zero is meant: one wei is paid.
        // slither-disable-next-line incorrect-equality
        if (due == 0) return (NothingDue.selector, 0);
        if (_isUndrawn(state) && !_covers(schedule.category, schedule.amount)) return (CategoryOverdrawn.selector, 0);
    }

    function _vestedAt(Schedule calldata schedule, PackedCurve curve, ScheduleState memory state, uint256 timestamp)
        private
        pure
        returns (uint256 vested)
    {
        vested = curve.vestedAt(schedule.amount, schedule.tgeAmount, timestamp);
        if (state.revoked && vested > state.revokedTotal) vested = state.revokedTotal;
    }

    /// @dev A schedule draws its amount with its first payment or its revocation.
    function _isUndrawn(ScheduleState memory state) private pure returns (bool) {
        // slither-disable-next-line incorrect-equality
        return state.released == 0 && !state.revoked;
    }

    function _claim(Schedule calldata schedule, bytes32 id, address to) private returns (uint256 amount) {
        if (!_canReceive(to)) revert InvalidRecipient(to);
        ScheduleState memory state = _states[id];
        bytes4 reason;
        (reason, amount) = _due(schedule, _curveOf(schedule.category), state);
        if (reason != 0) _refuse(reason, schedule, id);
        _pay(schedule, id, state, to, amount);
    }

    function _pay(Schedule calldata schedule, bytes32 id, ScheduleState memory state, address to, uint256 amount)
        private
    {
        if (_isUndrawn(state)) _draw(schedule.category, schedule.amount);
        unchecked {
            // Cannot overflow: the sum is what has vested, at most the amount of a well-formed schedule, below 2^96.
            // forge-lint: disable-next-line(unsafe-typecast)
            _states[id].released = uint96(state.released + amount);
        }
        emit Released(id, to, amount);
        opg.safeTransfer(to, amount);
    }

    /// @dev Reverts with the error whose selector is `reason`. Selectors are equal or not; nothing is near another.
    function _refuse(bytes4 reason, Schedule calldata schedule, bytes32 id) private view {
        // slither-disable-start incorrect-equality
        if (reason == UnknownCategory.selector) revert UnknownCategory(schedule.category);
        if (reason == InvalidProof.selector) revert InvalidProof(id);
        if (reason == RecipientRefused.selector) revert RecipientRefused(_beneficiaryOf(schedule, id));
        if (reason == ManualRelease.selector) revert ManualRelease(id);
        if (reason == CategoryOverdrawn.selector) revert CategoryOverdrawn(schedule.category);
        // slither-disable-end incorrect-equality
        revert NothingDue(id);
    }

    function _requireProven(Schedule calldata schedule, bytes32[] calldata proof) private view returns (bytes32 id) {
        id = scheduleId(schedule);
        (bytes4 reason,) = _checkProof(schedule, id, proof);
        if (reason != 0) _refuse(reason, schedule, id);
    }

    function _requireBeneficiary(Schedule calldata schedule, bytes32[] calldata proof)
        private
        view
        returns (bytes32 id)
    {
        id = _requireProven(schedule, proof);
        address beneficiary = _beneficiaryOf(schedule, id);
        if (msg.sender != beneficiary) revert NotBeneficiary(msg.sender, beneficiary);
    }

    function _beneficiaryOf(Schedule calldata schedule, bytes32 id) private view returns (address beneficiary) {
        if (schedule.transferable) beneficiary = _handedTo[id];
        if (beneficiary == address(0)) beneficiary = schedule.beneficiary;
    }

    /// @dev The token refuses the first two; what is paid to this contract would be lost.
    function _canReceive(address to) private view returns (bool) {
        return to != address(0) && to != CUSTODY_VAULT && to != address(this);
    }
}
