// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What an operator was paid for work that can still be shown to be wrong
/// @notice Counts by two windows, the present and the one before: what was added within the last window is in one of the two,
/// so their sum is never too small.
library UnsettledFees {
    /// One slot.
    struct Count {
        /// When the present window began.
        uint40 since;
        uint96 present;
        uint96 before;
    }

    /// @notice The count as of now, with windows of so many seconds.
    function asOfNow(Count storage self, uint256 window) internal view returns (Count memory count) {
        count = self;
        uint256 age = block.timestamp - count.since;
        if (age >= 2 * window) return Count(uint40(block.timestamp), 0, 0);
        if (age >= window) return Count(uint40(count.since + window), 0, count.present);
    }

    /// @notice What is unsettled, or counted as if it were.
    function sum(Count memory count) internal pure returns (uint256) {
        return uint256(count.present) + count.before;
    }
}
