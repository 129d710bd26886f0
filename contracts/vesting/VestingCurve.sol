// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice When tokens vest. Shared by all schedules of a category.
/// @param start Unix time from which the TGE amount has vested.
/// @param cliff Seconds after `start` during which nothing else vests.
/// @param duration Seconds after the cliff over which the rest vests, linearly.
struct Curve {
    uint40 start;
    uint32 cliff;
    uint32 duration;
}

/// A curve in one word.
type PackedCurve is uint104;

/// @title Vesting arithmetic, for one schedule or for the totals of a category
/// @notice Amounts are in wei, times in unix seconds. All functions require `tgeAmount <= amount`. Nothing overflows:
/// amounts have 128 bits, and the seconds that they are multiplied by have 32.
library VestingCurve {
    /// @notice What of `amount` has vested at `timestamp`. Never falls with time, and is `amount` in the end.
    function vestedAt(Curve memory curve, uint128 amount, uint128 tgeAmount, uint256 timestamp)
        internal
        pure
        returns (uint256)
    {
        return _vestedAt(curve.start, curve.cliff, curve.duration, amount, tgeAmount, timestamp);
    }

    /// @notice The same for a curve in one word, which a release reads without memory.
    function vestedAt(PackedCurve packed, uint128 amount, uint128 tgeAmount, uint256 timestamp)
        internal
        pure
        returns (uint256)
    {
        uint104 word = PackedCurve.unwrap(packed);
        // Each cast drops the fields in front.
        // forge-lint: disable-next-line(unsafe-typecast)
        return _vestedAt(uint40(word >> 64), uint32(word >> 32), uint32(word), amount, tgeAmount, timestamp);
    }

    /// @notice What of `amount` has not vested at `timestamp`.
    function lockedAt(PackedCurve packed, uint128 amount, uint128 tgeAmount, uint256 timestamp)
        internal
        pure
        returns (uint256)
    {
        return amount - vestedAt(packed, amount, tgeAmount, timestamp);
    }

    /// @notice The first second after `timestamp` at which more has vested, and how much more; zeros if there is none.
    function nextUnlock(Curve memory curve, uint128 amount, uint128 tgeAmount, uint256 timestamp)
        internal
        pure
        returns (uint256 next, uint256 more)
    {
        uint256 vested = vestedAt(curve, amount, tgeAmount, timestamp);
        if (vested == amount) return (0, 0);
        uint256 linearStart = uint256(curve.start) + curve.cliff;
        if (vested < tgeAmount) {
            next = curve.start;
        } else if (curve.duration == 0) {
            next = linearStart;
        } else {
            // Smallest e with (amount - tgeAmount) * e / duration >= vested - tgeAmount + 1. More than the TGE amount is
            // to come, so the divisor is not zero.
            next = linearStart + Math.ceilDiv((vested - tgeAmount + 1) * curve.duration, amount - tgeAmount);
        }
        more = vestedAt(curve, amount, tgeAmount, next) - vested;
    }

    function pack(uint40 start, uint32 cliff, uint32 duration) internal pure returns (PackedCurve) {
        return PackedCurve.wrap(uint104(start) << 64 | uint104(cliff) << 32 | duration);
    }

    function unpack(PackedCurve packed) internal pure returns (Curve memory) {
        uint104 word = PackedCurve.unwrap(packed);
        // Each cast drops the fields in front.
        // forge-lint: disable-next-line(unsafe-typecast)
        return Curve(uint40(word >> 64), uint32(word >> 32), uint32(word));
    }

    function _vestedAt(
        uint256 start,
        uint256 cliff,
        uint256 duration,
        uint256 amount,
        uint256 tgeAmount,
        uint256 timestamp
    ) private pure returns (uint256) {
        if (timestamp < start) return 0;
        unchecked {
            // Cannot overflow: a sum of 40, 32 and 32 bits, and a product of 128 and 32 bits. Cannot underflow: `timestamp`
            // is after `linearStart` where it is subtracted, and `tgeAmount <= amount` is required.
            uint256 linearStart = start + cliff;
            if (timestamp >= linearStart + duration) return amount;
            if (timestamp <= linearStart) return tgeAmount;
            // The end is not reached, so the duration is not zero. Rounded down: never a wei too many.
            return tgeAmount + (amount - tgeAmount) * (timestamp - linearStart) / duration;
        }
    }
}
