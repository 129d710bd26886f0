// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ticket} from "./Ticket.sol";

/// @title Storage of the InferenceHub
library HubStorage {
    /// @custom:storage-location erc7201:opg.storage.InferenceHub
    struct Layout {
        /// Number of the next request.
        uint64 nextNonce;
        uint32 turnWindow;
        uint32 turnCap;
        mapping(bytes32 requestId => Ticket ticket) tickets;
        /// Whether the last callback of a fulfilled request failed.
        mapping(bytes32 requestId => bool failed) callbackFailed;
        mapping(address account => uint256 amount) credits;
    }

    // keccak256(abi.encode(uint256(keccak256("opg.storage.InferenceHub")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant LOCATION = 0x8649f66e2a572517c9a9b645a031c71ad2c5eb9e507f58111b03b8ca6af71e00;

    function load() internal pure returns (Layout storage $) {
        assembly ("memory-safe") {
            $.slot := LOCATION
        }
    }
}
