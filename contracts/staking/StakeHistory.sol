// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title An amount of stake and all that it was before
/// @notice Two checkpoints share a slot. The latest two are kept in front: setting a value writes a new slot every second
/// time only, and questions about the recent past, which are nearly all, read one slot.
///
/// ASSUMPTIONS
/// Values are amounts of OPG, below 2^96. Times are below 2^32, until the year 2106.
library StakeHistory {
    /// Where the latest checkpoint begins in its slot, and its value, in bits. What is below is the one before.
    uint256 private constant LATEST = 128;
    uint256 private constant LATEST_VALUE = 160;

    struct Trace {
        /// Time from which `previous` held, or zero: then the checkpoint before the latest is the last of `past`.
        uint32 previousFrom;
        uint96 previous;
        /// Time from which `latest` holds, in the future while the block that set it is being built. Zero: never set.
        uint32 latestFrom;
        uint96 latest;
        Pair[] past;
    }

    /// Two consecutive checkpoints, both set, in the order of the two in front.
    struct Pair {
        uint32 firstFrom;
        uint96 first;
        uint32 secondFrom;
        uint96 second;
    }

    /// @notice Sets the value from the next second on, so that nothing said about now or before can change.
    function set(Trace storage self, uint256 value) internal {
        uint256 from = uint32(block.timestamp) + 1;
        // The two checkpoints in front are read at once and written at once: they lie in their slot as they will in a pair.
        uint256 front;
        assembly ("memory-safe") {
            front := sload(self.slot)
        }
        uint256 replaced = uint32(front >> LATEST);
        // What was set in the same second never became valid; before the first value there is nothing to keep.
        if (replaced != from && replaced != 0) {
            if (uint32(front) == 0) {
                front >>= LATEST;
            } else {
                Pair storage pair = self.past.push();
                assembly ("memory-safe") {
                    sstore(pair.slot, front)
                }
                front = 0;
            }
        }
        front = uint128(front) | from << LATEST | value << LATEST_VALUE;
        assembly ("memory-safe") {
            sstore(self.slot, front)
        }
    }

    /// @notice The value at `timestamp`; zero before the first.
    function valueAt(Trace storage self, uint64 timestamp) internal view returns (uint256) {
        if (self.latestFrom <= timestamp) return self.latest;
        uint32 previousFrom = self.previousFrom;
        if (previousFrom != 0 && previousFrom <= timestamp) return self.previous;
        return _lookUp(self.past, timestamp);
    }

    /// @dev The last value of `past` that holds at `timestamp`: looks near the end first, where most questions aim.
    function _lookUp(Pair[] storage past, uint64 timestamp) private view returns (uint256) {
        (uint256 low, uint256 high) = (0, past.length);
        // Invariant: pairs below `low` begin at or before `timestamp`, pairs from `high` on begin after it.
        uint256 step = 1;
        while (high > low) {
            uint256 probe = step < high - low ? high - step : low;
            if (past[probe].firstFrom <= timestamp) {
                low = probe + 1;
                break;
            }
            (high, step) = (probe, step * 2);
        }
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (past[middle].firstFrom <= timestamp) low = middle + 1;
            else high = middle;
        }
        if (low == 0) return 0;
        Pair storage pair = past[low - 1];
        return pair.secondFrom <= timestamp ? pair.second : pair.first;
    }
}
