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
        uint256 start = curve.start;
        if (timestamp < start) return 0;
        unchecked {
            // Cannot overflow: a sum of 40, 32 and 32 bits, and a product of 128 and 32 bits. Cannot underflow: `timestamp`
            // is after `linearStart` where it is subtracted, and `tgeAmount <= amount` is required.
            uint256 linearStart = start + curve.cliff;
            uint256 duration = curve.duration;
            if (timestamp >= linearStart + duration) return amount;
            if (timestamp <= linearStart) return tgeAmount;
            // The end is not reached, so the duration is not zero. Rounded down: never a wei too many.
            return tgeAmount + (uint256(amount) - tgeAmount) * (timestamp - linearStart) / duration;
        }
    }

    /// @notice What of `amount` has not vested at `timestamp`.
    function lockedAt(Curve memory curve, uint128 amount, uint128 tgeAmount, uint256 timestamp)
        internal
        pure
        returns (uint256)
    {
        return amount - vestedAt(curve, amount, tgeAmount, timestamp);
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
}
