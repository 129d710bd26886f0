// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title An amount of stake and what it was before
/// @notice Two checkpoints share a slot. The latest two are kept in front: setting a value writes another slot every second
/// time only, and questions about the recent past, which are nearly all, read one slot.
///
/// How many pairs there are is kept by the caller, in a slot that it writes anyway. It also says for how many there is room:
/// where that is bounded, the oldest pair makes room for the newest. A second has at most one checkpoint, so that what is
/// kept goes back at least as many seconds as there is room for checkpoints, whoever changes the value how often.
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
        /// Pair number `n` is at `n` modulo the room.
        mapping(uint256 index => Pair pair) past;
    }

    /// Two consecutive checkpoints, both set, in the order of the two in front.
    struct Pair {
        uint32 firstFrom;
        uint96 first;
        uint32 secondFrom;
        uint96 second;
    }

    /// @notice Sets the value from the next second on, so that nothing said about now or before can change.
    /// @return pair The two checkpoints that were in front, if they have to be kept by `keep`; zero if not.
    function set(Trace storage self, uint256 value) internal returns (uint256 pair) {
        uint256 from = uint32(block.timestamp) + 1;
        // The two checkpoints in front are read at once and written at once: they lie in their slot as they will in a pair.
        uint256 front;
        assembly ("memory-safe") {
            front := sload(self.slot)
        }
        uint256 replaced = uint32(front >> LATEST);
        // What was set in the same second never became valid; before the first value there is nothing to keep.
        if (replaced != from && replaced != 0) {
            if (uint32(front) == 0) front >>= LATEST;
            else (front, pair) = (0, front);
        }
        front = uint128(front) | from << LATEST | value << LATEST_VALUE;
        assembly ("memory-safe") {
            sstore(self.slot, front)
        }
    }

    /// @notice Keeps what `set` returned, as pair number `pairs`.
    function keep(Trace storage self, uint256 pair, uint256 pairs, uint256 room) internal {
        Pair storage kept = self.past[pairs % room];
        assembly ("memory-safe") {
            sstore(kept.slot, pair)
        }
    }

    /// @notice The value at `timestamp`, if one of the two checkpoints in front says it.
    function recentAt(Trace storage self, uint64 timestamp) internal view returns (bool known, uint256 value) {
        if (self.latestFrom <= timestamp) return (true, self.latest);
        uint32 previousFrom = self.previousFrom;
        if (previousFrom != 0 && previousFrom <= timestamp) return (true, self.previous);
    }

    /// @notice The value at a `timestamp` that `recentAt` does not know: the last that holds then among `pairs` pairs. Zero
    /// before the first; where that was forgotten, the earliest that is kept.
    function pastAt(Trace storage self, uint64 timestamp, uint256 pairs, uint256 room) internal view returns (uint256) {
        mapping(uint256 index => Pair pair) storage past = self.past;
        uint256 oldest = pairs > room ? pairs - room : 0;
        (uint256 low, uint256 high) = (oldest, pairs);
        // Looks near the end first, where most questions aim. Invariant: pairs below `low` begin at or before `timestamp`, pairs from `high` on begin after it.
        uint256 step = 1;
        while (high > low) {
            uint256 probe = step < high - low ? high - step : low;
            if (past[probe % room].firstFrom <= timestamp) {
                low = probe + 1;
                break;
            }
            (high, step) = (probe, step * 2);
        }
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (past[middle % room].firstFrom <= timestamp) low = middle + 1;
            else high = middle;
        }
        if (low == oldest) return oldest == 0 ? 0 : past[oldest % room].first;
        Pair storage pair = past[(low - 1) % room];
        return pair.secondFrom <= timestamp ? pair.second : pair.first;
    }
}
