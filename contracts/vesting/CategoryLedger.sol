// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {MerkleProofLib} from "solady/utils/MerkleProofLib.sol";
import {Category, IVestingVault, NewCategory, Schedule} from "../interfaces/IVestingVault.sol";
import {GenesisTerms} from "./GenesisTerms.sol";
import {Curve, PackedCurve, VestingCurve} from "./VestingCurve.sol";

/// @title The categories of a vault: their terms, what they have left, and their history
/// @notice What is locked at a moment follows from the categories alone: `total` and `tgeTotal` of the schedules in
/// force at that moment, on the curve of their category. Checkpoints of these totals keep the past as it was.
abstract contract CategoryLedger is IVestingVault, GenesisTerms {
    using Checkpoints for Checkpoints.Trace208;
    using VestingCurve for PackedCurve;

    /// @notice Most categories that there can be: `lockedAt` visits all.
    uint256 public constant MAX_CATEGORIES = 32;

    struct Record {
        bytes32 root;
        PackedCurve curve;
        uint40 addedAt;
        /// Of `total`, what no schedule has drawn yet. Not kept for categories of genesis.
        uint96 undrawn;
        uint96 total;
        uint96 tgeTotal;
        /// `total` and `tgeTotal` of the schedules that are not revoked, packed by `_pack`. Begins at `addedAt`.
        Checkpoints.Trace208 inForce;
        /// What revoked schedules release in all.
        Checkpoints.Trace208 settled;
    }

    uint32 private _count;

    mapping(uint32 id => Record record) private _records;

    // Views

    /// @inheritdoc IVestingVault
    function categoryCount() external view override returns (uint32) {
        return _count;
    }

    /// @inheritdoc IVestingVault
    function category(uint32 id) external view override returns (Category memory) {
        _requireCategory(id);
        Record storage record = _records[id];
        Curve memory curve = record.curve.unpack();
        return Category({
            root: record.root,
            total: record.total,
            tgeTotal: record.tgeTotal,
            start: curve.start,
            cliff: curve.cliff,
            duration: curve.duration,
            addedAt: record.addedAt
        });
    }

    /// @inheritdoc IVestingVault
    function categoryVestedAt(uint32 id, uint256 timestamp) external view override returns (uint256) {
        _requireCategory(id);
        Record storage record = _records[id];
        // The curve may begin before the category was added: its first checkpoint counts for the time before as well.
        uint48 key = uint48(timestamp < record.addedAt ? record.addedAt : Math.min(timestamp, type(uint48).max));
        (uint128 total, uint128 tgeTotal) = _unpack(record.inForce.upperLookupRecent(key));
        return record.curve.vestedAt(total, tgeTotal, timestamp) + record.settled.upperLookupRecent(key);
    }

    /// @inheritdoc IVestingVault
    function lockedAt(uint256 timestamp) external view override returns (uint256 locked) {
        if (timestamp > block.timestamp) revert FutureLookup(timestamp, block.timestamp);
        uint32 count = _count;
        for (uint32 id = 0; id < count; ++id) {
            Record storage record = _records[id];
            (uint128 total, uint128 tgeTotal) = _unpack(record.inForce.upperLookupRecent(uint48(timestamp)));
            locked += record.curve.lockedAt(total, tgeTotal, timestamp);
        }
    }

    // Internal

    function _add(NewCategory memory terms) internal returns (uint32 id) {
        // Check.
        if (_count == MAX_CATEGORIES) revert TooManyCategories(MAX_CATEGORIES);
        if (bytes(terms.name).length == 0) revert InvalidCategory(terms.name, "name is empty");
        if (terms.root == 0) revert InvalidCategory(terms.name, "root is zero");
        if (terms.total == 0) revert InvalidCategory(terms.name, "total is zero");
        if (terms.total > type(uint96).max) revert InvalidCategory(terms.name, "total exceeds 2^96 - 1");
        if (terms.tgeTotal > terms.total) revert InvalidCategory(terms.name, "tgeTotal exceeds total");

        // Effect.
        id = _count++;
        Record storage record = _records[id];
        record.root = terms.root;
        record.curve = VestingCurve.pack(terms.start, terms.cliff, terms.duration);
        record.addedAt = uint40(block.timestamp);
        record.undrawn = uint96(terms.total);
        record.total = uint96(terms.total);
        record.tgeTotal = uint96(terms.tgeTotal);
        record.inForce.push(uint48(block.timestamp), _pack(terms.total, terms.tgeTotal));
        emit CategoryAdded(id, terms.name, terms);
    }

    /// @dev Books a schedule's whole amount on its category, once in its life and before its first payment. So a tree
    /// that promises too much cannot spend what other categories brought, whatever governance adds. Genesis is exempt: its
    /// trees are as old as the code and can be added up by anyone, and each first payment would cost another 5,000 gas.
    function _draw(uint32 id, uint128 amount) internal {
        if (!_covers(id, amount)) revert CategoryOverdrawn(id);
        if (_isGenesis(id)) return;
        unchecked {
            // Cannot underflow: checked in the line above, as is the width of the amount.
            // forge-lint: disable-next-line(unsafe-typecast)
            _records[id].undrawn -= uint96(amount);
        }
    }

    /// @dev Takes a schedule that ended with `vested` out of the totals, from this second on. Where the totals are not
    /// those of the tree they stop at zero: a mistake in them must not make `lockedAt` fail.
    function _end(Schedule calldata schedule, uint256 vested) internal {
        Record storage record = _records[schedule.category];
        (uint128 total, uint128 tgeTotal) = _unpack(record.inForce.latest());
        total -= _min(total, schedule.amount);
        tgeTotal -= _min(tgeTotal, schedule.tgeAmount);
        record.inForce.push(uint48(block.timestamp), _pack(total, _min(tgeTotal, total)));
        // Safe: what schedules vest in all is at most the supply.
        // forge-lint: disable-next-line(unsafe-typecast)
        record.settled.push(uint48(block.timestamp), record.settled.latest() + uint208(vested));
    }

    /// @dev Whether the category has enough left to draw `amount`.
    function _covers(uint32 id, uint128 amount) internal view returns (bool) {
        return _isGenesis(id) || amount <= _records[id].undrawn;
    }

    /// @dev Zero if the schedule is a leaf of its category's tree that a tree may contain, the selector of an error
    /// otherwise. Gives the category's curve with it.
    function _checkProof(Schedule calldata schedule, bytes32 leaf, bytes32[] calldata proof)
        internal
        view
        returns (bytes4 reason, PackedCurve curve)
    {
        bytes32 root;
        (root, curve) = _termsOf(schedule.category);
        if (root == 0) return (UnknownCategory.selector, curve);
        uint128 amount = schedule.amount;
        if (
            amount > type(uint96).max || schedule.tgeAmount > amount
                || !MerkleProofLib.verifyCalldata(proof, root, leaf)
        ) {
            reason = InvalidProof.selector;
        }
    }

    /// @dev Reverts if there is no such category.
    function _curveOf(uint32 id) internal view returns (PackedCurve curve) {
        bytes32 root;
        (root, curve) = _termsOf(id);
        if (root == 0) revert UnknownCategory(id);
    }

    function _requireCategory(uint32 id) internal view {
        if (id >= _count) revert UnknownCategory(id);
    }

    function _termsOf(uint32 id) private view returns (bytes32 root, PackedCurve curve) {
        if (_isGenesis(id)) return _genesisTerms(id);
        return (_records[id].root, _records[id].curve);
    }

    function _pack(uint128 total, uint128 tgeTotal) private pure returns (uint208) {
        return uint208(uint256(total) << 96 | tgeTotal);
    }

    function _unpack(uint208 packed) private pure returns (uint128 total, uint128 tgeTotal) {
        return (uint128(packed >> 96), uint96(packed));
    }

    function _min(uint128 a, uint128 b) private pure returns (uint128) {
        return a < b ? a : b;
    }
}
