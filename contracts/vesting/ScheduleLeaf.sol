// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Schedule} from "../interfaces/IVestingVault.sol";

/// @title The leaf of a schedule
library ScheduleLeaf {
    /// @notice `keccak256(bytes.concat(keccak256(abi.encode(schedule))))`, from calldata as it is: words that are no valid
    /// encoding of a schedule are hashed too, and are a leaf of no tree.
    function hash(Schedule calldata schedule) internal pure returns (bytes32 leaf) {
        // Memory-safe: writes behind the free memory pointer, and to scratch space.
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            // Seven static words.
            calldatacopy(buffer, schedule, 0xe0)
            mstore(0x00, keccak256(buffer, 0xe0))
            leaf := keccak256(0x00, 0x20)
        }
    }
}
