// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";

/// @title A value of 160 bits and all that it was before
/// @notice OpenZeppelin's checkpoints with the latest one in front. Receipts are young, so the latest value answers
/// nearly every question: with one slot read instead of two, however long the history.
library History {
    using Checkpoints for Checkpoints.Trace160;

    struct Trace {
        /// Unix time from which `value` holds; in the future while the block that set it is being built.
        uint96 validFrom;
        uint160 value;
        Checkpoints.Trace160 past;
    }

    /// @notice Sets the value from the next second on, so that nothing said about now or before can change.
    function set(Trace storage self, uint160 value) internal returns (uint64 validFrom) {
        validFrom = uint64(block.timestamp) + 1;
        // What was set in the same second never became valid. Before the first value the past is empty: zero.
        uint96 replaced = self.validFrom;
        if (replaced != 0 && replaced != validFrom) self.past.push(replaced, self.value);
        (self.validFrom, self.value) = (validFrom, value);
    }

    /// @notice The value at `timestamp`; zero before the first.
    function valueAt(Trace storage self, uint64 timestamp) internal view returns (uint160) {
        (uint96 validFrom, uint160 value) = (self.validFrom, self.value);
        return validFrom <= timestamp ? value : self.past.upperLookupRecent(timestamp);
    }

    /// @notice The value set last.
    function latest(Trace storage self) internal view returns (uint160) {
        return self.value;
    }
}
